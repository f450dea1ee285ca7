import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { speedNames, type Speeds } from '../../src/facts/speed.ts';
import { forecastWindow, type ForecastInput, type ForecastState, type PastWindow }
  from '../../src/trial/forecast.ts';
import type { RehearsedStep } from '../../src/trial/rehearsal.ts';

const speeds = (factor = 1): Speeds => ({ place: '/var/tmp', skipped: [], measured: {
  gzip: 20 * factor, sha256: 400 * factor, write: 300 * factor, read: 500 * factor,
  fsync: 0.5 / factor } });
const step = (id: string, seconds: number, phase: RehearsedStep['phase'] = 'window') =>
  ({ id, title: `Do ${id}`, phase, seconds });
const state = (more: Partial<ForecastState> = {}): ForecastState =>
  ({ copy: 'physical', productionBytes: 1e9, stagingBytes: 1e9, ...more });
const input = (more: Partial<ForecastInput> = {}): ForecastInput => ({
  steps: [step('stop-1', 2), step('rescue-1', 10), step('migrate-1', 40), step('verify', 8)],
  speeds: { production: speeds(), staging: speeds() }, states: [state()],
  budgetSeconds: undefined, history: [], ...more });

function forecast(more: Partial<ForecastInput> = {}) {
  const found = forecastWindow(input(more));
  if (found === undefined) throw new Error('no forecast');
  return found;
}

describe('the forecast of a window', () => {
  it('is what the rehearsal took, give or take a tenth, where all is equal', () => {
    const found = forecast();
    expect(found.likely).toBeCloseTo(60, 9);
    expect(found.low).toBeCloseTo(52 * 0.9 + 8, 9);
    expect(found.high).toBeCloseTo(52 * 1.1 + 8, 9);
    expect(found.sentence)
      .toBe("production's window is forecast at 55 s to 65 s, likely 60 s.");
    expect(found.parts.map((it) => it.title))
      .toEqual(['Do stop-1', 'Do rescue-1', 'Do migrate-1', 'Do verify']);
  });

  it('counts what production does in its window, not the trial, and needs something', () => {
    const steps = [step('unpack', 50, 'prepare'), step('trial-compare', 50),
      step('trial-before', 50, 'trial'), step('switch', 1), step('rescue-1', 70, 'undo')];
    expect(forecast({ steps }).parts).toHaveLength(1);
    expect(forecastWindow(input({ steps: steps.filter((it) => it.id !== 'switch') })))
      .toBeUndefined();
  });

  it('doubles what works, and leaves what waits, on a production half as fast', () => {
    const found = forecast({ speeds: { production: speeds(0.5), staging: speeds() } });
    const [stop, rescue, migrate, verify] = found.parts;
    expect(verify).toMatchObject({ low: 8, high: 8 });
    expect(rescue?.low).toBeCloseTo(18, 9);
    expect(rescue?.high).toBeCloseTo(22, 9);
    expect(migrate?.high).toBeCloseTo(88, 9);
    // A stop may wait for its time limit, or work: from as long to twice as long.
    expect(stop?.low).toBeCloseTo(1.8, 9);
    expect(stop?.high).toBeCloseTo(4.4, 9);
  });

  it('allows 30 % for a logical copy, in the steps that touch it', () => {
    const found = forecast({ states: [state({ copy: 'logical' })] });
    expect(found.parts[2]).toMatchObject({ low: 40 * 0.7, high: 52 });
    expect(found.parts[0]?.high).toBeCloseTo(2.2, 9);
    expect(found.notes.join()).toContain('30 %');
  });

  it('grows with production: the copy by all of it, a migration at most', () => {
    const found = forecast({ states: [state({ productionBytes: 3e9 })] });
    expect(found.parts[1]?.low).toBeCloseTo(27, 9);
    expect(found.parts[2]?.low).toBeCloseTo(36, 9);
    expect(found.parts[2]?.high).toBeCloseTo(132, 9);
  });

  it('is wide where production was not measured, and says so', () => {
    const { write, ...measured } = speeds().measured;
    expect(write).toBeDefined();
    const found = forecast({ speeds: { staging: speeds(),
      production: { ...speeds(), measured } } });
    expect(found.parts[1]).toMatchObject({ low: 4.5, high: 22 });
    expect(found.notes[0]).toContain('Not measured on both hosts: write;');
  });

  it('reaches to what the last real windows took beyond their forecasts', () => {
    const past = (factor: number): PastWindow => ({ at: '2026-01-01T00:00:00.000Z', version: '1',
      what: 'deployment', seconds: 100 * factor, forecast: { low: 80, likely: 100, high: 120 } });
    const found = forecast({ history: [past(2), past(1.1), past(1.8)] });
    expect(found.high).toBeCloseTo(108, 9);
    expect(found.low).toBeCloseTo(54.8, 9);
    expect(found.notes.join()).toContain('1.8 times');
    expect(found.history[0]).toEqual({ at: '2026-01-01T00:00:00.000Z', version: '1',
      what: 'deployment', seconds: 200 });
  });
});

