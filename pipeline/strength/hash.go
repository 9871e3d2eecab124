package strength

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
)

// maxDigest is the size of the longest digest, in bytes.
const maxDigest = sha512.Size

// hash is one hash function. sum writes size bytes to the digest and allocates
// nothing.
type hash struct {
	name string
	size int
	sum  func(digest *[maxDigest]byte, candidate []byte)
}

// plain stands first among the hashes: a token compared as it is. For known
// pairs it is looked up by its SHA-256.
const plain = 0

// hashes are what is tried. The sizes behind plain differ, so the length of a
// token says which one can have made it.
var hashes = []hash{
	{"plain", sha256.Size, sumSHA256},
	{"md5", md5.Size, func(d *[maxDigest]byte, c []byte) { *(*[md5.Size]byte)(d[:]) = md5.Sum(c) }},
	{"sha-1", sha1.Size, func(d *[maxDigest]byte, c []byte) { *(*[sha1.Size]byte)(d[:]) = sha1.Sum(c) }},
	{"sha-256", sha256.Size, sumSHA256},
	{"sha-512", sha512.Size, func(d *[maxDigest]byte, c []byte) { *d = sha512.Sum512(c) }},
}

func sumSHA256(d *[maxDigest]byte, c []byte) { *(*[sha256.Size]byte)(d[:]) = sha256.Sum256(c) }
