import type { UserCommand } from '../config.ts';
import {
  placeholdersOf, quotedPlaceholders, shellPlaceholders, type PlaceholderText,
} from '../placeholders.ts';
import { didYouMean } from '../suggest.ts';
import { forms } from '../shape/collections.ts';
import { defaulted, object, optional, required, type Fields } from '../shape/object.ts';
import { integer, text } from '../shape/scalars.ts';
import { mapped, marked, refuse, type Shape } from '../shape/shape.ts';
import type { MarkRole } from '../report.ts';

/** Values that several sections use. */
const segment = '(?!\\.{1,2}(?:/|$))[^/\\u0000-\\u001f\\u007f]+';

export const absolutePath = text({
  expects: 'an absolute path such as /srv/guestbook',
  pattern: `^(?:/${segment})+$`,
  fault: (value) => pathFault(value, 'absolute'),
});

/** A path inside a repository or a release; `.` is its top. */
export const relativePath = text({
  expects: 'a path without a leading /',
  pattern: `^(?:\\.|${segment}(?:/${segment})*)$`,
  fault: (value) => (value === '.' ? undefined : pathFault(value, 'relative')),
});

function pathFault(value: string, kind: 'absolute' | 'relative'): string | undefined {
  const body = value.replace(/^\//, '').replace(/\/$/, '');
  if (kind === 'absolute' && !value.startsWith('/')) return 'must be absolute: begin with /';
  if (kind === 'relative' && value.startsWith('/')) return 'must be relative: no leading /';
  if (body === '') return 'must not be / itself';
  if (body.split('/').includes('..')) return 'must not contain `..`';
  if (value.endsWith('/')) return 'must not end with /';
  return body.split('/').some((it) => it === '' || it === '.')
    ? 'must not contain `//` or `/./`' : undefined;
}

/** Relative to the directory that `of` names: not absolute, not out of it. */
export function relativeGlob(of: string, example: string): Shape<string> {
  return text({
    expects: `a glob such as ${example}, relative to ${of}`,
    pattern: '^(?!/)(?!(?:.*/)?\\.\\.(?:/|$)).+$',
    fix: `Globs begin below ${of}: no leading /, no \`..\`.`,
  });
}

/** Of paths on the host. */
export const absoluteGlob = text({
  expects: 'an absolute glob such as /etc/guestbook/*.conf',
  pattern: '^/(?!(?:.*/)?\\.\\.(?:/|$))(?!.*//).+$',
  fix: 'Begin with /, without `..` and `//`.',
});

/** A reason that a person gives for going without a protection. */
export const reason = text({ expects: 'the reason, in a few words', charactersMax: 500 });

export const userName = text({
  expects: 'a user name such as www-data',
  pattern: '^[a-z_][a-z0-9_.-]{0,31}$',
});

const daySeconds = 24 * 3600;
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: daySeconds };

export interface TimeRules {
  readonly example: string;
  /** `0` says that there is none; default: not allowed. */
  readonly zero?: boolean;
  readonly daysMax: number;
}

/** `90`, `90s`, `15m`, `2h`, `7d`; in seconds. */
export function time(rules: TimeRules): Shape<number> {
  const [least, secondsMax] = [rules.zero === true ? 0 : 1, rules.daysMax * daySeconds];
  const expects = `a time such as ${rules.example}`;
  return {
    expects,
    schema: {
      anyOf: [
        { type: 'integer', minimum: least, maximum: secondsMax },
        { type: 'string', pattern: '^[0-9]{1,6}[smhd]?$' },
      ],
    },
    read: (tree, at) => {
      const source = tree.kind !== 'scalar' ? '' : String(tree.value);
      const [, digits, unit = ''] = /^([0-9]{1,8}?)([smhd]?)$/.exec(source) ?? [];
      const seconds = Number(digits ?? NaN) * (unitSeconds[unit] ?? 1);
      if (seconds >= least && seconds <= secondsMax) return seconds;
      const bounds = least === 0 ? '' : 'at least a second and ';
      return refuse(at, `must be ${expects}, ${bounds}at most ${rules.daysMax} days`);
    },
  };
}

export const duration = time({ example: '90s, 15m or 2h', daysMax: 7 });

export const commandSeconds = 600;

export interface ShellRules {
  readonly role: MarkRole;
  readonly allowed?: readonly string[];
}

const anywhere = shellPlaceholders.filter((name) => name !== 'entry');

/** The user's own shell text. Only known placeholders, and none inside quotes. */
export function shell(rules: ShellRules): Shape<string> {
  const raw = text({ expects: 'a shell command', lines: true, charactersMax: 64 * 1024 });
  const allowed = rules.allowed ?? anywhere;
  return marked(rules.role, mapped(withPlaceholders(raw, { allowed }), (value, at) => {
    const quoted = quotedPlaceholders(value);
    if (quoted.length === 0) return value;
    return refuse(at, `has {${quoted.join('}, {')}} inside shell quotes`,
      'Take it out of the quotes: Seatrial quotes the value itself. '
      + `For the literal text write {{${quoted[0] ?? ''}}}.`);
  }));
}

/** Refuses placeholders that are not in `allowed`. */
export function withPlaceholders(
  shape: Shape<string>, rules: { allowed: readonly string[]; kind?: PlaceholderText },
): Shape<string> {
  return mapped(shape, (value, at) => {
    const unknown = placeholdersOf(value, rules.kind)
      .filter((name) => rules.kind !== 'url' || !/^[A-Z]/.test(name))
      .filter((name) => !rules.allowed.includes(name));
    if (unknown[0] === undefined) return value;
    const hint = rules.allowed.length === 0 ? 'There are no placeholders here.'
      : didYouMean(unknown[0], rules.allowed);
    return refuse(at, `uses {${unknown.join('}, {')}}, which is no placeholder here`,
      `${hint} For the literal text write {{${unknown[0]}}}.`);
  });
}

const ownUser = 'User that runs it: the connection is root, or this user itself.';

/** Keys of a user's command, for sections that add their own. */
export function commandFields(rules: ShellRules): Fields<CommandKeys> {
  return {
    run: required(shell(rules), 'Shell text, given to /bin/sh on the host.'),
    user: optional(userName, ownUser),
    timeout: defaulted(duration, 'After this time the command has failed.', commandSeconds),
  };
}

export interface CommandKeys {
  readonly run: string;
  readonly user: string | undefined;
  readonly timeout: number;
}

export function commandOf({ run, user, timeout }: CommandKeys): UserCommand {
  return { run, user, timeoutSeconds: timeout };
}

/** A string, or `{ run, user, timeout }`. */
export function userCommand(rules: ShellRules): Shape<UserCommand> {
  const expects = 'a shell command, or { run, user, timeout }';
  return forms<UserCommand>({
    expects,
    scalar: mapped(shell(rules), (run) => plainCommand(run)),
    map: mapped(object(commandFields(rules), { expects }), commandOf),
  });
}

export function plainCommand(run: string): UserCommand {
  return { run, user: undefined, timeoutSeconds: commandSeconds };
}

export function count(max: number, min = 1): Shape<number> {
  return integer({ expects: 'a number', min, max });
}
