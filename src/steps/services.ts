import type { Command } from '../command/command.ts';
import type { CommandService, PidfileService, ServiceConfig, SystemdService }
  from '../config/config.ts';
import { triggersWork } from '../facts/gather.ts';
import { label, privateSetting, publicSetting, shellText, userOf, verb, type Bound, type Context }
  from './context.ts';

/** What a plan asks of one service, whatever kind it is. */
export interface ServiceActs {
  readonly title: string;
  /** A timer is started once users are let in: it would do the application's work before. */
  readonly waitsForAdmission: boolean;
  /** Writes down whether it runs, before anything keeps it from being started. */
  readonly note: Command;
  readonly stop: Command;
  /** The undo of stop: only what ran before runs again, with the old release. */
  readonly startAgain: Command;
  readonly start: Command;
  /** The undo of start. */
  readonly halt: Command;
  /** At admission: it runs, at the public address. */
  readonly publish: Command;
  /** Undefined where only the start command itself can tell. */
  readonly check: Command | undefined;
}

export function serviceActs(context: Context): ServiceActs[] {
  return context.config.services.map((service, index) => actsOf(context, service, index));
}

function actsOf(context: Context, service: ServiceConfig, index: number): ServiceActs {
  const name = label('service', index);
  switch (service.kind) {
    case 'systemd': return unitActs(context, service, name);
    case 'pidfile': return guarded(service, pidfileActs(context, service, name));
    case 'commands': return guarded(service, commandActs(context, service, name));
  }
}

function unitActs(context: Context, service: SystemdService, name: string): ServiceActs {
  const { unit } = service;
  const setting = privateSetting(context.config);
  const waitsForAdmission = triggersWork(unit);
  return {
    title: unit,
    waitsForAdmission,
    note: verb('note_active', name, 'unit_active', unit),
    stop: verb(waitsForAdmission ? 'stop_trigger' : 'stop_unit', unit, name),
    startAgain: verb('restart_unit_if_was_active', unit, name),
    start: setting === '-' ? verb('start_unit', unit) : verb('start_unit', unit, setting),
    halt: verb('halt_unit', unit),
    publish: setting === '-' ? verb('ensure_unit', unit) : verb('republish_unit', unit, name),
    check: verb('check_unit', unit),
  };
}

function pidfileActs(context: Context, service: PidfileService, name: string): ServiceActs {
  const { pidfile, start, stopSignal, stopTimeoutSeconds } = service;
  const starting = (bound: Bound): readonly [string, number, string] =>
    [userOf(start), start.timeoutSeconds, shellText(context, start.run, bound)];
  const [user, seconds, text] = starting('new');
  const setting = privateSetting(context.config);
  const shown = publicSetting(context.config);
  const [, , oldText] = starting('old');
  return {
    title: `the process of ${pidfile}`,
    waitsForAdmission: false,
    note: verb('note_active', name, 'pidfile_active', pidfile),
    stop: verb('stop_pidfile', pidfile, name, stopSignal, stopTimeoutSeconds),
    startAgain: verb('restart_pidfile_if_was_active', name, pidfile, user, seconds, shown, oldText),
    start: verb('start_pidfile', pidfile, user, seconds, setting, text),
    halt: verb('halt_pidfile', pidfile, stopSignal),
    publish: setting === '-'
      ? verb('ensure_pidfile', pidfile, user, seconds, shown, text)
      : verb('republish_pidfile', name, pidfile, stopSignal, user, seconds, shown, text),
    check: verb('check_pidfile', pidfile),
  };
}

function commandActs(context: Context, service: CommandService, name: string): ServiceActs {
  const user = userOf(service.start);
  const seconds = service.start.timeoutSeconds;
  const text = (which: 'start' | 'stop' | 'running', bound: Bound): string =>
    shellText(context, service[which].run, bound);
  const setting = privateSetting(context.config);
  const shown = publicSetting(context.config);
  const running = text('running', 'new');
  return {
    title: 'the service',
    waitsForAdmission: false,
    note: verb('note_active', name, 'running_command', user, seconds, text('running', 'old')),
    stop: verb('stop_by_command', name, user, seconds, text('stop', 'old'), text('running', 'old')),
    startAgain: verb('restart_by_command_if_was_active', name, user, seconds, shown,
      text('start', 'old'), text('running', 'old')),
    start: verb('start_command', user, seconds, setting, text('start', 'new')),
    halt: verb('halt_by_command', user, seconds, text('stop', 'new'), running),
    publish: setting === '-'
      ? verb('ensure_by_command', user, seconds, shown, text('start', 'new'), running)
      : verb('republish_by_command', name, user, seconds, shown, text('stop', 'new'),
        text('start', 'new'), running),
    check: verb('check_running', user, seconds, running),
  };
}

/** `{entry}` is resolved where it stands at that moment, hidden or not. */
function guarded(service: PidfileService | CommandService, acts: ServiceActs): ServiceActs {
  if (service.guard.kind === 'none') return acts;
  const { path } = service.guard;
  const wrap = (act: Command): Command => ({ argv: ['with_entry', path, ...act.argv] });
  return {
    ...acts,
    note: wrap(acts.note),
    stop: wrap(acts.stop),
    startAgain: wrap(acts.startAgain),
    start: wrap(acts.start),
    halt: wrap(acts.halt),
    publish: wrap(acts.publish),
    check: acts.check === undefined ? undefined : wrap(acts.check),
  };
}
