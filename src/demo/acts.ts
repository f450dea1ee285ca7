import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeatrialError } from '../errors.ts';
import type { Summary } from '../report/events.ts';
import { formatSeconds } from '../report/units.ts';
import type { World } from '../run.ts';
import { stateBytes, type Bytes } from './bytes.ts';
import { claim, claimEqual } from './claims.ts';
import type { Permit, Rehearsed, Stage } from './stage.ts';
import { readAll, sign, versionAt, visitWhile, type Content, type Visits } from './visitors.ts';

/** What one act has shown; every number in it was measured, every sentence was looked at. */
export interface Act {
  readonly title: string;
  readonly summary: Summary;
  /** Sentences for people. */
  readonly lines: readonly string[];
  readonly facts: Readonly<Record<string, string | number>>;
}

export interface Scene {
  readonly stage: Stage;
  readonly world: World;
}

/** What an act leaves to the next one. */
export interface Left {
  readonly content: Content;
  readonly bytes: Bytes;
}

export interface Played {
  readonly act: Act;
  readonly left: Left;
}

const firstEntries = 25;
const laterEntries = 5;

export async function firstRelease({ stage, world }: Scene): Promise<Played> {
  const { summary } = await stage.deploy(1, '1.0.0');
  claimEqual(summary.end, 'done', 'the first release is deployed');
  await serves(stage, '1.0.0');
  world.report({ kind: 'activity', text: 'act 1: visitors sign the guestbook' });
  await sign(stage.port, 1, firstEntries);
  const content = await readAll(stage.port);
  claimEqual(content.entries, firstEntries, 'every entry that was accepted can be read');
  claimEqual(content.uploads, firstEntries / 5, 'every upload that was accepted can be read');
  return { left: { content, bytes: stage.state() }, act: {
    title: 'The first release', summary,
    lines: [`guestbook 1.0.0 serves at 127.0.0.1:${stage.port}.`,
      `Visitors sign it: ${words(content)}, each of them read back.`],
    facts: { ...content },
  } };
}

export async function upgrade(scene: Scene, before: Left): Promise<Played> {
  const { stage, world } = scene;
  const tried = await triedOut(scene, before, [2, '2.0.0']);
  claim(tried.rehearsal.verdict === 'passed', 'the upgrade passes its rehearsal',
    tried.rehearsal.reasons.join(' '));
  claim(tried.rehearsal.undo?.equal === true, 'on the copy, going back brings back what was');
  const { value: { summary }, visits } = await visitWhile(stage.port, world,
    () => stage.deploy(2, '2.0.0', { receipt: tried.receipt }));
  claimEqual(summary.end, 'done', 'the upgrade is deployed');
  await serves(stage, '2.0.0');
  claimEqual(visits.order.join(' '), '1.0.0 2.0.0', 'visitors meet the old version, then the new');
  claim(visits.refused > 0, 'nobody gets in while the database is migrated');
  const content = await readAll(stage.port);
  sameContent(content, before.content);
  const rescue = rescueCopy(summary);
  claimEqual(stateBytes(rescue.database, rescue.uploads).digest, before.bytes.digest,
    'the rescue copy is the state before the upgrade, byte for byte');
  world.report({ kind: 'activity', text: 'act 2: more visitors sign' });
  await sign(stage.port, firstEntries + 1, laterEntries);
  const now = await readAll(stage.port);
  claimEqual(now.entries, firstEntries + laterEntries, 'version 2 takes new entries');
  return { left: { content: now, bytes: stage.state() }, act: {
    title: 'An upgrade, tried on a copy of production first', summary,
    lines: [`${rehearsedIn(tried)}: nothing lost, going back proven.`,
      `Users were kept out for ${outage(summary)}: rescue copy, migration, checks.`,
      `The rescue copy is the old state byte for byte${provenBy(stage, summary)}.`,
      `2.0.0 shows the same ${words(content)} (digest ${short(content.digest)}).`,
      `${laterEntries} more visitors sign: ${words(now)} now.`],
    facts: { ...visitFacts(visits), ...now },
  } };
}

