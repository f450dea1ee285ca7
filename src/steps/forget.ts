import { plannedStates } from '../state/spec.ts';
import { verb, type Context } from './context.ts';
import { closeStaging, step } from './lay.ts';
import type { Step } from './step.ts';

/** A tree or file of production's code that lies on staging beside its releases. */
export interface ForgottenPath {
  readonly title: string;
  readonly spec: string;
}

/**
 * Nothing of production stays on staging: its data, its code, what rehearsals have kept and written
 * down. The application stays closed; there is nothing left to start.
 */
export function forget(context: Context, code: readonly ForgottenPath[]): Step[] {
  const { config } = context;
  return [
    closeStaging(context),
    step('lay-forget-kept', 'Remove what rehearsals have kept and written down',
      [verb('forget_kept')]),
    ...plannedStates(config).map((state, index) => step(`lay-forget-${state.label}`,
      `Remove the copy of ${config.state[index]?.name ?? state.label}`,
      [verb('forget_state', state.kind, state.spec, state.label)])),
    ...code.map((it, index) => step(`lay-forget-code${index + 1}`,
      `Remove production's ${it.title}`,
      [verb('unlay_directory', it.spec)])),
    ...(config.install.kind === 'releases' ? [step('lay-forget-releases',
      'Remove the releases that were copied',
      [verb('forget_releases', config.install.directory)])] : []),
  ];
}
