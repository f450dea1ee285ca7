import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/github/answer.ts';
import { waitBefore } from '../../src/github/limits.ts';
import { asking, githubError, type Doing } from '../../src/github/problems.ts';
import { makingDoing, releaseDoing } from '../../src/github/release-problems.ts';
import { formatProblem, SeatrialError } from '../../src/errors.ts';
import { openBench, refused, type Bench } from './bench.ts';

let bench: Bench;

const at = { owner: 'octo', repo: 'guestbook' };
const doing: Doing = { what: 'show the repository', permission: 'contents: read',
  repository: { owner: 'octo', name: 'guestbook' } };

async function get(options: Parameters<Bench['github']>[1] = {}) {
  const { rest } = await bench.github({ contents: 'read' }, options);
  return asking(doing, () => rest.repos.get(at));
}

describe('a request', () => {
  beforeEach(async () => {
    bench = await openBench();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('is sent again after what passes, a bounded number of times', async () => {
    bench.fake.faults.inject({ path: /./, times: 4, fault: { kind: 'status', status: 502 } });
    expect((await get()).status).toBe(200);
    expect(bench.waits).toEqual([1000, 2000, 4000, 8000]);
    bench.fake.faults.inject({ path: /./, times: 9, fault: { kind: 'drop', when: 'before' } });
    expect((await refused(get())).message).toContain('no answer came');
    expect(bench.waits).toHaveLength(8);
  });

  it('waits as long as GitHub asks for', async () => {
    bench.fake.faults.inject({ path: /./,
      fault: { kind: 'status', status: 429, retryAfterSeconds: 17 } });
    await get();
    expect(bench.waits).toEqual([17_000]);
  });

  it('does not wait for an hour: it says when it can be tried again', async () => {
    bench.fake.faults.inject({ path: /./,
      fault: { kind: 'status', status: 429, retryAfterSeconds: 3600 } });
    const { message } = await refused(get());
    expect(message).toMatch(/It answers again at \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(bench.waits).toEqual([]);
  });

  it('takes half an answer for none, although its status is 200', async () => {
    bench.fake.faults.inject({ path: /./, fault: { kind: 'malformed' } });
    const { data } = await get();
    expect(data.full_name).toBe('octo/guestbook');
    expect(bench.waits).toEqual([1000]);
  });

  it('ends when no answer comes in time', async () => {
    bench.fake.faults.inject({ path: /./, times: 5, fault: { kind: 'slow', milliseconds: 400 } });
    const { message } = await refused(get({ requestTimeoutMs: 40 }));
    expect(message).toContain('no answer within 0.04 s');
  });

  it('ends when the command is cancelled, and is not sent again', async () => {
    bench.fake.faults.inject({ path: /./, fault: { kind: 'slow', milliseconds: 5_000 } });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    expect((await refused(get({ cancel: controller.signal }))).kind).toBe('cancelled');
    expect(bench.waits).toEqual([]);
  });

  it('shows its token nowhere, not in the error either', async () => {
    bench.fake.faults.inject({ path: /./, times: 9, fault: { kind: 'status', status: 500 } });
    const error = await refused(get());
    const all: string[] = [];
    for (let it: unknown = error; it instanceof Error; it = it.cause) {
      all.push(JSON.stringify(it), String(it.stack), it.message);
    }
    expect(all.join('\n')).not.toMatch(/ghs_/);
  });
});

describe('waiting before the same request', () => {
  const now = new Date(0);
  const answered = (status: number, changes: object = {}): Answer =>
    ({ kind: 'answered', status, message: '', headers: {}, details: [], ...changes });
  const silent: Answer = { kind: 'silent', reason: '' };

  it.each([
    ['GET', silent, 1000],
    ['POST', silent, undefined],
    ['POST', answered(502), undefined],
    ['PATCH', answered(502), 1000],
    ['DELETE', answered(503), 1000],
    ['POST', answered(429, { headers: { 'retry-after': '5' } }), 5000],
    ['POST', answered(403, { message: 'You have exceeded a secondary rate limit.' }), 60_000],
    ['GET', answered(403, { headers: { 'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '30' } }), 30_000],
    ['GET', answered(403, { headers: { 'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '3000' } }), undefined],
    ['GET', answered(403), undefined],
    ['GET', answered(404), undefined],
    ['GET', answered(422), undefined],
    ['GET', answered(501), undefined],
  ] as const)('%s after %j: %s', (method, answer, expected) => {
    expect(waitBefore(answer, { method, tries: 1, now })).toBe(expected);
  });

  it('ends', () => {
    expect(waitBefore(silent, { method: 'GET', tries: 4, now })).toBe(8000);
    expect(waitBefore(silent, { method: 'GET', tries: 5, now })).toBeUndefined();
  });
});

/** What the library throws. */
function httpError(status: number, body: unknown, headers: Record<string, string> = {}) {
  return Object.assign(new Error('of the library'), { name: 'HttpError', status,
    response: { headers, data: body } });
}

function words(error: unknown, what: Doing): string {
  const made = githubError(error, what, new Date(0));
  if (!(made instanceof SeatrialError)) throw new Error('no error of the world');
  expect(made.kind).toBe('refused');
  return made.problems.map(formatProblem).join('\n');
}

describe('GitHub\'s refusals as words', () => {
  const github = { repository: { owner: 'octo', name: 'guestbook' }, serverUrl: '' };
  const on = (kind: typeof releaseDoing) =>
    kind(github as unknown as Parameters<typeof releaseDoing>[0], 'make the draft of v1');

  it('of a right: the permission and the lines to add, and what GitHub names', () => {
    const text = words(httpError(403, { message: 'Resource not accessible by integration' },
      { 'x-accepted-github-permissions': 'deployments=write' }),
    { ...doing, permission: 'deployments: write' });
    expect(text).toContain('GitHub, octo/guestbook: GitHub would not show the repository');
    expect(text).toContain('  permissions:\n    deployments: write');
    expect(text).toContain('where it calls a reusable workflow');
    expect(text).toContain('GitHub names: deployments=write');
  });

  it('does not pass on a header that is no list of rights', () => {
    const text = words(httpError(403, { message: 'no' },
      { 'x-accepted-github-permissions': '::error::x' }), doing);
    expect(text).not.toContain('::error');
  });

  it.each([
    [401, { message: 'Bad credentials' }, 'The token of a job ends with the job'],
    [404, { message: 'Not Found' }, 'the token may not see it'],
    [409, { message: 'Conflict' }, 'another run does the same'],
    [410, { message: 'Gone' }, 'it is not there'],
    [500, { message: 'Server Error' }, 'githubstatus.com'],
    [504, '<html>Unicorn!</html>', 'status 504'],
  ])('%s', (status, body, expected) => {
    expect(words(httpError(status, body), doing)).toContain(expected);
  });

  it('of a limit: when it answers again', () => {
    expect(words(httpError(403, { message: 'API rate limit exceeded' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7200' }), doing))
      .toContain('at 1970-01-01 02:00 UTC');
  });

  it.each([
    [{ errors: [{ resource: 'Release', code: 'custom', field: 'tag_name',
      message: 'tag_name was used by an immutable release' },
    { code: 'custom', message: 'Published releases must have a valid tag' }] },
    'its name can never be used again'],
    [{ errors: [{ code: 'custom', field: 'pre_receive', message: 'pre_receive Repository rule '
      + 'violations found\n\nCannot create ref due to creations being restricted.\n\n' },
    { code: 'custom', message: 'Published releases must have a valid tag' }] },
    'a ruleset of the repository protects this tag'],
    [{ errors: [{ code: 'custom', message: 'Published releases must have a valid tag' }] },
      'the tag is not there'],
    [{ message: 'Cannot upload assets to an immutable release.' }, 'It can never be changed'],
    [{ errors: [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }] },
      'is there already'],
    [{ errors: [{ code: 'odd' }] }, 'please report it'],
  ])('422 %j', (body, expected) => {
    expect(words(httpError(422, { message: 'Validation Failed', ...body }), on(releaseDoing)))
      .toContain(expected);
  });

  it.each([403, 404])('%s to making a release names the trap of workflow files', (status) => {
    const text = words(httpError(status, { message: 'Not Found' }), on(makingDoing));
    expect(text).toContain('changes files in .github/workflows');
    expect(text).toContain('permissions:\n    contents: write');
  });

  it('leaves a bug a bug, and an error of the world as it is', () => {
    const bug = new TypeError('undefined is not a function');
    expect(githubError(bug, doing)).toBe(bug);
    const ours = new SeatrialError('busy', 'x');
    expect(githubError(ours, doing)).toBe(ours);
  });

  it('are one bounded line of GitHub\'s own', () => {
    const text = words(httpError(409, { message: `a\n::set-output name=x::${'y'.repeat(999)}` }),
      doing);
    expect(text).not.toMatch(/\n::set-output/);
    expect(text.length).toBeLessThan(800);
  });
});
