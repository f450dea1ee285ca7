import { command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Plan } from '../plan/plan.ts';
import type { Report } from '../report/events.ts';
import type { Context } from '../steps/context.ts';
import { isolate, isolationTargets } from '../steps/isolate.ts';
import { closeOff, lay, type LaidPath } from '../steps/lay.ts';
import type { Step } from '../steps/step.ts';
import type { Followed } from '../transaction/follow.ts';
import { installedOnStaging, layContext, stagingPlan } from '../trial/lay-plan.ts';
import type { Pair } from './rehearse-look.ts';
import { execute, newRunId, type Acting } from './transaction.ts';

/** Staging, as the release that production runs sees it. */
export function stagingContext({ staging }: Pair, facts: {
  readonly productionFacts: HostFacts; readonly stagingFacts: HostFacts;
}): Context {
  const { installed } = facts.productionFacts;
  if (installed === undefined) throw new Error('nothing is installed on production');
  return layContext({ config: staging.config, facts: facts.stagingFacts,
    installed: installedOnStaging(installed, staging.config),
    run: newRunId(staging.world, facts.stagingFacts) });
}

/** The step that cuts staging off from all that production has. */
export function isolationStep(pair: Pair, context: Context, production: HostFacts): Step {
  return isolate(context, isolationTargets({ config: pair.production.config, facts: production },
    pair.staging.config));
}

export interface Closed {
  /** For its times. */
  readonly plan: Plan;
  /** What was tried as the application's users and was refused: `tcp 192.0.2.1 25`. */
  readonly proven: readonly string[];
}

/**
 * Before anything of production arrives on staging: the application there is stopped, cannot be
 * started, and is cut off.
 */
export async function closeStaging(pair: Pair, context: Context, production: HostFacts):
Promise<Closed> {
  const { staging } = pair;
  const plan = await carryOut(staging, context,
    closeOff(context, [isolationStep(pair, context, production)]));
  const proof = await staging.transport.run(command('cat', '--',
    `${staging.config.records}/runs/${plan.run}/isolation-proof`));
  return { plan, proven: provenBy(proof.stdout) };
}

/** Lines of the proof; what could not even be routed is as good as refused. */
function provenBy(text: string): string[] {
  return [...new Set(text.split('\n').flatMap((line) => {
    const target = /\b(?:refused|unroutable)\t.*?((?:tcp|udp) \S+ \d+)/.exec(line)?.[1];
    return target === undefined ? [] : [target];
  }))];
}

/** Makes staging what production is; nothing is started. */
export async function layStaging(pair: Pair, context: Context, laid: {
  readonly code: readonly LaidPath[]; readonly overlay: string; readonly production: HostFacts;
}): Promise<Plan> {
  const { staging } = pair;
  const now = { ...context, run: newRunId(staging.world, context.facts) };
  const installed = JSON.stringify({ schema: 1, ...context.facts.installed });
  return carryOut(staging, now, lay({ ...laid, context: now, installed,
    isolate: [isolationStep(pair, now, laid.production)] }));
}

/**
 * One transaction of the host without a window. Throws `refused` with what failed, `cancelled`, or
 * `running` where contact is lost; staging ends closed, and the next rehearsal begins anew.
 */
export async function carryOut(staging: Acting, context: Context, steps: readonly Step[]):
Promise<Plan> {
  const plan = stagingPlan(context, staging.host.name, steps);
  // Nobody is kept out or let in here: such words would frighten who reads along.
  const report: Report = (event) => {
    if (event.kind !== 'milestone') staging.world.report(event);
  };
  const followed = await execute({ ...staging, world: { ...staging.world, report } }, plan,
    { launch: launchOnStaging(context.facts), archive: undefined });
  if (followed.kind === 'ended' && followed.end.end === 'done') return plan;
  throw notReady(staging, plan, followed);
}

/** A cancelled one is cancelled, one that nobody watches any more goes on: neither is refused. */
function notReady(staging: Acting, plan: Plan, followed: Followed): SeatrialError {
  const place = `${staging.config.records}/runs/${plan.run} on ${staging.host.name}`;
  if (followed.kind === 'running') return unwatched(plan, followed.why);
  const ended = followed.kind === 'ended' ? followed.end : undefined;
  return new SeatrialError(ended?.end === 'cancelled' ? 'cancelled' : 'refused', [{
    message: `staging could not be made ready: ${ended?.text ?? 'the host does not know this run'}`,
    fix: `Production was only read. What happened stands in ${place}; mend it and run rehearse ` +
      'again.',
  }]);
}

/** Staging goes on by itself, and ends closed. */
export function unwatched(plan: Plan, why: string): SeatrialError {
  return new SeatrialError('running', [{
    message: why,
    fix: 'Production was only read. Staging goes on without a witness, and ends closed; run ' +
      `rehearse again when it has ended (seatrial attach --host staging --run ${plan.run}).`,
  }]);
}

/** Without a boot unit a rehearsal that dies is done again: nobody is told of it as a danger. */
export function launchOnStaging(facts: HostFacts): 'unit' | 'session' {
  return facts.hasBootUnit && facts.mayLaunchUnit ? 'unit' : 'session';
}
