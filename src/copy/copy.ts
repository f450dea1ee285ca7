import type { Config } from '../config/config.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import type { Transport } from '../host/transport.ts';
import type { Report } from '../report/events.ts';
import type { StateKind } from '../state/spec.ts';
import { bringItem } from './bring.ts';
import { Line, type CopyHost } from './line.ts';
import { loadMasks, type Mask } from './mask.ts';
import { look, type Looked } from './look.ts';
import { expiryProgram, type Site } from './text.ts';
import { formatRecords, parseRecords, reusable, withoutPlace, withRecord, type CopyRecord }
  from './records.ts';
import { call, must } from './verbs.ts';
import { wantedCopies, type CopyItem } from './wanted.ts';

export interface CopyInput {
  readonly production: CopySide & {
    /** Id of the machine. */
    readonly machine: string;
    /** Absolute directory of the release that runs; empty for an install in place. */
    readonly release: string;
    /** sha256 of installed.json. */
    readonly installed: string;
  };
  /** Its configuration has `staging.instead` applied. */
  readonly staging: CopySide;
  readonly run: string;
  readonly report: Report;
  readonly cancel: AbortSignal;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Copy anew, whatever is there. */
  readonly fresh: boolean;
  /** Text of a mask's file, by its path in the configuration. */
  readonly readFile: (path: string) => Promise<string>;
}

export interface CopySide {
  readonly host: CopyHost;
  readonly transport: Transport;
  readonly config: Config;
}

/** What all parts of one run know. */
export interface Copying extends CopyInput {
  readonly items: readonly CopyItem[];
  readonly masks: ReadonlyMap<string, Mask>;
  readonly source: Line;
  readonly target: Line;
  readonly sourceSite: Site;
  readonly targetSite: Site;
}

/**
 * Makes a pristine copy of each state and of the code of production lie on staging, masked; one
 * that is fresh enough is used again. Production is only read. Throws `refused` with all that is
 * wrong at once, or `cancelled`; then what was half made is removed, and no copy that was not
 * masked is left. Gives one record for each, in the order of `wantedCopies`.
 */
export async function copyToStaging(input: CopyInput): Promise<CopyRecord[]> {
  const copying = await begin(input);
  try {
    return await bringAll(copying);
  } finally {
    await Promise.all([copying.source.close(), copying.target.close()]);
  }
}

async function begin(input: CopyInput): Promise<Copying> {
  const { production, staging, run } = input;
  const items = wantedCopies({ config: production.config, stagingConfig: staging.config,
    release: production.release });
  const { application } = production.config;
  return {
    ...input,
    items,
    masks: await loadMasks(items, input.readFile),
    source: new Line(production.host, production.transport),
    target: new Line(staging.host, staging.transport),
    sourceSite: { application, records: production.config.records, run },
    targetSite: { application, records: staging.config.records, run },
  };
}

async function bringAll(copying: Copying): Promise<CopyRecord[]> {
  const { items, report } = copying;
  let records = await withoutStale(copying, await readRecords(copying.target,
    copying.targetSite));
  const found = items.map((item) => decide(copying, item, records));
  const kept = await reallyKept(copying, items.filter((_, at) => typeof found[at] !== 'string'));
  const needed = items.filter((item, at) => typeof found[at] === 'string' || !kept.has(item.label));
  const looked = await look(copying, needed);
  const result: CopyRecord[] = [];
  for (const [at, item] of items.entries()) {
    const reuse = found[at];
    if (reuse !== undefined && typeof reuse !== 'string' && kept.has(item.label)) {
      report({ kind: 'note',
        text: `${item.title}: the copy of ${timeOf(reuse.copiedAt)} is used` });
      result.push(reuse);
      continue;
    }
    if (typeof reuse === 'string') report({ kind: 'note', text: `${item.title}: ${reuse}` });
    const others = withoutPlace(records, item.kind, item.stagingSpec);
    const record = await bringItem(copying, item, { total: bytesOf(looked, item), others });
    records = withRecord(others, record);
    result.push(record);
  }
  await expireInTime(copying, records);
  return result;
}

