import type { End } from '../../src/errors.ts';
import type {
  MilestoneEvent, ReportEvent, StepState, Summary,
} from '../../src/report/events.ts';
import { buildTimeline } from '../../src/report/timeline.ts';

/** Runs as the events of a host tell them; the golden texts are made of these. */
export interface Story {
  readonly events: readonly ReportEvent[];
  readonly summary: Summary;
}

const hostStart = Date.UTC(2026, 0, 15, 3, 2, 11);

const titles: Record<string, string> = {
  unpack: 'Unpack guestbook 3.0.0 beside the live release',
  close: 'Keep users out',
  stop: 'Stop guestbook.service',
  rescue: 'Copy database guestbook and prove the copy',
  switch: 'Switch current to 3.0.0',
  migrate: 'Migrate: node /srv/guestbook/releases/3.0.0/dist/migrate.js',
  start: 'Start guestbook.service on port 18080',
  verify: 'Check the new release',
  admit: 'Let users in',
};

const backTitles: Record<string, string> = {
  close: 'Let users in again',
  stop: 'Start guestbook.service again',
  rescue: 'Swap the rescue copy of database guestbook back',
  switch: 'Switch current back to 2.0.0',
  start: 'Stop guestbook.service on port 18080',
};

function step(seconds: number, id: string, rest: { state: StepState; text?: string }): ReportEvent {
  const { state, text = '' } = rest;
  const title = (state.startsWith('undo') ? backTitles : titles)[id] ?? id;
  return { kind: 'step', at: hostStart + seconds * 1000, id, title, state, text };
}

function milestone(seconds: number, name: MilestoneEvent['name'], text = ''): ReportEvent {
  return { kind: 'milestone', at: hostStart + seconds * 1000, name, text };
}

function verdict(
  seconds: number, said: 'pass' | 'fail' | 'no-verdict', text = '',
): ReportEvent {
  const check = 'http http://localhost:18080/health';
  return { kind: 'verdict', at: hostStart + seconds * 1000, check, verdict: said, text };
}

const act = (id: string, from: number, to: number): ReportEvent[] =>
  [step(from, id, { state: 'begin' }), step(to, id, { state: 'done' })];
const undo = (id: string, from: number, to: number): ReportEvent[] =>
  [step(from, id, { state: 'undo-begin' }), step(to, id, { state: 'undo-done' })];
const output = (text: string): ReportEvent => ({ kind: 'output', text });

const before: readonly ReportEvent[] = [
  { kind: 'phase', text: 'Read the facts of deploy@www.example.org' },
  { kind: 'note', text: 'The receipt of the rehearsal fits: 2 hours old, expected window 3s' },
  { kind: 'phase', text: 'Bring the release to the host' },
  ...[0, 12_345_678, 31_000_000, 48_000_000].map((done): ReportEvent => (
    { kind: 'progress', what: 'guestbook-3.0.0.tar.gz', done, total: 48_000_000 })),
  milestone(0, 'start', 'run 20260115-030211-6f1c on www.example.org'),
  ...act('unpack', 0, 1.2),
];

const closed: readonly ReportEvent[] = [
  milestone(1.2, 'window'),
  ...act('close', 1.2, 1.3), ...act('stop', 1.3, 1.7), ...act('rescue', 1.7, 2.6),
  ...act('switch', 2.6, 2.6),
];

const migrated: readonly ReportEvent[] = [
  step(2.6, 'migrate', { state: 'begin' }),
  output('0007_add_likes: applied\n'),
  step(2.9, 'migrate', { state: 'done' }),
  ...act('start', 2.9, 3.2),
];

const back: readonly ReportEvent[] = [
  ...undo('start', 4.6, 4.7), ...undo('switch', 4.7, 4.7),
  ...undo('rescue', 4.7, 5.2), ...undo('stop', 5.2, 5.5), ...undo('close', 5.5, 5.6),
];

const redChecks: readonly ReportEvent[] = [
  step(3.2, 'verify', { state: 'begin' }),
  verdict(3.3, 'no-verdict', 'connection refused'),
  verdict(3.8, 'fail', 'status 500, wanted 200'), verdict(4.3, 'fail', 'status 500, wanted 200'),
  output('TypeError: Cannot read properties of undefined (reading \'likes\')\n'
    + '    at render (/srv/guestbook/releases/3.0.0/dist/page.js:41:17)\n'),
  step(4.6, 'verify', {
    state: 'failed', text: 'http http://localhost:18080/health: status 500, wanted 200',
  }),
];

const brokenMigration: readonly ReportEvent[] = [
  step(2.6, 'migrate', { state: 'begin' }),
  output(Array.from({ length: 30 }, (_, row) => `row ${row + 1} of 30\n`).join('')),
  output('\u001b[31mERROR\u001b[0m: column "likes" already exists\n::error::Lost'),
  step(2.9, 'migrate', { state: 'failed', text: 'exit status 1' }),
];

const stuck: readonly ReportEvent[] = [
  ...undo('switch', 3.0, 3.0),
  step(3.0, 'rescue', { state: 'undo-begin' }),
  output('pg_restore: error: could not write to file: No space left on device\n'),
  step(3.4, 'rescue', { state: 'undo-failed', text: 'exit status 1' }),
];

