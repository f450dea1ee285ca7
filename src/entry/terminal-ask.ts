import { createInterface } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { SeatrialError } from '../errors.ts';
import type { World } from '../commands/world.ts';

/**
 * Asks where questions and answers are a person's: undefined where one of them goes to a file or
 * comes from one. The line is edited by the terminal itself, so that Ctrl-C stays the signal that
 * every command obeys. An end of the input is an empty answer.
 */
export function terminalAsk(out: WriteStream, cancel: AbortSignal): World['ask'] {
  if (!process.stdin.isTTY || !out.isTTY) return undefined;
  return (question) => new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin, terminal: false });
    const onCancel = (): void => {
      out.write('\n');
      reject(new SeatrialError('cancelled', [{
        message: 'cancelled while it was asked', fix: 'Nothing was touched.' }]));
      lines.close();
    };
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      cancel.removeEventListener('abort', onCancel);
      resolve('');
    });
    out.write(question);
    if (cancel.aborted) onCancel();
    else cancel.addEventListener('abort', onCancel);
  });
}
