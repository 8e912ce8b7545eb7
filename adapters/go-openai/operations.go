package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/pagination"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
)

// An operation performs one call. limit is how many events of a stream to read, negative for all; it is nil where no
// stream is wanted. What a stream brought before it failed is returned beside the error.
type operation func(ctx context.Context, client *openai.Client, given arguments, limit *int,
	options []option.RequestOption) (answer, error)

// operations is every operation the adapter knows: add a new one here.
var operations = map[string]operation{
	"chat.completions.create": streamed(
		created(func(c *openai.Client) method[openai.ChatCompletionNewParams, openai.ChatCompletion] {
			return c.Chat.Completions.New
		}, chatView),
		func(c *openai.Client) streamMethod[openai.ChatCompletionNewParams, openai.ChatCompletionChunk] {
			return c.Chat.Completions.NewStreaming
		}, chatStreamView),
	"completions.create": streamed(
		created(func(c *openai.Client) method[openai.CompletionNewParams, openai.Completion] {
			return c.Completions.New
		}, completionView),
		func(c *openai.Client) streamMethod[openai.CompletionNewParams, openai.Completion] {
			return c.Completions.NewStreaming
		}, completionStreamView),
	"embeddings.create": created(
		func(c *openai.Client) method[openai.EmbeddingNewParams, openai.CreateEmbeddingResponse] {
			return c.Embeddings.New
		}, embeddingsView),
	"images.generate": created(func(c *openai.Client) method[openai.ImageGenerateParams, openai.ImagesResponse] {
		return c.Images.Generate
	}, imagesView),
	"images.edit":                 editImages,
	"audio.transcriptions.create": transcribe,
	"audio.translations.create":   translate,
	"audio.speech.create":         speak,
	"responses.create": streamed(
		created(func(c *openai.Client) method[responses.ResponseNewParams, responses.Response] {
			return c.Responses.New
		}, responseView),
		func(c *openai.Client) streamMethod[responses.ResponseNewParams, responses.ResponseStreamEventUnion] {
			return c.Responses.NewStreaming
		}, responseStreamView),
	"responses.retrieve":         retrieveResponse,
	"responses.delete":           deleteResponse,
	"responses.input_items.list": listInputItems,
	"files.create":               uploadFile,
	"files.content":              downloadFile,
	"files.list": func(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		return listed(fileEntry)(c.Files.List(ctx, openai.FileListParams{}, append(options, given.query()...)...))
	},
	"files.retrieve": named("file_id", func(c *openai.Client) idMethod[openai.FileObject] { return c.Files.Get }, fileView),
	"files.delete":   named("file_id", func(c *openai.Client) idMethod[openai.FileDeleted] { return c.Files.Delete }, fileDeletedView),
	"batches.create": created(func(c *openai.Client) method[openai.BatchNewParams, openai.Batch] {
		return c.Batches.New
	}, batchView),
	"batches.retrieve": named("batch_id", func(c *openai.Client) idMethod[openai.Batch] { return c.Batches.Get }, batchView),
	"batches.cancel":   named("batch_id", func(c *openai.Client) idMethod[openai.Batch] { return c.Batches.Cancel }, batchView),
	"batches.list": func(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		return listed(batchEntry)(c.Batches.List(ctx, openai.BatchListParams{}, append(options, given.query()...)...))
	},
	"fine_tuning.jobs.create": created(func(c *openai.Client) method[openai.FineTuningJobNewParams, openai.FineTuningJob] {
		return c.FineTuning.Jobs.New
	}, jobView),
	"fine_tuning.jobs.retrieve": named("fine_tuning_job_id",
		func(c *openai.Client) idMethod[openai.FineTuningJob] { return c.FineTuning.Jobs.Get }, jobView),
	"fine_tuning.jobs.cancel": named("fine_tuning_job_id",
		func(c *openai.Client) idMethod[openai.FineTuningJob] { return c.FineTuning.Jobs.Cancel }, jobView),
	"fine_tuning.jobs.list": func(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		return listed(jobEntry)(c.FineTuning.Jobs.List(ctx, openai.FineTuningJobListParams{}, append(options, given.query()...)...))
	},
	"fine_tuning.jobs.list_events": func(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		id, rest := given.without("fine_tuning_job_id")
		return listed(eventEntry)(c.FineTuning.Jobs.ListEvents(ctx, id, openai.FineTuningJobListEventsParams{}, append(options, rest.query()...)...))
	},
	"models.retrieve": named("model", func(c *openai.Client) idMethod[openai.Model] { return c.Models.Get }, modelView),
	"models.list": func(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		page, err := c.Models.List(ctx, append(options, given.query()...)...)
		if err != nil {
			return answer{}, err
		}
		return answer{result: plain(page.RawJSON()), view: listView(page.Data, nil, modelEntry)}, nil
	},
}

