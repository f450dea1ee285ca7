import type { Command } from '../command/command.ts';
import { entriesOf } from '../facts/gather.ts';
import { watchedLogs } from './checks.ts';
import { label, linkInWindow, shellText, userOf, verb, type Context } from './context.ts';
import { firstLine } from './prepare.ts';
import { identityOf, specOf, titleOf } from '../state/spec.ts';
import { serviceActs } from './services.ts';
import type { Step } from './step.ts';

/** Users are kept out, and nothing can start the application but this transaction. */
export function close(context: Context): Step {
  const { maintenance, services } = context.config;
  const entries = entriesOf(services);
  const acts = serviceActs(context);
  const startAgain = (waits: boolean): Command[] =>
    acts.filter((it) => it.waitsForAdmission === waits).map((it) => it.startAgain);
  const on = maintenance.kind === 'commands' ? [verb('run_again', userOf(maintenance.on),
    maintenance.on.timeoutSeconds, 'the command that turns maintenance on',
    shellText(context, maintenance.on.run, 'old'))] : [];
  const off = maintenance.kind === 'commands' ? [verb('run_again', userOf(maintenance.off),
    maintenance.off.timeoutSeconds, 'the command that turns maintenance off',
    shellText(context, maintenance.off.run, 'old'))] : [];
  return {
    id: 'close',
    title: 'Keep users out and make the application unstartable',
    back: 'Let users in again',
    phase: 'window',
    do: [...acts.map((it) => it.note), ...on, verb('close_gate'),
      ...entries.map((path) => verb('hide', path))],
    // A host that went down behind the closed gate boots without services that nobody stopped.
    undo: [...startAgain(false), ...entries.map((path) => verb('unhide', path)),
      verb('open_gate'), ...startAgain(true), ...off],
  };
}

/** Does nothing going forward; going back, it is the proof that the old version serves. */
export function servesAgain(context: Context): Step {
  return {
    id: 'serves',
    title: 'Going back ends when the old version passes its checks',
    back: 'Check that the old version serves',
    phase: 'window',
    do: [],
    undo: context.way === 'first' ? [] : [
      ...serviceActs(context).filter((it) => !it.waitsForAdmission).map((it) => it.startAgain),
      verb('serves_again'),
    ],
  };
}

export function stopServices(context: Context): Step[] {
  return serviceActs(context).map((acts, index) => ({
    id: `stop-${index + 1}`,
    title: `Stop ${acts.title}`,
    back: acts.waitsForAdmission ? '' : `Start ${acts.title} again, if it ran`,
    phase: 'window' as const,
    do: [acts.stop],
    // A timer that is started behind the gate would lose what falls due until it opens.
    undo: acts.waitsForAdmission ? [] : [acts.startAgain],
  })).reverse();
}

export function rescueState(context: Context): Step[] {
  const first = context.way === 'first' ? 'first' : 'there';
  return context.config.state.map((state, index) => ({
    id: `rescue-${index + 1}`,
    title: `Copy ${titleOf(state)} aside and prove the copy`,
    back: `Swap the rescue copy of ${titleOf(state)} back`,
    phase: 'window' as const,
    do: [verb(`rescue_${state.kind}`, specOf(state), label('state', index), first)],
    undo: [verb(`restore_${state.kind}`, specOf(state), label('state', index))],
  }));
}

/** The switch: a rename of the link, or of each replaced tree, or the installer's own run. */
export function switchRelease(context: Context): Step[] {
  const { install } = context.config;
  if (install.kind === 'releases') return [switchLink(context)];
  const swaps = install.replaces.flatMap((replaced, index) =>
    (replaced.from === undefined ? [] : [{
      id: `replace-${index + 1}`,
      title: `Put the new ${replaced.path} in place`,
      back: `Put the old ${replaced.path} back`,
      phase: 'window' as const,
      do: [verb('replace', replaced.path, '-', label('code', index))],
      undo: [verb('put_back', replaced.path, '-', label('code', index))],
    }]));
  return install.run === undefined ? swaps : [...swaps, runInstaller(context)];
}

