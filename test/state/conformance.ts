import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashShims, makeBox, run, runIn, shells, temporary, type Crash, type Shell }
  from '../transaction/sandbox.ts';
import { cutFile, shimsFor, Verbs, type Bench } from './bench.ts';
import { forgetSuite } from './forget-suite.ts';

/**
 * What every kind of state promises (docs/decisions/0006-sea-trial.md), tried on the real thing in
 * dash and bash. To use it, write a `Bench` (bench.ts: how to make, read, write and spoil a live
 * state of the kind) and, at the top level of `test/state/KIND.test.ts` or `KIND.hosts.ts`:
 *
 *     conformance(bench);                        // all suites
 *     conformance(bench, { without: ['copy'] }); // while a verb is not there yet
 *
 * Suites: `rescue` (rescue, restore, at a first deployment too), `crash` (a kill before and after
 * each program that acts), `bring` (an older copy, drop), `copy` (copy, receive, keep, lay,
 * discard, under writes, torn streams), `look` (place, objects, rows, probe), `forget` (unlay).
 */
export function conformance(bench: Bench, how: { without?: readonly SuiteName[] } = {}): void {
  for (const [name, suite] of Object.entries(suites)) {
    if (how.without?.some((it) => it === name) === true) continue;
    describe.each(name === 'crash' ? ['dash'] as const : shells)(
      `${bench.kind}, ${name}, in %s`, (shell) => { suite(new Scene(bench, shell)); });
  }
}

const suites = { rescue: rescueSuite, crash: crashSuite, bring: bringSuite, copy: copySuite,
  look: lookSuite, forget: forgetSuite };
export type SuiteName = keyof typeof suites;

const olderRun = '20251231T000000Z-bbbbbb';

/** Makes sites for one test and removes them at its end. */
export class Scene {
  readonly bench: Bench;
  private readonly shell: Shell;

  constructor(bench: Bench, shell: Shell) {
    this.bench = bench;
    this.shell = shell;
  }

  async with(act: (production: Verbs, staging: Verbs) => Promise<void>): Promise<void> {
    const verbs: Verbs[] = [];
    try {
      for (const role of ['production', 'staging'] as const) {
        const box = makeBox(join(temporary(), role));
        const site = await this.bench.site(box, role);
        verbs.push(new Verbs(this.bench, { box, site, shell: this.shell }));
      }
      const [production, staging] = verbs;
      if (production !== undefined && staging !== undefined) await act(production, staging);
    } finally {
      for (const it of verbs) await it.site.close();
    }
  }
}

/** Fills a site and tells what it then holds. */
export async function filled(verbs: Verbs): Promise<string> {
  await verbs.site.fill();
  const text = await verbs.site.read();
  expect(text.length).toBeGreaterThan(0);
  return text;
}

function rescueSuite(scene: Scene): void {
  it('a rescue copy is proven, listed, and swapped back whole; what failed is kept', () =>
    scene.with(async (host) => {
      const before = await filled(host);
      await host.must('rescue', 'state1', 'there');
      expect(host.rescues()).toEqual([[scene.bench.kind, expect.any(String), expect.any(String),
        expect.stringMatching(/^[0-9]+$/), expect.stringMatching(/^[0-9]+$/)]]);
      expect(await host.place('rescue')).toBe(host.rescues()[0]?.[2]);
      await host.site.spoil();
      expect(await host.site.read()).not.toBe(before);
      await host.must('restore', 'state1');
      expect(await host.site.read()).toBe(before);
      expect(host.rescues()).toEqual([]);
      expect(existsSync(join(host.box.base, 'failed', run))).toBe(true);
      await host.must('restore', 'state1');
      expect(await host.site.read()).toBe(before);
    }));

  it('going back without a copy leaves the state as it is', () => scene.with(async (host) => {
    const before = await filled(host);
    await host.must('restore', 'state1');
    expect(await host.site.read()).toBe(before);
  }));

  it('at a first deployment the undo is absence', () => scene.with(async (host) => {
    await host.must('rescue', 'state1', 'first');
    await host.site.fill();
    await host.must('restore', 'state1');
    expect(await host.site.read()).toBe('');
    await host.must('restore', 'state1');
  }));

  it('where there is nothing to copy it is refused', () => scene.with(async (host) => {
    await host.refused('rescue', 'state1', 'there');
    expect(host.rescues()).toEqual([]);
  }));
}

