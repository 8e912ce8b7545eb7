/** Reading chat and completion answers, whole and streamed. Member names: docs/scenarios.md, result. */

/** The array `value`, empty when it is anything else: the SDK passes answers of any shape through. */
export const rows = (value) => (Array.isArray(value) ? value : []);

const joined = (soFar, more) => (typeof more === 'string' ? (soFar ?? '') + more : soFar);

export function chatUsage(usage) {
  return (
    usage && {
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? null,
      cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? null,
    }
  );
}

export function chat(answer) {
  const choices = rows(answer?.choices);
  const message = choices[0]?.message;
  return {
    id: answer?.id,
    object: answer?.object,
    model: answer?.model,
    created: answer?.created,
    role: message?.role,
    text: message?.content,
    refusal: message?.refusal,
    finish_reason: choices[0]?.finish_reason,
    tool_calls: rows(message?.tool_calls).map((call) => ({
      id: call?.id,
      type: call?.type,
      name: call?.function?.name,
      arguments: call?.function?.arguments,
    })),
    choices: choices.length,
    texts: choices.map((choice) => choice?.message?.content ?? null),
    finish_reasons: choices.map((choice) => choice?.finish_reason ?? null),
    usage: chatUsage(answer?.usage),
    content_filter: choices[0]?.content_filter_results,
    content_filters: choices.map((choice) => choice?.content_filter_results ?? null),
    prompt_filter: answer?.prompt_filter_results,
    context: message?.context,
  };
}

/** Filter results of a stream so far: the latest word on each category. */
function merged(soFar, more) {
  return more && Object.keys(more).length > 0 ? { ...soFar, ...more } : soFar;
}

function newChoice() {
  return { role: null, text: null, refusal: null, finishReason: null, filter: null, context: null, tools: [] };
}

/** Takes in a choice of one chunk. Azure's asynchronous filter sends choices without any delta. */
function addDelta(choice, { delta, finish_reason: finishReason, content_filter_results: filter }) {
  choice.role = delta?.role || choice.role;
  choice.text = joined(choice.text, delta?.content);
  choice.refusal = joined(choice.refusal, delta?.refusal);
  choice.context = delta?.context ?? choice.context;
  choice.finishReason = finishReason || choice.finishReason;
  choice.filter = merged(choice.filter, filter);
  for (const item of rows(delta?.tool_calls)) {
    addFragment((choice.tools[item?.index ?? 0] ??= { id: null, type: null, name: null, arguments: null }), item);
  }
}

function addFragment(call, item) {
  call.id = item?.id || call.id;
  call.type = item?.type || call.type;
  call.name = item?.function?.name || call.name;
  call.arguments = joined(call.arguments, item?.function?.arguments);
}

/** The choices of all chunks by index, each put together by `add`. */
function putTogether(chunks, add) {
  const choices = [];
  for (const choice of chunks.flatMap((chunk) => rows(chunk?.choices)).filter(Boolean)) {
    add((choices[choice.index ?? 0] ??= newChoice()), choice);
  }
  return choices.filter(Boolean);
}

/** The last value of `name` that says anything: filter-only chunks have empty ids and models. */
function last(chunks, name) {
  const says = (value) => Boolean(value) && !(Array.isArray(value) && value.length === 0);
  return chunks.findLast((chunk) => says(chunk?.[name]))?.[name] ?? chunks[0]?.[name];
}

function head(chunks) {
  return {
    id: last(chunks, 'id'),
    object: last(chunks, 'object'),
    model: last(chunks, 'model'),
    created: last(chunks, 'created'),
  };
}

export function chatStream(chunks) {
  const choices = putTogether(chunks, addDelta);
  const leading = choices[0] ?? newChoice();
  return {
    ...head(chunks),
    role: leading.role,
    text: leading.text,
    refusal: leading.refusal,
    finish_reason: leading.finishReason,
    tool_calls: leading.tools.filter(Boolean),
    choices: choices.length,
    texts: choices.map((choice) => choice.text),
    finish_reasons: choices.map((choice) => choice.finishReason),
    usage: chatUsage(last(chunks, 'usage')),
    content_filter: leading.filter,
    content_filters: choices.map((choice) => choice.filter),
    prompt_filter: last(chunks, 'prompt_filter_results'),
    context: leading.context,
    chunk_count: chunks.length,
  };
}

export function completionStream(chunks) {
  const choices = putTogether(chunks, (choice, { text, finish_reason: reason, content_filter_results: filter }) => {
    choice.text = joined(choice.text, text);
    choice.finishReason = reason || choice.finishReason;
    choice.filter = merged(choice.filter, filter);
  });
  return {
    ...head(chunks),
    text: choices[0]?.text,
    finish_reason: choices[0]?.finishReason,
    choices: choices.length,
    texts: choices.map((choice) => choice.text),
    finish_reasons: choices.map((choice) => choice.finishReason),
    usage: chatUsage(last(chunks, 'usage')),
    content_filter: choices[0]?.filter,
    prompt_filter: last(chunks, 'prompt_filter_results'),
    chunk_count: chunks.length,
  };
}

export function completion(answer) {
  const { chunk_count: _, ...view } = completionStream([answer]);
  return view;
}
