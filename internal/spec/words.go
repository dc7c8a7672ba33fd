package spec

// Word is a word that commands accept as a token: NX, EX, LIMIT, ... Handlers
// compare Words instead of texts. The zero Word is none.
type Word uint16

// The words of all argument trees in alphabetical order.
const (
	NoWord Word = iota
	WordABORT
	WordABSTTL
	WordACKED
	WordACLCAT
	WordADDR
	WordAFTER
	WordAGGREGATE
	WordALL
	WordALPHA
	WordAND
	WordANDOR
	WordANY
	WordAPPEND
	WordAPPROX
	WordARGS
	WordASC
	WordASYNC
	WordAUTH
	WordAUTH2
	WordBCAST
	WordBEFORE
	WordBIT
	WordBLOCK
	WordBULK
	WordBY
	WordBYBOX
	WordBYFLOAT
	WordBYINT
	WordBYLEX
	WordBYRADIUS
	WordBYSCORE
	WordBYTE
	WordCANCEL
	WordCH
	WordCLAIM
	WordCONFIG
	WordCOPY
	WordCOUNT
	WordCPU
	WordDB
	WordDELREF
	WordDESC
	WordDIFF
	WordDIFF1
	WordDURATION
	WordENTRIESADDED
	WordENTRIESREAD
	WordENX
	WordERROR
	WordEX
	WordEXACT
	WordEXACTLY
	WordEXAT
	WordFAIL
	WordFATAL
	WordFIELDS
	WordFILTERBY
	WordFLUSH
	WordFNX
	WordFORCE
	WordFREQ
	WordFROMLONLAT
	WordFROMMEMBER
	WordFT
	WordFULL
	WordFXX
	WordGET
	WordGLOB
	WordGROUP
	WordGT
	WordHARD
	WordID
	WordIDLE
	WordIDLETIME
	WordIDMP
	WordIDMPDURATION
	WordIDMPMAXSIZE
	WordIDMPAUTO
	WordIDS
	WordIDX
	WordIFDEQ
	WordIFDNE
	WordIFEQ
	WordIFNE
	WordIMPORT
	WordIMPORTING
	WordINCR
	WordINCRBY
	WordJUSTID
	WordKEEPREF
	WordKEEPTTL
	WordKEYS
	WordKM
	WordLADDR
	WordLASTID
	WordLBOUND
	WordLEFT
	WordLEN
	WordLIBNAME
	WordLIBVER
	WordLIBRARYNAME
	WordLIMIT
	WordLT
	WordM
	WordMASTER
	WordMATCH
	WordMAX
	WordMAXAGE
	WordMAXDELETEDID
	WordMAXLEN
	WordMEMBERS
	WordMETRICS
	WordMI
	WordMIGRATING
	WordMIN
	WordMINID
	WordMINMATCHLEN
	WordMKSTREAM
	WordMODULE
	WordNET
	WordNO
	WordNOACK
	WordNOCASE
	WordNODE
	WordNOLOOP
	WordNOMKSTREAM
	WordNORMAL
	WordNOSAVE
	WordNOT
	WordNOVALUES
	WordNOW
	WordNX
	WordOBO
	WordOFF
	WordON
	WordONE
	WordOPTIN
	WordOPTOUT
	WordOR
	WordORDERBY
	WordOVERFLOW
	WordPATTERN
	WordPERSIST
	WordPREFIX
	WordPUBSUB
	WordPX
	WordPXAT
	WordRANK
	WordRE
	WordREDIRECT
	WordREPLACE
	WordREPLICA
	WordRESET
	WordRETRYCOUNT
	WordREV
	WordRIGHT
	WordSAMPLE
	WordSAMPLES
	WordSAT
	WordSATURATE
	WordSAVE
	WordSCHEDULE
	WordSET
	WordSETNAME
	WordSILENT
	WordSKIP
	WordSKIPME
	WordSLAVE
	WordSLOT
	WordSLOTS
	WordSLOTSRANGE
	WordSOFT
	WordSTABLE
	WordSTATUS
	WordSTORE
	WordSTOREDIST
	WordSTREAMS
	WordSUM
	WordSYNC
	WordTAKEOVER
	WordTIME
	WordTIMEOUT
	WordTO
	WordTYPE
	WordUBOUND
	WordUSED
	WordUSER
	WordVERSION
	WordWEIGHTS
	WordWITHCODE
	WordWITHCOORD
	WordWITHDIST
	WordWITHHASH
	WordWITHMATCHLEN
	WordWITHSCORE
	WordWITHSCORES
	WordWITHVALUES
	WordWRAP
	WordWRITE
	WordXOR
	WordXX
	WordYES
	wordCount
)

