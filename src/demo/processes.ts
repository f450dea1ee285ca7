import { readFileSync, readlinkSync } from 'node:fs';
import type { World } from '../run.ts';

const stopSecondsMax = 20;
const killSecondsMax = 5;
const pollMs = 100;

/**
 * The process that a pidfile names, if it works in `directory`: a number alone may belong to
 * somebody else by now. Undefined: there is none.
 */
export function processOf(pidfile: string, directory: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidfile, 'utf8').trim());
    return readlinkSync(`/proc/${pid}/cwd`) === directory ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a process of ours, first by asking. False: it still lives. */
export async function endProcess(
  living: () => number | undefined, world: Pick<World, 'sleep'>,
): Promise<boolean> {
  for (const [signal, seconds] of [['SIGTERM', stopSecondsMax], ['SIGKILL', killSecondsMax]] as const) {
    const pid = living();
    if (pid === undefined) return true;
    send(pid, signal);
    for (let waited = 0; waited < seconds * 1_000 && living() === pid; waited += pollMs) {
      await world.sleep(pollMs);
    }
  }
  return living() === undefined;
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
