import { commandNames, commands, optionsOf, type CommandName, type Option } from './options.ts';

const nameColumns = 28;

/** The text of `--help`: of one command, or of all of them. */
export function helpText(command?: CommandName): string {
  return command === undefined || command === 'help' ? overview() : commandHelp(command);
}

function overview(): string {
  const rows = commandNames.map((name) => row(name, commands[name]));
  return [
    'seatrial: releases stateful applications to your own servers, and can always go back.',
    '', 'Usage: seatrial <command> [options]', '', 'Commands:', ...rows,
    '', 'seatrial help <command> prints its options.', '',
  ].join('\n');
}

function commandHelp(command: CommandName): string {
  const known: readonly Option[] = optionsOf(command, 'line');
  const rows = known.map((option) => row(usage(option), describe(option, command)));
  return [
    `seatrial ${command}: ${commands[command]}`,
    '', `Usage: seatrial ${command}${known.length > 0 ? ' [options]' : ''}`,
    ...(rows.length > 0 ? ['', 'Options:', ...rows] : []), '',
  ].join('\n');
}

function usage(option: Option): string {
  if (option.type === 'boolean') return `--${option.name}`;
  const value = option.choices?.join('|') ?? `<${option.type === 'number' ? 'number' : 'text'}>`;
  return `--${option.name} ${value}`;
}

function describe(option: Option, command: CommandName): string {
  if (option.required?.includes(command) === true) {
    const needless = optionsOf(command, 'line').some((it) => it.name === option.unless);
    return `${option.text} Required${needless ? `, but with --${option.unless ?? ''}` : ''}.`;
  }
  const standard = option.type === 'boolean' ? undefined : option.default;
  return standard === undefined ? option.text : `${option.text} Default: ${String(standard)}.`;
}

/** A name too long for its column gets a line of its own. */
function row(name: string, text: string): string {
  const start = `  ${name}`;
  return start.length < nameColumns
    ? `${start.padEnd(nameColumns)}${text}` : `${start}\n${' '.repeat(nameColumns)}${text}`;
}
