import type { Command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import type { StateKind } from '../state/spec.ts';
import type { Line } from './line.ts';
import { copyCommand, type Site } from './text.ts';
import { wordsOf } from './transfer.ts';

const verbTimeoutMs = 24 * 60 * 60 * 1000;

/** One verb on one host, with the text of the kinds it needs. */
export function call(
  site: Site, kinds: readonly StateKind[], words: readonly string[],
): Command {
  return copyCommand(site, kinds, words);
}

/** Standard output of a verb that may be repeated. Throws `refused` with what it said. */
export async function must(line: Line, command: Command): Promise<string> {
  let result = await line.transport.run(command, { timeoutMs: verbTimeoutMs });
  if (result.outcome.kind === 'unknown') {
    await line.mend();
    result = await line.transport.run(command, { timeoutMs: verbTimeoutMs });
  }
  const { outcome } = result;
  if (outcome.kind === 'exited' && outcome.status === 0) return result.stdout;
  const how = outcome.kind === 'unknown' ? outcome.why : outcome.kind === 'signalled'
    ? `killed by signal ${outcome.signal}` : `status ${outcome.status}`;
  throw new SeatrialError('refused', [{
    message: `${line.name}: ${outcome.kind === 'unknown' ? how : wordsOf(result, how)}`,
    fix: 'Production was only read. Mend it and run rehearse again.',
  }]);
}
