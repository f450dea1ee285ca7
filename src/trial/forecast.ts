import type { HostPair } from '../facts/parity.ts';
import type { Speeds } from '../facts/speed.ts';
import { factorOf, unmeasuredResources, workOf, type Range } from './forecast-work.ts';
import type { Forecast, ForecastHistory, RehearsedStep } from './rehearsal.ts';

export type { Range } from './forecast-work.ts';

/** How a state came to staging: a logical copy has no free space in its pages, and no bloat. */
export type CopyForm = 'physical' | 'logical' | 'files';

export interface ForecastState {
  readonly copy: CopyForm;
  /** As it lies on the disk; 0 where it is not known. */
  readonly productionBytes: number;
  readonly stagingBytes: number;
}

export interface ForecastInput {
  /** Of the rehearsal; those of the window count that production takes too. */
  readonly steps: readonly RehearsedStep[];
  readonly speeds: HostPair<Speeds>;
  /** In the order of the configuration: `rescue-1` copies the first. */
  readonly states: readonly ForecastState[];
  readonly budgetSeconds: number | undefined;
  /** Windows of production and of rehearsals, newest first (src/trial/history.ts). */
  readonly history: readonly PastWindow[];
}

/** A window that was, with what had been forecast for it where that is known. */
export interface PastWindow extends ForecastHistory {
  readonly forecast?: Range | undefined;
}

export interface WindowForecast extends Forecast {
  /** Between low and high: what a plain scaling by the measured speeds gives. */
  readonly likely: number;
  /**
   * `fail`: likely more than the budget. `warn`: it may be more. A range adds up the worst of every
   * part, which hardly ever come together; to refuse for its end would refuse most that is well,
   * and to wait for its beginning would let pass what is almost certainly too long.
   */
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** One sentence for people; with what to do where it is not `pass`. */
  readonly sentence: string;
  /** Why the range is as wide as it is, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * By how much the same work differs on a copy (measured: mass updates took a quarter longer on a
 * logical copy, rewrites 10 to 30 % less), and on any second run.
 */
const spreadOf: Readonly<Record<CopyForm, number>> = { physical: 0.1, files: 0.1, logical: 0.3 };
const leastSpread = 0.1;
const growthMax = 10;
const historyMax = 20;
const learnFrom = 5;

/** Production's window by the rehearsal's; undefined where no step of a window was timed. Pure. */
export function forecastWindow(input: ForecastInput): WindowForecast | undefined {
  const steps = input.steps.filter((it) => it.phase === 'window' && !it.id.startsWith('trial-'));
  if (steps.length === 0) return undefined;
  const parts = steps.map((step) => ({ title: step.title, ...partOf(step, input) }));
  const sum = total(parts);
  const bias = biasOf(input.history);
  const range: Range = bias === undefined ? sum
    : { ...sum, low: Math.min(sum.low, sum.likely * bias),
      high: Math.max(sum.high, sum.likely * bias) };
  return {
    ...range,
    parts: parts.map(({ title, low, high }) => ({ title, low, high })),
    budget: input.budgetSeconds ?? null,
    history: input.history.slice(0, historyMax)
      .map(({ at, version, seconds, what }) => ({ at, version, seconds, what })),
    ...gate(range, input.budgetSeconds),
    notes: notesOf(input, steps, bias),
  };
}

function total(parts: readonly Range[]): Range {
  const add = (of: (part: Range) => number): number =>
    parts.reduce((sofar, part) => sofar + of(part), 0);
  return { low: add((it) => it.low), likely: add((it) => it.likely), high: add((it) => it.high) };
}

function partOf(step: RehearsedStep, input: ForecastInput): Range {
  const factor = factorOf(step.id, input.speeds);
  const growth = growthOf(step.id, input.states);
  const spread = workOf(step.id) === 'verify' ? 0 : spreadFor(step.id, input.states);
  return {
    low: step.seconds * factor.low * growth.low * (1 - spread),
    likely: step.seconds * factor.likely * growth.likely,
    high: step.seconds * factor.high * growth.high * (1 + spread),
  };
}

/** The state that a step copies; a migration may touch all of them, an installer none. */
function statesOf(id: string, states: readonly ForecastState[]): readonly ForecastState[] {
  const own = /^(?:rescue|bring)-(\d+)$/.exec(id)?.[1];
  if (own !== undefined) return states.slice(Number(own) - 1, Number(own));
  return workOf(id) === 'migrate' ? states : [];
}

function spreadFor(id: string, states: readonly ForecastState[]): number {
  return Math.max(leastSpread, ...statesOf(id, states).map((it) => spreadOf[it.copy]));
}

/** Production has grown since, or is bloated as its copy is not. */
function growthOf(id: string, states: readonly ForecastState[]): Range {
  const own = statesOf(id, states).map(({ productionBytes, stagingBytes }) =>
    (productionBytes > 0 && stagingBytes > 0
      ? Math.min(growthMax, Math.max(1 / growthMax, productionBytes / stagingBytes)) : 1));
  if (own.length === 0) return { low: 1, likely: 1, high: 1 };
  // A migration need not touch the state that has grown.
  const all = workOf(id) === 'migrate' ? [1, ...own] : own;
  const mean = own.reduce((sofar, it) => sofar * it, 1) ** (1 / own.length);
  return { low: Math.min(...all), likely: mean, high: Math.max(...all) };
}

/** How many times longer than forecast the last real windows were; the middle of them. */
function biasOf(history: readonly PastWindow[]): number | undefined {
  const factors = history.filter((it) => it.what === 'deployment')
    .flatMap(({ forecast, seconds }) => (forecast === undefined || forecast.likely <= 0 ? []
      : [seconds / forecast.likely])).slice(0, learnFrom).sort((one, other) => one - other);
  return factors[Math.floor(factors.length / 2)];
}

function gate({ low, likely, high }: Range, budget: number | undefined):
Pick<WindowForecast, 'verdict' | 'sentence'> {
  const words = `production's window is forecast at ${shown(low)} to ${shown(high)}, ` +
    `likely ${shown(likely)}`;
  if (budget === undefined) return { verdict: 'pass', sentence: `${words}.` };
  if (likely > budget) {
    return { verdict: 'fail', sentence: `${words}, over the budget of ${shown(budget)}: take ` +
      'work out of the window (the parts say where it goes), or raise budget.' };
  }
  return high > budget
    ? { verdict: 'warn', sentence: `${words}, which may be over the budget of ${shown(budget)}: ` +
        'tell users of the longer time.' }
    : { verdict: 'pass', sentence: `${words}, within the budget of ${shown(budget)}.` };
}

function shown(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function notesOf(input: ForecastInput, steps: readonly RehearsedStep[],
  bias: number | undefined): string[] {
  const missing = unmeasuredResources(steps.map((it) => it.id), input.speeds);
  const logical = input.states.some((it) => it.copy === 'logical');
  return [
    ...(missing.length === 0 ? [] : [`Not measured on both hosts: ${missing.join(', ')}; half to ` +
      'twice the time is allowed for.']),
    ...(logical ? ['The copy is a logical one, without the free space and the bloat of ' +
      'production: 30 % are allowed for each way.'] : []),
    ...(bias === undefined ? [] : [`The last windows of production took ${bias.toFixed(1)} times ` +
      'what had been forecast as likely; the range reaches there.']),
    'Letting users in is not rehearsed, and is not in it.',
  ];
}
