import { everyFault, killsAtEachLine, type Case, type Extent } from './matrix.ts';
import { makeStage, nextWorks, play, type Stage, type Way } from './play.ts';
import type { Kind } from './application.ts';

/** The next deployment is tried after every few faults, since each costs a second. */
const nextEvery = 10;

/** Plays all cases on one host, and gives a row for each that broke a promise; empty: none did. */
async function table(stage: Stage, cases: readonly (Case & { extra?: string })[]): Promise<string> {
  const rows: string[] = [];
  try {
    for (const [index, one] of cases.entries()) {
      const wrong = await play(stage, one, one.extra);
      if (index % nextEvery === 0 && wrong.length === 0) wrong.push(...await nextWorks(stage));
      if (wrong.length > 0) {
        rows.push(`${one.name.padEnd(50)} | ${wrong.join('\n'.padEnd(52))}`,
          ...stage.host.console(one.plan).split('\n').slice(-25).map((line) => `    ${line}`));
      }
    }
  } finally {
    stage.host.endAll();
  }
  return rows.join('\n');
}

export async function everyFaultOf(kind: Kind, way: Way, extent: Extent): Promise<string> {
  const stage = await makeStage(kind, way);
  return table(stage, everyFault(stage.plan, extent));
}

/** Everything killed at each line of the journal of a run that goes well. */
export async function killedGoingForward(kind: Kind): Promise<string> {
  const stage = await makeStage(kind, 'normal');
  return table(stage, killsAtEachLine(stage.plan, range(1, stage.lines), 'forward'));
}

/** The same on the way back, from the line on where that begins. */
export async function killedGoingBack(kind: Kind): Promise<string> {
  const stage = await makeStage(kind, 'normal');
  const turns = stage.plan.steps.filter((step) => step.phase !== 'admit').length * 2;
  return table(stage, killsAtEachLine(stage.plan, range(turns, stage.lines * 2 - 8), 'back'));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
