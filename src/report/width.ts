import { defuse } from './text.ts';

/**
 * How many columns a text takes on a terminal. Rather too wide than too narrow: a line that
 * wraps by itself cannot be redrawn in place.
 */
const zero = /[\p{Mn}\p{Me}\p{Cf}]/u;
const emoji = /\p{Extended_Pictographic}|\p{Emoji_Presentation}/u;

/** East Asian Wide and Fullwidth, in blocks (unicode.org/reports/tr11). */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x231a, 0x23ff], [0x2600, 0x27bf], [0x2e80, 0xa4cf], [0xa960, 0xa97f],
  [0xac00, 0xd7af], [0xf900, 0xfaff], [0xfe10, 0xfe1f], [0xfe30, 0xfe6f], [0xff00, 0xff60],
  [0xffe0, 0xffe6], [0x16fe0, 0x1b2ff], [0x1d300, 0x1d37f], [0x1f000, 0x3ffff],
];

function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (wideRanges.some(([first, last]) => code >= first && code <= last)) return 2;
  if (emoji.test(character)) return 2;
  return zero.test(character) ? 0 : 1;
}

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** The text, or as much of it as fits in `columns` with `...` at its end. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const dots = '...'.slice(0, Math.max(0, columns));
  return `${split(text, columns - dots.length)[0]}${dots}`;
}

/** Lines of at most `columns`, broken at blanks where possible. Never empty. */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(2, columns);
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > room) {
    const [head, tail] = split(rest, room);
    const blank = tail.startsWith(' ') ? head.length : head.lastIndexOf(' ');
    const word = rest.slice(blank + 1).split(' ', 1)[0] ?? '';
    const breaks = blank > 0 && head.slice(0, blank).trim() !== '' && widthOf(word) <= room;
    const end = breaks ? blank : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    // What stood in the middle of a line now begins one.
    rest = defuse(rest.slice(end).trimStart());
  }
  return rest === '' && lines.length > 0 ? lines : [...lines, rest];
}

export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

function split(text: string, columns: number): [string, string] {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    end += character.length;
  }
  return [text.slice(0, end), text.slice(end)];
}
