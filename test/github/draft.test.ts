import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asked, commit, openBench, refused, sha256, tag, type Bench } from './bench.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(async () => {
  expect(bench.fake.violations).toEqual([]);
  expect(bench.fake.faults.left()).toEqual([]);
  await bench.close();
});

const uploads = /\/assets$/;
const list = /\/releases$/;

async function draft(changes: Parameters<Bench['release']>[0] = {}) {
  return bench.releases.draft(await bench.github(), bench.release(changes));
}

function page() {
  const [only, ...others] = bench.fake.state.releases;
  if (only === undefined || others.length > 0) throw new Error('there is not one release');
  return only;
}

function files(): Record<string, string> {
  return Object.fromEntries(page().assets.map((it) => [it.name,
    it.state === 'uploaded' ? it.bytes.toString() : it.state]));
}

const whole = { 'guestbook-1.2.0.tar.gz': 'the tarball', 'SHA256SUMS': 'the sums' };

/** A release as a person, or an earlier run, left it. */
function put(changes: Partial<Bench['fake']['state']['releases'][number]> = {}) {
  const { state } = bench.fake;
  const made = { id: state.nextId(), tag, target: 'main', title: 'By hand', text: 'Notes of Mona',
    draft: true, prerelease: false, immutable: false, createdAt: new Date(0),
    publishedAt: undefined, author: 'mona', assets: [], ...changes };
  state.releases.unshift(made);
  return made;
}

function file(name: string, text: string, changes: { readonly state?: 'starter' } = {}) {
  return { id: bench.fake.state.nextId(), name, label: '', contentType: 'text/plain',
    bytes: Buffer.from(text), state: 'uploaded' as const, createdAt: new Date(0),
    uploader: 'mona', ...changes };
}

describe('the draft of a tag', () => {
  it('is made with its files, and found again by listing: nothing is sent twice', async () => {
    const made = await draft();
    expect(made).toMatchObject({ state: 'draft', done: 'made', warnings: [] });
    expect(files()).toEqual(whole);
    expect(page()).toMatchObject({ title: 'guestbook 1.2.0', draft: true, prerelease: false });
    const sent = asked(bench, 'POST', /./);
    expect(await draft()).toMatchObject({ id: made.id, done: 'unchanged' });
    expect(asked(bench, 'POST', /./)).toBe(sent);
    expect(asked(bench, 'PATCH', /./)).toBe(0);
  });

  it('is found on a later page of the list', async () => {
    const { id } = await draft();
    for (let number = 0; number < 230; number += 1) {
      put({ tag: `v0.${number}.0`, draft: false, publishedAt: new Date(0) });
    }
    expect(await draft()).toMatchObject({ id, done: 'unchanged' });
    expect(bench.fake.state.releases.filter((it) => it.tag === tag)).toHaveLength(1);
  });

  it('is completed where a run was killed: half a file goes, what is whole stays', async () => {
    await draft();
    const [archive, sums] = page().assets;
    page().assets.splice(0, 2, file('guestbook-1.2.0.tar.gz', 'the t', { state: 'starter' }));
    if (sums !== undefined) page().assets.push(sums);
    const sent = asked(bench, 'POST', uploads);
    expect(await draft()).toMatchObject({ done: 'completed' });
    expect(files()).toEqual(whole);
    expect(page().assets.map((it) => it.id)).toContain(sums?.id);
    expect(page().assets.map((it) => it.id)).not.toContain(archive?.id);
    expect(asked(bench, 'POST', uploads) - sent).toBe(1);
  });
});

describe('two drafts of one tag', () => {
  it('are told of, and the one that Seatrial made first is completed', async () => {
    await draft({ assets: [] });
    const ours = page();
    put({ id: 1, text: 'Notes of Mona' });
    put({ text: ours.text });
    const done = await draft();
    expect(done).toMatchObject({ id: ours.id, done: 'completed' });
    expect(done.warnings).toHaveLength(2);
    expect(done.warnings.join()).toContain('/releases/tag/untagged-');
    expect(bench.fake.state.releases.filter((it) => it.assets.length > 0)).toHaveLength(1);
  });

  it('made in one moment by two runs end as one', async () => {
    const github = await bench.github();
    const ends = await Promise.all([1, 2, 3].map(() =>
      bench.releases.draft(github, bench.release())));
    expect(new Set(ends.map((it) => it.id)).size).toBe(1);
    expect(files()).toEqual(whole);
  });
});

