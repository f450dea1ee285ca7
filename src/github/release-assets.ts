import { SeatrialError, type Problem } from '../errors.ts';
import { isRefusedFor, isUnsure, statusOf } from './answer.ts';
import type { GitHub } from './github.ts';
import { asking, githubError } from './problems.ts';
import { collectBytes, digestBytes, openBytes } from './receive.ts';
import type { Page } from './release-page.ts';
import { lookingDoing, releaseDoing } from './release-problems.ts';
import { isOurs } from './release-text.ts';
import type { Asset } from './releases.ts';
import { uploadAsset } from './upload-asset.ts';

/** A file on the page as GitHub tells of it. */
export interface PageAsset {
  readonly id: number;
  readonly name: string;
  /** False: an upload began and did not end (GitHub's state `starter`). */
  readonly whole: boolean;
  /** Lowercase hex; undefined where GitHub has none, as for old files. */
  readonly sha256: string | undefined;
  readonly bytes: number;
}

/** How a wanted file stands to what is on the page. */
export interface Compared {
  readonly wanted: Asset;
  readonly found: PageAsset | undefined;
  readonly verdict: 'equal' | 'missing' | 'partial' | 'different';
}

const perPage = 100;
/** GitHub takes no more than 1000 files. */
const pagesMax = 11;
const readBytesMax = 64 * 1024 * 1024;

export async function listAssets(github: GitHub, page: Page): Promise<PageAsset[]> {
  const { owner, name: repo } = github.repository;
  const assets: PageAsset[] = [];
  for (let number = 1; number <= pagesMax; number += 1) {
    const { data } = await asking(lookingDoing(github, `list the files of ${page.tag}`), () =>
      github.rest.repos.listReleaseAssets({
        owner, repo, release_id: page.id, per_page: perPage, page: number }));
    assets.push(...data.map((it) => ({
      id: it.id, name: it.name, whole: it.state === 'uploaded', bytes: it.size,
      sha256: /^sha256:([0-9a-f]{64})$/.exec(it.digest ?? '')?.[1],
    })));
    if (data.length < perPage) break;
  }
  return assets;
}

/** What is missing or other than wanted, by digest: two files of one length may differ. */
export async function compareAssets(github: GitHub, page: Page, wanted: readonly Asset[]):
Promise<Compared[]> {
  const found = new Map((await listAssets(github, page)).map((it) => [it.name, it]));
  const compared: Compared[] = [];
  for (const asset of wanted) {
    const there = found.get(asset.name);
    compared.push({ wanted: asset, found: there, verdict: there === undefined ? 'missing'
      : !there.whole ? 'partial' : await compareBytes(github, page, { asset, there }) });
  }
  return compared;
}

async function compareBytes(
  github: GitHub, page: Page, { asset, there }: {
    readonly asset: Asset; readonly there: PageAsset;
  },
): Promise<'equal' | 'different'> {
  if ((there.sha256 ?? await digestOf(github, there)) === asset.sha256) return 'equal';
  if (page.state === 'draft' || asset.agrees === undefined || there.bytes > readBytesMax) {
    return 'different';
  }
  const doing = lookingDoing(github, `hand over ${asset.name}`);
  const published = await asking(doing, async () =>
    collectBytes(await openAsset(github, there.id)));
  return asset.agrees(published) ? 'equal' : 'different';
}

/** Files that were uploaded before GitHub knew digests have none: their bytes are asked. */
async function digestOf(github: GitHub, asset: PageAsset): Promise<string> {
  const doing = lookingDoing(github, `hand over ${asset.name}, whose digest it does not know`);
  const received = await asking(doing, async () =>
    digestBytes(await openAsset(github, asset.id)));
  return received.sha256;
}

export function openAsset(github: GitHub, id: number): ReturnType<typeof openBytes> {
  return openBytes(github, 'GET /repos/{owner}/{repo}/releases/assets/{asset_id}',
    { asset_id: id, headers: { accept: 'application/octet-stream' } });
}

