import assert from 'node:assert/strict';
import { Secret } from '../secret.ts';
import { raw, type Argument, type Command } from './command.ts';
import { quote } from './quote.ts';

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The command as one POSIX shell text, without its standard input. */
export function render(command: Command): string {
  assert(command.argv.length > 0, 'a command needs a program');
  const text = withEnvironment(command);
  if (command.cwd === undefined) return text;
  assert(command.cwd.startsWith('/'), `the directory of a command is absolute: ${command.cwd}`);
  return `cd -- ${quote(command.cwd)} && ${hasRaw(command) ? group(text) : text}`;
}

/** What people are shown: the shell text, and of the standard input only its size. */
export function redacted(command: Command): string {
  const { stdin } = command;
  if (stdin === undefined) return render(command);
  const size = stdin instanceof Secret ? '***' : `${Buffer.byteLength(stdin)} bytes`;
  return `${render(command)} # stdin: ${size}`;
}

/**
 * Runs each command only if the ones before it ended with 0; the status is the last one's.
 * At most one may have standard input; the others then read from /dev/null.
 */
export function and(...commands: readonly Command[]): Command {
  assert(commands.length > 0, 'and() needs a command');
  const fed = commands.filter((it) => it.stdin !== undefined);
  assert(fed.length <= 1, 'only one command of and() can have standard input');
  const parts = commands.map((it) => {
    const text = group(render(it));
    return fed.length === 0 || it.stdin !== undefined ? text : `${text} </dev/null`;
  });
  return combined(parts.join(' && '), fed[0]);
}

/**
 * Joins outputs to inputs. The status is 0 only if every command ended with 0, else that of the
 * rightmost one that did not: plain `sh` would forget all but the last, and a failed dump
 * would look like a good one. Only the first command may have standard input.
 */
export function pipe(...commands: readonly Command[]): Command {
  assert(commands.length > 1, 'pipe() needs two commands');
  assert(commands.slice(1).every((it) => it.stdin === undefined),
    'only the first command of pipe() can have standard input');
  const parts = commands.map((it, index) => {
    const out = index === commands.length - 1 ? '>&4 ' : '';
    // A shell of its own: text that leaves by `exit` or `exec` still has its status told.
    return `{ ( ${render(it)}\n) ${out}3>&- 4>&-; printf ' ${index + 1}:%s ' "$?" >&3; }`;
  });
  const numbers = commands.map((_, index) => index + 1).join(' ');
  // Statuses travel on descriptor 3 into `s`, the real output on 4; one that is missing
  // (its subshell was killed) counts as a failure.
  return combined([
    `( exec 4>&1; s=$( exec 3>&1; ${parts.join(' | ')} ); r=0`,
    `for i in ${numbers}; do t=\${s#*" $i:"}; if [ "$t" = "$s" ]; then r=1`,
    'else t=${t%% *}; [ "$t" = 0 ] || r=$t; fi; done; exit "$r" )',
  ].join('\n'), commands[0]);
}

function combined(text: string, fed: Command | undefined): Command {
  const argv = [raw(text, 'joined from rendered commands')];
  return fed?.stdin === undefined ? { argv } : { argv, stdin: fed.stdin };
}

function withEnvironment(command: Command): string {
  const words = command.argv.map(renderArgument).join(' ');
  const entries = Object.entries(command.env ?? {});
  if (entries.length === 0) return words;
  const assignments = entries.map(([name, value]) => {
    assert(environmentName.test(name), `not a name of an environment variable: ${name}`);
    return quote(`${name}=${value}`);
  });
  // `env` would take a program with `=` in its name for an assignment, and would reach only
  // the first command of raw text.
  const [program] = command.argv;
  const plain = typeof program === 'string' && !program.includes('=') && !hasRaw(command);
  return `env -- ${assignments.join(' ')} ${plain ? words : `sh -c ${quote(words)}`}`;
}

function renderArgument(argument: Argument): string {
  return typeof argument === 'string' ? quote(argument) : argument.raw;
}

function hasRaw(command: Command): boolean {
  return command.argv.some((it) => typeof it !== 'string');
}

/** The line break ends a comment or a here-document that the text may end with. */
function group(text: string): string {
  return `{ ${text}\n}`;
}
