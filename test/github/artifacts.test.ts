import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync,
  writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openArtifacts, type ArtifactOptions } from '../../src/github/artifacts.ts';
import type { ArtifactReference, Job } from '../../src/github/github.ts';
import { transpile } from '../fakes/transpile.ts';
import { openBench, refused, sha256, tag, type Bench } from './bench.ts';

const runId = 7;
/** Inside the tree: the process has to find node_modules. */
const temporary = resolve(import.meta.dirname, '../../.tmp');
let built: string;
let bench: Bench;

beforeAll(() => {
  mkdirSync(temporary, { recursive: true });
  built = mkdtempSync(join(temporary, 'artifacts-'));
  transpile(built);
});

afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(async () => {
  bench = await openBench();
  bench.fake.state.runs.push({ id: runId, number: 1, name: 'Release', path: 'release.yml',
    event: 'push', ref: `refs/tags/${tag}`, headSha: 'a'.repeat(40), actor: 'mona',
    createdAt: new Date(0), attempts: [], jobs: [], gates: [] });
});

afterEach(async () => {
  expect(bench.fake.violations).toEqual([]);
  expect(bench.fake.faults.left()).toEqual([]);
  await bench.close();
});

interface Step {
  readonly ok?: readonly ArtifactReference[];
  readonly error?: string;
  readonly kind?: string;
  readonly log: string;
}

/** One step of the job, with GitHub's own library, as on a runner. */
function upload(attempt: number, files: readonly string[], environment = {}): Promise<Step> {
  const step = resolve(import.meta.dirname, 'artifact-step.mjs');
  const env = { PATH: process.env['PATH'], GITHUB_SERVER_URL: 'https://github.com',
    RUNNER_DEBUG: '1', ACTIONS_RESULTS_URL: bench.fake.results.url,
    ACTIONS_RUNTIME_TOKEN: bench.fake.results.mint({ runId, attempt, jobId: 70 + attempt }),
    ...environment };
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [step, built, 'upload', ...files],
      { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.on('error', fail);
    child.on('close', () => {
      const lines = out.trimEnd().split('\n');
      const last = lines.pop() ?? '';
      if (!last.startsWith('{')) fail(new Error(out));
      else done({ ...JSON.parse(last) as object, log: lines.join('\n') });
    });
  });
}

function file(name: string, text: string | Buffer): string {
  const path = join(bench.directory, name);
  writeFileSync(path, text);
  return path;
}

async function job(permissions = { actions: 'read' } as const): Promise<Job> {
  return { github: await bench.github(permissions), runId, attempt: 2, actor: 'mona',
    triggeringActor: 'mona', sha: 'a'.repeat(40), ref: `refs/tags/${tag}`, url: '' };
}

async function download(reference: ArtifactReference, options: Partial<ArtifactOptions> = {}) {
  const directory = join(bench.directory, 'got');
  mkdirSync(directory, { recursive: true });
  const artifacts = openArtifacts(await job(), { environment: {}, sleep: bench.sleep,
    ...options });
  return artifacts.download(reference, directory);
}

function got(): string[] {
  return readdirSync(join(bench.directory, 'got'));
}

/** One that an earlier attempt made, put there without the library. */
function put(name: string, text: string): ArtifactReference {
  const { state, blobs } = bench.fake;
  const bytes = Buffer.from(text);
  const id = state.nextArtifactId();
  state.artifacts.push({ id, runId, attempt: 1, name, size: bytes.length,
    digest: `sha256:${sha256(text)}`, createdAt: new Date(0), expiresAt: new Date(2 ** 42),
    expired: false, backend: { run: 'r', job: 'j' }, mimeType: 'application/gzip',
    blob: blobs.store(bytes, 'application/gzip') });
  return { name, id: String(id), sha256: sha256(text) };
}

