import type { Builtins } from './builtins.ts';
import type { Loaded } from './called.ts';
import type { Concurrency } from './concurrency.ts';
import type { Values } from './expressions.ts';
import type { WorkflowsOptions } from './options.ts';
import type { WorkflowServer } from './server.ts';
import type { Sources } from './sources.ts';

/** What stays the same in all attempts of a run. */
export interface RunFacts {
  readonly options: WorkflowsOptions;
  readonly server: WorkflowServer;
  readonly sources: Sources;
  readonly builtins: Builtins;
  readonly concurrency: Concurrency;
  readonly directory: string;
  readonly loaded: Loaded;
  readonly runId: number;
  readonly runNumber: number;
  readonly eventName: string;
  readonly event: Values;
  /** Inputs of `workflow_dispatch`. */
  readonly inputs: Values;
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  /** Ids of jobs, unique in the repository. */
  readonly nextJobId: () => number;
}
