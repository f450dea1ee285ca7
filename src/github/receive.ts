import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CutAnswer } from './answer.ts';
import type { GitHub } from './github.ts';

/** Bytes that GitHub gives, from the API itself or from the storage that it points to. */
export type Bytes = AsyncIterable<Uint8Array>;

export interface Received {
  readonly sha256: string;
  readonly bytes: number;
}

/** Storage that sends nothing for this long is given up. */
const idleTimeoutMs = 60_000;
const receivedBytesMax = 64 * 1024 ** 3;

/**
 * Asks a route that answers with bytes, or with the address of storage where they are. The token
 * goes to the API only: the address carries its own right, for about a minute.
 */
export async function openBytes(github: GitHub, route: string, parameters: {
  readonly [name: string]: unknown;
}): Promise<Bytes> {
  const { owner, name: repo } = github.repository;
  const response: { readonly status: number; readonly data: unknown;
    readonly headers: { readonly location?: string | undefined } } = await github.rest.request(
    route, { owner, repo, ...parameters,
      request: { redirect: 'manual', parseSuccessResponseBody: false } });
  const { location } = response.headers;
  if (location === undefined) return bytesOf(response.data);
  return fromStorage(location);
}

async function fromStorage(location: string): Promise<Bytes> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), idleTimeoutMs);
  try {
    const { ok, status, body } = await fetch(location, { signal: controller.signal });
    if (!ok) {
      await body?.cancel();
      throw new CutAnswer(`the storage answered with status ${status}`);
    }
    return bytesOf(body);
  } catch (error) {
    if (error instanceof CutAnswer) throw error;
    // The address is a secret for as long as it is good; what fetch throws does not name it.
    throw new CutAnswer(`the storage gave no answer: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function bytesOf(body: unknown): Bytes {
  if (body instanceof ReadableStream) return body as ReadableStream<Uint8Array>;
  throw new CutAnswer('an answer came without a body');
}

/** Reads to the end and keeps nothing. */
export async function digestBytes(bytes: Bytes): Promise<Received> {
  return drain(bytes, () => Promise.resolve());
}

/** Reads to the end, into memory: the caller knows that it is not much. */
export async function collectBytes(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await drain(bytes, (chunk) => {
    chunks.push(chunk);
    return Promise.resolve();
  });
  return Buffer.concat(chunks);
}

/**
 * Writes a file, whole or not at all: under another name first, its digest checked by the caller
 * before it gets its own.
 * @returns `keep` gives the file its name, `drop` removes it; one of them must be called
 */
export async function saveBytes(bytes: Bytes, path: string): Promise<Received & {
  keep(): Promise<void>; drop(): Promise<void>;
}> {
  const part = join(dirname(path), `.${basename(path)}.part`);
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  const drop = (): Promise<void> => rm(part, { force: true });
  try {
    const received = await drain(bytes, async (chunk) => {
      await file.writeFile(chunk);
    });
    await file.sync();
    return { ...received, keep: () => rename(part, path), drop };
  } catch (error) {
    await drop();
    throw error;
  } finally {
    await file.close();
  }
}

async function drain(bytes: Bytes, take: (chunk: Uint8Array) => Promise<void>):
Promise<Received> {
  const hash = createHash('sha256');
  const iterator = bytes[Symbol.asyncIterator]();
  let total = 0;
  try {
    for (;;) {
      const next = await withinIdle(iterator.next());
      if (next.done === true) return { sha256: hash.digest('hex'), bytes: total };
      total += next.value.length;
      if (total > receivedBytesMax) throw new CutAnswer('more came than any release has');
      hash.update(next.value);
      await take(next.value);
    }
  } catch (error) {
    // Not waited for: a connection that stalls would not end this either.
    iterator.return?.().catch(() => undefined);
    if (error instanceof CutAnswer || isOfDisk(error)) throw error;
    throw new CutAnswer(`the connection broke: ${reasonOf(error)}`, { cause: error });
  }
}

async function withinIdle<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CutAnswer('the connection stalled')), idleTimeoutMs);
  });
  try {
    return await Promise.race([work, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

/** A full disk is no fault of the connection, and trying again does not help. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'path' in error
    || (error instanceof Error && 'code' in error
      && ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(String(error.code)));
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
}
