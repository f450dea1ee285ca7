import { SeatrialError, type Problem } from '../errors.ts';
import { buildOptions, unknownOptions, type GivenOption } from './option-values.ts';
import {
  commandNames, options, type CommandName, type Option, type RawOptions,
} from './options.ts';
import { didYouMean } from './suggest.ts';
import { show } from './tree.ts';

export interface ParsedArguments {
  readonly command: CommandName;
  readonly options: RawOptions;
  /** `help deploy`, `deploy --help`: the command that help is wanted for. */
  readonly topic: CommandName | undefined;
}

/**
 * Arguments without node and script. `--name value`, `--name=value`; a boolean stands alone or
 * is `--name=true`, `--name=false`. Throws SeatrialError `bad-input` with all problems.
 */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const parts = split(argv);
  const { words, given, problems } = parts;
  const standing = parts.wantsHelp ? 'help' : standingAlone(parts);
  const named = words[0] === undefined ? standing : commandOf(words[0], problems);
  if (named === undefined && words[0] === undefined) problems.push(noCommand);
  const topic = named === 'help' && words[1] !== undefined
    ? commandOf(words[1], problems) : parts.wantsHelp ? named : undefined;
  const extra = words.slice(named === 'help' ? 2 : 1);
  problems.push(...extra.map((word) => problem(word, 'is no option', 'Options begin with --.')));

  const command = parts.wantsHelp && named !== undefined ? 'help' : named;
  const built = command === undefined || standing === command
    ? { options: buildOptions('help', []).options, problems: unknownOptions(given) }
    : buildOptions(command, given);
  const all = [...problems, ...built.problems];
  if (all.length > 0 || command === undefined) throw new SeatrialError('bad-input', all);
  return { command, options: built.options, topic: topic === 'help' ? undefined : topic };
}

const noCommand: Problem = {
  message: 'no command is given', fix: `Commands: ${commandNames.join(', ')}.`,
};

interface Split {
  readonly words: string[];
  readonly given: GivenOption[];
  readonly problems: Problem[];
  wantsHelp: boolean;
}

/** `seatrial` alone and `seatrial --version` are commands too. */
function standingAlone({ words, given }: Split): CommandName | undefined {
  if (words.length > 0 || given.length > 1) return undefined;
  if (given[0] === undefined) return 'help';
  return given[0].name === 'version' && given[0].text === undefined ? 'version' : undefined;
}

function commandOf(word: string, problems: Problem[]): CommandName | undefined {
  const found = commandNames.find((name) => name === word);
  const fix = didYouMean(word, commandNames);
  if (found === undefined) problems.push(problem(word, 'is no command', fix));
  return found;
}

function problem(word: string, message: string, fix: string): Problem {
  return { place: show(word), message, fix };
}

function split(argv: readonly string[]): Split {
  const result: Split = { words: [], given: [], problems: [], wantsHelp: false };
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const [, name, inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (argument === '-h' || argument === '--help') result.wantsHelp = true;
    else if (name === undefined) takeWord(argument, result);
    else if (inline !== undefined || !takesValue(name, result, argv[index + 1])) {
      result.given.push({ name, text: inline });
    } else {
      index += 1;
      result.given.push({ name, text: argv[index] });
    }
  }
  return result;
}

function takeWord(word: string, result: Split): void {
  if (!word.startsWith('-')) result.words.push(word);
  else result.problems.push(problem(word, 'is no option', 'See seatrial help.'));
}

/** Another option is never taken for a value: `--tag --yes` has forgotten the tag. */
function takesValue(name: string, result: Split, next: string | undefined): boolean {
  if (next === undefined || next.startsWith('--')) return false;
  // A command is there already: what follows an unknown option was meant as its value.
  if (result.words.length > 0) return optionNamed(name)?.type !== 'boolean';
  return name !== 'version' && optionNamed(name) !== undefined
    && optionNamed(name)?.type !== 'boolean';
}

function optionNamed(name: string): Option | undefined {
  return options.find((option) => option.name === name);
}
