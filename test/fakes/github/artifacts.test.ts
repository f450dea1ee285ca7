import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { artifactJob } from './artifact-job.ts';
import { clientOf, refusal } from './client.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import { workflowServer } from './workflow-server.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const text = 'a raw tarball\n'.repeat(1000);
const sha256 = createHash('sha256').update(text).digest('hex');
const first = { runId: 7, attempt: 1, jobId: 70 };
const again = { runId: 7, attempt: 2, jobId: 71 };
let fake: FakeGitHub;
let directory: string;
let file: string;

beforeEach(async () => {
  fake = await openFakeGitHub();
  directory = mkdtempSync(join(tmpdir(), 'seatrial-artifacts-'));
  file = join(directory, 'guestbook-1.0.0.tar.gz');
  writeFileSync(file, text);
  for (const attempt of [1, 2]) {
    workflowServer(fake).runChanged({ runId: 7, attempt, runNumber: 1, workflowName: 'Release',
      workflowPath: '.github/workflows/release.yml', event: 'push', sha: 'a'.repeat(40),
      ref: 'refs/tags/v1.0.0', actor: 'mona', triggeringActor: 'mona', status: 'in_progress' });
  }
});

afterEach(async () => {
  await fake.close();
  rmSync(directory, { recursive: true });
});

describe('the artifact service', () => {
  it('takes a raw file, and REST gives it to another attempt by its id', async () => {
    const { ok: up } = await artifactJob(fake, first)('upload', file);
    expect(up?.digest).toBe(sha256);
    const expected = `sha256:${sha256}`;
    const id = String(up?.id);
    const there = join(directory, 'there');
    const { ok: down } = await artifactJob(fake, { ...again, expected })('fetch', id, there);
    expect(down?.digestMismatch).toBe(false);
    expect(readFileSync(join(there, 'guestbook-1.0.0.tar.gz'), 'utf8')).toBe(text);
    const wrong = await artifactJob(fake, { ...again, expected: 'sha256:0' })('fetch', id, there);
    expect(wrong.ok?.digestMismatch).toBe(true);
    const { rest } = clientOf(fake, fake.job({ actions: 'read' }));
    expect((await rest.actions.getArtifact({ ...at, artifact_id: Number(id) })).data)
      .toMatchObject({ digest: expected, size_in_bytes: text.length, expired: false });
    expect(fake.violations).toEqual([]);
  });

  it('refuses the same name in the same attempt, and takes it in another', async () => {
    const { ok: one } = await artifactJob(fake, first)('upload', file);
    expect((await artifactJob(fake, first)('upload', file)).error)
      .toContain('(409) Conflict: an artifact with this name already exists');
    const { ok: two } = await artifactJob(fake, again)('upload', file);
    const { rest } = clientOf(fake, fake.job({ actions: 'read' }));
    const { data } = await rest.actions.listWorkflowRunArtifacts({ ...at, run_id: 7 });
    expect(data.artifacts.map((it) => it.id)).toEqual([one?.id, two?.id]);
    expect(Number(two?.id)).toBeLessThan(Number(one?.id));
    expect(fake.violations).toEqual([]);
  });

  it('lists what an earlier attempt made, and gives it only through REST', async () => {
    const { ok } = await artifactJob(fake, first)('upload', file);
    const later = artifactJob(fake, again);
    expect((await later('list')).ok?.artifacts.map((it) => it.id)).toEqual([ok?.id]);
    expect((await later('internal', String(ok?.id), directory)).error)
      .toContain('workflow run not found');
    const same = artifactJob(fake, first);
    const there = join(directory, 'there');
    expect((await same('internal', String(ok?.id), there)).error).toBeUndefined();
    expect(readFileSync(join(there, 'guestbook-1.0.0.tar.gz'), 'utf8')).toBe(text);
  });

  it('zips where it is not told otherwise', async () => {
    const { ok } = await artifactJob(fake, first)('zip', file);
    const there = join(directory, 'there');
    await artifactJob(fake, again)('fetch', String(ok?.id), there);
    expect(readFileSync(join(there, 'guestbook-1.0.0.tar.gz'), 'utf8')).toBe(text);
    expect(ok?.digest).not.toBe(sha256);
  });
});

