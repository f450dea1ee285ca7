import { describe, expect, it } from 'vitest';
import { driftProblems, driftSince, parityRecord, parseParityRecord }
  from '../../src/parity/drift.ts';
import { factsOf, golden, parity } from './facts.ts';

const salt = '0123456789abcdef';
const twelve = golden('debian-12');
const record = parityRecord(factsOf(twelve), parity, salt);
const since = (text: string, kept = record) => driftSince(kept, factsOf(text), parity);

describe('production since the rehearsal', () => {
  it('has not drifted where only hardware and identity are others', () => {
    expect(since(twelve)).toEqual([]);
    expect(since(twelve.replace(/free space of (.*)\t\d+/, 'free space of $1\t12')
      .replace(/boot-id\tdigest:\w+/, `boot-id\tdigest:${'0'.repeat(64)}`))).toEqual([]);
    expect(driftProblems([])).toEqual([]);
  });

  it('is told item by item, with the sentence that helps', () => {
    const now = twelve.replace('openssl\t3.0.17-1~deb12u2', 'openssl\t3.0.18-1')
      .replace(/.*mod_wsgi.*\n/, '')
      .replace(/login.defs\tdigest:\w+/, `login.defs\tdigest:${'a'.repeat(64)}`)
      .replace('complete', 'modules\tpython3:new\t1.0\ncomplete');
    const drift = since(now);
    expect(drift).toEqual([
      { class: 'packages', item: 'openssl', before: '3.0.17-1~deb12u2', now: '3.0.18-1' },
      { class: 'modules', item: 'python3:new', before: 'none', now: '1.0' },
      { class: 'http-server', item: 'mod_wsgi', before: '4.9.4-1+b2', now: 'none' },
      { class: 'configuration', item: '/etc/login.defs', before: 'a text', now: 'another text' },
    ]);
    expect(driftProblems(drift).slice(0, 2)).toEqual([
      { message: 'production is not what it was at the rehearsal: 4 items have changed',
        fix: 'Run rehearse again; it takes production as it is now.' },
      { place: 'packages', message: 'openssl: 3.0.17-1~deb12u2 -> 3.0.18-1' },
    ]);
  });

  it('has drifted where a class can be read no more, or has come', () => {
    expect(since(`${twelve.replace(/^database.*\n/gm, '')}unread\tdatabase\tdatabase\tgone`)
      .filter((it) => it.item === 'database')).toEqual(
      [{ class: 'database', item: 'database', before: 'none', now: 'not read' }]);
    const before = parityRecord(factsOf(twelve.replace(/^http-server.*\n/gm, '')), parity, salt);
    expect(since(twelve, before).map((it) => it.class)).toContain('http-server');
  });

  it('leaves out what the configuration calls expected', () => {
    const relaxed = { ...parity, items: [
      { item: 'openssl', verdict: 'expected' as const, reason: 'patched at night' }] };
    const kept = parityRecord(factsOf(twelve), relaxed, salt);
    const now = factsOf(twelve.replace('openssl\t3.0.17-1~deb12u2', 'openssl\t3.0.18-1'));
    expect(driftSince(kept, now, relaxed)).toEqual([]);
    expect(driftSince(kept, now, parity).map((it) => it.item)).toEqual(['openssl']);
  });

  it('bounds the list', () => {
    const problems = driftProblems(since(golden('debian-13')));
    expect(problems).toHaveLength(22);
    expect(problems.at(-1)?.message).toMatch(/^and \d+ more$/);
  });
});

describe('the record in a receipt', () => {
  it('survives JSON, and refuses what is none', () => {
    const copy: unknown = JSON.parse(JSON.stringify(record));
    expect(parseParityRecord(copy)).toEqual(record);
    for (const wrong of [undefined, null, 1, {}, { ...record, version: 2 },
      { ...record, salt: '$(reboot)' }, { ...record, classes: { libc: 'x' } }]) {
      expect(parseParityRecord(wrong)).toBeUndefined();
    }
  });

  it('names 1,000 packages in 200 kB, and of 15,000 says at least that they changed', () => {
    const packages = (count: number, version: string) => twelve.replace('complete', `${Array.from(
      { length: count }, (_, index) => `packages\tlib${(index * 7919 % 104_729).toString(36)}${
        Math.sin(index).toString(36).slice(2)}\t${version}${Math.cos(index)}`)
      .join('\n')}\ncomplete`);
    const small = parityRecord(factsOf(packages(1000, '1.')), parity, salt);
    expect(JSON.stringify(small).length).toBeLessThan(100_000);
    expect(since(packages(1000, '2.'), small).length).toBe(1000);
    const large = parityRecord(factsOf(packages(15_000, '1.')), parity, salt);
    expect(JSON.stringify(large).length).toBeLessThan(200_000);
    expect(since(packages(15_000, '1.'), large)).toEqual([]);
    const changed = since(packages(15_000, '2.').replace('3.11.2', '3.11.3'), large);
    expect(changed).toHaveLength(2);
    expect(changed[0]).toMatchObject({ class: 'packages', item: 'packages' });
    expect(changed[1]).toMatchObject({ class: 'runtimes', item: 'python3', now: '3.11.3' });
  });

  it('that is damaged still tells that something changed', () => {
    const damaged = { ...record, named: 'AAAA' };
    expect(since(twelve, damaged)).toEqual([]);
    expect(since(twelve.replace('python3\t3.11.2', 'python3\t3.11.3'), damaged))
      .toEqual([{ class: 'runtimes', item: 'runtimes', before: '2 items',
        now: '2 items, not the same' }]);
  });
});
