/** Reading every other answer as a caller does, member by member. Member names: docs/scenarios.md, result. */
import { createHash } from 'node:crypto';
import { chatUsage, rows } from './chat-views.mjs';

const VECTOR_HEAD = 8;
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** TypeScript marks these members of a page protected: they are the SDK's own, none of the answer's. */
const PAGE_INTERNALS = new Set(['options', 'response', 'body']);

/** What a caller gets who serialises `answer`: JSON.stringify, or length and digest of binary content. */
export function serialised(answer) {
  if (Buffer.isBuffer(answer?.bytes)) {
    return { bytes: answer.bytes.length, sha256: sha256(answer.bytes) };
  }
  if (typeof answer?.getPaginatedItems === 'function') {
    return Object.fromEntries(Object.entries(answer).filter(([name]) => !PAGE_INTERNALS.has(name)));
  }
  return answer;
}

/** A reader of the members `names`. */
export function members(...names) {
  return (answer) => Object.fromEntries(names.map((name) => [name, answer?.[name] ?? null]));
}

export const file = members('id', 'object', 'filename', 'purpose', 'bytes', 'status', 'created_at');
export const job = members('id', 'object', 'status', 'model', 'fine_tuned_model', 'training_file', 'error');

const batchMembers = members('id', 'object', 'status', 'input_file_id', 'output_file_id', 'error_file_id', 'endpoint');

export function batch(answer) {
  const counts = answer?.request_counts;
  return { ...batchMembers(answer), counts: counts ? members('total', 'completed', 'failed')(counts) : null };
}

export function listing(page) {
  const data = rows(page?.data);
  return {
    count: data.length,
    ids: data.map((item) => item?.id ?? null),
    has_more: page?.has_more,
    types: data.map((item) => item?.type || item?.object),
  };
}

function itemUsage(usage) {
  return (
    usage && {
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
      total_tokens: usage.total_tokens,
      reasoning_tokens: usage.output_tokens_details?.reasoning_tokens ?? null,
      cached_tokens: usage.input_tokens_details?.cached_tokens ?? null,
    }
  );
}

export function embeddings(answer) {
  const vectors = rows(answer?.data).map((item) => item?.embedding ?? null);
  return {
    model: answer?.model,
    count: vectors.length,
    dimensions: Array.isArray(vectors[0]) ? vectors[0].length : null,
    vectors: vectors.map((vector) => (Array.isArray(vector) ? vector.slice(0, VECTOR_HEAD) : vector)),
    usage: chatUsage(answer?.usage),
  };
}

export function images(answer) {
  const data = rows(answer?.data);
  const texts = data.map((item) => item?.b64_json).filter((text) => typeof text === 'string');
  return {
    created: answer?.created,
    count: data.length,
    urls: data.map((item) => item?.url).filter((url) => url != null),
    b64: texts.map((text) => ({ sha256: sha256(text), length: text.length })),
    revised_prompt: data[0]?.revised_prompt,
    usage: itemUsage(answer?.usage),
    content_filter: data[0]?.content_filter_results,
    prompt_filter: data[0]?.prompt_filter_results,
  };
}

export function transcription(answer) {
  if (typeof answer === 'string') {
    return { text: answer };
  }
  return {
    text: answer?.text,
    language: answer?.language,
    duration: answer?.duration,
    segments: Array.isArray(answer?.segments) ? answer.segments.length : null,
    words: Array.isArray(answer?.words) ? answer.words.length : null,
    usage: itemUsage(answer?.usage),
  };
}

export function speech(answer) {
  const bytes = answer?.bytes;
  return {
    bytes: bytes?.length ?? null,
    sha256: bytes ? sha256(bytes) : null,
    content_type: answer?.contentType ?? null,
  };
}

export function content(answer) {
  return { ...speech(answer), text: utf8(answer?.bytes) };
}

function utf8(bytes) {
  try {
    return bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function response(answer) {
  const output = rows(answer?.output);
  return {
    id: answer?.id,
    object: answer?.object,
    status: answer?.status,
    model: answer?.model,
    created: answer?.created_at,
    output_text: answer?.output_text,
    output_types: output.map((item) => item?.type),
    tool_calls: output
      .filter((item) => item?.type === 'function_call')
      .map((item) => ({ id: item.call_id, type: item.type, name: item.name, arguments: item.arguments })),
    reasoning_effort: answer?.reasoning?.effort,
    usage: itemUsage(answer?.usage),
    error: answer?.error,
    incomplete_reason: answer?.incomplete_details?.reason,
    previous_response_id: answer?.previous_response_id,
    content_filters: answer?.content_filters,
  };
}

const deltas = (events) =>
  events
    .map((event) => event?.delta)
    .filter((delta) => typeof delta === 'string')
    .join('');

export function responseStream(events) {
  const found = response(events.findLast((event) => event?.response)?.response);
  const failure = events.findLast((event) => event?.type === 'error');
  return {
    ...found,
    error: failure ? members('code', 'message', 'param')(failure) : found.error,
    event_types: events.map((event) => event?.type ?? null),
    chunk_count: events.length,
    delta_text: deltas(events.filter((event) => event?.type === 'response.output_text.delta')),
  };
}

export function otherStream(events) {
  return {
    chunk_count: events.length,
    event_types: events.map((event) => event?.type ?? null),
    text: deltas(events),
  };
}
