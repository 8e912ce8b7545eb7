package main

import (
	"encoding/json"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// A chatMessage is a message of a chat as it travels.
type chatMessage struct {
	Role       string                 `json:"role"`
	Content    json.RawMessage        `json:"content"`
	Name       *string                `json:"name"`
	Refusal    *string                `json:"refusal"`
	ToolCallID *string                `json:"tool_call_id"`
	ToolCalls  []json.RawMessage      `json:"tool_calls"`
	Function   *azopenai.FunctionCall `json:"function_call"`
}

// messageOf builds a message with the library's own constructors.
func messageOf(value json.RawMessage) (azopenai.ChatRequestMessageClassification, error) {
	given, err := into[chatMessage](value)
	if err != nil {
		return nil, err
	}
	switch given.Role {
	case "system":
		content, err := textContent(given.Content, azopenai.NewChatRequestSystemMessageContent[string],
			azopenai.NewChatRequestSystemMessageContent[[]azopenai.ChatMessageTextContentItem])
		return &azopenai.ChatRequestSystemMessage{Content: content, Name: given.Name}, err
	case "developer":
		content, err := textContent(given.Content, azopenai.NewChatRequestDeveloperMessageContent[string],
			azopenai.NewChatRequestDeveloperMessageContent[[]azopenai.ChatMessageTextContentItem])
		return &azopenai.ChatRequestDeveloperMessage{Content: content, Name: given.Name}, err
	case "tool":
		content, err := textContent(given.Content, azopenai.NewChatRequestToolMessageContent[string],
			azopenai.NewChatRequestToolMessageContent[[]azopenai.ChatMessageTextContentItem])
		return &azopenai.ChatRequestToolMessage{Content: content, ToolCallID: given.ToolCallID}, err
	case "assistant":
		return assistantMessage(given)
	case "user":
		content, err := userContent(given.Content)
		return &azopenai.ChatRequestUserMessage{Content: content, Name: given.Name}, err
	default:
		return nil, noPlace("a message of role " + given.Role)
	}
}

// textContent is content that is a text, a list of text parts or null, which azcore sends for NullValue; nil for none.
func textContent[C any](value json.RawMessage, ofText func(string) *C,
	ofParts func([]azopenai.ChatMessageTextContentItem) *C) (*C, error) {
	switch string(value) {
	case "":
		return nil, nil
	case "null":
		return azcore.NullValue[*C](), nil
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return ofText(text), nil
	}
	var parts []azopenai.ChatMessageTextContentItem
	err := json.Unmarshal(value, &parts)
	return ofParts(parts), err
}

func assistantMessage(given *chatMessage) (azopenai.ChatRequestMessageClassification, error) {
	content, err := textContent(given.Content, azopenai.NewChatRequestAssistantMessageContent[string],
		azopenai.NewChatRequestAssistantMessageContent[[]azopenai.ChatMessageTextContentItem])
	message := &azopenai.ChatRequestAssistantMessage{
		Content: content, Name: given.Name, Refusal: given.Refusal, FunctionCall: given.Function,
	}
	for _, value := range given.ToolCalls {
		call, wrong := into[azopenai.ChatCompletionsFunctionToolCall](value)
		if wrong != nil {
			return nil, wrong
		}
		message.ToolCalls = append(message.ToolCalls, call)
	}
	return message, err
}

func userContent(value json.RawMessage) (*azopenai.ChatRequestUserMessageContent, error) {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return azopenai.NewChatRequestUserMessageContent(text), nil
	}
	var parts []azopenai.ChatCompletionRequestMessageContentPartClassification
	err := decodeEach(value, &parts, partOf)
	return azopenai.NewChatRequestUserMessageContent(parts), err
}

func partOf(value json.RawMessage) (azopenai.ChatCompletionRequestMessageContentPartClassification, error) {
	switch kind := kindOfUnion(value, "type"); kind {
	case "text":
		return into[azopenai.ChatCompletionRequestMessageContentPartText](value)
	case "image_url":
		return into[azopenai.ChatCompletionRequestMessageContentPartImage](value)
	default:
		return nil, noPlace("a content part of type " + kind)
	}
}