describe('the budget', () => {
  it.each([[50, 'fail'], [59, 'fail'], [60, 'warn'], [65, 'warn'], [66, 'pass'], [600, 'pass']])(
    'of %i s is %s', (budgetSeconds, verdict) => {
      const found = forecast({ budgetSeconds });
      expect(found).toMatchObject({ verdict, budget: budgetSeconds });
      expect(found.sentence).toContain('budget of');
    });

  it('says what to do where it is not kept', () => {
    expect(forecast({ budgetSeconds: 30 }).sentence).toMatch(/: take work out of the window .*\.$/);
    expect(forecast({ budgetSeconds: 61 }).sentence).toMatch(/: tell users of the longer time\.$/);
  });
});

const ids = ['close', 'stop-1', 'rescue-1', 'rescue-2', 'switch', 'install', 'migrate-1',
  'migrate-2', 'start-1', 'verify', 'something-new'];
const positive = (max: number) => fc.double({ min: 0.001, max, noNaN: true });
const anySpeeds = fc.record({ place: fc.constant('/var/tmp'), skipped: fc.constant([]),
  measured: fc.record(Object.fromEntries(speedNames.map((name) => [name, positive(5000)])),
    { requiredKeys: [] }) }) as fc.Arbitrary<Speeds>;
const anyInput: fc.Arbitrary<ForecastInput> = fc.record({
  steps: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 }).chain((some) =>
    fc.tuple(...some.map((id) => positive(5000).map((seconds) => step(id, seconds))))),
  speeds: fc.record({ production: anySpeeds, staging: anySpeeds }),
  states: fc.array(fc.record({ copy: fc.constantFrom('physical', 'logical', 'files' as const),
    productionBytes: fc.nat(1e12), stagingBytes: fc.nat(1e12) }), { maxLength: 3 }),
  budgetSeconds: fc.option(positive(10_000), { nil: undefined }),
  history: fc.array(fc.record({ at: fc.constant('2026-01-01T00:00:00.000Z'),
    version: fc.constant('1'), seconds: positive(5000),
    what: fc.constantFrom('rehearsal', 'deployment'),
    forecast: fc.option(positive(5000).map((likely) => ({ low: likely, likely, high: likely })),
      { nil: undefined }) }), { maxLength: 4 }),
});

/** Sums of doubles in another order differ in their last digits. */
const almost = 1 + 1e-9;

describe('whatever was measured', () => {
  const holds = (property: (given: ForecastInput, found: ReturnType<typeof forecast>) => void) => {
    fc.assert(fc.property(anyInput, (given) => { property(given, forecast(given)); }));
  };

  it('is a range of positive numbers with what is likely in it', () => {
    holds((_, { low, likely, high }) => {
      expect(low).toBeGreaterThan(0);
      expect(likely * almost).toBeGreaterThanOrEqual(low);
      expect(high * almost).toBeGreaterThanOrEqual(likely);
      expect(Number.isFinite(high)).toBe(true);
    });
  });

  it('is at least as wide as its parts', () => {
    holds((_, { low, high, parts }) => {
      const sum = (of: 'low' | 'high') => parts.reduce((sofar, it) => sofar + it[of], 0);
      expect(low).toBeLessThanOrEqual(sum('low') * almost);
      expect(high * almost).toBeGreaterThanOrEqual(sum('high'));
    });
  });

  it('contains the naive scaling by any one speed that a step needs', () => {
    holds((given, { parts }) => {
      const both = given.speeds;
      for (const [index, { id, seconds }] of given.steps.entries()) {
        if (!id.startsWith('install')) continue;
        for (const name of ['gzip', 'read', 'write', 'fsync'] as const) {
          const one = both.production.measured[name];
          const other = both.staging.measured[name];
          if (one === undefined || other === undefined) continue;
          const factor = Math.min(10, Math.max(0.1, name === 'fsync' ? one / other : other / one));
          expect(parts[index]?.low).toBeLessThanOrEqual(seconds * factor * almost);
          expect((parts[index]?.high ?? 0) * almost).toBeGreaterThanOrEqual(seconds * factor);
        }
      }
    });
  });

  it('is longer, never shorter, where a step took longer', () => {
    fc.assert(fc.property(anyInput, positive(1000), fc.nat(20), (given, more, which) => {
      const steps = given.steps.map((it, index) => (index === which % given.steps.length
        ? { ...it, seconds: it.seconds + more } : it));
      const before = forecast(given);
      const after = forecast({ ...given, steps });
      for (const of of ['low', 'likely', 'high'] as const) {
        expect(after[of] * almost).toBeGreaterThanOrEqual(before[of]);
      }
    }));
  });

  it('is longer, never shorter, on a slower production', () => {
    fc.assert(fc.property(anyInput, fc.constantFrom(...speedNames), (given, name) => {
      const { production } = given.speeds;
      const measured = production.measured[name];
      if (measured === undefined || (name === 'sha256' && 'gzip' in production.measured)) return;
      const slower = name === 'fsync' ? measured * 2 : measured / 2;
      const before = forecast(given);
      const after = forecast({ ...given, speeds: { ...given.speeds, production: { ...production,
        measured: { ...production.measured, [name]: slower } } } });
      for (const of of ['low', 'likely', 'high'] as const) {
        expect(after[of] * almost).toBeGreaterThanOrEqual(before[of]);
      }
    }));
  });

  it('refuses for no budget that is as long as all of the range', () => {
    holds((given, found) => {
      if (given.budgetSeconds === undefined) expect(found.verdict).toBe('pass');
      else if (given.budgetSeconds > found.high) expect(found.verdict).toBe('pass');
      else if (given.budgetSeconds < found.low) expect(found.verdict).toBe('fail');
    });
  });
});
