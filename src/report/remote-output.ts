import { plainLines } from './text.ts';

const tailLinesMax = 20;
const unfinishedCharactersMax = 8000;

/**
 * What remote commands print, line by line and printable. It is shown as it comes, or kept
 * back and shown only where a step fails.
 */
export interface RemoteOutput {
  /** Lines to show now. */
  push(text: string): string[];
  /** The line that has no end yet, to be shown now. */
  flush(): string[];
  /** A step begins: what was printed before is not about it. */
  begin(): void;
  /** A step failed: its last lines; a few that come late are shown as well. */
  fail(): string[];
}

export function openRemoteOutput(verbose: boolean): RemoteOutput {
  let unfinished = '';
  let kept: string[] = [];
  let lateLines = 0;

  const take = (lines: string[]): string[] => {
    if (verbose) return lines;
    const late = lines.slice(0, lateLines);
    lateLines -= late.length;
    kept = [...kept, ...lines.slice(late.length)].slice(-tailLinesMax);
    return late;
  };
  return {
    push: (text) => {
      // A return without a newline is a progress bar: only its last picture is of use.
      const lines = (unfinished + text).replace(/\r+\n/g, '\n').split('\n');
      unfinished = lines.pop() ?? '';
      if (unfinished.length > unfinishedCharactersMax) {
        lines.push(unfinished);
        unfinished = '';
      }
      return take(lines.flatMap(printable));
    },
    flush: () => {
      const line = unfinished;
      unfinished = '';
      return line === '' ? [] : take(printable(line));
    },
    begin: () => {
      kept = [];
      lateLines = 0;
    },
    fail: () => {
      const lines = kept;
      kept = [];
      lateLines = verbose ? 0 : tailLinesMax - lines.length;
      return lines;
    },
  };
}

function printable(line: string): string[] {
  return plainLines(line.slice(line.lastIndexOf('\r', line.length - 2) + 1));
}
