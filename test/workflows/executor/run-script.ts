import { randomUUID } from 'node:crypto';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { NotSupported, StepError } from './errors.ts';
import { processEnv } from './environment.ts';
import { words } from './expressions.ts';
import { contextsOf, type StepContext } from './step.ts';
import { runProgram } from './run-program.ts';
import { isDirectory } from './sources.ts';
import type { Script } from './workflow.ts';

/** Arguments and file name of shells that the runner knows by name. */
const known: Readonly<Record<string, { readonly args: string; readonly extension: string }>> = {
  bash: { args: '--noprofile --norc -e -o pipefail {0}', extension: '.sh' },
  sh: { args: '-e {0}', extension: '.sh' },
  python: { args: '{0}', extension: '.py' },
};

export async function runScript(step: StepContext, script: Script): Promise<void> {
  const scope = { contexts: contextsOf(step, 'with secrets') };
  const { defaults, directories } = step.job.facts;
  const shared = step.embedded ? {} : defaults;
  const text = words(script.script, scope);
  const shell = shellOf(words(script.shell ?? shared.shell, scope));
  const within = words(script.directory ?? shared.directory, scope);
  const cwd = isAbsolute(within) ? within : join(directories.workspace, within);
  const path = join(directories.temp, `${randomUUID()}${shell.extension}`);
  writeFileSync(path, text);
  const env = processEnv(step, {});
  tell(step, { text, shell: `${shell.command} ${shell.args}` });
  const file = which(shell.command, env.PATH ?? '');
  if (!isDirectory(cwd)) {
    throw new StepError(`An error occurred trying to start process '${file}' with working `
      + `directory '${cwd}'. No such file or directory`);
  }
  const args = splitArguments(shell.args.replaceAll('{0}', path));
  const code = await runProgram(step, { file, args, cwd, env });
  if (code === 0) return;
  step.issue('error', `Process completed with exit code ${code}.`);
  step.fail();
}

interface Shell {
  readonly command: string;
  readonly args: string;
  readonly extension: string;
}

function shellOf(asked: string): Shell {
  // Without a word, bash runs as `sh -e` would: no pipefail, and its profile is not skipped.
  if (asked === '') return { command: 'bash', args: '-e {0}', extension: '.sh' };
  const space = asked.indexOf(' ');
  const command = space < 0 ? asked : asked.slice(0, space);
  if (['cmd', 'pwsh', 'powershell'].includes(command)) throw new NotSupported(`shell: ${command}`);
  const own = space < 0 ? '' : asked.slice(space + 1).trimStart();
  const args = own === '' ? known[command]?.args ?? '' : own;
  if (!args.includes('{0}')) {
    throw new StepError('Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, '
      + "powershell, pwsh) or a format string containing '{0}'");
  }
  return { command, args, extension: known[command]?.extension ?? '' };
}

function which(command: string, path: string): string {
  if (isAbsolute(command)) return command;
  const found = path.split(':').map((directory) => join(directory, command)).find(executable);
  if (found === undefined) throw new StepError(`${command}: command not found`);
  return found;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Words as .NET splits a command line: spaces, and double quotes around them. */
function splitArguments(line: string): string[] {
  return (line.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

function tell(step: StepContext, { text, shell }: { text: string; shell: string }): void {
  const { job } = step;
  const lines = text.replace(/\n$/, '').split('\n');
  job.write(`##[group]Run ${lines[0] ?? ''}`);
  for (const line of lines) job.write(line);
  job.write(`shell: ${shell}`);
  for (const [name, value] of Object.entries(step.env)) job.write(`  ${name}: ${value}`);
  job.write('##[endgroup]');
}
