import { z } from 'zod';

/**
 * What `<application>-<version>.manifest.json` says; docs/package.md describes each field.
 * Paths are relative to the archive's one top directory, `<application>-<version>`.
 */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().min(0);
/** A path that cannot lead out of the directory it is joined to. */
const path = z.string().min(1).max(4096).refine(
  (it) => !it.startsWith('/') && !it.includes('\0') && !it.split('/').some(isStep),
  'is not a plain relative path');
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~-]*$/);

function isStep(part: string): boolean {
  return part === '' || part === '.' || part === '..';
}

const fileEntry = z.strictObject({
  path, type: z.literal('file'), mode: z.enum(['0644', '0755']), bytes, sha256,
});
const directoryEntry = z.strictObject({
  path, type: z.literal('directory'), mode: z.literal('0755'),
});
const linkEntry = z.strictObject({ path, type: z.literal('link'), link: z.string().min(1) });

const entry = z.discriminatedUnion('type', [fileEntry, directoryEntry, linkEntry]);

export const manifestSchema = z.strictObject({
  schema: z.literal(1),
  application: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  version: name,
  // Both null: a directory was packaged, which no tag names.
  tag: z.string().min(1).nullable(),
  commit: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/).nullable(),
  sourceDateEpoch: z.int().min(0),
  archive: z.strictObject({
    file: name, format: z.literal('tar.gz'), bytes, sha256, tarSha256: sha256,
  }),
  files: z.array(entry),
  tools: z.strictObject({
    seatrial: z.string(), node: z.string(), zlib: z.string(), git: z.string().nullable(),
  }),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type ManifestEntry = Readonly<z.infer<typeof entry>>;

export const sumsName = 'SHA256SUMS';

/** `<application>-<version>`: the archive's top directory and the stem of all its files. */
export function releaseName(release: { application: string; version: string }): string {
  return `${release.application}-${release.version}`;
}

export function archiveName(release: { application: string; version: string }): string {
  return `${releaseName(release)}.tar.gz`;
}

/** The manifest's name beside an archive; undefined when the archive is not called *.tar.gz. */
export function manifestNameOf(archive: string): string | undefined {
  const stem = /^(.+)\.tar\.gz$/.exec(archive)?.[1];
  return stem === undefined ? undefined : `${stem}.manifest.json`;
}

/** Stable text: the keys in the order of the schema, the files in the order of the archive. */
export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

/** Name -> sha256, as `sha256sum` prints it; undefined when a line is not of that form. */
export function parseSums(text: string): Map<string, string> | undefined {
  const sums = new Map<string, string>();
  for (const line of text.split('\n').filter((it) => it !== '')) {
    const match = /^([0-9a-f]{64}) [ *]([^\\/\0]+)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return undefined;
    sums.set(match[2], match[1]);
  }
  return sums;
}

export function renderSums(sums: ReadonlyMap<string, string>): string {
  return [...sums].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([file, digest]) => `${digest}  ${file}\n`).join('');
}
