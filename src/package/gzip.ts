import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { createGzip, type Gzip } from 'node:zlib';

export interface Digest {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const blockBytes = 128 * 1024;
const level = 6;

export function gzipStream(): Gzip {
  return createGzip({ level, chunkSize: blockBytes });
}

/** Passes everything on and digests it; `digest` may be called once, after the end. */
export function digestTap(): { readonly stream: Transform; readonly digest: () => Digest } {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, digest: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/**
 * Cuts the stream into blocks of one size. A tar stream comes in three small pieces a file, and
 * each piece would be one round trip through zlib's thread (a third of the time, measured).
 */
export function fixedBlocks(): Transform {
  let parts: Buffer[] = [];
  let held = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      parts.push(chunk);
      held += chunk.length;
      if (held >= blockBytes) {
        const all = Buffer.concat(parts);
        const whole = all.length - (all.length % blockBytes);
        for (let at = 0; at < whole; at += blockBytes) this.push(all.subarray(at, at + blockBytes));
        parts = [all.subarray(whole)];
        held = all.length - whole;
      }
      done();
    },
    flush(done) {
      done(null, held > 0 ? Buffer.concat(parts) : undefined);
    },
  });
}

/**
 * Sets the byte of the gzip header that names the operating system to 255, "unknown": zlib writes
 * 3 on Linux and 19 on macOS (archiverjs/node-archiver#383). The time is 0 already.
 */
export function portableHeader(): Transform {
  const systemByte = 9;
  let position = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = systemByte - position;
      position += chunk.length;
      if (at < 0 || at >= chunk.length) return done(null, chunk);
      const copy = Buffer.from(chunk);
      copy[at] = 255;
      return done(null, copy);
    },
  });
}
