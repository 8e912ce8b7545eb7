package conformance;

import com.azure.ai.openai.models.AudioTranscription;
import com.azure.ai.openai.models.AudioTranslation;
import com.azure.ai.openai.models.Batch;
import com.azure.ai.openai.models.EmbeddingItem;
import com.azure.ai.openai.models.Embeddings;
import com.azure.ai.openai.models.FileDeletionStatus;
import com.azure.ai.openai.models.ImageGenerationData;
import com.azure.ai.openai.models.ImageGenerations;
import com.azure.ai.openai.models.OpenAIFile;
import com.azure.ai.openai.models.PageableList;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.rest.Response;
import com.azure.core.util.BinaryData;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a caller reads through the SDK's accessors, under the names every adapter uses. */
final class Views {
    private Views() {}

    static Map<String, Object> embeddings(Vectors found) {
        Embeddings answer = found.answer();
        List<EmbeddingItem> data = list(answer.getData());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("count", data.size());
        if (found.asText()) {
            view.put("dimensions", null);
            view.put("vectors", data.stream().map(EmbeddingItem::getEmbeddingAsString).toList());
        } else {
            List<List<Float>> vectors = data.stream().map(EmbeddingItem::getEmbedding).toList();
            view.put("dimensions", vectors.isEmpty() ? null : vectors.get(0).size());
            view.put("vectors", vectors.stream().map(vector -> vector.subList(0, Math.min(8, vector.size()))).toList());
        }
        if (answer.getUsage() != null) {
            Map<String, Object> usage = new LinkedHashMap<>();
            usage.put("prompt_tokens", answer.getUsage().getPromptTokens());
            usage.put("completion_tokens", null);
            usage.put("total_tokens", answer.getUsage().getTotalTokens());
            usage.put("reasoning_tokens", null);
            usage.put("cached_tokens", null);
            view.put("usage", usage);
        }
        return view;
    }

    static Map<String, Object> images(ImageGenerations answer) {
        List<ImageGenerationData> data = list(answer.getData());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("created", seconds(answer.getCreatedAt()));
        view.put("count", data.size());
        view.put("urls", data.stream().map(ImageGenerationData::getUrl).filter(url -> url != null).toList());
        view.put("b64", data.stream().map(ImageGenerationData::getBase64Data).filter(text -> text != null)
                .map(Values::textDigest).toList());
        if (!data.isEmpty()) {
            ImageGenerationData first = data.get(0);
            view.put("revised_prompt", first.getRevisedPrompt());
            view.put("content_filter", Filters.image(first.getContentFilterResults()));
            view.put("prompt_filter", Filters.imagePrompt(first.getPromptFilterResults()));
        }
        return view;
    }

    static Map<String, Object> transcription(AudioTranscription answer) {
        Map<String, Object> view = text(answer.getText());
        view.put("language", answer.getLanguage());
        view.put("duration", seconds(answer.getDuration()));
        view.put("segments", Values.size(answer.getSegments()));
        view.put("words", Values.size(answer.getWords()));
        return view;
    }

    static Map<String, Object> translation(AudioTranslation answer) {
        Map<String, Object> view = text(answer.getText());
        view.put("language", answer.getLanguage());
        view.put("duration", seconds(answer.getDuration()));
        view.put("segments", Values.size(answer.getSegments()));
        return view;
    }

    static Map<String, Object> text(Object text) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("text", text);
        return view;
    }

    static Map<String, Object> speech(Response<?> answer) {
        Map<String, Object> view = new LinkedHashMap<>(Values.digest(bytes(answer.getValue())));
        view.put("content_type", answer.getHeaders().getValue(HttpHeaderName.CONTENT_TYPE));
        return view;
    }

    static Map<String, Object> content(Response<byte[]> answer) {
        Map<String, Object> view = speech(answer);
        view.put("text", Values.text(bytes(answer.getValue())));
        return view;
    }

    static Map<String, Object> file(OpenAIFile answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", answer.getId());
        view.put("object", answer.getObject());
        view.put("filename", answer.getFilename());
        view.put("purpose", Values.name(answer.getPurpose()));
        view.put("bytes", answer.getBytes());
        view.put("status", Values.name(answer.getStatus()));
        view.put("created_at", seconds(answer.getCreatedAt()));
        return view;
    }

    static Map<String, Object> files(List<OpenAIFile> answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("count", answer.size());
        view.put("ids", answer.stream().map(OpenAIFile::getId).toList());
        view.put("types", answer.stream().map(OpenAIFile::getObject).toList());
        return view;
    }

    static Map<String, Object> deletedFile(FileDeletionStatus answer) {
        return deleted(answer.getId(), answer.getObject(), answer.isDeleted());
    }

    static Map<String, Object> deleted(String id, String object, boolean deleted) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", id);
        view.put("object", object);
        view.put("deleted", deleted);
        return view;
    }

    static Map<String, Object> batch(Batch answer) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", answer.getId());
        view.put("object", answer.getObject());
        view.put("status", Values.name(answer.getStatus()));
        view.put("input_file_id", answer.getInputFileId());
        view.put("output_file_id", answer.getOutputFileId());
        view.put("error_file_id", answer.getErrorFileId());
        view.put("endpoint", answer.getEndpoint());
        view.put("counts", null);
        if (answer.getRequestCounts() != null) {
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("total", answer.getRequestCounts().getTotal());
            counts.put("completed", answer.getRequestCounts().getCompleted());
            counts.put("failed", answer.getRequestCounts().getFailed());
            view.put("counts", counts);
        }
        return view;
    }

    static Map<String, Object> batches(PageableList<Batch> answer) {
        List<Batch> data = list(answer.getData());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("count", data.size());
        view.put("ids", data.stream().map(Batch::getId).toList());
        view.put("types", data.stream().map(Batch::getObject).toList());
        view.put("has_more", answer.isHasMore());
        return view;
    }

    // Readers all views share

    static void put(Map<String, Object> view, String name, Object value) {
        if (value != null) {
            view.put(name, value);
        }
    }

    static <T> List<T> list(List<T> found) {
        return found == null ? List.of() : found;
    }

    static Long seconds(OffsetDateTime time) {
        return time == null ? null : time.toEpochSecond();
    }

    private static Double seconds(Duration duration) {
        return duration == null ? null : duration.toNanos() / 1e9;
    }

    /** Binary content, of which a caller may get none. */
    static byte[] bytes(Object content) {
        if (content instanceof BinaryData data) {
            return data.toBytes();
        }
        return content instanceof byte[] raw ? raw : new byte[0];
    }

    static List<Object> names(List<?> members) {
        List<Object> names = new ArrayList<>();
        list(members).forEach(member -> names.add(Values.name(member)));
        return names;
    }
}
