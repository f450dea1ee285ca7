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
  if (artifacts === undefined) return byPath(world, made.archive);
  const archive = await artifacts.upload(made.archive);
  const manifest = await artifacts.upload(made.manifestPath);
  return { 'release': formatReleaseReference({ archive, manifest }),
    'artifact-id': archive.id, 'report': artifactUrl(job, archive) };
}

/** The page and the receipt are there whether it passed or not: a refusal is to be read. */
export async function handOverRehearsal(result: RehearsalResult, world: JobWorld):
Promise<Outputs> {
  const { artifacts, job } = world;
  if (artifacts === undefined) return byPath(world, result.receipt);
  const page = await artifacts.upload(result.page);
  const receipt = await artifacts.upload(result.receipt);
  return { report: artifactUrl(job, page), receipt: formatArtifactReference(receipt) };
}

/** Its outputs are paths already. */
function byPath(world: JobWorld, path: string): Outputs {
  world.report({ kind: 'note', text: 'this server keeps no such artifacts: later steps of this ' +
    `job find ${path}; another job needs it carried over (docs/elsewhere.md)` });
  return {};
}

/** Where people look at an artifact; a raw page opens in the browser. */
function artifactUrl({ github, runId }: JobWorld['job'], { id }: ArtifactReference): string {
  return `${runUrl(github, runId)}/artifacts/${id}`;
}
