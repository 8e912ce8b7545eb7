import { Console } from 'node:console';

/** Sends all that is printed, by the SDK's logger too, to stderr; returns the one writer left for stdout. */
export function keepStdoutForAnswers() {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  globalThis.console = new Console(process.stderr, process.stderr);
  return (message) => write(`${JSON.stringify(message)}\n`);
}