describe('a file from job to job', () => {
  it('arrives as it was, in a later attempt too, under the digest of the file', async () => {
    const bytes = Buffer.alloc(9 * 1024 * 1024, 'x');
    const path = file('guestbook-1.2.0.tar.gz', bytes);
    const { ok } = await upload(1, [path]);
    const [reference] = ok ?? [];
    if (reference === undefined) throw new Error('it was not uploaded');
    expect(reference).toMatchObject({ name: 'guestbook-1.2.0.tar.gz',
      sha256: sha256(bytes.toString()) });
    const [kept] = bench.fake.state.artifacts;
    expect([kept?.size, kept?.digest]).toEqual([bytes.length, `sha256:${reference.sha256}`]);
    const there = await download(reference);
    expect(readFileSync(there).equals(bytes)).toBe(true);
    expect(got()).toEqual(['guestbook-1.2.0.tar.gz']);
  });

  it('leaves nothing of what the library prints in the log, but for secrets to be hidden',
    async () => {
      const { log, ok } = await upload(1, [file('receipt.json', '{}'), file('page.html', 'x')]);
      expect(ok).toHaveLength(2);
      const lines = log.split('\n').filter((it) => !it.startsWith('::add-mask::'));
      expect(lines.map((it) => it.replace(/\/.*\//, ''))).toEqual(['before receipt.json',
        'before page.html']);
      expect(log).toContain('::add-mask::');
    });

  it('made twice in one attempt with the same bytes is one', async () => {
    const path = file('receipt.json', '{}');
    const first = await upload(1, [path]);
    const second = await upload(1, [path]);
    expect(second.ok).toEqual(first.ok);
    expect(bench.fake.state.artifacts).toHaveLength(1);
  });

  it('made twice in one attempt with other bytes is refused', async () => {
    await upload(1, [file('receipt.json', '{}')]);
    const { error, kind } = await upload(1, [file('receipt.json', '[]')]);
    expect(kind).toBe('refused');
    expect(error).toContain(`with other bytes: sha256 ${sha256('{}')}`);
    expect(error).toContain('A re-run of the job');
  });

  it('has its name free again in the next attempt', async () => {
    const first = await upload(1, [file('receipt.json', '{}')]);
    const second = await upload(2, [file('receipt.json', '[]')]);
    expect(second.ok?.[0]?.sha256).toBe(sha256('[]'));
    const [reference] = first.ok ?? [];
    if (reference === undefined) throw new Error('it was not uploaded');
    expect(readFileSync(await download(reference), 'utf8')).toBe('{}');
  });

  it('is done where the last answer was lost', async () => {
    bench.fake.faults.inject({ method: 'POST', path: /FinalizeArtifact$/,
      fault: { kind: 'drop', when: 'after' } });
    const { ok } = await upload(1, [file('receipt.json', '{}')]);
    expect(ok).toEqual([{ name: 'receipt.json', sha256: sha256('{}'),
      id: String(bench.fake.state.artifacts[0]?.id) }]);
  });

  it('is kept as many days as asked for', async () => {
    await upload(1, [file('receipt.json', '{}')], { RETENTION: '3', GITHUB_RETENTION_DAYS: '90' });
    const days = ((bench.fake.state.artifacts[0]?.expiresAt.getTime() ?? 0) - Date.now()) / 864e5;
    expect(Math.round(days)).toBe(3);
  });

  it('is refused where the runner gives no service, with what to do', async () => {
    const { error, kind } = await upload(1, [file('a', 'x')], { ACTIONS_RUNTIME_TOKEN: '' });
    expect(kind).toBe('refused');
    expect(error).toContain('not for `run:` steps');
  });

  it('is refused on a server that has no such service', async () => {
    const { error } = await upload(1, [file('a', 'x')],
      { GITHUB_SERVER_URL: 'https://git.example.org' });
    expect(error).toContain('hand the release on through its draft');
  });

  it('with a name that a log command could hide in is bad input', async () => {
    const { error, kind } = await upload(1, [file('a\n::error::x', 'x')]);
    expect(kind).toBe('bad-input');
    expect(error).not.toContain('\n::error');
  });
});

describe('fetching a file', () => {
  it('goes on where the connection breaks, and leaves no half of it', async () => {
    const reference = put('a.tar.gz', 'the tarball');
    bench.fake.faults.inject({ path: /^\/blobs\//, times: 2,
      fault: { kind: 'drop', when: 'before' } });
    bench.fake.faults.inject({ path: /\/zip$/, fault: { kind: 'status', status: 502 } });
    expect(readFileSync(await download(reference), 'utf8')).toBe('the tarball');
    expect(got()).toEqual(['a.tar.gz']);
  });

  it('gives up in the end, with nothing left behind', async () => {
    const reference = put('a.tar.gz', 'the tarball');
    bench.fake.faults.inject({ path: /^\/blobs\//, times: 4,
      fault: { kind: 'status', status: 503 } });
    expect((await refused(download(reference))).message).toContain('the storage answered');
    expect(got()).toEqual([]);
  });

  it('refuses other bytes, and keeps none of them', async () => {
    const reference = { ...put('a.tar.gz', 'the tarball'), sha256: sha256('another') };
    const { kind, message } = await refused(download(reference));
    expect(kind).toBe('refused');
    expect(message).toContain(`has sha256 ${sha256('the tarball')} (11 bytes)`);
    expect(got()).toEqual([]);
  });

  it('calls it by the name of the reference, whatever the storage calls it', async () => {
    const reference = put('../escaped', 'x');
    const path = await download({ ...reference, name: 'plain' });
    expect(path).toBe(join(bench.directory, 'got', 'plain'));
    expect((await refused(download(reference))).kind).toBe('bad-input');
    expect(existsSync(join(bench.directory, 'escaped'))).toBe(false);
  });

  it('without the right says which line is missing', async () => {
    const reference = put('a.tar.gz', 'x');
    const artifacts = openArtifacts({ ...await job(),
      github: await bench.github({ contents: 'read' }) }, { environment: {}, sleep: bench.sleep });
    const { message } = await refused(artifacts.download(reference, bench.directory));
    expect(message).toContain('permissions:\n    actions: read');
  });

  it('says that the disk is the matter, where it is', async () => {
    const reference = put('a.tar.gz', 'x');
    mkdirSync(join(bench.directory, 'got'));
    chmodSync(join(bench.directory, 'got'), 0o500);
    const closed = join(bench.directory, 'got', 'not-there');
    const artifacts = openArtifacts(await job(), { environment: {}, sleep: bench.sleep });
    const { message } = await refused(artifacts.download(reference, closed));
    expect(message).toContain('a file cannot be written');
    chmodSync(join(bench.directory, 'got'), 0o700);
  });
});

describe('an artifact that is gone', () => {
  it('is taken from the draft of the tag, by its digest', async () => {
    const reference = put('guestbook-1.2.0.tar.gz', 'the tarball');
    await bench.releases.draft(await bench.github(), bench.release());
    bench.fake.state.artifacts.splice(0);
    const writer = { ...await job(), github: await bench.github({ contents: 'write',
      actions: 'read' }) };
    mkdirSync(join(bench.directory, 'got'));
    const artifacts = openArtifacts(writer, { environment: {}, sleep: bench.sleep });
    bench.fake.faults.inject({ path: /^\/blobs\//, fault: { kind: 'drop', when: 'before' } });
    const path = await artifacts.download(reference, join(bench.directory, 'got'));
    expect(readFileSync(path, 'utf8')).toBe('the tarball');
  });

  it.each([
    ['expired', () => { for (const it of bench.fake.state.artifacts) it.expired = true; }],
    ['deleted', () => { bench.fake.state.artifacts.splice(0); }],
  ])('%s, and is nowhere else, says which button makes it again', async (_, lose) => {
    const reference = put('guestbook-1.2.0.tar.gz', 'the tarball');
    lose();
    const { kind, message } = await refused(download(reference,
      { environment: { GITHUB_RETENTION_DAYS: '14' } }));
    expect(kind).toBe('refused');
    expect(message).toContain('kept 14 days here');
    expect(message).toContain('Re-run all jobs of this run: https://github.com/octo/guestbook'
      + '/actions/runs/7, or gh run rerun 7');
    expect(got()).toEqual([]);
  });

  it('is not replaced by a file of another digest', async () => {
    const reference = put('guestbook-1.2.0.tar.gz', 'another tarball');
    await bench.releases.draft(await bench.github(), bench.release());
    bench.fake.state.artifacts.splice(0);
    // Beside it, why the page could not be looked at.
    expect((await refused(download(reference))).message).toContain('contents: read');
    const writer = { ...await job(), github: await bench.github({ contents: 'write',
      actions: 'read' }) };
    const artifacts = openArtifacts(writer, { environment: {}, sleep: bench.sleep });
    const { message } = await refused(artifacts.download(reference, bench.directory));
    expect(message).toContain('no release page has a file');
    expect(message).not.toContain('has sha256');
    const served = download(reference, {
      elsewhere: () => Promise.resolve(new Blob(['not it']).stream()) });
    expect((await refused(served)).message).toContain(`has sha256 ${sha256('not it')}`);
  });
});
