package duckdb

import "strings"

// closedSelect says whether a text is sure to be one SELECT when it stands
// between parentheses: it begins with SELECT or WITH, holds no semicolon but at
// its end, closes no parenthesis that it did not open, and leaves no text in
// quotes and no comment open. It spares the engine a second binding of a text
// that is plain to read; of any other text (block comments, dollar quotes,
// escapes, parameters, PIVOT, which becomes several statements) it says false,
// and the engine is asked.
func closedSelect(text string) bool {
	if strings.ContainsAny(text, "\r\x00") || strings.Contains(strings.ToUpper(text), "PIVOT") {
		return false
	}
	text = strings.TrimRight(text, "; \t\n")
	depth, first := 0, ""
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return first != "" && depth == 0
			}
			i += end
			continue
		case c == '\'' || c == '"':
			// A letter before a quote makes it an escape string, or bytes.
			if i > 0 && isWord(text[i-1]) {
				return false
			}
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return false
			}
			i += 1 + end
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return false
			}
		case c == ';' || c == '$' || c == '?' || c == '\\' || c >= 0x80 || strings.HasPrefix(text[i:], "/*"):
			return false
		}
		if first == "" && !strings.ContainsRune(" \t\n", rune(c)) {
			word := text[i:]
			for k := range len(word) {
				if !isWord(word[k]) {
					word = word[:k]
					break
				}
			}
			if first = strings.ToUpper(word); first != "SELECT" && first != "WITH" {
				return false
			}
		}
	}
	return first != "" && depth == 0
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
