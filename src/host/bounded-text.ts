/**
 * Collects bytes as text in bounded memory: beyond `bytesMax` the middle is left out, and a
 * note says how much.
 */
export class BoundedText {
  readonly #half: number;
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #leftOut = 0;

  constructor(bytesMax: number) {
    this.#half = Math.floor((bytesMax - noteBytesMax) / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#half - this.#headBytes;
    const first = chunk.subarray(0, room);
    if (first.length > 0) this.#head.push(Buffer.from(first));
    this.#headBytes += first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length > 0) this.#addToTail(rest);
  }

  #addToTail(chunk: Buffer): void {
    this.#tail.push(Buffer.from(chunk));
    this.#tailBytes += chunk.length;
    while (this.#tailBytes > this.#half) {
      const oldest = this.#tail.shift();
      if (oldest === undefined) return;
      const cut = Math.min(oldest.length, this.#tailBytes - this.#half);
      this.#tailBytes -= cut;
      this.#leftOut += cut;
      if (cut < oldest.length) this.#tail.unshift(oldest.subarray(cut));
    }
  }

  toString(): string {
    if (this.#leftOut === 0) return Buffer.concat([...this.#head, ...this.#tail]).toString();
    const note = `\n[... ${this.#leftOut} bytes left out ...]\n`;
    return Buffer.concat(this.#head).toString() + note + Buffer.concat(this.#tail).toString();
  }
}

const noteBytesMax = 64;
