import { readdirSync, readFileSync } from 'node:fs';
import { Writable, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What tests of transports ask of this machine, which is both sides of each of them. */
export function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function firstNumber(stream: Readable): Promise<number> {
  return await new Promise((resolve) => {
    stream.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
  });
}

/** Arguments and environments of every process of this machine, which is both sides. */
export function processTexts(): string[] {
  return readdirSync('/proc').filter((it) => /^\d+$/.test(it)).flatMap((pid) =>
    ['cmdline', 'environ'].map((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        return '';
      }
    }));
}

export function* blocks(bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(64 * 1024, 'seatrial');
  for (let sent = 0; sent < bytes; sent += block.length) yield block;
}

export function watchMemory(): { grownBytes(): number } {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, process.memoryUsage.rss()); }, 20);
  return { grownBytes: () => { clearInterval(timer); return most - before; } };
}

export class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Pauses now and then, so that without back pressure everything would pile up. */
export class Counter extends Writable {
  count = 0;
  #next = 128 * 1024 * 1024;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.count += chunk.length;
    if (this.count < this.#next) return done();
    this.#next += 128 * 1024 * 1024;
    void sleep(200).then(() => done());
  }
}

/** The parents of a process, nearest first. */
export function parentsOf(pid: number): number[] {
  const parents: number[] = [];
  for (let it = pid; it > 1 && parents.length < 20;) {
    it = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${it}/status`, 'utf8'))?.[1]);
    parents.push(it);
  }
  return parents;
}
