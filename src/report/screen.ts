import { randomUUID } from 'node:crypto';
import { paintWith, type Paint, type Tone } from './paint.ts';
import { defuse, plainLine } from './text.ts';
import { formatSeconds } from './units.ts';
import { cut, wrap } from './width.ts';

export interface ScreenOptions {
  /** Takes whole lines in a log; on a terminal also the live line. */
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal, read anew for each line; below 20 counts as 20. */
  readonly columns: number;
  readonly color: boolean;
  /** GitHub Actions: put what remote commands print between `::stop-commands::` and its end. */
  readonly fence: boolean;
  /** Ends the fence: what nobody on the host can guess. Random by default. */
  readonly token?: string;
}

/** One event as people see it: `  3.2s  done     Stop guestbook.service (0.4s)`. */
export interface Entry {
  readonly label: string;
  readonly text: string;
  readonly tone: Tone;
}

/** Lines that stay; on a terminal they clear the live line, which is then to be set anew. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly paint: Paint;
  /** For lines that stay: endless in a log. */
  columns(): number;
  entry(seconds: number, entry: Entry): void;
  /** A line that nobody overlooks. */
  rule(seconds: number, text: string): void;
  /** Remote output: printable lines. */
  output(lines: readonly string[]): void;
  lines(lines: readonly string[]): void;
  /** Sets the live line or clears it; nothing in a log. */
  live(seconds: number, text: string): void;
  clear(): void;
}

const columnsMin = 20;
const ruleColumns = 72;
const clearLine = '\r\u001b[K';
const outputMark = '    | ';

export function openScreen(options: ScreenOptions): Screen {
  const paint = paintWith(options.color);
  const token = options.fence ? options.token ?? randomUUID() : undefined;
  // The last column stays free: a cursor behind it has wrapped on some terminals.
  const room = (): number => Math.max(columnsMin, options.columns || columnsMin) - 1;
  const columns = (): number => options.isTerminal ? room() : Infinity;
  let live = '';
  const write = (lines: readonly string[]): void => {
    if (lines.length === 0) return;
    options.write(`${live === '' ? '' : clearLine}${lines.join('\n')}\n`);
    live = '';
  };
  const setLive = (next: string): void => {
    if (!options.isTerminal || next === live) return;
    live = next;
    options.write(`${clearLine}${live}`);
  };
  return {
    isTerminal: options.isTerminal,
    paint,
    columns,
    lines: write,
    entry: (seconds, entry) => write(entryLines(seconds, entry, { columns: columns(), paint })),
    rule: (seconds, text) => {
      const start = `${time(seconds)}  -- ${text} --`;
      const line = cut(start.padEnd(Math.min(ruleColumns, columns()), '-'), columns());
      write([paint(line, 'warn')]);
    },
    output: (lines) => {
      const shown = lines.flatMap((line) => wrap(line, columns() - outputMark.length))
        .map((line) => paint(defuse(`${outputMark}${line}`.trimEnd()), 'faint'));
      const fenced = token !== undefined && shown.length > 0;
      write(fenced ? [`::stop-commands::${token}`, ...shown, `::${token}::`] : shown);
    },
    live: (seconds, text) => setLive(cut(`${time(seconds)}  ${plainLine(text)}`, room())),
    clear: () => setLive(''),
  };
}

function entryLines(
  seconds: number, entry: Entry, look: { columns: number; paint: Paint },
): string[] {
  const label = entry.label.padEnd(9);
  const head = `${time(seconds)}  ${label}`;
  const indent = look.columns - head.length < columnsMin ? 2 : head.length;
  const text = plainLine(entry.text);
  const lines = indent === head.length
    ? wrap(text, look.columns - indent) : ['', ...wrap(text, look.columns - indent)];
  return lines.map((line, index) => defuse(index > 0
    ? `${' '.repeat(indent)}${line}`
    : `${time(seconds)}  ${look.paint(label, entry.tone)}${line}`).trimEnd());
}

function time(seconds: number): string {
  return formatSeconds(seconds).padStart(6);
}
