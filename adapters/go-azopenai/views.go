package main

import (
	"maps"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
)

// Views are what a caller reads through the library's typed fields. What has no field is left out: the contract's
// result.view_lacks lists it.

func usageView(usage *azopenai.CompletionsUsage) any {
	if usage == nil {
		return nil
	}
	found := object{
		"prompt_tokens": at(usage.PromptTokens), "completion_tokens": at(usage.CompletionTokens),
		"total_tokens": at(usage.TotalTokens), "reasoning_tokens": nil, "cached_tokens": nil,
	}
	if details := usage.CompletionTokensDetails; details != nil {
		found["reasoning_tokens"] = at(details.ReasoningTokens)
	}
	if details := usage.PromptTokensDetails; details != nil {
		found["cached_tokens"] = at(details.CachedTokens)
	}
	return found
}

func toolCallView(call azopenai.ChatCompletionsToolCallClassification) object {
	found := object{"id": nil, "type": nil, "name": nil, "arguments": nil}
	if common := call.GetChatCompletionsToolCall(); common != nil {
		found["id"], found["type"] = at(common.ID), at(common.Type)
	}
	if typed, ok := call.(*azopenai.ChatCompletionsFunctionToolCall); ok && typed.Function != nil {
		found["name"], found["arguments"] = at(typed.Function.Name), at(typed.Function.Arguments)
	}
	return found
}

func chatView(chat azopenai.ChatCompletions) object {
	texts, reasons, filters, calls := []any{}, []any{}, []any{}, []any{}
	for _, choice := range chat.Choices {
		var text any
		if choice.Message != nil {
			text = at(choice.Message.Content)
		}
		texts, reasons = append(texts, text), append(reasons, at(choice.FinishReason))
		filters = append(filters, plain(choice.ContentFilterResults))
	}
	var message azopenai.ChatResponseMessage
	if len(chat.Choices) > 0 && chat.Choices[0].Message != nil {
		message = *chat.Choices[0].Message
	}
	for _, call := range message.ToolCalls {
		calls = append(calls, toolCallView(call))
	}
	return object{
		"id": at(chat.ID), "model": at(chat.Model), "created": unix(chat.Created), "role": at(message.Role),
		"text": first(texts), "refusal": at(message.Refusal), "finish_reason": first(reasons), "tool_calls": calls,
		"choices": len(chat.Choices), "texts": texts, "finish_reasons": reasons, "usage": usageView(chat.Usage),
		"content_filter": first(filters), "content_filters": filters,
		"prompt_filter": plainList(chat.PromptFilterResults), "context": plain(message.Context),
	}
}

func (c *choiceSoFar) add(choice azopenai.ChatChoice) {
	c.reason = said(choice.FinishReason, c.reason)
	c.filter = merged(c.filter, plain(choice.ContentFilterResults))
	delta := choice.Delta
	if delta == nil { // Azure's asynchronous filter sends choices without one
		return
	}
	c.role = said(delta.Role, c.role)
	c.text = joined(c.text, delta.Content)
	c.refusal = joined(c.refusal, delta.Refusal)
	if delta.Context != nil {
		c.context = plain(delta.Context)
	}
	for _, call := range delta.ToolCalls {
		c.addTool(call)
	}
}

// addTool takes in a piece of a tool call. The library has no field for its index, so that a caller can only go by the
// id, which the first piece of each call has.
func (c *choiceSoFar) addTool(call azopenai.ChatCompletionsToolCallClassification) {
	piece := toolCallView(call)
	last := int64(len(c.tools) - 1)
	if id, _ := piece["id"].(string); id != "" || len(c.tools) == 0 {
		c.tools[last+1] = piece
		return
	}
	if typed, ok := call.(*azopenai.ChatCompletionsFunctionToolCall); ok && typed.Function != nil {
		call := c.tools[last]
		call["name"] = said(typed.Function.Name, call["name"])
		call["arguments"] = joined(call["arguments"], typed.Function.Arguments)
	}
}

func chatStreamView(chunks []azopenai.ChatCompletions) object {
	choices := choicesSoFar{}
	found := object{"id": nil, "model": nil, "created": nil, "usage": nil, "prompt_filter": nil}
	for _, chunk := range chunks {
		head(found, "id", chunk.ID)
		head(found, "model", chunk.Model)
		if created := unix(chunk.Created); created != nil && (created != int64(0) || found["created"] == nil) {
			found["created"] = created
		}
		if usage := usageView(chunk.Usage); usage != nil {
			found["usage"] = usage
		}
		if len(chunk.PromptFilterResults) > 0 {
			found["prompt_filter"] = plainList(chunk.PromptFilterResults)
		}
		for _, choice := range chunk.Choices {
			choices.choice(indexOf(choice.Index)).add(choice)
		}
	}
	maps.Copy(found, choices.chatView())
	found["chunk_count"] = len(chunks)
	return found
}

func indexOf(index *int32) int64 {
	if index == nil {
		return 0
	}
	return int64(*index)
}

func completionView(completion azopenai.Completions) object {
	found := completionStreamView([]azopenai.Completions{completion})
	delete(found, "chunk_count")
	return found
}

