package spec

// Word is one of the words that commands take as tokens: NX, EX, LIMIT, ...
// Handlers compare words instead of texts. The zero Word is none.
type Word uint16

// The words of all argument trees, in the order of their texts.
const (
	NoWord Word = iota
	WordABORT
	WordABSTTL
	WordACLCAT
	WordADDR
	WordAFTER
	WordAGGREGATE
	WordALL
	WordALPHA
	WordAND
	WordANY
	WordAPPEND
	WordARGS
	WordASC
	WordASYNC
	WordAUTH
	WordAUTH2
	WordBCAST
	WordBEFORE
	WordBIT
	WordBLOCK
	WordBY
	WordBYBOX
	WordBYLEX
	WordBYRADIUS
	WordBYSCORE
	WordBYTE
	WordCH
	WordCONFIG
	WordCOPY
	WordCOUNT
	WordDB
	WordDESC
	WordENTRIESADDED
	WordENTRIESREAD
	WordERROR
	WordEX
	WordEXAT
	WordFAIL
	WordFIELDS
	WordFILTERBY
	WordFLUSH
	WordFORCE
	WordFREQ
	WordFROMLONLAT
	WordFROMMEMBER
	WordFT
	WordFULL
	WordGET
	WordGROUP
	WordGT
	WordHARD
	WordID
	WordIDLE
	WordIDLETIME
	WordIDX
	WordIMPORTING
	WordINCR
	WordINCRBY
	WordJUSTID
	WordKEEPTTL
	WordKEYS
	WordKM
	WordLADDR
	WordLASTID
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
	WordMI
	WordMIGRATING
	WordMIN
	WordMINID
	WordMINMATCHLEN
	WordMKSTREAM
	WordMODULE
	WordNO
	WordNOACK
	WordNODE
	WordNOLOOP
	WordNOMKSTREAM
	WordNORMAL
	WordNOSAVE
	WordNOT
	WordNOVALUES
	WordNOW
	WordNX
	WordOFF
	WordON
	WordONE
	WordOPTIN
	WordOPTOUT
	WordOR
	WordOVERFLOW
	WordPATTERN
	WordPERSIST
	WordPREFIX
	WordPUBSUB
	WordPX
	WordPXAT
	WordRANK
	WordREDIRECT
	WordREPLACE
	WordREPLICA
	WordRESET
	WordRETRYCOUNT
	WordREV
	WordRIGHT
	WordSAMPLES
	WordSAT
	WordSAVE
	WordSCHEDULE
	WordSET
	WordSETNAME
	WordSKIP
	WordSKIPME
	WordSLAVE
	WordSOFT
	WordSTABLE
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
	WordACLCAT:       "ACLCAT",
	WordADDR:         "ADDR",
	WordAFTER:        "AFTER",
	WordAGGREGATE:    "AGGREGATE",
	WordALL:          "ALL",
	WordALPHA:        "ALPHA",
	WordAND:          "AND",
	WordANY:          "ANY",
	WordAPPEND:       "APPEND",
	WordARGS:         "ARGS",
	WordASC:          "ASC",
	WordASYNC:        "ASYNC",
	WordAUTH:         "AUTH",
	WordAUTH2:        "AUTH2",
	WordBCAST:        "BCAST",
	WordBEFORE:       "BEFORE",
	WordBIT:          "BIT",
	WordBLOCK:        "BLOCK",
	WordBY:           "BY",
	WordBYBOX:        "BYBOX",
	WordBYLEX:        "BYLEX",
	WordBYRADIUS:     "BYRADIUS",
	WordBYSCORE:      "BYSCORE",
	WordBYTE:         "BYTE",
	WordCH:           "CH",
	WordCONFIG:       "CONFIG",
	WordCOPY:         "COPY",
	WordCOUNT:        "COUNT",
	WordDB:           "DB",
	WordDESC:         "DESC",
	WordENTRIESADDED: "ENTRIESADDED",
	WordENTRIESREAD:  "ENTRIESREAD",
	WordERROR:        "ERROR",
	WordEX:           "EX",
	WordEXAT:         "EXAT",
	WordFAIL:         "FAIL",
	WordFIELDS:       "FIELDS",
	WordFILTERBY:     "FILTERBY",
	WordFLUSH:        "FLUSH",
	WordFORCE:        "FORCE",
	WordFREQ:         "FREQ",
	WordFROMLONLAT:   "FROMLONLAT",
	WordFROMMEMBER:   "FROMMEMBER",
	WordFT:           "FT",
	WordFULL:         "FULL",
	WordGET:          "GET",
	WordGROUP:        "GROUP",
	WordGT:           "GT",
	WordHARD:         "HARD",
	WordID:           "ID",
	WordIDLE:         "IDLE",
	WordIDLETIME:     "IDLETIME",
	WordIDX:          "IDX",
	WordIMPORTING:    "IMPORTING",
	WordINCR:         "INCR",
	WordINCRBY:       "INCRBY",
	WordJUSTID:       "JUSTID",
	WordKEEPTTL:      "KEEPTTL",
	WordKEYS:         "KEYS",
	WordKM:           "KM",
	WordLADDR:        "LADDR",
	WordLASTID:       "LASTID",
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
	WordMI:           "MI",
	WordMIGRATING:    "MIGRATING",
	WordMIN:          "MIN",
	WordMINID:        "MINID",
	WordMINMATCHLEN:  "MINMATCHLEN",
	WordMKSTREAM:     "MKSTREAM",
	WordMODULE:       "MODULE",
	WordNO:           "NO",
	WordNOACK:        "NOACK",
	WordNODE:         "NODE",
	WordNOLOOP:       "NOLOOP",
	WordNOMKSTREAM:   "NOMKSTREAM",
	WordNORMAL:       "NORMAL",
	WordNOSAVE:       "NOSAVE",
	WordNOT:          "NOT",
	WordNOVALUES:     "NOVALUES",
	WordNOW:          "NOW",
	WordNX:           "NX",
	WordOFF:          "OFF",
	WordON:           "ON",
	WordONE:          "ONE",
	WordOPTIN:        "OPTIN",
	WordOPTOUT:       "OPTOUT",
	WordOR:           "OR",
	WordOVERFLOW:     "OVERFLOW",
	WordPATTERN:      "PATTERN",
	WordPERSIST:      "PERSIST",
	WordPREFIX:       "PREFIX",
	WordPUBSUB:       "PUBSUB",
	WordPX:           "PX",
	WordPXAT:         "PXAT",
	WordRANK:         "RANK",
	WordREDIRECT:     "REDIRECT",
	WordREPLACE:      "REPLACE",
	WordREPLICA:      "REPLICA",
	WordRESET:        "RESET",
	WordRETRYCOUNT:   "RETRYCOUNT",
	WordREV:          "REV",
	WordRIGHT:        "RIGHT",
	WordSAMPLES:      "SAMPLES",
	WordSAT:          "SAT",
	WordSAVE:         "SAVE",
	WordSCHEDULE:     "SCHEDULE",
	WordSET:          "SET",
	WordSETNAME:      "SETNAME",
	WordSKIP:         "SKIP",
	WordSKIPME:       "SKIPME",
	WordSLAVE:        "SLAVE",
	WordSOFT:         "SOFT",
	WordSTABLE:       "STABLE",
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

// wordOf returns the word of a token in capitals, NoWord if there is none.
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
