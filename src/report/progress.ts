import type { ProgressEvent } from './events.ts';
import { formatBytes, formatSeconds } from './units.ts';

const logStepPercent = 25;
/** Below this the speed is a guess. */
const speedSecondsMin = 1;

export interface Progress {
  /** `Upload release.tar.gz: 12.3 MB of 48.0 MB, 25%, 9s left`. */
  readonly text: string;
  readonly finished: boolean;
  /** Whether a log, which keeps every line, should show this one. */
  readonly forLog: boolean;
}

/** Follows transfers one after the other; `seconds` is any clock that goes forward. */
export function openProgress(): (event: ProgressEvent, seconds: number) => Progress {
  let first = { what: '', done: 0, seconds: 0 };
  let shownPercent = -1;
  return (event, seconds) => {
    const done = sane(event.done);
    const total = sane(event.total);
    if (event.what !== first.what || done < first.done) {
      first = { what: event.what, done, seconds };
      shownPercent = -1;
    }
    const percent = total === 0 ? 0 : Math.floor(Math.min(1, done / total) * 100);
    const finished = total > 0 && done >= total;
    const quarter = Math.floor(percent / logStepPercent);
    const forLog = quarter > shownPercent;
    if (forLog) shownPercent = quarter;
    const left = remaining(total - done, (done - first.done) / (seconds - first.seconds));
    const eta = finished || seconds - first.seconds < speedSecondsMin ? '' : left;
    const size = total === 0
      ? formatBytes(done) : `${formatBytes(done)} of ${formatBytes(total)}, ${percent}%`;
    return { text: `${event.what}: ${size}${eta}`, finished, forLog };
  };
}

function remaining(bytes: number, bytesPerSecond: number): string {
  return bytesPerSecond > 0 && Number.isFinite(bytesPerSecond)
    ? `, ${formatSeconds(bytes / bytesPerSecond)} left` : '';
}

function sane(bytes: number): number {
  return Number.isFinite(bytes) ? Math.max(0, bytes) : 0;
}
