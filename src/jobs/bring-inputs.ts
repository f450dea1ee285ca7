import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import type { Artifacts } from '../github/artifacts.ts';
import type { ReleaseReference } from '../github/references.ts';
import { isReference, parseArtifactReference, parseReleaseReference }
  from '../github/references.ts';
import { sumsName } from '../package/manifest.ts';
import type { JobWorld } from './run-job.ts';

/** Replaces what refers to artifacts of this run by paths of files on the runner. */
export async function bringInputs(options: RawOptions, world: JobWorld): Promise<RawOptions> {
  const { release, receipt } = options;
  const brought = { ...options };
  const { artifacts } = world;
  if (artifacts === undefined) return brought;
  if (release !== undefined && isReference(release)) {
    const reference = parseReleaseReference(release, 'release');
    brought.release = await bringRelease(reference, world, artifacts);
  }
  if (receipt !== undefined && isReference(receipt)) {
    const directory = makeDirectory(world, 'receipt');
    brought.receipt = await artifacts.download(
      parseArtifactReference(receipt, 'receipt'), directory);
  }
  return brought;
}

/** The archive, its manifest, and the sums that a release on disk is checked against. */
async function bringRelease(reference: ReleaseReference, world: JobWorld, artifacts: Artifacts):
Promise<string> {
  const directory = makeDirectory(world, 'release');
  const { archive, manifest } = reference;
  world.report({ kind: 'phase', text: `fetching ${archive.name}, sha256 ${archive.sha256}` });
  const path = await artifacts.download(archive, directory);
  await artifacts.download(manifest, directory);
  const sums = [archive, manifest].map((it) => `${it.sha256}  ${it.name}\n`).join('');
  writeFileSync(join(directory, sumsName), sums);
  return path;
}

function makeDirectory(world: JobWorld, name: string): string {
  const directory = join(world.temporaryDirectory, name);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}
