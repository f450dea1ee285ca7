import { describe, expect, it } from 'vitest';
import { locksMax, locksOf, rewritesOf } from '../../src/trial/locks.ts';

const at = 1_767_225_600;
/** How, when after the beginning, for how many seconds. */
type When = readonly ['held' | 'waited', number, number];

const lock = (object: string, [how, from, seconds]: When, more: {
  readonly mode?: string; readonly statement?: string } = {}): string => ['lock', object,
  more.mode ?? 'AccessExclusiveLock', how, (at + from).toFixed(3), seconds.toFixed(3),
  more.statement ?? 'alter table visits drop column origin'].join('\t');

const seen = (...lines: readonly string[]) => locksOf(new Map([['locks-state1', lines]]));

describe('locks that a rehearsal saw', () => {
  it('are told by object, mode and statement, longest first', () => {
    expect(seen(
      lock('public.guests', ['held', 0, 0.25], { mode: 'ShareLock', statement: 'create index' }),
      lock('public.visits', ['held', 1, 3.5]),
    )).toEqual([
      { object: 'public.visits', mode: 'AccessExclusiveLock', seconds: 3.5, waiting: 0,
        statement: 'alter table visits drop column origin' },
      { object: 'public.guests', mode: 'ShareLock', seconds: 0.25, waiting: 0,
        statement: 'create index' },
    ]);
  });

  it('are one where a statement takes the same twice', () => {
    expect(seen(lock('public.visits', ['held', 0, 1.25]), lock('public.visits', ['held', 5, 2])))
      .toMatchObject([{ seconds: 3.25 }]);
  });

  it('count who waited for them at the same time', () => {
    const reader = { mode: 'AccessShareLock', statement: 'select' };
    expect(seen(
      lock('public.visits', ['held', 0, 10]),
      lock('public.visits', ['waited', 1, 4], reader),
      lock('public.visits', ['waited', 3, 1], { ...reader, statement: 'select 2' }),
      lock('public.visits', ['waited', 7, 1], reader),
      lock('public.guests', ['waited', 3, 1], reader),
    )).toEqual([
      expect.objectContaining({ object: 'public.visits', seconds: 10, waiting: 2 }),
      // Whoever held that held nothing that is looked for: who waited is told itself.
      expect.objectContaining({ object: 'public.guests', mode: 'AccessShareLock', waiting: 1 }),
    ]);
  });

  it('leave out what has no name from before, and what is no line', () => {
    expect(seen(lock('24601', ['held', 0, 4]), 'lock\tpublic.vis', '', 'psql: error',
      `${lock('public.visits', ['held', 0, 1])}`.replace('held', 'hel'),
      'lock\tpublic.visits\tShareLock\theld\tlater\t1\tselect')).toEqual([]);
  });

  it('keep a TAB of a statement from shifting anything, and have a bound', () => {
    expect(seen(lock('public.visits', ['held', 0, 1], { statement: 'a\tb' })))
      .toMatchObject([{ statement: 'a b' }]);
    expect(seen(...Array.from({ length: locksMax + 20 }, (_, index) =>
      lock(`public.t${index}`, ['held', 0, index])))).toHaveLength(locksMax);
  });

  it('are not looked for in files of something else', () => {
    expect(locksOf(new Map([['locks-state1.names', [lock('public.visits', ['held', 0, 1])]]])))
      .toEqual([]);
  });
});

describe('tables that were written anew', () => {
  const rewrites = (before: readonly string[], after: readonly string[]) => rewritesOf(new Map([
    ['storage-before-state1', before], ['storage-after-state1', after]]));

  it('have another file than before', () => {
    expect(rewrites(
      ['storage\tpublic.guests\t16401\t8192', 'storage\tpublic.notes\t16403\t8192',
        'storage\tpublic.visits\t16402\t40960'],
      ['storage\tpublic.guests\t16501\t16384', 'storage\tpublic.notes\t16403\t24576',
        'storage\tpublic.visits\t16502\t32768'],
    )).toEqual([
      { table: 'public.visits', bytesBefore: 40960, bytesAfter: 32768 },
      { table: 'public.guests', bytesBefore: 8192, bytesAfter: 16384 },
    ]);
  });

  it('are not those that came or went, nor where nothing is known of after', () => {
    expect(rewrites(['storage\tpublic.old\t1\t8192'], ['storage\tpublic.new\t2\t8192']))
      .toEqual([]);
    expect(rewrites(['storage\tpublic.old\t1\t8192'], [])).toEqual([]);
    expect(rewrites(['storage\tpublic.old\t1'], ['storage\tpublic.old\t2\t8192'])).toEqual([]);
  });
});
