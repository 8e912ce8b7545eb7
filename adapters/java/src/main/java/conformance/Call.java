package conformance;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.rest.RequestOptions;
import com.azure.core.util.BinaryData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One call: its arguments, as JSON has them, turned into what the SDK's methods take. */
final class Call {
    /** Members the SDK's options take as a list only, where the service also takes one value. */
    private static final Set<String> LISTS = Set.of("input", "prompt", "stop");

    final Session session;
    private final Map<String, Object> arguments;
    private final Map<String, Object> headers;
    private final Map<String, Object> query;

    Call(Session session, Map<String, Object> message) {
        Map<String, Object> options = Json.object(message, "options");
        this.session = session.with(Json.number(options, "max_retries"), Json.number(options, "timeout_ms"));
        this.arguments = new LinkedHashMap<>(Json.object(message, "arguments"));
        this.arguments.remove("stream"); // the SDK's streaming methods set it
        if (session.deployment() != null) {
            throw new UnsupportedCall("azure-ai-openai has no deployment of a client");
        }
        this.headers = Json.object(options, "headers");
        this.query = Json.object(options, "query");
    }

    /** The method argument {@code deploymentOrModelName}. A model given beside it stays in the body. */
    String deployment() {
        return text("model");
    }

    boolean has(String name) {
        return arguments.get(name) != null;
    }

    String text(String name) {
        return (String) arguments.get(name);
    }

    Integer number(String name) {
        return Json.number(arguments, name);
    }

    Double decimal(String name) {
        Number found = (Number) arguments.get(name);
        return found == null ? null : found.doubleValue();
    }

    Map<String, Object> object(String name) {
        return Json.object(arguments, name);
    }

    @SuppressWarnings("unchecked")
    List<String> texts(String name) {
        return (List<String>) arguments.get(name);
    }

    /** The member {@code name} of the argument {@code file}. */
    String file(String name) {
        return Json.text(Json.object(Json.object(arguments, "file"), "$file"), name);
    }

    byte[] fileContent() {
        return Base64.getDecoder().decode(file("base64"));
    }

    /** Headers and query of this request alone. */
    RequestOptions options() {
        RequestOptions options = new RequestOptions();
        headers.forEach((name, value) -> options.setHeader(HttpHeaderName.fromString(name), (String) value));
        query.forEach((name, value) -> options.addQueryParam(name, (String) value));
        return options;
    }

    /** The same, with the arguments {@code names} in the query: the SDK leaves them to the caller. */
    RequestOptions options(String... names) {
        RequestOptions options = options();
        for (String name : names) {
            if (has(name)) {
                options.addQueryParam(name, String.valueOf(arguments.get(name)));
            }
        }
        return options;
    }

    /** For a method without {@link RequestOptions}. */
    Call plain() {
        if (!headers.isEmpty() || !query.isEmpty()) {
            throw new UnsupportedCall("this method takes no headers or query of its own");
        }
        return this;
    }

    /** The arguments as the SDK's own options class reads them. */
    <T> Typed<T> typed(Class<T> type) {
        Map<String, Object> lists = new LinkedHashMap<>(arguments);
        lists.replaceAll((name, value) -> LISTS.contains(name) && value instanceof String && takesList(type, name)
                ? List.of(value) : value);
        T value = BinaryData.fromString(write(lists)).toObject(type);
        Map<String, Object> modelled = read(BinaryData.fromObject(value).toString());
        Map<String, Object> beyond = new LinkedHashMap<>(arguments);
        beyond.entrySet().removeIf(member -> modelled.get(member.getKey()) != null
                && lists.get(member.getKey()) == member.getValue());
        return new Typed<>(value, beyond);
    }

    private static boolean takesList(Class<?> type, String name) {
        String getter = "get" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
        try {
            return type.getMethod(getter).getReturnType() == List.class;
        } catch (NoSuchMethodException absent) {
            return false;
        }
    }

    BinaryData json() {
        return BinaryData.fromString(write(arguments));
    }

    /** Options, and the members {@code beyond} what they model, which travel by a request callback. */
    final class Typed<T> {
        final T value;
        private final Map<String, Object> beyond;

        private Typed(T value, Map<String, Object> beyond) {
            this.value = value;
            this.beyond = beyond;
        }

        RequestOptions options() {
            RequestOptions options = Call.this.options();
            return beyond.isEmpty() ? options : options.addRequestCallback(this::complete);
        }

        private void complete(HttpRequest request) {
            Map<String, Object> body = read(request.getBodyAsBinaryData().toString());
            body.putAll(beyond);
            request.setBody(write(body));
        }
    }

    private static Map<String, Object> read(String json) {
        try {
            return Main.JSON.readValue(json, Main.OBJECT);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String write(Object value) {
        try {
            return Main.JSON.writeValueAsString(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