describe('the protocol', () => {
  const service = 'twirp/github.actions.results.api.v1.ArtifactService';

  function ask(method: string, body: object, token = fake.results.mint(first)) {
    return fetch(`${fake.results.url}${service}/${method}`, { method: 'POST',
      body: JSON.stringify(body), headers: { authorization: `Bearer ${token}` } });
  }

  it('knows its methods, their properties and its tokens', async () => {
    expect((await ask('CreateArtifact', { name: 'a', version: 7 }, 'other')).status).toBe(401);
    expect(fake.violations).toEqual([]);
    const odd = await ask('CreateArtifact', { name: 'a', mimeType: 'text/plain' });
    expect([odd.status, await odd.json()])
      .toEqual([400, { code: 'malformed', msg: 'unknown: mimeType' }]);
    expect((await ask('MakeArtifact', {})).status).toBe(404);
    expect(fake.violations).toHaveLength(2);
  });

  it('refuses a blob that is not what was announced, or was never finished', async () => {
    const begun = await (await ask('CreateArtifact', { name: 'a' })).json() as
      { signed_upload_url: string };
    const finish = (more: object) => ask('FinalizeArtifact', { name: 'a', size: '3', ...more });
    expect((await finish({})).status).toBe(400);
    const put = await fetch(begun.signed_upload_url, { method: 'PUT', body: 'abc' });
    expect(put.status).toBe(201);
    expect((await finish({ size: '4' })).status).toBe(400);
    expect((await finish({ hash: `sha256:${'0'.repeat(64)}` })).status).toBe(400);
    expect((await finish({})).status).toBe(200);
    expect((await ask('CreateArtifact', { name: 'a' })).status).toBe(409);
  });

  it('has faults of its own, and of its store', async () => {
    fake.faults.inject({ path: /CreateArtifact$/, fault: { kind: 'status', status: 503 } });
    expect((await ask('CreateArtifact', { name: 'a' })).status).toBe(503);
    const { signed_upload_url: url } = await (await ask('CreateArtifact', { name: 'a' }))
      .json() as { signed_upload_url: string };
    const put = (more: object = {}) => fetch(url, { method: 'PUT', body: 'abc', ...more });
    fake.faults.inject({ path: /^\/blobs\//, fault: { kind: 'drop', when: 'before' } });
    await expect(put()).rejects.toThrow();
    expect((await put({ headers: { authorization: 'Bearer x' } })).status).toBe(400);
    expect((await fetch(url.replace(/sig=.*/, 'sig=x'))).status).toBe(403);
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('an artifact through REST', () => {
  it('that expired is 410, and one that is not there is 404', async () => {
    const { ok } = await artifactJob(fake, first)('upload', file);
    const { rest } = clientOf(fake, fake.job({ actions: 'read' }));
    const download = { ...at, artifact_id: ok?.id ?? 0, archive_format: 'zip' };
    const { data } = await rest.actions.downloadArtifact(download);
    expect(Buffer.from(data as ArrayBuffer).toString()).toBe(text);
    for (const it of fake.state.artifacts) it.expired = true;
    expect(await refusal(rest.actions.downloadArtifact(download)))
      .toMatch(/^410 Artifact has expired/);
    expect(await refusal(rest.actions.getArtifact({ ...at, artifact_id: 1 }))).toMatch(/^404/);
    const none = clientOf(fake, fake.job({ contents: 'write' }));
    expect(await refusal(none.rest.actions.downloadArtifact(download)))
      .toMatch(/^403 Resource not accessible by integration/);
    expect(fake.violations).toEqual([]);
  });
});
