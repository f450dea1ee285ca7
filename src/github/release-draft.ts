import { isUnsure, statusOf } from './answer.ts';
import type { GitHub } from './github.ts';
import { asking, githubError } from './problems.ts';
import { completeAssets } from './release-assets.ts';
import { listPages, othersStand, pageOf, pagesOfTag, requireTag, type Page }
  from './release-page.ts';
import { makingDoing, releaseDoing } from './release-problems.ts';
import { isUnedited, withMark } from './release-text.ts';
import type { ReleaseFound, ReleaseWanted } from './releases.ts';

type Sleep = (milliseconds: number) => Promise<void>;

/**
 * Makes the draft of a tag, or completes what an earlier run began: one that was killed, or whose
 * answers were lost. Nobody's text is overwritten, and nothing that is published is changed.
 */
export async function draftRelease(github: GitHub, wanted: ReleaseWanted, sleep: Sleep):
Promise<ReleaseFound> {
  await requireTag(github, wanted);
  const before = pagesOfTag(await listPages(github), wanted.tag);
  if (before.published !== undefined) {
    return keepPublished(github, { ...before, published: before.published }, { wanted, sleep });
  }
  const [there] = before.drafts;
  if (there !== undefined) {
    const written = await writeText(github, there, wanted);
    const uploaded = await completeAssets(github, there, { wanted: wanted.assets, sleep });
    return found(there, written || uploaded ? 'completed' : 'unchanged',
      othersStand(before.drafts.slice(1), wanted.tag));
  }
  const made = await makeDraft(github, wanted, sleep);
  const { page, others } = await settleRace(github, made);
  await completeAssets(github, page, { wanted: wanted.assets, sleep });
  return found(page, page.id === made.id ? 'made' : 'completed', othersStand(others, wanted.tag));
}

function found(page: Page, done: ReleaseFound['done'], warnings: readonly string[]): ReleaseFound {
  return { id: page.id, url: page.url, state: page.state, done, warnings };
}

/** A page that was published by hand may still lack its files. */
async function keepPublished(
  github: GitHub, there: { readonly published: Page; readonly drafts: readonly Page[] },
  { wanted, sleep }: { readonly wanted: ReleaseWanted; readonly sleep: Sleep },
): Promise<ReleaseFound> {
  const page = there.published;
  const warnings = othersStand(there.drafts, wanted.tag);
  // Refuses what is different, and what an immutable page lacks.
  const uploaded = await completeAssets(github, page, { wanted: wanted.assets, sleep });
  if (!uploaded) return found(page, 'unchanged', warnings);
  return found(page, 'completed', [...warnings, `${wanted.tag} was published before it was in `
    + 'production: make drafts, and leave publishing to the deployment']);
}

/** Brings heading and text to what is wanted, where nobody but Seatrial wrote them. */
async function writeText(github: GitHub, page: Page, wanted: ReleaseWanted): Promise<boolean> {
  const body = withMark(wanted.text);
  if (!isUnedited(page.text) || page.text.trimEnd() === body.trimEnd()) return false;
  const { owner, name: repo } = github.repository;
  await asking(releaseDoing(github, `write the text of ${wanted.tag}`), () =>
    github.rest.repos.updateRelease({ owner, repo, release_id: page.id, body }));
  return true;
}

const triesMax = 4;
const firstWaitMs = 1_000;

/**
 * Without `target_commitish`: the tag is there, so nothing depends on it, and GitHub would refuse
 * a commit whose workflow files differ from those of the default branch (cli/cli#9514).
 */
async function makeDraft(github: GitHub, wanted: ReleaseWanted, sleep: Sleep): Promise<Page> {
  const { owner, name: repo } = github.repository;
  const doing = makingDoing(github, `make the draft of ${wanted.tag}`);
  for (let tries = 1; ; tries += 1) {
    try {
      const { data } = await github.rest.repos.createRelease({
        owner, repo, tag_name: wanted.tag, name: wanted.title, body: withMark(wanted.text),
        draft: true, prerelease: wanted.prerelease,
      });
      return pageOf(data);
    } catch (error) {
      if (!isUnsure(error)) throw githubError(error, doing);
      await sleep(firstWaitMs * 2 ** (tries - 1));
      // GitHub may have made it without being able to say so.
      const [there] = pagesOfTag(await listPages(github), wanted.tag).drafts;
      if (there !== undefined) return there;
      if (tries >= triesMax) throw githubError(error, doing);
    }
  }
}

/** Another run may have made a draft in the same moment: both go on with the same one. */
async function settleRace(github: GitHub, made: Page):
Promise<{ readonly page: Page; readonly others: readonly Page[] }> {
  const { drafts } = pagesOfTag(await listPages(github), made.tag);
  const [page = made, ...others] = drafts;
  const spare = others.find((it) => it.id === made.id);
  if (spare === undefined) return { page, others };
  // Nobody else can have begun to use the one that was made here a moment ago.
  const { owner, name: repo } = github.repository;
  try {
    await github.rest.repos.deleteRelease({ owner, repo, release_id: spare.id });
  } catch (error) {
    if (statusOf(error) !== 404) return { page, others };
  }
  return { page, others: others.filter((it) => it !== spare) };
}
