import * as core from '@actions/core';
import { run } from '../run.ts';
import { openEdge } from './edge.ts';
import { openJob } from './open-job.ts';
import { readInputs } from './step-inputs.ts';

/** `attach` by somebody who cancels as soon as it watches: it asks, or lets go in the window. */
export async function letGo(transaction: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { options: given } = readInputs();
  const edge = openEdge(given, environment);
  try {
    const host = core.getState('host') === 'staging' ? 'staging' : 'production';
    const { world, options } = await openJob(edge.world, { ...given, run: transaction, host });
    const cancelling = new AbortController();
    const result = await run('attach', options, { ...world, cancel: cancelling.signal,
      started: () => { cancelling.abort(); } });
    if (result.kind !== 'summary') return;
    edge.finish(result.summary);
    const next = result.summary.next.join('; ');
    if (result.summary.end === 'running') core.notice(`the host goes on by itself: ${next}`);
  } finally {
    edge.close();
  }
}
