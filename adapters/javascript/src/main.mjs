/**
 * Drives the npm package `openai` for the conformance harness: adapter protocol 1, JSON lines on stdin and stdout.
 *
 * Sessions are opened and closed in the order of the messages; calls run concurrently and are answered as they end.
 */
import { createInterface } from 'node:readline';
import { buildSession } from './client.mjs';
import { perform } from './call.mjs';
import { available } from './operations.mjs';
import { VERSION } from './sdk.mjs';
import { keepStdoutForAnswers } from './stdout.mjs';

const PROTOCOL = 1;
const CONCURRENCY = 256; // a call that waits costs a promise and nothing else

const write = keepStdoutForAnswers();
const sessions = new Map();

function hello() {
  return {
    protocol: PROTOCOL,
    adapter: {
      sdk: 'javascript',
      package: 'openai',
      version: VERSION,
      runtime: `Node.js ${process.versions.node}`,
    },
    surfaces: ['async'],
    operations: available(),
    concurrency: CONCURRENCY,
  };
}

function sessionOf({ session, client }) {
  if (!sessions.has(session)) {
    sessions.set(session, buildSession(client));
  }
  return sessions.get(session);
}

async function answer(message) {
  switch (message.op) {
    case 'hello':
      return hello();
    case 'call':
      return perform(sessionOf(message), message);
    case 'close': // the SDK's clients have nothing to close: their connections belong to the process
      sessions.delete(message.session);
      return { outcome: 'ok' };
    case 'shutdown':
      return { outcome: 'ok' };
    default:
      throw new Error(`unknown op ${message.op}`);
  }
}

async function take(message) {
  write({ id: message.id, ...(await answer(message)) });
  if (message.op === 'shutdown') {
    process.exit(0);
  }
}

/** A defect of the adapter ends the process: the harness shows what stands on stderr. */
function die(error) {
  console.error(error);
  process.exit(70);
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => void take(JSON.parse(line)).catch(die));
lines.on('close', () => process.exit(0));
