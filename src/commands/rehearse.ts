import { readFileSync } from 'node:fs';
import { SeatrialError } from '../errors.ts';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { parseStagingConfig } from '../config/parse.ts';
import { renderPlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { Release } from '../package/release.ts';
import { assemble, type Known } from '../trial/assemble.ts';
import { isComplete } from '../trial/findings.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import { planFor, inputs } from './deploy.ts';
import { chooseHost, withHost } from './host.ts';
import { rehearsedHost } from './receipt-gate.ts';
import { bringCopy, type Brought } from './rehearse-copy.ts';
import { checksSeen, stepsSeen } from './rehearse-events.ts';
import { closeStaging, layStaging, stagingContext } from './rehearse-lay.ts';
import { lookAtBoth, parityProblems, type Pair, type Seen } from './rehearse-look.ts';
import { sendOverlay } from './rehearse-overlay.ts';
import { tryOut, type Tried } from './rehearse-trial.ts';
import { needlessRehearsal } from './rehearse-needless.ts';
import { cannotRehearse } from './rehearse-limits.ts';
import { record, type Recording } from './summary.ts';
import { withForecast } from './rehearse-forecast.ts';
import { forgetCopy } from './rehearse-forget.ts';
import { writeRehearsal } from './rehearse-write.ts';
import type { Result, World } from './world.ts';

/**
 * Tries a release on a copy of production (docs/decisions/0006-sea-trial.md). Production is only
 * read. Whatever happens, staging is left closed; running it again is always safe.
 */
export async function rehearse(options: RawOptions, world: World): Promise<Result> {
  if (options.forget) return forgetCopy(options, world);
  const { config, release } = await inputs(options);
  const recording = record(world.report);
  const heard = { ...world, report: recording.report };
  return withPair({ options, world: heard, config }, async (pair): Promise<Result> => {
    const needless = await needlessRehearsal(pair, release);
    if (needless !== undefined) return { kind: 'summary', summary: needless };
    const rehearsal = await rehearseOn(pair, release, recording);
    return writeRehearsal(pair, { rehearsal: rehearsal.found, release, seen: rehearsal.seen });
  });
}

interface Whole {
  readonly found: Rehearsal;
  readonly seen: Seen;
}

/** Top to bottom what happens; each part throws `refused` with what it found. */
async function rehearseOn(pair: Pair, release: Release, recording: Recording): Promise<Whole> {
  const { production, staging } = pair;
  const startedAt = production.world.now().toISOString();
  const seen = await lookAtBoth(pair);
  const unequal = parityProblems(seen.parity);
  if (unequal.length > 0) throw new SeatrialError('refused', unequal);
  const planned = planFor(production, seen.productionFacts, { release });
  const context = stagingContext(pair, seen);
  const closed = await closeStaging(pair, context, seen.productionFacts);
  const brought = await bringCopy(pair, seen, context);
  const overlay = await sendOverlay(staging);
  const laid = await layStaging(pair, context, { code: brought.code, overlay,
    production: seen.productionFacts });
  const tried = await tryOut(pair,
    { production: seen.productionFacts, planned, release });
  const known = knownOf(pair, { seen, release, planned, brought, tried, startedAt,
    recording, proven: closed.proven, plans: [closed.plan, laid, tried.plan] });
  const found = assemble({ known, config: production.config, end: tried.end.end,
    text: tried.end.text, findings: tried.findings, outside: tried.outside,
    endedAt: production.world.now().toISOString() });
  // A window that was cut short by a failure forecasts nothing.
  return { seen, found: !isComplete(tried.findings) ? found
    : await withForecast(pair, { seen, tried, records: brought.records }, found) };
}

interface Knowing {
  readonly seen: Seen;
  readonly release: Release;
  readonly planned: Plan;
  readonly brought: Brought;
  readonly tried: Tried;
  readonly startedAt: string;
  readonly recording: Recording;
  readonly proven: readonly string[];
  readonly plans: readonly Plan[];
}

function knownOf({ production, staging }: Pair, it: Knowing): Known {
  const { config } = production;
  const { isolation } = staging.config.staging;
  return {
    application: config.application,
    release: { version: it.release.manifest.version, digest: it.release.manifest.archive.sha256 },
    configDigest: config.digest,
    procedureDigest: it.planned.procedureDigest,
    production: rehearsedHost(config, it.seen.productionFacts),
    staging: rehearsedHost(staging.config, it.tried.facts),
    data: it.brought.data,
    isolation: { kind: isolation.kind, proven: it.proven,
      ...(isolation.kind === 'none' ? { reason: isolation.reason } : {}) },
    parity: it.seen.parity.findings,
    steps: stepsSeen(it.recording.events, it.plans),
    checks: checksSeen(it.recording.events),
    plan: renderPlan(it.planned),
    startedAt: it.startedAt,
    cannotRehearse: cannotRehearse(config),
  };
}

/** Both connections are opened at once and closed whatever happens. */
async function withPair<Value>(
  { options, world, config }: { options: RawOptions; world: World; config: Config },
  use: (pair: Pair) => Promise<Value>,
): Promise<Value> {
  const stagingOptions = { ...options, host: 'staging' as const };
  const staging = parseStagingConfig(readFileSync(options.config, 'utf8'), options.config);
  const hosts = {
    production: chooseHost(config, { ...options, host: 'production' }, world),
    staging: chooseHost(config, stagingOptions, world),
  };
  return withHost(hosts.production, (toProduction) => withHost(hosts.staging, (toStaging) => use({
    production: { config, options: { ...options, host: 'production' }, world,
      host: hosts.production, transport: toProduction },
    staging: { config: staging, options: stagingOptions, world, host: hosts.staging,
      transport: toStaging },
  })));
}
