import { PassThrough } from 'node:stream';
import type { Command } from '../../src/command/command.ts';
import type { Outcome, RunResult, Session, Transport } from '../../src/host/transport.ts';

/** One watch that a test plays the host for. */
export class FakeSession implements Session {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly done: Promise<RunResult>;
  readonly words: readonly string[];
  #written = '';
  #end: (result: RunResult) => void = () => undefined;

  constructor(command: Command) {
    this.words = command.argv.filter((it) => typeof it === 'string').slice(3);
    this.done = new Promise((resolve) => { this.#end = resolve; });
    this.stdin.on('data', (chunk: Buffer) => { this.#written += chunk.toString(); });
  }

  /** What the watcher has sent: its beats, and `cancel`. */
  get written(): string {
    return this.#written;
  }

  say(letter: string, data: string | Buffer = ''): void {
    const bytes = Buffer.from(data);
    this.stdout.write(Buffer.concat([Buffer.from(`${letter} ${bytes.length}\n`), bytes]));
  }

  end(outcome: Outcome = { kind: 'exited', status: 0 }): void {
    this.stdout.end();
    this.#end({ outcome, stdout: '', stderr: '' });
  }

  lose(): void {
    this.end({ kind: 'unknown', why: 'the connection was lost' });
  }

  kill(): void {
    this.lose();
  }
}

/** A host that a test plays: `act` is called with each watch; `answers` are for `run`. */
export class FakeTransport implements Transport {
  readonly name = 'fake';
  readonly sessions: FakeSession[] = [];
  readonly ran: (readonly string[])[] = [];
  closed = 0;
  readonly #act: (session: FakeSession, count: number) => void;
  readonly #answer: (words: readonly string[]) => string;

  constructor(
    act: (session: FakeSession, count: number) => void,
    answer: (words: readonly string[]) => string = () => '',
  ) {
    this.#act = act;
    this.#answer = answer;
  }

  run(command: Command): Promise<RunResult> {
    const words = command.argv.filter((it) => typeof it === 'string').slice(3);
    this.ran.push(words);
    return Promise.resolve({ outcome: { kind: 'exited', status: 0 }, stdout: this.#answer(words),
      stderr: '' });
  }

  start(command: Command): FakeSession {
    const session = new FakeSession(command);
    this.sessions.push(session);
    setImmediate(() => this.#act(session, this.sessions.length));
    return session;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}
