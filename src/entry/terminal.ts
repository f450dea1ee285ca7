import type { RawOptions } from '../config/options.ts';
import type { World } from '../commands/world.ts';
import { openConsole, type Console } from '../report/console.ts';
import { terminalAsk } from './terminal-ask.ts';

const tickMs = 1_000;

/**
 * The person's terminal, or a log. A job has a log and nobody to ask, also where its runner starts
 * steps at a pseudo-terminal, as act does (nektos/act:pkg/container/host_environment.go). With
 * --json, and with --install whose result is a script for root, everything but the result goes to
 * stderr.
 */
export function openTerminal(options: RawOptions, environment: NodeJS.ProcessEnv,
  cancel: AbortSignal): Console & { close(): void; readonly ask: World['ask'] } {
  const stream = options.json || options.install ? process.stderr : process.stdout;
  const isJob = environment['GITHUB_ACTIONS'] === 'true';
  const isTerminal = !isJob && stream.isTTY === true && environment['TERM'] !== 'dumb';
  const screen = openConsole({
    write: (text) => { stream.write(text); },
    isTerminal,
    get columns() { return stream.isTTY ? stream.columns : 200; },
    color: isTerminal && environment['NO_COLOR'] === undefined,
    verbose: options.verbose,
    fence: isJob,
    now: () => performance.now(),
  });
  const timer = setInterval(screen.tick, tickMs);
  timer.unref();
  return { ...screen, ask: isJob ? undefined : terminalAsk(stream, cancel),
    close: () => { clearInterval(timer); } };
}
