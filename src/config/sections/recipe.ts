import type { RecipeStep } from '../config.ts';
import { compileFault } from '../regexes.ts';
import { list, oneOrMore } from '../shape/collections.ts';
import { object, optional, required, variants } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';
import { relativePath, shell, withPlaceholders } from './values.ts';

const allowed = ['version'] as const;
const identifier = text({ expects: 'a name such as VERSION', pattern: '^[A-Za-z_][\\w.-]*$' });
const value = text({ expects: 'a text in one line' });

const copyKeys = object<{ from: readonly string[]; to: string }>({
  from: required(oneOrMore(relativePath, { expects: 'a list of paths', min: 1 }),
    'One path or several, relative to the top of the repository.'),
  to: required(relativePath, 'Path relative to `directory`; `.` is `directory` itself.'),
}, { expects: 'the keys from, to' });

const copy: Shape<RecipeStep> = mapped(object<{ copy: { from: readonly string[]; to: string } }>({
  copy: required(copyKeys, 'Copies files into the directory that is packed.'),
}, { expects: 'the key copy' }), (it) => ({ kind: 'copy', ...it.copy }));

interface SetKeys {
  readonly file: string;
  readonly variable: string | undefined;
  readonly argument: string | undefined;
  readonly pattern: string | undefined;
  readonly to: string;
}

const setKeys = object<SetKeys>({
  file: required(relativePath, 'File that is edited; the target must be in it exactly once.'),
  variable: optional(identifier, 'Name in `NAME = value`.'),
  argument: optional(identifier, 'Name in `name=value` of a call.'),
  pattern: optional(text({ expects: 'a regular expression', fault: compileFault }),
    'Regular expression (JavaScript) of the text that is replaced.'),
  to: required(withPlaceholders(value, { allowed }), 'New value; {version} is allowed.'),
}, { expects: 'the keys file, variable or argument or pattern, to' });

const set: Shape<RecipeStep> = mapped(object<{ set: RecipeStep }>({
  set: required(mapped(setKeys, setStep), 'Sets a value in a file.'),
}, { expects: 'the key set' }), (it) => it.set);

function setStep(it: SetKeys, at: At): RecipeStep | Invalid {
  const targets = (['variable', 'argument', 'pattern'] as const)
    .flatMap((target) => (it[target] === undefined ? [] : [{ target, name: it[target] }]));
  const [only, ...more] = targets;
  if (only === undefined || more.length > 0) {
    return refuse(at, `needs one of variable, argument, pattern, and has ${targets.length}`);
  }
  return { kind: 'set', file: it.file, ...only, to: it.to };
}

interface EnsureKeys {
  readonly file: string;
  readonly variable: string;
  readonly accept: readonly string[];
  readonly else: string | undefined;
}

const ensureKeys = object<EnsureKeys>({
  file: required(relativePath, 'File that is looked at.'),
  variable: required(identifier, 'Name in `NAME = value`.'),
  accept: required(oneOrMore(value, { expects: 'a list of values', min: 1 }),
    'Values that are good as they are.'),
  else: optional(withPlaceholders(value, { allowed }),
    'Value to set when it is none of these; without it, packaging fails.'),
}, { expects: 'the keys file, variable, accept, else' });

const ensure: Shape<RecipeStep> = mapped(object<{ ensure: EnsureKeys }>({
  ensure: required(ensureKeys, 'Makes sure that a variable has a good value.'),
}, { expects: 'the key ensure' }), ({ ensure: { else: otherwise, ...it } }) =>
  ({ kind: 'ensure', ...it, otherwise }));

const run: Shape<RecipeStep> = mapped(object<{ run: string }>({
  run: required(shell({ role: 'shell', allowed }), 'Shell text, run in `directory`.'),
}, { expects: 'the key run' }), (it) => ({ kind: 'run', run: it.run }));

export const recipe: Shape<readonly RecipeStep[]> = list(variants<RecipeStep>([
  { keys: ['copy'], shape: copy },
  { keys: ['set'], shape: set },
  { keys: ['ensure'], shape: ensure },
  { keys: ['run'], shape: run },
], { expects: 'one of { copy }, { set }, { ensure }, { run }' }), { expects: 'a list of edits' });
