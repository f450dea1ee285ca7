import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import type { ReleaseReference } from '../github/references.ts';
import { isReference, parseArtifactReference, parseReleaseReference }
  from '../github/references.ts';
import { sumsName } from '../package/manifest.ts';
import type { JobWorld } from './run-job.ts';

/** Replaces what refers to artifacts of this run by paths of files on the runner. */
export async function bringInputs(options: RawOptions, world: JobWorld): Promise<RawOptions> {
  const { release, receipt } = options;
  const brought = { ...options };
  if (release !== undefined && isReference(release)) {
    brought.release = await bringRelease(parseReleaseReference(release, 'release'), world);
  }
  if (receipt !== undefined && isReference(receipt)) {
    const directory = makeDirectory(world, 'receipt');
    brought.receipt = await world.artifacts.download(
      parseArtifactReference(receipt, 'receipt'), directory);
  }
  return brought;
}

/** The archive, its manifest, and the sums that a release on disk is checked against. */
async function bringRelease(reference: ReleaseReference, world: JobWorld): Promise<string> {
  const directory = makeDirectory(world, 'release');
  const { archive, manifest } = reference;
  world.report({ kind: 'phase', text: `fetching ${archive.name}, sha256 ${archive.sha256}` });
  const path = await world.artifacts.download(archive, directory);
  await world.artifacts.download(manifest, directory);
  const sums = [archive, manifest].map((it) => `${it.sha256}  ${it.name}\n`).join('');
  writeFileSync(join(directory, sumsName), sums);
  return path;
}

function makeDirectory(world: JobWorld, name: string): string {
  const directory = join(world.temporaryDirectory, name);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}
