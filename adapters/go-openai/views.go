package main

import (
	"maps"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
)

func embeddingsView(answer *openai.CreateEmbeddingResponse) object {
	vectors := []any{}
	var dimensions any
	for position, item := range answer.Data {
		vector := present(item.Embedding[:min(8, len(item.Embedding))], item.JSON.Embedding)
		if position == 0 && vector != nil {
			dimensions = len(item.Embedding)
		}
		vectors = append(vectors, vector)
	}
	var usage any
	if answer.JSON.Usage.Valid() {
		usage = object{
			"prompt_tokens":     present(answer.Usage.PromptTokens, answer.Usage.JSON.PromptTokens),
			"total_tokens":      present(answer.Usage.TotalTokens, answer.Usage.JSON.TotalTokens),
			"completion_tokens": extra(answer.Usage.JSON.ExtraFields, "completion_tokens"),
			"reasoning_tokens":  nil, "cached_tokens": nil,
		}
	}
	return object{
		"model": present(answer.Model, answer.JSON.Model), "count": len(answer.Data), "dimensions": dimensions,
		"vectors": vectors, "usage": usage,
	}
}

func imagesView(answer *openai.ImagesResponse) object {
	urls, texts := []any{}, []any{}
	for _, image := range answer.Data {
		if image.JSON.URL.Valid() {
			urls = append(urls, image.URL)
		}
		if image.JSON.B64JSON.Valid() {
			texts = append(texts, textDigest(image.B64JSON))
		}
	}
	var leading openai.Image
	if len(answer.Data) > 0 {
		leading = answer.Data[0]
	}
	var usage any
	if answer.JSON.Usage.Valid() {
		usage = object{
			"input_tokens":  present(answer.Usage.InputTokens, answer.Usage.JSON.InputTokens),
			"output_tokens": present(answer.Usage.OutputTokens, answer.Usage.JSON.OutputTokens),
			"total_tokens":  present(answer.Usage.TotalTokens, answer.Usage.JSON.TotalTokens),
			"cached_tokens": nil, "reasoning_tokens": nil,
		}
	}
	return object{
		"created": present(answer.Created, answer.JSON.Created), "count": len(answer.Data), "urls": urls, "b64": texts,
		"revised_prompt": present(leading.RevisedPrompt, leading.JSON.RevisedPrompt), "usage": usage,
		"content_filter": extra(leading.JSON.ExtraFields, "content_filter_results"),
		"prompt_filter":  extra(leading.JSON.ExtraFields, "prompt_filter_results"),
	}
}

func transcriptionView(answer *openai.AudioTranscriptionNewResponseUnion) object {
	var usage any
	if answer.JSON.Usage.Valid() {
		usage = object{
			"input_tokens":  present(answer.Usage.InputTokens, answer.Usage.JSON.InputTokens),
			"output_tokens": present(answer.Usage.OutputTokens, answer.Usage.JSON.OutputTokens),
			"total_tokens":  present(answer.Usage.TotalTokens, answer.Usage.JSON.TotalTokens),
			"cached_tokens": nil, "reasoning_tokens": nil,
		}
	}
	return object{
		"text": present(answer.Text, answer.JSON.Text), "language": present(answer.Language, answer.JSON.Language),
		"duration": present(answer.Duration, answer.JSON.Duration),
		"segments": present(len(answer.Segments), answer.JSON.Segments),
		"words":    present(len(answer.Words), answer.JSON.Words), "usage": usage,
	}
}

// translationView reads what the SDK has a type for, which is the text alone, and the rest as extra fields.
func translationView(answer *openai.Translation) object {
	fields := answer.JSON.ExtraFields
	return object{
		"text": present(answer.Text, answer.JSON.Text), "language": extra(fields, "language"),
		"duration": extra(fields, "duration"), "segments": count(extra(fields, "segments")),
		"words": count(extra(fields, "words")),
	}
}

