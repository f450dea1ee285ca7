import type { Secret } from '../secret.ts';

/**
 * A command is data: nothing runs until a transport is given it.
 * `argv` is always quoted when it is rendered; raw shell text needs `raw()` and a reason.
 */
export interface Command {
  /** Program and arguments. */
  readonly argv: readonly Argument[];
  /** Sent to the program's standard input; a Secret is never shown and never an argument. */
  readonly stdin?: string | Secret;
  /** Added to the environment; names are `[A-Za-z_][A-Za-z0-9_]*`. Never for secrets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute directory to run in. */
  readonly cwd?: string;
}

/** An argument, or shell text that a person wrote on purpose. */
export type Argument = string | RawShell;

export interface RawShell {
  readonly raw: string;
  /** Why this text may reach a shell unquoted. */
  readonly reason: string;
}

export function command(...argv: readonly Argument[]): Command {
  return { argv };
}

export function raw(text: string, reason: string): RawShell {
  return { raw: text, reason };
}
