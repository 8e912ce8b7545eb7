/**
 * Every operation the adapter drives: one row each, and the one place to add another.
 *
 * `method` is the path below the client, `takes` turns REST-shaped arguments into the method's own, `view` and
 * `stream` read a whole answer and a stream.
 */
import { chat, chatStream, completion, completionStream } from './chat-views.mjs';
import { AzureOpenAI, Unsupported, VERSION } from './sdk.mjs';
import * as views from './views.mjs';

/** All arguments are the body, or for lists the query: both come first. */
const first = (args, options) => [args, options];

/** `name` stands in the path, the rest is the query: an argument of its own where the method documents one. */
const path = (name) => (args, options) => {
  const { [name]: id, ...query } = args;
  return Object.keys(query).length > 0 ? [id, { ...options, query: { ...query, ...options.query } }] : [id, options];
};
const pathThenQuery = (name) => (args, options) => {
  const { [name]: id, ...query } = args;
  return [id, query, options];
};

/** No argument of its own; what is given all the same is the query. */
const optionsOnly = (query, options) => [{ ...options, query: { ...query, ...options.query } }];

const deletion = views.members('id', 'object', 'deleted');
const response = pathThenQuery('response_id');

export const OPERATIONS = {
  'chat.completions.create': { method: 'chat.completions.create', takes: first, view: chat, stream: chatStream },
  'completions.create': { method: 'completions.create', takes: first, view: completion, stream: completionStream },
  'embeddings.create': { method: 'embeddings.create', takes: first, view: views.embeddings },
  'audio.transcriptions.create': { method: 'audio.transcriptions.create', takes: first, view: views.transcription },
  'audio.translations.create': { method: 'audio.translations.create', takes: first, view: views.transcription },
  'audio.speech.create': { method: 'audio.speech.create', takes: first, view: views.speech },
  'images.generate': { method: 'images.generate', takes: first, view: views.images },
  'images.edit': { method: 'images.edit', takes: first, view: views.images },
  'responses.create': {
    method: 'responses.create',
    takes: first,
    view: views.response,
    stream: views.responseStream,
  },
  'responses.retrieve': {
    method: 'responses.retrieve',
    takes: response,
    view: views.response,
    stream: views.responseStream,
  },
  'responses.delete': { method: 'responses.delete', v4: 'responses.del', takes: path('response_id'), view: deletion },
  'responses.input_items.list': { method: 'responses.inputItems.list', takes: response, view: views.listing },
  'files.create': { method: 'files.create', takes: first, view: views.file },
  'files.list': { method: 'files.list', takes: first, view: views.listing },
  'files.retrieve': { method: 'files.retrieve', takes: path('file_id'), view: views.file },
  'files.content': { method: 'files.content', takes: path('file_id'), view: views.content },
  'files.delete': { method: 'files.delete', v4: 'files.del', takes: path('file_id'), view: deletion },
  'batches.create': { method: 'batches.create', takes: first, view: views.batch },
  'batches.retrieve': { method: 'batches.retrieve', takes: path('batch_id'), view: views.batch },
  'batches.list': { method: 'batches.list', takes: first, view: views.listing },
  'batches.cancel': { method: 'batches.cancel', takes: path('batch_id'), view: views.batch },
  'fine_tuning.jobs.create': { method: 'fineTuning.jobs.create', takes: first, view: views.job },
  'fine_tuning.jobs.retrieve': {
    method: 'fineTuning.jobs.retrieve',
    takes: path('fine_tuning_job_id'),
    view: views.job,
  },
  'fine_tuning.jobs.list': { method: 'fineTuning.jobs.list', takes: first, view: views.listing },
  'fine_tuning.jobs.cancel': { method: 'fineTuning.jobs.cancel', takes: path('fine_tuning_job_id'), view: views.job },
  'fine_tuning.jobs.list_events': {
    method: 'fineTuning.jobs.listEvents',
    takes: pathThenQuery('fine_tuning_job_id'),
    view: views.listing,
  },
  'models.list': { method: 'models.list', takes: optionsOnly, view: views.listing },
  'models.retrieve': {
    method: 'models.retrieve',
    takes: path('model'),
    view: views.members('id', 'object', 'owned_by', 'created'),
  },
};

/** The bound method of `client` for `name`. Throws Unsupported for what this adapter or this version lacks. */
export function methodOf(client, name) {
  const row = OPERATIONS[name];
  const names = (VERSION.startsWith('4.') && row?.v4) || row?.method;
  if (names) {
    const parts = names.split('.');
    const last = parts.pop();
    const owner = parts.reduce((found, part) => found?.[part], client);
    if (typeof owner?.[last] === 'function') {
      return owner[last].bind(owner);
    }
  }
  throw new Unsupported(`openai ${VERSION} has no ${name}`);
}

/** The operations this version has. */
export function available() {
  const client = new AzureOpenAI({ apiKey: 'none', endpoint: 'http://localhost', apiVersion: 'none' });
  return Object.keys(OPERATIONS).filter((name) => {
    try {
      return Boolean(methodOf(client, name));
    } catch (error) {
      if (error instanceof Unsupported) {
        return false;
      }
      throw error;
    }
  });
}
