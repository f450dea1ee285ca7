import type { MaskConfig, UserCommand } from '../config.ts';
import { list } from '../shape/collections.ts';
import { object, required, variants, type Field } from '../shape/object.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { onCopy } from './state-command.ts';
import { namedState } from './state-common.ts';
import { relativePath } from './values.ts';

function stateField(by: MaskConfig['with']['kind']): Field<string> {
  return required(namedState({ role: 'masked', detail: by }), 'Name of the state that is masked.');
}

const sql: Shape<MaskConfig> = mapped(object<{ state: string; sql: string }>({
  sql: required(relativePath, 'File of SQL beside this file, run in the copy.'),
  state: stateField('sql'),
}, { expects: 'the keys state, sql' }), (it) =>
  ({ state: it.state, with: { kind: 'sql', file: it.sql } }));

const run: Shape<MaskConfig> = mapped(object<{ state: string; run: UserCommand }>({
  run: required(onCopy,
    'Command on staging; {copy} is the path of the copy, or the name of its database.'),
  state: stateField('command'),
}, { expects: 'the keys state, run' }), (it) =>
  ({ state: it.state, with: { kind: 'command', run: it.run } }));

const greenmask: Shape<MaskConfig> = mapped(object<{ state: string; greenmask: string }>({
  greenmask: required(relativePath, 'Configuration of Greenmask beside this file.'),
  state: stateField('greenmask'),
}, { expects: 'the keys state, greenmask' }), (it) =>
  ({ state: it.state, with: { kind: 'greenmask', file: it.greenmask } }));

/** What makes the copy harmless to show, in this order. */
export const mask: Shape<readonly MaskConfig[]> = list(variants<MaskConfig>([
  { keys: ['sql', 'state'], shape: sql },
  { keys: ['run', 'state'], shape: run },
  { keys: ['greenmask', 'state'], shape: greenmask },
], {
  expects: '{ state, sql }, { state, run } or { state, greenmask }',
  fix: 'For example: mask: [{ state: guestbook, sql: staging/mask.sql }].',
}), { expects: 'a list of { state, sql }, { state, run } or { state, greenmask }' });
