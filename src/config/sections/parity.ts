import {
  parityClasses, type ParityClass, type ParityConfig, type ParityOverride, type ParityVerdict,
} from '../config.ts';
import { list } from '../shape/collections.ts';
import { defaulted, object, required, type Field } from '../shape/object.ts';
import { choice, replying, text, type Reply } from '../shape/scalars.ts';
import { mapped, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';
import { absoluteGlob, reason } from './values.ts';

export const parityDefaults: ParityConfig = {
  items: [], files: [], classes: {
    architecture: 'fail', libc: 'fail', kernel: 'warn', distribution: 'warn', packages: 'warn',
    runtimes: 'fail', modules: 'fail', 'http-server': 'warn', database: 'fail', collation: 'fail',
    locale: 'warn', 'time-zone': 'warn', limits: 'warn', mounts: 'warn', configuration: 'warn',
    hardware: 'clock', identity: 'expected',
  },
};

const verdicts = ['fail', 'warn', 'clock', 'expected'] as const satisfies ParityVerdict[];

/** Names that people know, and the class that they belong to. */
const familiar: Readonly<Record<string, ParityClass>> = {
  apache: 'http-server', nginx: 'http-server', python: 'runtimes', php: 'runtimes',
  node: 'runtimes', ruby: 'runtimes', java: 'runtimes', 'python-modules': 'modules',
  postgres: 'database', mysql: 'database', mariadb: 'database', glibc: 'libc',
  timezone: 'time-zone', encoding: 'collation', memory: 'hardware', cpu: 'hardware',
  hostname: 'identity',
};

const replies = Object.fromEntries(Object.entries(familiar).map(([word, of]): [string, Reply] =>
  [word, {
    message: `\`${word}\` is no class`,
    fix: `Write ${of}, its class; or name it in \`items\`, with a verdict and a reason.`,
  }]));

const classes = list(replying(choice(parityClasses), replies),
  { expects: 'a list of classes', unique: true });

function classesField(meaning: string): Field<readonly ParityClass[]> {
  return defaulted<readonly ParityClass[]>(classes, meaning, []);
}

const override = object<ParityOverride>({
  item: required(text({ expects: 'the name of an item, or a glob such as python3-*' }),
    'Glob of names, as the comparison prints them.'),
  verdict: required(choice(verdicts), 'What a difference means.'),
  reason: required(reason, 'Why; it is printed.'),
}, { expects: 'the keys item, verdict, reason' });

type ParityKeys = Readonly<Record<ParityVerdict, readonly ParityClass[]>> & {
  readonly items: readonly ParityOverride[];
  readonly files: readonly string[];
};

const keys = object<ParityKeys>({
  fail: classesField('Classes whose difference refuses.'),
  warn: classesField('Classes whose difference is told.'),
  clock: classesField('Classes whose difference only makes measured times doubtful.'),
  expected: classesField('Classes that are expected to differ.'),
  items: defaulted<readonly ParityOverride[]>(
    list(override, { expects: 'a list of { item, verdict, reason }' }),
    'Verdicts of single items, before the one of their class.', []),
  files: defaulted<readonly string[]>(list(absoluteGlob, { expects: 'a list of globs' }),
    'Configuration files to compare, besides those of packages.', []),
}, { expects: 'the keys fail, warn, clock, expected, items, files' });

export const parity: Shape<ParityConfig> = mapped(keys, ({ items, files, ...lists }, at) => {
  const given = verdicts.flatMap((verdict) =>
    lists[verdict].map((name) => [name, verdict] as const));
  return twice(given, at) ?? { items, files,
    classes: { ...parityDefaults.classes, ...Object.fromEntries(given) } };
});

function twice(
  given: readonly (readonly [ParityClass, ParityVerdict])[], at: At,
): Invalid | undefined {
  const found = given.find(([name], index) =>
    given.findIndex((it) => it[0] === name) < index);
  if (found === undefined) return undefined;
  const both = given.filter(([name]) => name === found[0]).map(([, verdict]) => verdict);
  return refuse(at, `has ${found[0]} in ${both.join(' and in ')}`, 'Keep one of them.');
}
