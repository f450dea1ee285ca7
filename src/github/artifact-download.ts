import { join } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import { isUnsure, statusOf } from './answer.ts';
import { runUrl } from './context.ts';
import type { ArtifactReference, Job } from './github.ts';
import { githubError, type Doing } from './problems.ts';
import { openBytes, saveBytes, type Bytes } from './receive.ts';
import { openAsset, listAssets } from './release-assets.ts';
import { listPages, pagesOfTag } from './release-page.ts';
import { fileName } from './references.ts';

/** Gives the same bytes from another place; undefined: it has them not. */
export type Elsewhere = (reference: ArtifactReference) => Promise<Bytes | undefined>;

export interface DownloadOptions {
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly elsewhere: Elsewhere;
  /** Days that artifacts of the repository are kept, as the runner tells; empty: unknown. */
  readonly keptDays: string;
}

const triesMax = 4;
const firstWaitMs = 1_000;
const route = 'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}';

/**
 * Writes the file of an artifact, whole and verified, or not at all. It is asked for by its id
 * over REST: so it is found also where an earlier attempt of the run made it. Its name is the one
 * that the reference has; what the storage calls it is not looked at.
 */
export async function downloadArtifact(
  job: Job, wanted: { readonly reference: ArtifactReference; readonly directory: string },
  options: DownloadOptions,
): Promise<string> {
  const { reference, directory } = wanted;
  if (!fileName.test(reference.name) || !/^\d{1,19}$/.test(reference.id)) {
    throw new SeatrialError('bad-input', 'this is no reference to an artifact');
  }
  const path = join(directory, reference.name);
  const id = Number(reference.id);
  const doing: Doing = { what: `hand over the artifact ${reference.name}`,
    permission: 'actions: read', repository: job.github.repository };
  const saving = { doing, sleep: options.sleep, reference };
  const kept = await save(path, { ...saving,
    open: () => openBytes(job.github, route, { artifact_id: id, archive_format: 'zip' }) });
  if (kept) return path;
  const problems = [gone(job, reference, options.keptDays)];
  try {
    if (await save(path, { ...saving, open: () => options.elsewhere(reference) })) return path;
  } catch (error) {
    if (!(error instanceof SeatrialError)) throw error;
    problems.push(...error.problems);
  }
  throw new SeatrialError('refused', problems);
}

interface Saving {
  readonly doing: Doing;
  readonly sleep: DownloadOptions['sleep'];
  readonly reference: ArtifactReference;
  /** Undefined: it is not there. */
  readonly open: () => Promise<Bytes | undefined>;
}

/** False: it is gone. A connection that broke is tried again, other bytes are not. */
async function save(path: string, saving: Saving): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      const bytes = await saving.open();
      if (bytes === undefined) return false;
      const saved = await saveBytes(bytes, path);
      if (saved.sha256 === saving.reference.sha256) {
        await saved.keep();
        return true;
      }
      await saved.drop();
      throw otherBytes(saving.reference, saved);
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 || status === 410) return false;
      if (!isUnsure(error) || tries >= triesMax) throw diskError(githubError(error, saving.doing));
    }
    await saving.sleep(firstWaitMs * 2 ** (tries - 1));
  }
}

function otherBytes(reference: ArtifactReference, found: {
  readonly sha256: string; readonly bytes: number;
}): SeatrialError {
  return new SeatrialError('refused', [{
    place: `artifact ${reference.name}`,
    message: `has sha256 ${found.sha256} (${found.bytes} bytes), but ${reference.sha256} was `
      + 'handed over',
    fix: 'Nothing of it is used. Re-run all jobs of the run, and find out what could change it.',
  }]);
}

function gone(job: Job, reference: ArtifactReference, keptDays: string): Problem {
  const days = /^\d{1,4}$/.test(keptDays) ? ` (they are kept ${keptDays} days here)` : '';
  return {
    place: `artifact ${reference.name}`,
    message: `expired or was deleted${days}, and no release page has a file of its digest`,
    fix: `Re-run all jobs of this run: ${runUrl(job.github, job.runId)}, or `
      + `gh run rerun ${job.runId}. The job that made it makes it again; "Re-run failed jobs" `
      + 'would not run that one.',
  };
}

function diskError(error: unknown): unknown {
  if (error instanceof SeatrialError || !(error instanceof Error) || !('code' in error)) {
    return error;
  }
  return new SeatrialError('refused', [{ message: `a file cannot be written: ${error.message}`,
    fix: 'Look at the space and the rights of the directory on the runner.' }], error);
}

/** The page of the run's tag, draft or published, told by the digest of its files. */
export function filesOfTag(job: Job): Elsewhere {
  const tag = /^refs\/tags\/(.+)$/.exec(job.ref)?.[1];
  return async (reference) => {
    if (tag === undefined) return undefined;
    const { published, drafts } = pagesOfTag(await listPages(job.github), tag);
    for (const page of [...published === undefined ? [] : [published], ...drafts]) {
      const found = (await listAssets(job.github, page))
        .find((it) => it.whole && it.sha256 === reference.sha256);
      if (found !== undefined) return openAsset(job.github, found.id);
    }
    return undefined;
  };
}
