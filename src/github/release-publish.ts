import { SeatrialError, type Problem } from '../errors.ts';
import { isUnsure, statusOf } from './answer.ts';
import type { GitHub } from './github.ts';
import { isPrerelease, makeLatest } from './latest.ts';
import { asking, githubError } from './problems.ts';
import { compareAssets, publishedProblem, type Compared } from './release-assets.ts';
import { listPages, othersStand, pageOf, pagesOfTag, requireTag, type Page }
  from './release-page.ts';
import { lookingDoing, releaseDoing } from './release-problems.ts';
import type { ReleaseFound, ReleaseWanted } from './releases.ts';

type Wanted = Omit<ReleaseWanted, 'title' | 'text'>;

/**
 * Publishes the draft of a tag, which may be for ever: a release can be immutable. So every file
 * is verified first, and nothing is published that is not whole.
 */
export async function publishRelease(github: GitHub, wanted: Wanted): Promise<ReleaseFound> {
  await requireTag(github, wanted);
  const pages = await listPages(github);
  const { published, drafts } = pagesOfTag(pages, wanted.tag);
  if (published !== undefined) {
    const wrong = await wrongAssets(github, published, wanted);
    if (wrong.length === 0) return found(published, 'unchanged', drafts);
    throw new SeatrialError('refused', wrong.map((it) => publishedProblem(published, it)));
  }
  const page = await wholeDraft(github, drafts, wanted);
  // Asked again, last of all: a tag that is gone by now would be made anew, at another commit.
  await requireTag(github, wanted);
  const latest = makeLatest({ tag: wanted.tag,
    prerelease: page.prerelease || wanted.prerelease || isPrerelease(wanted.tag) },
  pages.filter((it) => it.state === 'published'));
  const now = await publishPage(github, page, latest);
  return found(now, 'published', drafts.filter((it) => it.id !== page.id));
}

function found(page: Page, done: ReleaseFound['done'], others: readonly Page[]): ReleaseFound {
  return { id: page.id, url: page.url, state: page.state, done,
    warnings: othersStand(others, page.tag) };
}

async function wrongAssets(github: GitHub, page: Page, wanted: Wanted): Promise<Compared[]> {
  return (await compareAssets(github, page, wanted.assets)).filter((it) => it.verdict !== 'equal');
}

/** The first draft that has every file; where none has, what is wrong with the first. */
async function wholeDraft(github: GitHub, drafts: readonly Page[], wanted: Wanted): Promise<Page> {
  let problems: Problem[] | undefined;
  for (const draft of drafts) {
    const wrong = await wrongAssets(github, draft, wanted);
    if (wrong.length === 0) return draft;
    problems ??= wrong.map((it) => draftProblem(draft, it));
  }
  throw new SeatrialError('refused', problems ?? [{
    place: `GitHub, ${github.repository.owner}/${github.repository.name}`,
    message: `there is no draft of ${wanted.tag} to publish, or the token may not see it`,
    fix: 'Re-run the job that makes the draft, then this one. Only a token with "permissions: '
      + 'contents: write" sees drafts.',
  }]);
}

function draftProblem(page: Page, { wanted, found: there, verdict }: Compared): Problem {
  const what = verdict === 'different'
    ? `${wanted.name} has sha256 ${there?.sha256 ?? 'unknown'}, but ${wanted.sha256} was deployed`
    : verdict === 'partial' ? `${wanted.name} was uploaded in part only`
      : `${wanted.name} is missing`;
  return { place: page.url, message: `the draft is not what was deployed: ${what}`,
    fix: 'Re-run the job that makes the draft, then this one.' };
}

async function publishPage(github: GitHub, page: Page, latest: 'true' | 'false' | 'legacy'):
Promise<Page> {
  const { owner, name: repo } = github.repository;
  const doing = releaseDoing(github, `publish ${page.tag}`);
  try {
    // `prerelease` is not sent: it stays what the draft says.
    const { data } = await github.rest.repos.updateRelease({
      owner, repo, release_id: page.id, draft: false, make_latest: latest });
    if (!data.draft) return pageOf(data);
  } catch (error) {
    // Published already where an answer was lost: a try after it may then be refused.
    if (!isUnsure(error) && statusOf(error) !== 422) throw githubError(error, doing);
    const now = await readPage(github, page);
    if (now.state === 'published') return now;
    throw githubError(error, doing);
  }
  throw new SeatrialError('refused', [{ place: page.url,
    message: 'GitHub took the request to publish it, and left it a draft',
    fix: 'Publish it on its page: every file was verified.' }]);
}

async function readPage(github: GitHub, page: Page): Promise<Page> {
  const { owner, name: repo } = github.repository;
  const { data } = await asking(lookingDoing(github, `show ${page.tag}`), () =>
    github.rest.repos.getRelease({ owner, repo, release_id: page.id }));
  return pageOf(data);
}
