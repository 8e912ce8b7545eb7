package conformance;

import com.azure.ai.openai.models.AudioTranscription;
import com.azure.ai.openai.models.AudioTranscriptionFormat;
import com.azure.ai.openai.models.AudioTranscriptionOptions;
import com.azure.ai.openai.models.AudioTranscriptionTimestampGranularity;
import com.azure.ai.openai.models.AudioTranslation;
import com.azure.ai.openai.models.AudioTranslationFormat;
import com.azure.ai.openai.models.AudioTranslationOptions;
import com.azure.ai.openai.models.ChatCompletionStreamOptions;
import com.azure.ai.openai.models.ChatCompletionsOptions;
import com.azure.ai.openai.models.CompletionsOptions;
import com.azure.ai.openai.models.EmbeddingsOptions;
import com.azure.ai.openai.models.FileDetails;
import com.azure.ai.openai.models.FilePurpose;
import com.azure.ai.openai.models.ImageGenerationOptions;
import com.azure.ai.openai.models.SpeechGenerationOptions;
import com.azure.ai.openai.responses.models.CreateResponsesRequest;
import com.azure.ai.openai.responses.models.CreateResponsesRequestIncludable;
import com.azure.ai.openai.responses.models.ListInputItemsRequestOrder;
import com.azure.core.http.rest.Response;
import com.azure.core.util.BinaryData;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/** Every operation of the SDK. To add one, add an entry here and a reader to the views. */
final class Operations {
    static final Map<String, Operation<?, ?>> TABLE = new LinkedHashMap<>();

    private static final String SEGMENTS = "timestamp_granularities";

    private Operations() {}

    static {
        chat();
        audio();
        files();
        batches();
        responses();
    }

    private static void chat() {
        TABLE.put("chat.completions.create", Operation.of(call -> {
            var typed = call.typed(ChatCompletionsOptions.class);
            return call.session.client()
                    .getChatCompletionsWithResponse(call.deployment(), typed.value, typed.options()).getValue();
        }, call -> {
            var typed = call.typed(ChatCompletionsOptions.class);
            return call.session.asyncClient()
                    .getChatCompletionsWithResponse(call.deployment(), typed.value, typed.options())
                    .map(Response::getValue);
        }, ChatViews::chat).streamed(call -> {
            var typed = call.typed(ChatCompletionsOptions.class);
            return call.session.client()
                    .getChatCompletionsStreamWithResponse(call.deployment(), typed.value, typed.options()).getValue();
        }, call -> {
            var typed = call.typed(ChatCompletionsOptions.class);
            return call.session.asyncClient()
                    .getChatCompletionsStreamWithResponse(call.deployment(), typed.value, typed.options())
                    .map(Response::getValue);
        }, ChatViews::chatStream));
        TABLE.put("completions.create", Operation.of(call -> {
            var typed = call.typed(CompletionsOptions.class);
            return call.session.client()
                    .getCompletionsWithResponse(call.deployment(), typed.value, typed.options()).getValue();
        }, call -> {
            var typed = call.typed(CompletionsOptions.class);
            return call.session.asyncClient()
                    .getCompletionsWithResponse(call.deployment(), typed.value, typed.options())
                    .map(Response::getValue);
        }, ChatViews::completion).streamed(
                call -> call.session.client().getCompletionsStream(call.plain().deployment(),
                        call.typed(CompletionsOptions.class).value, streamOptions(call)),
                call -> call.session.asyncClient().getCompletionsStream(call.plain().deployment(),
                        call.typed(CompletionsOptions.class).value, streamOptions(call)),
                ChatViews::completionStream));
        TABLE.put("embeddings.create", Operation.of(call -> {
            var typed = call.typed(EmbeddingsOptions.class);
            return new Vectors(call.session.client()
                    .getEmbeddingsWithResponse(call.deployment(), typed.value, typed.options()).getValue(), isBase64(call));
        }, call -> {
            var typed = call.typed(EmbeddingsOptions.class);
            return call.session.asyncClient()
                    .getEmbeddingsWithResponse(call.deployment(), typed.value, typed.options())
                    .map(answer -> new Vectors(answer.getValue(), isBase64(call)));
        }, Views::embeddings));
        TABLE.put("images.generate", Operation.of(call -> {
            var typed = call.typed(ImageGenerationOptions.class);
            return call.session.client()
                    .getImageGenerationsWithResponse(call.deployment(), typed.value, typed.options()).getValue();
        }, call -> {
            var typed = call.typed(ImageGenerationOptions.class);
            return call.session.asyncClient()
                    .getImageGenerationsWithResponse(call.deployment(), typed.value, typed.options())
                    .map(Response::getValue);
        }, Views::images));
    }