func completionStreamView(chunks []azopenai.Completions) object {
	choices := choicesSoFar{}
	found := object{"id": nil, "created": nil, "usage": nil, "prompt_filter": nil}
	for _, chunk := range chunks {
		head(found, "id", chunk.ID)
		if created := unix(chunk.Created); created != nil && (created != int64(0) || found["created"] == nil) {
			found["created"] = created
		}
		if usage := usageView(chunk.Usage); usage != nil {
			found["usage"] = usage
		}
		if len(chunk.PromptFilterResults) > 0 {
			found["prompt_filter"] = plainList(chunk.PromptFilterResults)
		}
		for _, choice := range chunk.Choices {
			so := choices.choice(indexOf(choice.Index))
			so.text = joined(so.text, choice.Text)
			so.reason = said(choice.FinishReason, so.reason)
			so.filter = merged(so.filter, plain(choice.ContentFilterResults))
		}
	}
	maps.Copy(found, choices.completionView())
	found["chunk_count"] = len(chunks)
	return found
}

func embeddingsView(answer azopenai.Embeddings) object {
	vectors := []any{}
	var dimensions, usage any
	for position, item := range answer.Data {
		switch {
		case item.EmbeddingBase64 != "":
			vectors = append(vectors, item.EmbeddingBase64)
		case item.Embedding == nil:
			vectors = append(vectors, nil)
		default:
			vectors = append(vectors, item.Embedding[:min(8, len(item.Embedding))])
			if position == 0 {
				dimensions = len(item.Embedding)
			}
		}
	}
	if answer.Usage != nil {
		usage = object{
			"prompt_tokens": at(answer.Usage.PromptTokens), "total_tokens": at(answer.Usage.TotalTokens),
			"completion_tokens": nil, "reasoning_tokens": nil, "cached_tokens": nil,
		}
	}
	return object{"count": len(answer.Data), "dimensions": dimensions, "vectors": vectors, "usage": usage}
}

func imagesView(answer azopenai.ImageGenerations) object {
	urls, texts := []any{}, []any{}
	for _, image := range answer.Data {
		if image.URL != nil {
			urls = append(urls, *image.URL)
		}
		if image.Base64Data != nil {
			texts = append(texts, textDigest(*image.Base64Data))
		}
	}
	var leading azopenai.ImageGenerationData
	if len(answer.Data) > 0 {
		leading = answer.Data[0]
	}
	return object{
		"created": unix(answer.Created), "count": len(answer.Data), "urls": urls, "b64": texts,
		"revised_prompt": at(leading.RevisedPrompt), "content_filter": plain(leading.ContentFilterResults),
		"prompt_filter": plain(leading.PromptFilterResults),
	}
}

func transcriptionView(answer azopenai.AudioTranscription) object {
	return object{
		"text": at(answer.Text), "language": at(answer.Language), "duration": at(answer.Duration),
		"segments": counted(answer.Segments), "words": counted(answer.Words),
	}
}

func translationView(answer azopenai.AudioTranslation) object {
	return object{
		"text": at(answer.Text), "language": at(answer.Language), "duration": at(answer.Duration),
		"segments": counted(answer.Segments),
	}
}

func counted[T any](list []T) any {
	if list == nil {
		return nil
	}
	return len(list)
}

func contentView(content []byte) object {
	found := digest(content)
	found["text"] = utf8Text(content)
	return found
}

func fileView(file azopenai.File) object {
	return object{
		"id": at(file.ID), "object": at(file.Object), "filename": at(file.Filename), "purpose": at(file.Purpose),
		"bytes": at(file.Bytes), "status": at(file.Status), "created_at": unix(file.CreatedAt),
	}
}

func fileDeletedView(file azopenai.FileDeletionStatus) object {
	return object{"id": at(file.ID), "object": at(file.Object), "deleted": at(file.Deleted)}
}

func filesView(list azopenai.FileListResponse) object {
	ids, kinds := []any{}, []any{}
	for _, file := range list.Data {
		ids, kinds = append(ids, at(file.ID)), append(kinds, at(file.Object))
	}
	return object{"count": len(list.Data), "ids": ids, "types": kinds}
}

func batchView(batch azopenai.Batch) object {
	var counts any
	if total := batch.RequestCounts; total != nil {
		counts = object{"total": at(total.Total), "completed": at(total.Completed), "failed": at(total.Failed)}
	}
	return object{
		"id": at(batch.ID), "object": at(batch.Object), "status": at(batch.Status),
		"input_file_id": at(batch.InputFileID), "output_file_id": at(batch.OutputFileID),
		"error_file_id": at(batch.ErrorFileID), "endpoint": at(batch.Endpoint), "counts": counts,
	}
}

func batchesView(page azopenai.ListBatchesPage) object {
	ids, kinds := []any{}, []any{}
	for _, batch := range page.Data {
		ids, kinds = append(ids, at(batch.ID)), append(kinds, at(batch.Object))
	}
	return object{"count": len(page.Data), "ids": ids, "has_more": at(page.HasMore), "types": kinds}
}
