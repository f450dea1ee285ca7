import { gunzipSync } from 'node:zlib';
import { parityClasses, type ParityClass, type Replacement } from '../config/config.ts';

const unpackedBytesMax = 16 * 1024 * 1024;
const itemsMax = 20_000;
const textLengthMax = 300;

/** What a host said of itself, and what it could not read. Texts are one line, printable, short. */
export interface ParityFacts {
  /** Values by item, by class. A digest of a text begins with `digest:`. */
  readonly items: ReadonlyMap<ParityClass, ReadonlyMap<string, string>>;
  readonly unread: readonly Unread[];
  /** Bytes that came over the line. */
  readonly bytes: number;
}

/** Where `item` is the class's own name, all of the class is unknown. */
export interface Unread {
  readonly class: ParityClass;
  readonly item: string;
  readonly why: string;
}

/** Compressed where the host has gzip; undefined: it broke off. */
export function unpackParity(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedBytesMax }).toString('utf8');
  } catch {
    return undefined;
  }
}

/** Parses what parity.sh printed; undefined where the host did not come to its end. */
export function parseParity(text: string, bytes: number): ParityFacts | undefined {
  const items = new Map<ParityClass, Map<string, string>>();
  const unread: Unread[] = [];
  let count = 0;
  let complete = false;
  for (const line of text.split('\n')) {
    const [first = '', second = '', third = '', ...rest] = line.split('\t');
    if (first === 'complete' && second === 'yes') complete = true;
    const of = first === 'unread' ? classOf(second) : classOf(first);
    if (of === undefined) continue;
    count += 1;
    if (count > itemsMax) continue;
    if (first === 'unread') {
      unread.push({ class: of, item: clean(third), why: clean(rest.join(' ')) });
      continue;
    }
    const item = clean(second);
    const value = clean([third, ...rest].join(' ')).replace(/^(digest:[0-9a-f]{64})\b.*$/, '$1');
    if (item === '' || value === '') continue;
    if (/^digest:(?![0-9a-f]{64}$)/.test(value)) {
      unread.push({ class: of, item, why: 'it has no digest' });
      continue;
    }
    const known = items.get(of) ?? new Map<string, string>();
    items.set(of, known.set(item, value));
  }
  if (!complete) return undefined;
  return { items, bytes, unread: count <= itemsMax ? unread : [...unread,
    { class: 'packages', item: 'packages', why: `more than ${itemsMax} items` }] };
}

function classOf(word: string): ParityClass | undefined {
  return parityClasses.find((it) => it === word);
}

/** A host may print anything; what people read is one line without control characters. */
function clean(text: string): string {
  // The length first: a line of a megabyte is not to be searched through.
  return text.slice(0, 4 * textLengthMax).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
    .slice(0, textLengthMax);
}

/** Items that the kinds of state tell by `parity:ITEM`, named as `guestbook: server version`. */
export function withItems(facts: ParityFacts, state: string, found: ReadonlyMap<string, string>):
ParityFacts {
  const items = new Map([...facts.items].map(([of, known]) => [of, new Map(known)]));
  for (const [item, value] of found) {
    const of: ParityClass = /collat|encoding|charset|character|ctype/i.test(item)
      ? 'collation' : 'database';
    const known = items.get(of) ?? new Map<string, string>();
    items.set(of, known.set(clean(`${state}: ${item}`), clean(value)));
  }
  return { ...facts, items };
}

/** Classes whose items are named by paths and units of the configuration. */
const namedByConfig: readonly ParityClass[] = ['runtimes', 'modules', 'http-server', 'limits',
  'mounts', 'configuration', 'hardware'];

/**
 * For staging: what is called otherwise there (`staging.instead`) gets the name that it has on
 * production, so that both are compared. Where that name is there too, each keeps its own.
 */
export function namedAsOnProduction(facts: ParityFacts, instead: readonly Replacement[]):
ParityFacts {
  const longestFirst = [...instead].sort((one, other) => other.use.length - one.use.length);
  const rename = (name: string): string => {
    const found = longestFirst.find(({ use }) => use !== '' && name.includes(use));
    return found === undefined ? name : name.replaceAll(found.use, () => found.of);
  };
  const items = new Map([...facts.items].map(([of, known]) => {
    if (!namedByConfig.includes(of)) return [of, known] as const;
    return [of, new Map([...known].map(([item, value]) =>
      [known.has(rename(item)) ? item : rename(item), value] as const))] as const;
  }));
  const unread = facts.unread.map((it) =>
    (namedByConfig.includes(it.class) ? { ...it, item: rename(it.item) } : it));
  return { ...facts, items, unread };
}
