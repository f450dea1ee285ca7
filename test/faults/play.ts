import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../src/plan/plan.ts';
import { configFor, packRelease, prepareHost, type Kind } from './application.ts';
import { contents, FakeHost } from './host.ts';
import type { Case, Serving } from './matrix.ts';

/** One way to change one host, ready to go wrong again and again. */
export interface Stage {
  readonly host: FakeHost;
  readonly kind: Kind;
  readonly plan: Plan;
  /** The tarball of `plan`; undefined for a rollback. */
  readonly archive: string | undefined;
  readonly versions: Readonly<Record<Serving, string>>;
  /** What the host looks like with the version in service, and in its side directories. */
  readonly looks: Readonly<Record<Serving, readonly string[]>>;
  readonly aside: Readonly<Record<Serving, readonly string[]>>;
  /** Lines of the journal of a run in which nothing goes wrong. */
  readonly lines: number;
}

export type Way = 'first' | 'normal' | 'rollback';

export const runs = { one: '20260101T000001Z-000001', two: '20260101T000002Z-000002',
  three: '20260101T000003Z-000003', next: '20260101T000009Z-000009' };

/** Deploys what the case begins with, by real programs, and plays the case once without a fault. */
export async function makeStage(kind: Kind, way: Way): Promise<Stage> {
  const host = new FakeHost((root) => configFor(kind, root));
  const one = packRelease(kind, '1');
  const two = packRelease(kind, '2');
  prepareHost(kind, host.root, one);
  if (way !== 'first') await deployed(host, await host.plan(one, '1', runs.one), one);
  if (way === 'rollback') await deployed(host, await host.plan(two, '2', runs.two), two);
  const plan = way === 'rollback' ? await host.rollbackPlan(runs.three)
    : await host.plan(two, '2', runs.two);
  const archive = way === 'rollback' ? undefined : two;
  host.endAll();
  host.keepAsTemplate();
  const versions = way === 'rollback' ? { old: '2', new: '1' }
    : { old: way === 'first' ? '' : '1', new: '2' };
  startOver(host);
  const old = { looks: looksOf(host), aside: asideOf(host) };
  await deployed(host, plan, archive);
  return {
    host, kind, plan, archive, versions,
    looks: { old: old.looks, new: looksOf(host) },
    aside: { old: old.aside, new: asideOf(host) },
    lines: host.journal(plan).length - 1,
  };
}

async function deployed(host: FakeHost, plan: Plan, archive: string | undefined): Promise<void> {
  host.lay(plan, archive);
  await host.run(plan);
  const end = host.result(plan);
  if (end?.end !== 'done') {
    throw new Error(`${plan.way} ${plan.version}: ${JSON.stringify(end)}\n${host.console(plan)}`);
  }
}

/** The template, with the old version running. */
export function startOver(host: FakeHost): void {
  host.reset();
  host.boot();
}

/** Plays one case to its end, recovers as often as it takes, and tells all that is wrong. */
export async function play(stage: Stage, it: Case, extra = ''): Promise<string[]> {
  const { host } = stage;
  startOver(host);
  host.lay(it.plan, stage.archive, extra);
  const status = await host.run(it.plan);
  if (it.powerCut) host.cutPower();
  if (status === undefined || it.powerCut) await host.run(it.plan);
  const wrong = it.asks ? await asksForAPerson(stage, it) : [];
  const serving = servingOf(stage, it);
  wrong.push(...looksLike(stage, it, serving));
  // Once more: nothing may change.
  await host.run(it.plan);
  return [...wrong, ...looksLike(stage, it, serving).map((line) => `recovered again: ${line}`)];
}

function servingOf(stage: Stage, it: Case): Serving {
  if (it.ends.length === 1) return it.serving;
  const events = stage.host.journal(it.plan).map((line) => line.split('\t')[1]);
  return events.includes('commit') ? 'new' : 'old';
}