export async function refusedRelease(scene: Scene, before: Left): Promise<Played> {
  const { stage } = scene;
  const tried = await triedOut(scene, before, [3, '3.0.0']);
  claimEqual(tried.rehearsal.verdict, 'refused', 'the broken release is refused on the copy');
  const reason = tried.rehearsal.reasons[0] ?? '';
  const broke = brokenRecord(reason);
  claim(tried.rehearsal.checks.some((it) => it.title.endsWith('/health') && it.when === 'new'
    && it.verdict === 'pass'), 'on the copy it starts and is healthy');
  await deploysNot(stage, {}, /was not rehearsed/);
  await deploysNot(stage, { receipt: tried.receipt }, /the rehearsal was refused/);
  await serves(stage, '2.0.0');
  return { left: before, act: {
    title: 'A release that starts, is healthy, and breaks old records',
    summary: refusedSummary(tried),
    lines: [`${rehearsedIn(tried)}: ${broke}.`,
      'Without a receipt it does not go to production, nor with this one.'],
    facts: { ...before.content },
  } };
}

export async function refusedMigration(scene: Scene, before: Left): Promise<Played> {
  const tried = await triedOut(scene, before, [5, '4.0.0']);
  claimEqual(tried.rehearsal.verdict, 'refused', 'the migration is refused on the copy');
  const reason = tried.rehearsal.reasons[0] ?? '';
  claim(/Migrate|migration/.test(reason), 'the rehearsal names the migration', reason);
  claim(/UNIQUE constraint failed: entries\.message/.test(tried.log),
    'it fails on what production\'s visitors wrote', reason);
  await serves(scene.stage, '2.0.0');
  return { left: before, act: {
    title: 'A migration that fails only on production\'s rows',
    summary: refusedSummary(tried),
    lines: [`${rehearsedIn(tried)}: UNIQUE constraint failed, as`,
      'two visitors wrote the same message. Its author never saw two.'],
    facts: { ...before.content },
  } };
}

export async function brokenRelease(scene: Scene, before: Left): Promise<Played> {
  const { stage, world } = scene;
  const { value: { summary, verdicts }, visits } =
    await visitWhile(stage.port, world, () => stage.deploy(4, '3.0.0', { unrehearsed }));
  claimEqual(summary.end, 'restored', 'the broken release is taken back');
  const broke = brokenRecord(summary.reason ?? '');
  claim(verdicts.some((it) => it.check.endsWith('/health') && it.verdict === 'pass'),
    'the broken release starts and is healthy');
  await serves(stage, '2.0.0');
  claimEqual(visits.order.join(' '), '2.0.0', 'no visitor ever meets the broken release');
  const bytes = stage.state();
  claimEqual(bytes.digest, before.bytes.digest, 'the state is the same bytes as before');
  const content = await readAll(stage.port);
  sameContent(content, before.content);
  const asked = visits.refused + Object.values(visits.answers).reduce((all, one) => all + one, 0);
  return { left: { content, bytes }, act: {
    title: 'The same, deployed unrehearsed all the same', summary,
    lines: [`3.0.0 migrates, starts and is healthy, but ${broke}.`,
      `2.0.0 comes back by itself; users were kept out for ${outage(summary)}.`,
      `Every row is there: ${words(content)} (digest ${short(content.digest)}),`,
      `and database and uploads are the same bytes as before (${short(bytes.digest)}).`,
      `A visitor asked ${asked} times meanwhile and never met 3.0.0.`],
    facts: { ...visitFacts(visits), ...content },
  } };
}

export async function again(scene: Scene, before: Left): Promise<Played> {
  const { stage } = scene;
  const pid = stage.pid();
  claim(pid !== undefined, 'the guestbook runs');
  const { summary } = await stage.deploy(6, '2.0.0');
  claimEqual(summary.end, 'unchanged', 'the release that is there is not deployed again');
  await serves(stage, '2.0.0');
  claimEqual(stage.pid() ?? 0, pid, 'the same process serves on');
  const bytes = stage.state();
  claimEqual(bytes.digest, before.bytes.digest, 'the state is not touched');
  const content = await readAll(stage.port);
  sameContent(content, before.content);
  return { left: { content, bytes }, act: {
    title: 'Version 2 again', summary,
    lines: [`It is there already: process ${pid} serves on, the state is not touched.`],
    facts: { pid, ...content },
  } };
}

