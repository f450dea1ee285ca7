/** The last millisecond of a Date; what is beyond, or no number, is no time. */
const dateMsMax = 8.64e15;

/**
 * One clock out of two: the runner's and the host's, which may differ by hours. The first dated
 * event binds them. Watching a run from its middle replays old events, so the host's clock may
 * push the shown time forward; nothing ever pulls it back.
 */
export interface Elapsed {
  /** Seconds since the beginning, now. */
  now(): number;
  /** The same for a line that stays: never less than the line before. */
  line(): number;
  /** For a line about an event that carries the host's time. */
  of(hostMs: number): number;
}

export function openElapsed(now: () => number): Elapsed {
  const opened = now();
  let offset: number | undefined;
  let ahead = 0;
  let shown = 0;
  const forward = (ms: number): number => {
    if (ms > shown) shown = ms;
    return shown / 1000;
  };
  return {
    now: () => (now() - opened + ahead) / 1000,
    line: () => forward(now() - opened + ahead),
    of: (hostMs) => {
      const local = now() - opened;
      if (!(Math.abs(hostMs) <= dateMsMax)) return forward(local + ahead);
      offset ??= local - hostMs;
      const here = hostMs + offset;
      if (here > local + ahead) ahead = here - local;
      return forward(here);
    },
  };
}