/** Nothing goes on by itself, and users stay out; then it is mended, and goes on to its end. */
async function asksForAPerson(stage: Stage, it: Case): Promise<string[]> {
  const { host } = stage;
  const wrong = unless(host.result(it.plan)?.end === 'needs-human',
    `ended ${String(host.result(it.plan)?.end)} instead of asking for a person`);
  const lines = host.journal(it.plan).length;
  await host.run(it.plan);
  wrong.push(...unless(host.journal(it.plan).length === lines, 'it went on without a person'),
    ...unless(readRecord(host, 'unfinished') === it.plan.run, 'unfinished does not name it'));
  writeFileSync(join(host.records, 'runs', it.plan.run, 'mended'), '');
  await host.run(it.plan, { force: true });
  return wrong;
}

/** The promise, line by line: what is wrong with the host. */
export function looksLike(stage: Stage, it: Case, serving: Serving): string[] {
  const { host } = stage;
  const result = host.result(it.plan);
  return [
    ...unless(it.ends.includes(result?.end ?? 'nothing'), `ended ${JSON.stringify(result)}`),
    ...unless((result?.end === 'done') === (serving === 'new'),
      `${String(result?.end)} is not ${serving}`),
    ...difference(stage.looks[serving], looksOf(host)),
    ...difference(stage.aside[serving], asideOf(host)).map((line) => `aside: ${line}`),
    ...processesWrong(host, stage.versions[serving]),
    ...recordsWrong(host, it.plan),
  ];
}

/** All but Seatrial's own records. */
export function looksOf(host: FakeHost): string[] {
  return readdirSync(host.root).filter((it) => !['records', 'run'].includes(it)).sort()
    .filter((it) => !it.startsWith('.seatrial-'))
    .flatMap((it) => contents(host.path(it), it));
}

function asideOf(host: FakeHost): string[] {
  return ['.', 'app', 'state'].flatMap((it) => {
    const side = host.path(it, '.seatrial-fake');
    return existsSync(side) ? readdirSync(side).map((name) => `${it}/${name}`) : [];
  }).sort();
}

function processesWrong(host: FakeHost, version: string): string[] {
  const expected = version === '' ? [] : [version];
  let alive = host.processes();
  for (let tries = 0; tries < 40 && alive.length > expected.length; tries += 1) {
    spawnSync('/bin/sleep', ['0.05']);
    alive = host.processes();
  }
  const serve = alive.map((it) => /bin\/daemon \S+ (\S+)$/.exec(it.words)?.[1] ?? it.words);
  return unless(JSON.stringify(serve) === JSON.stringify(expected),
    `these run: ${JSON.stringify(serve)}, expected version ${version}`);
}

function recordsWrong(host: FakeHost, plan: Plan): string[] {
  const locked = ['lock', 'work'].filter((name) =>
    spawnSync('flock', ['-n', join(host.records, name), 'true']).status !== 0);
  const kept = ['unfinished', 'lock.owner', `runs/${plan.run}/reserve`,
    `runs/${plan.run}/release.tar.gz`].filter((name) => existsSync(join(host.records, name)));
  return [
    ...locked.map((name) => `${name} is held`),
    ...kept.map((name) => `${name} is kept`),
    ...unless(existsSync(join(host.records, 'gate')), 'the gate is closed'),
  ];
}

function readRecord(host: FakeHost, name: string): string {
  const path = join(host.records, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

/** What failed must not stand in the way of the next release. */
export async function nextWorks(stage: Stage): Promise<string[]> {
  const { host, kind } = stage;
  const three = packRelease(kind, '3');
  const plan = await host.plan(three, '3', runs.next);
  host.lay(plan, three);
  await host.run(plan);
  return unless(host.result(plan)?.end === 'done',
    `the next deployment ended ${JSON.stringify(host.result(plan))}`);
}

function difference(expected: readonly string[], actual: readonly string[]): string[] {
  return [...expected.filter((it) => !actual.includes(it)).map((it) => `missing ${it}`),
    ...actual.filter((it) => !expected.includes(it)).map((it) => `unexpected ${it}`)];
}

function unless(holds: boolean, text: string): string[] {
  return holds ? [] : [text];
}