const unrehearsed = 'to show how production takes it back';

/** A rehearsal while visitors read on: production must not notice. */
async function triedOut(scene: Scene, before: Left, [act, version]: readonly [number, string]):
Promise<Rehearsed> {
  const { stage, world } = scene;
  const { value, visits } =
    await visitWhile(stage.port, world, () => stage.rehearse(act, version));
  claimEqual(visits.refused, 0, 'no visitor of production notices the rehearsal');
  claimEqual(visits.order.length, 1, 'visitors meet one version during the rehearsal');
  claimEqual(stage.state().digest, before.bytes.digest,
    'the rehearsal changes no byte of production');
  claim(stage.stagingPid() === undefined, 'nothing of the copy runs after the rehearsal');
  return value;
}

async function deploysNot(stage: Stage, by: Permit, why: RegExp): Promise<void> {
  try {
    await stage.deploy(3, '3.0.0', by);
  } catch (error) {
    claim(error instanceof SeatrialError && error.kind === 'refused' && why.test(error.message),
      'production refuses what did not pass', String(error));
    return;
  }
  claim(false, 'production refuses what did not pass');
}

function rehearsedIn({ rehearsal, seconds }: Rehearsed): string {
  return `Rehearsal ${rehearsal.verdict} in ${formatSeconds(seconds)}`;
}

function refusedSummary({ rehearsal }: Rehearsed): Summary {
  return {
    command: 'rehearse', end: 'refused', application: rehearsal.application, host: 'staging',
    version: rehearsal.release.version, digest: rehearsal.release.digest, serving: undefined,
    run: undefined, reason: rehearsal.reasons[0], windowSeconds: undefined, places: [], next: [],
    problems: [], timeline: [],
  };
}

async function serves(stage: Stage, version: string): Promise<void> {
  claimEqual(await versionAt(stage.port) ?? 'nothing', version, `production serves ${version}`);
}

function sameContent(content: Content, before: Content): void {
  claimEqual(content.entries, before.entries, 'every entry is there');
  claimEqual(content.uploads, before.uploads, 'every upload is there');
  claimEqual(content.digest, before.digest, 'every entry and upload says what it said');
}

/** Where a deployment left its rescue copies, found by looking. */
export function rescueCopy(summary: Summary): { database: string; uploads: string } {
  const places = summary.places.filter((it) => it.what === 'rescue copy').map((it) => it.path);
  const database = places.find((path) => existsSync(join(path, 'database')));
  const uploads = places.find((path) => path !== database);
  claim(database !== undefined && uploads !== undefined && existsSync(uploads),
    'the report names the rescue copies', places.join(', '));
  return { database: join(database, 'database'), uploads };
}

/** Whether the rescue copy could be opened depends on the machine. */
function provenBy(stage: Stage, summary: Summary): string {
  const log = readFileSync(join(stage.records, 'runs', summary.run ?? '', 'console.log'), 'utf8');
  return /neither sqlite3 nor python3/.test(log) ? ' (no sqlite3 to open it)' : ', and opens';
}

/** The check that failed first must be the one that looks at old records. */
function brokenRecord(reason: string): string {
  const [, record, now, before] =
    /(record \d+) answered (\d+), before (\d+)/.exec(reason) ?? [];
  claim(record !== undefined, 'the report names a record that broke', reason);
  return `${record} answers ${now ?? ''}, not ${before ?? ''}`;
}

function outage(summary: Summary): string {
  claim(summary.windowSeconds !== undefined, 'the report tells how long users were kept out');
  return formatSeconds(summary.windowSeconds);
}

function visitFacts(visits: Visits): Record<string, number> {
  const answered = Object.entries(visits.answers)
    .map(([version, count]) => [`answeredBy ${version}`, count] as const);
  return { ...Object.fromEntries(answered), refused: visits.refused };
}

function words({ entries, uploads }: Content): string {
  return `${entries} entries, ${uploads} uploads`;
}

function short(digest: string): string {
  return digest.slice(0, 8);
}
