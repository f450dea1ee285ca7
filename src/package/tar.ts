import { createWriteStream, type Stats } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TarArchive } from 'archiver';
import { digestTap, fixedBlocks, gzipStream, portableHeader, type Digest } from './gzip.ts';

/** A tar entry. Owner is always 0:0, and the time is the archive's. */
export type TarEntry =
  | { readonly type: 'directory'; readonly name: string }
  | { readonly type: 'link'; readonly name: string; readonly link: string }
  | {
      readonly type: 'file';
      readonly name: string;
      readonly mode: number;
      readonly bytes: number;
      readonly body: Buffer | Iterable<Buffer>;
    };

export interface TarFile {
  /** Resolves when the entry has gone into the stream; one at a time. */
  add(entry: TarEntry): Promise<void>;
  /** Resolves when the whole file is on disk. */
  finish(): Promise<{ readonly tar: Digest; readonly archive: Digest }>;
  /** Gives up; what is on disk is incomplete. */
  abandon(): Promise<void>;
}

/** archiver writes the time as a signed 32-bit number of seconds. */
export const epochMax = 2 ** 31 - 1;

const zeros = Buffer.alloc(128 * 1024);

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A new deterministic tar.gz: the same entries give the same bytes on any machine.
 *
 * archiver is fed one entry at a time by append() only. Its directory(), glob() and file() stop
 * silently at sockets and odd names, resolve links, and order entries by chance.
 * @param path must not exist
 * @param epoch seconds since 1970, 0 to `epochMax`
 */
export function createTarGz(path: string, epoch: number): TarFile {
  const archive = new TarArchive({ statConcurrency: 1 });
  const date = new Date(epoch * 1000);
  const tar = digestTap();
  const whole = digestTap();
  let failed: { readonly reason: unknown } | undefined;
  let waiting: Waiting | undefined;
  const note = (reason: unknown): void => {
    failed ??= { reason };
  };
  const fail = (reason: unknown): void => {
    note(reason);
    waiting?.reject(reason);
  };
  const entered = (): void => {
    if (failed === undefined) waiting?.resolve();
    else waiting?.reject(failed.reason);
  };
  archive.on('warning', fail).on('error', fail).on('entry', entered);
  const flowed = pipeline(tar.stream, fixedBlocks(), gzipStream(), portableHeader(),
    whole.stream, createWriteStream(path, { flags: 'wx', mode: 0o644 }));
  flowed.catch(fail);
  archive.pipe(swallowing(tar.stream));
  const end = once(() => archive.finalize());
  return {
    add: (entry) => new Promise<void>((resolve, reject) => {
      if (failed !== undefined) return reject(asError(failed.reason));
      waiting = { resolve, reject };
      append(archive, { entry, date, note });
    }),
    finish: async () => {
      await end();
      await flowed;
      return { tar: tar.digest(), archive: whole.digest() };
    },
    abandon: async () => {
      await end();
      await flowed.catch(() => undefined);
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/**
 * Passes on to `target` until that breaks, and then swallows. archiver must not see an error on
 * either side: its abort() calls what streamx does not have, and once destroyed it hands the next
 * entry to a destroyed tar; both throw where nobody can catch it. It always ends in the normal way.
 */
function swallowing(target: Writable): Writable {
  let release = (): void => undefined;
  for (const event of ['drain', 'close', 'error']) target.on(event, () => release());
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      release = (): void => {
        release = (): void => undefined;
        done();
      };
      if (target.destroyed || target.write(chunk)) release();
    },
    final(done) {
      if (!target.destroyed) target.end();
      done();
    },
  });
}

interface Append {
  readonly entry: TarEntry;
  readonly date: Date;
  readonly note: (reason: unknown) => void;
}

function append(archive: TarArchive, { entry, date, note }: Append): void {
  // A pax record for the name where ustar's two fields cannot hold it: tar-stream would write an
  // empty name for a directory whose last component is over 100 bytes.
  const long = Buffer.byteLength(entry.name.split('/').at(-1) ?? '') >= 100 ? { pax: {} } : {};
  if (entry.type === 'directory') {
    archive.append('', { name: `${entry.name}/`, type: 'directory', mode: 0o755, date, ...long });
  } else if (entry.type === 'link') {
    const data = { name: entry.name, type: 'symlink' as const, linkname: entry.link };
    archive.append('', { ...data, mode: 0o777, date, ...long });
  } else if (Buffer.isBuffer(entry.body)) {
    archive.append(entry.body, { name: entry.name, mode: entry.mode, date, ...long });
  } else {
    // archiver reads into memory what has no `stats`.
    const source = Readable.from(filled(entry.body, entry.bytes, note));
    const data = { name: entry.name, mode: entry.mode, date, stats: sizeOnly(entry.bytes) };
    archive.append(source, { ...data, ...long });
  }
}

/**
 * archiver waits for ever for the rest of a source that failed. So the rest is made of zeros, and
 * the failure is noted: `add` rejects once the entry has ended.
 */
function* filled(
  body: Iterable<Buffer>, bytes: number, note: (reason: unknown) => void,
): Iterable<Buffer> {
  let left = bytes;
  try {
    for (const piece of body) {
      left -= piece.length;
      yield piece;
    }
  } catch (reason) {
    note(reason);
  }
  for (; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
}

/** Of `stats`, archiver uses the size only when mode and date are given. */
function sizeOnly(bytes: number): Stats {
  return { size: bytes } as Stats;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
