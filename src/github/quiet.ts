import { AsyncLocalStorage } from 'node:async_hooks';

interface Writable {
  write: NodeJS.WriteStream['write'];
}

/** A secret that the runner is told to hide; it must reach the runner. */
const mask = /^::add-mask::[^\r\n]*\r?\n?$/;

/**
 * Runs a library of GitHub's that prints what it does, and keeps what it prints from the log: among
 * it are texts of a server, which the runner would obey. Only what it writes is kept back, told by
 * the calls that it descends from; what others write meanwhile goes through.
 */
export async function quietly<T>(work: () => Promise<T>, stream: Writable = process.stdout):
Promise<T> {
  const library = new AsyncLocalStorage<true>();
  const write = stream.write.bind(stream) as (...words: unknown[]) => boolean;
  const original = stream.write;
  const filtered = (...words: unknown[]): boolean => {
    const [chunk] = words;
    const hidden = library.getStore() === true
      && !(typeof chunk === 'string' && mask.test(chunk));
    if (!hidden) return write(...words);
    const done = words.find((it) => typeof it === 'function') as (() => void) | undefined;
    done?.();
    return true;
  };
  stream.write = filtered;
  try {
    return await library.run(true, work);
  } finally {
    stream.write = original;
  }
}