const placesAfter = [
  { what: 'rescue copy', path: '/var/lib/seatrial/guestbook/backups/20260115-030211-6f1c' },
  { what: 'failed bundle', path: '/var/lib/seatrial/guestbook/failed/20260115-030211-6f1c' },
  { what: 'journal', path: '/var/lib/seatrial/guestbook/runs/20260115-030211-6f1c/journal' },
];

function story(
  end: End, events: readonly ReportEvent[], more: Partial<Summary> = {},
): Story {
  const { timeline, windowSeconds, reason } = buildTimeline(events);
  return {
    events,
    summary: {
      command: 'deploy', end, application: 'guestbook', version: '3.0.0',
      host: 'production (deploy@www.example.org)', digest: `sha256:${'6f1c9a02'.repeat(8)}`,
      serving: undefined, run: '20260115-030211-6f1c', reason, windowSeconds, timeline,
      places: [], next: [], problems: [], ...more,
    },
  };
}

const look = ['seatrial status production', 'seatrial attach production'];

export const stories: Record<string, Story> = {
  done: story('done', [
    ...before, ...closed, ...migrated,
    step(3.2, 'verify', { state: 'begin' }),
    verdict(3.3, 'no-verdict', 'connection refused'), verdict(3.8, 'pass'), verdict(4.3, 'pass'),
    step(4.3, 'verify', { state: 'done' }),
    milestone(4.3, 'commit'), ...act('admit', 4.3, 4.4), milestone(4.4, 'admitted'),
    milestone(4.4, 'end', 'committed'),
  ], {
    serving: '3.0.0', places: placesAfter.slice(0, 1), next: ['seatrial rollback production'],
  }),
  restored: story('restored', [
    ...before, ...closed, ...migrated, ...redChecks, ...back, milestone(5.6, 'end', 'restored'),
  ], {
    serving: '2.0.0', places: placesAfter,
    next: ['ssh deploy@www.example.org less'
      + ' /var/lib/seatrial/guestbook/failed/20260115-030211-6f1c/console.log'],
  }),
  'needs-human': story('needs-human', [
    ...before, ...closed, ...brokenMigration, ...stuck, milestone(3.4, 'end', 'needs-human'),
  ], {
    places: placesAfter,
    problems: [{
      message: 'Swap the rescue copy of database guestbook back: no space left on device',
      place: 'www.example.org:/var/lib/postgresql',
      fix: 'Free 2.1 GB on /var/lib/postgresql, then run the first command below; '
        + 'the old data is safe in database guestbook_before_20260115.',
    }],
    next: ['seatrial recover production', ...look.slice(0, 1)],
  }),
  refused: story('refused', [before[0], before[1]].filter((it) => it !== undefined), {
    run: undefined, serving: '2.0.0', reason: 'The receipt is for another configuration',
    problems: [
      {
        message: 'The receipt is for another configuration', place: 'seatrial.yml',
        fix: 'Run the job "rehearse" of this run again, then this one.',
      },
      {
        message: 'Only 1.2 GB are free, 3.4 GB are needed', place: 'www.example.org:/srv',
        fix: 'Free 2.2 GB on /srv, or set keep: 2 to keep fewer releases.',
      },
    ],
    next: ['gh run rerun --job rehearse'],
  }),
  running: story('running', [
    ...before, ...closed, step(2.6, 'migrate', { state: 'begin' }),
    { kind: 'warning', text: 'No word from the host for 30s: connecting again' },
  ], { reason: 'The connection to the host was lost', next: look }),
  recovered: story('restored', [
    milestone(0, 'start', 'run 20260115-030211-6f1c on www.example.org'), ...closed,
    step(2.6, 'migrate', { state: 'begin' }), milestone(64, 'recover', 'reboot'),
    ...undo('switch', 64, 64.1), ...undo('rescue', 64.1, 64.6),
    ...undo('stop', 64.6, 65), ...undo('close', 65, 65.1), milestone(65.1, 'end', 'restored'),
  ], { command: 'recover', serving: '2.0.0', places: placesAfter.slice(1) }),
  degraded: story('degraded', [
    ...before, ...closed, ...migrated, ...act('verify', 3.2, 4.3),
    milestone(4.3, 'commit'), ...act('admit', 4.3, 4.4), milestone(4.4, 'admitted'),
    verdict(6.4, 'fail', 'status 502, wanted 200'), milestone(6.5, 'end', 'degraded'),
  ], {
    serving: '3.0.0', next: ['seatrial rollback production --code-only', ...look.slice(0, 1)],
  }),
  unchanged: story('unchanged', [before[0]].filter((it) => it !== undefined), {
    serving: '3.0.0', run: undefined,
  }),
  cancelled: story('cancelled', before, { serving: '2.0.0', reason: 'Cancelled by a person' }),
  busy: story('busy', [before[0]].filter((it) => it !== undefined), {
    run: undefined, next: look,
    problems: [{
      message: 'Run 20260115-025801-11aa of guestbook 2.9.1 holds the lock since 02:58 UTC',
      fix: 'Wait for it, or watch it with the second command below.',
    }],
  }),
};
