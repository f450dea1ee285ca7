import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../commands/world.ts';
import type { RawOptions } from '../config/options.ts';
import type { Console } from '../report/console.ts';
import { watchSignals } from './signals.ts';
import { ignoreLostReaders, whoActs } from './surroundings.ts';
import { makeTemporary } from './temporary.ts';
import { openTerminal } from './terminal.ts';
import { toolVersion } from './version.ts';

export interface Edge {
  readonly world: World;
  finish: Console['finish'];
  finishRehearsal: Console['finishRehearsal'];
  close(): void;
}

/** Gathers what is impure for one command; `close` leaves nothing behind. */
export function openEdge(options: RawOptions, environment: NodeJS.ProcessEnv): Edge {
  const temporaryDirectory = makeTemporary(environment);
  ignoreLostReaders();
  const signals = watchSignals();
  const terminal = openTerminal(options, environment, signals.cancel);
  const world: World = {
    report: terminal.report, print: (text) => { process.stdout.write(text); },
    now: () => new Date(), clock: () => performance.now(),
    sleep: async (milliseconds) => { await sleep(milliseconds); },
    random: (bytes) => randomBytes(bytes).toString('hex'),
    cancel: signals.cancel, temporaryDirectory, by: whoActs(),
    environment: environment as Record<string, string>, toolVersion,
    ask: terminal.ask, job: undefined, started: () => undefined,
  };
  return { world, ...terminal, close: () => {
    terminal.close();
    signals.stop();
    rmSync(temporaryDirectory, { recursive: true, force: true });
  } };
}
