package main

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// digest is how content that is not JSON travels.
func digest(content []byte) object {
	return object{"bytes": len(content), "sha256": hexDigest(content)}
}

// textDigest is how a text too long for a view travels, such as an image in base64.
func textDigest(text string) object {
	return object{"length": len(text), "sha256": hexDigest([]byte(text))}
}

func hexDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// utf8Text is content as text; null where it is none.
func utf8Text(content []byte) any {
	if !utf8.Valid(content) {
		return nil
	}
	return string(content)
}
