import type { InstallConfig, ReplacedPath, UserCommand } from '../config.ts';
import { later } from '../later.ts';
import { forms, list } from '../shape/collections.ts';
import { defaulted, object, optional, required, variants, type Fields } from '../shape/object.ts';
import { choice, text } from '../shape/scalars.ts';
import { mapped, marked, type Shape } from '../shape/shape.ts';
import {
  absolutePath, commandFields, commandOf, plainCommand, relativePath, shell, userCommand,
  type CommandKeys,
} from './values.ts';

const role = { role: 'shell' } as const;

interface MigrateKeys extends CommandKeys {
  readonly phase: 'window';
}

const migrateKeys = object<MigrateKeys>({
  ...commandFields(role),
  phase: defaulted(choice(['window'], later.migratePhase), 'When it runs.', 'window'),
}, { expects: 'the keys run, user, timeout, phase', later: later.migrate });

const migration = forms<UserCommand>({
  expects: 'a shell command, or { run, user, timeout, phase }',
  scalar: mapped(shell(role), plainCommand),
  map: mapped(migrateKeys, commandOf),
});

const migrate: Shape<readonly UserCommand[]> = forms<readonly UserCommand[]>({
  expects: 'a shell command, { run, user, timeout, phase }, or a list of these',
  scalar: mapped(migration, (it) => [it]),
  map: mapped(migration, (it) => [it]),
  list: list(migration, { expects: 'a list of commands' }),
});

/** Keys that both kinds of installation have. */
interface SharedKeys {
  readonly run: UserCommand | undefined;
  readonly migrate: readonly UserCommand[];
}

const sharedName = marked('shared', text({
  expects: 'a simple name such as uploads or .env',
  pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._@+][A-Za-z0-9._@+-]{0,254}$',
  fix: 'Name a file or a directory directly in shared/; a path is not possible.',
}));

interface ReleasesKeys extends SharedKeys {
  readonly directory: string;
  readonly shared: readonly string[];
}

const migrateField: Fields<SharedKeys>['migrate'] = defaulted<readonly UserCommand[]>(migrate,
  'Commands that change the state for this release, in the window, each at most once.', []);

const releases: Shape<InstallConfig> = mapped(object<ReleasesKeys>({
  directory: required(marked('directory', absolutePath),
    'Holds releases/, shared/ and the link current.'),
  shared: defaulted<readonly string[]>(
    list(sharedName, { expects: 'a list of names', unique: true }),
    'Names in shared/ that are linked into each release.', []),
  run: optional(userCommand(role),
    'Runs in the new release before the window, at most once: a build on the host, say.'),
  migrate: migrateField,
}, { expects: 'the keys directory, shared, run, migrate', later: later.install }),
(it) => ({ kind: 'releases', ...it }));

const replacedKeys = object<ReplacedPath>({
  path: required(marked('replaces', absolutePath), 'Path on the host that the release takes over.'),
  from: optional(relativePath,
    'Path in the release that takes its place; without it, `run` writes.'),
}, { expects: 'the keys path, from' });

const replaced = forms<ReplacedPath>({
  expects: 'a path, or { path, from }',
  scalar: mapped(marked('replaces', absolutePath), (path) => ({ path, from: undefined })),
  map: replacedKeys,
});

/** Somebody has to write a path that has no `from`. */
const unwritten = mapped(replaced, (it, at) => {
  if (it.from === undefined) {
    at.report.mark({ role: 'replaces-unwritten', value: it.path, ...at });
  }
  return it;
});

interface InPlaceKeys extends SharedKeys {
  readonly replaces: readonly ReplacedPath[];
}

const installRun = mapped(userCommand(role), (it, at) => {
  at.report.mark({ role: 'install-run', value: it.run, ...at });
  return it;
});

const inPlace: Shape<InstallConfig> = mapped(object<InPlaceKeys>({
  replaces: required(list(unwritten, { expects: 'a list of paths', min: 1 }),
    'Everything on the host that installing writes; undo puts these paths back.'),
  run: optional(installRun,
    'Runs in the unpacked release inside the window, at most once; writes over `replaces`.'),
  migrate: migrateField,
}, { expects: 'the keys replaces, run, migrate', later: later.install }),
(it) => ({ kind: 'in-place', ...it }));

export const install: Shape<InstallConfig> = variants<InstallConfig>([
  { keys: ['directory', 'shared', 'run', 'migrate'], shape: releases },
  { keys: ['replaces', 'run', 'migrate'], shape: inPlace },
], {
  expects: '{ directory, shared, run, migrate } or { replaces, run, migrate }',
  fix: 'Take `directory` for releases beside each other, `replaces` for fixed paths.',
  later: later.install,
});
