import type { Config } from '../config/config.ts';
import type { CopyRecord } from '../copy/records.ts';
import { SeatrialError } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { gatherSpeeds, type Speeds } from '../facts/speed.ts';
import { pathsOf } from '../state/spec.ts';
import { withReasons } from '../trial/assemble.ts';
import { forecastWindow, type CopyForm, type ForecastState, type WindowForecast }
  from '../trial/forecast.ts';
import { keepTimesCommand, parseTimes, pastWindows, readTimesCommand, slowerSteps, windowsCommand,
  type RehearsalTimes } from '../trial/history.ts';
import type { Rehearsal } from '../trial/rehearsal.ts';
import type { Pair, Seen } from './rehearse-look.ts';
import type { Tried } from './rehearse-trial.ts';

export interface Timed {
  readonly seen: Seen;
  readonly tried: Tried;
  readonly records: readonly CopyRecord[];
}

/**
 * The window that production may expect, by this rehearsal's times and what both hosts were
 * measured at; over the budget it refuses. The times are kept on staging for the next one.
 */
export async function withForecast(pair: Pair, timed: Timed, found: Rehearsal):
Promise<Rehearsal> {
  const { production, staging } = pair;
  production.world.report({ kind: 'phase', text: 'measuring both hosts, for the forecast' });
  const [there, here, kept, windows] = await Promise.all([
    gatherSpeeds(production.transport, production.config, 'production'),
    gatherSpeeds(staging.transport, staging.config, 'staging'),
    staging.transport.run(readTimesCommand(staging.config.records)),
    production.transport.run(windowsCommand(production.config.records)),
  ]);
  const speeds = { production: there, staging: here };
  const before = parseTimes(kept.stdout);
  const states = statesOf(pair, timed);
  const forecast = forecastWindow({ steps: found.steps, speeds, states,
    budgetSeconds: production.config.budgetSeconds, history: pastWindows(windows.stdout, before) });
  const times = timesOf(found, { timed, speeds, states, forecast });
  await keep(pair, times);
  const notes = [...forecast?.notes ?? [], ...slowerSteps(times, before)];
  const told: Rehearsal = { ...found,
    forecast: forecast === undefined ? null : { ...forecast, notes } };
  return withReasons(told, forecast?.verdict === 'fail' ? [capital(forecast.sentence)] : []);
}

async function keep({ staging }: Pair, times: RehearsalTimes): Promise<void> {
  const { outcome } = await staging.transport.run(
    keepTimesCommand(staging.config.records, times));
  if (outcome.kind === 'exited' && outcome.status === 0) return;
  throw new SeatrialError('refused', [{
    message: `the times of the rehearsal could not be kept on ${staging.host.name}`,
    fix: 'Look whether its disk is full, and run rehearse again.',
  }]);
}

const forms: Readonly<Record<CopyRecord['way'], CopyForm>> =
  { files: 'files', physical: 'physical', logical: 'logical', backup: 'logical' };

function statesOf({ production, staging }: Pair, { seen, tried, records }: Timed):
ForecastState[] {
  return production.config.state.map((_, index) => ({
    copy: forms[records.find((it) => it.label === `state${index + 1}`)?.way ?? 'logical'],
    productionBytes: bytesOf(production.config, seen.productionFacts, index),
    stagingBytes: bytesOf(staging.config, tried.facts, index),
  }));
}

function bytesOf(config: Config, facts: HostFacts, index: number): number {
  const state = config.state[index];
  const probed = facts.states.get(`state${index + 1}`)?.bytes ?? 0;
  return probed > 0 || state === undefined ? probed
    : pathsOf(state).reduce((sum, path) => sum + (facts.paths.get(path)?.bytes ?? 0), 0);
}

function timesOf(found: Rehearsal, input: {
  readonly timed: Timed; readonly states: readonly ForecastState[];
  readonly speeds: { readonly production: Speeds; readonly staging: Speeds };
  readonly forecast: WindowForecast | undefined;
}): RehearsalTimes {
  const { timed, speeds, states, forecast } = input;
  return {
    version: 1, run: timed.tried.plan.run, release: found.release, at: found.endedAt,
    passed: found.verdict === 'passed', windowSeconds: found.windowSeconds, steps: found.steps,
    states: found.data.map((it, index) => ({ name: it.name, copy: states[index]?.copy ?? 'logical',
      bytes: it.bytes, copySeconds: it.reused ? 0 : it.seconds })),
    speeds,
    forecast: forecast === undefined ? null
      : { low: forecast.low, likely: forecast.likely, high: forecast.high },
  };
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
