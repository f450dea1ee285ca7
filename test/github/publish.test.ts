import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHub } from '../../src/github/github.ts';
import { makeLatest } from '../../src/github/latest.ts';
import { asked, openBench, refused, sha256, tag, type Bench } from './bench.ts';

let bench: Bench;
let github: GitHub;
/** What went out with each PATCH. */
let sent: Record<string, unknown>[];

beforeEach(async () => {
  bench = await openBench();
  github = await bench.github();
  sent = [];
  github.rest.hook.before('request', (request) => {
    if (request.method === 'PATCH') sent.push({ ...request });
  });
});

afterEach(async () => {
  expect(bench.fake.violations).toEqual([]);
  expect(bench.fake.faults.left()).toEqual([]);
  await bench.close();
});

function publish() {
  return bench.releases.publish(github, bench.release());
}

function page() {
  const found = bench.fake.state.releases.find((it) => it.tag === tag);
  if (found === undefined) throw new Error('there is no release');
  return found;
}

/** A release that is out already. */
function out(name: string, prerelease = false) {
  const { state } = bench.fake;
  state.releases.push({ id: state.nextId(), tag: name, target: 'main', title: name, text: '',
    draft: false, prerelease, immutable: false, createdAt: new Date(0),
    publishedAt: new Date(0), author: 'mona', assets: [] });
}

describe('publishing a draft', () => {
  it('publishes what was verified, and once more is unchanged', async () => {
    const { id } = await bench.releases.draft(github, bench.release());
    expect(await publish()).toMatchObject({ id, state: 'published', done: 'published',
      url: `https://github.com/octo/guestbook/releases/tag/${tag}`, warnings: [] });
    expect(page().draft).toBe(false);
    const changes = asked(bench, 'PATCH', /./);
    expect(await publish()).toMatchObject({ id, done: 'unchanged' });
    expect(asked(bench, 'PATCH', /./)).toBe(changes);
  });

  it('without a draft says which job makes it, and which right is missing', async () => {
    const { message } = await refused(publish());
    expect(message).toContain('Re-run the job that makes the draft');
    expect(message).toContain('contents: write');
  });

  it.each([
    ['other bytes', (text: string) => ({ bytes: Buffer.from(`${text}!`) }), 'was deployed'],
    ['no file', () => undefined, 'is missing'],
  ] as const)('with %s is refused, and stays a draft', async (_, change, words) => {
    await bench.releases.draft(github, bench.release());
    const [first] = page().assets;
    const changed = change(first?.bytes.toString() ?? '');
    page().assets.splice(0, 1, ...changed === undefined || first === undefined ? []
      : [{ ...first, ...changed }]);
    expect((await refused(publish())).message).toContain(words);
    expect(page().draft).toBe(true);
    expect(sent).toEqual([]);
  });

  it('names the digests of a published release that is another', async () => {
    await bench.releases.draft(github, bench.release());
    await publish();
    const other = bench.release({ assets: [bench.asset('SHA256SUMS', 'others')] });
    const { message } = await refused(bench.releases.publish(github, other));
    expect(message).toContain(`another SHA256SUMS: sha256 ${sha256('the sums')}`);
    expect(message).toContain('Make a new tag');
  });

  it('of two drafts takes the one that is whole, and tells of the other', async () => {
    await bench.releases.draft(github, bench.release());
    const { state } = bench.fake;
    state.releases.push({ ...page(), id: 1, assets: [] });
    const done = await publish();
    expect(done.done).toBe('published');
    expect(done.warnings).toHaveLength(1);
    expect(state.releases.find((it) => it.id === 1)?.draft).toBe(true);
  });

  it('refuses a tag that moved since it was drafted', async () => {
    await bench.releases.draft(github, bench.release());
    bench.fake.state.git.set(`refs/tags/${tag}`, 'b'.repeat(40));
    expect((await refused(publish())).message).toContain('stands for commit');
    expect(page().draft).toBe(true);
  });

  it('refuses a tag that went away while the files were verified', async () => {
    await bench.releases.draft(github, bench.release());
    github.rest.hook.after('request', (_, { url }) => {
      if (url.endsWith('/assets')) bench.fake.state.git.remove(`refs/tags/${tag}`);
    });
    expect((await refused(publish())).message).toContain('git push origin');
    expect(page().draft).toBe(true);
  });

  it('keeps what the draft says of being a prerelease', async () => {
    await bench.releases.draft(github, bench.release());
    page().prerelease = true;
    await publish();
    expect(page()).toMatchObject({ draft: false, prerelease: true });
    expect(sent.at(-1)).toMatchObject({ make_latest: 'false' });
  });

  it('does not make an older line the latest', async () => {
    out('v2.0.0');
    await bench.releases.draft(github, bench.release());
    await publish();
    expect(sent.at(-1)).toMatchObject({ draft: false, make_latest: 'false' });
  });

  it('makes the highest the latest', async () => {
    out('v1.1.9');
    out('v2.0.0-rc.1', true);
    await bench.releases.draft(github, bench.release());
    await publish();
    expect(sent.at(-1)).toMatchObject({ draft: false, make_latest: 'true' });
  });
});