function switchLink(context: Context): Step {
  const link = linkInWindow(context.config);
  return {
    id: 'switch',
    title: `Switch to ${context.target.version}`,
    back: 'Switch the link back',
    phase: 'window',
    do: [verb('switch_link', link, context.release)],
    undo: [verb('switch_back', link, context.oldRelease === '' ? '-' : context.oldRelease)],
  };
}

function runInstaller(context: Context): Step {
  const { install } = context.config;
  const written = install.kind === 'in-place'
    ? install.replaces.map((it, index) => ({ ...it, name: label('code', index) }))
      .filter((it) => it.from === undefined) : [];
  const text = install.run?.run ?? '';
  const user = install.run === undefined ? '-' : userOf(install.run);
  return {
    id: 'install',
    title: `Run the installer: ${firstLine(text)}`,
    back: 'Put back the code that the installer wrote over',
    phase: 'window',
    do: [
      ...written.map((it) => verb('will_overwrite', it.name)),
      verb('run_once', 'install', user, install.run?.timeoutSeconds ?? 0, context.release,
        'the installer', shellText(context, text, 'new')),
    ],
    undo: written.map((it) => verb('put_back', it.path, '-', it.name)),
  };
}

export function migrate(context: Context): Step[] {
  return context.config.install.migrate.map((migration, index) => ({
    id: `migrate-${index + 1}`,
    title: `Migrate: ${firstLine(migration.run)}`,
    back: '',
    phase: 'window' as const,
    do: [verb('run_once', label('migrate', index), userOf(migration), migration.timeoutSeconds,
      context.release, 'the migration', shellText(context, migration.run, 'new'))],
    undo: [],
  }));
}

/** Rollback with state: the rescue copy that was made before the release that is left. */
export function bringState(context: Context): Step[] {
  const { goingBack } = context;
  if (goingBack?.withState !== true) return [];
  const rescues = context.facts.rescues.get(goingBack.from.run) ?? [];
  return context.config.state.flatMap((state, index) => {
    const rescue = rescues.find((it) => it.kind === state.kind
      && it.path === identityOf(state));
    return rescue === undefined ? [] : [{
      id: `bring-${index + 1}`,
      title: `Put ${titleOf(state)} back to before ${goingBack.from.version}`,
      back: `Remove the half of ${titleOf(state)} that was being brought`,
      phase: 'window' as const,
      do: [verb(`bring_${state.kind}`, specOf(state), label('state', index), rescue.place)],
      undo: [verb(`unbring_${state.kind}`, specOf(state), label('state', index))],
    }];
  });
}

export function startServices(context: Context): Step[] {
  return serviceActs(context).flatMap((acts, index) => (acts.waitsForAdmission ? [] : [{
    id: `start-${index + 1}`,
    title: `Start ${acts.title}, for us alone`,
    back: `Stop ${acts.title}`,
    phase: 'window' as const,
    do: [...marks(context, index), acts.start],
    undo: [acts.halt, ...marks(context, index)],
  }]));
}

/**
 * Log lines count from the first start on, and again from the moment of going back. Where nothing
 * is started they count from the first check.
 */
function marks(context: Context, index: number): readonly Command[] {
  return index === firstStarted(context) ? watchedLogs(context.config) : [];
}

function firstStarted(context: Context): number {
  return serviceActs(context).findIndex((acts) => !acts.waitsForAdmission);
}

export function verify(context: Context): Step {
  const { passes } = context.config.observe;
  const unmarked = firstStarted(context) < 0 ? watchedLogs(context.config) : [];
  return {
    id: 'verify',
    title: `Check and observe: ${passes} rounds that pass`,
    back: unmarked.length === 0 ? '' : 'Look at log lines from here on',
    phase: 'window',
    do: [...unmarked, verb('check_rounds', 'private', passes)],
    undo: unmarked,
  };
}
