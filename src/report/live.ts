import type { Elapsed } from './elapsed.ts';
import type { Screen } from './screen.ts';
import { formatSeconds } from './units.ts';

/** The line of a terminal that says what is running and since when; nothing in a log. */
export interface Live {
  /** `since` in seconds of the elapsed clock. */
  run(text: string, since: number): void;
  stop(): void;
  /** A transfer, which says by itself how far it is; undefined when it has arrived. */
  transfer(text: string | undefined): void;
  redraw(): void;
}

/** Faster than this nobody reads. */
const transferMsMin = 100;

export function openLive(screen: Screen, elapsed: Elapsed, now: () => number): Live {
  let running: { text: string; since: number } | undefined;
  let transfer: string | undefined;
  let drawnMs = -Infinity;
  const draw = (text: string): void => {
    drawnMs = now();
    screen.live(elapsed.now(), text);
  };
  const redraw = (): void => {
    if (transfer !== undefined) return draw(transfer);
    if (running === undefined) return screen.clear();
    return draw(`${running.text} ... ${formatSeconds(elapsed.now() - running.since)}`);
  };
  return {
    redraw,
    run: (text, since) => {
      running = { text, since };
      transfer = undefined;
    },
    stop: () => {
      running = undefined;
      transfer = undefined;
    },
    transfer: (text) => {
      transfer = text;
      if (text === undefined || now() - drawnMs >= transferMsMin) redraw();
    },
  };
}
