import type { Composite } from './action.ts';
import { StepError } from './errors.ts';
import { only, words, type Values } from './expressions.ts';
import type { StepOutcome } from './job-state.ts';
import { planned, type ActionRun, type Posts } from './run-action.ts';
import { runEmbeddedSteps } from './run-steps.ts';
import { contextsOf, stepsContext, type Frame, type StepContext } from './step.ts';

/** Composite in composite in composite: the runner's limit. */
const depthMax = 10;

export async function runComposite(
  step: StepContext, run: ActionRun<Composite>,
): Promise<void> {
  if (depthOf(step) >= depthMax) {
    throw new StepError(`Composite action depth exceeded max depth ${depthMax}`);
  }
  const inputs = run.inputs(step);
  const frame = {
    job: step.job, inputs, results: new Map<string, StepOutcome>(), source: run.source,
    around: step, actionPath: run.action.directory,
  } satisfies Frame;
  const posts: Posts = [];
  try {
    await runEmbeddedSteps(frame, run.runs.steps.map((each) => planned(each, posts)));
  } finally {
    if (posts.length > 0) {
      run.posts.push({
        definition: step.definition, stage: 'post', name: `Post ${step.name}`, if: 'always()',
        state: step.state,
        work: (around) => runEmbeddedSteps({ ...frame, around, inputs: run.inputs(around) },
          posts.toReversed()),
      });
    }
  }
  setOutputs(step, run, { ...outputContexts(step), inputs, steps: stepsContext(frame.results) });
}

/** Also after a failure: what the steps before it gave is there. */
function setOutputs(step: StepContext, run: ActionRun<Composite>, contexts: Values): void {
  for (const [name, tree] of run.runs.outputs) step.output(name, words(tree, { contexts }));
}

function outputContexts(step: StepContext): Values {
  return only(contextsOf(step, 'no secrets'),
    'github', 'strategy', 'matrix', 'job', 'runner', 'env');
}

function depthOf(step: StepContext): number {
  return step.frame.around === undefined ? 0 : depthOf(step.frame.around) + 1;
}
