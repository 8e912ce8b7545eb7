package conformance;

import com.openai.models.audio.AudioResponseFormat;
import com.openai.models.audio.speech.SpeechCreateParams;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.audio.translations.TranslationCreateParams;
import com.openai.models.batches.BatchCancelParams;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.batches.BatchListPage;
import com.openai.models.batches.BatchListPageAsync;
import com.openai.models.batches.BatchListParams;
import com.openai.models.batches.BatchRetrieveParams;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.files.FileContentParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileDeleteParams;
import com.openai.models.files.FileListPage;
import com.openai.models.files.FileListPageAsync;
import com.openai.models.files.FileListParams;
import com.openai.models.files.FilePurpose;
import com.openai.models.files.FileRetrieveParams;
import com.openai.models.finetuning.jobs.JobCancelParams;
import com.openai.models.finetuning.jobs.JobCreateParams;
import com.openai.models.finetuning.jobs.JobListEventsPage;
import com.openai.models.finetuning.jobs.JobListEventsPageAsync;
import com.openai.models.finetuning.jobs.JobListEventsParams;
import com.openai.models.finetuning.jobs.JobListPage;
import com.openai.models.finetuning.jobs.JobListPageAsync;
import com.openai.models.finetuning.jobs.JobListParams;
import com.openai.models.finetuning.jobs.JobRetrieveParams;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.models.ModelListPage;
import com.openai.models.models.ModelListPageAsync;
import com.openai.models.models.ModelListParams;
import com.openai.models.models.ModelRetrieveParams;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseDeleteParams;
import com.openai.models.responses.ResponseRetrieveParams;
import com.openai.models.responses.inputitems.InputItemListPage;
import com.openai.models.responses.inputitems.InputItemListPageAsync;
import com.openai.models.responses.inputitems.InputItemListParams;
import java.util.LinkedHashMap;
import java.util.Map;

/** Every operation of the SDK. To add one, add an entry here and a reader to the views. */
final class Operations {
    static final Map<String, Operation<?, ?, ?>> TABLE = new LinkedHashMap<>();

    private Operations() {}

    static {
        chat();
        media();
        responses();
        files();
        batches();
        fineTuning();
        models();
    }

    private static void chat() {
        TABLE.put("chat.completions.create", Operation.of(
                call -> call.client().chat().completions().withRawResponse().create(chatParams(call), call.options()),
                call -> call.async().chat().completions().withRawResponse().create(chatParams(call), call.options()),
                ChatViews::chat).streamed(
                call -> call.client().chat().completions().createStreaming(chatParams(call), call.options()),
                call -> call.async().chat().completions().createStreaming(chatParams(call), call.options()),
                ChatViews::chatStream));
        TABLE.put("completions.create", Operation.of(
                call -> call.client().completions().withRawResponse().create(completionParams(call), call.options()),
                call -> call.async().completions().withRawResponse().create(completionParams(call), call.options()),
                ChatViews::completion).streamed(
                call -> call.client().completions().createStreaming(completionParams(call), call.options()),
                call -> call.async().completions().createStreaming(completionParams(call), call.options()),
                ChatViews::completionStream));
        TABLE.put("embeddings.create", Operation.of(
                call -> call.client().embeddings().withRawResponse().create(embeddingParams(call), call.options()),
                call -> call.async().embeddings().withRawResponse().create(embeddingParams(call), call.options()),
                Views::embeddings));
    }

    private static void media() {
        TABLE.put("images.generate", Operation.of(
                call -> call.client().images().withRawResponse().generate(imageGenerateParams(call), call.options()),
                call -> call.async().images().withRawResponse().generate(imageGenerateParams(call), call.options()),
                Views::images));
        TABLE.put("images.edit", Operation.of(
                call -> call.client().images().withRawResponse().edit(imageEditParams(call), call.options()),
                call -> call.async().images().withRawResponse().edit(imageEditParams(call), call.options()),
                Views::images));
        TABLE.put("audio.speech.create", Operation.binary(
                call -> call.client().audio().speech().create(speechParams(call), call.options()),
                call -> call.async().audio().speech().create(speechParams(call), call.options()),
                Views::speech));
        TABLE.put("audio.transcriptions.create", Operation.of(
                call -> call.client().audio().transcriptions().withRawResponse().create(transcriptionParams(call), call.options()),
                call -> call.async().audio().transcriptions().withRawResponse().create(transcriptionParams(call), call.options()),
                Views::transcription));
        TABLE.put("audio.translations.create", Operation.of(
                call -> call.client().audio().translations().withRawResponse().create(translationParams(call), call.options()),
                call -> call.async().audio().translations().withRawResponse().create(translationParams(call), call.options()),
                Views::translation));
    }

