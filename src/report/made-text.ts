import type { ReleaseFound } from '../github/releases.ts';
import type { PackagedRelease } from '../package/package.ts';

/** What `package` made, for people or as JSON. */
export function packagedText(made: PackagedRelease, json: boolean): string {
  const { manifest, unchanged } = made;
  const { sha256 } = manifest.archive;
  return json
    ? `${JSON.stringify({ archive: made.archive, manifest: made.manifestPath, sums: made.sumsPath,
      sha256, version: manifest.version, unchanged })}\n`
    : `${unchanged ? 'unchanged' : 'packaged'}  ${made.archive}\nsha256     ${sha256}\n`;
}

/** What became of a release's page, for people or as JSON. */
export function pageText(found: ReleaseFound, json: boolean): string {
  const { state, done, url } = found;
  return json ? `${JSON.stringify(found)}\n`
    : `${state === done ? state : `${state}, ${done}`}  ${url}\n`;
}
