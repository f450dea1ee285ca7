import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { beforeWindow, endOnHost, expectNothingLeft, inWindow, unfinishedRun } from './scene.ts';
import { buildsMade, createStage, quiet, recordBuild, type Stage } from './stage.ts';
import { describeEnd, type Ended, type RunningTool } from './tool.ts';
import { traceOf } from './trace.ts';

/** Whatever happens to the runner, the host brings the transaction to its end (promise P4). */
let lab: Lab;
let stage: Stage;

beforeAll(async () => {
  lab = await createLab();
  stage = await createStage(lab, 'production');
});

afterAll(async () => {
  await stage?.down();
  await lab?.down();
});

beforeEach(() => stage.reset());

const before = () => quiet({ release: 1, builds: buildsMade, installed: '1.0.0' });
const after = (version: string) => quiet({ release: 2, builds: buildsMade, installed: version });

/** What GitHub does to a job that is cancelled: each next signal only if it still runs. */
async function cancelAsGitHub(tool: RunningTool): Promise<Ended & { readonly afterMs: number }> {
  const began = performance.now();
  let running = true;
  const ended = tool.ended.finally(() => { running = false; });
  tool.signal('SIGINT');
  await Promise.race([ended, sleep(7_500)]);
  if (running) tool.signal('SIGTERM');
  await Promise.race([ended, sleep(2_500)]);
  if (running) tool.signal('SIGKILL');
  return { ...await ended, afterMs: performance.now() - began };
}

describe('in the window', () => {
  it('a runner that is killed is not missed; running it again attaches', async () => {
    await recordBuild(stage);
    const scene = await inWindow(stage, '2.0.1');
    scene.tool.signal('SIGKILL');
    expect((await scene.tool.ended).signal).toBe('SIGKILL');
    await expectNothingLeft(scene.tool);
    const run = await unfinishedRun(stage);
    const again = stage.start(['deploy', '--release', scene.release, '--config', scene.config]);
    await expect.poll(() => again.told(), { timeout: 30_000 }).toContain(`attaching to ${run}`);
    await scene.go();
    const ended = await again.ended;
    expect(ended.status, describeEnd(ended)).toBe(0);
    expect(ended.summary).toMatchObject({ end: 'done', run, serving: '2.0.1' });
    expect(await stage.see()).toMatchObject(quiet({ release: 2, builds: buildsMade + 1,
      installed: '2.0.1' }));
  });

  it('a runner that is killed is not needed', async () => {
    const scene = await inWindow(stage, '2.0.2');
    scene.tool.signal('SIGKILL');
    const run = await unfinishedRun(stage);
    await scene.go();
    await endOnHost(stage, run, 'done');
    expect(await stage.see()).toMatchObject(after('2.0.2'));
    const attached = await stage.run(['attach', '--run', run]);
    expect(attached.status, describeEnd(attached)).toBe(0);
    expect(attached.summary).toMatchObject({ end: 'done', run });
  });

  it('a job that is cancelled lets go in time, and tells how to look again', async () => {
    const scene = await inWindow(stage, '2.0.3');
    const run = await unfinishedRun(stage);
    const ended = await cancelAsGitHub(scene.tool);
    expect(ended.status, describeEnd(ended)).toBe(14);
    // By the first signal: the second one would leave no time for words.
    expect(ended.afterMs).toBeLessThan(7_500);
    expect(ended.summary).toMatchObject({ end: 'running', serving: null, run });
    expect(ended.summary?.next[0]).toContain(`seatrial attach --run ${run}`);
    await expectNothingLeft(scene.tool);
    expect(await stage.see()).toMatchObject({ serves: 'nothing', closed: 'yes', entry: 'no',
      unfinished: run });
    await scene.go();
    await endOnHost(stage, run, 'done');
    expect(await stage.see()).toMatchObject(after('2.0.3'));
  });

  it('a job that is cancelled while the network is cut lets go in time, too', async () => {
    const scene = await inWindow(stage, '2.0.4');
    const run = await unfinishedRun(stage);
    await stage.host.cut();
    // Contact is lost, and it is being looked for.
    await expect.poll(() => scene.tool.told(), { timeout: 40_000 }).toContain('contact');
    await sleep(4_000);
    const ended = await cancelAsGitHub(scene.tool);
    expect(ended.status, describeEnd(ended)).toBe(14);
    expect(ended.afterMs).toBeLessThan(7_500);
    expect(ended.summary?.next[0]).toContain(`seatrial attach --run ${run}`);
    await expectNothingLeft(scene.tool);
    await stage.host.heal();
    await scene.go();
    await endOnHost(stage, run, 'done');
  });

  it('a network that is cut for a while is found again by itself', async () => {
    const scene = await inWindow(stage, '2.0.5');
    await stage.host.cut();
    await expect.poll(() => scene.tool.told(), { timeout: 40_000 }).toContain('contact');
    await stage.host.heal();
    await scene.go();
    expect((await scene.end(0)).summary).toMatchObject({ end: 'done', serving: '2.0.5' });
    expect(await stage.see()).toMatchObject(after('2.0.5'));
  });
});

describe('before the window', () => {
  it('a job that is cancelled leaves nothing behind', async () => {
    const trace = await traceOf(stage);
    const scene = await beforeWindow(stage, '2.1.1');
    const run = await unfinishedRun(stage);
    const cancelled = cancelAsGitHub(scene.tool);
    await scene.go();
    const ended = await cancelled;
    expect(ended.status, describeEnd(ended)).toBe(13);
    expect(ended.summary).toMatchObject({ end: 'cancelled', run, serving: '1.0.0' });
    expect(await stage.see()).toMatchObject(before());
    expect(await traceOf(stage)).toEqual(trace);
  });

  it('without its runner the host does not enter the window', async () => {
    const trace = await traceOf(stage);
    const scene = await beforeWindow(stage, '2.1.2');
    const run = await unfinishedRun(stage);
    scene.tool.signal('SIGKILL');
    await expectNothingLeft(scene.tool);
    await scene.go();
    await endOnHost(stage, run, 'cancelled');
    expect(await stage.see()).toMatchObject(before());
    expect(await traceOf(stage)).toEqual(trace);
    const again = await stage.run(['deploy', '--release', scene.release, '--config', scene.config]);
    expect(again.status, describeEnd(again)).toBe(0);
    expect(await stage.see()).toMatchObject(after('2.1.2'));
  });
});
