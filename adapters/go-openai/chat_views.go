package main

import (
	"maps"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/respjson"
)

// Views are what a caller reads through the SDK's typed accessors. A field that was null or absent (Valid is false) is
// null in a view; Azure's own members, which have no type, are read from JSON.ExtraFields, as the README documents.

func usageView(usage openai.CompletionUsage, field respjson.Field) any {
	if !field.Valid() {
		return nil
	}
	prompt, completion := usage.PromptTokensDetails, usage.CompletionTokensDetails
	return object{
		"prompt_tokens":     present(usage.PromptTokens, usage.JSON.PromptTokens),
		"completion_tokens": present(usage.CompletionTokens, usage.JSON.CompletionTokens),
		"total_tokens":      present(usage.TotalTokens, usage.JSON.TotalTokens),
		"reasoning_tokens":  present(completion.ReasoningTokens, completion.JSON.ReasoningTokens),
		"cached_tokens":     present(prompt.CachedTokens, prompt.JSON.CachedTokens),
	}
}

func chatView(chat *openai.ChatCompletion) object {
	texts, reasons, filters := []any{}, []any{}, []any{}
	for _, choice := range chat.Choices {
		texts = append(texts, present(choice.Message.Content, choice.Message.JSON.Content))
		reasons = append(reasons, present(choice.FinishReason, choice.JSON.FinishReason))
		filters = append(filters, extra(choice.JSON.ExtraFields, "content_filter_results"))
	}
	var message openai.ChatCompletionMessage
	if len(chat.Choices) > 0 {
		message = chat.Choices[0].Message
	}
	calls := []any{}
	for _, call := range message.ToolCalls {
		calls = append(calls, object{
			"id": present(call.ID, call.JSON.ID), "type": present(call.Type, call.JSON.Type),
			"name":      present(call.Function.Name, call.Function.JSON.Name),
			"arguments": present(call.Function.Arguments, call.Function.JSON.Arguments),
		})
	}
	return object{
		"id": present(chat.ID, chat.JSON.ID), "object": present(chat.Object, chat.JSON.Object),
		"model": present(chat.Model, chat.JSON.Model), "created": present(chat.Created, chat.JSON.Created),
		"role": present(message.Role, message.JSON.Role), "text": first(texts),
		"refusal":       present(message.Refusal, message.JSON.Refusal),
		"finish_reason": first(reasons), "tool_calls": calls,
		"choices": len(chat.Choices), "texts": texts, "finish_reasons": reasons,
		"usage":          usageView(chat.Usage, chat.JSON.Usage),
		"content_filter": first(filters), "content_filters": filters,
		"prompt_filter": extra(chat.JSON.ExtraFields, "prompt_filter_results"),
		"context":       extra(message.JSON.ExtraFields, "context"),
	}
}

func (c *choiceSoFar) add(choice openai.ChatCompletionChunkChoice) {
	delta := choice.Delta // Azure's asynchronous filter sends choices without one: it is then zero
	c.role = said(delta.Role, c.role)
	c.text = joined(c.text, delta.Content, delta.JSON.Content)
	c.refusal = joined(c.refusal, delta.Refusal, delta.JSON.Refusal)
	c.reason = said(choice.FinishReason, c.reason)
	c.filter = merged(c.filter, extra(choice.JSON.ExtraFields, "content_filter_results"))
	if context := extra(delta.JSON.ExtraFields, "context"); context != nil {
		c.context = context
	}
	for _, call := range delta.ToolCalls {
		tool, known := c.tools[call.Index]
		if !known {
			tool = object{"id": nil, "type": nil, "name": nil, "arguments": nil}
			c.tools[call.Index] = tool
		}
		tool["id"] = said(call.ID, tool["id"])
		tool["type"] = said(call.Type, tool["type"])
		tool["name"] = said(call.Function.Name, tool["name"])
		tool["arguments"] = joined(tool["arguments"], call.Function.Arguments, call.Function.JSON.Arguments)
	}
}

func chatStreamView(chunks []openai.ChatCompletionChunk) object {
	choices := choicesSoFar{}
	found := object{"id": nil, "object": nil, "model": nil, "created": nil, "usage": nil, "prompt_filter": nil}
	for _, chunk := range chunks {
		head(found, "id", chunk.ID, chunk.JSON.ID)
		head(found, "object", string(chunk.Object), chunk.JSON.Object)
		head(found, "model", chunk.Model, chunk.JSON.Model)
		head(found, "created", chunk.Created, chunk.JSON.Created)
		if usage := usageView(chunk.Usage, chunk.JSON.Usage); usage != nil {
			found["usage"] = usage
		}
		latest(found, "prompt_filter", extra(chunk.JSON.ExtraFields, "prompt_filter_results"))
		for _, choice := range chunk.Choices {
			choices.choice(choice.Index).add(choice)
		}
	}
	maps.Copy(found, choices.chatView())
	found["chunk_count"] = len(chunks)
	return found
}

func completionView(completion *openai.Completion) object {
	found := completionStreamView([]openai.Completion{*completion})
	delete(found, "chunk_count")
	return found
}

func completionStreamView(chunks []openai.Completion) object {
	choices := choicesSoFar{}
	found := object{"id": nil, "object": nil, "model": nil, "created": nil, "usage": nil, "prompt_filter": nil}
	for _, chunk := range chunks {
		head(found, "id", chunk.ID, chunk.JSON.ID)
		head(found, "object", string(chunk.Object), chunk.JSON.Object)
		head(found, "model", chunk.Model, chunk.JSON.Model)
		head(found, "created", chunk.Created, chunk.JSON.Created)
		if usage := usageView(chunk.Usage, chunk.JSON.Usage); usage != nil {
			found["usage"] = usage
		}
		latest(found, "prompt_filter", extra(chunk.JSON.ExtraFields, "prompt_filter_results"))
		for _, choice := range chunk.Choices {
			so := choices.choice(choice.Index)
			so.text = joined(so.text, choice.Text, choice.JSON.Text)
			so.reason = said(string(choice.FinishReason), so.reason)
			so.filter = merged(so.filter, extra(choice.JSON.ExtraFields, "content_filter_results"))
		}
	}
	maps.Copy(found, choices.completionView())
	found["chunk_count"] = len(chunks)
	return found
}
