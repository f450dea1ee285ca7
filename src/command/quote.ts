import assert from 'node:assert/strict';

const safeWord = /^[A-Za-z0-9_./:@%+,=-]+$/;

/**
 * One shell word that gives back `argument` byte for byte, in every POSIX shell.
 * The only quoting function of the project: `$'…'` fails in dash, double quotes run `$(…)`.
 * It does not stop a value that begins with `-`: put `--` before operands.
 */
export function quote(argument: string): string {
  assert(!argument.includes('\0'), 'an argument cannot hold a NUL character');
  // `=` first would be expanded by zsh, `~` is never in the safe set.
  if (safeWord.test(argument) && !argument.startsWith('=')) return argument;
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
