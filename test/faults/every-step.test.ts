import { describe, expect, it } from 'vitest';
import type { Kind } from './application.ts';
import { everyFault, killAtLine, killsAtEachLine, type Case } from './matrix.ts';
import { makeStage, nextWorks, play, type Stage, type Way } from './play.ts';

/**
 * Every plan, every step, every fault, by real programs in a directory that plays the host: P4, P5,
 * P6, P8. The next deployment is tried after every few faults, since each costs a second.
 */
const nextEvery = 9;
const minutes = 3;

async function table(stage: Stage, cases: readonly (Case & { extra?: string })[]): Promise<string[]> {
  const rows: string[] = [];
  for (const [index, one] of cases.entries()) {
    const wrong = await play(stage, one, one.extra);
    if (index % nextEvery === 0 && wrong.length === 0) wrong.push(...await nextWorks(stage));
    if (wrong.length > 0) {
      rows.push(`${one.name.padEnd(50)} | ${wrong.join('\n'.padEnd(52))}`,
        ...stage.host.console(one.plan).split('\n').slice(-25).map((line) => `    ${line}`));
    }
  }
  return rows;
}

const ways: readonly (readonly [Kind, Way])[] = [
  ['releases', 'normal'], ['in-place', 'normal'], ['releases', 'rollback'],
  ['in-place', 'rollback'], ['releases', 'first'],
];

describe.concurrent('whatever fails, one version serves, whole', () => {
  it.each(ways)('%s, %s: every step, every fault', async (kind, way) => {
    const stage = await makeStage(kind, way);
    try {
      const rows = await table(stage, everyFault(stage.plan));
      expect(rows.join('\n')).toBe('');
    } finally {
      stage.host.endAll();
    }
  }, minutes * 60_000);

  it.each([['releases', 'forward'], ['in-place', 'back']] as const)(
    '%s, going %s: everything killed at each line of the journal', async (kind, direction) => {
      const stage = await makeStage(kind, 'normal');
      try {
        const lines = direction === 'forward' ? stage.lines : stage.lines * 2;
        const cases = killsAtEachLine(stage.plan, lines, direction)
          .map((one, index) => ({ ...one, extra: killAtLine(index + 1) }));
        const rows = await table(stage, cases);
        expect(rows.join('\n')).toBe('');
      } finally {
        stage.host.endAll();
      }
    }, minutes * 60_000);
});
