import type { KeepConfig, ObserveConfig } from '../config/config.ts';
import type { PlannedState } from '../state/spec.ts';
import type { PlannedCheck, Step, Way } from '../steps/step.ts';

export type { Phase, PlannedCheck, Step, Way } from '../steps/step.ts';

/** A procedure bound to one host's facts: every act, before anything runs. */
export interface Plan {
  readonly run: string;
  readonly application: string;
  readonly host: string;
  readonly records: string;
  readonly way: Way;
  readonly version: string;
  readonly digest: string;
  readonly previousVersion: string | undefined;
  readonly steps: readonly Step[];
  readonly checks: readonly PlannedCheck[];
  readonly states: readonly PlannedState[];
  readonly observe: ObserveConfig;
  readonly keep: KeepConfig;
  /** Directory of the releases, for retention. */
  readonly releases: string;
  /** PATH of the login. */
  readonly path: string;
  /** installed.json to be written at admission; `@TIME@` stands for the host's time. */
  readonly installed: string;
  /** sha256 of the installed.json that the plan was made for, or `none`. */
  readonly expectInstalled: string;
  /** Bytes that must be free, by the directory whose file system needs them. */
  readonly space: readonly { readonly directory: string; readonly bytes: number }[];
  /** sha256 of the host-independent steps. */
  readonly procedureDigest: string;
}
