import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStates, differenceReasons, unusedAcceptSentences }
  from '../../src/trial/compare.ts';
import { sentence } from '../../src/trial/difference-words.ts';
import { isRefused } from '../../src/trial/rehearsal.ts';
import { SeatrialError } from '../../src/errors.ts';
import { good, lossy, textOf, type Seeded } from './seeded.ts';

const cases = resolve(import.meta.dirname, '../cases/trial');

/** Compares with test/cases/trial/<name>; UPDATE_GOLDEN=1 writes it. */
function expectGolden(name: string, text: string): void {
  const path = join(cases, name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  expect(existsSync(path) ? readFileSync(path, 'utf8') : `no file ${name}`).toBe(text);
}

function told(it: Seeded): string {
  const { differences, unusedAccept } = compareStates([textOf(it)], it.accept);
  return [`== ${it.title}`, ...differences.map((each) => {
    const why = each.accepted ?? each.harmless;
    const mark = isRefused(each) ? 'REFUSED' : why === undefined ? 'told' : `allowed (${why})`;
    return `${each.kind}: ${sentence(each)} -- ${mark}`;
  }), ...unusedAcceptSentences(unusedAccept), ''].join('\n');
}

describe('a comparison', () => {
  it('sees each lossy migration for what it is', () => {
    expectGolden('lossy.txt', lossy.map(told).join('\n'));
  });

  it.each(lossy.map((each) => [each.title, each] as const))('refuses: %s', (_, each) => {
    const { differences } = compareStates([textOf(each)], each.accept);
    expect(differences.filter(isRefused)).not.toEqual([]);
    expect(differenceReasons(differences)).toHaveLength(differences.filter(isRefused).length);
  });

  it('sees each good migration for what it is', () => {
    expectGolden('good.txt', good.map(told).join('\n'));
  });

  it.each(good.map((each) => [each.title, each] as const))('passes: %s', (_, each) => {
    const { differences } = compareStates([textOf(each)], each.accept);
    expect(differences.filter(isRefused)).toEqual([]);
  });

  it.each(good.filter(({ accept }) => accept.length > 0))(
    'refuses without its declaration: $title', (each) => {
      const { differences } = compareStates([textOf(each)], []);
      expect(differences.filter(isRefused)).not.toEqual([]);
    });

  it('counts what was equal, state by state', () => {
    const nothing = good[0] ?? lossy[0];
    if (nothing === undefined) throw new Error('no case');
    const { compared } = compareStates([textOf(nothing) + textOf(nothing, 'other')], []);
    expect(compared.map(({ state, same }) => [state, same['table'], same['rows']]))
      .toEqual([['guestbook', 2, 5], ['other', 2, 5]]);
  });

  it('refuses what the host left out, unless all is accepted', () => {
    const text = 'state\tbook\tpostgres\n- table\ta\t\nmore\t4000\nend\n';
    const entry = { state: 'book', object: '**', difference: 'any', reason: 'new' } as const;
    const refused = (accept: Parameters<typeof compareStates>[1]) =>
      compareStates([text], accept).differences.filter(isRefused).length;
    expect(refused([])).toBe(2);
    expect(refused([{ ...entry, difference: 'changed' }])).toBe(2);
    expect(refused([entry])).toBe(0);
  });

  it('tells at most 21 reasons', () => {
    const rows = Array.from({ length: 30 }, (_, at) => `- table\tt${at}\t`).join('\n');
    const { differences } = compareStates([`state\ta\tsqlite\n${rows}\nend\n`], []);
    expect(differenceReasons(differences)).toHaveLength(21);
    expect(differenceReasons(differences).at(-1)).toContain('10 more');
  });
});

describe('a comparison that is not whole', () => {
  it.each([
    ['was cut short', 'state\ta\tsqlite\nsame\ttable\t3\n', /"a" has no end/],
    ['was cut short before the next one', 'state\ta\tb\nstate\tc\td\nend\n', /"a" has no end/],
    ['has a word that is none', 'state\ta\tb\nsh: 1: awk: not found\nend\n', /line 2 is none/],
    ['has a count that is none', 'state\ta\tb\nsame\ttable\tmany\nend\n', /line 2 is none/],
    ['has rows without a digest', 'state\ta\tb\n- rows\tt\t12\nend\n', /line 2 is none/],
    ['begins in the middle', '- table\tt\t\nend\n', /line 1 is none/],
  ])('is refused: %s', (_, text, message) => {
    expect(() => compareStates([text], [])).toThrow(message);
  });

  it('is an error of the world whatever a host writes, and tells each line that differs', () => {
    const word = fc.constantFrom('state', 'same', 'more', 'end', '- ', '+ ', 'rows', 'table',
      'file', 'column', '\t', '\n', '12', 'a', 'a.b', 'd 755 x 0 -', '../../etc', '\u0000');
    fc.assert(fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const text = words.join('');
      try {
        const { differences } = compareStates([text], []);
        const lines = text.split('\n').filter((line) => /^[-+] /.test(line));
        expect(differences.length > 0).toBe(lines.length > 0 || /^more\t0*[1-9]/m.test(text));
      } catch (error) {
        if (!(error instanceof SeatrialError)) throw error;
      }
    }), { numRuns: 2000 });
  });
});
