/** Lines of a YAML file, with remarks that say what is guessed and what is missing. */
export const guessMark = '# guess: ';
export const fillInMark = '# fill in: ';

const lineColumnsMax = 100;

/** A text as YAML reads it back; plain where that is safe, in lists and maps too. */
export function scalar(text: string): string {
  const isPlain = /^[A-Za-z/](?:[A-Za-z0-9 _./@+=&|<>*~-]|:(?=[^\s:]))*$/.test(text)
    && !/\s$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

export function flow(texts: readonly string[]): string {
  return `[${texts.map(scalar).join(', ')}]`;
}

/** The remark stands behind the line, or over it where both together would be too long. */
function remarked(line: string, remark: string): string[] {
  const together = `${line}  ${remark}`;
  return together.length <= lineColumnsMax ? [together]
    : [`${/^[ -]*/.exec(line)?.[0].replaceAll('-', ' ') ?? ''}${remark}`, line];
}

export function guessed(line: string, why: string): string[] {
  return remarked(line, `${guessMark}${oneLine(why)}`);
}

/** Always on the line itself: what is wrong with the line is told by its number. */
export function toFillIn(line: string, what: string): string[] {
  return [`${line}  ${fillInMark}${oneLine(what)}`];
}

/** Names come from hosts and repositories: none may end the remark. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ');
}
