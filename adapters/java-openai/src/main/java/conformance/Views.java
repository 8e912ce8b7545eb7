package conformance;

import com.fasterxml.jackson.core.type.TypeReference;
import com.openai.core.JsonValue;
import com.openai.core.ObjectMappers;
import com.openai.errors.OpenAIInvalidDataException;
import com.openai.models.audio.transcriptions.TranscriptionCreateResponse;
import com.openai.models.audio.translations.TranslationCreateResponse;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchListPageResponse;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.Embedding;
import com.openai.models.files.FileDeleted;
import com.openai.models.files.FileListPageResponse;
import com.openai.models.files.FileObject;
import com.openai.models.finetuning.jobs.FineTuningJob;
import com.openai.models.finetuning.jobs.JobListEventsPageResponse;
import com.openai.models.finetuning.jobs.JobListPageResponse;
import com.openai.models.images.Image;
import com.openai.models.images.ImagesResponse;
import com.openai.models.models.Model;
import com.openai.models.models.ModelListPageResponse;
import com.openai.models.responses.inputitems.ResponseItemList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What a caller reads through the SDK's accessors, under the names every adapter uses. */
final class Views {
    private static final TypeReference<Object> ANY = new TypeReference<>() {};

    private Views() {}

    static Map<String, Object> embeddings(CreateEmbeddingResponse answer) {
        List<Embedding> data = list(answer::data);
        List<List<Float>> vectors = data.stream().map(item -> list(item::embedding)).toList();
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("model", read(answer::model));
        view.put("count", vectors.size());
        view.put("dimensions", vectors.isEmpty() ? null : vectors.get(0).size());
        view.put("vectors", vectors.stream().map(vector -> vector.subList(0, Math.min(8, vector.size()))).toList());
        var usage = read(answer::usage);
        view.put("usage", usage == null ? null
                : usage("prompt_tokens", read(usage::promptTokens), "completion_tokens",
                        whole(extra(usage._additionalProperties(), "completion_tokens")), read(usage::totalTokens), null,
                        null));
        return view;
    }

    static Map<String, Object> images(ImagesResponse answer) {
        List<Image> data = Optional.ofNullable(option(answer::data)).orElse(List.of());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("created", read(answer::created));
        view.put("count", data.size());
        view.put("urls", data.stream().map(item -> option(item::url)).filter(url -> url != null).toList());
        view.put("b64", data.stream().map(item -> option(item::b64Json)).filter(text -> text != null)
                .map(Values::textDigest).toList());
        view.put("revised_prompt", data.isEmpty() ? null : option(data.get(0)::revisedPrompt));
        view.put("content_filter", data.isEmpty() ? null : extra(data.get(0)._additionalProperties(),
                "content_filter_results"));
        view.put("prompt_filter", data.isEmpty() ? null : extra(data.get(0)._additionalProperties(),
                "prompt_filter_results"));
        var usage = option(answer::usage);
        view.put("usage", usage == null ? null : usage("input_tokens", read(usage::inputTokens), "output_tokens",
                read(usage::outputTokens), read(usage::totalTokens), null, null));
        return view;
    }

    static Map<String, Object> transcription(TranscriptionCreateResponse answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        answer.transcription().ifPresent(heard -> {
            view.put("text", read(heard::text));
            view.put("language", extra(heard._additionalProperties(), "language"));
            view.put("duration", extra(heard._additionalProperties(), "duration"));
        });
        answer.verbose().ifPresent(heard -> {
            view.put("text", read(heard::text));
            view.put("language", read(heard::language));
            view.put("duration", read(heard::duration));
            view.put("segments", Values.size(option(heard::segments)));
            view.put("words", Values.size(option(heard::words)));
        });
        return view;
    }

    static Map<String, Object> translation(TranslationCreateResponse answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        answer.translation().ifPresent(heard -> view.put("text", read(heard::text)));
        answer.verbose().ifPresent(heard -> {
            view.put("text", read(heard::text));
            view.put("language", read(heard::language));
            view.put("duration", read(heard::duration));
            view.put("segments", Values.size(option(heard::segments)));
        });
        return view;
    }

    static Map<String, Object> speech(Content answer) {
        Map<String, Object> view = new LinkedHashMap<>(Values.digest(answer.bytes()));
        view.put("content_type", answer.type());
        return view;
    }

    static Map<String, Object> content(Content answer) {
        Map<String, Object> view = speech(answer);
        view.put("text", Values.text(answer.bytes()));
        return view;
    }

    @SuppressWarnings("deprecation") // the status of a file: Azure sends it, and scenarios look at it
    static Map<String, Object> file(FileObject answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", read(answer::id));
        view.put("object", plain(answer._object_()));
        view.put("filename", read(answer::filename));
        view.put("purpose", Values.name(read(answer::purpose)));
        view.put("bytes", read(answer::bytes));
        view.put("status", Values.name(read(answer::status)));
        view.put("created_at", read(answer::createdAt));
        return view;
    }

