import { Transform, type TransformCallback } from 'node:stream';

export interface MeterOptions {
  /** Bytes a second; undefined: as fast as it goes. */
  readonly rateMax: number | undefined;
  /** Told of all bytes so far. */
  readonly onBytes: (done: number) => void;
  /** Milliseconds of a clock that goes forward. */
  readonly clock: () => number;
}

/** How far a sender may fall behind and make up for it: a pause is no credit for a burst. */
const creditMsMax = 250;

/**
 * Counts what goes through, and holds it back to a rate. Nothing is kept but one chunk: who
 * writes waits while who reads is slow.
 */
export class Meter extends Transform {
  readonly #options: MeterOptions;
  #done = 0;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MeterOptions) {
    super();
    this.#options = options;
  }

  get bytes(): number {
    return this.#done;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, next: TransformCallback): void {
    this.#done += chunk.length;
    this.#options.onBytes(this.#done);
    const waitMs = this.#waitMs(chunk.length);
    if (waitMs <= 0) return next(null, chunk);
    this.#timer = setTimeout(() => next(null, chunk), waitMs);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    callback(error);
  }

  #waitMs(bytes: number): number {
    const { rateMax, clock } = this.#options;
    if (rateMax === undefined) return 0;
    const now = clock();
    this.#due = Math.max(this.#due, now - creditMsMax) + (bytes / rateMax) * 1000;
    return this.#due - now;
  }
}
