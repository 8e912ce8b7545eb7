package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/respjson"
	"github.com/openai/openai-go/v3/packages/ssestream"
)

// publicTypes are the names under which callers know types of packages they cannot import.
var publicTypes = map[string]string{"apierror.Error": "openai.Error"}

// failure is what a caller can learn from an error. response is what the call got from the service, if anything.
func failure(err error, response *http.Response) object {
	found := object{"type": typeName(err), "kind": kindOf(err, response), "message": err.Error(), "bases": wrappedTypes(err)}
	var refused *openai.Error
	if errors.As(err, &refused) {
		found["type"] = typeName(refused)
		found["status"] = refused.StatusCode
		found["code"] = present(refused.Code, refused.JSON.Code)
		found["param"] = present(refused.Param, refused.JSON.Param)
		found["error_type"] = present(refused.Type, refused.JSON.Type)
		found["body"] = bodyOf(refused)
		found["content_filter"] = contentFilter(refused.JSON.ExtraFields)
		found["headers"] = headersOf(refused.Response)
	}
	var broken *ssestream.StreamError
	if errors.As(err, &broken) {
		found["body"] = plain(string(broken.Event.Data))
	}
	return found
}

// libraryKind is the kind of an error that the README tells callers to look for, and of those that
// reading an answer brings; empty for any other.
func libraryKind(err error) string {
	var refused *openai.Error
	var broken *ssestream.StreamError
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &refused):
		return statusKind(refused.StatusCode)
	case errors.As(err, &broken):
		return "stream"
	case errors.As(err, &syntax), errors.As(err, &mistyped):
		return "decode"
	}
	return ""
}

// bodyOf is the error object of a refusal; where the library found none, the whole body, which it keeps in Response.
func bodyOf(refused *openai.Error) any {
	if found := plain(refused.RawJSON()); found != nil {
		return found
	}
	content, err := io.ReadAll(refused.Response.Body)
	if err != nil || len(content) == 0 {
		return nil
	}
	if found := plain(string(content)); found != nil {
		return found
	}
	return string(content)
}

// contentFilter is the filter's detail in the error, under any of its documented places and spellings.
func contentFilter(fields map[string]respjson.Field) any {
	own := object{}
	for name := range fields {
		own[name] = extra(fields, name)
	}
	for _, place := range []any{own["innererror"], own["inner_error"], own} {
		holder, _ := place.(object)
		for _, name := range []string{"content_filter_result", "content_filter_results"} {
			if found, ok := holder[name]; ok {
				return found
			}
		}
	}
	return nil
}
