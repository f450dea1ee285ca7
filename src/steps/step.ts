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
  /** The same for its undo: `Start guestbook.service again`; empty where none is needed. */
  readonly back: string;
  readonly phase: Phase;
  readonly do: readonly Command[];
  /** Makes the host equal to the state before `do`, also when `do` never ran. May be empty. */
  readonly undo: readonly Command[];
}

/** One check, as verbs that give a verdict: 0 pass, 1 fail, 2 no verdict. */
export interface PlannedCheck {
  readonly title: string;
  /** On what runs before the window. */
  readonly baseline: Command;
  /** Runs while users are out: the address is the private one. */
  readonly private: Command;
  /** After admission: the public address. */
  readonly after: Command;
  /** After going back: the old release at the public address. */
  readonly restored: Command;
  /** Never before admission. */
  readonly afterAdmission: boolean;
}

/** How the host stood before: nothing there, deployed by hand, by us; or we go back. */
export type Way = 'first' | 'adopted' | 'normal' | 'rollback';
