import type { StateConfig } from '../config.ts';
import { list } from '../shape/collections.ts';
import { defaulted, object, optional, required } from '../shape/object.ts';
import { mapped, marked, type Shape } from '../shape/shape.ts';
import { filesFrom } from './copy-from.ts';
import { commonFields, commonOf, excludeGlob, type CommonKeys } from './state-common.ts';
import { absolutePath, relativeGlob } from './values.ts';

const path = marked('state', absolutePath);
const common = commonFields(filesFrom);

interface DirectoryKeys extends CommonKeys {
  readonly directory: string;
  readonly exclude: readonly string[];
}

const exclude = list(excludeGlob(relativeGlob('the directory', '*.pid')),
  { expects: 'a list of globs', unique: true });

export const directoryState: Shape<StateConfig> = mapped(object<DirectoryKeys>({
  directory: required(path, 'A directory: all files below it.'),
  exclude: defaulted<readonly string[]>(exclude,
    'Globs below it that are no state (a pid file, a cache): never copied.', []),
  ...common,
}, { expects: 'the keys directory, exclude, name, copy-from' }), (it) => ({
  kind: 'directory', path: it.directory, exclude: it.exclude, ...commonOf(it),
}));

export const sqliteState: Shape<StateConfig> = mapped(
  object<CommonKeys & { readonly sqlite: string }>({
    sqlite: required(path, 'An SQLite database file, with its -wal and -journal.'),
    ...common,
  }, { expects: 'the keys sqlite, name, copy-from' }),
  (it) => ({ kind: 'sqlite', path: it.sqlite, ...commonOf(it) }));

interface ZodbKeys extends CommonKeys {
  readonly zodb: string;
  readonly blobs: string | undefined;
  readonly archive: string | undefined;
}

export const zodbState: Shape<StateConfig> = mapped(object<ZodbKeys>({
  zodb: required(path, 'A ZODB FileStorage, with its .index.'),
  blobs: optional(path, 'Directory of its blobs.'),
  archive: optional(path,
    'Directory of files that the database refers to; copied after it.'),
  ...common,
}, { expects: 'the keys zodb, blobs, archive, name, copy-from' }), (it) => ({
  kind: 'zodb', path: it.zodb, blobs: it.blobs, archive: it.archive, ...commonOf(it),
}));