    private static boolean isBase64(Call call) {
        return call.has("encoding_format") && call.text("encoding_format").equals("base64");
    }

    private static ChatCompletionStreamOptions streamOptions(Call call) {
        return call.has("stream_options")
                ? BinaryData.fromObject(call.object("stream_options")).toObject(ChatCompletionStreamOptions.class)
                : null;
    }

    private static void audio() {
        TABLE.put("audio.speech.create", Operation.of(call -> {
            var typed = call.typed(SpeechGenerationOptions.class);
            return call.session.client().generateSpeechFromTextWithResponse(call.deployment(),
                    BinaryData.fromObject(typed.value), typed.options());
        }, call -> {
            var typed = call.typed(SpeechGenerationOptions.class);
            return call.session.asyncClient().generateSpeechFromTextWithResponse(call.deployment(),
                    BinaryData.fromObject(typed.value), typed.options());
        }, Views::speech));
        TABLE.put("audio.transcriptions.create", Operation.of(
                call -> isText(call)
                        ? call.session.client().getAudioTranscriptionTextWithResponse(call.deployment(),
                                call.file("name"), transcription(call), call.options()).getValue()
                        : call.session.client().getAudioTranscriptionWithResponse(call.deployment(),
                                call.file("name"), transcription(call), call.options()).getValue(),
                call -> isText(call)
                        ? value(call.session.asyncClient().getAudioTranscriptionTextWithResponse(call.deployment(),
                                call.file("name"), transcription(call), call.options()))
                        : value(call.session.asyncClient().getAudioTranscriptionWithResponse(call.deployment(),
                                call.file("name"), transcription(call), call.options())),
                found -> found instanceof AudioTranscription heard ? Views.transcription(heard) : Views.text(found)));
        TABLE.put("audio.translations.create", Operation.of(
                call -> isText(call)
                        ? call.session.client().getAudioTranslationTextWithResponse(call.deployment(),
                                call.file("name"), translation(call), call.options()).getValue()
                        : call.session.client().getAudioTranslationWithResponse(call.deployment(),
                                call.file("name"), translation(call), call.options()).getValue(),
                call -> isText(call)
                        ? value(call.session.asyncClient().getAudioTranslationTextWithResponse(call.deployment(),
                                call.file("name"), translation(call), call.options()))
                        : value(call.session.asyncClient().getAudioTranslationWithResponse(call.deployment(),
                                call.file("name"), translation(call), call.options())),
                found -> found instanceof AudioTranslation heard ? Views.translation(heard) : Views.text(found)));
    }

    private static Mono<Object> value(Mono<? extends Response<?>> response) {
        return response.map(Response::getValue);
    }

    private static boolean isText(Call call) {
        return call.has("response_format") && !call.text("response_format").endsWith("json");
    }

    /** The SDK's validators refuse options without a format, so its samples name one: the service's own default. */
    private static String format(Call call) {
        return call.has("response_format") ? call.text("response_format") : "json";
    }

    private static AudioTranscriptionOptions transcription(Call call) {
        AudioTranscriptionOptions options = new AudioTranscriptionOptions(call.fileContent())
                .setModel(call.text("model")).setLanguage(call.text("language")).setPrompt(call.text("prompt"))
                .setTemperature(call.decimal("temperature"));
        options.setResponseFormat(AudioTranscriptionFormat.fromString(format(call)));
        if (call.has(SEGMENTS)) {
            options.setTimestampGranularities(call.texts(SEGMENTS).stream()
                    .map(AudioTranscriptionTimestampGranularity::fromString).collect(Collectors.toList()));
        }
        return options;
    }

    private static AudioTranslationOptions translation(Call call) {
        return new AudioTranslationOptions(call.fileContent())
                .setModel(call.text("model")).setPrompt(call.text("prompt")).setTemperature(call.decimal("temperature"))
                .setResponseFormat(AudioTranslationFormat.fromString(format(call)));
    }