var wordTexts = [wordCount]string{
	WordABORT:        "ABORT",
	WordABSTTL:       "ABSTTL",
	WordACKED:        "ACKED",
	WordACLCAT:       "ACLCAT",
	WordADDR:         "ADDR",
	WordAFTER:        "AFTER",
	WordAGGREGATE:    "AGGREGATE",
	WordALL:          "ALL",
	WordALPHA:        "ALPHA",
	WordAND:          "AND",
	WordANDOR:        "ANDOR",
	WordANY:          "ANY",
	WordAPPEND:       "APPEND",
	WordAPPROX:       "APPROX",
	WordARGS:         "ARGS",
	WordASC:          "ASC",
	WordASYNC:        "ASYNC",
	WordAUTH:         "AUTH",
	WordAUTH2:        "AUTH2",
	WordBCAST:        "BCAST",
	WordBEFORE:       "BEFORE",
	WordBIT:          "BIT",
	WordBLOCK:        "BLOCK",
	WordBULK:         "BULK",
	WordBY:           "BY",
	WordBYBOX:        "BYBOX",
	WordBYFLOAT:      "BYFLOAT",
	WordBYINT:        "BYINT",
	WordBYLEX:        "BYLEX",
	WordBYRADIUS:     "BYRADIUS",
	WordBYSCORE:      "BYSCORE",
	WordBYTE:         "BYTE",
	WordCANCEL:       "CANCEL",
	WordCH:           "CH",
	WordCLAIM:        "CLAIM",
	WordCONFIG:       "CONFIG",
	WordCOPY:         "COPY",
	WordCOUNT:        "COUNT",
	WordCPU:          "CPU",
	WordDB:           "DB",
	WordDELREF:       "DELREF",
	WordDESC:         "DESC",
	WordDIFF:         "DIFF",
	WordDIFF1:        "DIFF1",
	WordDURATION:     "DURATION",
	WordENTRIESADDED: "ENTRIESADDED",
	WordENTRIESREAD:  "ENTRIESREAD",
	WordENX:          "ENX",
	WordERROR:        "ERROR",
	WordEX:           "EX",
	WordEXACT:        "EXACT",
	WordEXACTLY:      "EXACTLY",
	WordEXAT:         "EXAT",
	WordFAIL:         "FAIL",
	WordFATAL:        "FATAL",
	WordFIELDS:       "FIELDS",
	WordFILTERBY:     "FILTERBY",
	WordFLUSH:        "FLUSH",
	WordFNX:          "FNX",
	WordFORCE:        "FORCE",
	WordFREQ:         "FREQ",
	WordFROMLONLAT:   "FROMLONLAT",
	WordFROMMEMBER:   "FROMMEMBER",
	WordFT:           "FT",
	WordFULL:         "FULL",
	WordFXX:          "FXX",
	WordGET:          "GET",
	WordGLOB:         "GLOB",
	WordGROUP:        "GROUP",
	WordGT:           "GT",
	WordHARD:         "HARD",
	WordID:           "ID",
	WordIDLE:         "IDLE",
	WordIDLETIME:     "IDLETIME",
	WordIDMP:         "IDMP",
	WordIDMPDURATION: "IDMP-DURATION",
	WordIDMPMAXSIZE:  "IDMP-MAXSIZE",
	WordIDMPAUTO:     "IDMPAUTO",
	WordIDS:          "IDS",
	WordIDX:          "IDX",
	WordIFDEQ:        "IFDEQ",
	WordIFDNE:        "IFDNE",
	WordIFEQ:         "IFEQ",
	WordIFNE:         "IFNE",
	WordIMPORT:       "IMPORT",
	WordIMPORTING:    "IMPORTING",
	WordINCR:         "INCR",
	WordINCRBY:       "INCRBY",
	WordJUSTID:       "JUSTID",
	WordKEEPREF:      "KEEPREF",
	WordKEEPTTL:      "KEEPTTL",
	WordKEYS:         "KEYS",
	WordKM:           "KM",
	WordLADDR:        "LADDR",
	WordLASTID:       "LASTID",
	WordLBOUND:       "LBOUND",
	WordLEFT:         "LEFT",
	WordLEN:          "LEN",
	WordLIBNAME:      "LIB-NAME",
	WordLIBVER:       "LIB-VER",
	WordLIBRARYNAME:  "LIBRARYNAME",
	WordLIMIT:        "LIMIT",
	WordLT:           "LT",
	WordM:            "M",
	WordMASTER:       "MASTER",
	WordMATCH:        "MATCH",
	WordMAX:          "MAX",
	WordMAXAGE:       "MAXAGE",
	WordMAXDELETEDID: "MAXDELETEDID",
	WordMAXLEN:       "MAXLEN",
	WordMEMBERS:      "MEMBERS",
	WordMETRICS:      "METRICS",
	WordMI:           "MI",
	WordMIGRATING:    "MIGRATING",
	WordMIN:          "MIN",
	WordMINID:        "MINID",
	WordMINMATCHLEN:  "MINMATCHLEN",
	WordMKSTREAM:     "MKSTREAM",
	WordMODULE:       "MODULE",
	WordNET:          "NET",
	WordNO:           "NO",
	WordNOACK:        "NOACK",
	WordNOCASE:       "NOCASE",
	WordNODE:         "NODE",
	WordNOLOOP:       "NOLOOP",
	WordNOMKSTREAM:   "NOMKSTREAM",
	WordNORMAL:       "NORMAL",
	WordNOSAVE:       "NOSAVE",
	WordNOT:          "NOT",
	WordNOVALUES:     "NOVALUES",
	WordNOW:          "NOW",
	WordNX:           "NX",
	WordOBO:          "OBO",
	WordOFF:          "OFF",
	WordON:           "ON",
	WordONE:          "ONE",
	WordOPTIN:        "OPTIN",
	WordOPTOUT:       "OPTOUT",
	WordOR:           "OR",
	WordORDERBY:      "ORDERBY",
	WordOVERFLOW:     "OVERFLOW",
	WordPATTERN:      "PATTERN",
	WordPERSIST:      "PERSIST",
	WordPREFIX:       "PREFIX",
	WordPUBSUB:       "PUBSUB",
	WordPX:           "PX",
	WordPXAT:         "PXAT",
	WordRANK:         "RANK",
	WordRE:           "RE",
	WordREDIRECT:     "REDIRECT",
	WordREPLACE:      "REPLACE",
	WordREPLICA:      "REPLICA",
	WordRESET:        "RESET",
	WordRETRYCOUNT:   "RETRYCOUNT",
	WordREV:          "REV",
	WordRIGHT:        "RIGHT",
	WordSAMPLE:       "SAMPLE",
	WordSAMPLES:      "SAMPLES",
	WordSAT:          "SAT",
	WordSATURATE:     "SATURATE",
	WordSAVE:         "SAVE",
	WordSCHEDULE:     "SCHEDULE",
	WordSET:          "SET",
	WordSETNAME:      "SETNAME",
	WordSILENT:       "SILENT",
	WordSKIP:         "SKIP",
	WordSKIPME:       "SKIPME",
	WordSLAVE:        "SLAVE",
	WordSLOT:         "SLOT",
	WordSLOTS:        "SLOTS",
	WordSLOTSRANGE:   "SLOTSRANGE",
	WordSOFT:         "SOFT",
	WordSTABLE:       "STABLE",
	WordSTATUS:       "STATUS",
	WordSTORE:        "STORE",
	WordSTOREDIST:    "STOREDIST",
	WordSTREAMS:      "STREAMS",
	WordSUM:          "SUM",
	WordSYNC:         "SYNC",
	WordTAKEOVER:     "TAKEOVER",
	WordTIME:         "TIME",
	WordTIMEOUT:      "TIMEOUT",
	WordTO:           "TO",
	WordTYPE:         "TYPE",
	WordUBOUND:       "UBOUND",
	WordUSED:         "USED",
	WordUSER:         "USER",
	WordVERSION:      "VERSION",
	WordWEIGHTS:      "WEIGHTS",
	WordWITHCODE:     "WITHCODE",
	WordWITHCOORD:    "WITHCOORD",
	WordWITHDIST:     "WITHDIST",
	WordWITHHASH:     "WITHHASH",
	WordWITHMATCHLEN: "WITHMATCHLEN",
	WordWITHSCORE:    "WITHSCORE",
	WordWITHSCORES:   "WITHSCORES",
	WordWITHVALUES:   "WITHVALUES",
	WordWRAP:         "WRAP",
	WordWRITE:        "WRITE",
	WordXOR:          "XOR",
	WordXX:           "XX",
	WordYES:          "YES",
}

// String returns the word in capitals.
func (w Word) String() string {
	if w >= wordCount {
		return ""
	}
	return wordTexts[w]
}

// wordOf returns the Word of a token in capitals, NoWord if there is none.
func wordOf(text string) Word {
	lo, hi := 1, int(wordCount)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if wordTexts[mid] < text {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < int(wordCount) && wordTexts[lo] == text {
		return Word(lo)
	}
	return NoWord
}