function decide(
  copying: Copying, item: CopyItem, records: readonly CopyRecord[],
): CopyRecord | string {
  const { production, clock, fresh, masks } = copying;
  return reusable({ item, records, now: clock(), fresh, machine: production.machine,
    freshForSeconds: production.config.copy.freshForSeconds, installed: production.installed,
    mask: masks.get(item.label)?.digest ?? '' });
}

/** A person may have removed them by hand. */
async function reallyKept(
  copying: Copying, items: readonly CopyItem[],
): Promise<ReadonlySet<string>> {
  if (items.length === 0) return new Set();
  const text = await must(copying.target, call(copying.targetSite, items.map((it) => it.kind),
    ['kept_all', ...items.flatMap((it) => [it.kind, it.stagingSpec, it.label])]));
  const answers = text.trim().split('\n');
  return new Set(items.filter((_, at) => answers[at] === 'yes').map((it) => it.label));
}

function bytesOf(looked: Looked, item: CopyItem): number {
  return looked.bytes.get(item.label) ?? 0;
}

async function readRecords(target: Line, site: Site): Promise<CopyRecord[]> {
  return parseRecords(await must(target, call(site, [], ['read_copies'])));
}

async function writeRecords(copying: Copying, records: readonly CopyRecord[]): Promise<void> {
  await must(copying.target, { ...call(copying.targetSite, [], ['write_to', 'write_copies']),
    stdin: formatRecords(records) });
}

/**
 * Removes copies of what is no longer wanted. Before anything is copied: the same place may be
 * wanted under other words.
 */
async function withoutStale(copying: Copying, records: readonly CopyRecord[]):
Promise<CopyRecord[]> {
  const { items, targetSite: site } = copying;
  const stale = records.filter((record) => !items.some((it) =>
    it.kind === record.kind && it.stagingSpec === record.spec));
  const left = records.filter((it) => !stale.includes(it));
  if (stale.length > 0) {
    await must(copying.target, call(site, stale.map((it) => it.kind),
      ['write_to', 'discard_all', ...stale.flatMap((it) => [it.kind, it.spec, it.label])]));
    await writeRecords(copying, left);
  }
  return left;
}

/** Has the copies removed when their time is over. */
async function expireInTime(copying: Copying, left: readonly CopyRecord[]): Promise<void> {
  const { targetSite: site, clock } = copying;
  if (left.length === 0) return;
  const seconds = new Set(left.map((it) =>
    String(Math.max(1, Math.ceil((it.expiresAt - clock()) / 1000) + 1))));
  const result = await must(copying.target, {
    ...call(site, [], ['keep_until', ...seconds]), stdin: expiryProgram(site, left) });
  if (result.trim() !== '') copying.report({ kind: 'note', text: result.trim() });
}

/**
 * Removes copies whose time is over, or all. To be called at each contact with staging: where the
 * host has no timer for it, nobody else does. Gives the names of what was removed.
 */
export async function expireCopies(input: {
  readonly transport: Transport; readonly config: Config; readonly run: string;
  readonly now: number; readonly all: boolean;
}): Promise<string[]> {
  const { transport, config, run, now, all } = input;
  const site: Site = { application: config.application, records: config.records, run };
  const line = new Line({ name: transport.name, open: async () => await Promise.reject(
    new SeatrialError('refused', `the connection to ${transport.name} was lost`)) }, transport);
  const records = await readRecords(line, site);
  const over = records.filter((it) => all || now >= it.expiresAt);
  if (over.length === 0) return [];
  const kinds: StateKind[] = over.map((it) => it.kind);
  await must(line, call(site, kinds, ['write_to', 'discard_all',
    ...over.flatMap((it) => [it.kind, it.spec, it.label])]));
  await must(line, { ...call(site, [], ['write_to', 'write_copies']),
    stdin: formatRecords(records.filter((it) => !over.includes(it))) });
  return over.map((it) => it.name);
}

export function refusedCopy(problems: readonly Problem[]): SeatrialError {
  return new SeatrialError('refused', problems);
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
