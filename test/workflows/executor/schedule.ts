import { legsOf, type Leg as MatrixLeg } from './matrix.ts';
import { isValues, resolve, type Scope, type Value, type Values } from './expressions.ts';
import { githubContext } from './job-facts.ts';
import { InvalidWorkflow } from './errors.ts';
import { makeJobRun } from './make-job-run.ts';
import { runCall } from './run-call.ts';
import {
  jobHolds, jobScope, together, withoutToken, type LegEnd, type NodeEnd, type Place,
} from './nodes.ts';
import type { JobRun } from './job-run.ts';
import type { JobDefinition } from './workflow.ts';

/** Runs all jobs of a workflow, each as soon as those that it needs have ended. */
export async function runJobs(place: Place): Promise<readonly NodeEnd[]> {
  const promises = new Map<string, Promise<NodeEnd>>();
  const end = (definition: JobDefinition): Promise<NodeEnd> => {
    const known = promises.get(definition.id);
    if (known !== undefined) return known;
    const needed = definition.needs.map((id) => end(find(place, id)));
    const made = Promise.all(needed).then((needs) => settle(place, definition, needs));
    promises.set(definition.id, made);
    return made;
  };
  return Promise.all(place.loaded.workflow.jobs.map(end));
}

function find(place: Place, id: string): JobDefinition {
  const { jobs, path } = place.loaded.workflow;
  const found = jobs.find((job) => job.id.toLowerCase() === id.toLowerCase());
  if (found === undefined) throw new InvalidWorkflow(path, [`no job '${id}'`]);
  return found;
}

async function settle(
  place: Place, definition: JobDefinition, needs: readonly NodeEnd[],
): Promise<NodeEnd> {
  const key = `${place.prefix}${definition.id}`;
  const end = await endOf({ place, definition, needs, key });
  place.attempt.ends.set(key, end);
  place.attempt.changed();
  return end;
}

/** One job of a workflow, before its `if` is asked. */
export interface Node {
  readonly place: Place;
  readonly definition: JobDefinition;
  readonly needs: readonly NodeEnd[];
  readonly key: string;
}

async function endOf(node: Node): Promise<NodeEnd> {
  const { place, definition, needs, key } = node;
  const { attempt } = place;
  const before = place.fresh || needs.some((each) => each.ran) ? undefined
    : attempt.previous.get(key);
  const isCall = definition.does.kind === 'call';
  if (before !== undefined && !isCall && !isAgain(before, node)) return { ...before, ran: false };
  const scope = jobScope(place, needs, contextOf(node));
  const ancestors = scopeAncestors(needs);
  const skipped: NodeEnd = {
    id: definition.id, result: 'skipped', outputs: {}, ancestors, ran: before === undefined,
    legs: new Map(),
  };
  if (before?.result === 'skipped' && isCall && !attempt.again(key, 'skipped')) {
    return { ...before, ran: false };
  }
  if (!jobHolds(definition, scope)) return skipped;
  if (definition.does.kind === 'call') {
    return runCall(node, { call: definition.does, scope, ancestors, before });
  }
  const legs = await runLegs(node, { scope, before });
  const results = [...legs.values()].map(({ job, mayFail }) =>
    job.conclusion === 'failure' && mayFail ? 'success' : job.conclusion ?? 'failure');
  return {
    id: definition.id, result: together(results), ancestors, ran: true, legs,
    outputs: mergedOutputs([...legs.values()].map((leg) => leg.job)),
  };
}

function isAgain(before: NodeEnd, { place: { attempt }, key }: Node): boolean {
  if (before.legs.size === 0) return attempt.again(key, before.result);
  return [...before.legs].some(([leg, { job }]) => attempt.again(leg, job.conclusion ?? 'failure'));
}

function scopeAncestors(needs: readonly NodeEnd[]): NodeEnd[] {
  return [...new Set(needs.flatMap((each) => [each, ...each.ancestors]))];
}

function contextOf({ place, definition }: Node): Values {
  const { attempt } = place;
  const { run, number, triggeringActor } = attempt;
  const identity = { runId: run.runId, attempt: number, jobId: 0 };
  return githubContext(run, { identity, triggeringActor, token: withoutToken, definition });
}

interface Legs {
  readonly scope: Scope;
  readonly before: NodeEnd | undefined;
}

/** All legs of the matrix, or the one job; a failed leg cancels the others unless told not to. */
async function runLegs(node: Node, { scope, before }: Legs): Promise<Map<string, LegEnd>> {
  const { definition, key, place } = node;
  const strategy = strategyOf(definition, scope);
  const ends = new Map<string, LegEnd>();
  const starting = strategy.legs.map((leg, index) => {
    const legKey = `${key}${leg.suffix}`;
    const kept = before?.legs.get(legKey);
    if (kept !== undefined && !place.attempt.again(legKey, kept.job.conclusion ?? 'failure')) {
      ends.set(legKey, kept);
      return () => Promise.resolve();
    }
    return () => startLeg(index, { leg, legKey });
  });
  const startLeg = async (
    index: number, { leg, legKey }: { leg: MatrixLeg; legKey: string },
  ): Promise<void> => {
    const context = { ...strategy.context, 'job-index': index };
    const { job, mayFail } = makeJobRun(node, { scope, key: legKey, leg, strategy: context });
    ends.set(legKey, { job, mayFail });
    if (strategy.stopped) job.cancel();
    await job.start();
    // The last one that ended with an output decides what `needs` shows of it.
    ends.delete(legKey);
    ends.set(legKey, { job, mayFail });
    if (job.conclusion !== 'failure' || mayFail || !strategy.failFast) return;
    strategy.stopped = true;
    for (const other of ends.values()) other.job.cancel();
  };
  await limited(starting, strategy.maxParallel);
  return ends;
}

interface Strategy {
  readonly legs: readonly MatrixLeg[];
  readonly failFast: boolean;
  readonly maxParallel: number;
  readonly context: Values;
  stopped: boolean;
}

function strategyOf(definition: JobDefinition, scope: Scope): Strategy {
  const strategy = resolve(definition.strategy, { contexts: scope.contexts });
  const given: Values = isValues(strategy) ? strategy : {};
  const matrix: Value = given.matrix ?? null;
  const legs = isValues(matrix) ? legsOf(matrix) : [{ matrix: {}, suffix: '' }];
  if (legs.length === 0) {
    throw new InvalidWorkflow(`jobs.${definition.id}`,
      ['Matrix vector does not contain any values']);
  }
  const failFast = given['fail-fast'] !== false;
  const maxParallel = Number(given['max-parallel'] ?? legs.length);
  return {
    legs, failFast, maxParallel, stopped: false,
    context: { 'fail-fast': failFast, 'max-parallel': maxParallel, 'job-total': legs.length },
  };
}

async function limited(starting: ReadonlyArray<() => Promise<void>>, most: number): Promise<void> {
  const left = [...starting];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await next();
  };
  await Promise.all(Array.from({ length: Math.max(1, most) }, worker));
}

function mergedOutputs(jobs: readonly JobRun[]): Record<string, string> {
  return jobs.reduce<Record<string, string>>((all, job) => ({ ...all, ...job.outputs }), {});
}

