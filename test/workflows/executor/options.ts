import type { Builtin } from './builtins.ts';
import type { Permissions, WorkflowServer } from './server.ts';

export interface WorkflowsOptions {
  readonly repository: RepositoryOptions;
  /** The stand-in for REST and artifacts; without one, steps must not ask for it. */
  readonly server?: WorkflowServer;
  /**
   * Folders of other repositories, by `owner/name` or `owner/name@ref`: their actions and their
   * reusable workflows.
   */
  readonly folders?: Readonly<Record<string, string>>;
  /** Stand-ins for foreign actions by `owner/name`, added to the executor's own. */
  readonly builtins?: Readonly<Record<string, Builtin>>;
  /** Programs that run JavaScript actions; the test's own node where they are not given. */
  readonly nodes?: { readonly node20?: string; readonly node24?: string };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly environments?: Readonly<Record<string, EnvironmentOptions>>;
  /** What the repository gives tokens where workflows say nothing. */
  readonly defaultPermissions?: Permissions;
  /** Added to the clean environment of every step: what a runner's image has. */
  readonly env?: Readonly<Record<string, string>>;
  /** PATH of every step. */
  readonly path?: string;
  /** Shortens the runner's waits between signals. 1: GitHub's. */
  readonly timeFactor?: number;
  /** How long a minute of `timeout-minutes` is. */
  readonly minuteMs?: number;
  /**
   * Whether jobs of a called workflow see secrets of their environment without
   * `secrets: inherit`. GitHub says yes, people report no: the default is what hurts.
   */
  readonly environmentSecretsInCalls?: 'always' | 'inherit-only';
}

export interface RepositoryOptions {
  readonly owner: string;
  readonly name: string;
  /** Path of a bare repository: what was pushed. */
  readonly bare: string;
  readonly defaultBranch?: string;
}

/** Rules of an environment are the server's; secrets no API tells. */
export interface EnvironmentOptions {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
}
