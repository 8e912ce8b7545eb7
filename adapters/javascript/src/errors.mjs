/** What a caller can learn from an error of the SDK. */
import * as sdk from './sdk.mjs';

/** SDK class to error kind, the most particular first. */
const KINDS = [
  [sdk.BadRequestError, 'bad_request'],
  [sdk.AuthenticationError, 'authentication'],
  [sdk.PermissionDeniedError, 'permission_denied'],
  [sdk.NotFoundError, 'not_found'],
  [sdk.ConflictError, 'conflict'],
  [sdk.UnprocessableEntityError, 'unprocessable'],
  [sdk.RateLimitError, 'rate_limit'],
  [sdk.InternalServerError, 'internal_server'],
  [sdk.APIConnectionTimeoutError, 'timeout'],
  [sdk.APIConnectionError, 'connection'],
  [sdk.APIUserAbortError, 'other'],
];

const NETWORK = new Set(['system', 'aborted']);

export function describe(error) {
  const isApi = error instanceof sdk.APIError;
  const body = isApi ? error.error : undefined;
  return {
    type: error?.constructor?.name ?? typeof error,
    kind: kindOf(error),
    message: String(error?.message ?? error),
    bases: basesOf(error),
    status: error?.status ?? null,
    code: isApi ? (error.code ?? null) : null,
    param: isApi ? (error.param ?? null) : null,
    error_type: isApi ? (error.type ?? null) : null,
    request_id: (isApi && (error.requestID ?? error.request_id)) || null,
    body: body ?? null,
    content_filter: contentFilter(body),
    headers: headersOf(error?.headers),
  };
}

function kindOf(error) {
  for (const [type, kind] of KINDS) {
    if (error instanceof type) {
      return kind;
    }
  }
  if (error instanceof sdk.APIError) {
    return error.status === undefined ? 'stream' : 'status'; // without a status it only ever comes out of a stream
  }
  if (error instanceof sdk.OpenAIError) {
    return 'configuration';
  }
  return foreignKind(error);
}

/** Errors of fetch (undici, node-fetch up to 4.x), of the JSON parser and of Node itself, which the SDK lets through. */
function foreignKind(error) {
  if (error instanceof SyntaxError || error?.type === 'invalid-json') {
    return 'decode';
  }
  if (NETWORK.has(error?.type) || error?.cause?.code || error?.code?.startsWith?.('E') || isCut(error)) {
    return 'transport';
  }
  return error instanceof TypeError || error instanceof RangeError ? 'configuration' : 'other';
}

function isCut(error) {
  return error instanceof TypeError ? error.message === 'terminated' : error?.message === 'Premature close';
}

/** The SDK's public ancestors of the error's class, nearest first. */
function basesOf(error) {
  const bases = [];
  let type = error?.constructor && Object.getPrototypeOf(error.constructor);
  while (type?.name && sdk[type.name] === type) {
    bases.push(type.name);
    type = Object.getPrototypeOf(type);
  }
  return bases;
}

/** The filter's detail in an error body, under either of its documented spellings. */
function contentFilter(body) {
  for (const holder of [body?.innererror, body?.inner_error, body]) {
    const found = holder?.content_filter_result ?? holder?.content_filter_results;
    if (found !== undefined) {
      return found;
    }
  }
  return null;
}

/** A Headers object since 5.x, a plain one before. */
function headersOf(headers) {
  if (!headers) {
    return [];
  }
  return typeof headers.entries === 'function' ? [...headers.entries()] : Object.entries(headers);
}
