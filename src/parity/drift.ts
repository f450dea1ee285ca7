import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parityClasses, type ParityClass, type ParityConfig } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import type { ParityFacts } from '../facts/parse-parity.ts';
import { verdictOf } from './verdict.ts';

/**
 * What a receipt keeps of production, so that `deploy` can tell what changed since: of each class
 * whose differences refuse or warn a digest, and the items themselves as far as they fit.
 */
export interface ParityRecord {
  readonly version: 1;
  /** Goes into each digest of a text: production is asked again under the same one. */
  readonly salt: string;
  readonly classes: Readonly<Partial<Record<ParityClass, ClassDigest>>>;
  /** base64 of gzip of `class TAB item TAB value` lines; a class may be left out for its size. */
  readonly named: string;
}

export interface ClassDigest {
  /** sha256 (hex) of the sorted lines `item TAB value`. */
  readonly digest: string;
  readonly items: number;
}

export interface Drift {
  readonly class: ParityClass;
  /** The class's own name where the receipt has no room for its items. */
  readonly item: string;
  readonly before: string;
  readonly now: string;
}

/** The receipt stays below 200 kB with everything else that it holds. */
const namedBytesMax = 120_000;
const unpackedBytesMax = 16 * 1024 * 1024;
const problemsMax = 20;

type Items = ReadonlyMap<string, string>;

/** `salt` is the one that production was asked under. */
export function parityRecord(facts: ParityFacts, parity: ParityConfig, salt: string):
ParityRecord {
  const kept = parityClasses.map((of) => [of, keptItems(facts, parity, of)] as const)
    .filter(([, items]) => items.size > 0);
  const classes = Object.fromEntries(kept.map(([of, items]) => [of, digestOf(items)]));
  return { version: 1, salt, classes, named: packNamed(kept) };
}

/**
 * What changed on production since the record was made, under the present configuration; empty:
 * nothing that would refuse or warn. Pure.
 */
export function driftSince(record: ParityRecord, now: ParityFacts, parity: ParityConfig): Drift[] {
  const named = unpackNamed(record.named);
  return parityClasses.flatMap((of): Drift[] => {
    const before = record.classes[of];
    const items = keptItems(now, parity, of);
    const digest = items.size === 0 ? undefined : digestOf(items);
    if (before?.digest === digest?.digest) return [];
    const known = named.get(of) ?? new Map<string, string>();
    if (before === undefined || digestOf(known).digest === before.digest) {
      return itemDrift(of, known, items);
    }
    return [{ class: of, item: of, before: `${before.items} items`,
      now: `${items.size} items, not the same` }];
  });
}

/** For a refusal; empty where nothing drifted. */
export function driftProblems(drift: readonly Drift[]): Problem[] {
  if (drift.length === 0) return [];
  const more = drift.length - problemsMax;
  return [
    { message: `production is not what it was at the rehearsal: ${drift.length} ` +
        `${drift.length === 1 ? 'item has' : 'items have'} changed`,
      fix: 'Run rehearse again; it takes production as it is now.' },
    ...drift.slice(0, problemsMax).map((it) =>
      ({ place: it.class, message: `${it.item}: ${it.before} -> ${it.now}` })),
    ...(more > 0 ? [{ message: `and ${more} more` }] : []),
  ];
}

/** Undefined: it is no record of ours. */
export function parseParityRecord(value: unknown): ParityRecord | undefined {
  if (!isObject(value) || value['version'] !== 1) return undefined;
  const { salt, named, classes } = value;
  if (typeof salt !== 'string' || !/^[0-9a-f]{16,64}$/.test(salt)) return undefined;
  if (typeof named !== 'string' || !isObject(classes)) return undefined;
  const known: Partial<Record<ParityClass, ClassDigest>> = {};
  for (const of of parityClasses) {
    const it = classes[of];
    if (it === undefined) continue;
    if (!isObject(it) || typeof it['digest'] !== 'string' || typeof it['items'] !== 'number') {
      return undefined;
    }
    known[of] = { digest: it['digest'], items: it['items'] };
  }
  return { version: 1, salt, classes: known, named };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What could not be read is remembered as that: to become readable, or unreadable, is a change. */
function keptItems(facts: ParityFacts, parity: ParityConfig, of: ParityClass): Items {
  const unread = facts.unread.filter((it) => it.class === of)
    .map((it): [string, string] => [it.item, 'not read']);
  return new Map([...facts.items.get(of) ?? [], ...unread].filter(([item]) =>
    ['fail', 'warn'].includes(verdictOf(parity, of, item).verdict)));
}

function linesOf(items: Items): string[] {
  return [...items].map(([item, value]) => `${item}\t${value}`).sort();
}

function digestOf(items: Items): ClassDigest {
  return { items: items.size,
    digest: createHash('sha256').update(linesOf(items).join('\n')).digest('hex') };
}

function itemDrift(of: ParityClass, before: Items, now: Items): Drift[] {
  return [...new Set([...before.keys(), ...now.keys()])].sort()
    .filter((item) => before.get(item) !== now.get(item))
    .map((item) => ({ class: of, item, before: told(before.get(item)),
      now: bothTexts(before.get(item), now.get(item)) ? 'another text' : told(now.get(item)) }));
}

function bothTexts(one: string | undefined, other: string | undefined): boolean {
  return (one?.startsWith('digest:') ?? false) && (other?.startsWith('digest:') ?? false);
}

function told(value: string | undefined): string {
  return value === undefined ? 'none' : value.startsWith('digest:') ? 'a text' : value;
}

/** Where all is too much, the class with the most items goes first: its digest stays. */
function packNamed(kept: readonly (readonly [ParityClass, Items])[]): string {
  const text = kept.flatMap(([of, items]) => linesOf(items).map((line) => `${of}\t${line}`));
  const packed = gzipSync(text.join('\n'), { level: 9 }).toString('base64');
  if (packed.length <= namedBytesMax || kept.length === 0) return packed;
  const largest = Math.max(...kept.map(([, items]) => items.size));
  return packNamed(kept.filter(([, items]) => items.size < largest));
}

function unpackNamed(named: string): ReadonlyMap<ParityClass, Items> {
  const found = new Map<ParityClass, Map<string, string>>();
  for (const line of gunzip(named).split('\n')) {
    const [word = '', item = '', ...value] = line.split('\t');
    const of = parityClasses.find((it) => it === word);
    if (of === undefined) continue;
    const items = found.get(of) ?? new Map<string, string>();
    found.set(of, items.set(item, value.join('\t')));
  }
  return found;
}

/** A list that is damaged names nothing; the digests still tell that something changed. */
function gunzip(named: string): string {
  try {
    return gunzipSync(Buffer.from(named, 'base64'), { maxOutputLength: unpackedBytesMax })
      .toString('utf8');
  } catch {
    return '';
  }
}
