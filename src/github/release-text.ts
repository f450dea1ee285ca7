import { createHash } from 'node:crypto';

/**
 * Whoever may write can edit the text of a draft. A line that no reader sees says that Seatrial
 * made the draft, and what it had written, so that the work of a person is never overwritten.
 */
const opening = '<!-- seatrial wrote this: ';
const mark = /^<!-- seatrial wrote this: ([0-9a-f]{64}) -->$/;

/** The text as it is sent, its mark at the end. */
export function withMark(text: string): string {
  const plain = normal(text);
  return `${plain}\n\n<!-- seatrial wrote this: ${digest(plain)} -->\n`;
}

/** Seatrial made the draft of this text, edited since or not. */
export function isOurs(text: string): boolean {
  return read(text) !== undefined;
}

/** Seatrial made it, and nobody changed its text since. */
export function isUnedited(text: string): boolean {
  const found = read(text);
  return found !== undefined && found.told === digest(found.plain);
}

/**
 * What the mark at the end tells, and the text before it. No pattern goes over the whole text:
 * whoever may edit a page could fill it so that the pattern does not come to its end.
 */
function read(text: string): { readonly told: string; readonly plain: string } | undefined {
  const whole = text.trimEnd();
  const begin = whole.lastIndexOf(opening);
  const told = begin < 0 ? undefined : mark.exec(whole.slice(begin))?.[1];
  return told === undefined ? undefined : { told, plain: normal(whole.slice(0, begin)) };
}

/** The form of a text in a browser ends lines with CR LF. */
function normal(text: string): string {
  return text.replace(/\r\n/g, '\n').trimEnd();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
