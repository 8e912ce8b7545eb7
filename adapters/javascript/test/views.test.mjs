import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chat, chatStream, completion } from '../src/chat-views.mjs';
import { content, listing, responseStream, serialised } from '../src/views.mjs';

const piece = (choice, rest = {}) => ({ id: 'c', model: 'm', choices: [{ index: 0, ...choice }], ...rest });

test('a stream is put together choice by choice, the latest word on a filter category wins', () => {
  const view = chatStream([
    { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
    piece({ delta: { role: 'assistant', content: '' }, content_filter_results: {} }),
    piece({ delta: { content: 'Hel' }, content_filter_results: { hate: { filtered: false } } }),
    piece({ index: 1, delta: { content: 'other' } }),
    piece({ delta: { content: 'lo' }, finish_reason: 'stop' }),
    piece({ content_filter_results: { hate: { filtered: true } } }),
  ]);
  assert.equal(view.text, 'Hello');
  assert.deepEqual(view.texts, ['Hello', 'other']);
  assert.deepEqual(view.finish_reasons, ['stop', null]);
  assert.deepEqual(view.content_filters, [{ hate: { filtered: true } }, null]);
  assert.deepEqual(view.prompt_filter, [{ prompt_index: 0 }]);
  assert.equal(view.chunk_count, 6);
});

test('the fragments of tool calls are joined by their index', () => {
  const fragment = (index, rest) => piece({ delta: { tool_calls: [{ index, ...rest }] } });
  const { tool_calls: calls } = chatStream([
    fragment(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
    fragment(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '{' } }),
    fragment(0, { function: { arguments: '{}' } }),
    fragment(1, { function: { arguments: '}' } }),
  ]);
  assert.deepEqual(calls, [
    { id: 'a', type: 'function', name: 'f', arguments: '{}' },
    { id: 'b', type: 'function', name: 'g', arguments: '{}' },
  ]);
});

test('an answer of the wrong shape is read as far as it goes', () => {
  for (const odd of [undefined, null, 'text', 5, [], { choices: 'many' }, { choices: [null] }, { choices: [{}] }]) {
    assert.equal(chat(odd).text ?? null, null);
    assert.equal(completion(odd).text ?? null, null);
    assert.equal(chatStream([odd]).chunk_count, 1);
    assert.equal(responseStream([odd]).delta_text, '');
    assert.equal(listing(odd).count, 0);
  }
});

test('file content is text when it is UTF-8 only', () => {
  assert.equal(content({ bytes: Buffer.from('{"a":1}\n') }).text, '{"a":1}\n');
  assert.equal(content({ bytes: Buffer.from([0xff, 0xfe]) }).text, null);
  assert.equal(content(undefined).bytes, null);
});

test('a page is serialised without what the SDK keeps there for itself', () => {
  class Page {
    data = [];
    has_more = false;
    options = {};
    response = {};
    body = {};
    getPaginatedItems() {
      return this.data;
    }
  }
  assert.deepEqual(serialised(new Page()), { data: [], has_more: false });
});
