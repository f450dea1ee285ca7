import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, refusal } from './client.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const commit = 'a'.repeat(40);
const bytes = Buffer.from('the tarball');
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
let fake: FakeGitHub;

beforeEach(async () => {
  fake = await openFakeGitHub();
  fake.state.git.set('refs/heads/main', commit);
  fake.state.git.set('refs/tags/v1.0.0', commit);
});

afterEach(async () => {
  await fake.close();
});

function writer() {
  return clientOf(fake, fake.job({ contents: 'write' }));
}

async function draft(tag = 'v1.0.0') {
  const { data } = await writer().rest.repos
    .createRelease({ ...at, tag_name: tag, draft: true, name: 'Guestbook' });
  return data;
}

function upload(release: { upload_url: string; id: number }, name: string, data = bytes) {
  return writer().request(`POST ${release.upload_url}`, { name, data,
    headers: { 'content-type': 'application/gzip' } });
}

describe('a release', () => {
  it('is found by its tag when it is published, and by listing before', async () => {
    const made = await draft();
    const { rest } = writer();
    expect(await refusal(rest.repos.getReleaseByTag({ ...at, tag: 'v1.0.0' })))
      .toMatch(/^404 Not Found/);
    expect((await rest.repos.listReleases(at)).data.map((it) => it.id)).toEqual([made.id]);
    await rest.repos.updateRelease({ ...at, release_id: made.id, draft: false });
    const { data } = await rest.repos.getReleaseByTag({ ...at, tag: 'v1.0.0' });
    expect(data.draft).toBe(false);
    expect(fake.violations).toEqual([]);
  });

  it('is not seen as a draft by a token that may only read', async () => {
    const made = await draft();
    const { rest } = clientOf(fake, fake.job({ contents: 'read' }));
    expect((await rest.repos.listReleases(at)).data).toEqual([]);
    expect(await refusal(rest.repos.getRelease({ ...at, release_id: made.id })))
      .toMatch(/^404 /);
    expect(await refusal(rest.repos.createRelease({ ...at, tag_name: 'v2' })))
      .toMatch(/^403 Resource not accessible by integration/);
  });

  it('keeps assets with their digest, under the name that GitHub makes of it', async () => {
    const made = await draft();
    const { data } = await upload(made, 'guest book-1.0 (x).tar.gz') as
      { data: { id: number; name: string; digest: string } };
    expect(data.name).toBe('guest.book-1.0.x.tar.gz');
    expect(data.digest).toBe(digest);
    expect(await refusal(upload(made, data.name))).toMatch(/^422 .*already_exists/s);
    const file = await writer().rest.repos.getReleaseAsset({ ...at, asset_id: data.id,
      headers: { accept: 'application/octet-stream' } });
    expect(Buffer.from(file.data as unknown as ArrayBuffer)).toEqual(bytes);
    expect(fake.violations).toEqual([]);
  });

  it('is locked when it was published with immutable releases', async () => {
    fake.state.immutableReleases = true;
    const made = await draft();
    const { data } = await upload(made, 'a.tar.gz') as { data: { id: number } };
    const { rest } = writer();
    await rest.repos.updateRelease({ ...at, release_id: made.id, draft: false });
    expect(await refusal(upload(made, 'b.tar.gz'))).toMatch(/^422 Cannot upload assets/);
    expect(await refusal(rest.repos.deleteReleaseAsset({ ...at, asset_id: data.id })))
      .toMatch(/^422 /);
    expect(await refusal(rest.repos.updateRelease({ ...at, release_id: made.id, draft: true })))
      .toMatch(/^422 .*state cannot be changed/s);
    await rest.repos.updateRelease({ ...at, release_id: made.id, body: 'Notes' });
    await rest.repos.deleteRelease({ ...at, release_id: made.id });
    expect(await refusal(rest.repos.createRelease({ ...at, tag_name: 'v1.0.0' })))
      .toMatch(/^422 .*used by an immutable release/s);
    expect(fake.violations).toEqual([]);
  });

  it('makes the tag that it is published for', async () => {
    const made = await draft('v3');
    expect(fake.state.git.commit('refs/tags/v3')).toBeUndefined();
    await writer().rest.repos.updateRelease({ ...at, release_id: made.id, draft: false });
    expect(fake.state.git.commit('refs/tags/v3')).toBe(commit);
  });

  it('pages its list, and Octokit follows', async () => {
    for (let number = 0; number < 35; number += 1) await draft(`v${number}`);
    const client = writer();
    expect((await client.rest.repos.listReleases(at)).data).toHaveLength(30);
    expect(await client.paginate(client.rest.repos.listReleases, at)).toHaveLength(35);
  });
});

describe('an upload that is interrupted', () => {
  it('leaves a starter that blocks its name, also when the client breaks off', async () => {
    const made = await draft();
    const url = new URL(made.upload_url.replace(/\{.*/, '?name=b.tar.gz'));
    await new Promise<void>((resolve) => {
      const half = request(url, { method: 'POST', headers: { 'content-length': '1000',
        'content-type': 'application/gzip',
        authorization: `token ${fake.job({ contents: 'write' })}` } });
      half.on('error', () => resolve());
      half.write('some', () => setTimeout(() => half.destroy(new Error('gone')), 50));
    });
    await expect.poll(() => fake.state.releases[0]?.assets.map((it) => it.state))
      .toEqual(['starter']);
    expect(await refusal(upload(made, 'b.tar.gz'))).toMatch(/^422 .*already_exists/s);
  });

  it('can be asked for', async () => {
    const made = await draft();
    fake.faults.inject({ path: /assets$/, fault: { kind: 'truncate' } });
    expect(await refusal(upload(made, 'c.tar.gz'))).not.toBe('not refused');
    const [asset] = fake.state.releases[0]?.assets ?? [];
    expect([asset?.state, asset?.bytes.length]).toEqual(['starter', 5]);
  });
});
