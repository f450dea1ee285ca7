import { existsSync } from 'node:fs';
import type { Result } from '../commands/world.ts';
import { runUrl } from '../github/context.ts';
import type { ArtifactReference } from '../github/github.ts';
import { formatArtifactReference, formatReleaseReference } from '../github/references.ts';
import type { PackagedRelease } from '../package/package.ts';
import type { Outputs } from './outputs.ts';
import type { JobWorld } from './run-job.ts';

type RehearsalResult = Extract<Result, { readonly kind: 'rehearsal' }>;

/** The tarball and its manifest, as raw artifacts: their digests are those of the files. */
export async function handOverRelease(made: PackagedRelease, world: JobWorld):
Promise<Outputs> {
  const { artifacts, job } = world;
  if (artifacts === undefined) return { release: byPath(world, made.archive) };
  const archive = await artifacts.upload(made.archive);
  const manifest = await artifacts.upload(made.manifestPath);
  return { 'release': formatReleaseReference({ archive, manifest }),
    'artifact-id': archive.id, 'report': artifactUrl(job, archive) };
}

/** The page is worth reading above all where it refuses; a receipt is there where it passed. */
export async function handOverRehearsal(result: RehearsalResult, world: JobWorld):
Promise<Outputs> {
  const { artifacts, job } = world;
  const hasReceipt = existsSync(result.receipt);
  const path = hasReceipt ? { 'receipt-path': result.receipt } : {};
  if (artifacts === undefined) {
    return hasReceipt ? { ...path, receipt: byPath(world, result.receipt) } : {};
  }
  const page = await artifacts.upload(result.page);
  const receipt = hasReceipt ? await artifacts.upload(result.receipt) : undefined;
  return { ...path, report: artifactUrl(job, page),
    ...(receipt === undefined ? {} : { receipt: formatArtifactReference(receipt) }) };
}

function byPath(world: JobWorld, path: string): string {
  world.report({ kind: 'note', text: 'this server keeps no such artifacts: later steps of this ' +
    `job find ${path}; another job needs it carried over (docs/elsewhere.md)` });
  return path;
}

/** Where people look at an artifact; a raw page opens in the browser. */
function artifactUrl({ github, runId }: JobWorld['job'], { id }: ArtifactReference): string {
  return `${runUrl(github, runId)}/artifacts/${id}`;
}