function crashSuite(scene: Scene): void {
  const shims = shimsFor(scene.bench.programs);
  const path = [shims, crashShims, process.env.PATH ?? ''].join(delimiter);

  // Where a kill takes long, only before each program: after it is before the next one.
  const kills = scene.bench.programs.length > 0 ? ['before'] as const
    : ['before', 'after'] as const;

  /** A kill before and after each program that acts, till none is left to be killed. */
  const sweep = async (act: (crash: Crash) => Promise<boolean>): Promise<void> => {
    for (let at = 1; at < 200; at += 1) {
      const reached = [];
      for (const how of kills) reached.push(await act({ at, how }));
      if (!reached.includes(true) && at > 1) return;
    }
    throw new Error('there is no end to the programs that act');
  };

  it('a rescue that is killed anywhere is undone', () => scene.with(async (host) => {
    const before = await filled(host);
    await sweep(async (crash) => {
      const ran = await host.shellText(host.text('rescue', 'state1', 'there'), { crash, path });
      await host.must('restore', 'state1');
      const told = `${crash.how} ${crash.at}: ${ran.calls.join(' ')}`;
      expect(await host.site.read(), told).toBe(before);
      expect(host.rescues()).toEqual([]);
      return ran.status === undefined;
    });
  }), 170_000);

  it('a restore that is killed anywhere is finished by the next one', () =>
    scene.with(async (host) => {
      const before = await filled(host);
      await sweep(async (crash) => {
        await host.must('rescue', 'state1', 'there');
        await host.site.spoil();
        const ran = await host.shellText(host.text('restore', 'state1'), { crash, path });
        await host.must('restore', 'state1');
        const told = `${crash.how} ${crash.at}: ${ran.calls.join(' ')}`;
        expect(await host.site.read(), told).toBe(before);
        expect(host.rescues()).toEqual([]);
        await runIn(host.box, { shell: 'dash', text: 'rm -f "$RUN_DIR"/swapping-*' });
        return ran.status === undefined;
      });
    }), 170_000);
}

function bringSuite(scene: Scene): void {
  it('an older copy takes the place of the state, and the undo of that', () =>
    scene.with(async (host) => {
      const older = await filled(host);
      await host.shellText(host.text('rescue', 'state1', 'there'), { run: olderRun });
      const place = host.rescues(olderRun)[0]?.[2] ?? 'no rescue copy';
      await host.site.spoil();
      const newer = await host.site.read();
      await host.must('rescue', 'state1', 'there');
      await host.must('bring', 'state1', place);
      expect(await host.site.read()).toBe(older);
      await host.must('unbring', 'state1');
      await host.must('restore', 'state1');
      expect(await host.site.read()).toBe(newer);
      // The older copy is still there, and may be brought again.
      expect(host.rescues(olderRun)[0]?.[2]).toBe(place);
      if (!scene.bench.dropsPlaces) return;
      await host.must('drop', place);
      await host.must('drop', place);
      expect(await host.site.read()).toBe(newer);
      await host.refused('bring', 'state1', place);
      expect(await host.site.read()).toBe(newer);
    }));
}

/** Copies production's state to a file, by a program that is no transaction. */
export async function copied(production: Verbs): Promise<string> {
  const file = join(production.box.root, 'stream');
  const done = await production.bare('copy', file);
  expect(done).toEqual({ status: 0, errors: expect.not.stringContaining('failed: ') as string });
  return file;
}

export async function receive(staging: Verbs, file: string): Promise<void> {
  const ran = await staging.shellText(`${staging.text('receive', 'state1')} <'${file}'`);
  if (ran.status !== 0) throw new Error(`receive ended with ${ran.status}\n${ran.output}`);
}

