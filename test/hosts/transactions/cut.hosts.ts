import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { beforeWindow, endOnHost, inWindow, unfinishedRun } from './scene.ts';
import { buildsMade, createStage, quiet, records, type Stage } from './stage.ts';
import { describeEnd } from './tool.ts';
import { traceOf } from './trace.ts';

/** The network is cut and does not come back while anybody looks for it. */
const lookedForMsMax = 130_000;
/** As in the runtime: so long a silent watcher counts as there. */
const silentSecondsMax = 10;
let lab: Lab;
const stages: Stage[] = [];

beforeAll(async () => {
  lab = await createLab();
  for (const name of ['inside', 'outside']) stages.push(await createStage(lab, name));
});

afterAll(async () => {
  for (const stage of stages) await stage.down();
  await lab?.down();
});

function stageAt(index: number): Stage {
  const stage = stages[index];
  if (stage === undefined) throw new Error('its host was not made');
  return stage;
}

describe('a network that is cut for good', () => {
  // Both at once, since each waits for minutes.
  it('ends the job in time; the host goes on to its end, or does not enter the window', () =>
    Promise.all([inTheWindow(), outsideTheWindow()]));
});

async function inTheWindow(): Promise<void> {
  const stage = stageAt(0);
  const scene = await inWindow(stage, '2.0.0');
  const run = await unfinishedRun(stage);
  await stage.host.cut();
  await scene.go();
  // The host does not wait for anybody.
  await endOnHost(stage, run, 'done');
  const ended = await scene.end(14);
  expect(ended.ms).toBeLessThan(lookedForMsMax);
  expect(ended.summary).toMatchObject({ end: 'running', serving: null, run,
    reason: 'contact with the host is lost' });
  expect(ended.summary?.next[0]).toContain(`seatrial attach --run ${run}`);
  await stage.host.heal();
  const attached = await stage.run(['attach', '--run', run]);
  expect(attached.status, describeEnd(attached)).toBe(0);
  expect(attached.summary).toMatchObject({ end: 'done', serving: '2.0.0' });
  expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade,
    installed: '2.0.0' }));
}

async function outsideTheWindow(): Promise<void> {
  const stage = stageAt(1);
  const trace = await traceOf(stage);
  const scene = await beforeWindow(stage, '2.0.0');
  const run = await unfinishedRun(stage);
  await stage.host.cut();
  // Until then the watcher that was heard last counts as there, and the window is entered.
  await expect.poll(async () => Number(await stage.output(`awk -v beat=$(cat \
    ${records}/runs/${run}/watcher) '{ print int($1) - beat }' /proc/uptime`)), {
    timeout: 40_000, interval: 1_000 }).toBeGreaterThan(silentSecondsMax);
  await scene.go();
  await endOnHost(stage, run, 'cancelled');
  expect(await traceOf(stage)).toEqual(trace);
  const ended = await scene.end(14);
  expect(ended.ms).toBeLessThan(lookedForMsMax);
  await stage.host.heal();
  const attached = await stage.run(['attach', '--run', run]);
  expect(attached.status, describeEnd(attached)).toBe(13);
  expect(attached.summary).toMatchObject({ end: 'cancelled', serving: '1.0.0',
    reason: 'nobody was watching, so the window was not entered' });
  expect(await stage.see()).toMatchObject(quiet({ release: 1, builds: buildsMade,
    installed: '1.0.0' }));
}
