import type { StateConfig } from '../config.ts';
import { list } from '../shape/collections.ts';
import { variants } from '../shape/object.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { commandState } from './state-command.ts';
import { mysqlState, postgresState } from './state-databases.ts';
import { directoryState, sqliteState, zodbState } from './state-files.ts';

const nameCharactersMax = 64;
const common = ['name', 'copy-from'] as const;

const entry = mapped(variants<StateConfig>([
  { keys: ['directory', 'exclude', ...common], shape: directoryState },
  { keys: ['sqlite', ...common], shape: sqliteState },
  { keys: ['postgres', ...common], shape: postgresState },
  { keys: ['mysql', ...common], shape: mysqlState },
  { keys: ['zodb', 'blobs', 'archive', ...common], shape: zodbState },
  {
    keys: ['command', 'copy', 'verify', 'restore', 'describe', 'copy-from'], shape: commandState,
  },
], {
  expects: 'one of { directory }, { sqlite }, { postgres }, { mysql }, { zodb }, { command }',
}), (state, at) => {
  if (state.name !== '') {
    at.report.mark({ role: 'state-name', value: state.name, path: at.path, place: at.place });
  }
  return { state, at };
});

/** What must never be lost; each with a name of its own. */
export const state: Shape<readonly StateConfig[]> = mapped(list(entry, {
  expects: 'a list of { directory: /path }, { postgres: name } and others',
}), (entries) => {
  const taken = new Set(entries.map((it) => it.state.name));
  return entries.map(({ state: it, at }, index) => {
    const name = it.name === '' ? freeName(it, index, taken) : it.name;
    taken.add(name);
    at.report.mark({ role: 'named-state', value: name, detail: it.kind, path: at.path,
      place: at.place });
    return { ...it, name };
  });
});

/** The last part of the path, or the name of the database; with its number where it is taken. */
function freeName(state: StateConfig, index: number, taken: ReadonlySet<string>): string {
  const source = 'database' in state ? state.database
    : 'path' in state ? state.path.split('/').at(-1) ?? '' : state.kind;
  const plain = source.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '')
    .slice(0, nameCharactersMax - 8);
  const base = plain === '' ? state.kind : plain;
  const numbered = Array.from({ length: taken.size + 1 }, (_, it) => `${base}-${index + 1 + it}`);
  return [base, ...numbered].find((it) => !taken.has(it)) ?? base;
}
