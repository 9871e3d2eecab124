package casefile

import (
	"path"
	"strings"
)

// badGlob says what is wrong with a glob of files, and what to do.
func badGlob(glob string) (problem, hint string) {
	const inside = "globs are relative to the inbox and stay inside it"
	if strings.HasPrefix(glob, "/") || len(glob) > 1 && glob[1] == ':' {
		return "is no relative path", inside
	}
	if strings.ContainsRune(glob, 0) {
		return "holds a NUL", ""
	}
	for i := 0; i+1 < len(glob); i++ {
		// A backslash makes the next character literal; before a letter it is
		// almost surely a path of Windows.
		if c := glob[i+1] | 0x20; glob[i] == '\\' && ('a' <= c && c <= 'z' || '0' <= glob[i+1] && glob[i+1] <= '9') {
			return `has a \ before a letter or digit`, "folders are separated by /"
		}
	}
	for _, part := range strings.Split(glob, "/") {
		switch {
		case part == "..":
			return "leaves the inbox", inside
		case part == "." || part == "":
			return "has an empty part", "write folder/name without // or ./"
		case strings.Contains(part, "**"):
			return "has **", "* is one level of names; write one source for each depth"
		}
		// Each part is matched by itself: [a/b] is no class of characters.
		if _, err := path.Match(part, "x"); err != nil {
			return "is a malformed glob", `* ? [abc] [a-z] and \ before a character that is meant itself`
		}
	}
	return "", ""
}