    private static void responses() {
        TABLE.put("responses.create", Operation.of(
                call -> call.client().responses().withRawResponse().create(responseParams(call), call.options()),
                call -> call.async().responses().withRawResponse().create(responseParams(call), call.options()),
                ResponseViews::response).streamed(
                call -> call.client().responses().createStreaming(responseParams(call), call.options()),
                call -> call.async().responses().createStreaming(responseParams(call), call.options()),
                ResponseViews::stream));
        TABLE.put("responses.retrieve", Operation.of(
                call -> call.client().responses().withRawResponse().retrieve(responseRetrieveParams(call), call.options()),
                call -> call.async().responses().withRawResponse().retrieve(responseRetrieveParams(call), call.options()),
                ResponseViews::response).streamed(
                call -> call.client().responses().retrieveStreaming(responseRetrieveParams(call), call.options()),
                call -> call.async().responses().retrieveStreaming(responseRetrieveParams(call), call.options()),
                ResponseViews::stream));
        TABLE.put("responses.delete", Operation.silent(
                call -> call.client().responses().withRawResponse().delete(responseDeleteParams(call), call.options()),
                call -> call.async().responses().withRawResponse().delete(responseDeleteParams(call), call.options())));
        TABLE.put("responses.input_items.list", Operation.paged(
                call -> call.client().responses().inputItems().withRawResponse().list(inputItemParams(call), call.options()),
                call -> call.async().responses().inputItems().withRawResponse().list(inputItemParams(call), call.options()),
                InputItemListPage::response, InputItemListPageAsync::response, Views::inputItems));
    }

    private static void files() {
        TABLE.put("files.create", Operation.of(
                call -> call.client().files().withRawResponse().create(fileParams(call), call.options()),
                call -> call.async().files().withRawResponse().create(fileParams(call), call.options()),
                Views::file));
        TABLE.put("files.list", Operation.paged(
                call -> call.client().files().withRawResponse().list(fileListParams(call), call.options()),
                call -> call.async().files().withRawResponse().list(fileListParams(call), call.options()),
                FileListPage::response, FileListPageAsync::response, Views::files));
        TABLE.put("files.retrieve", Operation.of(
                call -> call.client().files().withRawResponse().retrieve(fileRetrieveParams(call), call.options()),
                call -> call.async().files().withRawResponse().retrieve(fileRetrieveParams(call), call.options()),
                Views::file));
        TABLE.put("files.content", Operation.binary(
                call -> call.client().files().content(fileContentParams(call), call.options()),
                call -> call.async().files().content(fileContentParams(call), call.options()),
                Views::content));
        TABLE.put("files.delete", Operation.of(
                call -> call.client().files().withRawResponse().delete(fileDeleteParams(call), call.options()),
                call -> call.async().files().withRawResponse().delete(fileDeleteParams(call), call.options()),
                Views::deletedFile));
    }

    private static void batches() {
        TABLE.put("batches.create", Operation.of(
                call -> call.client().batches().withRawResponse().create(batchParams(call), call.options()),
                call -> call.async().batches().withRawResponse().create(batchParams(call), call.options()),
                Views::batch));
        TABLE.put("batches.retrieve", Operation.of(
                call -> call.client().batches().withRawResponse().retrieve(batchRetrieveParams(call), call.options()),
                call -> call.async().batches().withRawResponse().retrieve(batchRetrieveParams(call), call.options()),
                Views::batch));
        TABLE.put("batches.list", Operation.paged(
                call -> call.client().batches().withRawResponse().list(batchListParams(call), call.options()),
                call -> call.async().batches().withRawResponse().list(batchListParams(call), call.options()),
                BatchListPage::response, BatchListPageAsync::response, Views::batches));
        TABLE.put("batches.cancel", Operation.of(
                call -> call.client().batches().withRawResponse().cancel(batchCancelParams(call), call.options()),
                call -> call.async().batches().withRawResponse().cancel(batchCancelParams(call), call.options()),
                Views::batch));
    }

