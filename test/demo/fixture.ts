import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArguments } from '../../src/config/arguments.ts';
import { play } from '../../src/demo/demo.ts';
import { loadMaker, type Maker } from '../../src/demo/examples.ts';
import type { ReportEvent } from '../../src/report/events.ts';
import type { World } from '../../src/run.ts';

export interface Performance {
  /** All that was printed. */
  readonly text: string;
  /** What it ended with, if it did not end well. */
  readonly error: unknown;
  readonly events: readonly ReportEvent[];
  /** The temporary directory that it says is kept; `remove` removes it. */
  readonly directory: string;
  /** Command lines of living processes that belong to it. */
  readonly left: readonly string[];
}

export interface Direction {
  readonly arguments?: readonly string[];
  /** Changes the release of one version after it was made. */
  readonly spoil?: (version: string, tree: string) => void;
  /** Cancels at the first event of which this is true. */
  readonly cancelAt?: (event: ReportEvent) => boolean;
}

/** Plays the demonstration out of the sources, as the user who runs the tests. */
export async function perform(direction: Direction = {}): Promise<Performance> {
  const { options } = parseArguments(['demo', ...direction.arguments ?? []]);
  const cancel = new AbortController();
  const printed: string[] = [];
  const events: ReportEvent[] = [];
  const temporaryDirectory = mkdtempSync(join(tmpdir(), 'seatrial-demo-test-'));
  const world: World = {
    report: (event) => {
      events.push(event);
      if (direction.cancelAt?.(event) === true) cancel.abort();
    },
    print: (text) => { printed.push(text); },
    now: () => new Date(), clock: () => performance.now(),
    sleep: async (milliseconds) => { await sleep(milliseconds); },
    random: (bytes) => randomBytes(bytes).toString('hex'),
    cancel: cancel.signal, temporaryDirectory, by: 'a test',
    environment: { PATH: process.env['PATH'] ?? '' },
    ask: () => Promise.reject(new Error('the demonstration asks')),
    job: undefined, started: () => undefined, toolVersion: '0.0.0-test',
  };
  const maker = spoiled(await loadMaker(), direction.spoil);
  let error: unknown;
  try {
    await play({ options, world, maker });
  } catch (thrown) {
    error = thrown;
  } finally {
    rmSync(temporaryDirectory, { recursive: true, force: true });
  }
  const text = printed.join('');
  const said = `${text}\n${String(error)}`;
  const directory = /\/[^\s"]*?\/seatrial-demo-[A-Za-z0-9]+/.exec(said)?.[0];
  if (directory === undefined) throw new Error('it does not name its directory', { cause: error });
  return { text, error, events, directory, left: processesOf(directory) };
}

function spoiled(maker: Maker, spoil: Direction['spoil']): Maker {
  return { ...maker, makeRelease: (version, target) => {
    maker.makeRelease(version, target);
    spoil?.(version, target);
  } };
}

/** Processes that name the directory or work in it. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const place = readlinkSync(`/proc/${pid}/cwd`);
      return words.includes(directory) || place.startsWith(directory) ? [`${pid} ${words}`] : [];
    } catch {
      return [];
    }
  });
}
