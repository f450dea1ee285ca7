import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ends, SeatrialError, type End } from '../../src/errors.ts';
import { openDeployment, type Deployment, type DeploymentWanted }
  from '../../src/github/deployments.ts';
import type { Job } from '../../src/github/github.ts';
import { asked, commit, refused } from './bench.ts';
import { openRunBench, type RunBench } from './run-bench.ts';

const digest = 'd'.repeat(64);
const wanted: DeploymentWanted = { environment: 'production', version: '1.2.0', digest,
  url: 'https://guestbook.example.org/' };
let bench: RunBench;

beforeEach(async () => {
  bench = await openRunBench();
});

afterEach(async () => {
  await bench.close();
  expect(bench.fake.violations).toEqual([]);
});

function open(job: Job, changes: Partial<DeploymentWanted> = {}): Promise<Deployment> {
  return openDeployment(job, { ...wanted, ...changes }, bench.sleep);
}

/** The last word of each record, oldest first. */
const states = (): (string | undefined)[] =>
  [...bench.fake.state.deployments].reverse().map((it) => it.statuses.at(-1)?.state);

describe('the record of a deployment', () => {
  it('is of the commit, merges nothing, asks for no check, and is of production', async () => {
    const { id } = await open(await bench.job());
    expect(bench.fake.state.deployments).toMatchObject([{ id, ref: commit, sha: commit,
      environment: 'production', production: true, transient: false,
      description: '1.2.0, sha256:dddddddddddd',
      payload: { seatrial: 1, run: 17, digest, version: '1.2.0' },
      statuses: [{ state: 'in_progress', description: '1.2.0: the host installs it',
        environmentUrl: 'https://guestbook.example.org/',
        logUrl: 'https://github.com/octo/guestbook/actions/runs/17/attempts/1' }] }]);
  });

  it('is found by a later attempt of the run', async () => {
    const { id } = await open(await bench.job());
    await (await open(await bench.job({ attempt: 2 }))).end('done', '');
    expect(bench.fake.state.deployments.map((it) => it.id)).toEqual([id]);
    const [record] = bench.fake.state.deployments;
    expect(record?.statuses.map((it) => `${it.state} ${it.logUrl.slice(-1)}`))
      .toEqual(['in_progress 1', 'in_progress 2', 'success 2']);
  });

  it('is another one for another run, other bytes and another environment', async () => {
    await open(await bench.job());
    await open(await bench.job({ runId: 18 }));
    await open(await bench.job(), { digest: 'e'.repeat(64) });
    await open(await bench.job(), { environment: 'eu' });
    expect(bench.fake.state.deployments).toHaveLength(4);
  });

  it.each(['javascript:alert(1)', 'ftp://a.example', 'https://user:word@a.example',
    'https://user@a.example', 'https://:word@a.example', 'a.example',
    '', '//a.example'])('has no link to %j', async (url) => {
    await open(await bench.job(), { url });
    expect(bench.fake.state.deployments[0]?.statuses[0]?.environmentUrl).toBe('');
  });
});

