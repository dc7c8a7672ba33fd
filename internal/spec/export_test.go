package spec

// For tests outside of the package, which may import the modules.
const WordCount = wordCount

var (
	WordOf    = wordOf
	WordTexts = wordTexts
)
