import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { Context } from '../steps/context.ts';
import type { Step } from '../steps/step.ts';
import { describeBefore, rest, trial } from '../steps/trial.ts';

/** Steps that others add around the procedure, in the order of their names. */
export interface TrialExtras {
  /** Before the procedure's first step. */
  readonly first: readonly Step[];
  /** After its last check, before all that only a rehearsal does. */
  readonly installed: readonly Step[];
  /** Before the way back. */
  readonly last: readonly Step[];
}

/**
 * Production's procedure with the trial around it (docs/decisions/0006-sea-trial.md). Its end is
 * `restored` by design; `procedureDigest` is that of the procedure alone. Pure.
 */
export function makeTrialPlan(context: Context, host: string, extras: TrialExtras): Plan {
  const plan = makePlan(context, host);
  const inPhase = (phase: Step['phase']): Step[] => plan.steps.filter((it) => it.phase === phase);
  const window = inPhase('window');
  const touched = window.findIndex((it) => !/^(?:close|serves|stop-\d+)$/.test(it.id));
  const [beforeBack, turnBack] = splitLast(trial(context));
  return {
    ...plan,
    steps: [
      rest(context), ...extras.first, ...inPhase('prepare'),
      ...window.slice(0, touched), describeBefore(context), ...window.slice(touched),
      ...extras.installed, ...beforeBack, ...extras.last, ...turnBack,
    ],
  };
}

function splitLast(steps: readonly Step[]): [readonly Step[], readonly Step[]] {
  return [steps.slice(0, -1), steps.slice(-1)];
}

/** The steps that production has too, for the window's length and the forecast. */
export function isOfProcedure(stepId: string): boolean {
  return !stepId.startsWith('trial-');
}