describe('its end', () => {
  const expected: Record<End, string> = { done: 'success', unchanged: 'success',
    running: 'in_progress', restored: 'failure', refused: 'failure', 'needs-human': 'failure',
    cancelled: 'failure', busy: 'failure', degraded: 'failure' };

  it.each(Object.keys(ends) as End[])('%s is written down', async (end) => {
    const record = await open(await bench.job());
    expect(await record.end(end, 'why it is so')).toBeUndefined();
    expect(bench.fake.state.deployments[0]?.statuses.at(-1)).toMatchObject({
      state: expected[end], description: `1.2.0: ${end}, why it is so` });
  });

  it.each(['', 'x'])('fits into what GitHub takes, and is one line: %s', async (odd) => {
    const record = await open(await bench.job());
    expect(await record.end('restored', `\n::error::${odd}${'\u{1f4a5}'.repeat(300)}`))
      .toBeUndefined();
    const { description = '' } = bench.fake.state.deployments[0]?.statuses.at(-1) ?? {};
    expect(description).toMatch(/^1\.2\.0: restored, : :error: :/);
    expect(description.length).toBeLessThanOrEqual(140);
    expect(description).not.toMatch(/\p{Cs}/u);
  });

  it('makes what succeeded before inactive, in this environment alone', async () => {
    await (await open(await bench.job({ runId: 11 }))).end('done', '');
    await (await open(await bench.job({ runId: 12 }))).end('restored', 'x');
    await (await open(await bench.job({ runId: 13 }), { environment: 'eu' })).end('done', '');
    const record = await open(await bench.job());
    expect(states()).toEqual(['success', 'failure', 'success', 'in_progress']);
    await record.end('done', '');
    expect(states()).toEqual(['inactive', 'failure', 'success', 'success']);
  });

  it('makes a younger record inactive where an older release goes live again', async () => {
    const older = await open(await bench.job({ runId: 11 }));
    await (await open(await bench.job({ runId: 12 }))).end('done', '');
    await older.end('done', '');
    expect(states()).toEqual(['success', 'inactive']);
  });

  it('leaves what is live as it is where it did not succeed', async () => {
    await (await open(await bench.job({ runId: 11 }))).end('done', '');
    for (const end of ['restored', 'degraded', 'running'] as const) {
      await (await open(await bench.job({ runId: 12 }))).end(end, '');
      expect(states()[0]).toBe('success');
    }
  });
});

describe('where GitHub says no', () => {
  it('names the permission that is missing', async () => {
    const error = await refused(open(await bench.job({}, { deployments: 'read' })));
    expect(error.message).toMatch(
      /^GitHub, octo\/guestbook: GitHub would not record this deployment[^]*deployments: write/);
  });

  it('names it also where not even reading is allowed', async () => {
    const error = await refused(open(await bench.job({}, { contents: 'write' })));
    expect(error.message).toContain('deployments: write');
  });

  it('production has ended all the same: a warning, and nothing is thrown', async () => {
    const record = await open(await bench.job());
    bench.fake.faults.inject({ method: 'POST', path: /statuses$/, times: 9,
      fault: { kind: 'status', status: 503 } });
    expect(await record.end('done', '')).toMatch(
      /^GitHub would not record this deployment: it is in[^]*production is as its end says/);
  });

  it('also the end of an earlier record is no more than a warning', async () => {
    await (await open(await bench.job({ runId: 11 }))).end('done', '');
    const record = await open(await bench.job());
    bench.fake.faults.inject({ path: /deployments$/, times: 9,
      fault: { kind: 'status', status: 500 } });
    expect(await record.end('done', '')).toMatch(/^GitHub would not list the deployments/);
    expect(states()).toEqual(['success', 'success']);
  });

  it('a status is written again after trouble', async () => {
    const record = await open(await bench.job());
    bench.fake.faults.inject({ method: 'POST', path: /statuses$/, times: 2,
      fault: { kind: 'status', status: 502 } });
    expect(await record.end('done', '')).toBeUndefined();
    expect(states()).toEqual(['success']);
    expect(bench.waits).toEqual([1000, 2000]);
  });

  it.each([['before', 2], ['after', 1]] as const)(
    'a record is made once, where the answer is lost %s it was made', async (when, posts) => {
      bench.fake.faults.inject({ method: 'POST', path: /deployments$/,
        fault: { kind: 'drop', when } });
      await open(await bench.job());
      expect(bench.fake.state.deployments).toHaveLength(1);
      expect(asked(bench, 'POST', /deployments$/)).toBe(posts);
    });

  it('gives up after four tries', async () => {
    bench.fake.faults.inject({ method: 'POST', path: /deployments$/, times: 99,
      fault: { kind: 'status', status: 500 } });
    expect(await refused(open(await bench.job()))).toBeInstanceOf(SeatrialError);
    expect(asked(bench, 'POST', /deployments$/)).toBe(4);
  });
});
