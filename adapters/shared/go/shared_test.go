package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// These tests run in every adapter that includes this folder: what they test calls parts that each
// adapter has for itself.

func TestStreamedFilterResultsAreMerged(t *testing.T) {
	found, _ := merged(object{"hate": 1, "violence": 1}, object{"hate": 2}).(object)
	if found["hate"] != 2 || found["violence"] != 1 {
		t.Errorf("merged %v", found)
	}
	if merged(nil, object{}) != nil {
		t.Error("an empty block says nothing")
	}
}

func TestChoicesStandInTheOrderOfTheirIndex(t *testing.T) {
	choices := choicesSoFar{}
	choices.choice(1).text = "second"
	choices.choice(0).text = "first"
	choices.choice(0).tools[1] = object{"id": "b"}
	choices.choice(0).tools[0] = object{"id": "a"}
	view := choices.chatView()
	if view["text"] != "first" || !reflect.DeepEqual(view["texts"], []any{"first", "second"}) {
		t.Errorf("texts %v", view)
	}
	if !reflect.DeepEqual(view["tool_calls"], []any{object{"id": "a"}, object{"id": "b"}}) {
		t.Errorf("tool calls %v", view["tool_calls"])
	}
}

func TestNoChoicesAreAViewToo(t *testing.T) {
	view := choicesSoFar{}.chatView()
	if view["choices"] != 0 || view["text"] != nil || view["role"] != nil {
		t.Errorf("view %v", view)
	}
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	_, err := guarded(func() (answer, error) { panic("nil pointer") })
	if !errors.As(err, new(panicked)) || kindOf(err, nil) != "other" {
		t.Errorf("error %v", err)
	}
}

func TestErrorsOfTheTransportAreSorted(t *testing.T) {
	answered := &http.Response{}
	for _, example := range []struct {
		err      error
		response *http.Response
		kind     string
	}{
		{fmt.Errorf("reading: %w", context.DeadlineExceeded), answered, "timeout"},
		{&url.Error{Op: "Post", URL: "http://x", Err: errors.New("refused")}, nil, "connection"},
		{io.ErrUnexpectedEOF, answered, "connection"},
		{errors.New("not what it should be"), answered, "decode"},
		{errors.New("no endpoint"), nil, "configuration"},
	} {
		if kind := kindOf(example.err, example.response); kind != example.kind {
			t.Errorf("%v is of kind %s, wanted %s", example.err, kind, example.kind)
		}
	}
}

func TestStatusesHaveKinds(t *testing.T) {
	for status, wanted := range map[int]string{429: "rate_limit", 503: "internal_server", 418: "status"} {
		if kind := statusKind(status); kind != wanted {
			t.Errorf("%d is of kind %s, wanted %s", status, kind, wanted)
		}
	}
}

func TestTokensAreGivenInTurnAndCounted(t *testing.T) {
	tokens := countTokens(givenTokens(authConfig{Kind: "token_provider", Tokens: []string{"a", "b"}}))
	for _, wanted := range []string{"a", "b", "b"} {
		token, err := tokens.GetToken(context.Background(), policy.TokenRequestOptions{})
		if err != nil || token.Token != wanted {
			t.Errorf("token %q, wanted %q, error %v", token.Token, wanted, err)
		}
	}
	if tokens.calls() != 3 {
		t.Errorf("%d calls", tokens.calls())
	}
}

func TestAStaticTokenStaysTheFirst(t *testing.T) {
	tokens := givenTokens(authConfig{Kind: "token", Tokens: []string{"a", "b"}})
	_, _ = tokens.GetToken(context.Background(), policy.TokenRequestOptions{})
	if token, _ := tokens.GetToken(context.Background(), policy.TokenRequestOptions{}); token.Token != "a" {
		t.Errorf("token %q", token.Token)
	}
}

func TestContentThatIsNoTextIsNull(t *testing.T) {
	if utf8Text([]byte{0xff}) != nil || utf8Text([]byte("hi")) != "hi" {
		t.Error("text is valid UTF-8")
	}
}
