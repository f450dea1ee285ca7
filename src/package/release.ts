import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import {
  archiveName, manifestNameOf, manifestSchema, parseSums, sumsName, type Manifest,
} from './manifest.ts';

/** A packaged release on this machine, its digests checked against its manifest. */
export interface Release {
  /** Absolute or as given. */
  readonly archivePath: string;
  readonly manifest: Manifest;
  /** Sum of the sizes of all files in it. */
  readonly unpackedBytes: number;
  /** Files, directories and links. */
  readonly fileCount: number;
}

const manifestBytesMax = 512 * 1024 * 1024;

/**
 * Loads the manifest and SHA256SUMS beside an archive, and checks all three against each other.
 * @throws bad-input when one is missing or is no such file; refused when they do not agree.
 */
export async function readRelease(archivePath: string): Promise<Release> {
  const file = basename(archivePath);
  const manifestName = manifestNameOf(file);
  if (manifestName === undefined) {
    throw bad(archivePath, 'is not called *.tar.gz', 'Name the archive that package made.');
  }
  const directory = dirname(archivePath);
  const archiveBytes = sizeOf(archivePath, 'Package the release, or download its archive.');
  const beside = 'Put it beside the archive: it is made and published together with it.';
  const manifestText = readBeside(join(directory, manifestName), beside);
  const sumsText = readBeside(join(directory, sumsName), beside);
  const manifest = parseManifest(join(directory, manifestName), manifestText);
  const sums = parseSums(sumsText.toString('utf8'));
  if (sums === undefined) {
    throw bad(join(directory, sumsName), 'is not what sha256sum prints', beside);
  }
  const archive = { file, bytes: archiveBytes, sha256: await digestFile(archivePath) };
  const problems = [
    ...archiveProblems(manifest, archive),
    ...sumProblems(sums, file, archive.sha256),
    ...sumProblems(sums, manifestName, digest(manifestText)),
  ];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  return {
    archivePath,
    manifest,
    unpackedBytes: manifest.files.reduce((all, it) => all + (it.type === 'file' ? it.bytes : 0), 0),
    fileCount: manifest.files.length,
  };
}

export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

export function digest(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

const fixChanged = 'One of them was changed or comes from another run. Never edit them: package '
  + 'the tag again, or download all of them once more.';

function archiveProblems(
  manifest: Manifest, found: { file: string; bytes: number; sha256: string },
): Problem[] {
  const told = manifest.archive;
  const names = archiveName(manifest);
  const problems: Problem[] = [];
  if (told.file !== found.file || names !== found.file) {
    problems.push({
      message: `is called so, but its manifest says ${told.file} of ${names}`,
      place: found.file, fix: 'Do not rename an archive: its name is part of the release.',
    });
  }
  if (told.bytes !== found.bytes || told.sha256 !== found.sha256) {
    problems.push({
      message: `has sha256 ${found.sha256} (${found.bytes} bytes), `
        + `but its manifest says ${told.sha256} (${told.bytes} bytes)`,
      place: found.file, fix: fixChanged,
    });
  }
  return problems;
}

function sumProblems(
  sums: ReadonlyMap<string, string>, file: string, found: string,
): Problem[] {
  const told = sums.get(file);
  if (told === found) return [];
  return [{
    message: told === undefined ? `is not listed in ${sumsName}`
      : `has sha256 ${found}, but ${sumsName} says ${told}`,
    place: file, fix: fixChanged,
  }];
}

function parseManifest(path: string, content: Buffer): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(content.toString('utf8')));
  if (parsed.success) return parsed.data;
  const shownMax = 5;
  const issues = parsed.error.issues.slice(0, shownMax)
    .map((it) => `\n  ${it.path.map(String).join('.') || 'the file'}: ${it.message}`);
  throw bad(path, `is not a manifest that this version reads:${issues.join('')}`,
    'Take the manifest that was made with the archive; a newer one needs a newer Seatrial.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readBeside(path: string, fix: string): Buffer {
  if (sizeOf(path, fix) > manifestBytesMax) throw bad(path, 'is too large', fix);
  return readFileSync(path);
}

function sizeOf(path: string, fix: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.size;
  throw bad(path, found === undefined ? 'is not there' : 'is not a file', fix);
}

function bad(place: string, message: string, fix: string): SeatrialError {
  return new SeatrialError('bad-input', [{ message, place, fix }]);
}
