import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import { manifestNameOf, parseSums, renderManifest, renderSums, sumsName, type Manifest }
  from './manifest.ts';
import { writeError } from './pack.ts';
import { kindAt } from './paths.ts';
import { digest, digestFile } from './release.ts';

/** The output directory, with a private place in it on the same file system. */
export interface Output {
  /** Where the archive is written first. */
  readonly draft: string;
  /** Puts archive, manifest and SHA256SUMS under their names; true: they were there already. */
  place(manifest: Manifest): Promise<Placed>;
  /** Removes the private place; to be called however it ended. */
  close(): void;
}

export interface Placed {
  readonly archive: string;
  readonly manifestPath: string;
  readonly sumsPath: string;
  readonly manifest: Manifest;
  readonly unchanged: boolean;
}

export function openOutput(directory: string): Output {
  const private_ = privatePlace(directory);
  const draft = join(private_, 'archive');
  return {
    draft,
    place: (manifest) => place({ directory, private_, draft }, manifest),
    close: () => rmSync(private_, { recursive: true, force: true }),
  };
}

function privatePlace(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return mkdtempSync(join(directory, '.seatrial-'));
  } catch (error) {
    throw writeError(error) ?? error;
  }
}

interface Places {
  readonly directory: string;
  readonly private_: string;
  readonly draft: string;
}

/**
 * Every file appears whole, by rename, SHA256SUMS last. A file of the same name must be the same
 * release: an archive that was handed out is never replaced by other bytes.
 */
async function place(places: Places, manifest: Manifest): Promise<Placed> {
  const { directory } = places;
  const file = manifest.archive.file;
  const paths = {
    archive: join(directory, file),
    manifestPath: join(directory, manifestNameOf(file) ?? ''),
    sumsPath: join(directory, sumsName),
  };
  const text = renderManifest(manifest);
  const there = await existing(paths.archive);
  const toldThere = await existing(paths.manifestPath);
  const problems = [
    ...different(paths.archive, there, manifest.archive.sha256),
    // A manifest by other tool versions is as good, if it tells of the same archive.
    ...(toldThere === undefined || sameRelease(paths.manifestPath, manifest) ? []
      : different(paths.manifestPath, toldThere, digest(text))),
  ];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  if (there === undefined) renameSync(places.draft, paths.archive);
  if (toldThere === undefined) write(places, paths.manifestPath, text);
  const kept = readFileSync(paths.manifestPath);
  const before = readSums(paths.sumsPath);
  const after = renderSums(new Map([...before.sums, [file, manifest.archive.sha256],
    [manifestNameOf(file) ?? '', digest(kept)]]));
  if (after !== before.text) write(places, paths.sumsPath, after);
  const unchanged = there !== undefined && toldThere !== undefined && after === before.text;
  return { ...paths, manifest: JSON.parse(kept.toString('utf8')) as Manifest, unchanged };
}

async function existing(path: string): Promise<string | undefined> {
  switch (kindAt(path)) {
    case 'absent': return undefined;
    case 'file': return digestFile(path);
    default: return 'no regular file';
  }
}

function different(path: string, there: string | undefined, now: string): Problem[] {
  if (there === undefined || there === now) return [];
  return [{
    message: `exists with sha256 ${there}, but this run made ${now}`,
    place: path,
    fix: 'Nothing was replaced. Find out what differs: the tag, the build, or a tool\'s version. '
      + 'Then remove the old files yourself, or use another output directory.',
  }];
}

/** Whether the manifest on disk says the same as the new one, the tools' versions aside. */
function sameRelease(path: string, manifest: Manifest): boolean {
  const told = parse(readFileSync(path, 'utf8'));
  const plain = (it: object): string => JSON.stringify({ ...it, tools: undefined });
  return typeof told === 'object' && told !== null && plain(told) === plain(manifest);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Lines of other releases in the same directory stay. */
function readSums(path: string): { text: string | undefined; sums: Map<string, string> } {
  if (kindAt(path) === 'absent') return { text: undefined, sums: new Map() };
  const text = readFileSync(path, 'utf8');
  const sums = parseSums(text);
  if (sums !== undefined) return { text, sums };
  throw new SeatrialError('refused', [{
    message: 'exists and is not what sha256sum prints', place: path,
    fix: 'Remove it, or use another output directory.',
  }]);
}

function write(places: Places, path: string, text: string): void {
  const draft = join(places.private_, 'text');
  writeFileSync(draft, text, { flag: 'w', mode: 0o644 });
  renameSync(draft, path);
}
