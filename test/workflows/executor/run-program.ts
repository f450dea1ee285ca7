import { RunnerLost, StepError } from './errors.ts';
import { lineTaker } from './output.ts';
import { start, type Program, type ProgramEnd } from './processes.ts';
import type { StepContext } from './step.ts';

/** @returns the exit status; a signal counts as 128 and more, as .NET tells it. */
export async function runProgram(
  step: StepContext, program: Pick<Program, 'file' | 'args' | 'cwd' | 'env'>,
): Promise<number> {
  step.throwIfAborted();
  const running = start({
    ...program, onLine: lineTaker(step), timeFactor: step.job.facts.timeFactor,
  });
  const { code } = await step.stoppable(() => running.cancel(), ended(running.ended, step));
  return code ?? 137;
}

async function ended(end: Promise<ProgramEnd>, step: StepContext): Promise<ProgramEnd> {
  try {
    return await end;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new StepError(error.message);
    throw error;
  } finally {
    if (step.job.killed) throw new RunnerLost('the runner is gone');
  }
}
