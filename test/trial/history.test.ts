import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/command/command.ts';
import { render } from '../../src/command/render.ts';
import { keepTimesCommand, parseTimes, pastWindows, readTimesCommand, rehearsalsMax, slowerSteps,
  windowsCommand, type RehearsalTimes } from '../../src/trial/history.ts';

let root = '';
beforeAll(() => { root = mkdtempSync(join(tmpdir(), 'seatrial times ')); });
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

const runOf = (number: number) => `202601${String(number).padStart(2, '0')}T000000Z-aaaaaa`;
const times = (number: number, more: Partial<RehearsalTimes> = {}): RehearsalTimes => ({
  version: 1, run: runOf(number), release: { version: `1.${number}`, digest: 'd' }, passed: true,
  at: `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`, windowSeconds: 60, states: [],
  steps: [{ id: 'migrate-1', title: 'Migrate: it', phase: 'window', seconds: 30 }],
  speeds: null, forecast: { low: 50, likely: 60, high: 70 }, ...more });

/** As a transport does: quoted, for a shell. */
function run(command: Command): string {
  const { stdout, stderr, status } = spawnSync('dash', ['-c', render(command)],
    { encoding: 'utf8', input: typeof command.stdin === 'string' ? command.stdin : '' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('times of rehearsals on staging', () => {
  it('are none at first, and then the newest of them', () => {
    const records = join(root, 'records');
    expect(parseTimes(run(readTimesCommand(records)))).toEqual([]);
    mkdirSync(records);
    for (let number = 1; number <= rehearsalsMax + 3; number += 1) {
      run(keepTimesCommand(records, times(number)));
    }
    run(keepTimesCommand(records, times(23)));
    expect(readdirSync(join(records, 'rehearsals'))).toHaveLength(rehearsalsMax);
    const read = parseTimes(run(readTimesCommand(records)));
    expect(read).toHaveLength(rehearsalsMax);
    expect(read[0]).toEqual(times(23));
    expect(read.at(-1)?.run).toBe(runOf(4));
  });

  it('that are torn, or of another kind, are left out', () => {
    const records = join(root, 'torn');
    run(keepTimesCommand(records, times(1)));
    writeFileSync(join(records, 'rehearsals', `${runOf(2)}.json`),
      JSON.stringify(times(2)).slice(0, 90));
    writeFileSync(join(records, 'rehearsals', `${runOf(3)}.json`),
      JSON.stringify({ ...times(3), version: 2 }));
    writeFileSync(join(records, 'rehearsals', `${runOf(4)}.json`),
      JSON.stringify({ ...times(4), steps: [{ id: 'x', title: 'x', seconds: 'long' }] }));
    expect(parseTimes(run(readTimesCommand(records))).map((it) => it.run)).toEqual([runOf(1)]);
  });
});

describe('windows of production', () => {
  it('are those that ended with users let in, each with the forecast of its rehearsal', () => {
    const records = join(root, 'production');
    const journal = (number: number, lines: string, rehearsal = 'rehearsed') => {
      mkdirSync(join(records, 'runs', runOf(number)), { recursive: true });
      mkdirSync(join(records, 'history'), { recursive: true });
      writeFileSync(join(records, 'runs', runOf(number), 'journal'), lines);
      writeFileSync(join(records, 'history', `${runOf(number)}.json`),
        JSON.stringify({ application: 'fake', version: `1.${number}`, run: runOf(number),
          rehearsal }));
    };
    expect(run(windowsCommand(records))).toBe('');
    journal(1, '1767500000.5\tstart\t\t\n1767500001.5\twindow\t\t\n1767500091.75\tadmitted\t\t\n');
    journal(2, '1767600001.5\twindow\t\t\n1767600002.5\tend\t\trestored\n');
    mkdirSync(join(records, 'runs', runOf(3)));
    journal(4, '1767700000.5\twindow\t\t\n1767700000.6\tadmitted\t\t\n', 'adopted');
    const printed = run(windowsCommand(records));
    expect(printed).toBe(`${runOf(1)}\t1767500001.5\t90.250\t1.1\n`);
    const rehearsal = times(1, { at: '2026-01-01T00:00:00.000Z' });
    expect(pastWindows(printed, [rehearsal])).toEqual([
      { at: '2026-01-04T04:13:21.500Z', version: '1.1', seconds: 90.25, what: 'deployment',
        forecast: rehearsal.forecast },
      { at: '2026-01-01T00:00:00.000Z', version: '1.1', seconds: 60, what: 'rehearsal' },
    ]);
    expect(pastWindows('nonsense\nx\ty\tz\nr\t1e400\t1\tv\n', [])).toEqual([]);
  });
});

describe('a step that took longer than before', () => {
  const now = (seconds: number) => times(9, { steps: [
    { id: 'migrate-1', title: 'Migrate: it', phase: 'window', seconds }] });
  const before = [times(1), times(2), times(3)];

  it('is told where it is much, in share and in seconds', () => {
    expect(slowerSteps(now(95), before))
      .toEqual(['Migrate: it took 95 s; in the last rehearsals it took 30 s.']);
    expect(slowerSteps(now(44), before)).toEqual([]);
    expect(slowerSteps(now(95), [])).toEqual([]);
    expect(slowerSteps(now(95), [now(95)])).toEqual([]);
  });
});
