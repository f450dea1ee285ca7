import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paintWith } from '../../src/report/paint.ts';
import { differenceLines, rehearsalLines } from '../../src/report/rehearsal-console.ts';
import { rehearsalMarkdown } from '../../src/report/rehearsal-markdown.ts';
import { rehearsalPage } from '../../src/report/rehearsal-page.ts';
import { glanceOf, rehearsalHeadline } from '../../src/report/rehearsal-words.ts';
import { widthOf } from '../../src/report/width.ts';
import type { Rehearsal } from '../../src/trial/rehearsal.ts';
import { early, lost, passed, refused, rehearsals } from '../trial/rehearsals.ts';
import { expectGolden } from './golden.ts';
import { hostileRehearsal, poisoned } from './hostile-rehearsal.ts';
import { dangersOf, hostileText } from './hostile.ts';

const plain = paintWith(false);
const names = Object.entries(rehearsals);
const glance = (it: Rehearsal): Record<string, string> =>
  Object.fromEntries(glanceOf(it).map(({ what, text, mark }) => [what, `${mark}: ${text}`]));

describe('a rehearsal', () => {
  it.each(names)('reads well on a terminal: %s', (name, it) => {
    const lines = rehearsalLines(it, { columns: 90, paint: plain });
    expectGolden(`rehearsal-${name}.log.txt`, `${lines.join('\n')}\n`);
  });

  it.each(names)('reads well as a job summary: %s', (name, it) => {
    expectGolden(`rehearsal-${name}.markdown.txt`, rehearsalMarkdown(it));
  });

  it('reads well as a page', () => {
    expectGolden('rehearsal-refused.page.txt', rehearsalPage(refused));
  });

  it('says nothing good of what was not looked at', () => {
    expect(glanceOf(early).filter(({ mark }) => mark === 'good')).toEqual([]);
    expect(rehearsalHeadline({ ...passed, undo: null })).not.toContain('going back');
    const bare = { ...passed, compared: [{ state: 'a', kind: 'b', same: {} }], differences: [] };
    expect(glance(bare)['Data']).toBe('warn: not compared');
    const unproven = { ...passed, isolation: { kind: 'network', proven: [] } } as const;
    expect(glance(unproven)['Copy']).toMatch(/^warn: .*0 attempts/);
  });

  it('is good only where all was', () => {
    expect(glance(passed)).toMatchObject({ Window: expect.stringMatching(/^good/) as string,
      'Going back': expect.stringMatching(/^good: proven/) as string });
    const red: [keyof ReturnType<typeof glance>, Partial<Rehearsal>][] = [
      ['Window', { forecast: refused.forecast }], ['Data', { differences: [lost] }],
      ['Going back', { undo: refused.undo }], ['Checks', { secondStart: refused.secondStart }],
      ['Checks', { checks: refused.checks }], ['Systems', { parity: refused.parity }],
    ];
    for (const [what, more] of red) {
      expect(glance({ ...passed, ...more })[what]).toMatch(/^bad: /);
    }
  });

  it('never says that nothing was lost where a loss was accepted', () => {
    expect(glance(passed)['Data']).toBe(
      'warn: differences: 1 accepted, 1 that can lose nothing, 1 added');
    const added = passed.differences.filter(({ kind }) => kind === 'added');
    expect(glance({ ...passed, differences: added })['Data']).toBe('good: nothing lost; 1 added');
    expect(glance({ ...passed, differences: [] })['Data']).toBe('good: all is as it was');
  });

  it('shows those differences first that nobody accepted, and at most 20', () => {
    const many = [...passed.differences, ...Array.from({ length: 30 }, () => lost)];
    const lines = differenceLines(many, { columns: 200, paint: plain });
    expect(lines).toHaveLength(41);
    expect(lines[1]).toBe('      nobody accepted it');
    expect(lines.at(-1)).toBe('  ... and 13 more');
  });
});

describe('the job summary of a rehearsal', () => {
  const long: Rehearsal = { ...refused, plan: 'do it\n'.repeat(20_000),
    differences: Array.from({ length: 1000 }, () => ({ ...lost, object: '|'.repeat(1500) })) };

  it.each([1024 * 1024, 65_536, 20_000, 9000])('stays below %d bytes, and says so', (limit) => {
    const text = rehearsalMarkdown(long, { limitBytes: limit });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
    expect(text).toMatch(/^## REFUSED/);
    expect(text).toMatch(/left out/);
  });

  it('is the verdict alone, or nothing, below that', () => {
    expect(rehearsalMarkdown(long, { limitBytes: 200 })).toMatch(/^## REFUSED.*\n\n_Left out/);
    expect(rehearsalMarkdown(long, { limitBytes: 20 })).toBe('');
  });

  it('has a plan that cannot end its fence', () => {
    expect(rehearsalMarkdown({ ...passed, plan: 'a\n```\n## b\n' }))
      .toContain('\n````\na\n```\n## b\n````\n');
  });
});

/** Every text of it as a host that was taken over would write it. */
const hostile: fc.Arbitrary<Rehearsal> =
  fc.array(hostileText, { minLength: 7, maxLength: 7 }).map((texts) =>
    poisoned(refused, (text, at) => `${text}${texts[at % texts.length] ?? ''}`));
/** The same with a harmless word, to compare the structure with. */
const harmless = poisoned(refused, (text) => `${text}x`);

describe('a hostile text in a rehearsal', () => {
  it('commands nobody from a log, a terminal, a summary, a page', () => {
    fc.assert(fc.property(hostile, fc.integer({ min: 20, max: 120 }), (it, columns) => {
      const lines = rehearsalLines(it, { columns, paint: plain });
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
      expect(dangersOf(lines.join('\n'))).toEqual([]);
      expect(dangersOf(rehearsalMarkdown(it))).toEqual([]);
      expect(dangersOf(rehearsalPage(it))).toEqual([]);
    }), { numRuns: 30 });
  });

  it('leaves the structure of the Markdown as harmless text would', () => {
    const structure = (markdown: string): string => markdown
      .replace(/^(`{3,})\n[^]*?\n\1$/gm, 'FENCE')
      .replace(/&#\d+;/g, '').replace(/[^|`<>*_[\]#\\~&\n^-]/g, '').replace(/(?<!^)-/gm, '');
    fc.assert(fc.property(hostile, (it) => {
      expect(structure(rehearsalMarkdown(it))).toBe(structure(rehearsalMarkdown(harmless)));
    }), { numRuns: 30 });
  });

  it('leaves the elements of the page as harmless text would', () => {
    const elements = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];
    fc.assert(fc.property(hostile, (it) => {
      expect(elements(rehearsalPage(it))).toEqual(elements(rehearsalPage(harmless)));
    }), { numRuns: 30 });
  });

  it('has nothing in the page that asks or runs', () => {
    const page = rehearsalPage(hostileRehearsal);
    expect(page.match(/<(script|img|iframe|form|object|embed|base)\b/gi)).toBeNull();
    expect([...page.matchAll(/<[^>]*\b(?:href|src|on\w+)="?([^"> ]*)/gi)]
      .map(([, to]) => to).filter((to) => !/^(#[a-z-]+|data:,)$/.test(to ?? ''))).toEqual([]);
    expect(page).toContain('default-src \'none\'');
  });
});
