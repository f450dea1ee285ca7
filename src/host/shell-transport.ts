import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import type { Command } from '../command/command.ts';
import { Secret } from '../secret.ts';
import { BoundedText } from './bounded-text.ts';
import { outputBytesMax, ShellSession, type ShellHost } from './shell-session.ts';
import type { Outcome, RunOptions, RunResult, Session, Transport } from './transport.ts';

/** The contract of a transport on top of any way to start the bootstrap shell. */
export class ShellTransport implements Transport {
  readonly name: string;
  readonly #host: ShellHost;
  readonly #shut: () => Promise<void>;
  readonly #live = new Set<ShellSession>();
  #closing: Promise<void> | undefined;

  /** `shut` ends the connection; it is called once. */
  constructor(host: ShellHost, shut: () => Promise<void>) {
    this.name = host.name;
    this.#shut = shut;
    this.#host = {
      ...host,
      lost: () => this.#closing === undefined ? host.lost() : 'the connection was closed',
    };
  }

  async run(command: Command, options: RunOptions = {}): Promise<RunResult> {
    const session = this.#open(command);
    const unwatch = stopWhenAsked(session, options);
    const source = options.stdin;
    if (source === undefined) session.stdin.end(bytesOf(command));
    else feed(session, source);
    const result = options.stdout === undefined
      ? await collect(session) : await stream(session, options.stdout);
    unwatch();
    source?.destroy();
    return result;
  }

  start(command: Command): Session {
    const session = this.#open(command);
    const first = bytesOf(command);
    if (first.length > 0) session.stdin.write(first);
    return {
      stdin: session.stdin,
      stdout: session.stdout,
      done: session.done,
      kill: () => session.kill(),
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const sessions = [...this.#live];
    for (const session of sessions) session.kill('the connection was closed');
    await this.#shut();
    await Promise.all(sessions.map((it) => it.done));
  }

  #open(command: Command): ShellSession {
    const session = new ShellSession(this.#host, command);
    this.#live.add(session);
    void session.done.then(() => this.#live.delete(session));
    return session;
  }
}

function bytesOf(command: Command): string {
  const { stdin } = command;
  return stdin instanceof Secret ? stdin.reveal() : stdin ?? '';
}

function stopWhenAsked(session: ShellSession, options: RunOptions): () => void {
  const { signal, timeoutMs } = options;
  const onAbort = (): void => session.stop('it was cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const timer = timeoutMs === undefined ? undefined
    : setTimeout(() => session.stop(`it took longer than ${timeoutMs} ms`), timeoutMs);
  return () => {
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  };
}

/**
 * An input that breaks must not look like one that has ended: half a dump would be restored as
 * a whole one. The far group is ended before its input is closed.
 */
function feed(session: ShellSession, source: Readable): void {
  source.on('error', (error) => session.stop(`its input failed: ${error.message}`));
  source.once('close', () => {
    if (!source.readableEnded) session.stop('its input was closed before its end');
  });
  if (source.destroyed && !source.readableEnded) session.stop('its input was closed already');
  source.pipe(session.stdin);
}

async function collect(session: ShellSession): Promise<RunResult> {
  const text = new BoundedText(outputBytesMax);
  session.stdout.on('data', (chunk: Buffer) => text.add(chunk));
  const result = await session.done;
  return { ...result, stdout: text.toString() };
}

/**
 * Gives the output to `sink` and ends it; where the command did not exit, the sink is
 * destroyed with an error instead, so that nobody takes half an output for a whole one.
 */
async function stream(session: ShellSession, sink: Writable): Promise<RunResult> {
  let failure: string | undefined;
  const onFailure = (why: string): void => {
    failure ??= `the receiver of its output failed: ${why}`;
    session.stop(failure);
    session.stdout.unpipe(sink);
    session.stdout.resume();
  };
  sink.on('error', (error) => onFailure(error.message));
  sink.once('close', () => { if (!sink.writableFinished) onFailure('it was closed'); });
  if (sink.destroyed) onFailure('it was closed already');
  session.stdout.pipe(sink, { end: false });
  const result = await session.done;
  if (result.outcome.kind === 'exited' && failure === undefined) {
    sink.end();
    await finished(sink, { readable: false }).catch(() => undefined);
  } else {
    sink.destroy(new Error(failure ?? `the command did not exit: ${describe(result.outcome)}`));
  }
  return failure === undefined ? result : { ...result, outcome: { kind: 'unknown', why: failure } };
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited': return `status ${outcome.status}`;
    case 'signalled': return `signal ${outcome.signal}`;
    case 'unknown': return outcome.why;
  }
}
