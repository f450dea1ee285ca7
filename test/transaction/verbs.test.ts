import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBox, runIn, shells, temporary, together, type Box, type Crash, type Shell }
  from './sandbox.ts';
import { accessLists, snapshot } from './snapshot.ts';
import { live, scenarios, side, type Scenario } from './verbs.ts';

/**
 * P8: undo makes the host equal to the recorded target, whatever happened before: the do never
 * ran, ran, was killed between any two of its acts; the undo ran before, or was killed in it.
 */
const boxesAtOnce = 3;

interface Course {
  readonly title: string;
  readonly acts: readonly Act[];
}

interface Act {
  readonly act: 'do' | 'undo' | 'between';
  readonly crash?: Crash;
}

const done: Act = { act: 'do' };
const undone: Act = { act: 'undo' };
const between: Act = { act: 'between' };

const whole: readonly Course[] = [
  { title: 'undo alone', acts: [undone] },
  { title: 'undo twice', acts: [undone, undone] },
  { title: 'do, undo', acts: [done, between, undone] },
  { title: 'do, undo twice', acts: [done, between, undone, undone] },
  { title: 'do, undo three times', acts: [done, between, undone, undone, undone] },
];

/** After one act is before the next one, but for a copy, which can stop half-way. */
function killed(acted: readonly string[], undoing: readonly string[]): Course[] {
  const at = (calls: readonly string[]): Crash[] => calls.flatMap((name, index): Crash[] => [
    { at: index + 1, how: 'before' },
    ...(name === 'cp' ? [{ at: index + 1, how: 'after' } as const] : []),
  ]);
  return [
    ...at(acted).map((crash) => ({
      title: `do killed ${crash.how} act ${crash.at}, undo`,
      acts: [{ act: 'do', crash }, undone] as const,
    })),
    ...at(undoing).map((crash) => ({
      title: `do, undo killed ${crash.how} act ${crash.at}, undo`,
      acts: [done, between, { act: 'undo', crash }, undone] as const,
    })),
  ];
}

interface Played {
  readonly box: Box;
  readonly calls: readonly string[];
  readonly failures: string[];
}

async function play(scenario: Scenario, shell: Shell, course: Course): Promise<Played> {
  const box = makeBox(join(temporary(), 'box'));
  scenario.before(box);
  const expected = liveSnapshot(scenario, box);
  let calls: readonly string[] = [];
  for (const act of course.acts) {
    if (act.act === 'between') {
      scenario.between?.(box);
      continue;
    }
    const ran = await runIn(box, { shell, text: `${scenario[act.act](box)}\nexit $?`, ...act });
    calls = ran.calls;
    if (ran.status !== (act.crash === undefined ? 0 : undefined)) {
      throw new Error(`${course.title}: ${act.act} ended ${String(ran.status)}\n${ran.output}`);
    }
  }
  const failures = [...difference(expected, liveSnapshot(scenario, box)),
    ...leftovers(scenario, box).map((name) => `left: ${name}`)];
  return { box, calls, failures: failures.map((line) => `${course.title}: ${line}`) };
}

function liveSnapshot(scenario: Scenario, box: Box): string[] {
  return [...snapshot(live(box), '.seatrial-fake'),
    ...(scenario.hasLists === true ? accessLists(live(box, 'state')) : [])];
}

function leftovers(scenario: Scenario, box: Box): string[] {
  if (!existsSync(side(box))) return [];
  return readdirSync(side(box)).filter((name) => scenario.mayLeave?.test(name) !== true);
}

function difference(expected: readonly string[], actual: readonly string[]): string[] {
  return [...expected.filter((line) => !actual.includes(line)).map((line) => `missing ${line}`),
    ...actual.filter((line) => !expected.includes(line)).map((line) => `unexpected ${line}`)];
}

for (const shell of shells) {
  describe(`verbs in ${shell}: undo makes the host equal to what it was`, () => {
    it.concurrent.each(scenarios)('$name', async (scenario) => {
      const acted = await play(scenario, shell, { title: 'do', acts: [done] });
      expect(scenario.wrong(acted.box)).toEqual([]);
      const undoing = await play(scenario, shell, { title: '', acts: [done, between, undone] });
      const failures: string[] = [];
      await together([...whole, ...killed(acted.calls, undoing.calls)], boxesAtOnce,
        async (course) => { failures.push(...(await play(scenario, shell, course)).failures); });
      expect(failures).toEqual([]);
    }, 120_000);
  });
}
