import { Transform, type TransformCallback } from 'node:stream';

/** What the far wrapper says in-band: the process group at the start, the status at the end. */
export interface Frame {
  readonly kind: 'start' | 'end';
  readonly value: number;
}

const mark = 0x1e;
const bodyBytesMax = 16;

/**
 * Takes the frames of one run out of a stream, wherever chunks are split. A frame is
 * RS token (s|e) number RS; the token is random, so that no output can be taken for a frame.
 * What comes after the end frame is not of the command (a daemon that it left, say): dropped.
 * So is, with `fromStart`, what comes before the start (a login shell's files that print).
 */
export class FrameStripper {
  readonly #head: Buffer;
  readonly #onFrame: (frame: Frame) => void;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;
  #dropping: boolean;

  constructor(token: string, onFrame: (frame: Frame) => void, fromStart = false) {
    this.#dropping = fromStart;
    this.#head = Buffer.concat([Buffer.from([mark]), Buffer.from(token, 'latin1')]);
    this.#onFrame = onFrame;
  }

  /** The bytes of `chunk`, and of what was held back before it, that are output. */
  push(chunk: Buffer): Buffer[] {
    const output: Buffer[] = [];
    let data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (!this.#ended && data.length > 0) {
      const cut = this.#split(data);
      if (cut.output > 0 && !this.#dropping) output.push(data.subarray(0, cut.output));
      data = data.subarray(cut.next);
      if (cut.frame === undefined) {
        if (cut.hold) { this.#held = Buffer.from(data); break; }
        continue;
      }
      this.#dropping = false;
      this.#ended = cut.frame.kind === 'end';
      this.#onFrame(cut.frame);
    }
    return output;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What is still held back when the stream has ended: the start of a frame that never came. */
  flush(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return this.#dropping ? this.#held : rest;
  }

  #split(data: Buffer): Cut {
    const at = data.indexOf(this.#head);
    if (at < 0) {
      const keep = this.#possibleHead(data);
      return { output: keep, next: keep, hold: keep < data.length };
    }
    const body = at + this.#head.length;
    const end = data.indexOf(mark, body);
    if (end < 0 && data.length - body <= bodyBytesMax) return { output: at, next: at, hold: true };
    const frame = end < 0 ? undefined : parseFrame(data.toString('latin1', body, end));
    if (frame === undefined) return { output: body, next: body, hold: false };
    return { output: at, next: end + 1, hold: false, frame };
  }

  /** Where an unfinished head may begin: the mark stands only at its first place. */
  #possibleHead(data: Buffer): number {
    const last = data.lastIndexOf(mark);
    if (last < 0 || data.length - last >= this.#head.length) return data.length;
    const tail = data.subarray(last);
    return tail.equals(this.#head.subarray(0, tail.length)) ? last : data.length;
  }
}

/** `output` bytes are output, `next` is where to go on; `hold`: wait for more from there. */
interface Cut {
  readonly output: number;
  readonly next: number;
  readonly hold: boolean;
  readonly frame?: Frame;
}

function parseFrame(body: string): Frame | undefined {
  const match = /^([se])(\d{1,15})$/.exec(body);
  if (match === null) return undefined;
  return { kind: match[1] === 's' ? 'start' : 'end', value: Number(match[2]) };
}

/** The stripper as a stream with back pressure: from the start frame to the end frame. */
export class FrameFilter extends Transform {
  readonly #stripper: FrameStripper;
  #ended = false;

  constructor(token: string, onFrame: (frame: Frame) => void) {
    super();
    this.#stripper = new FrameStripper(token, onFrame, true);
  }

  override _transform(chunk: Buffer, _: BufferEncoding, callback: TransformCallback): void {
    for (const piece of this.#stripper.push(chunk)) this.push(piece);
    if (this.#stripper.ended && !this.#ended) {
      this.#ended = true;
      this.push(null);
    }
    callback();
  }

  override _flush(callback: TransformCallback): void {
    const rest = this.#stripper.flush();
    if (rest.length > 0) this.push(rest);
    callback();
  }
}
