import type { Command } from '../command/command.ts';

/** `prepare`: beside the live system; `window`: users are out; `admit`: after the commit. */
export type Phase = 'prepare' | 'window' | 'admit';

/**
 * One step of a plan. Every act is a Command whose program is a verb of the runtime
 * (src/transaction/runtime), so that a plan is data to its last word.
 */
export interface Step {
  /** `[a-z0-9-]+`, unique in a plan. */
  readonly id: string;
  /** What a person reads, in the imperative: `Stop guestbook.service`. */
  readonly title: string;
  readonly phase: Phase;
  readonly do: readonly Command[];
  /** Makes the host equal to the state before `do`, also when `do` never ran. May be empty. */
  readonly undo: readonly Command[];
}

/** The checks of the release, one command each, that print nothing and give a verdict. */
export interface PlannedCheck {
  readonly title: string;
  /** Runs while users are out: the address is the private one. */
  readonly private: Command;
  /** Runs before the window and after admission: the public address. */
  readonly public: Command;
  /** Never before admission. */
  readonly afterAdmission: boolean;
}

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
  readonly observe: { passes: number; everySeconds: number; withinSeconds: number };
  /** installed.json to be written at admission; `@TIME@` stands for the host's time. */
  readonly installed: string;
  /** sha256 of the installed.json that the plan was made for, or `none`. */
  readonly expectInstalled: string;
  /** Bytes that must be free, by the directory whose file system needs them. */
  readonly space: readonly { readonly directory: string; readonly bytes: number }[];
  /** sha256 of the host-independent steps. */
  readonly procedureDigest: string;
}

/** How the host stood before: nothing there, deployed by hand, or by us. */
export type Way = 'first' | 'adopted' | 'normal' | 'rollback';
