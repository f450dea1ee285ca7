import { describe, expect, it } from 'vitest';
import { parseConfig, parseStagingConfig } from '../../src/config/parse.ts';
import { parseProbe, spaceProblems } from '../../src/copy/look.ts';
import { formatRecords, parseRecords, reusable, withRecord, type CopyRecord, type ReuseInput }
  from '../../src/copy/records.ts';
import { copyText } from '../../src/copy/text.ts';
import { judge } from '../../src/copy/transfer.ts';
import { wantedCopies, type CopyItem } from '../../src/copy/wanted.ts';
import type { Outcome, RunResult } from '../../src/host/transport.ts';
import { stateKinds } from '../../src/state/spec.ts';

const text = `application: fake
hosts: { production: a@a.example, staging: b@b.example }
install: { directory: /srv/fake, shared: [up, .env, data] }
service: []
maintenance: { none: a test }
state:
  - directory: /srv/fake/shared/up
  - sqlite: /srv/fake/shared/data/my.db
  - { postgres: guestbook, copy-from: { standby: replica.example:5433 } }
mask: [{ state: guestbook, sql: mask.sql }]
checks: [{ command: "true" }]
staging:
  instead: [{ of: /srv/fake, use: /srv/other }]
`;
const wanted = (): CopyItem[] => wantedCopies({ config: parseConfig(text, 'f'),
  stagingConfig: parseStagingConfig(text, 'f'), release: '/srv/fake/releases/1.2-abc' });

describe('what is copied', () => {
  it('is each state, and the code around it without the state that lies inside', () => {
    expect(wanted().map((it) => [it.label, it.kind, it.productionSpec, it.stagingSpec,
      it.masks.length])).toEqual([
      ['state1', 'directory', '/srv/fake/shared/up', '/srv/other/shared/up', 0],
      ['state2', 'sqlite', '/srv/fake/shared/data/my.db', '/srv/other/shared/data/my.db', 0],
      ['state3', 'postgres', expect.stringContaining('host=replica.example\tport=5433'),
        expect.not.stringContaining('replica'), 1],
      ['code1', 'directory', 'path=/srv/fake/releases/1.2-abc\texclude=**/.seatrial-fake',
        'path=/srv/other/releases/1.2-abc\texclude=**/.seatrial-fake', 0],
      ['shared2', 'directory', 'path=/srv/fake/shared/.env\texclude=**/.seatrial-fake',
        'path=/srv/other/shared/.env\texclude=**/.seatrial-fake', 0],
      ['shared3', 'directory',
        'path=/srv/fake/shared/data\texclude=my.db*\\n**/.seatrial-fake',
        'path=/srv/other/shared/data\texclude=my.db*\\n**/.seatrial-fake', 0],
    ]);
  });
});

const item = wanted()[0];
if (item === undefined) throw new Error('nothing is wanted');
const record: CopyRecord = { kind: 'directory', label: 'state9', name: 'up',
  spec: '/srv/other/shared/up', copiedAt: 1000, expiresAt: 100_000, host: 'h', machine: 'm',
  run: 'r', bytes: 1, seconds: 1, installed: 'i', mask: '', way: 'files', digest: item.digest };
const input: ReuseInput = { item, records: [record], now: 11_000, freshForSeconds: 20,
  installed: 'i', machine: 'm', mask: '', fresh: false };

describe('a copy that is there', () => {
  it('is used again, under the label that it has now', () => {
    expect(reusable(input)).toEqual({ ...record, label: 'state1', reused: true });
  });

  it.each<[string, Partial<ReuseInput>]>([
    ['there is no copy yet', { records: [] }],
    ['there is no copy yet', { records: [{ ...record, spec: '/elsewhere' }] }],
    ['a fresh one was asked for', { fresh: true }],
    ['the copy has expired', { now: 100_000, freshForSeconds: 1e6 }],
    ['the copy is of another machine', { machine: 'n' }],
    ['the configuration of the copy has changed', { records: [{ ...record, digest: 'x' }] }],
    ['the mask has changed', { mask: 'x' }],
    ['production was deployed since', { installed: 'j' }],
    ['the copy is 10 seconds old, and may be 10', { freshForSeconds: 10 }],
    ['the copy is of the future: a clock was set back', { now: 400 }],
  ])('is not where %s', (why, change) => {
    expect(reusable({ ...input, ...change })).toBe(why);
  });

  it('is listed once for each place, and a list that is broken is empty', () => {
    const list = withRecord(withRecord([], record), { ...record, bytes: 2, reused: true });
    expect(parseRecords(formatRecords(list))).toEqual([{ ...record, bytes: 2 }]);
    for (const bad of ['', '{', '[]', '{"copies":1}', '{"copies":[{"kind":"directory"}]}',
      formatRecords([record]).replace('"files"', '"magic"')]) {
      expect(parseRecords(bad)).toEqual([]);
    }
  });
});

describe('how a transfer ended', () => {
  const ran = (outcome: Outcome, stderr = ''): RunResult => ({ outcome, stdout: '', stderr });
  const good: Outcome = { kind: 'exited', status: 0 };
  const bad: Outcome = { kind: 'exited', status: 1 };
  const lost: Outcome = { kind: 'unknown', why: 'the line broke' };
  it.each<[string, readonly [RunResult, RunResult], unknown]>([
    ['both ended well', [ran(good, 'a note\n'), ran(good)],
      { kind: 'whole', bytes: 5, said: ['a note'] }],
    ['production refused, and so the stream was short',
      [ran(bad, 'noise\nfailed: no right\n'), ran(bad, 'failed: the stream ended too early')],
      { kind: 'failed', side: 'production', why: 'no right (noise)' }],
    ['staging is full, which ended production too', [ran(lost), ran(bad, 'no space left')],
      { kind: 'failed', side: 'staging', why: 'status 1: no space left' }],
    ['a process was killed', [ran(good), ran({ kind: 'signalled', signal: 9 })],
      { kind: 'failed', side: 'staging', why: 'killed by signal 9' }],
    ['a line was cut', [ran(lost), ran(lost)],
      { kind: 'cut', why: 'production: the line broke; staging: the line broke' }],
    ['no end was told by one', [ran(good), ran(lost)],
      { kind: 'cut', why: 'staging: the line broke' }],
  ])('%s', (_, [sent, received], end) => {
    expect(judge(sent, received, 5)).toEqual(end);
  });
});

describe('before a copy', () => {
  const staging = (free: number): string => ['state1', 'state2'].map((it) =>
    `state\t${it}\tfree\t${free}`).join('\n');
  const bytes = new Map([['state1', 100], ['state2', 200]]);
  const items = wanted().slice(0, 2);

  it('space is counted for all that goes to one file system', () => {
    expect(spaceProblems(items, bytes, parseProbe(staging(631)))).toEqual([]);
    expect(spaceProblems(items, bytes, parseProbe(staging(629)))).toHaveLength(1);
    // A host that could not tell says nothing.
    expect(spaceProblems(items, bytes, parseProbe('state\tstate1\tfree\t\n'))).toEqual([]);
  });

  it('the text of all kinds fits an argument', () => {
    for (const kind of stateKinds) {
      expect(copyText({ application: 'a', records: '/r', run: 'x' }, [kind]).length)
        .toBeGreaterThan(1000);
    }
  });
});
