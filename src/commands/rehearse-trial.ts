import { SeatrialError, type Problem } from '../errors.ts';
import { gatherFacts } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Release } from '../package/release.ts';
import type { Plan } from '../plan/plan.ts';
import { preflight } from '../plan/preflight.ts';
import type { Context } from '../steps/context.ts';
import { startCopy } from '../steps/trial.ts';
import { stillIsolated } from '../steps/isolate.ts';
import { writesBegin, writesFound } from '../steps/outside.ts';
import type { Step } from '../steps/step.ts';
import type { JournalEnd } from '../transaction/journal.ts';
import { findingsCommand, parseFindings, type Findings } from '../trial/findings.ts';
import { makeTrialPlan } from '../trial/plan.ts';
import type { OutsideWrite } from '../trial/rehearsal.ts';
import { deployContext } from './context.ts';
import { isolationStep, launchOnStaging, unwatched } from './rehearse-lay.ts';
import type { Pair } from './rehearse-look.ts';
import { execute, newRunId, type Acting } from './transaction.ts';

export interface Tried {
  readonly outside: readonly OutsideWrite[];
  readonly plan: Plan;
  readonly end: JournalEnd;
  readonly findings: Findings;
  readonly facts: HostFacts;
}

export interface Trying {
  readonly production: HostFacts;
  readonly planned: Plan;
  readonly release: Release;
}

const findingsTimeoutMs = 60_000;

/**
 * Production's procedure on the laid copy, with all that is looked at around it, and the way back.
 * Throws `refused` where staging cannot do what production would be asked to, `running` where
 * contact is lost: the host goes on, and ends closed.
 */
export async function tryOut(pair: Pair, trying: Trying): Promise<Tried> {
  const { staging } = pair;
  const { production, release } = trying;
  const { transport, config, world } = staging;
  const facts = await gatherFacts(transport, config, 'staging');
  const { archive, version } = release.manifest;
  const target = { version, digest: archive.sha256, unpackedBytes: release.unpackedBytes,
    archiveBytes: archive.bytes };
  const context = deployContext({ config, facts, target, run: newRunId(world, facts),
    repair: staging.options.repair ?? '', rehearsal: 'a rehearsal' });
  const plan = trialPlan(pair, context, production);
  const problems = stagingProblems(pair, { context, plan, trying });
  if (problems.length > 0) {
    throw new SeatrialError('refused', problems.map((it) => ({ ...it,
      message: `staging: ${it.message}` })));
  }
  const followed = await execute(turningBack(staging), plan,
    { launch: launchOnStaging(facts), archive: release.archivePath });
  if (followed.kind !== 'ended') {
    throw unwatched(plan, followed.kind === 'running' ? followed.why
      : 'the host does not know this run');
  }
  const findings = await findingsOf(staging, plan);
  return { outside: outsideWrites(findings), plan, end: followed.end, findings, facts };
}

/** What cannot be read proves nothing, neither that the release is bad. */
async function findingsOf({ transport, config, host }: Acting, plan: Plan): Promise<Findings> {
  const { outcome, stdout, stderr } = await transport.run(findingsCommand(config.records, plan.run),
    { timeoutMs: findingsTimeoutMs });
  if (outcome.kind === 'exited' && outcome.status === 0) return parseFindings(stdout);
  const why = outcome.kind === 'unknown' ? outcome.why : stderr.trim().slice(-200);
  throw new SeatrialError('refused', [{
    message: `what the trial found could not be read from ${host.name}: ${why}`,
    fix: 'Production was only read, and staging is closed: run rehearse again.',
  }]);
}

function trialPlan(pair: Pair, context: Context, production: HostFacts): Plan {
  const { staging } = pair;
  const { config } = staging;
  // On one machine with production all that users do would be found.
  const apart = (steps: readonly Step[]): readonly Step[] =>
    (config.staging.sameHost === undefined ? steps : []);
  return makeTrialPlan(context, staging.host.name, {
    first: [isolationStep(pair, context, production), startCopy(context),
      ...apart([aside({ id: 'trial-outside', phase: 'prepare', do: [writesBegin(context)],
        title: 'Mark the time, to see what is written elsewhere' })])],
    installed: apart([aside({ id: 'trial-outside-found', phase: 'window',
      title: 'Look what was written outside of the declared paths',
      do: [writesFound(context, outsideFile(config.records, context.run))] })]),
    last: [stillIsolated()],
  });
}

/** What staging cannot do that production would be asked to. */
function stagingProblems({ production, staging }: Pair, it: {
  readonly context: Context; readonly plan: Plan; readonly trying: Trying;
}): Problem[] {
  const { config } = staging;
  const { target, facts } = it.context;
  const same = it.plan.procedureDigest === it.trying.planned.procedureDigest;
  return [
    ...preflight({ config, facts, first: false, logsBegin: true,
      arrivingBytes: target.archiveBytes + target.unpackedBytes * 2 }),
    ...(same || production.config.staging.instead.length > 0 ? [] : [{
      message: 'the steps there would not be those of production, so that nothing is proven',
      fix: 'Compare them: seatrial plan, and seatrial plan --host staging.',
    }]),
  ];
}

/** It fails by design; who reads along is told that it turns back. */
function turningBack(staging: Acting): Acting {
  const { world } = staging;
  return { ...staging, world: { ...world, report: (event) => {
    const turns = event.kind === 'step' && event.id === 'trial-turn-back';
    world.report(turns && event.state === 'failed' ? { ...event, state: 'done', text: '' } : event);
  } } };
}

function outsideFile(records: string, run: string): string {
  return `${records}/runs/${run}/trial/outside`;
}

/** `outside TAB what TAB path` lines; what is temporary is nobody's loss. */
function outsideWrites(findings: Findings): OutsideWrite[] {
  return (findings.get('outside') ?? []).flatMap((line) => {
    const [word, what = '', path = ''] = line.split('\t');
    return word === 'outside' && what !== 'temporary' ? [{ path, what }] : [];
  });
}

/** A step that only looks, and needs no way back. */
function aside(step: Pick<Step, 'id' | 'title' | 'phase' | 'do'>): Step {
  return { ...step, back: '', undo: [] };
}
