/** Performing one call: from REST-shaped arguments to an outcome of the protocol. */
import { methodOf, OPERATIONS } from './operations.mjs';
import { describe } from './errors.mjs';
import { Stream, toFile, Unsupported } from './sdk.mjs';
import { otherStream, serialised } from './views.mjs';

/** The outcome of `call` in `session`. Whatever the SDK throws is an outcome; what this rejects with is a defect. */
export async function perform(session, call) {
  const brought = { answer: null, requestId: null, chunks: null };
  try {
    await settledInTime(bring(brought, session, call), call.deadline_ms);
  } catch (error) {
    if (error instanceof Unsupported) {
      return { outcome: 'unsupported', reason: error.message };
    }
    return failed(session, call, describe(error), brought.chunks);
  }
  return succeeded(session, call, brought);
}

/** The promise of the SDK was not settled: the SDK does not throw this, its caller waits for ever. */
class NeverSettled extends Error {}

/** `work`, given up well before the harness gives up the call (`deadline`, milliseconds): its process serves other calls, too, and need not be killed. */
async function settledInTime(work, deadline) {
  const seconds = (deadline * 0.6) / 1000;
  if (!deadline) {
    return work;
  }
  let timer;
  const stuck = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new NeverSettled(`the promise was not settled within ${seconds} s`)),
      seconds * 1000,
    );
  });
  return Promise.race([work, stuck]).finally(() => clearTimeout(timer));
}

/** Calls the SDK and fills `brought`, so that what a stream had brought before it failed is known. */
async function bring(brought, session, call) {
  if (session.failure) {
    throw session.failure;
  }
  const method = methodOf(session.client, call.operation);
  const given = OPERATIONS[call.operation].takes(await argumentsOf(call), optionsOf(call.options));
  const { data, requestId } = await settled(method(...given), call.stream !== null);
  if (data instanceof Stream) {
    brought.chunks = [];
    brought.requestId = requestId;
    await consume(data, brought.chunks, call.stream);
  } else {
    brought.answer = typeof data?.arrayBuffer === 'function' ? await binary(data) : data;
    brought.requestId = data?._request_id ?? null;
  }
}

/** A stream carries no request id of its own: the README's way to it is withResponse(). */
async function settled(pending, isStream) {
  if (!isStream) {
    return { data: await pending };
  }
  const { data, request_id: requestId } = await pending.withResponse();
  return { data, requestId };
}

async function argumentsOf({ arguments: given, stream }) {
  const args = {};
  for (const [name, value] of Object.entries(given)) {
    args[name] = Array.isArray(value) ? await Promise.all(value.map(fileOr)) : await fileOr(value);
  }
  return stream === null ? args : { ...args, stream: true };
}

async function fileOr(value) {
  if (!value?.$file) {
    return value;
  }
  const { name, content_type: type, base64 } = value.$file;
  return toFile(Buffer.from(base64, 'base64'), name, type ? { type } : {});
}

function optionsOf({ max_retries: maxRetries, timeout_ms: timeout, headers, query }) {
  return {
    ...(maxRetries !== null && { maxRetries }),
    ...(timeout !== null && { timeout }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(Object.keys(query).length > 0 && { query }),
  };
}

/** Leaving the loop closes the stream, as the README has it. */
async function consume(stream, chunks, { consume: how, count }) {
  if (how === 'first' && count === 0) {
    stream.controller.abort();
    return;
  }
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (how === 'first' && chunks.length >= count) {
      break;
    }
  }
}

async function binary(response) {
  return { bytes: Buffer.from(await response.arrayBuffer()), contentType: response.headers.get('content-type') };
}

function succeeded({ tokenCalls }, call, { answer, requestId, chunks }) {
  const seen = chunks
    ? streamed(call, chunks)
    : { result: serialised(answer) ?? null, view: whole(OPERATIONS[call.operation].view(answer)) };
  return { outcome: 'ok', ...seen, request_id: requestId ?? null, token_calls: tokenCalls };
}

function failed({ tokenCalls }, call, error, chunks) {
  const seen = chunks ? streamed(call, chunks) : {};
  return { outcome: 'error', error, ...seen, request_id: error.request_id, token_calls: tokenCalls };
}

function streamed({ operation }, chunks) {
  return { chunks, view: whole((OPERATIONS[operation].stream ?? otherStream)(chunks)) };
}

/** `view` with null for what the answer does not have: JSON knows no undefined. */
function whole(view) {
  return JSON.parse(JSON.stringify(view, (_, value) => (value === undefined ? null : value)));
}