describe('where GitHub answers badly to publishing', () => {
  it.each([
    ['502 after it was published', { kind: 'status', status: 502, when: 'after' }, false],
    ['502 after it was published, for ever', { kind: 'status', status: 502, when: 'after' }, true],
    ['502 before', { kind: 'status', status: 502 }, false],
    ['a connection cut after', { kind: 'drop', when: 'after' }, false],
    ['half an answer', { kind: 'malformed' }, false],
  ] as const)('it is published: %s', async (_, fault, immutable) => {
    bench.fake.state.immutableReleases = immutable;
    await bench.releases.draft(github, bench.release());
    bench.fake.faults.inject({ method: 'PATCH', path: /./, fault });
    expect(await publish()).toMatchObject({ state: 'published', done: 'published' });
    expect(await publish()).toMatchObject({ state: 'published', done: 'unchanged' });
    expect(page().immutable).toBe(immutable);
  });

  it('it is published, although no answer ever says so', async () => {
    await bench.releases.draft(github, bench.release());
    bench.fake.faults.inject({ method: 'PATCH', path: /./, times: 5,
      fault: { kind: 'status', status: 502, when: 'after' } });
    expect(await publish()).toMatchObject({ state: 'published', done: 'published' });
  });

  it('and was published all the same, running again finds nothing to do', async () => {
    await bench.releases.draft(github, bench.release());
    bench.fake.faults.inject({ method: 'PATCH', path: /./, times: 5,
      fault: { kind: 'status', status: 503, when: 'after' } });
    bench.fake.faults.inject({ method: 'GET', path: /\/releases\/\d+$/, times: 5,
      fault: { kind: 'status', status: 503 } });
    const { message } = await refused(publish());
    expect(message).toContain('githubstatus.com');
    expect(await publish()).toMatchObject({ done: 'unchanged' });
  });

  it('a tag that can never be used again is named so', async () => {
    await bench.releases.draft(github, bench.release());
    bench.fake.state.burntTags.add(tag);
    const { message } = await refused(publish());
    expect(message).toContain('its name can never be used again');
    expect(message).toContain('Make a new tag');
  });
});

describe('which release is the latest', () => {
  const release = (name: string, prerelease = false) => ({ tag: name, prerelease });

  it.each([
    ['v1.10.0', ['v1.9.0', 'v1.2.3'], 'true'],
    ['v1.2.4', ['v1.10.0'], 'false'],
    ['v1.2.0', [], 'true'],
    ['1.2', ['1.1.9'], 'true'],
    ['v2.0.0', ['v2.0.0-rc.1'], 'true'],
    ['v1.0.0', ['other/v9.0.0', 'w2.0.0', 'nightly'], 'true'],
    ['lib/v1.0.0', ['lib/v1.0.1'], 'false'],
    ['v1.2.3+build.1', ['v1.2.2'], 'true'],
    ['stable', ['v1.0.0'], 'legacy'],
    ['v1.2.3.4', ['v1.0.0'], 'legacy'],
  ] as const)('%s beside %j: %s', (mine, others, expected) => {
    expect(makeLatest(release(mine), others.map((it) => release(it)))).toBe(expected);
  });

  it('never is a prerelease, and no prerelease hides one', () => {
    expect(makeLatest(release('v9.0.0', true), [])).toBe('false');
    expect(makeLatest(release('v1.0.0'), [release('v9.0.0', true)])).toBe('true');
  });

  it('orders candidates that were published as releases', () => {
    expect(makeLatest(release('v1.0.0-rc.10'), [release('v1.0.0-rc.9')])).toBe('true');
    expect(makeLatest(release('v1.0.0-rc.9'), [release('v1.0.0-rc.10')])).toBe('false');
    expect(makeLatest(release('v1.0.0-rc'), [release('v1.0.0-rc.1')])).toBe('false');
    expect(makeLatest(release('v1.0.0-1'), [release('v1.0.0-alpha')])).toBe('false');
  });
});
