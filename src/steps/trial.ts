import type { Command } from '../command/command.ts';
import { entriesOf } from '../facts/gather.ts';
import { plannedStates, type PlannedState } from '../state/spec.ts';
import { label, linkInWindow, shellText, userOf, verb, type Context } from './context.ts';
import { serviceActs } from './services.ts';
import type { Step } from './step.ts';

/** Ids of the steps that only a rehearsal has: they are no part of the procedure. */
export const trialPrefix = 'trial-';

/** First of all: its undo is the last, and leaves staging closed whatever happened. */
export function rest(context: Context): Step {
  return {
    id: `${trialPrefix}rest`,
    title: 'Note how the copy is left',
    back: 'Stop the copy, and keep it from being started',
    phase: 'prepare',
    do: [],
    undo: [
      ...serviceActs(asOld(context)).map((it) => it.halt).reverse(),
      ...entriesOf(context.config.services).map((path) => verb('hide', path)),
      verb('rest'),
    ],
  };
}

/** What production runs, at the address that users have there: here nobody but the checks asks. */
export function startCopy(context: Context): Step {
  const acts = serviceActs(asOld(context)).filter((it) => !it.waitsForAdmission);
  return {
    id: `${trialPrefix}start-copy`,
    title: 'Start what production runs, on the copy',
    back: '',
    phase: 'prepare',
    do: [...acts.map((it) => it.publish),
      ...entriesOf(context.config.services).map((path) => verb('unhide', path)), verb('open_gate')],
    undo: [],
  };
}

/** The application is stopped, and nothing was changed: what undo must bring back. */
export function describeBefore(context: Context): Step {
  const states = plannedStates(context.config);
  const code = codeOf(context);
  return {
    id: `${trialPrefix}before`,
    title: 'Describe the data and the code that going back must bring back',
    back: 'Compare data and code with what they were before',
    phase: 'window',
    do: [verb('code_digest', 'before', ...code), ...states.map((it) => on('trial_before', it))],
    undo: [...states.map((it, index) => on('trial_after', it, nameOf(context, index))),
      verb('code_undone', ...code)],
  };
}

/** After the last check of the procedure, and before it would let users in. */
export function trial(context: Context): Step[] {
  return [
    ...stopNew(context, 'stop'),
    compare(context),
    ...startAgain(context),
    ...writingChecks(context),
    ...stopNew(context, 'stop-again'),
    ...oldCode(context),
    ...migrateAgain(context),
    turnBack(),
  ];
}

/** What replaces the code is compared by content, where a link leads included. */
function codeOf(context: Context): string[] {
  const { install } = context.config;
  return install.kind === 'releases' ? [linkInWindow(context.config)]
    : install.replaces.map((it) => it.path);
}

/** As if the new release were the one that runs: its own stop command ends it. */
function asNew(context: Context): Context {
  const { facts, target } = context;
  const installed = facts.installed === undefined ? undefined
    : { ...facts.installed, version: target.version };
  return { ...context, oldRelease: context.release, facts: { ...facts, installed } };
}

/** As if the old release were the one to be started. */
function asOld(context: Context): Context {
  const version = context.facts.installed?.version ?? context.target.version;
  return { ...context, release: context.oldRelease, target: { ...context.target, version } };
}

/** In the way that users' sessions end it: what the new code saves as it stops is looked at. */
function stopNew(context: Context, name: string): Step[] {
  const acts = serviceActs(asNew(context)).filter((it) => !it.waitsForAdmission);
  return acts.length === 0 ? [] : [{
    id: `${trialPrefix}${name}`,
    title: `Stop ${context.target.version}, so that it saves what it knows`,
    back: '',
    phase: 'window',
    do: acts.map((it) => it.stop).reverse(),
    undo: [],
  }];
}

function compare(context: Context): Step {
  return {
    id: `${trialPrefix}compare`,
    title: 'Compare the data of before and after',
    back: '',
    phase: 'window',
    do: plannedStates(context.config).map((it, index) =>
      on('trial_compare', it, nameOf(context, index))),
    undo: [],
  };
}