// The forms that the SDK's methods have. R is what a method answers.
type (
	shown                  interface{ RawJSON() string }
	method[P, R any]       func(context.Context, P, ...option.RequestOption) (*R, error)
	idMethod[R any]        func(context.Context, string, ...option.RequestOption) (*R, error)
	streamMethod[P, C any] func(context.Context, P, ...option.RequestOption) *ssestream.Stream[C]
)

// created is an operation that sends its arguments as a JSON body.
func created[P any, R shown, T extendable[P]](of func(*openai.Client) method[P, R], view func(*R) object) operation {
	return func(ctx context.Context, client *openai.Client, given arguments, limit *int, options []option.RequestOption) (answer, error) {
		if limit != nil {
			return answer{}, unsupportedCall{"openai-go cannot stream this operation"}
		}
		var body P
		if err := fill[P, T](&body, given); err != nil {
			return answer{}, err
		}
		return whole(view)(of(client)(ctx, body, options...))
	}
}

// streamed is an operation that can also stream. The SDK's method for it adds "stream" to the body by itself.
func streamed[P any, C shown, T extendable[P]](plainly operation, of func(*openai.Client) streamMethod[P, C], view func([]C) object) operation {
	return func(ctx context.Context, client *openai.Client, given arguments, limit *int, options []option.RequestOption) (answer, error) {
		if limit == nil {
			return plainly(ctx, client, given, nil, options)
		}
		_, rest := given.without("stream")
		var body P
		if err := fill[P, T](&body, rest); err != nil {
			return answer{}, err
		}
		return consumed(of(client)(ctx, body, options...), *limit, view)
	}
}

// consumed reads a stream to its end, or limit events of it, and closes it.
func consumed[C shown](stream *ssestream.Stream[C], limit int, view func([]C) object) (answer, error) {
	if err := stream.Err(); err != nil {
		return answer{}, err // it was never opened, and has nothing to close
	}
	var items []C
	for limit != len(items) && stream.Next() {
		items = append(items, stream.Current())
	}
	err := stream.Err()
	_ = stream.Close()
	found := answer{chunks: make([]any, 0, len(items)), view: view(items)}
	for _, item := range items {
		found.chunks = append(found.chunks, plain(item.RawJSON()))
	}
	return found, err
}

// named is an operation whose one argument is a part of the path.
func named[R shown](name string, of func(*openai.Client) idMethod[R], view func(*R) object) operation {
	return func(ctx context.Context, client *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
		id, rest := given.without(name)
		return whole(view)(of(client)(ctx, id, append(options, rest.query()...)...))
	}
}

// whole makes an answer of what a method returned.
func whole[R shown](view func(*R) object) func(*R, error) (answer, error) {
	return func(result *R, err error) (answer, error) {
		if err != nil || result == nil {
			return answer{}, err
		}
		return answer{result: plain((*result).RawJSON()), view: view(result)}, nil
	}
}

// listed makes an answer of a page.
func listed[R any](entry func(*R) (id, kind any)) func(*pagination.CursorPage[R], error) (answer, error) {
	return func(page *pagination.CursorPage[R], err error) (answer, error) {
		if err != nil {
			return answer{}, err
		}
		more := present(page.HasMore, page.JSON.HasMore)
		return answer{result: plain(page.RawJSON()), view: listView(page.Data, more, entry)}, nil
	}
}

