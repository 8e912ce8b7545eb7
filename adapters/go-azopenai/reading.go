package main

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// at is what a pointer of the library points to, or null.
func at[T any](pointer *T) any {
	if pointer == nil {
		return nil
	}
	return *pointer
}

// unix is a time as it travels, or null.
func unix(moment *time.Time) any {
	if moment == nil {
		return nil
	}
	return moment.Unix()
}

// plain is a typed part of an answer as JSON, by its own MarshalJSON; null for none.
func plain[T any](part *T) any {
	if part == nil {
		return nil
	}
	return asJSON(part)
}

func asJSON(part any) any {
	var value any
	if text, err := json.Marshal(part); err == nil {
		_ = json.Unmarshal(text, &value)
	}
	return value
}

// plainList is a list of typed parts as JSON; null for none.
func plainList[T any](parts []T) any {
	if parts == nil {
		return nil
	}
	return asJSON(parts)
}

// said is the text, or what was there when it is empty.
func said[T ~string](text *T, before any) any {
	if text == nil || *text == "" {
		return before
	}
	return *text
}

// head keeps the last text that is not empty: filter-only chunks have empty ids and models.
func head(found object, name string, text *string) {
	if text != nil && (*text != "" || found[name] == nil) {
		found[name] = *text
	}
}

// joined is a text with one more piece; null until there is any.
func joined(soFar any, piece *string) any {
	if piece == nil {
		return soFar
	}
	text, _ := soFar.(string)
	return text + *piece
}

func readSeeker(content []byte) io.ReadSeeker { return bytes.NewReader(content) }
