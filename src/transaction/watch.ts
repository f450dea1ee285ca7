import { StringDecoder } from 'node:string_decoder';
import type { Session, Transport } from '../host/transport.ts';
import type { Report } from '../report/events.ts';
import { FrameReader, type Frame } from './frames.ts';
import { endOf, parseJournalLine, toReportEvent, type JournalEnd, type Titles } from './journal.ts';
import { script } from './start.ts';

const beatEveryMs = 2_000;
/** A host that tells nothing for so long is taken for lost; it tells `alive` every two seconds. */
const silentMsMax = 20_000;
/** How long a cancel may take before we let go and say how to look again. */
const cancelMsMax = 6_000;

/** What is known of a run, kept over reconnections: nothing is told twice. */
export interface WatchState {
  journalOffset: number;
  consoleOffset: number;
  inWindow: boolean;
  end: JournalEnd | undefined;
}

export function newWatchState(): WatchState {
  return { journalOffset: 0, consoleOffset: 0, inWindow: false, end: undefined };
}

export interface WatchInput {
  readonly transport: Transport;
  readonly records: string;
  readonly run: string;
  readonly titles: Titles;
  readonly report: Report;
  readonly state: WatchState;
  /** Before the window: asks the host to stop. Inside it: lets go. */
  readonly cancel: AbortSignal;
  /** Lets go after this time; the host goes on. */
  readonly watchMsMax: number;
}

/**
 * `gone`: no program runs and there is no end; `unknown-run`: the host has no such run;
 * `lost`: contact is; `limit`: it was watched for long enough.
 */
export type WatchEnd = 'ended' | 'gone' | 'unknown-run' | 'lost' | 'detached' | 'limit';

/**
 * Follows a run over one connection, and keeps it company: the host enters the window only while
 * somebody watches. Never throws for a lost connection; the caller may call again.
 */
export async function watch(input: WatchInput): Promise<WatchEnd> {
  const { state, records, run } = input;
  const session = input.transport.start(script('watch',
    [records, run, String(state.journalOffset), String(state.consoleOffset)]));
  session.stdin.on('error', () => undefined);
  const watcher = new Watcher(input, session);
  try {
    return await watcher.follow();
  } finally {
    watcher.stop();
    session.kill();
    await session.done;
  }
}

class Watcher {
  readonly #input: WatchInput;
  readonly #session: Session;
  readonly #reader = new FrameReader();
  readonly #decoder = new StringDecoder('utf8');
  readonly #timers: NodeJS.Timeout[] = [];
  #journalRest: Buffer = Buffer.alloc(0);
  #silent: NodeJS.Timeout | undefined;
  #letGo: (end: WatchEnd) => void = () => undefined;

  constructor(input: WatchInput, session: Session) {
    this.#input = input;
    this.#session = session;
  }

  follow(): Promise<WatchEnd> {
    return new Promise((resolve, reject) => {
      this.#letGo = resolve;
      const { cancel } = this.#input;
      // Before the first beat: a watcher who comes to stop it must not open the window by that.
      if (cancel.aborted) this.#cancel();
      else cancel.addEventListener('abort', this.#cancel, { once: true });
      this.#beat();
      this.#timers.push(setInterval(() => this.#beat(), beatEveryMs));
      this.#timers.push(setTimeout(() => resolve('limit'), this.#input.watchMsMax));
      this.#expectWord();
      this.#session.stdout.on('data', (chunk: Buffer) => {
        this.#expectWord();
        try {
          for (const frame of this.#reader.push(chunk)) this.#onFrame(frame);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      this.#session.stdout.on('error', () => resolve('lost'));
      void this.#session.done.then(() => resolve('lost'));
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#silent);
    this.#input.cancel.removeEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => {
    if (this.#input.state.inWindow) {
      this.#letGo('detached');
      return;
    }
    this.#input.report({ kind: 'note', text: 'asking the host to stop before the window' });
    this.#session.stdin.write('cancel\n');
    this.#timers.push(setTimeout(() => this.#letGo('detached'), cancelMsMax));
  };

  #beat(): void {
    this.#session.stdin.write('beat\n');
  }

  #expectWord(): void {
    clearTimeout(this.#silent);
    this.#silent = setTimeout(() => this.#letGo('lost'), silentMsMax);
  }

  #onFrame(frame: Frame): void {
    switch (frame.letter) {
      case 'J': this.#onJournal(frame.data); break;
      case 'C': this.#onConsole(frame.data); break;
      case 'E': this.#letGo('ended'); break;
      case 'G': this.#letGo('gone'); break;
      case 'N': this.#letGo('unknown-run'); break;
      default: break;
    }
  }

  /** Only whole lines count as read: a reconnection asks again for the rest. */
  #onJournal(data: Buffer): void {
    const bytes = Buffer.concat([this.#journalRest, data]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#journalRest = bytes.subarray(end);
    this.#input.state.journalOffset += end;
    for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) this.#onLine(line);
  }

  #onLine(text: string): void {
    const line = parseJournalLine(text);
    if (line === undefined) return;
    const { state, titles, report, cancel } = this.#input;
    state.end = endOf(line);
    const event = toReportEvent(line, titles);
    if (event !== undefined) report(event);
    if (line.event === 'window') {
      state.inWindow = true;
      if (cancel.aborted) this.#letGo('detached');
    }
  }

  #onConsole(data: Buffer): void {
    this.#input.state.consoleOffset += data.length;
    this.#input.report({ kind: 'output', text: this.#decoder.write(data) });
  }
}