// binary makes an answer of content that is read by the caller.
func binary(response *http.Response, err error, withText bool) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the content: %w", err)
	}
	return answer{result: digest(content), view: contentView(content, response.Header, withText)}, nil
}

func speak(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	var body openai.AudioSpeechNewParams
	if err := fill(&body, given); err != nil {
		return answer{}, err
	}
	response, err := c.Audio.Speech.New(ctx, body, options...)
	return binary(response, err, false)
}

func downloadFile(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	id, rest := given.without("file_id")
	response, err := c.Files.Content(ctx, id, append(options, rest.query()...)...)
	return binary(response, err, true)
}

func uploadFile(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	files, rest, err := given.files()
	if err != nil {
		return answer{}, err
	}
	var body openai.FileNewParams
	if err := fill(&body, rest); err != nil {
		return answer{}, err
	}
	body.File = one(files["file"])
	return whole(fileView)(c.Files.New(ctx, body, options...))
}

func editImages(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	files, rest, err := given.files()
	if err != nil {
		return answer{}, err
	}
	var body openai.ImageEditParams
	if err := fill(&body, rest); err != nil {
		return answer{}, err
	}
	if images := files["image"]; len(images) == 1 {
		body.Image.OfFile = images[0]
	} else {
		body.Image.OfFileArray = images
	}
	body.Mask = one(files["mask"])
	return whole(imagesView)(c.Images.Edit(ctx, body, options...))
}

// wantsText is whether the answer will be text, which the SDK reads only into a destination of the caller's
// (option.WithResponseBodyInto).
func wantsText(given arguments) bool {
	return slices.Contains([]string{"text", "srt", "vtt"}, plainText(given["response_format"]))
}

func transcribe(ctx context.Context, c *openai.Client, given arguments, limit *int, options []option.RequestOption) (answer, error) {
	files, rest, err := given.files()
	if err != nil {
		return answer{}, err
	}
	_, rest = rest.without("stream")
	var body openai.AudioTranscriptionNewParams
	if err := fill(&body, rest); err != nil {
		return answer{}, err
	}
	body.File = one(files["file"])
	if limit != nil {
		return consumed(c.Audio.Transcriptions.NewStreaming(ctx, body, options...), *limit, transcriptionStreamView)
	}
	if wantsText(given) {
		var text string
		_, err := c.Audio.Transcriptions.New(ctx, body, append(options, option.WithResponseBodyInto(&text))...)
		return answer{result: text, view: object{"text": text}}, err
	}
	return whole(transcriptionView)(c.Audio.Transcriptions.New(ctx, body, options...))
}

func translate(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	files, rest, err := given.files()
	if err != nil {
		return answer{}, err
	}
	var body openai.AudioTranslationNewParams
	if err := fill(&body, rest); err != nil {
		return answer{}, err
	}
	body.File = one(files["file"])
	if wantsText(given) {
		var text string
		_, err := c.Audio.Translations.New(ctx, body, append(options, option.WithResponseBodyInto(&text))...)
		return answer{result: text, view: object{"text": text}}, err
	}
	return whole(translationView)(c.Audio.Translations.New(ctx, body, options...))
}

func retrieveResponse(ctx context.Context, c *openai.Client, given arguments, limit *int, options []option.RequestOption) (answer, error) {
	id, rest := given.without("response_id")
	_, rest = rest.without("stream")
	options = append(options, rest.query()...)
	if limit != nil {
		return consumed(c.Responses.GetStreaming(ctx, id, responses.ResponseGetParams{}, options...), *limit, responseStreamView)
	}
	return whole(responseView)(c.Responses.Get(ctx, id, responses.ResponseGetParams{}, options...))
}

func deleteResponse(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	id, rest := given.without("response_id")
	return answer{view: object{}}, c.Responses.Delete(ctx, id, append(options, rest.query()...)...)
}

func listInputItems(ctx context.Context, c *openai.Client, given arguments, _ *int, options []option.RequestOption) (answer, error) {
	id, rest := given.without("response_id")
	return listed(itemEntry)(c.Responses.InputItems.List(ctx, id, responses.InputItemListParams{}, append(options, rest.query()...)...))
}