    private static void files() {
        TABLE.put("files.create", Operation.of(
                call -> call.plain().session.client().uploadFile(details(call), purpose(call)),
                call -> call.plain().session.asyncClient().uploadFile(details(call), purpose(call)), Views::file));
        TABLE.put("files.list", Operation.of(
                call -> call.session.client()
                        .listFilesWithResponse(call.options("purpose", "limit", "order", "after")).getValue(),
                call -> call.session.asyncClient()
                        .listFilesWithResponse(call.options("purpose", "limit", "order", "after"))
                        .map(Response::getValue),
                Views::files));
        TABLE.put("files.retrieve", Operation.of(
                call -> call.session.client().getFileWithResponse(call.text("file_id"), call.options()).getValue(),
                call -> call.session.asyncClient().getFileWithResponse(call.text("file_id"), call.options())
                        .map(Response::getValue),
                Views::file));
        TABLE.put("files.content", Operation.of(
                call -> call.session.client().getFileContentWithResponse(call.text("file_id"), call.options()),
                call -> call.session.asyncClient().getFileContentWithResponse(call.text("file_id"), call.options()),
                Views::content));
        TABLE.put("files.delete", Operation.of(
                call -> call.session.client().deleteFileWithResponse(call.text("file_id"), call.options()).getValue(),
                call -> call.session.asyncClient().deleteFileWithResponse(call.text("file_id"), call.options())
                        .map(Response::getValue),
                Views::deletedFile));
    }

    private static FileDetails details(Call call) {
        FileDetails details = new FileDetails(BinaryData.fromBytes(call.fileContent()), call.file("name"));
        String type = call.file("content_type");
        return type == null ? details : details.setContentType(type);
    }

    private static FilePurpose purpose(Call call) {
        return FilePurpose.fromString(call.text("purpose"));
    }

    private static void batches() {
        TABLE.put("batches.create", Operation.of(
                call -> call.session.client().createBatchWithResponse(call.json(), call.options()).getValue(),
                call -> call.session.asyncClient().createBatchWithResponse(call.json(), call.options())
                        .map(Response::getValue),
                Views::batch));
        TABLE.put("batches.retrieve", Operation.of(
                call -> call.session.client().getBatchWithResponse(call.text("batch_id"), call.options()).getValue(),
                call -> call.session.asyncClient().getBatchWithResponse(call.text("batch_id"), call.options())
                        .map(Response::getValue),
                Views::batch));
        TABLE.put("batches.list", Operation.of(
                call -> call.session.client().listBatchesWithResponse(call.options("after", "limit")).getValue(),
                call -> call.session.asyncClient().listBatchesWithResponse(call.options("after", "limit"))
                        .map(Response::getValue),
                Views::batches));
        TABLE.put("batches.cancel", Operation.of(
                call -> call.session.client().cancelBatchWithResponse(call.text("batch_id"), call.options())
                        .getValue(),
                call -> call.session.asyncClient().cancelBatchWithResponse(call.text("batch_id"), call.options())
                        .map(Response::getValue),
                Views::batch));
    }

    private static void responses() {
        TABLE.put("responses.create", Operation.of(call -> {
            var typed = call.typed(CreateResponsesRequest.class);
            return call.session.responses().createResponse(typed.value, typed.options());
        }, call -> {
            var typed = call.typed(CreateResponsesRequest.class);
            return call.session.asyncResponses().createResponse(typed.value, typed.options());
        }, ResponseViews::response).streamed(call -> {
            var typed = call.typed(CreateResponsesRequest.class);
            return call.session.responses().createResponseStreaming(typed.value, typed.options());
        }, call -> {
            var typed = call.typed(CreateResponsesRequest.class);
            return call.session.asyncResponses().createResponseStream(typed.value, typed.options());
        }, ResponseViews::stream));
        TABLE.put("responses.retrieve", Operation.of(
                call -> call.plain().session.responses().getResponse(call.text("response_id"), include(call)),
                call -> call.plain().session.asyncResponses().getResponse(call.text("response_id"), include(call)),
                ResponseViews::response));
        TABLE.put("responses.delete", Operation.of(
                call -> call.session.responses().deleteResponse(call.text("response_id"), call.options()),
                call -> call.session.asyncResponses().deleteResponse(call.text("response_id"), call.options()),
                ResponseViews::deleted));
        TABLE.put("responses.input_items.list", Operation.of(
                call -> {
                    var items = call.plain().session.responses()
                            .listInputItems(call.text("response_id"), call.number("limit"), order(call));
                    return (call.has("after") ? items.iterableByPage(call.text("after")) : items.iterableByPage())
                            .iterator().next();
                }, call -> {
                    var items = call.plain().session.asyncResponses()
                            .listInputItems(call.text("response_id"), call.number("limit"), order(call));
                    return (call.has("after") ? items.byPage(call.text("after")) : items.byPage()).next();
                }, ResponseViews::items));
    }

    private static List<CreateResponsesRequestIncludable> include(Call call) {
        return call.has("include")
                ? call.texts("include").stream().map(CreateResponsesRequestIncludable::fromString).toList() : null;
    }

    private static ListInputItemsRequestOrder order(Call call) {
        return call.has("order") ? ListInputItemsRequestOrder.fromString(call.text("order")) : null;
    }
}
