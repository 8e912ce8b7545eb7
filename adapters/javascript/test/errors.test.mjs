import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '../src/errors.mjs';
import * as sdk from '../src/sdk.mjs';

test('a refusal shows its status, code, request id, headers and filter detail', () => {
  const detail = { hate: { filtered: true, severity: 'high' } };
  const body = { code: 'content_filter', message: 'no', innererror: { content_filter_result: detail } };
  const found = describe(new sdk.BadRequestError(400, body, undefined, new Headers({ 'x-request-id': 'r' })));
  assert.equal(found.type, 'BadRequestError');
  assert.equal(found.kind, 'bad_request');
  assert.deepEqual(found.bases, ['APIError', 'OpenAIError']);
  assert.equal(found.code, 'content_filter');
  assert.equal(found.request_id, 'r');
  assert.deepEqual(found.content_filter, detail);
  assert.deepEqual(found.headers, [['x-request-id', 'r']]);
});

test('kinds follow the class, errors of others what they say of themselves', () => {
  const cut = new TypeError('terminated', { cause: Object.assign(new Error('closed'), { code: 'UND_ERR_SOCKET' }) });
  const kinds = [
    [new sdk.APIError(418, {}, 'teapot', new Headers()), 'status'],
    [new sdk.APIError(undefined, { message: 'broken' }, undefined, new Headers()), 'stream'],
    [new sdk.APIConnectionTimeoutError(), 'timeout'],
    [new sdk.APIConnectionError({ message: 'gone' }), 'connection'],
    [new sdk.OpenAIError('no key'), 'configuration'],
    [new SyntaxError('Unexpected end of JSON input'), 'decode'],
    [cut, 'transport'],
    [new Error('anything'), 'other'],
    ['thrown text', 'other'],
  ];
  for (const [error, kind] of kinds) {
    assert.equal(describe(error).kind, kind, String(error));
  }
});
