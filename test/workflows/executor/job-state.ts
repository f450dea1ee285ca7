import type { Values } from './expressions.ts';
import { Masks } from './masks.ts';
import type { Tree } from './tree.ts';
import type { Conclusion, JobIdentity, Permissions } from './server.ts';
import type { Source, Sources } from './sources.ts';
import type { Builtins } from './builtins.ts';

/** `skipped` is a step's alone. */
export type Result = Exclude<Conclusion, 'skipped'>;

/** Success is bettered by nothing, a cancellation worsened by nothing. */
export function worse(one: Result | undefined, other: Result): Result {
  const rank: Record<Result, number> = { success: 0, failure: 1, cancelled: 2 };
  return one !== undefined && rank[one] >= rank[other] ? one : other;
}

export interface Annotation {
  readonly kind: 'error' | 'warning' | 'notice';
  readonly message: string;
  /** `file`, `line`, `title`, as the command gave them. */
  readonly properties: Readonly<Record<string, string>>;
  /** Name of the step as the page shows it. */
  readonly step: string;
}

export interface StepRecord {
  readonly name: string;
  readonly stage: 'main' | 'post';
  readonly conclusion: Conclusion;
  readonly outcome: Conclusion;
}

export interface Directories {
  readonly workspace: string;
  /** `RUNNER_TEMP`, empty at the job's start. */
  readonly temp: string;
  readonly home: string;
  readonly toolCache: string;
}

/** What does not change while a job runs. */
export interface JobFacts {
  readonly name: string;
  /** All contexts of the job but `env`, `steps`; `job` and `github` without what steps add. */
  readonly contexts: Values;
  readonly directories: Directories;
  /** Of every process: PATH, HOME, and what the test gives; never the test's own environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** Of JavaScript actions only: the runtime's token and address. */
  readonly actionEnv: Readonly<Record<string, string>>;
  /** Of JavaScript actions and scripts: how to ask for an ID token, if the job may. */
  readonly idTokenEnv: Readonly<Record<string, string>>;
  readonly nodes: Readonly<Record<'node20' | 'node24', string>>;
  readonly timeFactor: number;
  readonly minuteMs: number;
  readonly trackingId: string;
  readonly sources: Sources;
  readonly builtins: Builtins;
  /** Repository and commit of the workflow file that holds the job: what `$/` means in it. */
  readonly source: Source;
  readonly defaults: { readonly shell?: Tree; readonly directory?: Tree };
  readonly identity: JobIdentity;
  /** What an ID token of this job would say. */
  readonly claims: Readonly<Record<string, string>>;
  readonly permissions: Permissions;
}

export interface StepOutcome {
  outputs: Record<string, string>;
  outcome: Conclusion;
  conclusion: Conclusion;
}

/** The `steps` context of one list of steps. */
export type StepResults = Map<string, StepOutcome>;

/** What steps of one job change, and what is seen of it. */
export class JobState {
  readonly facts: JobFacts;
  readonly masks = new Masks();
  /** `job.status`. */
  status: Result = 'success';
  /** Workflow's and job's `env`, and what `$GITHUB_ENV` added. */
  readonly env = new Map<string, string>();
  /** `$GITHUB_PATH`: the last one comes first in PATH. */
  readonly path: string[] = [];
  readonly results: StepResults = new Map();
  readonly log: string[] = [];
  readonly summaries: string[] = [];
  readonly annotations: Annotation[] = [];
  readonly steps: StepRecord[] = [];
  cancelled = false;
  killed = false;
  readonly #cancelListeners = new Set<() => void>();
  readonly #logListeners = new Set<() => void>();

  constructor(facts: JobFacts) {
    this.facts = facts;
  }

  write(line: string): void {
    this.log.push(this.masks.apply(line));
    for (const listener of [...this.#logListeners]) listener();
  }

  onLog(listener: () => void): void {
    this.#logListeners.add(listener);
  }

  /** Steps that run are asked again whether they should, as the runner does. */
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    for (const listener of [...this.#cancelListeners]) listener();
  }

  /** @returns the end of listening. */
  onCancel(listener: () => void): () => void {
    this.#cancelListeners.add(listener);
    return () => { this.#cancelListeners.delete(listener); };
  }
}
