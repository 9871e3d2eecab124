package pipeline

// indent writes JSON, compact as json.Marshal gives it, as json.Indent would
// with two spaces: run.json has megabytes, and the general way parses them again.
func indent(compact []byte) []byte {
	out := make([]byte, 0, 2*len(compact))
	depth := 0
	line := func() {
		out = append(out, '\n')
		for range depth {
			out = append(out, "  "...)
		}
	}
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := i + 1
			for ; compact[end] != '"'; end++ {
				if compact[end] == '\\' {
					end++
				}
			}
			out, i = append(out, compact[i:end+1]...), end
		case '{', '[':
			out = append(out, c)
			if closing := compact[i+1]; closing == '}' || closing == ']' {
				out, i = append(out, closing), i+1
				continue
			}
			depth++
			line()
		case '}', ']':
			depth--
			line()
			out = append(out, c)
		case ',':
			out = append(out, c)
			line()
		case ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
		}
	}
	return out
}
