package main

import (
	"encoding/json"

	"github.com/openai/openai-go/v3/packages/respjson"
)

// present is a value that the answer carried, or null.
func present[T any](value T, field respjson.Field) any {
	if !field.Valid() {
		return nil
	}
	return value
}

// extra is a member the SDK has no type for, as JSON.
func extra(fields map[string]respjson.Field, name string) any { return plain(fields[name].Raw()) }

// plain is JSON text as a value; null for no text.
func plain(raw string) any {
	var value any
	if raw == "" || json.Unmarshal([]byte(raw), &value) != nil {
		return nil
	}
	return value
}

// said is the text, or what was there when it is empty.
func said(text string, before any) any {
	if text == "" {
		return before
	}
	return text
}

// joined is a text with one more piece; null until there is any.
func joined(soFar any, piece string, field respjson.Field) any {
	if !field.Valid() {
		return soFar
	}
	text, _ := soFar.(string)
	return text + piece
}

// head keeps the last value that says anything: filter-only chunks have empty ids and models.
func head[T comparable](found object, name string, value T, field respjson.Field) {
	var nothing T
	if field.Valid() && (value != nothing || found[name] == nil) {
		found[name] = value
	}
}

// latest keeps a value that is more than null or an empty list.
func latest(found object, name string, value any) {
	if list, ok := value.([]any); value != nil && (!ok || len(list) > 0 || found[name] == nil) {
		found[name] = value
	}
}
