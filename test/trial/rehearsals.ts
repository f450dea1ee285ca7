import type { Difference, Rehearsal, RehearsedStep } from '../../src/trial/rehearsal.ts';

/** Rehearsals as `rehearse` fills them; receipts and reports are tested on these. */
const hex = (word: string): string => word.repeat(64 / word.length);

const step = (phase: RehearsedStep['phase'], title: string, seconds: number): RehearsedStep =>
  ({ id: title.toLowerCase().replace(/[^a-z]+/g, '-').slice(0, 20), title, phase, seconds });

const steps: readonly RehearsedStep[] = [
  step('prepare', 'Unpack guestbook 3.0.0 beside the live release', 4.2),
  step('prepare', 'Check the release that runs now', 1.1),
  step('window', 'Keep users out', 0.1),
  step('window', 'Stop guestbook.service', 0.8),
  step('window', 'Copy database guestbook and prove the copy', 21.4),
  step('window', 'Switch current to 3.0.0', 0.02),
  step('window', 'Migrate: node {release}/dist/migrate.js', 38.7),
  step('window', 'Start guestbook.service on port 18080', 1.9),
  step('window', 'Check the new release', 6),
  step('trial', 'Compare the data with what it was', 5.5),
  step('trial', 'Start once more', 2.2),
  step('trial', 'Migrate once more', 1.3),
  step('trial', 'Start the old code on the new data', 3.8),
  step('undo', 'Swap the rescue copy of database guestbook back', 1.2),
  step('undo', 'Start guestbook.service again', 1.7),
];

const added: Difference = {
  state: 'guestbook', objectKind: 'table', object: 'public.likes', kind: 'added', before: '',
  after: '', with: '3 columns, 1 index',
};

export const expired: Difference = {
  state: 'guestbook', objectKind: 'rows', object: 'public.sessions', kind: 'rows-lost',
  before: '18,442 rows', after: '212 rows', hint: '18,230 fewer (98%)',
  accepted: 'sessions that ended a year ago are removed',
};

const plan = `deploy guestbook 3.0.0 to www.example.org
  close      Keep users out
             $ touch /srv/guestbook/shared/maintenance
  stop       Stop guestbook.service
             $ systemctl stop guestbook.service
  rescue     Copy database guestbook and prove the copy
  switch     Switch current to 3.0.0
  migrate    Migrate
             $ node /srv/guestbook/releases/3.0.0/dist/migrate.js
  start      Start guestbook.service on port 18080
  verify     Check the new release
  admit      Let users in
`;

export const passed: Rehearsal = {
  version: 1,
  application: 'guestbook',
  release: { version: '3.0.0', digest: hex('6f1c9a02') },
  configDigest: hex('c0'),
  procedureDigest: hex('9d'),
  production: {
    host: 'www.example.org', machine: '4c1f6a1b9e0d4d52a1b0c3d4e5f60718',
    installedSha256: hex('1e'), installedVersion: '2.0.0', schema: { guestbook: hex('5c') },
  },
  staging: {
    host: 'staging.example.org', machine: '9a0b7c1d2e3f4a5b6c7d8e9fa0b1c2d3',
    installedSha256: hex('1e'), installedVersion: '2.0.0', schema: { guestbook: hex('5c') },
  },
  data: [
    { name: 'guestbook', kind: 'postgres', title: 'database guestbook',
      copiedAt: '2026-01-15T02:40:11Z', takenFrom: 'live', route: 'runner', bytes: 1_402_331_136,
      seconds: 24.6, masked: true, reused: false },
    { name: 'uploads', kind: 'directory', title: '/srv/guestbook/shared/uploads',
      copiedAt: '2026-01-14T22:03:00Z', takenFrom: 'live', route: 'runner', bytes: 260_120_000,
      seconds: 0, masked: false, reused: true },
  ],
  isolation: { kind: 'network', proven: [
    'as www-data: www.example.org:5432 (production\'s database)',
    'as www-data: mail.example.org:25', 'as www-data: 192.0.2.7:443'] },
  parity: [
    { class: 'packages', item: 'openssl', verdict: 'warn', production: '3.0.11',
      staging: '3.0.14' },
    { class: 'hardware', item: 'processors', verdict: 'clock', production: '8', staging: '2' },
    { class: 'identity', item: 'hostname', verdict: 'expected', production: 'www',
      staging: 'staging' },
  ],
  steps,
  windowSeconds: 68.92,
  locks: [{ object: 'public.visits', mode: 'AccessExclusiveLock', seconds: 31.5, waiting: 0,
    statement: 'ALTER TABLE visits ALTER COLUMN id TYPE bigint' }],
  rewrites: [{ table: 'public.visits', bytesBefore: 812_000_000, bytesAfter: 911_400_000 }],
  outside: [],
  compared: [
    { state: 'guestbook', kind: 'postgres', same: { table: 14, column: 96, index: 31,
      constraint: 22, rows: 13 } },
    { state: 'uploads', kind: 'directory', same: { file: 5120 } },
  ],
  differences: [expired, added, {
    state: 'guestbook', objectKind: 'column', object: 'public.visits.id', kind: 'changed',
    before: 'integer NOT NULL', after: 'bigint NOT NULL',
    harmless: 'wider: it holds all that it held, and the content is the same',
  }],
  unusedAccept: [],
  secondStart: { verdict: 'pass', text: '' },
  migrateTwice: { verdict: 'pass', text: '' },
  oldCode: { verdict: 'fail', text: 'http http://localhost:18080/health: status 500, wanted 200' },
  checks: [
    { title: 'http http://localhost:8080/health', verdict: 'pass', text: '', when: 'baseline' },
    { title: 'records http://localhost:8080/notes/{id}', verdict: 'pass', text: '20 of 20',
      when: 'baseline' },
    { title: 'http http://localhost:18080/health', verdict: 'pass', text: '', when: 'new' },
    { title: 'records http://localhost:18080/notes/{id}', verdict: 'pass', text: '20 of 20',
      when: 'new' },
    { title: 'http http://localhost:8080/health', verdict: 'pass', text: '', when: 'undone' },
  ],
  undo: { seconds: 2.9, equal: true, differences: [] },
  forecast: {
    low: 41, high: 74, budget: 120,
    parts: [
      { title: 'Copy database guestbook and prove the copy', low: 12, high: 22 },
      { title: 'Migrate', low: 21, high: 39 },
      { title: 'Everything else', low: 8, high: 13 },
    ],
    history: [
      { at: '2026-01-14T21:12:00Z', version: '3.0.0-rc2', seconds: 71.3, what: 'rehearsal' },
      { at: '2025-12-02T03:04:00Z', version: '2.0.0', seconds: 22.5, what: 'deployment' },
    ],
  },
  cannotRehearse: ['Letting users in was not rehearsed.',
    'On staging `https://www.example.org` was replaced by `https://staging.example.org`.'],
  verdict: 'passed',
  reasons: [],
  plan,
  startedAt: '2026-01-15T02:39:58Z',
  endedAt: '2026-01-15T02:44:31Z',
};

