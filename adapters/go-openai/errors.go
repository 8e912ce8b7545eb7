package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/respjson"
	"github.com/openai/openai-go/v3/packages/ssestream"
)

var statusKinds = map[int]string{
	400: "bad_request", 401: "authentication", 403: "permission_denied", 404: "not_found", 409: "conflict",
	422: "unprocessable", 429: "rate_limit",
}

// failure is what a caller can learn from an error. response is what the call got from the service, if anything.
func failure(err error, response *http.Response) object {
	found := object{"type": typeName(err), "kind": kindOf(err, response), "message": err.Error(), "bases": bases(err)}
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

// kindOf sorts errors by what the README tells callers to look for: *openai.Error, and the transport's own errors,
// which are returned as they are.
func kindOf(err error, response *http.Response) string {
	var refused *openai.Error
	var broken *ssestream.StreamError
	var dialled *url.Error
	var network net.Error
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &refused):
		return statusKind(refused.StatusCode)
	case errors.As(err, &broken):
		return "stream"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &dialled), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection"
	case errors.As(err, new(panicked)):
		return "other"
	case errors.As(err, &syntax), errors.As(err, &mistyped), response != nil:
		return "decode"
	}
	return "configuration" // nothing came back, and the transport is not to blame
}

func statusKind(status int) string {
	if kind, known := statusKinds[status]; known {
		return kind
	}
	if status >= 500 {
		return "internal_server"
	}
	return "status"
}

// typeName is the name a caller writes in errors.As.
func typeName(err error) string {
	name := strings.TrimLeft(fmt.Sprintf("%T", err), "*")
	if name == "apierror.Error" {
		return "openai.Error"
	}
	return name
}

// bases is the types that errors.As finds in err, nearest first: its own, and those of the errors it wraps.
func bases(err error) []string {
	names := []string{}
	for ; err != nil; err = errors.Unwrap(err) {
		names = append(names, typeName(err))
	}
	return names
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

func headersOf(response *http.Response) [][2]string {
	found := [][2]string{}
	if response == nil {
		return found
	}
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		for _, value := range response.Header[name] {
			found = append(found, [2]string{name, value})
		}
	}
	return found
}
