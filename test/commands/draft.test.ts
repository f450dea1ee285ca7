import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/config/arguments.ts';
import type { Job } from '../../src/github/github.ts';
import { renderManifest, renderSums, type Manifest } from '../../src/package/manifest.ts';
import { run, type Result, type World } from '../../src/run.ts';
import { asked, commit, openBench, refused, tag, type Bench } from '../github/bench.ts';

let bench: Bench;
let reported: string[];

beforeEach(async () => {
  bench = await openBench();
  reported = [];
});

afterEach(async () => {
  expect(bench.fake.violations).toEqual([]);
  await bench.close();
});

const hash = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

function manifest(changes: Partial<Manifest> = {}): Manifest {
  return { schema: 1, application: 'guestbook', version: '1.2.0', tag, commit,
    sourceDateEpoch: 0, files: [], archive: { file: 'guestbook-1.2.0.tar.gz', format: 'tar.gz',
      bytes: 7, sha256: hash('tarball'), tarSha256: hash('tar') },
    tools: { seatrial: '0.1.0', node: '24.0.0', zlib: '1', git: '2.50.0' }, ...changes };
}

/** A release on the disk; its sums know of another one, too. */
function write(changes: Partial<Manifest> = {}): string {
  const directory = join(bench.directory, 'release');
  mkdirSync(directory, { recursive: true });
  const text = renderManifest(manifest(changes));
  writeFileSync(join(directory, 'guestbook-1.2.0.tar.gz'), 'tarball');
  writeFileSync(join(directory, 'guestbook-1.2.0.manifest.json'), text);
  writeFileSync(join(directory, 'SHA256SUMS'), renderSums(new Map([
    ['guestbook-1.1.0.tar.gz', hash('older')], ['guestbook-1.2.0.tar.gz', hash('tarball')],
    ['guestbook-1.2.0.manifest.json', hash(text)]])));
  return join(directory, 'guestbook-1.2.0.tar.gz');
}

async function act(command: 'draft' | 'publish', release: string, changes: Partial<World> = {}):
Promise<Result> {
  const world: World = {
    report: (event) => { if ('text' in event) reported.push(`${event.kind} ${event.text}`); },
    print: () => undefined, now: () => new Date(), clock: () => performance.now(),
    random: (bytes) => 'a'.repeat(bytes * 2), sleep: bench.sleep, ask: undefined, job: undefined,
    started: () => undefined, cancel: new AbortController().signal,
    temporaryDirectory: bench.directory, by: 'a test', toolVersion: '0.0.0-test',
    environment: { GITHUB_TOKEN: bench.fake.person('mona', { contents: 'write' }),
      GITHUB_REPOSITORY: 'octo/guestbook', GITHUB_API_URL: bench.fake.url },
    ...changes,
  };
  return run(command, parseArguments([command, '--release', release]).options, world);
}

function page() {
  const [only] = bench.fake.state.releases;
  if (only === undefined) throw new Error('there is no release');
  return only;
}

describe('a release on its page', () => {
  it('is drafted with its files and how to verify them, then published', async () => {
    const release = write();
    expect(await act('draft', release)).toMatchObject({ kind: 'page',
      found: { state: 'draft', done: 'made' } });
    expect(page()).toMatchObject({ title: 'guestbook 1.2.0', tag, prerelease: false });
    expect(page().text).toContain(`| \`guestbook-1.2.0.tar.gz\` | \`${hash('tarball')}\` |`);
    expect(page().text).toContain(commit);
    expect(page().text).toContain('sha256sum --check SHA256SUMS');
    const files = new Map(page().assets.map((it) => [it.name, it.bytes.toString()]));
    expect([...files.keys()].sort()).toEqual(['SHA256SUMS', 'guestbook-1.2.0.manifest.json',
      'guestbook-1.2.0.tar.gz']);
    // Sums of what is on the page, and of nothing else: all of them can be checked there.
    expect(files.get('SHA256SUMS')).toBe(renderSums(new Map([
      ['guestbook-1.2.0.tar.gz', hash('tarball')],
      ['guestbook-1.2.0.manifest.json', hash(renderManifest(manifest()))]])));
    expect(await act('publish', release)).toMatchObject({
      found: { state: 'published', done: 'published' } });
    expect(await act('draft', release)).toMatchObject({ found: { done: 'unchanged' } });
    expect(await act('publish', release)).toMatchObject({ found: { done: 'unchanged' } });
  });

  it('is a prerelease where its version says so', async () => {
    bench.fake.state.git.set('refs/tags/v1.2.0-rc.1', commit);
    await act('draft', write({ tag: 'v1.2.0-rc.1' }));
    expect(page().prerelease).toBe(true);
  });

  it('stays done where a later run packaged it with other tools', async () => {
    bench.fake.state.immutableReleases = true;
    const release = write();
    await act('draft', release);
    await act('publish', release);
    const sent = asked(bench, 'POST', /./);
    const again = write({ tools: { seatrial: '0.1.0', node: '26.0.0', zlib: '2', git: '2.51.0' } });
    expect(await act('draft', again)).toMatchObject({ found: { done: 'unchanged' } });
    expect(await act('publish', again)).toMatchObject({ found: { done: 'unchanged' } });
    expect(asked(bench, 'POST', /./)).toBe(sent);
  });

  it('is refused where what is published says something else', async () => {
    const release = write();
    await act('draft', release);
    await act('publish', release);
    const { message } = await refused(act('draft', write({ sourceDateEpoch: 1 })));
    expect(message).toContain('is published with another guestbook-1.2.0.manifest.json');
    expect(message).not.toContain('another guestbook-1.2.0.tar.gz');
  });

  it('on a draft is brought to the bytes of this run, whatever tools made them', async () => {
    await act('draft', write());
    const again = write({ tools: { seatrial: '0.1.0', node: '26.0.0', zlib: '2', git: '2.51.0' } });
    expect(await act('draft', again)).toMatchObject({ found: { done: 'completed' } });
    expect(await act('publish', again)).toMatchObject({ found: { done: 'published' } });
    const text = readFileSync(join(bench.directory, 'release/guestbook-1.2.0.manifest.json'));
    expect(page().assets.some((it) => it.bytes.equals(text))).toBe(true);
  });

  it('tells of a second draft', async () => {
    const release = write();
    await act('draft', release);
    bench.fake.state.releases.push({ ...page(), id: bench.fake.state.nextId(), assets: [] });
    await act('draft', release);
    const told = reported.filter((it) => it.startsWith('warning there is another draft'));
    expect(told).toHaveLength(1);
  });

  it('of a directory has none', async () => {
    const { kind, message } = await refused(act('draft', write({ tag: null, commit: null })));
    expect(kind).toBe('refused');
    expect(message).toContain('it has no tag');
    expect(bench.fake.log).toEqual([]);
  });

  it('uses the repository and the token of its job', async () => {
    const github = await bench.github();
    const job: Job = { github, runId: 1, attempt: 1, actor: 'mona', triggeringActor: 'mona',
      sha: commit, ref: `refs/tags/${tag}`, url: '' };
    await act('draft', write(), { job, environment: {} });
    expect(page().author).toBe('github-actions[bot]');
  });

  it('without a token or a repository says both at once', async () => {
    const { kind, problems } = await refused(act('publish', write(), { environment: {} }));
    expect(kind).toBe('bad-input');
    expect(problems.map((it) => it.place)).toEqual(['GITHUB_TOKEN', 'GITHUB_REPOSITORY']);
  });
});
