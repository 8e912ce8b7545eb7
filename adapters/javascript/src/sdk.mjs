/** The SDK under test, and what its major versions place differently. */
export * from 'openai';
export { Stream } from 'openai/streaming';
export { VERSION } from 'openai/version';

/** This version of the SDK has no such thing; the message says what. */
export class Unsupported extends Error {}
