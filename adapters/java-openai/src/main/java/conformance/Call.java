package conformance;

import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientAsync;
import com.openai.core.JsonValue;
import com.openai.core.MultipartField;
import com.openai.core.ObjectMappers;
import com.openai.core.RequestOptions;
import com.openai.models.images.ImageEditParams;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One call: its arguments, as JSON has them, turned into what the SDK's methods take. */
final class Call {
    private final Session session;
    private final Map<String, Object> arguments;
    private final Map<String, Object> options;

    Call(Session session, Map<String, Object> message) {
        this.session = session;
        this.options = Json.object(message, "options");
        this.arguments = new LinkedHashMap<>(Json.object(message, "arguments"));
        this.arguments.remove("stream"); // the SDK's streaming methods set it
        if (session.deployment() != null) {
            throw new UnsupportedCall("openai-java has no deployment of a client");
        }
    }

    OpenAIClient client() {
        return session.client(Json.number(options, "max_retries"));
    }

    OpenAIClientAsync async() {
        return session.asyncClient(Json.number(options, "max_retries"));
    }

    RequestOptions options() {
        Integer timeout = Json.number(options, "timeout_ms");
        return timeout == null ? RequestOptions.none()
                : RequestOptions.builder().timeout(Duration.ofMillis(timeout)).build();
    }

    /** Headers of this request alone. */
    Map<String, List<String>> headers() {
        return lists(Json.object(options, "headers"));
    }

    /** Query of this request alone. */
    Map<String, List<String>> query() {
        return lists(Json.object(options, "query"));
    }

    /** The same, with every argument that is not in {@code path}: the query of a request without a body. */
    Map<String, List<String>> arguments(String... path) {
        Map<String, Object> all = new LinkedHashMap<>(arguments);
        all.remove("model");
        all.keySet().removeAll(Set.of(path));
        all.putAll(Json.object(options, "query"));
        return lists(all);
    }

    private static Map<String, List<String>> lists(Map<String, Object> texts) {
        Map<String, List<String>> lists = new TreeMap<>();
        texts.forEach((name, value) -> {
            if (value instanceof List<?> items) {
                lists.put(name + "[]", items.stream().map(String::valueOf).collect(Collectors.toList()));
            } else {
                lists.put(name, List.of(String.valueOf(value)));
            }
        });
        return lists;
    }

    String text(String name) {
        return (String) arguments.get(name);
    }

    /** The arguments as the SDK's own body class reads them; what it does not model, it keeps beside. */
    <T> T body(Class<T> type) {
        try {
            String json = Main.JSON.writeValueAsString(arguments);
            // One at a time: where two threads meet a Kotlin class first, one finds its constructor not yet accessible.
            synchronized (Call.class) {
                return ObjectMappers.jsonMapper().readValue(json, type);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The arguments beside {@code files}, for a form: each as the SDK takes what it does not model. */
    Map<String, JsonValue> fields(String... files) {
        Map<String, JsonValue> fields = new LinkedHashMap<>();
        arguments.forEach((name, value) -> {
            if (!List.of(files).contains(name)) {
                fields.put(name, JsonValue.from(value));
            }
        });
        return fields;
    }

    MultipartField<InputStream> file(String name) {
        return file(Json.object(arguments, name));
    }

    private static MultipartField<InputStream> file(Map<String, Object> argument) {
        Map<String, Object> file = Json.object(argument, "$file");
        MultipartField.Builder<InputStream> builder = MultipartField.<InputStream>builder().value(content(argument))
                .filename(Json.text(file, "name"));
        if (file.get("content_type") != null) {
            builder.contentType(Json.text(file, "content_type"));
        }
        return builder.build();
    }

    /** One picture, or several; the SDK has one name and one content type for all of them, which the first gives. */
    @SuppressWarnings("unchecked")
    MultipartField<ImageEditParams.Image> images(String name) {
        Object argument = arguments.get(name);
        List<Map<String, Object>> all = argument instanceof List<?> list ? (List<Map<String, Object>>) list
                : List.of((Map<String, Object>) argument);
        MultipartField<InputStream> first = file(all.get(0));
        ImageEditParams.Image value = argument instanceof List
                ? ImageEditParams.Image.ofInputStreams(all.stream().map(Call::content).toList())
                : ImageEditParams.Image.ofInputStream(content(all.get(0)));
        return MultipartField.<ImageEditParams.Image>builder().value(value).filename(first.filename())
                .contentType(first.contentType()).build();
    }

    @SuppressWarnings("unchecked")
    List<String> texts(String name) {
        return (List<String>) arguments.getOrDefault(name, List.of());
    }

    boolean has(String name) {
        return arguments.get(name) != null;
    }

    private static InputStream content(Map<String, Object> argument) {
        return new ByteArrayInputStream(
                Base64.getDecoder().decode(Json.text(Json.object(argument, "$file"), "base64")));
    }
}
