import { SeatrialError, type Problem } from '../errors.ts';
import { Secret } from '../secret.ts';
import {
  options, optionsOf, type CommandName, type Front, type Option, type OptionName,
  type RawOptions,
} from './options.ts';
import { didYouMean } from './suggest.ts';
import { show } from './tree.ts';

/** An option as it was given; `text` is undefined where a flag stood alone. */
export interface GivenOption {
  readonly name: string;
  readonly text: string | undefined;
}

/** As people wrote it: an option on the command line, an input of an action. */
function placeOf(name: string, front: Front): string {
  return front === 'line' ? `--${name}` : name;
}

type Value = string | number | boolean | Secret | undefined;
type Read = { readonly value: Value } | { readonly problem: Problem };

export interface BuiltOptions {
  readonly options: RawOptions;
  readonly problems: readonly Problem[];
}

/**
 * The inputs of an action: option name to text, empty where it is not set. Inputs of other
 * commands are left out: one action.yml serves all commands.
 */
export function optionsFromInputs(
  command: CommandName, inputs: Readonly<Record<string, string>>,
): RawOptions {
  const given = optionsOf(command, 'job')
    .map((option) => ({ name: option.name, text: (inputs[option.name] ?? '').trim() }))
    .filter((it) => it.text !== '');
  const built = buildOptions(command, given, 'job');
  if (built.problems.length > 0) throw new SeatrialError('bad-input', built.problems);
  return built.options;
}

/** Values and defaults of all options, and everything that is wrong. */
export function buildOptions(
  command: CommandName, given: readonly GivenOption[], front: Front = 'line',
): BuiltOptions {
  const problems: Problem[] = [];
  const values = new Map<string, Value>();
  for (const { name, text } of given) {
    const read = readOne(command, { name, text }, front);
    if ('problem' in read) problems.push(read.problem);
    else if (!values.has(name)) values.set(name, read.value);
    else problems.push({ place: placeOf(name, front), message: 'is given twice' });
  }
  problems.push(...missing(command, given, { values, front }), ...contradictions(values, front));
  const entries = options.map((option: Option) =>
    [option.name, values.has(option.name) ? values.get(option.name) : option.default] as const);
  // Names and types of the values are those of the table, one by one.
  const all = { ...Object.fromEntries(entries),
    given: options.map((it) => it.name).filter((name) => values.has(name)) };
  return { options: Object.freeze(all) as unknown as RawOptions, problems };
}

/** Where the command itself is not known, only names can be judged. */
export function unknownOptions(given: readonly GivenOption[]): readonly Problem[] {
  const names = options.map((option) => `--${option.name}`);
  return given.map((it) => `--${it.name}`).filter((it) => !names.some((name) => name === it))
    .map((place) => ({ place, message: 'is no option', fix: didYouMean(place, names) }));
}

function readOne(command: CommandName, given: GivenOption, front: Front): Read {
  const place = placeOf(given.name, front);
  const option: Option | undefined = options.find((it) => it.name === given.name);
  const possible = optionsOf(command, front).map((it) => `--${it.name}`);
  if (option === undefined) {
    return { problem: { place, message: 'is no option', fix: didYouMean(place, possible) } };
  }
  if (!option.commands.includes(command)) {
    const fix = `It belongs to ${option.commands.join(', ')}.`;
    return { problem: { place, message: `is no option of ${command}`, fix } };
  }
  if (option.front === 'job' && front === 'line') {
    const message = 'is an input of the action, no option';
    return { problem: { place, message, fix: option.text } };
  }
  const value = valueOf(option, given.text);
  return value === undefined
    ? { problem: { place, message: `must be ${expects(option)}${notText(option, given.text)}` } }
    : { value };
}

function valueOf(option: Option, text: string | undefined): Value {
  switch (option.type) {
    case 'boolean': return readBoolean(text);
    case 'number': return readNumber(option, text);
    case 'string': return readText(option, text);
  }
}

function readBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'true') return true;
  return text === 'false' ? false : undefined;
}

function readNumber(option: Option, text: string | undefined): number | undefined {
  const value = text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
  const [least, most] = option.range ?? [0, Number.MAX_SAFE_INTEGER];
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function readText(option: Option, text: string | undefined): string | Secret | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (option.secret) return new Secret(text);
  const forbidden = option.lines === true ? /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/
    : /[\u0000-\u001f\u007f]/;
  if (forbidden.test(text)) return undefined;
  return option.choices?.includes(text) === false ? undefined : text;
}

export function expects(option: Option): string {
  if (option.choices !== undefined) return option.choices.join(' or ');
  if (option.type === 'boolean') return 'true or false';
  if (option.type === 'string') return 'a text in one line';
  const [least, most] = option.range ?? [0, Number.MAX_SAFE_INTEGER];
  return `a whole number from ${least} to ${most}`;
}

function notText(option: Option, text: string | undefined): string {
  if (text === undefined) return ', and has no value';
  return option.secret ? '' : `, not ${show(text)}`;
}

function missing(command: CommandName, given: readonly GivenOption[],
  { values, front }: { values: ReadonlyMap<string, Value>; front: Front }): Problem[] {
  return options
    .filter((option: Option) => option.required?.includes(command) === true
      && values.get(option.unless ?? '') !== true)
    .filter((option) => !given.some((it) => it.name === option.name))
    .map((option) => ({
      place: placeOf(option.name, front), fix: option.text,
      message: `is missing: ${command} needs it`,
    }));
}

/** Pairs that nobody can mean at once: saved state brought back and left as it is, say. */
const exclusive: readonly (readonly [OptionName, OptionName])[] =
  [['with-state', 'code-only'], ['fresh', 'forget']];

function contradictions(values: ReadonlyMap<string, Value>, front: Front): Problem[] {
  return exclusive
    .filter((pair) => pair.every((name) => values.get(name) === true))
    .map(([one, other]) => ({
      place: placeOf(one, front), fix: 'Keep one of them.',
      message: `and ${placeOf(other, front)} exclude each other`,
    }));
}
