import * as core from '@actions/core';
import { recordEnd } from '../jobs/deploy.ts';
import { run } from '../run.ts';
import { openEdge } from './edge.ts';
import { openJob } from './open-job.ts';
import { readInputs } from './step-inputs.ts';

/** `attach` by somebody who cancels as soon as it watches: it asks, or lets go in the window. */
export async function letGo(transaction: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { command, options: given } = readInputs();
  const edge = openEdge(given, environment);
  try {
    const host = core.getState('host') === 'staging' ? 'staging' : 'production';
    const { world, options } = await openJob(edge.world, { ...given, run: transaction, host });
    const cancelling = new AbortController();
    const result = await run('attach', options, { ...world, started: () => { cancelling.abort(); },
      cancel: AbortSignal.any([world.cancel, cancelling.signal]) });
    if (result.kind !== 'summary') return;
    const { summary } = result;
    edge.finish(summary);
    const next = summary.next.join('; ');
    if (summary.end === 'running') core.notice(`the host goes on by itself: ${next}`);
    if (command === 'deploy' && 'artifacts' in world) await recordEnd(options, world, summary);
  } finally {
    edge.close();
  }
}
