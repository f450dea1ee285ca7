const shownLines = 40;

/** The last lines of a text. */
export function tails(text: string): string {
  return text.split('\n').slice(-shownLines).join('\n');
}

/** Lines of `name TAB value`. */
export function tabbed(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').filter((line) => line.includes('\t'))
    .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]));
}
