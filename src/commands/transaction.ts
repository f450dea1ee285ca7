import { SeatrialError, type End, type Problem } from '../errors.ts';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Transport } from '../host/transport.ts';
import type { Plan } from '../plan/plan.ts';
import { follow, startRecovery, type Followed } from '../transaction/follow.ts';
import { parseJournal, endOf, type Titles } from '../transaction/journal.ts';
import { cancelledEarly, startTransaction, showPlanCommand, titlesOf, type Launch }
  from '../transaction/start.ts';
import type { Host } from './host.ts';
import type { World } from './world.ts';

/** What the commands that act on a host share. */
export interface Acting {
  readonly config: Config;
  readonly options: RawOptions;
  readonly world: World;
  readonly host: Host;
  readonly transport: Transport;
}

export function launchOf(facts: HostFacts, world: World): Launch {
  if (facts.hasBootUnit && facts.mayLaunchUnit) return 'unit';
  world.report({ kind: 'warning', text: facts.hasSystemd
    ? 'no boot unit: if the host reboots in the window, users stay out until the next run or ' +
      '`seatrial recover`; `seatrial doctor --install` mends it'
    : 'no systemd: if the program is killed or the host reboots in the window, users stay out ' +
      'until the next run or `seatrial recover`' });
  return 'session';
}

/**
 * `20261125T200755Z-ab12cd`: sorts by time, and two of one second differ. Later than every run that
 * the host knows, whatever the clock here says: retention and rollback go by this order.
 */
export function newRunId(world: Pick<World, 'now' | 'random'>, facts: HostFacts): string {
  const known = [facts.installed?.run ?? '', ...facts.history.map((it) => it.run),
    ...facts.rescues.keys(), ...facts.failed];
  const after = Math.max(...known.map(secondOf)) + 1000;
  const time = new Date(Math.max(world.now().getTime(), after));
  return `${time.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')}-${world.random(3)}`;
}

/** Milliseconds since 1970 of a run id; 0 of anything else. */
function secondOf(run: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(run) ?? [];
  const [year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Sends a plan, watches it to its end. */
export async function execute(acting: Acting, plan: Plan, input: {
  readonly launch: Launch; readonly archive: string | undefined;
  /** How it was approved: who finds the host busy reads that as well. */
  readonly approval?: string | undefined;
}): Promise<Followed> {
  const { world, transport } = acting;
  if (world.cancel.aborted) throw cancelledEarly();
  world.report({ kind: 'phase', text: `sending the release and the plan to ${acting.host.name}` });
  const started = await startTransaction(transport,
    { ...input, plan, origin: { by: byLine(world.by, input.approval) }, cancel: world.cancel },
    world.report);
  switch (started.kind) {
    case 'busy': throw busy(started.owner, acting.options);
    case 'unfinished': throw new SeatrialError('busy', [{
      message: `transaction ${started.run} became unfinished on the host in the meantime`,
      fix: 'Run it again: an unfinished transaction is finished first.',
    }]);
    case 'started':
      world.started(plan.run, acting.options.host);
      return watchRun(acting, { run: plan.run, titles: titlesOf(plan),
      launch: input.launch });
  }
}

/** A person who confirmed it is in the approval already. */
function byLine(by: string, approval: string | undefined): string {
  if (approval === undefined) return by;
  return approval.includes(by) ? approval : `${by}, ${approval}`;
}

/** @param at which host is busy: people watch it by that name. */
export function busy(owner: Readonly<Record<string, string>>,
  { host }: Pick<RawOptions, 'host'>): SeatrialError {
  const where = host === 'production' ? '' : ` --host ${host}`;
  return new SeatrialError('busy', [{
    message: `another transaction runs: ${owner['version'] ?? 'a release'} by ` +
      `${owner['by'] ?? 'somebody'}, since ${owner['since'] ?? 'a while'} ` +
      `(run ${owner['run'] ?? '?'})`,
    fix: `Watch it: seatrial attach --run ${owner['run'] ?? '?'}${where}. Once it has ended, run ` +
      'this again.',
  }]);
}

interface RunToWatch {
  readonly run: string;
  readonly titles: Titles;
  readonly launch: Launch;
}

export function watchRun(acting: Acting, run: RunToWatch): Promise<Followed> {
  const { world, config, options } = acting;
  return follow({
    ...run,
    open: () => acting.host.open(),
    transport: acting.transport,
    application: config.application,
    records: config.records,
    report: world.report,
    cancel: world.cancel,
    clock: world.clock,
    sleep: world.sleep,
    watchMsMax: options['watch-minutes'] * 60_000,
  });
}

/** Titles from the plan that the host keeps; another version of Seatrial may have made it. */
export async function titlesOnHost(acting: Acting, run: string): Promise<Titles> {
  const result = await acting.transport.run(showPlanCommand(acting.config.records, run));
  try {
    return titlesOf(JSON.parse(result.stdout) as Plan);
  } catch {
    return { steps: {}, checks: {} };
  }
}

/** The end that an unfinished run was left with, where a person was asked. */
export function needsHuman(facts: HostFacts): string | undefined {
  const last = parseJournal(facts.unfinishedJournal).map(endOf).filter((it) => it !== undefined)
    .at(-1);
  return last?.end === 'needs-human' ? last.text : undefined;
}

/**
 * P12: a dead transaction is finished before anything else. Gives its end, or undefined where
 * there was none. Refuses where a person was asked.
 */
export async function finishDead(acting: Acting, facts: HostFacts): Promise<End | undefined> {
  const { unfinished } = facts;
  if (unfinished === undefined || facts.lock === 'held') return undefined;
  const question = needsHuman(facts);
  if (question !== undefined) {
    throw new SeatrialError('refused', [needsHumanProblem(unfinished, question)]);
  }
  acting.world.report({ kind: 'phase',
    text: `finishing the dead transaction ${unfinished} first` });
  const launch = launchOf(facts, acting.world);
  const started = await startRecovery({ ...acting, ...acting.config, launch, force: false });
  if (started.kind === 'nothing') return undefined;
  const titles = await titlesOnHost(acting, unfinished);
  const followed = await watchRun(acting, { run: unfinished, titles, launch });
  if (followed.kind === 'ended') return followed.end.end;
  throw new SeatrialError('running', [{
    message: `the dead transaction ${unfinished} is not finished yet`,
    fix: `seatrial attach --run ${unfinished}`,
  }]);
}

function needsHumanProblem(run: string, question: string): Problem {
  return {
    message: `transaction ${run} needs a person: ${question}`,
    fix: 'Mend what it names on the host, then: seatrial recover',
  };
}
