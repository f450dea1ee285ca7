import type { Command } from '../command/command.ts';
import { entriesOf } from '../facts/gather.ts';
import { plannedStates } from '../state/spec.ts';
import { linkInWindow, verb, type Context } from './context.ts';
import { serviceActs } from './services.ts';
import type { Step } from './step.ts';

/** Production's code as it stands on staging: a tree or a file that is laid from its copy. */
export interface LaidPath {
  /** What a person reads. */
  readonly title: string;
  readonly spec: string;
  /** `code1`, `shared2`: under this label its copy is kept. */
  readonly label: string;
}

export interface LayInput {
  /** Bound to staging, with the release that production runs as the old and the new one. */
  readonly context: Context;
  readonly code: readonly LaidPath[];
  /** Directory on staging with files to lay over the copy, an absolute tree; empty: none. */
  readonly overlay: string;
  /** Production's installed.json, as text for staging. */
  readonly installed: string;
  /** Sees, before anything of the application starts, that it is still cut off. */
  readonly stillIsolated: readonly Step[];
}

/**
 * First of all on staging, before anything of production arrives there: nothing of the application
 * runs or can be started, and it is cut off.
 */
export function closeOff(context: Context, isolate: readonly Step[]): Step[] {
  return [closeStaging(context), ...isolate];
}

/**
 * Staging becomes what production is: data, code, settings, and started. All of it is done beside
 * no live system: the phase is `prepare`, and what fails leaves staging closed.
 */
export function lay(input: LayInput): Step[] {
  const { context } = input;
  return [
    closeStaging(context),
    ...plannedStates(context.config).map((state, index) => step(`lay-${state.label}`,
      `Lay a fresh copy of ${context.config.state[index]?.name ?? state.label}`,
      [verb(`lay_${state.kind}`, state.spec, state.label)])),
    ...layCode(input),
    ...(input.overlay === '' ? [] : [step('lay-overlay', 'Lay the files of staging over the copy',
      [verb('lay_overlay', input.overlay)])]),
    ...input.stillIsolated,
    step('lay-record', 'Record what production has installed',
      [verb('lay_record', input.installed)]),
    startOld(context),
  ];
}

function closeStaging(context: Context): Step {
  const closed = [verb('close_gate'), ...serviceActs(context).map((it) => it.halt).reverse(),
    ...entriesOf(context.config.services).map((path) => verb('hide', path))];
  return { ...step('lay-close', 'Stop what runs on staging, and keep it from being started', closed),
    back: 'Stop what was started, and keep it from being started', undo: closed };
}

function layCode({ context, code }: LayInput): Step[] {
  const link = linkInWindow(context.config);
  return [
    ...code.map((it) => step(`lay-${it.label}`, `Lay production's ${it.title}`,
      [verb('lay_directory', it.spec, it.label)])),
    ...(link === '' ? [] : [step('lay-link', 'Switch to the release that production runs',
      [verb('switch_link', link, context.oldRelease)])]),
  ];
}

/** At the address that users have in production: nobody reaches it here but the checks. */
function startOld(context: Context): Step {
  const acts = serviceActs(context).filter((it) => !it.waitsForAdmission);
  const open: Command[] = [...entriesOf(context.config.services).map((path) => verb('unhide', path)),
    verb('open_gate')];
  return step('lay-start', 'Start what production runs, on the copy',
    [...acts.map((it) => it.publish), ...open]);
}

function step(id: string, title: string, acts: readonly Command[]): Step {
  return { id, title, back: '', phase: 'prepare', do: acts, undo: [] };
}
