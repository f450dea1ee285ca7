import { byState, type Findings } from './findings.ts';
import type { LockSeen, Rewrite } from './rehearsal.ts';

/** One lock as the sampler of src/state/kinds/postgres-look.sh tells it, once it has ended. */
interface Span {
  readonly object: string;
  readonly mode: string;
  readonly isHeld: boolean;
  /** Seconds of the epoch. */
  readonly from: number;
  readonly to: number;
  readonly statement: string;
}

/** Of more, those that lasted longest are told. */
export const locksMax = 50;

/**
 * What stood in the way of others while the procedure ran, longest first: one for each object,
 * mode and statement. What the release itself made is left out: nobody could wait for it. Lines
 * that are none are passed over, since a sampler is ended in the middle of its work.
 */
export function locksOf(findings: Findings): LockSeen[] {
  const seen = new Map<string, LockSeen>();
  for (const text of byState(findings, 'locks-').values()) {
    const spans = text.split('\n').flatMap(spanOf);
    for (const span of spans.filter((it) => isTold(it, spans))) {
      const key = [span.object, span.mode, span.statement].join('\t');
      const before = seen.get(key);
      seen.set(key, {
        object: span.object, mode: span.mode, statement: span.statement,
        seconds: round((before?.seconds ?? 0) + span.to - span.from),
        waiting: Math.max(before?.waiting ?? 0, waitingFor(span, spans), span.isHeld ? 0 : 1),
      });
    }
  }
  return [...seen.values()].sort((one, other) => other.seconds - one.seconds
    || one.object.localeCompare(other.object)).slice(0, locksMax);
}

/** `lock TAB TABLE TAB MODE TAB held|waited TAB SINCE TAB SECONDS TAB STATEMENT` */
function spanOf(line: string): Span[] {
  const [word, object = '', mode = '', how, since = '', seconds = '', ...rest] = line.split('\t');
  const from = Number(since);
  const to = from + Number(seconds);
  const isWhole = word === 'lock' && seconds !== '' && Number.isFinite(to)
    && (how === 'held' || how === 'waited');
  // A number has no name from before: it came with the release, or belongs to a named table.
  return isWhole && !/^\d+$/.test(object)
    ? [{ object, mode, isHeld: how === 'held', from, to, statement: rest.join(' ') }] : [];
}

/** Who waits is counted by whom it waits for, where that one is seen. */
function isTold(span: Span, spans: readonly Span[]): boolean {
  return span.isHeld || !spans.some((it) => it.isHeld && overlap(it, span));
}

function overlap(one: Span, other: Span): boolean {
  return one.object === other.object && one.from <= other.to && other.from <= one.to;
}

/** How many waited for the object at the same time, at most. */
function waitingFor(span: Span, spans: readonly Span[]): number {
  const waits = spans.filter((it) => !it.isHeld && it !== span && overlap(it, span));
  return Math.max(0, ...waits.map(({ from }) =>
    waits.filter((it) => it.from <= from && from <= it.to).length));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Tables that were there before and have another file after the migration, largest first. */
export function rewritesOf(findings: Findings): Rewrite[] {
  const after = byState(findings, 'storage-after-');
  return [...byState(findings, 'storage-before-')].flatMap(([label, text]) => {
    const now = new Map(filesOf(after.get(label) ?? ''));
    return filesOf(text).flatMap(([table, before]): Rewrite[] => {
      const found = now.get(table);
      return found === undefined || found.node === before.node ? []
        : [{ table, bytesBefore: before.bytes, bytesAfter: found.bytes }];
    });
  }).sort((one, other) => other.bytesBefore - one.bytesBefore
    || one.table.localeCompare(other.table));
}

/** `storage TAB TABLE TAB FILENODE TAB BYTES` */
function filesOf(text: string): [string, { readonly node: string; readonly bytes: number }][] {
  return text.split('\n').flatMap((line): ReturnType<typeof filesOf> => {
    const [word, table = '', node = '', bytes = ''] = line.split('\t');
    return word === 'storage' && /^\d+$/.test(bytes) ? [[table, { node, bytes: Number(bytes) }]]
      : [];
  });
}