/** What the new code saved must load, and old records must still open. */
function startAgain(context: Context): Step[] {
  const acts = serviceActs(context).filter((it) => !it.waitsForAdmission);
  return acts.length === 0 ? [] : [{
    id: `${trialPrefix}start-again`,
    title: `Start ${context.target.version} a second time, and check`,
    back: `Stop ${context.target.version}`,
    phase: 'window',
    do: [...acts.map((it) => it.start), verb('attempt', 'second-start', 'check_rounds', 'private',
      context.config.observe.passes)],
    undo: acts.map((it) => it.halt).reverse(),
  }];
}

function writingChecks(context: Context): Step[] {
  const writes = context.config.checks.some((it) => it.kind === 'command' && it.writes
    && !it.beforeAdmission);
  return writes ? [{
    id: `${trialPrefix}writing`,
    title: 'Run the checks that write',
    back: '',
    phase: 'window',
    do: [verb('attempt', 'writing', 'trial_writing')],
    undo: [],
  }] : [];
}

/**
 * Whether code alone may go back after users were let in, at the address that they have: as going
 * back starts it.
 */
function oldCode(context: Context): Step[] {
  const code = oldCodeInPlace(context);
  if (code === undefined) return [];
  const acts = serviceActs(asOld(context)).filter((it) => !it.waitsForAdmission);
  const halts = acts.map((it) => it.halt).reverse();
  const tried = (act: Command): Command =>
    ({ ...act, argv: ['attempt', 'old-code', ...act.argv] });
  return [{
    id: `${trialPrefix}old-code`,
    title: 'Try the old code on the new data',
    back: 'Stop the old code',
    phase: 'window',
    do: [...code.put.map(tried), ...acts.map((it) => tried(it.startAgain)),
      tried(verb('check_rounds', 'restored', 1)), ...halts, ...code.end],
    undo: [...halts, ...code.undo],
  }];
}

interface OldCode {
  readonly put: readonly Command[];
  /** The new code is in its place again. */
  readonly end: readonly Command[];
  readonly undo: readonly Command[];
}

/** Where it was; of replaced trees a copy, since undo needs them as they were. */
function oldCodeInPlace(context: Context): OldCode | undefined {
  const { config: { install }, release, oldRelease } = context;
  if (install.kind === 'in-place') {
    if (context.way === 'first') return undefined;
    const each = (name: string): Command[] => install.replaces.map((it, index) =>
      verb(name, it.path, label('code', index)));
    return { put: each('try_old'), end: each('end_old'), undo: each('end_old') };
  }
  const link = linkInWindow(context.config);
  return oldRelease === '' ? undefined : { put: [verb('switch_link', link, oldRelease)],
    end: [verb('switch_link', link, release)], undo: [] };
}

function migrateAgain(context: Context): Step[] {
  const { migrate } = context.config.install;
  if (migrate.length === 0) return [];
  const states = plannedStates(context.config);
  const look = (when: string): Command[] => states.map((it) =>
    verb('attempt', 'again', 'trial_again', when, it.kind, it.spec, it.label));
  return [{
    id: `${trialPrefix}migrate-again`,
    title: 'Migrate a second time, which must change nothing',
    back: '',
    phase: 'window',
    do: [...look('before'), ...migrate.map((migration, index) =>
      verb('attempt', 'again-ran', 'run_once', label('again', index), userOf(migration),
        migration.timeoutSeconds, context.release, 'the second migration',
        shellText(context, migration.run, 'new'))), ...look('after')],
    undo: [],
  }];
}

function turnBack(): Step {
  return {
    id: `${trialPrefix}turn-back`,
    title: 'Turn back, as production would after a failure',
    back: '',
    phase: 'window',
    do: [verb('turn_back')],
    undo: [],
  };
}

function nameOf(context: Context, index: number): string {
  return context.config.state[index]?.name ?? '';
}

function on(name: string, state: PlannedState, ...more: readonly string[]): Command {
  return verb(name, state.kind, state.spec, state.label, ...more);
}
