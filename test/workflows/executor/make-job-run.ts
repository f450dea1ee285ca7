import {
  isValues, resolve, words, wordsOf, type Scope, type Value, type Values,
} from './expressions.ts';
import type { Wish } from './concurrency.ts';
import { displayName } from './job-facts.ts';
import { JobRun, type Before } from './job-run.ts';
import type { Leg as MatrixLeg } from './matrix.ts';
import { jobHolds, jobPermissions } from './nodes.ts';
import type { Node } from './schedule.ts';
import { isMap, type Tree } from './tree.ts';

interface Given {
  readonly scope: Scope;
  readonly key: string;
  readonly leg: MatrixLeg;
  readonly strategy: Values;
}

/** A leg's job: its expressions that GitHub evaluates before a runner has it are filled in. */
export function makeJobRun(node: Node, given: Given): { job: JobRun; mayFail: boolean } {
  const { place, definition } = node;
  const { attempt } = place;
  const { scope, key } = given;
  const early: Values = {
    ...scope.contexts, matrix: given.leg.matrix, strategy: given.strategy,
  };
  const body = definition.does.kind === 'steps' ? definition.does : undefined;
  const environment = environmentOf(body?.environment, { contexts: early });
  const jobId = attempt.run.nextJobId();
  const identity = {
    runId: attempt.run.runId, attempt: attempt.number, jobId,
    ...(environment === undefined ? {} : { environment: environment.name }),
  };
  const permissions = jobPermissions(place, definition);
  const own = attempt.run.options.environments?.[environment?.name ?? ''];
  const contexts = {
    ...early, vars: { ...attempt.run.options.vars, ...own?.vars },
  };
  const secrets = { ...place.secrets, ...(place.environmentSecrets ? own?.secrets : {}) };
  const number = (tree: Tree | undefined): number =>
    Number(resolve(tree, { contexts: early }) ?? 0);
  const before: Before = {
    environment,
    concurrency: wishOf(definition.concurrency, { contexts: early }),
    timeoutMinutes: number(body?.timeoutMinutes) || 360,
    cancelTimeoutMinutes: number(body?.cancelTimeoutMinutes),
  };
  const { suffix } = given.leg;
  const job = new JobRun({
    key, run: attempt.run, before, changed: attempt.changed,
    holds: () => jobHolds(definition, scope) && place.callersHold(),
    leg: {
      identity, definition, loaded: place.loaded, permissions, contexts, secrets,
      name: `${place.title}${displayName(definition, { contexts: early, suffix })}`,
      token: attempt.run.server.mintToken(identity, permissions),
      triggeringActor: attempt.triggeringActor,
    },
  });
  attempt.add(job);
  const mayFail = resolve(body?.continueOnError, { contexts: early }) === true;
  return { job, mayFail };
}

function environmentOf(tree: Tree | undefined, scope: Scope): Before['environment'] {
  if (tree === undefined) return undefined;
  const name = words(isMap(tree) ? tree.get('name') : tree, scope);
  if (name === '') return undefined;
  return { name, deployment: !isMap(tree) || tree.get('deployment') !== false };
}

export function wishOf(tree: Tree | undefined, scope: Scope): Wish | undefined {
  if (tree === undefined) return undefined;
  const value: Value = resolve(tree, scope);
  const mapping: Values = isValues(value) ? value : { group: value };
  const group = wordsOf(mapping.group);
  if (group === '') return undefined;
  const queue = mapping.queue === 'max' ? 'max' : 'single';
  return { group, queue, cancelInProgress: mapping['cancel-in-progress'] === true };
}
