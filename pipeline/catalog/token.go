package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a number, a string, a quoted name or an operator of SQL.
type token struct {
	kind tokenKind
	text string // words in upper case; strings and quoted names without content
	line int    // from 1
}

type tokenKind int

const (
	word tokenKind = iota
	number
	quoted // a string or a quoted name
	operator
)

// operators of more than one character; any other character stands alone.
var operators = []string{"->>", "::", "||", "<=", ">=", "<>", "!=", "==", "->", "=>", ":=", "//", "**", "<<", ">>", "<@", "@>", "&&", "!~", "~~"}

// tokens splits SQL, leaving out comments and the content of strings. It never
// fails: an unterminated comment or string reaches to the end.
func tokens(sql string) []token {
	var out []token
	line := 1
	for len(sql) > 0 {
		n, kind, keep := scan(sql)
		if keep {
			text := sql[:n]
			switch kind {
			case word:
				text = strings.ToUpper(text)
			case quoted:
				text = text[:1]
			}
			out = append(out, token{kind, text, line})
		}
		line += strings.Count(sql[:n], "\n")
		sql = sql[n:]
	}
	return out
}

// scan measures the first token of sql; keep is false for blanks and comments.
func scan(sql string) (n int, kind tokenKind, keep bool) {
	r, size := utf8.DecodeRuneInString(sql)
	switch {
	case unicode.IsSpace(r):
		return size, 0, false
	case strings.HasPrefix(sql, "--"):
		return until(sql, 2, "\n"), 0, false
	case strings.HasPrefix(sql, "/*"):
		return until(sql, 2, "*/"), 0, false
	case r == '\'' || r == '"':
		return until(sql, 1, string(r)), quoted, true // '' inside gives two tokens, which does no harm
	case r >= '0' && r <= '9':
		return while(sql, func(r rune) bool { return r == '.' || isWord(r) }), number, true
	case isWord(r):
		return while(sql, isWord), word, true
	}
	for _, op := range operators {
		if strings.HasPrefix(sql, op) {
			return len(op), operator, true
		}
	}
	return size, operator, true
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// until is the length of s up to and with the first end at or after from.
func until(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

func while(s string, holds func(rune) bool) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !holds(r) }); i >= 0 {
		return i
	}
	return len(s)
}
