import { readFileSync, readlinkSync } from 'node:fs';
import type { World } from '../run.ts';

/** A signal, and how long its work may take. */
const attempts = [['SIGTERM', 20_000], ['SIGKILL', 5_000]] as const;
const pollMs = 100;

/**
 * The process that a pidfile names, if it works in `directory`: a number alone may belong to
 * somebody else by now. Undefined: there is none.
 */
export function processOf(pidfile: string, directory: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidfile, 'utf8').trim());
    return worksIn(pid, directory) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a process that works in `directory`, first by asking. False: it still lives. */
export async function endProcess(
  pid: number, directory: string, world: Pick<World, 'sleep'>,
): Promise<boolean> {
  // Its pidfile is no witness: it goes before the process does.
  for (const [signal, waitMs] of attempts) {
    if (!worksIn(pid, directory)) return true;
    send(pid, signal);
    for (let waited = 0; waited < waitMs && worksIn(pid, directory); waited += pollMs) {
      await world.sleep(pollMs);
    }
  }
  return !worksIn(pid, directory);
}

/** False for a zombie as well, which has no place any more. */
function worksIn(pid: number, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === directory;
  } catch {
    return false;
  }
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
