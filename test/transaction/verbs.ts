import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync,
  writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { hostileTree } from './hostile-tree.ts';
import { lacksSqlite, makeDatabase } from './databases.ts';
import { run, write, type Box } from './sandbox.ts';

/** A verb with its undo, on a host that stands as it is recorded. */
export interface Scenario {
  readonly name: string;
  /** Makes `live` and what else the host has before the do. */
  readonly before: (box: Box) => void;
  readonly do: (box: Box) => string;
  readonly undo: (box: Box) => string;
  /** What the failed release does to the host after the do. */
  readonly between?: (box: Box) => void;
  /** That the do did what it is for: a line for each thing that is wrong. */
  readonly wrong: (box: Box) => string[];
  /** Names that may be left in the side directory after the undo. */
  readonly mayLeave?: RegExp;
  /** `live/state` has access lists and attributes. */
  readonly hasLists?: boolean;
}

export const live = (box: Box, ...names: string[]): string => join(box.root, 'live', ...names);
export const side = (box: Box): string => live(box, '.seatrial-fake');

function unless(holds: boolean, text: string): string[] {
  return holds ? [] : [text];
}

function sideHas(box: Box, name: string): string[] {
  return unless(existsSync(join(side(box), name)), `the side directory has no ${name}`);
}

const failedState = (box: Box): void => {
  writeFileSync(live(box, 'state', 'plain'), 'the failed release was here');
  writeFileSync(live(box, 'state', 'new file'), 'new');
};

const databaseKinds = lacksSqlite ? ['delete'] as const
  : ['delete', 'wal', 'hot-journal'] as const;

const states: Scenario[] = [
  {
    name: 'rescue_directory', hasLists: true,
    before: (box) => {
      mkdirSync(live(box, 'state'));
      hostileTree(live(box, 'state'));
    },
    do: (box) => `rescue_directory ${live(box, 'state')} state1 there`,
    undo: (box) => `restore_directory ${live(box, 'state')} state1`,
    between: failedState,
    wrong: (box) => sideHas(box, `rescue-${run}-state1`),
  },
  {
    name: 'rescue_directory at a first deployment, where there is no state',
    before: () => undefined,
    do: (box) => `rescue_directory ${live(box, 'state')} state1 first`,
    undo: (box) => `restore_directory ${live(box, 'state')} state1`,
    between: (box) => { write(live(box, 'state', 'made by the release'), 'x'); },
    wrong: (box) => unless(existsSync(join(box.runDirectory, 'no-state-state1')), 'no mark'),
  },
  ...databaseKinds.map((kind): Scenario => ({
    name: `rescue_sqlite (${kind})`,
    before: (box) => { makeDatabase(live(box, 'my data.db'), kind); },
    do: (box) => `rescue_sqlite '${live(box, 'my data.db')}' state1 there`,
    undo: (box) => `restore_sqlite '${live(box, 'my data.db')}' state1`,
    between: (box) => {
      for (const suffix of ['', '-wal', '-shm', '-journal']) {
        writeFileSync(live(box, `my data.db${suffix}`), 'written by the failed release');
      }
    },
    wrong: (box) => sideHas(box, `rescue-${run}-state1`),
  })),
  {
    name: 'rescue_sqlite at a first deployment',
    before: () => undefined,
    do: (box) => `rescue_sqlite ${live(box, 'data.db')} state1 first`,
    undo: (box) => `restore_sqlite ${live(box, 'data.db')} state1`,
    between: (box) => {
      for (const suffix of ['', '-wal']) writeFileSync(live(box, `data.db${suffix}`), 'first');
    },
    wrong: () => [],
  },
  {
    name: 'bring_directory, after its rescue',
    before: (box) => {
      mkdirSync(live(box, 'state'));
      hostileTree(live(box, 'state'));
      write(join(side(box), 'rescue-older-state1', 'old'), 'of the older release');
    },
    do: (box) => `rescue_directory ${live(box, 'state')} state1 there && bring_directory \
${live(box, 'state')} state1 ${join(side(box), 'rescue-older-state1')}`,
    undo: (box) => `unbring_directory ${live(box, 'state')} state1 && \
restore_directory ${live(box, 'state')} state1`,
    wrong: (box) => unless(existsSync(live(box, 'state', 'old')), 'the older state is not there'),
    mayLeave: /^rescue-older-state1$/,
  },
  {
    name: 'bring_sqlite, after its rescue',
    before: (box) => {
      makeDatabase(live(box, 'data.db'), lacksSqlite ? 'delete' : 'wal');
      mkdirSync(join(side(box), 'rescue-older-state1'), { recursive: true });
      makeDatabase(join(side(box), 'rescue-older-state1', 'database'), 'delete');
    },
    do: (box) => `rescue_sqlite ${live(box, 'data.db')} state1 there && bring_sqlite \
${live(box, 'data.db')} state1 ${join(side(box), 'rescue-older-state1')}`,
    undo: (box) => `unbring_sqlite ${live(box, 'data.db')} state1 && \
restore_sqlite ${live(box, 'data.db')} state1`,
    wrong: (box) => unless(readFileSync(live(box, 'data.db')).equals(
      readFileSync(join(side(box), 'rescue-older-state1', 'database'))), 'not the older database'),
    mayLeave: /^rescue-older-state1$/,
  },
];

