package strength

import (
	"encoding/base64"
	"encoding/hex"
	"math/bits"
)

// encoding is a set of ways to write a digest as text. A token can fit two: a
// hex text without letters, a base64 text without the two last characters of
// its alphabet.
type encoding uint8

const (
	hexLower encoding = 1 << iota
	hexUpper
	base64Std
	base64URL
	base64StdBare // without padding
	base64URLBare
	asIs // of plain tokens
)

// encodingNames name the encodings, in the order of their bits.
var encodingNames = []string{"hex lower case", "hex upper case", "base64", "base64url", "base64 unpadded", "base64url unpadded"}

// families are the encodings that one token can fit together; the first of
// each is taken where no token of a field tells them apart.
var families = []encoding{hexLower | hexUpper, base64Std | base64URL, base64StdBare | base64URLBare, asIs}

// shape is what the length and the alphabet of a token say about it.
type shape struct {
	hash     int // index in hashes; plain: no digest
	encoding encoding
	form     string // see formNames
}

// The forms that a token can have, beside those of digests.
const (
	formMobile = "mobile number"
	formNumber = "number"
	formEmail  = "e-mail address"
	formOther  = "other"
)

// shapeOf classifies a token and, if it can be a digest, decodes it.
func shapeOf(token []byte, digest *[maxDigest]byte) shape {
	for i, h := range hashes {
		if i == plain {
			continue
		}
		e := hexDigest(token, h.size, digest)
		if e == 0 {
			e = base64Digest(token, h.size, digest)
		}
		if e != 0 {
			return shape{i, e, digestForm(h, e)}
		}
	}
	_, mobile := parseMobile(token)
	switch {
	case mobile:
		return shape{plain, asIs, formMobile}
	case isNumber(token):
		return shape{plain, asIs, formNumber}
	case isEmail(token):
		return shape{plain, asIs, formEmail}
	}
	return shape{plain, asIs, formOther}
}

func digestForm(h hash, e encoding) string {
	if e&(hexLower|hexUpper) != 0 {
		return "hex of the length of " + h.name
	}
	return "base64 of the length of " + h.name
}

// shapeNames are the forms that a token can have, in the order of results.
func shapeNames() []string {
	var out []string
	for i, h := range hashes {
		if i != plain {
			out = append(out, digestForm(h, hexLower), digestForm(h, base64Std))
		}
	}
	return append(out, formMobile, formNumber, formEmail, formOther)
}

func hexDigest(token []byte, size int, digest *[maxDigest]byte) encoding {
	if len(token) != 2*size {
		return 0
	}
	e := hexLower | hexUpper
	for _, c := range token {
		switch {
		case '0' <= c && c <= '9':
		case 'a' <= c && c <= 'f':
			e &= hexLower
		case 'A' <= c && c <= 'F':
			e &= hexUpper
		default:
			return 0
		}
	}
	if e == 0 {
		return 0 // of mixed case: no recipe here writes that
	}
	if _, err := hex.Decode(digest[:size], token); err != nil {
		return 0
	}
	return e
}

func base64Digest(token []byte, size int, digest *[maxDigest]byte) encoding {
	var e encoding
	for _, way := range []struct {
		encoding
		*base64.Encoding
	}{
		{base64Std, base64.StdEncoding}, {base64URL, base64.URLEncoding},
		{base64StdBare, base64.RawStdEncoding}, {base64URLBare, base64.RawURLEncoding},
	} {
		if len(token) != way.EncodedLen(size) {
			continue
		}
		var out [maxDigest + 2]byte // Decode may write whole groups of three
		n, err := way.Strict().Decode(out[:], token)
		if err == nil && n == size {
			copy(digest[:], out[:size])
			e |= way.encoding
		}
		clear(out[:])
	}
	return e
}

func isNumber(token []byte) bool {
	if len(token) == 0 || len(token) > 18 || token[0] == '0' {
		return false
	}
	for _, c := range token {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func isEmail(token []byte) bool {
	at := -1
	for i, c := range token {
		switch {
		case c == '@' && at < 0:
			at = i
		case c <= ' ' || c == '@' || c == '*': // an asterisk: masked
			return false
		}
	}
	return at > 0 && at < len(token)-1
}

// evident are the encodings that the tokens of a field give evidence of: those
// that some token fits alone, and the first of a family where none does.
func evident(seen []encoding) encoding {
	var out encoding
	for _, family := range families {
		var some, alone encoding
		for _, e := range seen {
			some |= e & family
			if bits.OnesCount8(uint8(e)) == 1 {
				alone |= e & family
			}
		}
		if alone == 0 {
			alone = some & -some
		}
		out |= alone
	}
	return out
}
