package conformance;

import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionUsage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a caller reads of chat and completion answers, whole and streamed. */
final class ChatViews {
    private static final String FILTER = "content_filter_results";
    private static final String PROMPT_FILTER = "prompt_filter_results";

    private ChatViews() {}

    static Map<String, Object> chat(ChatCompletion answer) {
        Choices choices = new Choices();
        for (ChatCompletion.Choice choice : Views.list(answer::choices)) {
            ChoiceSoFar whole = choices.next();
            whole.finish(Values.name(Views.read(choice::finishReason)));
            whole.filter = Views.extra(choice._additionalProperties(), FILTER); // an empty block is one here
            ChatCompletionMessage message = Views.read(choice::message);
            if (message != null) {
                whole.role = Views.plain(message._role());
                whole.addText(Views.option(message::content));
                whole.addRefusal(Views.option(message::refusal));
                whole.context = Views.extra(message._additionalProperties(), "context");
                List<ChatCompletionMessageToolCall> calls = Views.option(message::toolCalls);
                for (ChatCompletionMessageToolCall call : calls == null ? List.<ChatCompletionMessageToolCall>of()
                        : calls) {
                    whole.tools.put((long) whole.tools.size(), toolCall(call));
                }
            }
        }
        Map<String, Object> view = choices.chatView();
        view.put("id", Views.read(answer::id));
        view.put("object", Views.plain(answer._object_()));
        view.put("model", Views.read(answer::model));
        view.put("created", Views.read(answer::created));
        view.put("usage", usage(Views.option(answer::usage)));
        view.put("prompt_filter", Views.extra(answer._additionalProperties(), PROMPT_FILTER));
        return view;
    }

    private static Map<String, Object> toolCall(ChatCompletionMessageToolCall call) {
        Map<String, Object> view = new LinkedHashMap<>();
        call.function().ifPresent(function -> {
            view.put("id", Views.read(function::id));
            view.put("type", Views.plain(function._type()));
            view.put("name", Views.read(() -> function.function().name()));
            view.put("arguments", Views.read(() -> function.function().arguments()));
        });
        call.custom().ifPresent(custom -> {
            view.put("id", Views.read(custom::id));
            view.put("type", Views.plain(custom._type()));
            view.put("name", null);
            view.put("arguments", null);
        });
        return view;
    }

    static Map<String, Object> chatStream(List<ChatCompletionChunk> items) {
        Choices choices = new Choices();
        for (ChatCompletionChunk item : items) {
            for (ChatCompletionChunk.Choice choice : Views.list(item::choices)) {
                add(choices.at(Views.read(choice::index)), choice);
            }
        }
        Map<String, Object> view = choices.chatView();
        view.put("id", Values.last(items, item -> Views.read(item::id)));
        view.put("object", Values.last(items, item -> Views.plain(item._object_())));
        view.put("model", Values.last(items, item -> Views.read(item::model)));
        view.put("created", Values.last(items, item -> Views.read(item::created)));
        view.put("usage", usage(Values.last(items, item -> Views.option(item::usage))));
        view.put("prompt_filter", Values.last(items, item -> Views.extra(item._additionalProperties(), PROMPT_FILTER)));
        view.put("chunk_count", items.size());
        return view;
    }

    static Map<String, Object> completion(Completion answer) {
        Map<String, Object> view = completionStream(List.of(answer));
        view.remove("chunk_count");
        return view;
    }

    static Map<String, Object> completionStream(List<Completion> items) {
        Choices choices = new Choices();
        for (Completion item : items) {
            for (CompletionChoice choice : Views.list(item::choices)) {
                ChoiceSoFar soFar = choices.at(Views.read(choice::index));
                soFar.addText(Views.read(choice::text));
                soFar.finish(Values.name(Views.read(choice::finishReason)));
                soFar.addFilter(Views.extra(choice._additionalProperties(), FILTER));
            }
        }
        Map<String, Object> view = choices.completionView();
        view.put("id", Values.last(items, item -> Views.read(item::id)));
        view.put("object", Values.last(items, item -> Views.plain(item._object_())));
        view.put("model", Values.last(items, item -> Views.read(item::model)));
        view.put("created", Values.last(items, item -> Views.read(item::created)));
        view.put("usage", usage(Values.last(items, item -> Views.option(item::usage))));
        view.put("prompt_filter", Values.last(items, item -> Views.extra(item._additionalProperties(), PROMPT_FILTER)));
        view.put("chunk_count", items.size());
        return view;
    }

    private static Map<String, Object> usage(CompletionUsage usage) {
        if (usage == null) {
            return null;
        }
        var completion = Views.option(usage::completionTokensDetails);
        var prompt = Views.option(usage::promptTokensDetails);
        return Views.usage("prompt_tokens", Views.read(usage::promptTokens), "completion_tokens",
                Views.read(usage::completionTokens), Views.read(usage::totalTokens),
                completion == null ? null : Views.option(completion::reasoningTokens),
                prompt == null ? null : Views.option(prompt::cachedTokens));
    }

    private static void add(ChoiceSoFar soFar, ChatCompletionChunk.Choice choice) {
        ChatCompletionChunk.Choice.Delta delta = Views.read(choice::delta);
        if (delta != null) {
            String role = Values.name(Views.option(delta::role));
            soFar.role = role == null ? soFar.role : role;
            soFar.addText(Views.option(delta::content));
            soFar.addRefusal(Views.option(delta::refusal));
            Object context = Views.extra(delta._additionalProperties(), "context");
            soFar.context = context == null ? soFar.context : context;
            var calls = Views.option(delta::toolCalls);
            if (calls != null) {
                calls.forEach(piece -> add(soFar.tools, piece));
            }
        }
        soFar.finish(Values.name(Views.option(choice::finishReason)));
        soFar.addFilter(Views.extra(choice._additionalProperties(), FILTER));
    }

    private static void add(Map<Long, Map<String, Object>> tools, ChatCompletionChunk.Choice.Delta.ToolCall piece) {
        Long index = Views.read(piece::index);
        Map<String, Object> call = tools.computeIfAbsent(index == null ? 0 : index, any -> {
            Map<String, Object> empty = new LinkedHashMap<>();
            List.of("id", "type", "name", "arguments").forEach(name -> empty.put(name, null));
            return empty;
        });
        keep(call, "id", Views.option(piece::id));
        keep(call, "type", Values.name(Views.option(piece::type)));
        var function = Views.option(piece::function);
        if (function != null) {
            keep(call, "name", Views.option(function::name));
            call.put("arguments", ChoiceSoFar.joined((String) call.get("arguments"),
                    Views.option(function::arguments)));
        }
    }

    private static void keep(Map<String, Object> call, String name, String value) {
        if (value != null && !value.isEmpty()) {
            call.put(name, value);
        }
    }
}
