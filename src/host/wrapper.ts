import type { Command } from '../command/command.ts';
import { render } from '../command/render.ts';

/**
 * The only text that is ever an argument of the far shell, the same for each run: read one
 * line of standard input, decode it, run it. What is to be run comes by standard input, so
 * that no process list shows it and no length limit of an argument holds; the rest of
 * standard input is the command's own (`read` takes not one byte more than its line). A line
 * that was cut short is not run. No single quote, exclamation mark or line break: in single
 * quotes this is one word for sh, bash, dash, zsh, ksh, fish, csh and tcsh alike.
 */
export const bootstrap = 'IFS= read -r l && eval "$(printf %b "$l")"';

/** The far shell's command line: what sshd gives to the account's login shell. */
export const bootstrapLine = `exec sh -c '${bootstrap}'`;

/**
 * What is written to the bootstrap before the command's own standard input: two lines.
 * The first is the outer shell, which outlives the command and tells its status at the end on
 * both outputs: only so is it certain that all of both has arrived. It starts a second
 * bootstrap in a session of its own, in the foreground (a background job would ignore INT),
 * which reads the second line, tells its process group on both outputs and runs the command
 * (what a login shell's files print comes before it). Where there is no `setsid` (macOS) the
 * group is the outer shell's: sshd and the local transport start it as a leader.
 */
export function preamble(command: Command, token: string): string {
  const start = `printf '\\036${token}s%s\\036' "\${1:-$$}"`;
  const end = `printf '\\036${token}e%s\\036' "$s"`;
  const outer = [
    `b='${bootstrap}'`,
    'if command -v setsid >/dev/null 2>&1; then setsid sh -c "$b" sh',
    'else sh -c "$b" sh "$$"; fi; s=$?',
    `${end}; ${end} >&2`,
  ].join('\n');
  const inner = [
    `${start}; ${start} >&2; set --; unset l`,
    render(command),
  ].join('\n');
  return `${encodeLine(outer)}\n${encodeLine(inner)}\n`;
}

/**
 * Ends a process group: TERM, and KILL for what is left after two seconds. Status 0 once
 * nothing of it is left, 1 if something would not go (another user's, say). Dead processes
 * that their parent has not waited for do not count, where /proc tells them: in a container
 * without an init they stay for ever.
 */
export function endGroup(group: number): string {
  return [
    `left() { kill -s 0 -- -${group} 2>/dev/null || return 1`,
    '[ -r /proc/self/stat ] || return 0',
    'for f in /proc/[0-9]*/stat; do { IFS= read -r x <"$f"; } 2>/dev/null || continue',
    "x=${x##*) }; case $x in [ZX]' '*) continue ;; esac",
    `x=\${x#* * }; [ "\${x%% *}" != ${group} ] || return 0; done; return 1; }`,
    `kill -s TERM -- -${group} 2>/dev/null; i=0`,
    'while left; do i=$((i+1))',
    `[ "$i" != 20 ] || kill -s KILL -- -${group} 2>/dev/null`,
    '[ "$i" -lt 30 ] || exit 1',
    'sleep 0.1 2>/dev/null || sleep 1; done; exit 0',
  ].join('\n');
}

/** For `printf %b`: printable ASCII stays, every other byte and the backslash become octal. */
function encodeLine(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  let line = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    line += plain ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return line;
}