function copySuite(scene: Scene): void {
  it('a copy is of one instant while others write, is laid quickly, and again', () =>
    scene.with(async (production, staging) => {
      await production.site.fill();
      const own = await filled(staging);
      const writer = await production.site.startWriting();
      await writer.reached(3);
      if (!scene.bench.copiesLive) await writer.stop();
      const file = await copied(production);
      if (scene.bench.copiesLive) await writer.reached(5);
      const written = await writer.stop();
      expect(await production.site.units()).toBe(written);
      const after = await production.site.read();
      await receive(staging, file);
      expect(await staging.site.read()).toBe(own);
      await staging.must('keep', 'state1');
      expect(await staging.site.read()).toBe(own);
      await staging.must('lay', 'state1');
      const units = await staging.site.units();
      expect(units).toBeGreaterThanOrEqual(3);
      expect(units).toBeLessThanOrEqual(written);
      const laid = await staging.site.read();
      expect(await staging.site.aside()).toBe(own);
      await staging.site.spoil();
      await staging.must('lay', 'state1');
      expect(await staging.site.read()).toBe(laid);
      expect(await staging.site.aside()).toBe(own);
      expect(await production.site.read()).toBe(after);
    }));

  it('a copy holds all that there is, and is laid where there was nothing', () =>
    scene.with(async (production, staging) => {
      const there = await filled(production);
      await receive(staging, await copied(production));
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      expect(await staging.site.read()).toBe(there);
      // A second copy takes the place of the first.
      await production.site.spoil();
      await receive(staging, await copied(production));
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      expect(await staging.site.read()).toBe(await production.site.read());
      await staging.must('discard', 'state1');
      await staging.must('discard', 'state1');
      expect(await staging.site.read()).toBe(await production.site.read());
      await staging.refused('lay', 'state1');
      await staging.refused('keep', 'state1');
    }));

  it('a stream that was cut is refused wherever it was cut, and a whole one then taken', () =>
    scene.with(async (production, staging) => {
      const there = await filled(production);
      const file = await copied(production);
      const { size } = statSync(file);
      const half = Math.floor(size / 2);
      for (const length of [0, 1, 20, Math.floor(half / 2), half, size - 6, size - 1]) {
        const cut = cutFile(file, length);
        const ran = await staging.shellText(`${staging.text('receive', 'state1')} <'${cut}'`);
        expect([length, ran.status ?? 0]).not.toEqual([length, 0]);
      }
      await receive(staging, file);
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      expect(await staging.site.read()).toBe(there);
    }));

  it('a state that is not there cannot be copied', () => scene.with(async (production) => {
    const done = await production.bare('copy', join(production.box.root, 'stream'));
    expect(done.status).toBeGreaterThan(0);
    expect(done.errors).toContain('failed: ');
  }));
}

function lookSuite(scene: Scene): void {
  it('content and schema are told: equal for a copy, different for what was changed', () =>
    scene.with(async (production, staging) => {
      await production.site.fill();
      const file = await copied(production);
      const there = await production.describe(await production.place('live'));
      expect([...there.objects].sort()).toEqual(there.objects);
      const lines = [...there.objects, ...there.rows];
      expect(lines.filter((it) => it.split('\t').length < 3)).toEqual([]);
      expect(lines.length).toBeGreaterThan(0);
      await receive(staging, file);
      expect(await staging.describe(await staging.place('incoming'))).toEqual(there);
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      const live = await staging.place('live');
      expect(await staging.describe(await staging.place('pristine'))).toEqual(there);
      expect(await staging.describe(live)).toEqual(there);
      await staging.must('rescue', 'state1', 'there');
      await staging.site.spoil();
      expect(await staging.describe(live)).not.toEqual(there);
      expect(await staging.describe(await staging.place('rescue'))).toEqual(there);
    }));

  it('a probe tells bytes and no problem, in lines of one form', () => scene.with(async (host) => {
    await host.site.fill();
    const file = join(host.box.root, 'probe');
    writeFileSync(file, '');
    expect(await host.bare('probe', file, 'state1')).toMatchObject({ status: 0 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((it) => it.split('\t'));
    expect(lines.filter(([word, label]) => word !== 'state' || label !== 'state1')).toEqual([]);
    const facts = new Map(lines.map(([, , key, ...value]) => [key, value.join('\t')]));
    expect(facts.get('problem')).toBeUndefined();
    expect(Number(facts.get('bytes'))).toBeGreaterThan(0);
  }));
}
