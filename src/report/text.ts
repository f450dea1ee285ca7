/**
 * Text that came from elsewhere (a remote command, a tag, a file name) made safe to print.
 * A log is read by a terminal, by GitHub's runner and by people: none may be commanded by it.
 */

/** ANSI escapes: CSI, then strings (OSC, DCS and the like) with their end, then short ones. */
const escapes = new RegExp([
  '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
  '(?:\\u001b[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])' +
    '[^\\u0007\\u001b\\u0090\\u0098\\u009b-\\u009f\\n]*(?:\\u0007|\\u001b\\\\|\\u009c)',
  '\\u001b[ -/]*[0-~]',
].join('|'), 'gu');

/** Controls, format characters (which turn the direction of text), unassigned surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const loneSurrogate = /\p{Cs}/gu;
const lineBreaks = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;

const lineCharactersMax = 2000;

/**
 * GitHub's runner obeys `::name::` at a line's start (after blanks) and `##[name]` anywhere
 * in a line (actions/runner:src/Runner.Common/ActionCommand.cs).
 */
export function defuse(line: string): string {
  return line.replace(/##(?=\[)/g, '## ').replace(/^(\s*):(?=:)/u, '$1: ');
}

/** The lines of a text, printable, each at most 2000 characters; blank lines at the end go. */
export function plainLines(text: string): string[] {
  return text.replace(escapes, '').trimEnd().split(lineBreaks).map((line) => defuse(shorten(
    line.replace(/\t/g, '    ').replace(unprintable, '').replace(loneSurrogate, '\ufffd').trimEnd(),
  )));
}

/** A result of many lines as it goes to a log without a fence: nothing is obeyed, nothing cut. */
export function plainText(text: string): string {
  return text.replace(escapes, '').split(lineBreaks)
    .map((line) => line.split('\t').map((it) => it.replace(unprintable, '')).join('\t'))
    .map((line) => defuse(line.replace(loneSurrogate, '\ufffd')))
    .join('\n');
}

/** A text as one printable line. */
export function plainLine(text: string): string {
  return defuse(shorten(plainLines(text).filter((line) => line !== '').join(' ').trim()));
}

function shorten(line: string): string {
  return line.length <= lineCharactersMax
    ? line : `${line.slice(0, lineCharactersMax).replace(/[\ud800-\udbff]$/, '')}...`;
}
