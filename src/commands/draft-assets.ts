import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Asset } from '../github/releases.ts';
import { manifestNameOf, manifestSchema, parseSums, renderSums, sumsName, type Manifest }
  from '../package/manifest.ts';
import { digest, digestFile } from '../package/release.ts';

/**
 * The files of the page: the tarball, its manifest, and sums of just these two. SHA256SUMS beside
 * the tarball may list other releases as well, which the page does not have.
 * @param directory where the sums are written
 */
export async function assetsOf(path: string, manifest: Manifest, directory: string):
Promise<Asset[]> {
  const archive = manifest.archive;
  const manifestName = manifestNameOf(archive.file) ?? '';
  const manifestPath = join(dirname(path), manifestName);
  const manifestSha256 = await digestFile(manifestPath);
  const sums = renderSums(new Map([[archive.file, archive.sha256],
    [manifestName, manifestSha256]]));
  const sumsPath = join(directory, sumsName);
  writeFileSync(sumsPath, sums);
  return [
    { name: archive.file, path, sha256: archive.sha256 },
    { name: manifestName, path: manifestPath, sha256: manifestSha256,
      agrees: (published) => saysTheSame(published, manifest) },
    { name: sumsName, path: sumsPath, sha256: digest(sums),
      agrees: (published) => parseSums(published.toString())?.get(archive.file)
        === archive.sha256 },
  ];
}

/**
 * The same tag packaged again gives the same tarball, but its manifest names the tools, and a
 * runner has other ones after a while. That makes it no other release.
 */
function saysTheSame(published: Buffer, manifest: Manifest): boolean {
  const read = manifestSchema.safeParse(parseJson(published.toString()));
  return read.success && plain(read.data) === plain(manifest);
}

function plain(manifest: Manifest): string {
  return JSON.stringify({ ...manifest, tools: undefined });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