describe('the text of a draft', () => {
  it('is written anew where nobody edited it', async () => {
    await draft();
    expect(await draft({ text: 'Other words.' })).toMatchObject({ done: 'completed' });
    expect(page().text).toMatch(/^Other words\./);
  });

  it('stays what a person made of it, in a browser too', async () => {
    await draft();
    page().text = `# News\r\n\r\n${(page().text ?? '').replace(/\n/g, '\r\n')}`;
    const edited = page().text;
    expect(await draft({ text: 'Other words.' })).toMatchObject({ done: 'unchanged' });
    expect(page().text).toBe(edited);
  });

  it('is not taken for edited because a browser ends its lines otherwise', async () => {
    await draft({ text: 'One.\nTwo.' });
    page().text = (page().text ?? '').replace(/\n/g, '\r\n');
    expect(await draft({ text: 'Other words.' })).toMatchObject({ done: 'completed' });
    expect(page().text).toMatch(/^Other words\./);
  });

  it('of a draft that a person made beforehand is left alone, its files are added', async () => {
    put();
    expect(await draft()).toMatchObject({ done: 'completed' });
    expect(page()).toMatchObject({ title: 'By hand', text: 'Notes of Mona' });
    expect(files()).toEqual(whole);
  });
});

describe('other bytes under a wanted name', () => {
  it('are replaced on a draft of Seatrial\'s', async () => {
    await draft();
    const again = { assets: [bench.asset('SHA256SUMS', 'other sums')] };
    expect(await draft(again)).toMatchObject({ done: 'completed' });
    expect(files()['SHA256SUMS']).toBe('other sums');
  });

  it('are refused on a draft of somebody else, all at once, before anything is sent', async () => {
    put({ assets: [file('SHA256SUMS', 'theirs'), file('guestbook-1.2.0.tar.gz', 'theirs too')] });
    const error = await refused(draft());
    expect(error.kind).toBe('refused');
    expect(error.problems).toHaveLength(2);
    expect(error.message).toContain('delete SHA256SUMS on that page');
    expect(files()).toEqual({ 'SHA256SUMS': 'theirs', 'guestbook-1.2.0.tar.gz': 'theirs too' });
    expect(asked(bench, 'POST', /./)).toBe(0);
  });

  it('are told by the bytes where GitHub knows no digest', async () => {
    await draft();
    const github = await bench.github();
    github.rest.hook.after('request', (response, { url }) => {
      const data: unknown = response.data;
      if (!url.endsWith('/assets') || !Array.isArray(data)) return;
      for (const it of data as { digest: string | null }[]) it.digest = null;
    });
    const posts = asked(bench, 'POST', uploads);
    expect(await bench.releases.draft(github, bench.release())).toMatchObject({
      done: 'unchanged' });
    expect(asked(bench, 'POST', uploads)).toBe(posts);
    const other = bench.release({ assets: [bench.asset('SHA256SUMS', 'SHE sums')] });
    expect(await bench.releases.draft(github, other)).toMatchObject({ done: 'completed' });
    expect(files()['SHA256SUMS']).toBe('SHE sums');
  });
});

describe('a published release', () => {
  it('with equal files is done', async () => {
    const { id } = await draft();
    page().draft = false;
    page().immutable = true;
    expect(await draft()).toMatchObject({ id, state: 'published', done: 'unchanged' });
  });

  it('that is immutable and lacks a file is refused: a new tag is the way', async () => {
    put({ draft: false, immutable: true });
    const error = await refused(draft());
    expect(error.problems).toHaveLength(2);
    expect(error.message).toMatch(/immutable: no file can be added/);
    expect(error.message).toContain('Make a new tag of a higher version');
  });

  it.each([true, false])('with other bytes is refused, immutable %s', async (immutable) => {
    await draft();
    page().draft = false;
    page().immutable = immutable;
    const error = await refused(draft({ assets: [bench.asset('SHA256SUMS', 'other sums')] }));
    expect(error.message).toContain(`sha256 ${sha256('the sums')}, not ${sha256('other sums')}`);
    expect(files()).toEqual(whole);
  });

  it('that a person published too early gets its files, and a warning', async () => {
    put({ draft: false });
    const done = await draft();
    expect(done).toMatchObject({ state: 'published', done: 'completed' });
    expect(done.warnings.join()).toContain('leave publishing to the deployment');
    expect(files()).toEqual(whole);
  });
});

