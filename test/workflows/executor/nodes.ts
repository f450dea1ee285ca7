import type { Loaded } from './called.ts';
import { holds, only, type Scope, type Values } from './expressions.ts';
import type { JobRun } from './job-run.ts';
import { permissionsOf } from './permissions.ts';
import type { Conclusion, Permissions } from './server.ts';
import type { RunFacts } from './run-facts.ts';
import type { JobDefinition } from './workflow.ts';

/** How a job, its legs together, or a called workflow ended; kept for later attempts. */
export interface NodeEnd {
  readonly id: string;
  /** As `needs` tells it: a job that may fail has succeeded. */
  readonly result: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
  /** Every job that had to end before it. */
  readonly ancestors: readonly NodeEnd[];
  /** Something of it ran in this attempt. */
  readonly ran: boolean;
  /** By key; none where it was skipped, or where it is a call. */
  readonly legs: ReadonlyMap<string, LegEnd>;
}

export interface LegEnd {
  readonly job: JobRun;
  readonly mayFail: boolean;
}

/** A workflow at work: the run's own, or one that a job calls. */
export interface Place {
  readonly attempt: AttemptFacts;
  readonly loaded: Loaded;
  /** Ends of an attempt before do not count: something that it needs ran again. */
  readonly fresh: boolean;
  /** Empty, or `release/`: before the keys of its jobs. */
  readonly prefix: string;
  /** Empty, or `release / `: before the names of its jobs. */
  readonly title: string;
  readonly inputs: Values;
  readonly secrets: Readonly<Record<string, string>>;
  /** Secrets of an environment reach its jobs. */
  readonly environmentSecrets: boolean;
  /** What a token of its jobs may do at most. */
  readonly allowed: Permissions;
  /** Whether the jobs that call it would still run though the run is cancelled. */
  readonly callersHold: () => boolean;
}

export interface AttemptFacts {
  readonly run: RunFacts;
  readonly number: number;
  readonly triggeringActor: string;
  /** Ends of the attempt before, by key. */
  readonly previous: ReadonlyMap<string, NodeEnd>;
  /** Ends of this attempt. */
  readonly ends: Map<string, NodeEnd>;
  /** Whether a job that ended before is run again for its own sake. */
  readonly again: (key: string, conclusion: Conclusion) => boolean;
  readonly isCancelled: () => boolean;
  readonly add: (job: JobRun) => void;
  readonly changed: () => void;
}

export const withoutToken = 'no token before a job begins';

/** What the `if` of a job may see and ask. */
export function jobScope(place: Place, needs: readonly NodeEnd[], github: Values): Scope {
  const ancestors = [...new Set(needs.flatMap((each) => [each, ...each.ancestors]))];
  const asked = (ids: readonly string[]): readonly NodeEnd[] => ids.length === 0 ? ancestors
    : ancestors.filter((each) => ids.some((id) => id.toLowerCase() === each.id.toLowerCase()));
  const { isCancelled } = place.attempt;
  return {
    contexts: {
      github, needs: needsContext(needs), inputs: place.inputs,
      vars: { ...place.attempt.run.options.vars },
    },
    status: {
      success: (ids) => !isCancelled() && asked(ids).every((each) => each.result === 'success'),
      failure: (ids) => !isCancelled() && asked(ids).some((each) => each.result === 'failure'),
      cancelled: isCancelled,
    },
  };
}

export function needsContext(needs: readonly NodeEnd[]): Values {
  return Object.fromEntries(needs.map(({ id, outputs, result }) => [id, { outputs, result }]));
}

export function jobHolds(definition: JobDefinition, scope: Scope): boolean {
  return holds(definition.if, {
    ...scope, contexts: only(scope.contexts, 'github', 'needs', 'inputs', 'vars'),
  });
}

/** What its own `permissions` say, else the workflow's, else what the place allows. */
export function jobPermissions(place: Place, definition: JobDefinition): Permissions {
  return permissionsOf(definition.permissions)
    ?? permissionsOf(place.loaded.workflow.permissions) ?? place.allowed;
}

/** The worst of what happened; all skipped is skipped. */
export function together(results: readonly Conclusion[]): Conclusion {
  const worst = (['failure', 'cancelled', 'success'] as const)
    .find((each) => results.includes(each));
  return worst ?? 'skipped';
}
