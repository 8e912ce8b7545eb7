package main

import (
	"context"
	"errors"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// An operation performs one call. limit is how many events of a stream to read, negative for all; it is nil where no
// stream is wanted. What a stream brought before it failed is returned beside the error.
type operation func(ctx context.Context, client *azopenai.Client, given arguments, limit *int) (answer, error)

// operations is every operation the library has: add a new one here.
var operations = map[string]operation{
	"chat.completions.create":     chat,
	"completions.create":          complete,
	"embeddings.create":           embed,
	"images.generate":             generateImages,
	"audio.transcriptions.create": transcribe,
	"audio.translations.create":   translate,
	"audio.speech.create":         speak,
	"files.create":                uploadFile,
	"files.list":                  listFiles,
	"files.retrieve":              retrieveFile,
	"files.content":               downloadFile,
	"files.delete":                deleteFile,
	"batches.create":              createBatch,
	"batches.retrieve":            retrieveBatch,
	"batches.list":                listBatches,
	"batches.cancel":              cancelBatch,
}

func chat(ctx context.Context, client *azopenai.Client, given arguments, limit *int) (answer, error) {
	if limit == nil {
		var body azopenai.ChatCompletionsOptions
		if err := fill(&body, given, "stream"); err != nil {
			return answer{}, err
		}
		found, err := client.GetChatCompletions(ctx, body, nil)
		return whole(found.ChatCompletions, chatView, err)
	}
	var body azopenai.ChatCompletionsStreamOptions
	if err := fill(&body, given, "stream"); err != nil {
		return answer{}, err
	}
	found, err := client.GetChatCompletionsStream(ctx, body, nil)
	if err != nil {
		return answer{}, err
	}
	return consumed(found.ChatCompletionsStream, *limit, chatStreamView)
}

func complete(ctx context.Context, client *azopenai.Client, given arguments, limit *int) (answer, error) {
	if limit == nil {
		var body azopenai.CompletionsOptions
		if err := fill(&body, given, "stream"); err != nil {
			return answer{}, err
		}
		found, err := client.GetCompletions(ctx, body, nil)
		return whole(found.Completions, completionView, err)
	}
	var body azopenai.CompletionsStreamOptions
	if err := fill(&body, given, "stream"); err != nil {
		return answer{}, err
	}
	found, err := client.GetCompletionsStream(ctx, body, nil)
	if err != nil {
		return answer{}, err
	}
	return consumed(found.CompletionsStream, *limit, completionStreamView)
}

// whole makes an answer of what a method returned.
func whole[R any](result R, view func(R) object, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{result: result, view: view(result)}, nil
}

// consumed reads a stream to its end, or limit events of it, and closes it.
func consumed[C any](stream *azopenai.EventReader[C], limit int, view func([]C) object) (answer, error) {
	defer stream.Close()
	found := answer{chunks: []any{}}
	var items []C
	var failed error
	for limit != len(items) {
		item, err := stream.Read()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				failed = err
			}
			break
		}
		items = append(items, item)
		found.chunks = append(found.chunks, item)
	}
	found.view = view(items)
	return found, failed
}

func embed(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.EmbeddingsOptions
	if err := fill(&body, given); err != nil {
		return answer{}, err
	}
	found, err := client.GetEmbeddings(ctx, body, nil)
	return whole(found.Embeddings, embeddingsView, err)
}

func generateImages(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.ImageGenerationOptions
	if err := fill(&body, given); err != nil {
		return answer{}, err
	}
	found, err := client.GetImageGenerations(ctx, body, nil)
	return whole(found.ImageGenerations, imagesView, err)
}

func transcribe(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.AudioTranscriptionOptions
	if err := fill(&body, given, "file", "stream"); err != nil {
		return answer{}, err
	}
	var err error
	if body.File, body.Filename, err = given.file("file"); err != nil {
		return answer{}, err
	}
	found, err := client.GetAudioTranscription(ctx, body, nil)
	return whole(found.AudioTranscription, transcriptionView, err)
}

func translate(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.AudioTranslationOptions
	if err := fill(&body, given, "file"); err != nil {
		return answer{}, err
	}
	var err error
	if body.File, body.Filename, err = given.file("file"); err != nil {
		return answer{}, err
	}
	found, err := client.GetAudioTranslation(ctx, body, nil)
	return whole(found.AudioTranslation, translationView, err)
}

func speak(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.SpeechGenerationOptions
	if err := fill(&body, given); err != nil {
		return answer{}, err
	}
	found, err := client.GenerateSpeechFromText(ctx, body, nil)
	if err != nil {
		return answer{}, err
	}
	defer found.Body.Close()
	content, err := io.ReadAll(found.Body)
	return whole(content, digest, err)
}

func uploadFile(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	content, name, err := given.file("file")
	if err != nil {
		return answer{}, err
	}
	found, err := client.UploadFile(ctx, streaming.NopCloser(readSeeker(content)),
		azopenai.FilePurpose(given.text("purpose")), &azopenai.UploadFileOptions{Filename: name})
	return whole(found.File, fileView, err)
}

func listFiles(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var options azopenai.ListFilesOptions
	if err := fill(&options, given); err != nil {
		return answer{}, err
	}
	found, err := client.ListFiles(ctx, &options)
	return whole(found.FileListResponse, filesView, err)
}

func retrieveFile(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	found, err := client.GetFile(ctx, given.text("file_id"), nil)
	return whole(found.File, fileView, err)
}

func downloadFile(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	found, err := client.GetFileContent(ctx, given.text("file_id"), nil)
	if err != nil {
		return answer{}, err
	}
	return answer{result: digest(found.Value), view: contentView(found.Value)}, nil
}

func deleteFile(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	found, err := client.DeleteFile(ctx, given.text("file_id"), nil)
	return whole(found.FileDeletionStatus, fileDeletedView, err)
}

func createBatch(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var body azopenai.BatchCreateRequest
	if err := fill(&body, given); err != nil {
		return answer{}, err
	}
	found, err := client.CreateBatch(ctx, body, nil)
	return whole(found.Batch, batchView, err)
}

func retrieveBatch(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	found, err := client.GetBatch(ctx, given.text("batch_id"), nil)
	return whole(found.Batch, batchView, err)
}

func cancelBatch(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	found, err := client.CancelBatch(ctx, given.text("batch_id"), nil)
	return whole(found.Batch, batchView, err)
}

func listBatches(ctx context.Context, client *azopenai.Client, given arguments, _ *int) (answer, error) {
	var options azopenai.ListBatchesOptions
	if err := fill(&options, given); err != nil {
		return answer{}, err
	}
	page, err := client.NewListBatchesPager(&options).NextPage(ctx)
	return whole(page.ListBatchesPage, batchesView, err)
}
