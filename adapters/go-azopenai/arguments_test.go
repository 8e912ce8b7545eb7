package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
)

func TestMessagesTravelAsTheyWere(t *testing.T) {
	messages := `[
		{"role":"system","content":"Be brief."},
		{"role":"user","content":"Hi"},
		{"role":"user","content":[{"type":"text","text":"See"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]},
		{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"c","content":"12"}]`
	var body azopenai.ChatCompletionsOptions
	given := arguments{"messages": json.RawMessage(messages), "model": json.RawMessage(`"m"`), "stop": json.RawMessage(`"."`),
		"top_p": json.RawMessage(`0.5`), "response_format": json.RawMessage(`{"type":"json_object"}`)}
	if err := fill(&body, given); err != nil {
		t.Fatal(err)
	}
	var wanted, sent []map[string]any
	text, err := json.Marshal(body.Messages)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(messages), &wanted)
	_ = json.Unmarshal(text, &sent)
	delete(wanted[3], "content")
	for position := range wanted {
		if sent[position]["content"] == nil {
			delete(sent[position], "content")
		}
		if !reflect.DeepEqual(wanted[position], sent[position]) {
			t.Errorf("message %d is %v, wanted %v", position, sent[position], wanted[position])
		}
	}
	if *body.DeploymentName != "m" || *body.TopP != 0.5 || len(body.Stop) != 1 || body.ResponseFormat == nil {
		t.Errorf("options %+v", body)
	}
}

func TestWhatHasNoFormIsUnsupported(t *testing.T) {
	var body azopenai.EmbeddingsOptions
	err := fill(&body, arguments{"input": json.RawMessage(`[[1,2]]`)})
	var missing unsupportedCall
	if !errors.As(err, &missing) {
		t.Errorf("error %v", err)
	}
}

func TestNoRetriesIsLessThanNone(t *testing.T) {
	none := 0
	if retryOptions(&none, nil).MaxRetries != -1 || retryOptions(nil, nil).MaxRetries != 0 {
		t.Error("azcore takes 0 for its default")
	}
}
