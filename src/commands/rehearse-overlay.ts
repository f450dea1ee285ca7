import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { TarArchive } from 'archiver';
import { PassThrough, type Readable } from 'node:stream';
import { command } from '../command/command.ts';
import type { Config } from '../config/config.ts';
import { isInside } from '../config/paths.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import { currentLink, sharedOf } from '../facts/gather.ts';
import { pathsOf } from '../state/spec.ts';
import type { Acting } from './transaction.ts';

const overlayTimeoutMs = 10 * 60_000;
const filesMax = 10_000;

/**
 * Brings the files of staging to the host, beside the records; gives the directory there, or the
 * empty string where the configuration names none. Throws `bad-input` with all that is wrong.
 */
export async function sendOverlay(staging: Acting): Promise<string> {
  const { config, options, transport } = staging;
  const { overlay } = config.staging;
  if (overlay === undefined) return '';
  const top = resolve(dirname(options.config), overlay);
  const files = await filesIn(top);
  const problems = overlayProblems(config, top, files);
  if (problems.length > 0) throw new SeatrialError('bad-input', problems);
  const directory = `${config.records}/overlay`;
  const result = await transport.run(command('/bin/sh', '-c', 'umask 077; rm -rf -- "$1" && ' +
    'mkdir -p -- "$1" && tar -x -f - -C "$1" --no-same-owner', 'seatrial-overlay', directory),
  { stdin: tarOf(top, files), timeoutMs: overlayTimeoutMs });
  if (result.outcome.kind === 'exited' && result.outcome.status === 0) return directory;
  throw new SeatrialError('refused', [{
    message: `the overlay could not be written to ${directory}: ${result.stderr.trim()}`,
    fix: 'Production was only read; mend it and run rehearse again.',
  }]);
}

/** Paths relative to `top`, sorted. Links are kept as links. */
async function filesIn(top: string): Promise<string[]> {
  try {
    const entries = await readdir(top, { recursive: true, withFileTypes: true });
    return entries.filter((it) => !it.isDirectory())
      .map((it) => relative(top, join(it.parentPath, it.name))).sort();
  } catch (cause) {
    throw new SeatrialError('bad-input', [{ message: 'the overlay cannot be read', place: top,
      fix: 'Name a directory in staging.overlay, relative to the configuration.' }], cause);
  }
}

function overlayProblems(config: Config, top: string, files: readonly string[]): Problem[] {
  if (files.length === 0 || files.length > filesMax) {
    return [{ message: `the overlay holds ${files.length} files`, place: top,
      fix: `Lay at least one file and at most ${filesMax} there, under their absolute paths.` }];
  }
  const allowed = overlaid(config);
  return files.filter((file) => !allowed.some((it) =>
    `/${file}` === it || isInside(`/${file}`, it)))
    .map((file) => ({
      message: `the overlay would write /${file}, which is not of the copy`,
      place: join(top, file),
      fix: `It may lie in ${allowed.join(', ')}.`,
    }));
}

/** What a rehearsal lays anew each time, so that nothing of staging itself is written over. */
function overlaid(config: Config): string[] {
  const code = config.install.kind === 'releases'
    ? [currentLink(config), ...config.install.shared.map((name) => `${sharedOf(config)}/${name}`)]
    : config.install.replaces.map((it) => it.path);
  return [...config.state.flatMap(pathsOf), ...code];
}

function tarOf(top: string, files: readonly string[]): Readable {
  const tar = new TarArchive({ gzip: false });
  const out = tar.pipe(new PassThrough());
  tar.on('error', (error: Error) => out.destroy(error));
  const add = async (): Promise<void> => {
    for (const name of files) {
      const stats = await lstat(join(top, name));
      if (stats.isSymbolicLink()) tar.file(join(top, name), { name });
      else tar.append(createReadStream(join(top, name)), { name, mode: stats.mode & 0o777 });
    }
    await tar.finalize();
  };
  add().catch((error: unknown) => out.destroy(error instanceof Error ? error : undefined));
  return out;
}
