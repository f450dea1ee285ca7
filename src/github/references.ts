import { z } from 'zod';
import { SeatrialError } from '../errors.ts';
import type { ArtifactReference } from './github.ts';

/** A release as it goes from job to job: the tarball and its manifest, one artifact each. */
export interface ReleaseReference {
  readonly archive: ArtifactReference;
  readonly manifest: ArtifactReference;
}

/** A name that cannot lead out of a directory, and that no log command can hide in. */
export const fileName = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/;
const charactersMax = 4096;

const artifact = z.strictObject({
  name: z.string().regex(fileName),
  id: z.string().regex(/^[1-9][0-9]{0,18}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const release = z.strictObject({ archive: artifact, manifest: artifact })
  .refine(({ archive, manifest }) => archive.name.replace(/\.tar\.gz$/, '.manifest.json')
    === manifest.name && archive.name.endsWith('.tar.gz'),
  'the archive and the manifest are not of one release');

/** True for what only a job's output can be; everything else is a path. */
export function isReference(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/**
 * Reads `{"name":…,"id":…,"sha256":…}`, one of the outputs of a job.
 * @param place name of the input that it came from
 * @throws bad-input, with everything that is wrong
 */
export function parseArtifactReference(text: string, place: string): ArtifactReference {
  return parse(artifact, text, place);
}

/** Reads `{"archive":{…},"manifest":{…}}`, the output `release` of a job. @throws bad-input */
export function parseReleaseReference(text: string, place: string): ReleaseReference {
  return parse(release, text, place);
}

export function formatArtifactReference({ name, id, sha256 }: ArtifactReference): string {
  return JSON.stringify({ name, id, sha256 });
}

export function formatReleaseReference({ archive, manifest }: ReleaseReference): string {
  return `{"archive":${formatArtifactReference(archive)},`
    + `"manifest":${formatArtifactReference(manifest)}}`;
}

function parse<T>(schema: z.ZodType<T>, text: string, place: string): T {
  const read = text.length > charactersMax ? undefined : readJson(text);
  const parsed = schema.safeParse(read);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5)
    .map((it) => `${it.path.map(String).join('.') || 'all of it'}: ${it.message}`)
    .map((it) => `\n  ${printable(it)}`);
  throw new SeatrialError('bad-input', [{
    message: `is no reference to artifacts of a run:${issues.join('')}`,
    place,
    fix: 'Hand over the output of the earlier job as it is: ${{ needs.<job>.outputs.<name> }}. '
      + 'It is empty where that job did not run to its end.',
  }]);
}

/** What is wrong may quote what was given. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