const codeTree = (box: Box): void => {
  write(live(box, 'code', 'main'), 'old');
  write(live(box, 'code', 'lib', 'part'), 'old', 0o755);
};

const staged = (box: Box): void => {
  const path = write(join(box.root, 'release', 'code', 'main'), 'new', 0o640);
  if (process.getuid?.() === 0) chownSync(path, 12345, 54321);
};

const swapUndo = (box: Box): string =>
  `put_back ${live(box, 'code')} - code1 && unstage ${live(box, 'code')} - code1`;

const swap = (box: Box): string => `stage ${live(box, 'code')} ${join(box.root, 'release/code')} \
code1 && replace ${live(box, 'code')} - code1`;

/** A rollback stages what it kept: with the modes and the owners that root alone can give. */
const isNew = (box: Box): string[] => {
  const [staged, source] = [live(box, 'code', 'main'), join(box.root, 'release/code/main')]
    .map((path) => statSync(path));
  return [
    ...unless(readFileSync(live(box, 'code', 'main'), 'utf8') === 'new', 'not the new code'),
    ...unless(staged?.uid === source?.uid && staged?.mode === source?.mode,
      'another owner or mode'),
  ];
};

const installer = (box: Box): string => `copy_aside ${live(box, 'code')} - code1 && \
will_overwrite code1 && mkdir -p ${live(box, 'code')} &&
  echo overwritten >${live(box, 'code/main')}`;

const installerUndo = (box: Box): string =>
  `put_back ${live(box, 'code')} - code1 && drop_aside ${live(box, 'code')} - code1`;

const codes: Scenario[] = [
  {
    name: 'replace', before: (box) => { codeTree(box); staged(box); }, do: swap, undo: swapUndo,
    wrong: isNew,
  },
  { name: 'replace, where there was nothing', before: staged, do: swap, undo: swapUndo,
    wrong: isNew },
  {
    name: 'replace of a symbolic link by a tree',
    before: (box) => {
      staged(box);
      symlinkSync('/nonexistent/old code', live(box, 'code'));
    },
    do: swap, undo: swapUndo, wrong: isNew,
  },
  {
    name: 'an installer that writes over a path', before: codeTree, do: installer,
    undo: installerUndo,
    wrong: (box) => sideHas(box, `old-${run}-code1`),
  },
  { name: 'an installer that makes a path', before: () => undefined, do: installer,
    undo: installerUndo, wrong: () => [] },
  unpacking('unpack_release', () => undefined),
  unpacking('unpack_release of what was unpacked while it arrived', (box) => {
    write(join(box.runDirectory, 'unpacked/bin/start'), '#!/bin/sh\n', 0o755);
  }),
];

