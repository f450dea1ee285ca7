import {
  isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit,
  type Alias, type Document, type ParsedNode, type YAMLMap,
} from 'yaml';
import type { Report } from './report.ts';
import type { MapEntry, Place, Tree } from './tree.ts';

export const fileBytesMax = 1024 * 1024;
/** Values after aliases are followed: a small file can stand for billions of them. */
export const valuesMax = 100_000;

const nothing: Place = { line: 1, column: 1 };

/** Text to tree. Everything wrong goes to the report; undefined: there is no tree at all. */
export function readYaml(text: string, report: Report): Tree | undefined {
  if (Buffer.byteLength(text) > fileBytesMax) {
    report.add(nothing, `the file is larger than ${fileBytesMax} bytes`);
    return undefined;
  }
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = onlyDocument(text.replace(/^\uFEFF/, ''), { lines, placeAt, report });
    if (document === undefined) return undefined;
    return new TreeReader(document, placeAt, report).read();
  } catch (error) {
    // The YAML reader recurses: a file of a million brackets ends the stack, not the program.
    if (!(error instanceof RangeError)) throw error;
    report.add(nothing, 'the file is nested too deeply');
    return undefined;
  }
}

interface Reader {
  readonly lines: LineCounter;
  readonly placeAt: (offset: number) => Place;
  readonly report: Report;
}

function onlyDocument(text: string, reader: Reader): Document.Parsed | undefined {
  const { report, placeAt } = reader;
  // Duplicate keys are found by TreeReader: the library compares every key with every other.
  const parsed = parseAllDocuments(text, {
    lineCounter: reader.lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent',
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  const errors = documents.flatMap((it) => [...it.errors, ...it.warnings]);
  // The library turns the end of the stack into an error of every bracket.
  if (errors.some((it) => it.message.includes('call stack'))) throw new RangeError('nesting');
  for (const error of errors) {
    report.addSyntax(placeAt(error.pos[0]), `YAML: ${error.message}`);
  }
  const [first, second] = documents;
  if (second !== undefined) {
    report.add(placeAt(second.range[0]), 'the file holds more than one YAML document',
      'Remove the line `---` and what follows it.');
  }
  if (first === undefined || first.contents === null) {
    report.add(nothing, 'the file is empty',
      'Write at least: application, hosts, install, service, maintenance, state, checks.');
    return undefined;
  }
  if (first.directives.yaml.explicit === true && first.directives.yaml.version !== '1.2') {
    report.add(nothing, `YAML ${first.directives.yaml.version} is not read here: only YAML 1.2 is`,
      'Remove the %YAML line.');
  }
  return first;
}

/** Converts a document; each node once, so that aliases cost nothing. */
class TreeReader {
  readonly #targets = new Map<Alias, ParsedNode>();
  readonly #trees = new Map<ParsedNode, Tree>();
  readonly #sizes = new Map<Tree, number>();
  readonly #open = new Set<ParsedNode>();
  readonly #document: Document.Parsed;
  readonly #placeAt: (offset: number) => Place;
  readonly #report: Report;

  constructor(document: Document.Parsed, placeAt: (offset: number) => Place, report: Report) {
    this.#document = document;
    this.#placeAt = placeAt;
    this.#report = report;
  }

  read(): Tree | undefined {
    this.#findTargets();
    const root = this.#document.contents;
    if (root === null) return undefined;
    const tree = this.#convert(root);
    if (this.#size(tree) <= valuesMax) return tree;
    this.#report.add(nothing, `the file stands for more than ${valuesMax} values`,
      'Aliases multiply what they point at; write the file with fewer of them.');
    return undefined;
  }

  /** An alias means the nearest anchor of its name before it. */
  #findTargets(): void {
    const anchors = new Map<string, ParsedNode>();
    visit(this.#document, {
      Node: (_key, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source);
          if (target !== undefined) this.#targets.set(node, target);
        } else if (node.anchor !== undefined) {
          anchors.set(node.anchor, node as ParsedNode);
        }
      },
    });
  }

  #convert(node: ParsedNode): Tree {
    const known = this.#trees.get(node);
    if (known !== undefined) return known;
    const place = this.#placeAt(node.range[0]);
    this.#open.add(node);
    const tree = this.#convertNew(node, place);
    this.#open.delete(node);
    this.#trees.set(node, tree);
    return tree;
  }

  #convertNew(node: ParsedNode, place: Place): Tree {
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (target === undefined) return this.#refuse(place, `no anchor &${node.source} before it`);
      return this.#open.has(target)
        ? this.#refuse(place, 'the alias stands inside its own anchor') : this.#convert(target);
    }
    if (isMap(node)) return { kind: 'map', place, entries: this.#entries(node) };
    if (isSeq(node)) {
      return { kind: 'list', place, items: node.items.map((it) => this.#convert(it)) };
    }
    return scalar(node.value, { place, source: node.source });
  }

  #entries(map: YAMLMap.Parsed): MapEntry[] {
    const seen = new Map<string, Place>();
    return map.items.flatMap((pair) => {
      const place = this.#placeAt(pair.key.range[0]);
      if (!isScalar(pair.key)) {
        this.#refuse(place, 'a key must be a plain word');
        return [];
      }
      const key = typeof pair.key.value === 'string' ? pair.key.value : pair.key.source;
      if (key === '<<') {
        this.#report.add(place, 'merge keys (`<<`) are not read here', 'Write the keys out.');
        return [];
      }
      const first = seen.get(key);
      if (first !== undefined) {
        this.#refuse(place, `the key \`${key}\` stands twice, first in line ${first.line}`);
        return [];
      }
      seen.set(key, place);
      const value = pair.value === null
        ? scalar(null, { place, source: '' }) : this.#convert(pair.value);
      return [{ key, place, value }];
    });
  }

  #size(tree: Tree): number {
    const known = this.#sizes.get(tree);
    if (known !== undefined) return known;
    const children = tree.kind === 'list' ? tree.items
      : tree.kind === 'map' ? tree.entries.map((entry) => entry.value) : [];
    const size = children.reduce((sum, child) => sum + this.#size(child), 1);
    this.#sizes.set(tree, size);
    return size;
  }

  #refuse(place: Place, message: string): Tree {
    this.#report.addSyntax(place, message);
    return scalar(null, { place, source: '' });
  }
}

function scalar(value: unknown, at: { place: Place; source: string }): Tree {
  // The core schema makes nothing else; big integers stay off.
  const known = typeof value === 'string' || typeof value === 'number'
    || typeof value === 'boolean' ? value : null;
  return { kind: 'scalar', place: at.place, value: known, source: at.source };
}