const roundsMax = 5;
const firstWaitMs = 1_000;

/**
 * Brings the files of a page to what is wanted. Each round looks first and then does what is
 * left: so an upload that GitHub took without being able to say so is seen, not sent twice, and
 * two runs that complete the same page end well.
 * @returns whether anything was uploaded
 * @throws refused, before anything is changed, where other bytes may not be replaced
 */
export async function completeAssets(github: GitHub, page: Page, work: {
  readonly wanted: readonly Asset[]; readonly sleep: (milliseconds: number) => Promise<void>;
}): Promise<boolean> {
  let last: unknown;
  for (let round = 0; round < roundsMax; round += 1) {
    const compared = await compareAssets(github, page, work.wanted);
    const left = compared.filter((it) => it.verdict !== 'equal');
    if (left.length === 0) return round > 0;
    refuseOthers(page, left);
    if (round > 0) await work.sleep(firstWaitMs * 2 ** (round - 1));
    for (const it of left) last = await replace(github, page, it) ?? last;
  }
  const left = (await compareAssets(github, page, work.wanted))
    .filter((it) => it.verdict !== 'equal').map((it) => it.wanted.name);
  if (left.length === 0) return true;
  throw githubError(last ?? new SeatrialError('refused', [{
    message: `${left.join(', ')} did not arrive whole`, place: page.url,
    fix: 'Look whether another run does the same; then re-run the job.',
  }]), releaseDoing(github, `take ${left.join(', ')}`));
}

/** One file; gives the error of an outcome that the next round finds out about. */
async function replace(github: GitHub, page: Page, it: Compared): Promise<unknown> {
  try {
    if (it.found !== undefined) await remove(github, it.found);
    await uploadAsset(github, page, it.wanted);
    return undefined;
  } catch (error) {
    if (isUnsure(error) || isRefusedFor(error, /already_exists/)) return error;
    throw githubError(error, releaseDoing(github, `take ${it.wanted.name}`));
  }
}

async function remove(github: GitHub, asset: PageAsset): Promise<void> {
  const { owner, name: repo } = github.repository;
  try {
    await github.rest.repos.deleteReleaseAsset({ owner, repo, asset_id: asset.id });
  } catch (error) {
    // It went away meanwhile, or with a try whose answer was lost.
    if (statusOf(error) !== 404) throw error;
  }
}

/** Other bytes are replaced where nobody has relied on them yet, and where they are ours. */
function refuseOthers(page: Page, compared: readonly Compared[]): void {
  const problems = compared.flatMap((it) => refusal(page, it));
  if (problems.length > 0) throw new SeatrialError('refused', problems);
}

function refusal(page: Page, it: Compared): Problem[] {
  const { name, sha256 } = it.wanted;
  const place = page.url;
  if (page.state === 'published' && (page.immutable || it.verdict === 'different')) {
    return [publishedProblem(page, it)];
  }
  if (it.verdict !== 'different' || isOurs(page.text)) return [];
  return [{ place,
    message: `a draft that Seatrial did not make holds another ${name}: sha256 `
      + `${it.found?.sha256 ?? 'unknown'}, not ${sha256}`,
    fix: `If it is not needed, delete ${name} on that page, and re-run the job.` }];
}

/** Whoever downloaded it must be able to trust that it stays what it is. */
export function publishedProblem(page: Page, it: Compared): Problem {
  const { name, sha256 } = it.wanted;
  return {
    place: page.url,
    message: it.verdict === 'different'
      ? `${page.tag} is published with another ${name}: sha256 ${it.found?.sha256 ?? 'unknown'},`
        + ` not ${sha256}`
      : `${page.tag} is published without ${name}`
        + `${page.immutable ? ', and it is immutable: no file can be added' : ''}`,
    fix: 'What is published stays as it is. Make a new tag of a higher version, and push it.',
  };
}
