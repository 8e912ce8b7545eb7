package conformance;

import com.openai.core.ObjectMappers;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseOutputItem;
import com.openai.models.responses.ResponseStreamEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** What a caller reads of the Responses API. */
final class ResponseViews {
    private ResponseViews() {}

    static Map<String, Object> response(Response answer) {
        List<ResponseOutputItem> output = Views.list(answer::output);
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", Views.read(answer::id));
        view.put("object", Views.plain(answer._object_()));
        view.put("status", Values.name(Views.option(answer::status)));
        view.put("model", ObjectMappers.jsonMapper().convertValue(Views.read(answer::model), Object.class));
        view.put("created", Views.read(answer::createdAt));
        view.put("output_text", outputText(output));
        view.put("output_types", output.stream().map(ResponseViews::type).toList());
        view.put("tool_calls", output.stream().filter(ResponseOutputItem::isFunctionCall)
                .map(item -> toolCall(item.asFunctionCall())).toList());
        var reasoning = Views.option(answer::reasoning);
        view.put("reasoning_effort", reasoning == null ? null : Values.name(Views.option(reasoning::effort)));
        var usage = Views.option(answer::usage);
        view.put("usage", usage == null ? null : Views.usage("input_tokens", Views.read(usage::inputTokens),
                "output_tokens", Views.read(usage::outputTokens), Views.read(usage::totalTokens),
                Views.read(() -> usage.outputTokensDetails().reasoningTokens()),
                Views.read(() -> usage.inputTokensDetails().cachedTokens())));
        var error = Views.option(answer::error);
        view.put("error", error == null ? null : ObjectMappers.jsonMapper().convertValue(error, Object.class));
        var details = Views.option(answer::incompleteDetails);
        view.put("incomplete_reason", details == null ? null : Values.name(Views.option(details::reason)));
        view.put("previous_response_id", Views.option(answer::previousResponseId));
        view.put("content_filters", Views.extra(answer._additionalProperties(), "content_filters"));
        return view;
    }

    private static Object type(ResponseOutputItem item) {
        return ObjectMappers.jsonMapper().convertValue(item, Map.class).get("type");
    }

    private static String outputText(List<ResponseOutputItem> output) {
        return output.stream().filter(ResponseOutputItem::isMessage)
                .flatMap(item -> Views.list(() -> item.asMessage().content()).stream())
                .filter(part -> part.isOutputText())
                .map(part -> Objects.requireNonNullElse(Views.read(() -> part.asOutputText().text()), ""))
                .collect(Collectors.joining());
    }

    private static Map<String, Object> toolCall(ResponseFunctionToolCall item) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", Views.read(item::callId));
        view.put("type", Views.plain(item._type()));
        view.put("name", Views.read(item::name));
        view.put("arguments", Views.read(item::arguments));
        return view;
    }

    static Map<String, Object> stream(List<ResponseStreamEvent> events) {
        Map<String, Object> view = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder();
        for (ResponseStreamEvent event : events) {
            Response carried = carried(event);
            if (carried != null) {
                view.putAll(response(carried));
            }
            event.outputTextDelta().ifPresent(
                    delta -> text.append(Objects.requireNonNullElse(Views.read(delta::delta), "")));
            event.error().ifPresent(failure -> {
                Map<String, Object> error = new LinkedHashMap<>();
                error.put("code", Views.option(failure::code));
                error.put("message", Views.read(failure::message));
                error.put("param", Views.option(failure::param));
                view.put("error", error);
            });
        }
        view.put("event_types", events.stream()
                .map(event -> ObjectMappers.jsonMapper().convertValue(event, Map.class).get("type")).toList());
        view.put("chunk_count", events.size());
        view.put("delta_text", text.toString());
        return view;
    }

    private static Response carried(ResponseStreamEvent event) {
        return event.created().map(found -> Views.read(found::response))
                .or(() -> event.inProgress().map(found -> Views.read(found::response)))
                .or(() -> event.completed().map(found -> Views.read(found::response)))
                .or(() -> event.failed().map(found -> Views.read(found::response)))
                .or(() -> event.incomplete().map(found -> Views.read(found::response)))
                .orElse(null);
    }
}