    static Map<String, Object> deletedFile(FileDeleted answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", read(answer::id));
        view.put("object", plain(answer._object_()));
        view.put("deleted", read(answer::deleted));
        return view;
    }

    static Map<String, Object> batch(Batch answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", read(answer::id));
        view.put("object", plain(answer._object_()));
        view.put("status", Values.name(read(answer::status)));
        view.put("input_file_id", read(answer::inputFileId));
        view.put("output_file_id", option(answer::outputFileId));
        view.put("error_file_id", option(answer::errorFileId));
        view.put("endpoint", read(answer::endpoint));
        var found = option(answer::requestCounts);
        Map<String, Object> counts = new LinkedHashMap<>();
        if (found != null) {
            counts.put("total", read(found::total));
            counts.put("completed", read(found::completed));
            counts.put("failed", read(found::failed));
        }
        view.put("counts", found == null ? null : counts);
        return view;
    }

    static Map<String, Object> job(FineTuningJob answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", read(answer::id));
        view.put("object", plain(answer._object_()));
        view.put("status", Values.name(read(answer::status)));
        view.put("model", read(answer::model));
        view.put("fine_tuned_model", option(answer::fineTunedModel));
        view.put("training_file", read(answer::trainingFile));
        var error = option(answer::error);
        view.put("error", error == null ? null : ObjectMappers.jsonMapper().convertValue(error, Object.class));
        return view;
    }

    static Map<String, Object> model(Model answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", read(answer::id));
        view.put("object", plain(answer._object_()));
        view.put("owned_by", read(answer::ownedBy));
        view.put("created", read(answer::created));
        return view;
    }

    static Map<String, Object> files(FileListPageResponse page) {
        return page(list(page::data), item -> read(item::id), item -> plain(item._object_()), read(page::hasMore));
    }

    static Map<String, Object> batches(BatchListPageResponse page) {
        return page(list(page::data), item -> read(item::id), item -> plain(item._object_()), read(page::hasMore));
    }

    static Map<String, Object> jobs(JobListPageResponse page) {
        return page(list(page::data), item -> read(item::id), item -> plain(item._object_()), read(page::hasMore));
    }

    static Map<String, Object> events(JobListEventsPageResponse page) {
        return page(list(page::data), item -> read(item::id),
                item -> option(item::type) == null ? plain(item._object_()) : Values.name(option(item::type)),
                read(page::hasMore));
    }

    static Map<String, Object> models(ModelListPageResponse page) {
        return page(list(page::data), item -> read(item::id), item -> plain(item._object_()), null);
    }

    static Map<String, Object> inputItems(ResponseItemList page) {
        Function<Object, Map<?, ?>> members = item -> ObjectMappers.jsonMapper().convertValue(item, Map.class);
        return page(list(page::data), item -> members.apply(item).get("id"), item -> members.apply(item).get("type"),
                read(page::hasMore));
    }

    private static <T> Map<String, Object> page(List<T> data, Function<T, Object> id, Function<T, Object> type,
            Object hasMore) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("count", data.size());
        view.put("ids", data.stream().map(id).toList());
        view.put("types", data.stream().map(type).toList());
        view.put("has_more", hasMore);
        return view;
    }

    // Readers all views share

    /** A required member; null where the SDK finds it missing or of another type. */
    static <T> T read(Supplier<T> accessor) {
        try {
            return accessor.get();
        } catch (OpenAIInvalidDataException invalid) {
            return null;
        }
    }

    static <T> T option(Supplier<Optional<T>> accessor) {
        Optional<T> found = read(accessor);
        return found == null ? null : found.orElse(null);
    }

    static <T> List<T> list(Supplier<List<T>> accessor) {
        List<T> found = read(accessor);
        return found == null ? List.of() : found;
    }

    /** A member the SDK does not model. */
    static Object extra(Map<String, JsonValue> properties, String name) {
        return plain(properties.get(name));
    }

    static Object plain(JsonValue value) {
        return value == null || value.isMissing() || value.isNull() ? null : value.convert(ANY);
    }

    static Map<String, Object> usage(String first, Long in, String second, Long out, Long total, Long reasoning,
            Long cached) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put(first, in);
        view.put(second, out);
        view.put("total_tokens", total);
        view.put("reasoning_tokens", reasoning);
        view.put("cached_tokens", cached);
        return view;
    }

    /** A number the SDK does not model. */
    private static Long whole(Object found) {
        return found instanceof Number number ? Long.valueOf(number.longValue()) : null;
    }
}