func count(value any) any {
	if list, ok := value.([]any); ok {
		return len(list)
	}
	return nil
}

func transcriptionStreamView(events []openai.TranscriptionStreamEventUnion) object {
	kinds, text := []any{}, ""
	for _, event := range events {
		kinds = append(kinds, present(event.Type, event.JSON.Type))
		text += event.Delta
	}
	return object{"chunk_count": len(events), "event_types": kinds, "text": text}
}

func contentView(content []byte, headers http.Header, withText bool) object {
	found := digest(content)
	found["content_type"] = nil
	if kind := headers.Get("Content-Type"); kind != "" {
		found["content_type"] = kind
	}
	if withText {
		found["text"] = utf8Text(content)
	}
	return found
}

func responseView(answer *responses.Response) object {
	kinds, calls := []any{}, []any{}
	for _, item := range answer.Output {
		kinds = append(kinds, present(item.Type, item.JSON.Type))
		if item.Type == "function_call" {
			call := item.AsFunctionCall()
			calls = append(calls, object{
				"id": present(call.CallID, call.JSON.CallID), "type": present(call.Type, call.JSON.Type),
				"name": present(call.Name, call.JSON.Name), "arguments": present(call.Arguments, call.JSON.Arguments),
			})
		}
	}
	return object{
		"id": present(answer.ID, answer.JSON.ID), "object": present(answer.Object, answer.JSON.Object),
		"status": present(answer.Status, answer.JSON.Status), "model": present(answer.Model, answer.JSON.Model),
		"created":     present(answer.CreatedAt, answer.JSON.CreatedAt),
		"output_text": present(answer.OutputText(), answer.JSON.Output), "output_types": kinds, "tool_calls": calls,
		"reasoning_effort":     present(answer.Reasoning.Effort, answer.Reasoning.JSON.Effort),
		"usage":                responseUsageView(answer),
		"error":                plainNullable(answer.Error.RawJSON(), answer.JSON.Error.Valid()),
		"incomplete_reason":    present(answer.IncompleteDetails.Reason, answer.IncompleteDetails.JSON.Reason),
		"previous_response_id": present(answer.PreviousResponseID, answer.JSON.PreviousResponseID),
		"content_filters":      extra(answer.JSON.ExtraFields, "content_filters"),
	}
}

func plainNullable(raw string, valid bool) any {
	if !valid {
		return nil
	}
	return plain(raw)
}

func responseUsageView(answer *responses.Response) any {
	if !answer.JSON.Usage.Valid() {
		return nil
	}
	usage := answer.Usage
	input, output := usage.InputTokensDetails, usage.OutputTokensDetails
	return object{
		"input_tokens":     present(usage.InputTokens, usage.JSON.InputTokens),
		"output_tokens":    present(usage.OutputTokens, usage.JSON.OutputTokens),
		"total_tokens":     present(usage.TotalTokens, usage.JSON.TotalTokens),
		"reasoning_tokens": present(output.ReasoningTokens, output.JSON.ReasoningTokens),
		"cached_tokens":    present(input.CachedTokens, input.JSON.CachedTokens),
	}
}

func responseStreamView(events []responses.ResponseStreamEventUnion) object {
	var carried responses.Response
	var failure any
	kinds, text := []any{}, ""
	for _, event := range events {
		kinds = append(kinds, present(event.Type, event.JSON.Type))
		if event.JSON.Response.Valid() {
			carried = event.Response
		}
		switch event.Type {
		case "response.output_text.delta":
			text += event.Delta
		case "error":
			failure = object{
				"code": present(event.Code, event.JSON.Code), "message": present(event.Message, event.JSON.Message),
				"param": present(event.Param, event.JSON.Param),
			}
		}
	}
	found := responseView(&carried)
	if failure != nil {
		found["error"] = failure
	}
	maps.Copy(found, object{"event_types": kinds, "chunk_count": len(events), "delta_text": text})
	return found
}

