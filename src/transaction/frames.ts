import { SeatrialError } from '../errors.ts';

/** `J` journal, `C` console, `A` alive, `E` ended, `G` program gone, `N` no such run. */
export interface Frame {
  readonly letter: string;
  readonly data: Buffer;
}

const headBytesMax = 64;

/** Cuts the watch's output into frames; chunks may end anywhere. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    const end = this.#rest.indexOf(0x0a);
    if (end < 0) {
      if (this.#rest.length > headBytesMax) throw noFrame(this.#rest);
      return undefined;
    }
    const match = /^([A-Z]) (\d{1,8})$/.exec(this.#rest.subarray(0, end).toString('latin1'));
    if (match === null) throw noFrame(this.#rest);
    const length = Number(match[2]);
    if (this.#rest.length < end + 1 + length) return undefined;
    const data = this.#rest.subarray(end + 1, end + 1 + length);
    this.#rest = this.#rest.subarray(end + 1 + length);
    return { letter: match[1] ?? '', data };
  }
}

function noFrame(data: Buffer): SeatrialError {
  const shown = JSON.stringify(data.subarray(0, 80).toString('utf8'));
  return new SeatrialError('running', [{
    message: `the watch on the host said something unexpected: ${shown}`,
    fix: 'The host goes on by itself. Does the login shell print something?',
  }]);
}
