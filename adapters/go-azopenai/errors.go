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

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

var statusKinds = map[int]string{
	400: "bad_request", 401: "authentication", 403: "permission_denied", 404: "not_found", 409: "conflict",
	422: "unprocessable", 429: "rate_limit",
}

// failure is what a caller can learn from an error. response is what the call got from the service, if anything.
func failure(err error, response *http.Response) object {
	found := object{"type": typeName(err), "kind": kindOf(err, response), "message": err.Error(), "bases": bases(err)}
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		found["status"] = refused.StatusCode
		found["code"] = nil
		if refused.ErrorCode != "" {
			found["code"] = refused.ErrorCode
		}
		found["body"] = bodyOf(refused.RawResponse)
		found["headers"] = headersOf(refused.RawResponse)
	}
	var filtered *azopenai.ContentFilterResponseError
	if errors.As(err, &filtered) && filtered.ContentFilterResults != nil {
		found["content_filter"] = asJSON(filtered.ContentFilterResults)
	}
	return found
}

// kindOf sorts errors by what Go callers look for: azcore's error, and the transport's own errors, which are returned
// as they are.
func kindOf(err error, response *http.Response) string {
	var refused *azcore.ResponseError
	var dialled *url.Error
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return statusKind(refused.StatusCode)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &dialled), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection"
	case errors.As(err, new(panicked)):
		return "other"
	case response != nil:
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
	if name == "exported.ResponseError" {
		return "azcore.ResponseError"
	}
	return name
}

// bases is the types that errors.As finds in err, nearest first: its own, and those of the errors it wraps.
func bases(err error) []string {
	names := []string{}
	var refused *azcore.ResponseError
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		names = append(names, typeName(inner))
	}
	if errors.As(err, &refused) && !slices.Contains(names, typeName(refused)) {
		names = append(names, typeName(refused))
	}
	return names
}

// bodyOf is the error object of a refusal, or all of its body; azcore keeps it in RawResponse.
func bodyOf(response *http.Response) any {
	content, err := runtime.Payload(response)
	if err != nil || len(content) == 0 {
		return nil
	}
	var value any
	if json.Unmarshal(content, &value) != nil {
		return string(content)
	}
	if outer, ok := value.(object); ok {
		if inner, ok := outer["error"].(object); ok {
			return inner
		}
	}
	return value
}

func headersOf(response *http.Response) [][2]string {
	found := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		for _, value := range response.Header[name] {
			found = append(found, [2]string{name, value})
		}
	}
	return found
}
