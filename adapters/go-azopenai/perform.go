package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// perform is the outcome of a call.
func perform(ctx context.Context, opened *session, asked message) object {
	call, known := operations[asked.Operation]
	switch {
	case !known:
		return unsupported("azopenai has no " + asked.Operation)
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
	ctx = policy.WithCaptureResponse(opened.callContext(ctx, asked.Options), &response)
	found, err := guarded(func() (answer, error) { return call(ctx, opened.client, asked.Arguments, limit) })
	var missing noPlace
	if errors.As(err, &missing) {
		return unsupported(missing.Error())
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

func unsupported(reason string) object { return object{"outcome": "unsupported", "reason": reason} }

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
