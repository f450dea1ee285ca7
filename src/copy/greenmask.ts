import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type YAMLMap }
  from 'yaml';
import { SeatrialError, type Problem } from '../errors.ts';

/** Greenmask takes keys in any case. */
const connectionKeys = ['dbname', 'host', 'port', 'username'];

/**
 * A configuration of Greenmask, in which storage and connection are Seatrial's own: it must not
 * reach another database than the copy, whatever the file says. Environment variables count for
 * Greenmask only where the key stands in the file, so that the keys of the storage are put there.
 * Throws `bad-input` with all places where the text is no YAML.
 */
export function greenmaskText(text: string, file: string): string {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  const problems: Problem[] = document.errors.map((it) => {
    const { line, col } = lineCounter.linePos(it.pos[0]);
    return { place: `${file}:${line}:${col}`, message: `YAML: ${it.message}` };
  });
  if (problems.length === 0 && !isMap(document.contents)) {
    problems.push({ place: `${file}:1:1`, message: 'a configuration of Greenmask is a mapping',
      fix: 'It has the keys common, dump and restore.' });
  }
  if (problems.length > 0) throw new SeatrialError('bad-input', problems);
  for (const section of ['dump', 'restore']) {
    for (const map of mapsOf(document, document.contents, section)) {
      for (const it of mapsOf(document, map, `pg_${section}_options`)) remove(it, connectionKeys);
    }
  }
  if (isMap(document.contents)) remove(document.contents, ['storage']);
  document.set('storage', { type: 'directory', directory: { path: '/nowhere' } });
  const common = mapsOf(document, document.contents, 'common');
  for (const map of common) remove(map, ['tmp_dir']);
  if (common[0] === undefined) document.setIn(['common', 'tmp_dir'], '/nowhere');
  else common[0].set('tmp_dir', '/nowhere');
  return document.toString();
}

/** The map itself, and those that are merged into it by `<<`. */
function withMerged(document: Document, node: unknown): YAMLMap[] {
  const found = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(found)) return found.items.flatMap((it) => withMerged(document, it));
  if (!isMap(found)) return [];
  const merged = found.items.filter((it) => nameOf(it.key) === '<<');
  return [found, ...merged.flatMap((it) => withMerged(document, it.value))];
}

function mapsOf(document: Document, node: unknown, name: string): YAMLMap[] {
  return withMerged(document, node).flatMap((map) => map.items)
    .filter((it) => nameOf(it.key) === name)
    .flatMap((it) => withMerged(document, it.value));
}

function remove(map: YAMLMap, names: readonly string[]): void {
  map.items = map.items.filter((it) => !names.includes(nameOf(it.key)));
}

function nameOf(key: unknown): string {
  return (isScalar(key) ? key.source ?? String(key.value) : String(key)).toLowerCase();
}
