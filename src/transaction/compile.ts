import { readFileSync } from 'node:fs';
import { command, raw, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import { render } from '../command/render.ts';
import { stateKinds, type StateKind } from '../state/spec.ts';
import { stateText } from '../state/text.ts';
import type { Plan, PlannedCheck, Step } from '../plan/plan.ts';

/** Written out one by one: the bundler finds a file only by its whole name. */
const files: Readonly<Record<string, URL>> = {
  core: new URL('./runtime/core.sh', import.meta.url),
  commands: new URL('./runtime/commands.sh', import.meta.url),
  files: new URL('./runtime/files.sh', import.meta.url),
  state: new URL('./runtime/state.sh', import.meta.url),
  services: new URL('./runtime/services.sh', import.meta.url),
  checks: new URL('./runtime/checks.sh', import.meta.url),
  rounds: new URL('./runtime/rounds.sh', import.meta.url),
  engine: new URL('./runtime/engine.sh', import.meta.url),
  lay: new URL('./runtime/lay.sh', import.meta.url),
  trial: new URL('./runtime/trial.sh', import.meta.url),
  forget: new URL('./runtime/forget.sh', import.meta.url),
  launch: new URL('./runtime/launch.sh', import.meta.url),
  start: new URL('./runtime/start.sh', import.meta.url),
  watch: new URL('./runtime/watch.sh', import.meta.url),
  recover: new URL('./runtime/recover.sh', import.meta.url),
  isolate: new URL('./runtime/isolate.sh', import.meta.url),
  outside: new URL('./runtime/outside.sh', import.meta.url),
};

const programFiles = ['core', 'commands', 'files', 'state', 'services',
  'checks', 'rounds', 'engine'] as const;

/** Parts of a rehearsal, by the verbs that ask for them: no other program carries them. */
const askedFor: Readonly<Record<string, readonly string[]>> = {
  isolate: ['isolate_network', 'isolate_by_command', 'isolate_not', 'still_isolated'],
  outside: ['writes_begin', 'writes_found'],
  lay: ['lay_parents', 'lay_record'],
  trial: ['rest', 'turn_back'],
  forget: ['forget_kept'],
};

/** Who started the run, for the lock and the records. */
export interface Origin {
  /** A person or a job: `deploy-with-backup of guestbook, run 17`; one line. */
  readonly by: string;
}

/**
 * The program of one plan: constants, the fixed runtime, one function for each do, undo and check.
 * Everything is in functions and the last line calls the first one, so that a program that was
 * cut short does nothing at all.
 */
export function compile(plan: Plan, origin: Origin): string {
  return [
    '#!/bin/sh',
    `# ${plan.application} ${plan.version}, run ${plan.run}. Written by Seatrial; do not edit.`,
    head(plan, origin),
    ...programFiles.map(runtimeText),
    ...partsAskedFor(plan).map(runtimeText),
    stateText(kindsAskedFor(plan)),
    eachStateText(plan),
    ...plan.steps.map((step, index) => stepText(step, number(index))),
    ...plan.checks.map((check, index) => checkText(check, number(index))),
    'main',
    '',
  ].join('\n');
}

function partsAskedFor(plan: Plan): string[] {
  const verbs = verbsOf(plan);
  return Object.keys(askedFor).filter((part) => askedFor[part]?.some((it) => verbs.includes(it)));
}

/** Of the states; and of the code that a rehearsal lays, which is a directory. */
function kindsAskedFor(plan: Plan): StateKind[] {
  const verbs = verbsOf(plan);
  return stateKinds.filter((kind) => plan.states.some((it) => it.kind === kind)
    || verbs.includes(`lay_${kind}`) || verbs.includes(`unlay_${kind}`)
    || (kind === 'directory' && verbs.includes('forget_releases')));
}

function verbsOf(plan: Plan): string[] {
  return plan.steps.flatMap((it) => [...it.do, ...it.undo]).flatMap((act) => {
    const [name] = act.argv;
    return typeof name === 'string' ? [name] : [];
  });
}

/** One fixed part, without its leading directives for the linter. */
export function runtimeText(name: string): string {
  const file = files[name];
  if (file === undefined) throw new Error(`no part of the runtime is called ${name}`);
  const text = readFileSync(file, 'utf8');
  return text.replace(/^# shellcheck shell=sh.*\n/, '');
}

export function number(index: number): string {
  return String(index + 1).padStart(2, '0');
}

function head(plan: Plan, origin: Origin): string {
  const constants: Record<string, string | number> = {
    APP: plan.application,
    RUN: plan.run,
    BASE: plan.records,
    VERSION: plan.version,
    DIGEST: plan.digest,
    BY: origin.by,
    RELEASES: plan.releases,
    STEPS: plan.steps.map((step, index) => `${step.phase}:${number(index)}`).join(' '),
    CHECKS: plan.checks.map((_, index) => number(index)).join(' '),
    OBSERVE_EVERY: plan.observe.everySeconds,
    OBSERVE_WITHIN: plan.observe.withinSeconds,
    KEEP_RELEASES: plan.keep.releases,
    KEEP_RESCUES: plan.keep.rescues,
    KEEP_FAILED: plan.keep.failed,
  };
  return [
    'set -u',
    'umask 022',
    'export LC_ALL=C',
    `PATH=${quote(plan.path)}`,
    'export PATH',
    ...Object.entries(constants).map(([name, value]) => `${name}=${quote(String(value))}`),
  ].join('\n');
}

/** `each_state COMMAND WORD…` runs it with KIND SPEC LABEL IDENTITY of each state added. */
function eachStateText(plan: Plan): string {
  return functionText('each_state', plan.states.map((it) => command(
    raw('"$@"', 'the command that each_state was given'), it.kind, it.spec, it.label,
    it.identity)));
}

function stepText(step: Step, index: string): string {
  return [
    `TITLE_${index}=${quote(step.title)}`,
    `BACK_${index}=${quote(step.back)}`,
    functionText(`do_${index}`, step.do),
    functionText(`undo_${index}`, step.undo),
  ].join('\n');
}

/** Each act only if the one before it succeeded. */
function functionText(name: string, acts: readonly Command[]): string {
  const lines = acts.map((act) => `  ${render(act)} || return`);
  return `${name}() {\n${lines.length === 0 ? '  :' : lines.join('\n')}\n}`;
}

function checkText(check: PlannedCheck, index: string): string {
  return [
    `CHECK_TITLE_${index}=${quote(check.title)}`,
    `CHECK_AFTER_${index}=${check.afterAdmission ? '1' : '0'}`,
    `check_${index}() {`,
    '  case $1 in',
    `    baseline) ${render(check.baseline)} ;;`,
    `    private) ${render(check.private)} ;;`,
    `    restored) ${render(check.restored)} ;;`,
    `    *) ${render(check.after)} ;;`,
    '  esac',
    '}',
  ].join('\n');
}
