import { join } from 'node:path';
import { ExpressionError, ExpressionEvaluationError } from '@actions/expressions';
import { readAction } from './action.ts';
import { InvalidWorkflow, messageOf, RunnerLost, StepError } from './errors.ts';
import { only, without, words, type Values } from './expressions.ts';
import type { JobState, Result } from './job-state.ts';
import { killTracked } from './processes.ts';
import { planned, type Posts } from './run-action.ts';
import { firstFrame, runJobStep } from './run-steps.ts';
import { usedBy, type Source } from './sources.ts';
import { stepsContext } from './step.ts';
import type { Tree } from './tree.ts';
import { mappingOf, type Body, type StepDefinition } from './workflow.ts';

export interface JobEnd {
  readonly conclusion: Result;
  readonly outputs: Readonly<Record<string, string>>;
  /** The environment's `url`, where there is one. */
  readonly url: string;
}

export interface JobPlan {
  readonly body: Body;
  /** `env` of the workflow, which sees less than a job's. */
  readonly workflowEnv: Tree | undefined;
}

/** Everything that a runner does with one job. Throws NotSupported, never the job's own errors. */
export async function runJob(job: JobState, plan: JobPlan): Promise<JobEnd> {
  try {
    if (setUp(job, plan)) await runAll(job, plan.body);
    return finish(job, plan.body);
  } catch (error) {
    if (!(error instanceof RunnerLost)) throw error;
    const text = 'The runner has received a shutdown signal or lost communication with the server.';
    annotate(job, { kind: 'error', message: text, step: 'Complete job' });
    return { conclusion: job.cancelled ? 'cancelled' : 'failure', outputs: {}, url: '' };
  } finally {
    killTracked(job.facts.trackingId);
  }
}

function setUp(job: JobState, { body, workflowEnv }: JobPlan): boolean {
  const { contexts, source } = job.facts;
  try {
    const first = only(contexts, 'github', 'inputs', 'vars', 'secrets');
    for (const [name, tree] of mappingOf(workflowEnv)) {
      job.env.set(name, words(tree, { contexts: first }));
    }
    const second = without(contexts, 'job', 'runner');
    const own = [...mappingOf(body.env)]
      .map(([name, tree]) => [name, words(tree, { contexts: second })] as const);
    for (const [name, value] of own) job.env.set(name, value);
    prepare(job, body.steps, source);
    return true;
  } catch (error) {
    if (!workflowsFault(error)) throw error;
    annotate(job, { kind: 'error', message: messageOf(error), step: 'Set up job' });
    job.status = 'failure';
    return false;
  }
}

/** Actions of other repositories are fetched before the first step: one missing fails the job. */
function prepare(job: JobState, steps: readonly StepDefinition[], self: Source): void {
  const { sources, builtins } = job.facts;
  for (const { does } of steps) {
    if (does.kind === 'run') continue;
    const used = usedBy(does.uses, { self, sources, builtins });
    if (used.kind !== 'repository') continue;
    const said = `${used.repository}/${used.path}@${used.ref}`;
    const { runs } = readAction(join(used.source.directory, used.path), said);
    if (runs.kind === 'composite') prepare(job, runs.steps, used.source);
  }
}

async function runAll(job: JobState, body: Body): Promise<void> {
  const frame = firstFrame(job);
  const posts: Posts = [];
  for (const definition of body.steps) await runJobStep(frame, planned(definition, posts));
  for (const post of posts.toReversed()) await runJobStep(frame, post);
}

/** The step "Complete job": its contexts see all that the steps left. */
function finish(job: JobState, body: Body): JobEnd {
  if (job.cancelled) job.status = 'cancelled';
  const contexts: Values = {
    ...job.facts.contexts,
    steps: stepsContext(job.results),
    env: Object.fromEntries(job.env),
  };
  const outputs: Record<string, string> = {};
  const ends = { url: '' };
  try {
    for (const [name, tree] of mappingOf(body.outputs)) {
      const value = words(tree, { contexts });
      if (value === '') continue;
      if (job.masks.apply(value) === value) outputs[name] = value;
      else {
        const message = `Skip output '${name}' since it may contain secret.`;
        annotate(job, { kind: 'warning', message, step: 'Complete job' });
      }
    }
    const url = words(mappingOf(body.environment).get('url'),
      { contexts: without(contexts, 'secrets') });
    ends.url = job.masks.apply(url) === url ? url : '';
  } catch (error) {
    if (!workflowsFault(error)) throw error;
    annotate(job, { kind: 'error', message: messageOf(error), step: 'Complete job' });
    job.status = job.status === 'cancelled' ? 'cancelled' : 'failure';
  }
  return { conclusion: job.status, outputs, url: ends.url };
}

function workflowsFault(error: unknown): boolean {
  return error instanceof StepError || error instanceof InvalidWorkflow
    || error instanceof ExpressionError || error instanceof ExpressionEvaluationError;
}

export function annotate(
  job: JobState,
  { kind, message, step }: { kind: 'error' | 'warning'; message: string; step: string },
): void {
  job.write(`##[${kind}]${message}`);
  job.annotations.push({ kind, message: job.masks.apply(message), properties: {}, step });
}
