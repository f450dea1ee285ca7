import type { ObjectLine } from './comparison.ts';
import { countOf, grouped } from './owners.ts';
import type { Difference, FoundKind } from './rehearsal.ts';

/**
 * PostgreSQL's sequences are told as one row each, whose digest is where they stand. Digests are
 * of 64 bits: one that is as short as this is as good as never met.
 */
const position = /^(\d{1,15})( \(not used\))?$/;

export function isSequence(line: ObjectLine): boolean {
  const { count, digest } = rowsOf(line);
  return count === 1 && position.test(digest);
}

/** A sequence that goes on loses nothing; one that goes back gives numbers out twice. */
export function sequenceDifference(before: ObjectLine, after: ObjectLine): Omit<Difference,
  'state' | 'object'> {
  const [old, now] = [rowsOf(before).digest, rowsOf(after).digest];
  const next = (digest: string): number => {
    const [, at = '0', unused] = position.exec(digest) ?? [];
    return Number(at) + (unused === undefined ? 1 : 0);
  };
  return { objectKind: 'sequence', kind: 'content', before: `at ${old}`, after: `at ${now}`,
    harmless: next(now) >= next(old) ? 'a sequence that goes on loses nothing' : undefined };
}

type Found = Pick<Difference, 'kind' | 'before' | 'after' | 'hint'>;

/** What changed in the rows of a table, or in a file: never nothing. */
export function contentDifferences(
  { before, after }: { before: ObjectLine; after: ObjectLine },
): Found[] {
  return before.kind === 'rows' ? [rowsDifference(before, after)] : fileDifferences(before, after);
}

/** The detail as a person reads it, on one line. */
export function describeDetail(line: ObjectLine): string {
  if (line.kind === 'rows') {
    const { count, digest } = rowsOf(line);
    return `${countOf(count, 'rows')} (digest ${short(digest)})`;
  }
  if (line.kind !== 'file') return line.detail.replaceAll('\t', ' ');
  const file = fileOf(line);
  return file === undefined ? line.detail.replaceAll('\t', ' ')
    : [file.type, file.mode, file.owner, ...bytesOf(file)].join(' ');
}

function rowsDifference(before: ObjectLine, after: ObjectLine): Found {
  const [old, now] = [rowsOf(before), rowsOf(after)];
  const kind: FoundKind = now.count < old.count ? 'rows-lost'
    : now.count > old.count ? 'rows-added' : 'content';
  if (kind === 'content') {
    return { kind, before: describeDetail(before), after: describeDetail(after),
      hint: 'as many rows, but not the same ones' };
  }
  const by = Math.abs(now.count - old.count);
  const hint = kind === 'rows-lost' ? `${grouped(by)} fewer (${percent(by, old.count)})`
    : `${grouped(by)} more: whether the old ones are as they were cannot be told`;
  return { kind, before: countOf(old.count, 'rows'), after: countOf(now.count, 'rows'), hint };
}

function fileDifferences(before: ObjectLine, after: ObjectLine): Found[] {
  const [old, now] = [fileOf(before), fileOf(after)];
  const changed: Found = { kind: 'changed', before: describeDetail(before),
    after: describeDetail(after) };
  if (old === undefined || now === undefined || old.type !== now.type) return [changed];
  const found: Found[] = [];
  if (old.size !== now.size || old.digest !== now.digest) {
    const [from, to] = [old, now].map((it) => bytesOf(it).join(' '));
    found.push({ kind: 'content', before: from ?? '', after: to ?? '' });
  }
  if (old.mode !== now.mode || old.owner !== now.owner) {
    found.push({ kind: 'changed', before: `${old.mode} ${old.owner}`,
      after: `${now.mode} ${now.owner}` });
  }
  return found.length === 0 ? [changed] : found;
}

function rowsOf({ detail }: ObjectLine): { count: number; digest: string } {
  const [count = '', digest = ''] = detail.split('\t');
  return { count: Number(count), digest };
}

interface File {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly size: number;
  readonly digest: string;
}

/** `f 644 1000:1000 1204 6f1c…`; undefined: written otherwise, and shown as it is. */
function fileOf({ detail }: ObjectLine): File | undefined {
  const [type, mode, owner, size, digest, ...more] = detail.split(/\s+/);
  if (type === undefined || mode === undefined || owner === undefined || digest === undefined) {
    return undefined;
  }
  if (!/^\d{1,18}$/.test(size ?? '') || more.length > 0) return undefined;
  return { type, mode, owner, size: Number(size), digest };
}

/** Nothing for what has no bytes of its own, a directory. */
function bytesOf({ size, digest }: File): string[] {
  return digest === '-' ? [] : [countOf(size, 'byte'), `(digest ${short(digest)})`];
}

function short(digest: string): string {
  return digest.length > 12 ? digest.slice(0, 8) : digest;
}

function percent(part: number, whole: number): string {
  const value = 100 * part / whole;
  return value > 0 && value < 1 ? 'under 1%' : `${Math.floor(value)}%`;
}
