package main

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/openai/openai-go/v3"
)

func TestFillKeepsWhatTheTypesDoNotKnow(t *testing.T) {
	given := arguments{
		"model":        json.RawMessage(`"gpt"`),
		"messages":     json.RawMessage(`[{"role":"user","content":[{"type":"text","text":"Hello"}]}]`),
		"temperature":  json.RawMessage(`0`),
		"data_sources": json.RawMessage(`[{"type":"azure_search"}]`),
		"user":         json.RawMessage(`null`),
	}
	var body openai.ChatCompletionNewParams
	if err := fill(&body, given); err != nil {
		t.Fatal(err)
	}
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := json.Marshal(given)
	if !sameJSON(sent, whole) {
		t.Errorf("sent %s, wanted %s", sent, whole)
	}
}

func TestFilesAreTakenOut(t *testing.T) {
	files, rest, err := arguments{
		"file":  json.RawMessage(`{"$file":{"name":"a.wav","content_type":"audio/wav","base64":"aGk="}}`),
		"image": json.RawMessage(`[{"$file":{"name":"a.png","base64":"aGk="}},{"$file":{"name":"b.png","base64":"aGk="}}]`),
		"model": json.RawMessage(`"m"`),
	}.files()
	if err != nil || len(files["file"]) != 1 || len(files["image"]) != 2 || len(rest) != 1 {
		t.Fatalf("files %v, rest %v, error %v", files, rest, err)
	}
	if content, _ := io.ReadAll(one(files["file"])); string(content) != "hi" {
		t.Errorf("content %q", content)
	}
}
