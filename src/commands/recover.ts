import { SeatrialError } from '../errors.ts';
import type { RawOptions } from '../config/options.ts';
import { gatherFacts } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Plan } from '../plan/plan.ts';
import type { Summary } from '../report/events.ts';
import { startRecovery } from '../transaction/follow.ts';
import { showPlanCommand, titlesOf } from '../transaction/start.ts';
import { confirm, type Question } from './confirm.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { plainSummary, record, summarize } from './summary.ts';
import { busy, launchOf, needsHuman, watchRun, type Acting } from './transaction.ts';
import type { Result, World } from './world.ts';

/** Finishes a transaction that died, also one that asked for a person: they say that it may. */
export function recover(options: RawOptions, world: World): Promise<Result> {
  return onRun({ command: 'recover', options, world }, async (acting, facts) => {
    if (facts.lock === 'held') throw busy(facts.lockOwner, acting.options);
    const run = facts.unfinished;
    if (run === undefined) return undefined;
    const question = needsHuman(facts);
    // One that only died is finished by every other command as well, unasked.
    if (question !== undefined) await confirm(acting, recoverQuestion(acting, run, question));
    const started = await startRecovery({ ...acting, ...acting.config,
      launch: launchOf(facts, acting.world), force: question !== undefined });
    if (started.kind === 'busy') throw busy({ run }, acting.options);
    return started.kind === 'nothing' ? undefined : run;
  });
}

function recoverQuestion({ config, host }: Acting, run: string, question: string): Question {
  return {
    headline: `${config.application} on ${host.name}: transaction ${run} stopped, for a person`,
    means: { because: question, now: 'it goes on from there: mend first what it names' },
    words: [config.application],
  };
}

/** Watches a transaction that runs, or that ended: the journal is on the host. */
export function attach(options: RawOptions, world: World): Promise<Result> {
  return onRun({ command: 'attach', options, world }, (_acting, facts) =>
    Promise.resolve(options.run ?? facts.unfinished ?? facts.lockOwner['run']));
}

type Choose = (acting: Acting, facts: HostFacts) => Promise<string | undefined>;

interface OnRun {
  readonly command: 'recover' | 'attach';
  readonly options: RawOptions;
  readonly world: World;
}

async function onRun({ command, options, world }: OnRun, choose: Choose): Promise<Result> {
  const config = loadConfig(options.config, options.host);
  const host = chooseHost(config, options, world);
  const recording = record(world.report);
  const summary = await withHost(host, async (transport): Promise<Summary> => {
    const acting = { config, options, host, transport,
      world: { ...world, report: recording.report } };
    const facts = await gatherFacts(transport, config);
    const run = await choose(acting, facts);
    if (run === undefined) {
      return plainSummary({ command, end: 'unchanged', application: config.application,
        host: host.name, version: facts.installed?.version, serving: facts.installed?.version,
        reason: 'no transaction is unfinished' });
    }
    const plan = await planOnHost(acting, run);
    world.started(run, options.host);
    const followed = await watchRun(acting, { run, titles: titlesOf(plan),
      launch: facts.hasBootUnit && facts.mayLaunchUnit ? 'unit' : 'session' });
    return summarize({ command, options, plan, followed, events: recording.events });
  });
  return { kind: 'summary', summary };
}

async function planOnHost(acting: Acting, run: string): Promise<Plan> {
  if (!/^[0-9TZ]+-[0-9a-f]+$/.test(run)) {
    throw new SeatrialError('bad-input', [{ message: `'${run}' is no run id`, place: '--run',
      fix: 'seatrial status names the runs.' }]);
  }
  const result = await acting.transport.run(showPlanCommand(acting.config.records, run));
  if (result.outcome.kind === 'exited' && result.outcome.status === 0) {
    return planOf(result.stdout, run);
  }
  throw new SeatrialError('refused', [{ message: `the host has no run ${run}`,
    fix: 'seatrial status names the runs.' }]);
}

function planOf(text: string, run: string): Plan {
  try {
    const plan = JSON.parse(text) as Partial<Plan> | null;
    if (Array.isArray(plan?.steps) && Array.isArray(plan.checks)) return plan as Plan;
  } catch {
    // Told below.
  }
  throw new SeatrialError('refused', [{
    message: `plan.json of run ${run} on the host is damaged`,
    fix: 'Its journal beside it is plain text; seatrial status tells how things stand.' }]);
}