function unpacking(name: string, more: (box: Box) => void): Scenario {
  return {
    name,
    before: (box) => {
      write(join(box.root, 'pack/top/bin/start'), '#!/bin/sh\n', 0o755);
      spawnSync('tar', ['-czf', join(box.runDirectory, 'release.tar.gz'), '-C',
        join(box.root, 'pack'), 'top']);
      write(live(box, 'shared/uploads/one'), 'u');
      write(live(box, 'releases/1/bin/start'), 'old');
      more(box);
    },
    do: (box) => `unpack_release ${digestOf(join(box.runDirectory, 'release.tar.gz'))} \
${live(box, 'releases/2')} && \
link_shared ${live(box, 'releases/2')} ${live(box, 'shared')} uploads`,
    undo: (box) => `remove_unpacked ${live(box, 'releases/2')}`,
    wrong: (box) => unless(existsSync(live(box, 'releases/2/uploads/one')), 'no link to shared'),
  };
}

const links: Scenario[] = [
  {
    name: 'switch_link',
    before: (box) => { symlinkSync(live(box, 'releases/1'), live(box, 'current')); },
    do: (box) => `switch_link ${live(box, 'current')} ${live(box, 'releases/2')}`,
    undo: (box) => `switch_back ${live(box, 'current')} ${live(box, 'releases/1')}`,
    wrong: (box) => pointsTo(box, 'releases/2'),
  },
  {
    name: 'switch_link at a first deployment', before: () => undefined,
    do: (box) => `switch_link ${live(box, 'current')} ${live(box, 'releases/2')}`,
    undo: (box) => `switch_back ${live(box, 'current')} -`,
    wrong: (box) => pointsTo(box, 'releases/2'),
  },
  {
    name: 'switch_link with leftovers of a dead run',
    before: (box) => {
      mkdirSync(live(box, 'releases/1'), { recursive: true });
      symlinkSync(live(box, 'releases/1'), live(box, 'current'));
      for (const name of ['current.new', 'current.new-20250101T000000Z-dead00']) {
        symlinkSync(live(box, 'releases/1'), live(box, name));
      }
      // Of this very run, to a directory: a careless `ln -s` would put its link inside.
      symlinkSync(live(box, 'releases/1'), join(box.root, 'stale'));
    },
    do: (box) => `cp -d ${join(box.root, 'stale')} ${live(box, `current.new-${run}`)} && \
switch_link ${live(box, 'current')} ${live(box, 'releases/2')}`,
    undo: (box) => `switch_back ${live(box, 'current')} ${live(box, 'releases/1')}`,
    wrong: (box) => [...pointsTo(box, 'releases/2'),
      ...readdirSync(live(box, 'releases/1')).map((name) => `${name} stands in the old release`)],
  },
  {
    name: 'hide', before: (box) => { write(live(box, 'start'), '#!/bin/sh\n', 0o755); },
    do: (box) => `hide ${live(box, 'start')}`,
    undo: (box) => `unhide ${live(box, 'start')}`,
    wrong: (box) => unless(!existsSync(live(box, 'start')), 'the entry is still there'),
  },
  {
    name: 'hide of a dangling link',
    before: (box) => { symlinkSync('/nonexistent', live(box, 'start')); },
    do: (box) => `hide ${live(box, 'start')}`,
    undo: (box) => `unhide ${live(box, 'start')}`,
    wrong: (box) => unless(readdirSync(live(box)).includes('start.closed'), 'not hidden'),
  },
  {
    name: 'hide, and somebody puts another entry there',
    before: (box) => { write(live(box, 'start'), '#!/bin/sh\n', 0o755); },
    between: (box) => { write(live(box, 'start'), 'an intruder'); },
    do: (box) => `hide ${live(box, 'start')}`,
    undo: (box) => `unhide ${live(box, 'start')}`,
    wrong: () => [],
  },
  {
    name: 'the gate',
    before: (box) => { symlinkSync('.', live(box, 'gate')); },
    do: (box) => `BASE=${live(box)} RUN_STATE=${box.root}/none close_gate`,
    undo: (box) => `BASE=${live(box)} RUN_STATE=${box.root}/none open_gate`,
    wrong: (box) => unless(!existsSync(live(box, 'gate')), 'the gate still resolves'),
    mayLeave: /^$/,
  },
];

function pointsTo(box: Box, release: string): string[] {
  const target = spawnSync('readlink', [live(box, 'current')], { encoding: 'utf8' }).stdout.trim();
  return unless(target === live(box, release), `current points to ${target}`);
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

export const scenarios: readonly Scenario[] = [...states, ...codes, ...links];
