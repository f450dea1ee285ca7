import * as core from '@actions/core';
import { exitCodeOf } from '../errors.ts';
import { outputsOfError, type Outputs } from '../jobs/outputs.ts';
import { runStep } from '../jobs/run-job.ts';
import { annotateError, annotateResult } from './annotate.ts';
import { openEdge, type Edge } from './edge.ts';
import { finish } from './finish.ts';
import { openJob } from './open-job.ts';
import { readInputs } from './step-inputs.ts';

/** A step of a job: inputs in, outputs and exit status out (docs/ends.md). */
export async function step(environment: NodeJS.ProcessEnv): Promise<number> {
  let edge: Edge | undefined;
  try {
    const { command, options: given } = readInputs();
    edge = openEdge(given, environment);
    const { world, options } = await openJob(edge.world, given);
    const { result, outputs, below } = await runStep(command, options, world);
    tellEnd(outputs);
    annotateResult(result);
    return finish(edge, result, { json: options.json, below });
  } catch (error) {
    tellEnd(outputsOfError(error));
    annotateError(error, edge?.world);
    return exitCodeOf(error);
  } finally {
    edge?.close();
  }
}

/** To the steps after this one, and to the one after it. */
function tellEnd(outputs: Outputs): void {
  core.saveState('end', outputs['end'] ?? '');
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
}
