import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StepError } from './errors.ts';

export const summaryBytesMax = 1024 * 1024;

/** The files behind `$GITHUB_OUTPUT`, `_ENV`, `_PATH`, `_STATE`, `_STEP_SUMMARY` of one step. */
export interface CommandFiles {
  /** By the name in the `github` context: `output`, `env`, `path`, `state`, `step_summary`. */
  readonly paths: Readonly<Record<FileName, string>>;
}

const fileNames = ['output', 'env', 'path', 'state', 'step_summary'] as const;
type FileName = typeof fileNames[number];

export interface FileEffects {
  output(name: string, value: string): void;
  env(name: string, value: string): void;
  path(directory: string): void;
  state(name: string, value: string): void;
  summary(text: string): void;
  /** An annotation alone: the step's result stays. */
  error(message: string): void;
  /** An annotation, and the step fails. */
  fail(message: string): void;
}

export function makeCommandFiles(temp: string): CommandFiles {
  const directory = join(temp, '_runner_file_commands');
  mkdirSync(directory, { recursive: true });
  const suffix = randomUUID();
  const of = (name: FileName): string => {
    const path = join(directory, `${name}_${suffix}`);
    writeFileSync(path, '');
    return path;
  };
  return {
    paths: {
      output: of('output'), env: of('env'), path: of('path'), state: of('state'),
      step_summary: of('step_summary'),
    },
  };
}

/** Reads what the step wrote, also where it failed; the files are gone afterwards. */
export function obeyCommandFiles(files: CommandFiles, effects: FileEffects): void {
  const obey: Record<FileName, (text: string) => void> = {
    output: (text) => pairsOf(text).forEach(([name, value]) => effects.output(name, value)),
    state: (text) => pairsOf(text).forEach(([name, value]) => effects.state(name, value)),
    path: (text) => text.split('\n').filter((line) => line !== '')
      .forEach((line) => effects.path(line)),
    step_summary: (text) => { if (text !== '') effects.summary(text); },
    env: (text) => pairsOf(text).forEach(([name, value]) => {
      if (name.toUpperCase() !== 'NODE_OPTIONS') effects.env(name, value);
      else effects.error(`Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.`);
    }),
  };
  for (const name of fileNames) {
    const path = files.paths[name];
    if (!existsSync(path)) continue;
    try {
      if (name === 'step_summary' && statSync(path).size > summaryBytesMax) {
        effects.error('$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of '
          + `1024k, got ${Math.floor(statSync(path).size / 1024)}k.`);
      } else obey[name](readFileSync(path, 'utf8'));
    } catch (error) {
      effects.fail(`Unable to process file command '${name}' successfully.`);
      effects.fail(messageOf(error));
    }
    rmSync(path, { force: true });
  }
}

/** `NAME=VALUE` and `NAME<<DELIMITER`; what came before a bad line counts. */
export function* pairs(text: string): Generator<readonly [string, string]> {
  const lines = text.split('\n');
  // Text that ends with a newline has no further line after it.
  const ended = lines.at(-1) === '';
  if (ended) lines.pop();
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')];
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      yield [line.slice(0, equals), line.slice(equals + 1)];
      continue;
    }
    if (heredoc < 0) throw new StepError(`Invalid format '${line}'`);
    const [name, delimiter] = [line.slice(0, heredoc), line.slice(heredoc + 2)];
    if (name === '' || delimiter === '') {
      throw new StepError(`Invalid format '${line}'. `
        + 'Name must not be empty and delimiter must not be empty');
    }
    const end = lines.indexOf(delimiter, index + 1);
    if (end < 0) {
      throw new StepError(`Invalid value. Matching delimiter not found '${delimiter}'`);
    }
    yield [name, lines.slice(index + 1, end).join('\n')];
    index = end;
  }
}

function pairsOf(text: string): { forEach(take: (pair: readonly [string, string]) => void): void } {
  return { forEach: (take) => { for (const pair of pairs(text)) take(pair); } };
}
