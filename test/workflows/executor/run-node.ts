import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeProgram } from './action.ts';
import { processEnv } from './environment.ts';
import { StepError } from './errors.ts';
import type { ActionRun } from './run-action.ts';
import { runProgram } from './run-program.ts';
import type { StepContext } from './step.ts';

/** A JavaScript action's main program; its post is left for the job's end before main starts. */
export async function runNode(step: StepContext, run: ActionRun<NodeProgram>): Promise<void> {
  const { post, postIf, main } = run.runs;
  if (post !== undefined) {
    run.posts.push({
      definition: step.definition, stage: 'post', name: `Post ${step.name}`,
      if: postIf ?? 'always()', state: step.state,
      work: (later) => {
        later.repository = step.repository;
        later.job.write('Post job cleanup.');
        return runFile(later, run, post);
      },
    });
  }
  await runFile(step, run, main);
}

async function runFile(
  step: StepContext, run: ActionRun<NodeProgram>, name: string,
): Promise<void> {
  const { facts } = step.job;
  const file = join(run.action.directory, name);
  if (!existsSync(file)) throw new StepError(`File not found: '${file}'`);
  const env = processEnv(step, {
    ...Object.fromEntries(Object.entries(run.inputs(step)).map(([input, value]) =>
      [`INPUT_${input.replaceAll(' ', '_').toUpperCase()}`, value])),
    ...Object.fromEntries([...step.state].map(([key, value]) => [`STATE_${key}`, value])),
  });
  const code = await runProgram(step, {
    file: facts.nodes[run.runs.node], args: [file], cwd: facts.directories.workspace,
    env: { ...env, ...facts.actionEnv },
  });
  // Actions say themselves, by `::error::`, why they failed.
  if (code !== 0) step.fail();
}
