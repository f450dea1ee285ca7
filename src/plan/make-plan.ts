import { createHash } from 'node:crypto';
import type { Command } from '../command/command.ts';
import { render } from '../command/render.ts';
import { plannedStates } from '../state/spec.ts';
import { admit, installedJson } from '../steps/admit.ts';
import { plannedChecks } from '../steps/checks.ts';
import type { Context } from '../steps/context.ts';
import { buildRelease, checkProduction, reserveSpace, spaceNeeded, stagePaths, unpackRelease }
  from '../steps/prepare.ts';
import { bringState, close, migrate, rescueState, servesAgain, startServices, stopServices,
  switchRelease, verify } from '../steps/window.ts';
import type { Plan, Step } from './plan.ts';

/** The order of things, for a deployment and for a rollback. */
export function stepsOf(context: Context): Step[] {
  const goesBack = context.way === 'rollback';
  return [
    ...checkProduction(context),
    ...(goesBack ? [] : [unpackRelease(context), ...buildRelease(context)]),
    ...stagePaths(context),
    reserveSpace(context),
    close(context),
    servesAgain(context),
    ...stopServices(context),
    ...rescueState(context),
    ...switchRelease(context),
    ...(goesBack ? bringState(context) : migrate(context)),
    ...startServices(context),
    verify(context),
    ...admit(context),
  ];
}

/** Binds the procedure to one host. Pure: nothing is asked, nothing runs. */
export function makePlan(context: Context, host: string): Plan {
  const { config, facts, target, way } = context;
  const steps = stepsOf(context);
  return {
    run: context.run,
    application: config.application,
    host,
    records: config.records,
    way,
    version: target.version,
    digest: target.digest,
    previousVersion: facts.installed?.version,
    steps,
    checks: plannedChecks(context),
    states: plannedStates(config),
    observe: config.observe,
    keep: config.keep,
    releases: `${config.install.kind === 'releases' ? config.install.directory : config.records}` +
      '/releases',
    path: facts.path,
    installed: installedJson(context),
    expectInstalled: facts.installedSha256,
    space: spaceNeeded(config, facts),
    procedureDigest: procedureDigest(context),
  };
}

/** sha256 over the same steps, bound to no host: two hosts that do the same have one digest. */
function procedureDigest(context: Context): string {
  const text = stepsOf(neutral(context)).map((step) =>
    [step.id, ...step.do.map(render), '--', ...step.undo.map(render)].join('\n')).join('\n');
  return createHash('sha256').update(text).digest('hex');
}

/** Every name that a host or a run gives stands for itself; sizes and file systems are unknown. */
function neutral(context: Context): Context {
  const { facts } = context;
  const rescues = [...facts.rescues].map(([run, kept]) =>
    [run, kept.map((it) => ({ ...it, place: '<rescue>' }))] as const);
  return {
    ...context,
    run: '<run>',
    rehearsal: '<rehearsal>',
    approval: undefined,
    release: '<release>',
    oldRelease: context.oldRelease === '' ? '' : '<old release>',
    facts: {
      ...facts,
      installedSha256: '<installed>',
      installed: facts.installed === undefined ? undefined
        : { ...facts.installed, version: '<old version>' },
      rescues: new Map(rescues),
      paths: new Map(),
      states: new Map(),
    },
  };
}

/** What a person reads before approving: every command, in order, with its way back. */
export function renderPlan(plan: Plan): string {
  const phases = { prepare: 'Beside the live system', window: 'Users are kept out',
    admit: 'Users are let in' } as const;
  const lines = [`Plan: ${plan.application} ${plan.previousVersion ?? '(nothing)'} -> ` +
    `${plan.version} on ${plan.host} (${plan.way})`];
  for (const phase of ['prepare', 'window', 'admit'] as const) {
    lines.push('', `${phases[phase]}:`);
    lines.push(...plan.steps.filter((it) => it.phase === phase).flatMap(stepLines));
  }
  lines.push('', 'Checks:', ...plan.checks.map((check) =>
    `  ${check.title}${check.afterAdmission ? ' (after users are let in)' : ''}`));
  lines.push('', `Procedure ${plan.procedureDigest.slice(0, 16)}`);
  return `${lines.join('\n')}\n`;
}

function stepLines(step: Step): string[] {
  const shown = (sign: string, acts: readonly Command[]): string[] =>
    acts.map((act) => `      ${sign} ${render(act).replaceAll('\n', '\n        ')}`);
  return [`  - ${step.title}`, ...shown('do  ', step.do), ...shown('undo', step.undo)];
}
