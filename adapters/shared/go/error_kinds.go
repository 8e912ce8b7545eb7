package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var statusKinds = map[int]string{
	400: "bad_request", 401: "authentication", 403: "permission_denied", 404: "not_found", 409: "conflict",
	422: "unprocessable", 429: "rate_limit",
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

// kindOf sorts errors by what their caller looks for: the library's own errors (libraryKind, which
// each adapter has), and the transport's, which are returned as they are. response is what the call
// got from the service, if anything.
func kindOf(err error, response *http.Response) string {
	if kind := libraryKind(err); kind != "" {
		return kind
	}
	var dialled *url.Error
	var network net.Error
	switch {
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

// typeName is the name a caller writes in errors.As.
func typeName(err error) string {
	name := strings.TrimLeft(fmt.Sprintf("%T", err), "*")
	if public, internal := publicTypes[name]; internal {
		return public
	}
	return name
}

// wrappedTypes is the types that errors.As finds in err, nearest first: its own, and those of the
// errors it wraps.
func wrappedTypes(err error) []string {
	names := []string{}
	for ; err != nil; err = errors.Unwrap(err) {
		names = append(names, typeName(err))
	}
	return names
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