func fileView(file *openai.FileObject) object {
	return object{
		"id": present(file.ID, file.JSON.ID), "object": present(file.Object, file.JSON.Object),
		"filename": present(file.Filename, file.JSON.Filename), "purpose": present(file.Purpose, file.JSON.Purpose),
		"bytes": present(file.Bytes, file.JSON.Bytes), "status": present(file.Status, file.JSON.Status),
		"created_at": present(file.CreatedAt, file.JSON.CreatedAt),
	}
}

func fileDeletedView(file *openai.FileDeleted) object {
	return object{
		"id": present(file.ID, file.JSON.ID), "object": present(file.Object, file.JSON.Object),
		"deleted": present(file.Deleted, file.JSON.Deleted),
	}
}

func batchView(batch *openai.Batch) object {
	var counts any
	if batch.JSON.RequestCounts.Valid() {
		total := batch.RequestCounts
		counts = object{
			"total": present(total.Total, total.JSON.Total), "completed": present(total.Completed, total.JSON.Completed),
			"failed": present(total.Failed, total.JSON.Failed),
		}
	}
	return object{
		"id": present(batch.ID, batch.JSON.ID), "object": present(batch.Object, batch.JSON.Object),
		"status":         present(batch.Status, batch.JSON.Status),
		"input_file_id":  present(batch.InputFileID, batch.JSON.InputFileID),
		"output_file_id": present(batch.OutputFileID, batch.JSON.OutputFileID),
		"error_file_id":  present(batch.ErrorFileID, batch.JSON.ErrorFileID),
		"endpoint":       present(batch.Endpoint, batch.JSON.Endpoint), "counts": counts,
	}
}

func jobView(job *openai.FineTuningJob) object {
	return object{
		"id": present(job.ID, job.JSON.ID), "object": present(job.Object, job.JSON.Object),
		"status": present(job.Status, job.JSON.Status), "model": present(job.Model, job.JSON.Model),
		"fine_tuned_model": present(job.FineTunedModel, job.JSON.FineTunedModel),
		"training_file":    present(job.TrainingFile, job.JSON.TrainingFile),
		"error":            plainNullable(job.Error.RawJSON(), job.JSON.Error.Valid()),
	}
}

func modelView(model *openai.Model) object {
	return object{
		"id": present(model.ID, model.JSON.ID), "object": present(model.Object, model.JSON.Object),
		"owned_by": present(model.OwnedBy, model.JSON.OwnedBy), "created": present(model.Created, model.JSON.Created),
	}
}

func listView[R any](data []R, more any, entry func(*R) (id, kind any)) object {
	ids, kinds := []any{}, []any{}
	for position := range data {
		id, kind := entry(&data[position])
		ids, kinds = append(ids, id), append(kinds, kind)
	}
	return object{"count": len(data), "ids": ids, "has_more": more, "types": kinds}
}

func fileEntry(file *openai.FileObject) (id, kind any) {
	return present(file.ID, file.JSON.ID), present(file.Object, file.JSON.Object)
}

func batchEntry(batch *openai.Batch) (id, kind any) {
	return present(batch.ID, batch.JSON.ID), present(batch.Object, batch.JSON.Object)
}

func jobEntry(job *openai.FineTuningJob) (id, kind any) {
	return present(job.ID, job.JSON.ID), present(job.Object, job.JSON.Object)
}

func eventEntry(event *openai.FineTuningJobEvent) (id, kind any) {
	kind = present(event.Type, event.JSON.Type)
	if kind == nil {
		kind = present(event.Object, event.JSON.Object)
	}
	return present(event.ID, event.JSON.ID), kind
}

func modelEntry(model *openai.Model) (id, kind any) {
	return present(model.ID, model.JSON.ID), present(model.Object, model.JSON.Object)
}

func itemEntry(item *responses.ResponseItemUnion) (id, kind any) {
	return present(item.ID, item.JSON.ID), present(item.Type, item.JSON.Type)
}