    private static void fineTuning() {
        TABLE.put("fine_tuning.jobs.create", Operation.of(
                call -> call.client().fineTuning().jobs().withRawResponse().create(jobParams(call), call.options()),
                call -> call.async().fineTuning().jobs().withRawResponse().create(jobParams(call), call.options()),
                Views::job));
        TABLE.put("fine_tuning.jobs.retrieve", Operation.of(
                call -> call.client().fineTuning().jobs().withRawResponse().retrieve(jobRetrieveParams(call), call.options()),
                call -> call.async().fineTuning().jobs().withRawResponse().retrieve(jobRetrieveParams(call), call.options()),
                Views::job));
        TABLE.put("fine_tuning.jobs.list", Operation.paged(
                call -> call.client().fineTuning().jobs().withRawResponse().list(jobListParams(call), call.options()),
                call -> call.async().fineTuning().jobs().withRawResponse().list(jobListParams(call), call.options()),
                JobListPage::response, JobListPageAsync::response, Views::jobs));
        TABLE.put("fine_tuning.jobs.cancel", Operation.of(
                call -> call.client().fineTuning().jobs().withRawResponse().cancel(jobCancelParams(call), call.options()),
                call -> call.async().fineTuning().jobs().withRawResponse().cancel(jobCancelParams(call), call.options()),
                Views::job));
        TABLE.put("fine_tuning.jobs.list_events", Operation.paged(
                call -> call.client().fineTuning().jobs().withRawResponse().listEvents(jobEventsParams(call), call.options()),
                call -> call.async().fineTuning().jobs().withRawResponse().listEvents(jobEventsParams(call), call.options()),
                JobListEventsPage::response, JobListEventsPageAsync::response, Views::events));
    }

    private static void models() {
        TABLE.put("models.list", Operation.paged(
                call -> call.client().models().withRawResponse().list(modelListParams(call), call.options()),
                call -> call.async().models().withRawResponse().list(modelListParams(call), call.options()),
                ModelListPage::response, ModelListPageAsync::response, Views::models));
        TABLE.put("models.retrieve", Operation.of(
                call -> call.client().models().withRawResponse().retrieve(modelRetrieveParams(call), call.options()),
                call -> call.async().models().withRawResponse().retrieve(modelRetrieveParams(call), call.options()),
                Views::model));
    }

    // What each method takes

