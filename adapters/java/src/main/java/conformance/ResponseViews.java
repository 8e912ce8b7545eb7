package conformance;

import com.azure.ai.openai.responses.models.DeleteResponseResponse;
import com.azure.ai.openai.responses.models.ResponsesAssistantMessage;
import com.azure.ai.openai.responses.models.ResponsesFunctionCallItem;
import com.azure.ai.openai.responses.models.ResponsesItem;
import com.azure.ai.openai.responses.models.ResponsesOutputContentText;
import com.azure.ai.openai.responses.models.ResponsesResponse;
import com.azure.ai.openai.responses.models.ResponsesResponseUsage;
import com.azure.ai.openai.responses.models.ResponsesStreamEvent;
import com.azure.ai.openai.responses.models.ResponsesStreamEventCompleted;
import com.azure.ai.openai.responses.models.ResponsesStreamEventCreated;
import com.azure.ai.openai.responses.models.ResponsesStreamEventError;
import com.azure.ai.openai.responses.models.ResponsesStreamEventFailed;
import com.azure.ai.openai.responses.models.ResponsesStreamEventInProgress;
import com.azure.ai.openai.responses.models.ResponsesStreamEventIncomplete;
import com.azure.ai.openai.responses.models.ResponsesStreamEventOutputTextDelta;
import com.azure.core.http.rest.PagedResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** What a caller reads of the Responses API. */
final class ResponseViews {
    private ResponseViews() {}

    static Map<String, Object> response(ResponsesResponse answer) {
        List<ResponsesItem> output = Views.list(answer.getOutput());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", answer.getId());
        view.put("object", answer.getObject());
        view.put("status", Values.name(answer.getStatus()));
        view.put("model", answer.getModel());
        view.put("created", Views.seconds(answer.getCreatedAt()));
        view.put("output_text", outputText(output));
        view.put("output_types", output.stream().map(item -> Values.name(item.getType())).toList());
        view.put("tool_calls", output.stream().filter(ResponsesFunctionCallItem.class::isInstance)
                .map(ResponsesFunctionCallItem.class::cast).map(ResponseViews::toolCall).toList());
        view.put("usage", usage(answer.getUsage()));
        view.put("previous_response_id", answer.getPreviousResponseId());
        view.put("error", null);
        view.put("incomplete_reason", null);
        if (answer.getReasoning() != null) {
            view.put("reasoning_effort", Values.name(answer.getReasoning().getEffort()));
        }
        if (answer.getError() != null) {
            Map<String, Object> error = new LinkedHashMap<>();
            error.put("code", answer.getError().getCode());
            error.put("message", answer.getError().getMessage());
            view.put("error", error);
        }
        if (answer.getIncompleteDetails() != null) {
            view.put("incomplete_reason", Values.name(answer.getIncompleteDetails().getReason()));
        }
        return view;
    }

    private static String outputText(List<ResponsesItem> output) {
        return output.stream().filter(ResponsesAssistantMessage.class::isInstance)
                .flatMap(item -> Views.list(((ResponsesAssistantMessage) item).getContent()).stream())
                .filter(ResponsesOutputContentText.class::isInstance)
                .map(part -> Objects.requireNonNullElse(((ResponsesOutputContentText) part).getText(), ""))
                .collect(Collectors.joining());
    }

    private static Map<String, Object> toolCall(ResponsesFunctionCallItem item) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", item.getCallId());
        view.put("type", Values.name(item.getType()));
        view.put("name", item.getName());
        view.put("arguments", item.getArguments());
        return view;
    }

    private static Map<String, Object> usage(ResponsesResponseUsage usage) {
        if (usage == null) {
            return null;
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("input_tokens", usage.getInputTokens());
        view.put("output_tokens", usage.getOutputTokens());
        view.put("total_tokens", usage.getTotalTokens());
        var details = usage.getOutputTokensDetails();
        view.put("reasoning_tokens", details == null ? null : details.getReasoningTokens());
        return view;
    }

    static Map<String, Object> stream(List<ResponsesStreamEvent> events) {
        Map<String, Object> view = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder();
        for (ResponsesStreamEvent event : events) {
            ResponsesResponse carried = carried(event);
            if (carried != null) {
                view.clear();
                view.putAll(response(carried));
            }
            if (event instanceof ResponsesStreamEventOutputTextDelta delta && delta.getDelta() != null) {
                text.append(delta.getDelta());
            }
            if (event instanceof ResponsesStreamEventError failure) {
                Map<String, Object> error = new LinkedHashMap<>();
                error.put("code", failure.getCode());
                error.put("message", failure.getMessage());
                error.put("param", failure.getParam());
                view.put("error", error);
            }
        }
        view.put("event_types", events.stream().map(event -> Values.name(event.getType())).toList());
        view.put("chunk_count", events.size());
        view.put("delta_text", text.toString());
        return view;
    }

    private static ResponsesResponse carried(ResponsesStreamEvent event) {
        if (event instanceof ResponsesStreamEventCreated found) {
            return found.getResponse();
        }
        if (event instanceof ResponsesStreamEventInProgress found) {
            return found.getResponse();
        }
        if (event instanceof ResponsesStreamEventCompleted found) {
            return found.getResponse();
        }
        if (event instanceof ResponsesStreamEventFailed found) {
            return found.getResponse();
        }
        return event instanceof ResponsesStreamEventIncomplete found ? found.getResponse() : null;
    }

    static Map<String, Object> deleted(DeleteResponseResponse answer) {
        return Views.deleted(answer.getId(), answer.getObject(), answer.isDeleted());
    }

    static Map<String, Object> items(PagedResponse<ResponsesItem> page) {
        List<ResponsesItem> items = page.getValue();
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("count", items.size());
        view.put("ids", items.stream().map(ResponsesItem::getId).toList());
        view.put("types", items.stream().map(item -> Values.name(item.getType())).toList());
        view.put("has_more", page.getContinuationToken() != null);
        return view;
    }
}
