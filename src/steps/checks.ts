import type { Command } from '../command/command.ts';
import type { CheckConfig, Config, HttpCheck, RecordsCheck } from '../config/config.ts';
import { substitute } from '../config/placeholders.ts';
import { label, shellText, userOf, verb, type Bound, type Context } from './context.ts';
import { serviceActs } from './services.ts';
import type { PlannedCheck } from './step.ts';

type Mode = 'baseline' | 'private' | 'after' | 'restored';

/** The services themselves first, then what the configuration asks, in its order. */
export function plannedChecks(context: Context): PlannedCheck[] {
  const services = serviceActs(context).filter((acts) => !acts.waitsForAdmission)
    .flatMap(({ title, check }) => (check === undefined ? [] : [everywhere(title, check)]));
  const first = context.way === 'first';
  const asked = context.config.checks
    .map((check, index) => planned(context, check, label('check', index)))
    .filter((check) => !(first && check.title.startsWith('records ')));
  // Logs last: they then tell what the other checks of the same round caused, and a record that
  // does not open is named before the trace that it left.
  const isLog = (check: PlannedCheck): boolean => check.title.startsWith('log ');
  return [...services, ...asked.filter((it) => !isLog(it)), ...asked.filter(isLog)];
}

/** Log files that count from the moment that the new release starts. */
export function watchedLogs(config: Config): Command[] {
  return config.checks.flatMap((check, index) =>
    (check.kind === 'log' ? [verb('mark_log', check.file, label('check', index))] : []));
}

function everywhere(title: string, act: Command): PlannedCheck {
  return { title, baseline: act, private: act, after: act, restored: act, afterAdmission: false };
}

function planned(context: Context, check: CheckConfig, name: string): PlannedCheck {
  switch (check.kind) {
    case 'http':
      return { ...inModes((mode) => httpAct(context, check, mode)), afterAdmission: false,
        title: `http ${check.url}` };
    case 'log':
      return everywhere(`log ${check.file}`, verb('check_log', check.file, name,
        check.bad.join('\n'), check.allow.join('\n')));
    case 'command':
      return { ...inModes((mode) => verb('check_command', userOf(check.run),
        check.run.timeoutSeconds, check.unsure.join(' '),
        portText(context, shellText(context, check.run.run, boundIn(mode)), mode))),
      title: `command ${check.means ?? check.run.run}`.split('\n')[0] ?? 'command',
      afterAdmission: check.writes && !check.beforeAdmission };
    case 'records':
      return { ...inModes((mode) => recordsAct({ context, check, name, mode })),
        title: `records ${check.each}`, afterAdmission: false };
  }
}

function inModes(make: (mode: Mode) => Command): Pick<PlannedCheck, Mode> {
  return { baseline: make('baseline'), private: make('private'), after: make('after'),
    restored: make('restored') };
}

function boundIn(mode: Mode): Bound {
  return mode === 'private' || mode === 'after' ? 'new' : 'old';
}

function httpAct(context: Context, check: HttpCheck, mode: Mode): Command {
  return verb('check_http', address(context, check.url, mode), check.timeoutSeconds,
    check.contains ?? '', ...check.status.map(([low, high]) => `${low}-${high}`));
}

/** `{PORT}` is the private value while users are out, else the public one. */
function address(context: Context, url: string, mode: Mode): string {
  return substitute(url, { ...portValues(context, mode), id: '{id}' }, { text: 'url' });
}

function portValues(context: Context, mode: Mode): Record<string, string> {
  const { maintenance } = context.config;
  if (maintenance.kind !== 'private') return {};
  const value = mode === 'private' ? maintenance.privateValue : maintenance.publicValue;
  return { [maintenance.variable]: value };
}

/** A check command learns the address in force by the variable's own name. */
function portText(context: Context, text: string, mode: Mode): string {
  const [pair] = Object.entries(portValues(context, mode));
  return pair === undefined ? text : `${pair[0]}=${pair[1]}; export ${pair[0]}; ${text}`;
}

interface RecordsPart {
  readonly context: Context;
  readonly check: RecordsCheck;
  readonly name: string;
  readonly mode: Mode;
}

function recordsAct({ context, check, name, mode }: RecordsPart): Command {
  const url = address(context, check.each, mode);
  return mode === 'baseline'
    ? verb('freeze_records', name, userOf(check.ids), check.ids.timeoutSeconds, check.sample,
      portText(context, shellText(context, check.ids.run, 'old'), mode), url, check.timeoutSeconds)
    : verb('check_records', name, url, check.compare, check.timeoutSeconds,
      recordsOf(context, mode));
}

/**
 * The run whose baseline tells what the records must answer; `-` is this run itself. Going back
 * with the state brings back the records of before the release that is left, and no newer ones.
 */
function recordsOf({ goingBack }: Context, mode: Mode): string {
  return goingBack?.withState === true && mode !== 'restored' ? goingBack.from.run : '-';
}
