/**
 * A workflow asks for something that this executor leaves out. It ends the test, never the step:
 * what is left out must not look like a step that failed, or like nothing.
 */
export class NotSupported extends Error {
  constructor(what: string) {
    super(`not supported by this executor: ${what}`);
    this.name = 'NotSupported';
  }
}

/** GitHub would refuse the workflow before any job starts ("startup failure"). */
export class InvalidWorkflow extends Error {
  readonly problems: readonly string[];
  constructor(path: string, problems: readonly string[]) {
    super(`${path} is not a valid workflow or action:\n${problems.join('\n')}`);
    this.name = 'InvalidWorkflow';
    this.problems = problems;
  }
}

/** A step cannot be run as it is written: it fails, with this text as an error in its log. */
export class StepError extends Error {}

/** The runner died: nothing more of this job happens, also no step with `always()`. */
export class RunnerLost extends Error {}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
