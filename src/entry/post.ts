import * as core from '@actions/core';
import { rmSync } from 'node:fs';
import { letGo } from './let-go.ts';
import { isTemporary } from './temporary.ts';

/**
 * After the step, also where the step was killed: removes the keys; asks a transaction that has
 * not come to its window to stop, and says how to watch one that has. Never fails the job: how
 * the step ended has been said.
 */
export async function afterStep(environment: NodeJS.ProcessEnv): Promise<number> {
  const directory = core.getState('directory');
  if (isTemporary(directory, environment)) rmSync(directory, { recursive: true, force: true });
  const transaction = core.getState('run');
  const isOpen = ['', 'running', 'internal-error'].includes(core.getState('end'));
  if (transaction === '' || !isOpen) return 0;
  try {
    await letGo(transaction, environment);
  } catch (error) {
    core.warning(`transaction ${transaction} may still run on the host; it ends by itself. ` +
      `Watch it: seatrial attach --run ${transaction} --host ${core.getState('host')}\n` +
      String(error));
  }
  return 0;
}
