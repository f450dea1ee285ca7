import type { Values } from './expressions.ts';
import type { JobFacts } from './job-state.ts';

/** A stand-in for a foreign action, run inside the executor. */
export interface Builtin {
  /** Inputs with their defaults; others are refused, for we would not know what they do. */
  readonly inputs: Readonly<Record<string, string>>;
  main(call: BuiltinCall): Promise<void>;
  post?(call: BuiltinCall): Promise<void>;
}

export interface BuiltinCall {
  readonly inputs: Readonly<Record<string, string>>;
  readonly github: Values;
  readonly facts: JobFacts;
  readonly state: Map<string, string>;
  output(name: string, value: string): void;
  /** Fails the step where it says so by throwing StepError; else only a line in the log. */
  log(line: string): void;
}

/** By `owner/name` in lower case, whatever ref the workflow pins. */
export type Builtins = ReadonlyMap<string, Builtin>;