export const lost: Difference = {
  state: 'guestbook', objectKind: 'rows', object: 'public.visits', kind: 'rows-lost',
  before: '25,000 rows', after: '24,876 rows', hint: '124 fewer (under 1%)',
};

/** The data was harmed, and going back does not bring all back. */
export const refused: Rehearsal = {
  ...passed,
  verdict: 'refused',
  reasons: [
    'In guestbook, public.visits lost rows: 25,000 rows -> 24,876 rows (124 fewer (under 1%)): '
      + 'mend the migration, or add it to `accept` with a reason.',
    'The new release fails a check: records http://localhost:18080/notes/{id}: 3 of 20 old '
      + 'records do not display. Mend it, and rehearse again.',
  ],
  differences: [lost, {
    state: 'guestbook', objectKind: 'table', object: 'public.guests', kind: 'dropped',
    before: '', after: '', with: '4 columns, 2 indexes, 1,200 rows',
    hint: 'looks renamed to public.visitors: same digest',
  }, ...passed.differences],
  unusedAccept: ['accept: public.visitor in guestbook (dropped) matched no difference: correct its'
    + ' name, or remove it.'],
  outside: [{ path: '/etc/cron.d/guestbook', what: 'created' }],
  parity: [{ class: 'database', item: 'server', verdict: 'fail', production: '15.6',
    staging: 'none' }, ...passed.parity],
  checks: passed.checks.map((it) => it.when === 'new' && it.title.startsWith('records')
    ? { ...it, verdict: 'fail', text: '3 of 20 old records do not display' } : it),
  secondStart: { verdict: 'fail', text: 'http http://localhost:18080/health: connection refused' },
  migrateTwice: { verdict: 'not-tried', text: 'a check failed before' },
  undo: { seconds: 2.9, equal: false, differences: [lost] },
  forecast: passed.forecast === null ? null : { ...passed.forecast, high: 174 },
};

/** It failed before there was anything to see: nothing may be shown as if it had been proven. */
export const early: Rehearsal = {
  ...passed,
  verdict: 'refused',
  reasons: ['Staging is not isolated: mail.example.org:25 answers the user www-data. Allow nothing '
    + 'that is not needed, and run rehearse again.'],
  isolation: { kind: 'none', reason: 'tried on a laptop', proven: [] },
  data: [], parity: [], steps: [], windowSeconds: null, locks: [], rewrites: [], compared: [],
  differences: [], checks: [], undo: null, forecast: null, cannotRehearse: [], plan: '',
  secondStart: { verdict: 'not-tried', text: '' }, migrateTwice: { verdict: 'not-tried', text: '' },
  oldCode: { verdict: 'not-tried', text: '' },
};

export const rehearsals: Readonly<Record<string, Rehearsal>> = { passed, refused, early };
