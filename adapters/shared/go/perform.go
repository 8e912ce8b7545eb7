package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
)

// An answer is what one call brought: a whole result, or the chunks of a stream.
type answer struct {
	result any
	view   object
	chunks []any // nil: no stream
}

// perform is the outcome of a call. Each adapter has the table of operations, the session with its
// method call, and failure, which reads an error.
func perform(ctx context.Context, opened *session, asked message) object {
	wanted, known := operations[asked.Operation]
	switch {
	case !known:
		return unsupported(sdkLibrary + " has no " + asked.Operation + " that the adapter knows")
	case opened.unsupported != "":
		return unsupported(opened.unsupported)
	case opened.failure != nil:
		return object{"outcome": "error", "error": failure(opened.failure, nil)}
	}
	var limit *int
	if asked.Stream != nil {
		count := asked.Stream.limit()
		limit = &count
	}
	var response *http.Response
	found, err := guarded(func() (answer, error) { return opened.call(ctx, wanted, asked, limit, &response) })
	var missing unsupportedCall
	if errors.As(err, &missing) {
		return unsupported(missing.reason)
	}
	said := object{"outcome": "ok", "view": found.view}
	if found.chunks != nil {
		said["chunks"] = found.chunks
	} else {
		said["result"] = found.result
	}
	if err != nil {
		said["outcome"], said["error"] = "error", failure(err, response)
		delete(said, "result")
	}
	if opened.tokens != nil {
		said["token_calls"] = opened.tokens.calls()
	}
	return said
}

func operationNames() []string { return slices.Sorted(maps.Keys(operations)) }

func unsupported(reason string) object { return object{"outcome": "unsupported", "reason": reason} }

// An unsupportedCall is the error of a call that the library has no way to make.
type unsupportedCall struct{ reason string }

func (u unsupportedCall) Error() string { return u.reason }

// A panicked is a panic inside the library: its caller would have met it.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprint("panic: ", p.value) }

func guarded(call func() (answer, error)) (found answer, err error) {
	defer func() {
		if value := recover(); value != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n%s\n", value, debug.Stack())
			found, err = answer{}, panicked{value}
		}
	}()
	return call()
}
