import type { RestEndpointMethodTypes } from '@octokit/rest';
import { SeatrialError } from '../errors.ts';
import type { GitHub } from './github.ts';
import { asking } from './problems.ts';
import { lookingDoing } from './release-problems.ts';
import { isOurs } from './release-text.ts';

/** One release of the repository, a draft or published. */
export interface Page {
  readonly id: number;
  readonly tag: string;
  readonly state: 'draft' | 'published';
  readonly prerelease: boolean;
  readonly immutable: boolean;
  /** Where people look at it. */
  readonly url: string;
  /** Template of the address that takes files. */
  readonly uploadUrl: string;
  readonly title: string;
  readonly text: string;
}

type Listed = RestEndpointMethodTypes['repos']['listReleases']['response']['data'][number];

const perPage = 100;
/** GitHub lists no more than 10,000 releases. */
const pagesMax = 100;

/**
 * All releases of the repository. The address of one tag knows published releases only, so a draft
 * can be found in no other way; a token without `contents: write` sees no draft here either.
 */
export async function listPages(github: GitHub): Promise<Page[]> {
  const { owner, name: repo } = github.repository;
  const pages: Page[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const { data } = await asking(lookingDoing(github, 'list the releases'), () =>
      github.rest.repos.listReleases({ owner, repo, per_page: perPage, page }));
    pages.push(...data.map(pageOf));
    if (data.length < perPage) return pages;
  }
  return pages;
}

export function pageOf(listed: Listed): Page {
  return {
    id: listed.id, tag: listed.tag_name, state: listed.draft ? 'draft' : 'published',
    prerelease: listed.prerelease, immutable: listed.immutable === true, url: listed.html_url,
    uploadUrl: listed.upload_url, title: listed.name ?? '', text: listed.body ?? '',
  };
}

/** The releases of one tag: the published one, and its drafts, the one to be used first. */
export interface PagesOfTag {
  readonly published: Page | undefined;
  readonly drafts: readonly Page[];
}

/**
 * Two runs that race make two drafts. Every run takes the same one of them: one that Seatrial
 * made before one that somebody else made, and of these the oldest, which has the lowest id.
 */
export function pagesOfTag(pages: readonly Page[], tag: string): PagesOfTag {
  const ofTag = pages.filter((it) => it.tag === tag);
  const drafts = ofTag.filter((it) => it.state === 'draft').sort((one, other) =>
    Number(isOurs(other.text)) - Number(isOurs(one.text)) || one.id - other.id);
  return { published: ofTag.find((it) => it.state === 'published'), drafts };
}

/** A sentence for each draft that was not taken. */
export function othersStand(others: readonly Page[], tag: string): string[] {
  return others.map((it) => `there is another draft of ${tag}, which was left as it is: ${it.url}`
    + ' - delete it on its page if nobody needs it');
}

const nestedMax = 5;

/**
 * The tag on GitHub must stand for the commit that the release was made of.
 * @throws refused where it does not exist, or moved
 */
export async function requireTag(github: GitHub, wanted: {
  readonly tag: string; readonly commit: string;
}): Promise<void> {
  const found = await commitOfTag(github, wanted.tag);
  if (found === wanted.commit) return;
  throw new SeatrialError('refused', [{
    place: `tag ${wanted.tag}`,
    message: `stands for commit ${found} now, but the release was made of ${wanted.commit}`,
    fix: 'Find out who moved the tag. Put it back, or make a new tag of a higher version, and '
      + 'package again.',
  }]);
}

/** Peeled: an annotated tag is an object of its own, which may name another one. */
async function commitOfTag(github: GitHub, tag: string): Promise<string> {
  const { owner, name: repo } = github.repository;
  const doing = { ...lookingDoing(github, `tell what tag ${tag} stands for`),
    gone: `Push the tag, if it is not there: git push origin refs/tags/${tag}.` };
  return asking(doing, async () => {
    const { data: ref } = await github.rest.git.getRef({ owner, repo, ref: `tags/${tag}` });
    let object: { readonly type: string; readonly sha: string } = ref.object;
    for (let nested = 0; object.type === 'tag' && nested < nestedMax; nested += 1) {
      const { data } = await github.rest.git.getTag({ owner, repo, tag_sha: object.sha });
      object = data.object;
    }
    return object.sha;
  });
}
