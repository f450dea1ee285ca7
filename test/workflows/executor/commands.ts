/** A workflow command in a line of a step's output. */
export interface Command {
  readonly name: string;
  readonly properties: ReadonlyMap<string, string>;
  readonly data: string;
}

/** The runner's commands; `stop-commands` is handled by `CommandReader` itself. */
const registered = [
  'stop-commands', 'set-env', 'set-output', 'save-state', 'add-mask', 'add-path', 'add-matcher',
  'remove-matcher', 'debug', 'warning', 'error', 'notice', 'group', 'endgroup', 'echo',
];

export type Line =
  | { readonly kind: 'text' }
  /** A command that the caller obeys. */
  | { readonly kind: 'command'; readonly command: Command }
  /** Printed as it is: commands stop or go on here. */
  | { readonly kind: 'switch'; readonly hide: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

const badToken = 'You cannot use a endToken that is an empty string, the string '
  + "'pause-logging', or another workflow command.";

/**
 * Reads the lines of one step; stdout and stderr share it, as in the runner. A step starts with
 * commands on, whatever the step before stopped.
 */
export class CommandReader {
  #until: string | undefined;

  read(line: string): Line {
    const known = new Set(registered);
    if (this.#until !== undefined) known.add(this.#until.toLowerCase());
    const command = parseV2(line, known) ?? parseV1(line, known);
    if (command === undefined) return { kind: 'text' };
    const name = command.name.toLowerCase();
    if (this.#until !== undefined) {
      if (name !== this.#until.toLowerCase()) return { kind: 'text' };
      this.#until = undefined;
      return { kind: 'switch', hide: undefined };
    }
    if (name !== 'stop-commands') return { kind: 'command', command: { ...command, name } };
    const token = command.data;
    if (token === '' || known.has(token.toLowerCase()) || token.toLowerCase() === 'pause-logging') {
      return { kind: 'refused', reason: badToken };
    }
    this.#until = token;
    return { kind: 'switch', hide: token.length > 6 ? token : undefined };
  }
}

/** `::name key=value,key=value::data`, after leading space. */
function parseV2(line: string, known: ReadonlySet<string>): Command | undefined {
  const text = line.trimStart();
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  if (end < 0) return undefined;
  return commandOf(text.slice(2, end), {
    known, separator: ',', data: unescape(text.slice(end + 2), dataEscapes),
    escapes: propertyEscapes,
  });
}

/** `##[name key=value;key=value]data`, anywhere in the line. */
function parseV1(line: string, known: ReadonlySet<string>): Command | undefined {
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  return commandOf(line.slice(start + 3, end), {
    known, separator: ';', data: unescape(line.slice(end + 1), v1Escapes), escapes: v1Escapes,
  });
}

type Escapes = ReadonlyArray<readonly [string, string]>;
const v1Escapes: Escapes = [
  ['%3B', ';'], ['%0D', '\r'], ['%0A', '\n'], ['%5D', ']'], ['%25', '%'],
];
const dataEscapes: Escapes = [['%0D', '\r'], ['%0A', '\n'], ['%25', '%']];
const propertyEscapes: Escapes = [
  ['%0D', '\r'], ['%0A', '\n'], ['%3A', ':'], ['%2C', ','], ['%25', '%'],
];

interface How {
  readonly known: ReadonlySet<string>;
  readonly separator: string;
  readonly data: string;
  readonly escapes: Escapes;
}

function commandOf(info: string, how: How): Command | undefined {
  const space = info.indexOf(' ');
  const name = space < 0 ? info : info.slice(0, space);
  if (!how.known.has(name.toLowerCase())) return undefined;
  const properties = space <= 0 ? [] : info.slice(space + 1).trim().split(how.separator)
    .map((pair) => pair.split('='))
    .flatMap(([key, ...rest]) => key === undefined || key === '' || rest.join('=') === '' ? []
      : [[key.toLowerCase(), unescape(rest.join('='), how.escapes)] as const]);
  return { name, properties: new Map(properties), data: how.data };
}

function unescape(text: string, escapes: Escapes): string {
  return escapes.reduce((left, [escaped, plain]) => left.replaceAll(escaped, plain), text);
}
