import type { StateConfig } from '../config.ts';
import { later } from '../later.ts';
import { list } from '../shape/collections.ts';
import { object, required, variants } from '../shape/object.ts';
import { mapped, marked, type Shape } from '../shape/shape.ts';
import { absolutePath } from './values.ts';

const path = marked('state', absolutePath);

const directory: Shape<StateConfig> = mapped(
  object<{ directory: string }>({
    directory: required(path, 'A directory, kept whole: all files below it.'),
  }, { expects: 'the key directory', later: later.state }),
  (it) => ({ kind: 'directory', path: it.directory, name: it.directory, exclude: [],
    copyFrom: { kind: 'live' } }));

const sqlite: Shape<StateConfig> = mapped(
  object<{ sqlite: string }>({
    sqlite: required(path, 'An SQLite database file, with its -wal and -journal.'),
  }, { expects: 'the key sqlite', later: later.state }),
  (it) => ({ kind: 'sqlite', path: it.sqlite, name: it.sqlite, copyFrom: { kind: 'live' } }));

const entry = variants<StateConfig>([
  { keys: ['directory'], shape: directory },
  { keys: ['sqlite'], shape: sqlite },
], {
  expects: '{ directory: /path } or { sqlite: /path }',
  later: later.state,
});

export const state: Shape<readonly StateConfig[]> = list(entry, {
  expects: 'a list of { directory: /path } and { sqlite: /path }',
});
