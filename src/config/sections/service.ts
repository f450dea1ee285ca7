import type {
  CommandService, Guard, PidfileService, ServiceConfig, SystemdService, UserCommand,
} from '../config.ts';
import { later } from '../later.ts';
import { placeholdersOf, shellPlaceholders } from '../placeholders.ts';
import { forms, list, oneOrMore } from '../shape/collections.ts';
import { defaulted, object, optional, required, variants, type Fields } from '../shape/object.ts';
import { choice, text } from '../shape/scalars.ts';
import { mapped, marked, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';
import { absolutePath, duration, reason, userCommand, userName } from './values.ts';

const suffixes = 'service|timer|socket|path|target';
const stopSeconds = 60;

/** A unit name is part of file names and of commands: nothing but the letters systemd names. */
const unit: Shape<string> = mapped(text({
  expects: 'the name of a systemd unit such as guestbook.service',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,240}$',
  fix: 'Letters, digits and :_.@- are allowed; the first is a letter, a digit or _.',
}), (name, at) => {
  const full = new RegExp(`\\.(?:${suffixes})$`).test(name) ? name : `${name}.service`;
  if (full.includes('@.')) {
    return refuse(at, 'is a template: it cannot be started', 'Name an instance: mail@one.service.');
  }
  at.report.mark({ role: 'unit', value: full, ...at });
  return full;
});

const units = oneOrMore(unit, { expects: 'a list of units', min: 1 });

const systemd: Shape<readonly ServiceConfig[]> = mapped(object<{ systemd: readonly string[] }>({
  systemd: required(units,
    'One unit or several, workers and timers too; stopped from the last to the first.'),
}, { expects: 'the key systemd', later: later.service }),
(it) => it.systemd.map((name): SystemdService => ({ kind: 'systemd', unit: name })));

interface GuardKeys {
  readonly entry: string | undefined;
  readonly unguarded: string | undefined;
}

const guardFields: Fields<GuardKeys> = {
  entry: optional(marked('entry', absolutePath),
    'Path that the service cannot be started without; it is renamed away in the window.'),
  unguarded: optional(reason, 'Why it cannot be kept from being started by hand in the window.'),
};

const startField = required(
  userCommand({ role: 'shell', allowed: shellPlaceholders }),
  'Starts it in the background; safe to repeat. {entry} is the path of `entry` in force.');

const userField = optional(userName, 'User of all commands here that do not name their own.');

interface PidfileKeys extends GuardKeys {
  readonly pidfile: string;
  readonly start: UserCommand;
  readonly 'stop-signal': PidfileService['stopSignal'];
  readonly 'stop-timeout': number;
  readonly user: string | undefined;
}

const pidfile: Shape<readonly ServiceConfig[]> = mapped(object<PidfileKeys>({
  pidfile: required(marked('pidfile', absolutePath), 'File that holds its process number.'),
  start: startField,
  'stop-signal': defaulted(choice(['TERM', 'INT', 'QUIT', 'HUP']), 'Signal that stops it.', 'TERM'),
  'stop-timeout': defaulted(duration, 'How long stopping may take.', stopSeconds),
  user: userField,
  ...guardFields,
}, { expects: 'the keys pidfile, start, user, entry and others', later: later.service }),
(it, at) => withGuard(it, at, (guard): PidfileService => ({
  kind: 'pidfile', pidfile: it.pidfile, start: ownedBy(it.user, it.start),
  stopSignal: it['stop-signal'], stopTimeoutSeconds: it['stop-timeout'], guard,
})));

interface CommandKeys extends GuardKeys {
  readonly start: UserCommand;
  readonly stop: UserCommand;
  readonly running: UserCommand;
  readonly user: string | undefined;
}

const commands: Shape<readonly ServiceConfig[]> = mapped(object<CommandKeys>({
  start: startField,
  stop: required(userCommand({ role: 'shell' }),
    'Stops it and returns when it has stopped; safe to repeat.'),
  running: required(userCommand({ role: 'shell' }),
    'Exit 0: it runs; 1 or 3: it does not run; anything else: could not tell.'),
  user: userField,
  ...guardFields,
}, { expects: 'the keys start, stop, running, user, entry', later: later.service }),
(it, at) => withGuard(it, at, (guard): CommandService => ({
  kind: 'commands', start: ownedBy(it.user, it.start), stop: ownedBy(it.user, it.stop),
  running: ownedBy(it.user, it.running), guard,
})));

function ownedBy(user: string | undefined, command: UserCommand): UserCommand {
  return { ...command, user: command.user ?? user };
}

function withGuard(
  it: GuardKeys & { readonly start: UserCommand }, at: At, build: (guard: Guard) => ServiceConfig,
): readonly ServiceConfig[] | Invalid {
  if (it.entry !== undefined && it.unguarded !== undefined) {
    return refuse(at, 'has both `entry` and `unguarded`', 'Keep one of them.');
  }
  if (it.entry !== undefined) return [build({ kind: 'entry', path: it.entry })];
  if (it.unguarded === undefined) {
    return refuse(at, 'could be started by hand while users are kept out',
      'Name as `entry` a path that it cannot be started without, or write unguarded: reason.');
  }
  if (placeholdersOf(it.start.run).includes('entry')) {
    return refuse(at, 'uses {entry} in `start`, and has no `entry`', 'Name the path as `entry`.');
  }
  return [build({ kind: 'none', reason: it.unguarded })];
}

const one: Shape<readonly ServiceConfig[]> = variants([
  { keys: ['systemd'], shape: systemd },
  {
    keys: ['pidfile', 'stop-signal', 'stop-timeout', 'start', 'user', 'entry', 'unguarded'],
    shape: pidfile,
  },
  { keys: ['running', 'stop', 'start', 'user', 'entry', 'unguarded'], shape: commands },
], {
  expects: '{ systemd }, { pidfile, start } or { start, stop, running }',
  fix: 'For a systemd unit write service: { systemd: guestbook }.',
  later: later.service,
});

/** What is stopped in the window; `[]` says that there is nothing. */
export const service: Shape<readonly ServiceConfig[]> = forms<readonly ServiceConfig[]>({
  expects: `${one.expects}, or a list of these`,
  map: one,
  list: mapped(list(one, { expects: 'a list of services' }), (it) => it.flat()),
});
