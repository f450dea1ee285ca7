import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, refusal } from './client.ts';
import { loadContract } from './contract.ts';
import { gitOnDisk } from './git-store.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import { routes } from './rest.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const commit = 'c'.repeat(40);
let fake: FakeGitHub;

beforeEach(async () => {
  fake = await openFakeGitHub();
  fake.state.git.set('refs/heads/main', commit);
});

afterEach(async () => {
  await fake.close();
});

/** A request as no typed client would let it be made. */
async function ask(method: string, path: string, body?: unknown): Promise<string> {
  const token = fake.job({ contents: 'write', deployments: 'write', actions: 'write' });
  const reply = await fetch(`${fake.url}/repos/octo/guestbook${path}`, { method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { message = '' } = await reply.json() as { message?: string };
  return `${reply.status} ${message}`;
}

describe('the description of GitHub', () => {
  it('has every operation that is answered, and nothing else is taken from it', () => {
    const answered = routes.map((it) => it.operation.replace(' /uploads/', ' /')).sort();
    expect(answered).toEqual([...loadContract().operations].sort());
    const listed = readFileSync(join(import.meta.dirname, 'operations.txt'), 'utf8');
    expect(listed.trim().split('\n').sort()).toEqual(answered);
  });

  it.each([
    ['GET', '/releases?per_pag=5', undefined,
      'query must NOT have additional properties (per_pag)'],
    ['GET', '/releases?per_page=many', undefined, 'query/per_page must be integer'],
    ['POST', '/releases', { tagname: 'v1' }, 'body must NOT have additional properties (tagname)'],
    ['POST', '/releases', { draft: true }, "body must have required property 'tag_name'"],
    ['POST', '/releases', { tag_name: 1 }, 'body/tag_name must be string'],
    ['PATCH', '/releases/one', { draft: false }, 'path/release_id must be integer'],
    ['POST', '/deployments/1/statuses', { state: 'finished' },
      'body/state must be equal to one of the allowed values'],
    ['DELETE', '/releases/1', { force: true }, 'takes no body'],
    ['GET', '/no/such', undefined, 'the stand-in has no such operation'],
  ])('refuses %s %s with %j', async (...row) => {
    const [method, path, body, problem] = row;
    expect(await ask(method, path, body)).toMatch(/^599 /);
    expect(fake.violations.join('\n')).toContain(problem);
  });

  it('refuses an upload without a name, and one to the API itself', async () => {
    const { rest } = clientOf(fake, fake.job({ contents: 'write' }));
    const { data } = await rest.repos.createRelease({ ...at, tag_name: 'v1', draft: true });
    expect(await ask('POST', `/releases/${data.id}/assets?name=a`, {})).toMatch(/^599 /);
    const to = data.upload_url.replace(/\{.*/, '');
    const reply = await fetch(to, { method: 'POST', body: 'x',
      headers: { authorization: `Bearer ${fake.job({ contents: 'write' })}` } });
    expect(reply.status).toBe(599);
    expect(fake.violations.join('\n')).toContain("query must have required property 'name'");
  });

  it('refuses a reply that GitHub would not give', () => {
    const contract = loadContract();
    const reply = (body: unknown, status = 200) =>
      contract.reply('GET /repos/{owner}/{repo}/git/ref/{ref}', { status, body }).status;
    const object = { type: 'commit', sha: commit, url: 'x' };
    const whole = { ref: 'refs/tags/v1', node_id: 'x', url: 'x', object };
    expect(reply(whole)).toBe(200);
    expect(reply({ ...whole, object: { ...object, sha: 'short' } })).toBe(599);
    expect(reply({ ...whole, peeled: commit })).toBe(599);
    expect(reply({ ref: 'refs/tags/v1' })).toBe(599);
    expect(reply(whole, 201)).toBe(599);
    expect(contract.violations.length).toBeGreaterThan(3);
  });
});

describe('rights', () => {
  it('are asked as GitHub asks them', async () => {
    const nobody = clientOf(fake);
    await nobody.rest.repos.get(at);
    await nobody.rest.repos.listReleases(at);
    expect(await refusal(nobody.rest.repos.createRelease({ ...at, tag_name: 'v1' })))
      .toMatch(/^401 Requires authentication/);
    expect(await refusal(clientOf(fake, 'ghs_none').rest.repos.get(at)))
      .toMatch(/^401 Bad credentials/);
    const token = fake.job({});
    expect(await refusal(clientOf(fake, token).rest.repos.listReleases(at))).toMatch(/^403/);
    fake.tokens.revoke(token);
    expect(await refusal(clientOf(fake, token).rest.repos.get(at))).toMatch(/^401/);
    const person = clientOf(fake, fake.person('mona', { contents: 'read' }));
    expect(await refusal(person.rest.repos.createRelease({ ...at, tag_name: 'v1' })))
      .toMatch(/^403 Resource not accessible by personal access token/);
    const other = clientOf(fake, fake.tokens.mint({ login: 'eve', repository: 'eve/other',
      permissions: { contents: 'write' } }));
    expect(await refusal(other.rest.repos.createRelease({ ...at, tag_name: 'v1' })))
      .toMatch(/^403/);
    expect(fake.violations).toEqual([]);
  });

  it('hide a private repository from whoever has none, and tell what is missing', async () => {
    const hidden = await openFakeGitHub({ private: true });
    expect(await refusal(clientOf(hidden).rest.repos.get(at))).toMatch(/^404 Not Found/);
    const job = clientOf(hidden, hidden.job({ contents: 'read' }));
    await job.rest.repos.get(at);
    const reply = await fetch(`${hidden.url}/repos/octo/guestbook/deployments`,
      { headers: { authorization: `token ${hidden.job({ contents: 'write' })}` } });
    expect([reply.status, reply.headers.get('x-accepted-github-permissions')])
      .toEqual([403, 'deployments=read']);
    expect(await refusal(job.rest.repos.checkImmutableReleases(at))).toMatch(/^403/);
    const owner = clientOf(hidden, hidden.person('mona', { administration: 'read' }));
    expect(await refusal(owner.rest.repos.checkImmutableReleases(at))).toMatch(/^404/);
    hidden.state.immutableReleases = true;
    expect((await owner.rest.repos.checkImmutableReleases(at)).data.enabled).toBe(true);
    expect(hidden.violations).toEqual([]);
    await hidden.close();
  });
});

describe('faults', () => {
  it('come once, in their place, before or after the change', async () => {
    const { rest } = clientOf(fake, fake.job({ contents: 'write' }));
    const make = (tag: string) => refusal(rest.repos
      .createRelease({ ...at, tag_name: tag, draft: true }));
    const path = /\/releases$/;
    fake.faults.inject({ path, fault: { kind: 'status', status: 503 }, skip: 1 });
    expect([await make('v1'), await make('v2'), await make('v3')].map((it) => it.slice(0, 3)))
      .toEqual(['not', '503', 'not']);
    fake.faults.inject({ path, fault: { kind: 'status', status: 502, when: 'after' } });
    fake.faults.inject({ path, fault: { kind: 'drop', when: 'before' } });
    fake.faults.inject({ path, fault: { kind: 'drop', when: 'after' } });
    fake.faults.inject({ path: /nowhere/, fault: { kind: 'malformed' } });
    for (const tag of ['v4', 'v5', 'v6']) expect(await make(tag)).not.toBe('not refused');
    expect(fake.state.releases.map((it) => it.tag)).toEqual(['v6', 'v4', 'v3', 'v1']);
    expect(fake.log.map((it) => it.status))
      .toEqual([201, 503, 201, 502, 'dropped', 'dropped']);
    expect(fake.faults.left()).toHaveLength(1);
  });

  it('cut JSON in the middle, which Octokit gives as text', async () => {
    fake.faults.inject({ path: /guestbook$/, fault: { kind: 'malformed' } });
    const { status, data } = await clientOf(fake).rest.repos.get(at);
    expect([status, typeof data]).toEqual([200, 'string']);
  });

  it('slow down, and ask to wait', async () => {
    fake.faults.inject({ path: /guestbook$/, fault: { kind: 'slow', milliseconds: 80 } });
    const before = performance.now();
    await clientOf(fake).rest.repos.get(at);
    expect(performance.now() - before).toBeGreaterThan(75);
    fake.faults.inject({ path: /guestbook$/,
      fault: { kind: 'status', status: 429, retryAfterSeconds: 7 } });
    const reply = await fetch(`${fake.url}/repos/octo/guestbook`);
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7']);
  });
});

describe('tags', () => {
  it('are those of a repository on the disk, annotated or not', async () => {
    const path = mkdtempSync(join(tmpdir(), 'seatrial-git-'));
    const git = (...words: string[]) => execFileSync('git', ['-C', path, '-c', 'user.name=Mona',
      '-c', 'user.email=mona@example.org', ...words], { encoding: 'utf8' }).trim();
    git('init', '--quiet', '--bare', '--initial-branch=main');
    const tree = git('hash-object', '-t', 'tree', '-w', '/dev/null');
    const sha = git('commit-tree', tree, '-m', 'first');
    git('update-ref', 'refs/heads/main', sha);
    git('tag', 'light', sha);
    git('tag', '-a', '-m', 'Release 1', 'release/v1', sha);
    const real = await openFakeGitHub({ git: gitOnDisk(path) });
    const { rest } = clientOf(real, real.job({ contents: 'write' }));
    const light = await rest.git.getRef({ ...at, ref: 'tags/light' });
    expect(light.data.object).toMatchObject({ type: 'commit', sha });
    const { data: { object } } = await rest.git.getRef({ ...at, ref: 'tags/release/v1' });
    expect(object.type).toBe('tag');
    const tag = await rest.git.getTag({ ...at, tag_sha: object.sha });
    expect([tag.data.object.sha, tag.data.message]).toEqual([sha, 'Release 1']);
    expect((await rest.repos.getCommit({ ...at, ref: 'release/v1' })).data.sha).toBe(sha);
    expect((await rest.git.listMatchingRefs({ ...at, ref: 'tags/' })).data.map((it) => it.ref))
      .toEqual(['refs/tags/light', 'refs/tags/release/v1']);
    expect(await refusal(rest.git.getRef({ ...at, ref: 'tags/v1' }))).toMatch(/^404/);
    await rest.repos.createRelease({ ...at, tag_name: 'v2' });
    expect(git('rev-parse', 'refs/tags/v2')).toBe(sha);
    expect(real.violations).toEqual([]);
    await real.close();
    rmSync(path, { recursive: true });
  });
});