    private static ChatCompletionCreateParams chatParams(Call call) {
        return ChatCompletionCreateParams.builder().body(call.body(ChatCompletionCreateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    private static CompletionCreateParams completionParams(Call call) {
        return CompletionCreateParams.builder().body(call.body(CompletionCreateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    /** Member by member: a body that was read has no encoding_format of its own, one that is built asks for base64. */
    private static EmbeddingCreateParams embeddingParams(Call call) {
        EmbeddingCreateParams.Body body = call.body(EmbeddingCreateParams.Body.class);
        EmbeddingCreateParams.Builder builder = EmbeddingCreateParams.builder().input(body._input()).model(body._model())
                .dimensions(body._dimensions()).user(body._user())
                .additionalBodyProperties(body._additionalProperties()).additionalHeaders(call.headers())
                .additionalQueryParams(call.query());
        if (call.has("encoding_format")) {
            builder.encodingFormat(body._encodingFormat());
        }
        return builder.build();
    }

    private static SpeechCreateParams speechParams(Call call) {
        return SpeechCreateParams.builder().body(call.body(SpeechCreateParams.Body.class))
                .additionalHeaders(call.headers()).additionalQueryParams(call.query()).build();
    }

    private static ImageGenerateParams imageGenerateParams(Call call) {
        return ImageGenerateParams.builder().body(call.body(ImageGenerateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    private static ImageEditParams imageEditParams(Call call) {
        ImageEditParams.Builder builder = ImageEditParams.builder().prompt(call.text("prompt")).image(call.images("image"))
                .putAllAdditionalBodyProperties(call.fields("image", "mask", "prompt", "model"))
                .additionalHeaders(call.headers()).additionalQueryParams(call.query());
        if (call.has("model")) {
            builder.model(call.text("model")); // the SDK finds the deployment by it
        }
        if (call.has("mask")) {
            builder.mask(call.file("mask"));
        }
        return builder.build();
    }

    private static TranscriptionCreateParams transcriptionParams(Call call) {
        TranscriptionCreateParams.Builder builder = TranscriptionCreateParams.builder().file(call.file("file"))
                .model(call.text("model"))
                .putAllAdditionalBodyProperties(
                        call.fields("file", "model", "timestamp_granularities", "response_format"))
                .additionalHeaders(call.headers()).additionalQueryParams(call.query());
        if (call.has("response_format")) {
            builder.responseFormat(AudioResponseFormat.of(call.text("response_format"))); // decides how it is read
        }
        call.texts("timestamp_granularities").forEach(name -> builder
                .addTimestampGranularity(TranscriptionCreateParams.TimestampGranularity.of(name)));
        return builder.build();
    }

    private static TranslationCreateParams translationParams(Call call) {
        TranslationCreateParams.Builder builder = TranslationCreateParams.builder().file(call.file("file"))
                .model(call.text("model")).putAllAdditionalBodyProperties(call.fields("file", "model", "response_format"))
                .additionalHeaders(call.headers()).additionalQueryParams(call.query());
        if (call.has("response_format")) {
            builder.responseFormat(TranslationCreateParams.ResponseFormat.of(call.text("response_format")));
        }
        return builder.build();
    }

    private static ResponseCreateParams responseParams(Call call) {
        return ResponseCreateParams.builder().body(call.body(ResponseCreateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    private static ResponseRetrieveParams responseRetrieveParams(Call call) {
        return ResponseRetrieveParams.builder().responseId(call.text("response_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("response_id")).build();
    }

    private static ResponseDeleteParams responseDeleteParams(Call call) {
        return ResponseDeleteParams.builder().responseId(call.text("response_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("response_id")).build();
    }

    private static InputItemListParams inputItemParams(Call call) {
        return InputItemListParams.builder().responseId(call.text("response_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("response_id")).build();
    }

    private static FileCreateParams fileParams(Call call) {
        FileCreateParams.Builder builder = FileCreateParams.builder().file(call.file("file")).purpose(FilePurpose.of(call.text("purpose")))
                .putAllAdditionalBodyProperties(call.fields("file", "purpose")).additionalHeaders(call.headers())
                .additionalQueryParams(call.query());
        return builder.build();
    }

    private static FileListParams fileListParams(Call call) {
        return FileListParams.builder().additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments()).build();
    }

    private static FileRetrieveParams fileRetrieveParams(Call call) {
        return FileRetrieveParams.builder().fileId(call.text("file_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("file_id")).build();
    }

    private static FileContentParams fileContentParams(Call call) {
        return FileContentParams.builder().fileId(call.text("file_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("file_id")).build();
    }

    private static FileDeleteParams fileDeleteParams(Call call) {
        return FileDeleteParams.builder().fileId(call.text("file_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("file_id")).build();
    }

    private static BatchCreateParams batchParams(Call call) {
        return BatchCreateParams.builder().body(call.body(BatchCreateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    private static BatchRetrieveParams batchRetrieveParams(Call call) {
        return BatchRetrieveParams.builder().batchId(call.text("batch_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("batch_id")).build();
    }

    private static BatchListParams batchListParams(Call call) {
        return BatchListParams.builder().additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments()).build();
    }

    private static BatchCancelParams batchCancelParams(Call call) {
        return BatchCancelParams.builder().batchId(call.text("batch_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("batch_id")).build();
    }

    private static JobCreateParams jobParams(Call call) {
        return JobCreateParams.builder().body(call.body(JobCreateParams.Body.class)).additionalHeaders(call.headers())
                .additionalQueryParams(call.query()).build();
    }

    private static JobRetrieveParams jobRetrieveParams(Call call) {
        return JobRetrieveParams.builder().fineTuningJobId(call.text("fine_tuning_job_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("fine_tuning_job_id")).build();
    }

    private static JobListParams jobListParams(Call call) {
        return JobListParams.builder().additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments()).build();
    }

    private static JobCancelParams jobCancelParams(Call call) {
        return JobCancelParams.builder().fineTuningJobId(call.text("fine_tuning_job_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("fine_tuning_job_id")).build();
    }

    private static JobListEventsParams jobEventsParams(Call call) {
        return JobListEventsParams.builder().fineTuningJobId(call.text("fine_tuning_job_id")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("fine_tuning_job_id")).build();
    }

    private static ModelListParams modelListParams(Call call) {
        return ModelListParams.builder().additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments()).build();
    }

    private static ModelRetrieveParams modelRetrieveParams(Call call) {
        return ModelRetrieveParams.builder().model(call.text("model")).additionalHeaders(call.headers())
                .additionalQueryParams(call.arguments("model")).build();
    }
}
