import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { SeatrialError } from '../errors.ts';

/** The content of one file, read once, through one descriptor. */
export interface FileContent {
  readonly bytes: number;
  /** Whole content for small files, else pieces to be consumed in order. */
  readonly body: Buffer | Iterable<Buffer>;
  /** sha256 in hex; only after the body was consumed. */
  readonly sha256: () => string;
}

/** Up to here a file is held in memory, above it is streamed. */
export const wholeBytesMax = 1024 * 1024;
const pieceBytes = 256 * 1024;

/**
 * Opens nothing until the body is consumed, for large files. Synchronous calls, because 60,000
 * small files cost 3 seconds less this way than through the thread pool.
 * @param seen what the walk saw; any difference before or after reading is refused
 */
export function readContent(path: string, shown: string, seen: BigIntStats): FileContent {
  const hash = createHash('sha256');
  const bytes = Number(seen.size);
  const pieces = readPieces(path, shown, seen);
  const hashed = (piece: Buffer): Buffer => {
    hash.update(piece);
    return piece;
  };
  const sha256 = (): string => hash.digest('hex');
  if (bytes <= wholeBytesMax) {
    return { bytes, body: hashed(Buffer.concat([...pieces])), sha256 };
  }
  return { bytes, body: mapPieces(pieces, hashed), sha256 };
}

function* mapPieces(pieces: Iterable<Buffer>, map: (piece: Buffer) => Buffer): Iterable<Buffer> {
  for (const piece of pieces) yield map(piece);
}

function* readPieces(path: string, shown: string, seen: BigIntStats): Iterable<Buffer> {
  // O_NONBLOCK: a FIFO put in the file's place would wait for a writer for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const descriptor = open(path, shown, flags);
  try {
    requireSame(shown, seen, fstatSync(descriptor, { bigint: true }));
    let left = Number(seen.size);
    while (left > 0) {
      const piece = Buffer.allocUnsafe(Math.min(left, pieceBytes));
      const count = readSync(descriptor, piece, 0, piece.length, null);
      if (count === 0) throw changed(shown);
      left -= count;
      yield piece.subarray(0, count);
    }
    requireSame(shown, seen, fstatSync(descriptor, { bigint: true }));
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string, shown: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    throw new SeatrialError('refused', [{
      message: `cannot be read: ${String(cause)}`, place: shown,
      fix: 'Give the file back its right to be read, or take it out with package.exclude.',
    }], cause);
  }
}

function requireSame(shown: string, seen: BigIntStats, now: BigIntStats): void {
  const same = seen.ino === now.ino && seen.dev === now.dev && seen.size === now.size
    && seen.mtimeNs === now.mtimeNs && seen.ctimeNs === now.ctimeNs;
  if (!same) throw changed(shown);
}

function changed(shown: string): SeatrialError {
  return new SeatrialError('refused', [{
    message: 'changed while it was being packed',
    place: shown,
    fix: 'Something of the build still runs: let package.run wait for it, or exclude the file.',
  }]);
}
