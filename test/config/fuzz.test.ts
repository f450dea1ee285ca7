import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { placeholdersOf, substitute } from '../../src/config/placeholders.ts';
import { replaceTexts } from '../../src/config/instead.ts';
import { jsonSchema, parseConfig } from '../../src/config/parse.ts';
import { Report } from '../../src/config/report.ts';
import { parseStagingConfig } from '../../src/config/staging.ts';
import type { Tree } from '../../src/config/tree.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { SeatrialError } from '../../src/errors.ts';
import { validFiles } from './valid-files.ts';

const accepts = new Ajv2020({ strict: false }).compile(jsonSchema());
const files = Object.values(validFiles);
const words = files.join('\n').match(/[\w./{}-]+|[^\w\s]|\n\s*/g) ?? [];

const at = fc.double({ min: 0, max: 1, noNaN: true });

/** Mostly harmless, so that a part of the files stays right and meets the schema. */
const gentle = fc.record({ at, cut: fc.nat(1), add: fc.stringMatching(/^[a-z0-9]{0,2}$/) });

/** Cut something out, put something in: a character, a word of another file, a YAML sign. */
const rough = fc.record({
  at,
  cut: fc.nat(30),
  add: fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom(...words),
    fc.constantFrom('&a ', '*a', '<<: ', '? ', '- ', '---\n', '\t', '"', '|\n', '!!str ', '\0')),
});

function mutate(text: string, changes: readonly { at: number; cut: number; add: string }[]) {
  return changes.reduce((it, { at, cut, add }) => {
    const start = Math.floor(at * it.length);
    return it.slice(0, start) + add + it.slice(start + cut);
  }, text);
}

const mutations = fc.oneof(
  fc.tuple(gentle), fc.array(rough, { minLength: 1, maxLength: 4 }));
const mutated = fc.tuple(fc.constantFrom(...files), mutations)
  .map(([file, changes]) => mutate(file, changes));

/** `accepted`, or a failed expectation; anything but bad input is thrown on. */
function outcome(text: string): 'accepted' | 'refused' {
  try {
    const config = parseConfig(text, 'f.yml');
    expect(Object.isFrozen(config)).toBe(true);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SeatrialError)) throw error;
    expect(error.kind).toBe('bad-input');
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems) {
      expect(problem.place).toMatch(/^f\.yml:[1-9]\d*:[1-9]\d*$/);
      expect(problem.message).not.toMatch(/[\u0000-\u001f]|undefined|\[object/);
    }
    return 'refused';
  }
}

describe('mutations of valid files', () => {
  it('are accepted, or refused with places; what is accepted, the schema accepts', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(fc.property(mutated, (text) => {
      const end = outcome(text);
      seen[end] += 1;
      if (end === 'accepted') expect(accepts(parse(text.replace(/^\uFEFF/, '')))).toBe(true);
    }), { numRuns: 1500 });
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(50);
  });

  it('any text at all', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      outcome(text);
    }), { numRuns: 1000 });
  });
});

describe('staging.instead', () => {
  const words = ['/srv', 'guestbook', 'PORT', '8080', '/srv/guestbook', '.', 'b', '5433', '/'];
  const text = fc.oneof(fc.constantFrom(...words), fc.stringMatching(/^[a-z0-9/.]{1,6}$/));
  const instead = fc.uniqueArray(fc.record({ of: text, use: text }),
    { selector: (it) => it.of, maxLength: 4 });

  it('is refused with places, or keeps the names and all other sections of production', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(fc.property(instead, fc.constantFrom(...files), (list, file) => {
      const changed = file.replace(/^staging:(\n {2}.*)*\n/m, '')
        + `staging: { instead: ${JSON.stringify(list)} }\n`;
      const end = /^hosts:.*\n?.*staging/m.test(changed) ? outcome(changed) : 'refused';
      seen[end] += 1;
      if (end === 'refused') return;
      const [production, staging] = [parseConfig(changed, 'f'), parseStagingConfig(changed, 'f')];
      expect(staging.state.map((it) => it.name)).toEqual(production.state.map((it) => it.name));
      expect({ ...staging, ...{ records: 0, install: 0, services: 0, maintenance: 0, state: 0,
        checks: 0, mask: 0, digest: 0 } }).toEqual({ ...production, ...{ records: 0, install: 0,
        services: 0, maintenance: 0, state: 0, checks: 0, mask: 0, digest: 0 } });
    }), { numRuns: 500 });
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20);
  });

  it('moves nothing: what is there before is there after, at its place', () => {
    const places = (tree: Tree): unknown => (tree.kind === 'list' ? tree.items.map(places)
      : tree.kind === 'map' ? tree.entries.map((it) => [it.key, it.place, places(it.value)])
        : tree.place);
    fc.assert(fc.property(instead, fc.constantFrom(...files), (list, file) => {
      const tree = readYaml(file, new Report('f'));
      if (tree === undefined) throw new Error('no tree');
      expect(places(replaceTexts(tree, list, []).tree)).toEqual(places(tree));
    }), { numRuns: 300 });
  });
});

describe('placeholders', () => {
  const values = { release: '/r {version}', version: '{{shared}}', shared: '$&' };

  it('are put in once: braces and dollars in values stay as they are', () => {
    const quote = (it: string) => `'${it}'`;
    expect(substitute('{release} {version} {{shared}} {shared}', values, { quote }))
      .toBe("'/r {version}' '{{shared}}' {shared} '$&'");
  });

  it.each([
    ['${release}', []], ['{}', []], ['{a,b}', []], ['{ release }', []], ['{Release}', []],
    ['{PORT}', []], ['{{release}}', []], ['{{{release}}}', []], ['{release', []], ['{a_b}', []],
    ['{release}{version}', ['release', 'version']], ['{{release}', ['release']],
    ['x{1..3}', []], ["awk '{print $1}'", []],
  ])('in shell text %s: %j', (text, names) => {
    expect(placeholdersOf(text)).toEqual(names);
  });

  it('are any word in braces in a URL', () => {
    const url = 'http://a:{PORT}/{id}/{{id}}';
    expect(placeholdersOf(url, 'url')).toEqual(['PORT', 'id']);
    expect(substitute(url, { PORT: '80', id: '7' }, { text: 'url' })).toBe('http://a:80/7/{id}');
  });

  it('without a value are a bug, not an empty word', () => {
    expect(() => substitute('rm -r {release}/x', {})).toThrow('no value for');
    expect(() => substitute('{constructor}', {})).toThrow('{constructor}');
    expect(() => substitute('{entry}', { entry: undefined })).toThrow('{entry}');
  });

  it('leave text without braces alone', () => {
    fc.assert(fc.property(fc.string().filter((it) => !it.includes('{')), (text) => {
      expect(substitute(text, {})).toBe(text);
    }));
  });
});
