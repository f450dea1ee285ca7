import { createHash } from 'node:crypto';

/**
 * Whoever may write can edit the text of a draft. A line that no reader sees says that Seatrial
 * made the draft, and what it had written, so that the work of a person is never overwritten.
 */
const mark = /\n*<!-- seatrial wrote this: ([0-9a-f]{64}) -->\s*$/;

/** The text as it is sent, its mark at the end. */
export function withMark(text: string): string {
  const plain = normal(text);
  return `${plain}\n\n<!-- seatrial wrote this: ${digest(plain)} -->\n`;
}

/** Seatrial made the draft of this text, edited since or not. */
export function isOurs(text: string): boolean {
  return mark.test(text);
}

/** Seatrial made it, and nobody changed its text since. */
export function isUnedited(text: string): boolean {
  const told = mark.exec(text)?.[1];
  return told !== undefined && told === digest(normal(text.replace(mark, '')));
}

/** The form of a text in a browser ends lines with CR LF. */
function normal(text: string): string {
  return text.replace(/\r\n/g, '\n').trimEnd();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