describe('the tag', () => {
  it('that moved is refused before anything is made', async () => {
    bench.fake.state.git.set(`refs/tags/${tag}`, 'b'.repeat(40));
    const error = await refused(draft());
    expect(error.message).toContain(`stands for commit ${'b'.repeat(40)} now`);
    expect(bench.fake.state.releases).toEqual([]);
  });

  it('that is annotated is peeled', async () => {
    const object = { sha: 'd'.repeat(40), tag, message: 'A release', commit };
    const { git } = bench.fake.state;
    if (!('annotate' in git)) throw new Error('not in memory');
    (git.annotate as (ref: string, it: typeof object) => void)(`refs/tags/${tag}`, object);
    expect(await draft()).toMatchObject({ done: 'made' });
  });

  it('that is not on GitHub is refused, with the command that pushes it', async () => {
    bench.fake.state.git.remove(`refs/tags/${tag}`);
    expect((await refused(draft())).message).toContain(`git push origin refs/tags/${tag}`);
  });
});

describe('where GitHub answers badly', () => {
  it.each([
    ['502 after the draft was made', { kind: 'status', status: 502, when: 'after' }],
    ['502 before it was made', { kind: 'status', status: 502 }],
    ['a connection cut after it was made', { kind: 'drop', when: 'after' }],
    ['a connection cut before', { kind: 'drop', when: 'before' }],
    ['half an answer', { kind: 'malformed' }],
    ['a limit met', { kind: 'status', status: 429, retryAfterSeconds: 3 }],
    ['a secondary limit met', { kind: 'status', status: 403, retryAfterSeconds: 3 }],
  ] as const)('one whole draft is there in the end: %s', async (_, fault) => {
    bench.fake.faults.inject({ method: 'POST', path: list, fault });
    await draft();
    expect(files()).toEqual(whole);
    // One that was made is found, and no second one is made.
    const lost = fault.kind === 'malformed' || ('when' in fault && fault.when === 'after');
    expect(asked(bench, 'POST', list)).toBe(lost ? 1 : 2);
    expect(bench.waits.length).toBeGreaterThan(0);
  });

  it.each([
    ['502 after it arrived', { kind: 'status', status: 502, when: 'after' }],
    ['502 before', { kind: 'status', status: 502 }],
    ['a connection cut after it arrived', { kind: 'drop', when: 'after' }],
    ['an upload cut in its middle', { kind: 'truncate' }],
    ['half an answer', { kind: 'malformed' }],
  ] as const)('each file is there once, whole: %s', async (_, fault) => {
    bench.fake.faults.inject({ method: 'POST', path: uploads, times: 2, fault });
    await draft();
    expect(files()).toEqual(whole);
    expect(page().assets).toHaveLength(2);
  });

  it('gives up in the end, and says that nothing is lost', async () => {
    bench.fake.faults.inject({ method: 'POST', path: uploads, times: 10,
      fault: { kind: 'status', status: 502 } });
    const error = await refused(draft());
    expect(error.message).toContain('githubstatus.com');
    expect(error.message).toContain('re-run the job');
    expect(await draft()).toMatchObject({ done: 'completed' });
    expect(files()).toEqual(whole);
  });

  it('without the permission it says which line is missing', async () => {
    const work = bench.releases.draft(await bench.github({ contents: 'read' }), bench.release());
    const { message } = await refused(work);
    expect(message).toContain('permissions:\n    contents: write');
    expect(message).toContain('.github/workflows');
  });
});
