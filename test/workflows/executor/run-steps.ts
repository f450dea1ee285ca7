import { ExpressionError, ExpressionEvaluationError } from '@actions/expressions';
import { makeCommandFiles, obeyCommandFiles } from './command-files.ts';
import { InvalidWorkflow, messageOf, RunnerLost, StepError } from './errors.ts';
import { holds, resolve, words, type Scope } from './expressions.ts';
import { worse, type JobState } from './job-state.ts';
import { fileEffects } from './output.ts';
import { Aborted, conditionScope, contextsOf, StepContext, type Frame } from './step.ts';
import type { Tree } from './tree.ts';
import { mappingOf, type StepDefinition } from './workflow.ts';

/** One step to come: of the job, of a composite, or a post of either. */
export interface Planned {
  readonly definition: StepDefinition;
  readonly stage: 'main' | 'post';
  readonly name: string;
  readonly if: Tree | undefined;
  readonly state: Map<string, string>;
  readonly work: (step: StepContext) => Promise<void>;
}

/** Runs a step of the job, or of its posts, and lets its end change the job's status. */
export async function runJobStep(frame: Frame, planned: Planned): Promise<void> {
  const { job } = frame;
  const step = contextOf(frame, planned);
  const conclusion = await conclude(step, planned);
  step.conclude(conclusion);
  step.flush();
  job.steps.push({
    name: step.name, stage: step.stage, conclusion, outcome: step.outcome ?? conclusion,
  });
  if (conclusion === 'failure') job.status = worse(job.status, 'failure');
}

/** Runs the steps of a composite; their failures become its own. */
export async function runEmbeddedSteps(
  frame: Frame & { readonly around: StepContext }, list: readonly Planned[],
): Promise<void> {
  for (const planned of list) {
    const step = contextOf(frame, planned);
    const conclusion = await conclude(step, planned);
    step.conclude(conclusion);
    if (conclusion === 'failure' || conclusion === 'cancelled') frame.around.fail(conclusion);
    if (step.conditionFailed) break;
  }
}

function contextOf(frame: Frame, planned: Planned): StepContext {
  const { definition, stage, name, state } = planned;
  const step = new StepContext(frame, definition, { stage, name, state });
  step.env = Object.fromEntries(frame.job.env);
  const around = frame.around;
  if (around !== undefined) {
    // A composite's step hands on its own `env`, not the job's as it was when it began.
    step.overrides = new Set(around.overrides);
    for (const name of step.overrides) step.env[name] = around.env[name] ?? '';
  }
  return step;
}

async function conclude(
  step: StepContext, planned: Planned,
): Promise<'success' | 'failure' | 'cancelled' | 'skipped'> {
  const { job } = step;
  if (job.killed) throw new RunnerLost('the runner is gone');
  if (!attempt(step, () => setStepEnv(step))) return 'failure';
  const stopListening = job.cancelled ? () => undefined
    : job.onCancel(() => askAgain(step, planned));
  try {
    if (job.cancelled) job.status = 'cancelled';
    const run = { condition: false };
    step.conditionFailed = !attempt(step, () => {
      run.condition = holds(planned.if, conditionScope(step));
    });
    if (step.conditionFailed) return 'failure';
    if (!run.condition) return 'skipped';
    await work(step, planned);
    return step.result ?? 'success';
  } finally {
    stopListening();
  }
}

/** The job was cancelled while this step ran: does its `if` still hold? */
function askAgain(step: StepContext, planned: Planned): void {
  step.job.status = 'cancelled';
  step.status = 'cancelled';
  const run = { on: false };
  attempt(step, () => { run.on = holds(planned.if, conditionScope(step)); });
  if (!run.on) step.abort('cancelled');
}

function setStepEnv(step: StepContext): void {
  const scope = { contexts: contextsOf(step, 'with secrets') };
  for (const [name, tree] of mappingOf(step.definition.env)) {
    step.env[name] = words(tree, scope);
    step.overrides.add(name);
  }
}

async function work(step: StepContext, planned: Planned): Promise<void> {
  const { definition } = step;
  const minutes = timeoutOf(step);
  if (minutes > 0) step.deadline = Date.now() + minutes * step.job.facts.minuteMs;
  const timer = step.deadline === undefined ? undefined
    : setTimeout(() => step.abort('timeout'), Math.max(0, step.deadline - Date.now()));
  try {
    await withCommandFiles(step, planned);
  } catch (error) {
    endWith(step, { error, minutes });
  } finally {
    clearTimeout(timer);
  }
  if (step.commandsFailed) step.fail();
  if (step.result !== 'failure') return;
  if (!truth(definition.continueOnError, { contexts: contextsOf(step, 'no secrets') })) return;
  step.outcome = 'failure';
  step.result = 'success';
}

async function withCommandFiles(step: StepContext, planned: Planned): Promise<void> {
  const files = makeCommandFiles(step.job.facts.directories.temp);
  step.files = files;
  try {
    await planned.work(step);
  } finally {
    if (!step.job.killed) obeyCommandFiles(files, fileEffects(step));
  }
}

function timeoutOf(step: StepContext): number {
  const scope = { contexts: contextsOf(step, 'no secrets') };
  return Number(resolve(step.definition.timeoutMinutes, scope) ?? 0);
}

function truth(tree: Tree | undefined, scope: Scope): boolean {
  return resolve(tree, scope) === true;
}

function endWith(
  step: StepContext, { error, minutes }: { readonly error: unknown; readonly minutes: number },
): void {
  if (error instanceof Aborted && error.reason === 'timeout') {
    step.issue('error', step.embedded ? 'The action has timed out.'
      : `The action '${step.name}' has timed out after ${minutes} minutes.`);
    step.fail();
  } else if (error instanceof Aborted) {
    step.issue('error', error.message);
    step.fail('cancelled');
  } else tell(step, error);
}

/** Errors of the workflow fail the step; all others are the executor's own, or the end. */
function tell(step: StepContext, error: unknown): void {
  if (!(error instanceof StepError || error instanceof InvalidWorkflow
    || error instanceof ExpressionError || error instanceof ExpressionEvaluationError)) throw error;
  step.issue('error', messageOf(error));
  step.fail();
}

function attempt(step: StepContext, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    tell(step, error);
    return false;
  }
}

export function firstFrame(job: JobState): Frame {
  return {
    job, inputs: objectInputs(job), results: job.results, source: job.facts.source,
    around: undefined, actionPath: undefined,
  };
}

function objectInputs(job: JobState): Frame['inputs'] {
  const { inputs } = job.facts.contexts;
  return inputs !== null && typeof inputs === 'object' && !(inputs instanceof Array)
    ? inputs ?? {} : {};
}
