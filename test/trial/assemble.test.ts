import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { assemble } from '../../src/trial/assemble.ts';
import type { Findings } from '../../src/trial/findings.ts';
import { passed } from './rehearsals.ts';

const config = { accept: [], state: [{ name: 'book' }],
  install: { kind: 'releases' } } as unknown as Config;
const same = ['same\ttable\t3', 'same\trows\t3', 'end'];
const good: Record<string, string[]> = {
  complete: ['yes'], 'code-undone': ['equal'],
  'before-state1': ['table\tnotes\t'], 'data-state1': ['state\tbook\tsqlite', ...same],
  'undone-state1': ['state\tbook\tsqlite', ...same],
};

function assembled(more: Record<string, string[]>, accept: Config['accept'] = []) {
  const findings: Findings = new Map(Object.entries({ ...good, ...more })
    .filter(([, lines]) => lines.length > 0));
  return assemble({ known: passed, config: { ...config, accept }, findings, end: 'restored',
    outside: [],
    text: 'the rehearsal turns back here', endedAt: passed.endedAt });
}

describe('what a trial found', () => {
  it('passes where all was compared and all is equal', () => {
    expect(assembled({})).toMatchObject({ verdict: 'passed', reasons: [],
      compared: [{ state: 'book', same: { table: 3, rows: 3 } }], undo: { equal: true } });
  });

  it.each([
    ['a state that was not compared', { 'data-state1': [] }, /data of book was not compared/],
    ['a comparison in which nothing is', { 'data-state1': ['state\tbook\tsqlite', 'end'] },
      /data of book was not compared to its end/],
    ['a comparison that was cut short', { 'data-state1': ['state\tbook\tsqlite', same[0] ?? ''] },
      /data of book was not compared to its end/],
    ['a comparison that is none', { 'data-state1': ['sort: write failed: no space left'] },
      /data of book was not compared to its end/],
    ['data that is lost', { 'data-state1': ['state\tbook\tsqlite', '- table\tnotes\t', 'end'] },
      /table notes was dropped/],
    ['an undo that was not compared', { 'undone-state1': [] }, /could not be compared/],
    ['an undo that was cut short', { 'undone-state1': ['state\tbook\tsqlite'] },
      /could not be compared/],
    ['code that is not back', { 'code-undone': ['differs'] }, /Whether going back/],
  ])('is refused by: %s', (_, more, reason) => {
    const found = assembled(more);
    expect(found.verdict).toBe('refused');
    expect(found.reasons.join('\n')).toMatch(reason);
  });

  const cached = { again: ['pass'], 'again-state1': [...same.slice(0, 2),
    '- rows\tcache\t3\taaaa', '+ rows\tcache\t4\tbbbb', 'end'] };

  it('is refused by a second migration that changes what nobody accepted', () => {
    const found = assembled(cached);
    expect(found.migrateTwice).toEqual({ verdict: 'fail',
      text: expect.stringMatching(/^In book, cache got rows: 3 rows -> 4 rows/) as string });
    expect(found.reasons).toEqual([expect.stringMatching(/^A second run of the migration/)]);
    expect(assembled({ ...cached, 'again-state1': ['+ index\tnotes.by\t', 'end'] }).verdict)
      .toBe('refused');
    expect(assembled({ ...cached, 'again-state1': [...same.slice(0, 2)] }).migrateTwice)
      .toMatchObject({ verdict: 'fail' });
    expect(assembled({ ...cached, 'again-state1': [] }).migrateTwice)
      .toMatchObject({ verdict: 'fail' });
  });

  it('takes from a second migration what is accepted of the first', () => {
    const found = assembled(cached, [{ state: 'book', object: 'cache', difference: 'any',
      reason: 'a cache' }]);
    expect(found).toMatchObject({ verdict: 'passed', migrateTwice: { verdict: 'pass' } });
  });

  it('names the release\'s failure, not what was left half written by it', () => {
    const found = assemble({ known: passed, config, end: 'restored', outside: [],
      text: 'Compare the data: the content of book could not be read', endedAt: passed.endedAt,
      findings: new Map(Object.entries({ 'before-state1': ['table\tnotes\t'],
        'data-state1.objects-old': ['table\tnotes\t'], 'code-undone': ['equal'],
        'undone-state1': ['state\tbook\tsqlite', ...same] })) });
    expect(found.reasons).toEqual([expect.stringMatching(/^The release failed on the copy: Comp/)]);
  });
});
