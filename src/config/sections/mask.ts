import type { MaskConfig, UserCommand } from '../config.ts';
import { list } from '../shape/collections.ts';
import { object, required, variants, type Field } from '../shape/object.ts';
import { mapped, type At, type Shape } from '../shape/shape.ts';
import { stateName } from './state-common.ts';
import { relativePath, userCommand } from './values.ts';

type With = MaskConfig['with'];

const stateField: Field<string> = required(stateName, 'Name of the state that is masked.');

function maskOf(state: string, by: With, at: At): MaskConfig {
  at.report.mark({ role: 'masked', value: state, detail: by.kind, path: at.path, place: at.place });
  return { state, with: by };
}

const sql: Shape<MaskConfig> = mapped(object<{ state: string; sql: string }>({
  sql: required(relativePath, 'File of SQL beside this file, run in the copy.'),
  state: stateField,
}, { expects: 'the keys state, sql' }), (it, at) =>
  maskOf(it.state, { kind: 'sql', file: it.sql }, at));

const run: Shape<MaskConfig> = mapped(object<{ state: string; run: UserCommand }>({
  run: required(userCommand({ role: 'shell', allowed: ['copy'] }),
    'Command on staging; {copy} is the path of the copy, or the name of its database.'),
  state: stateField,
}, { expects: 'the keys state, run' }), (it, at) =>
  maskOf(it.state, { kind: 'command', run: it.run }, at));

const greenmask: Shape<MaskConfig> = mapped(object<{ state: string; greenmask: string }>({
  greenmask: required(relativePath, 'Configuration of Greenmask beside this file.'),
  state: stateField,
}, { expects: 'the keys state, greenmask' }), (it, at) =>
  maskOf(it.state, { kind: 'greenmask', file: it.greenmask }, at));

/** What makes the copy harmless to show, in this order. */
export const mask: Shape<readonly MaskConfig[]> = list(variants<MaskConfig>([
  { keys: ['sql', 'state'], shape: sql },
  { keys: ['run', 'state'], shape: run },
  { keys: ['greenmask', 'state'], shape: greenmask },
], {
  expects: '{ state, sql }, { state, run } or { state, greenmask }',
  fix: 'For example: mask: [{ state: guestbook, sql: staging/mask.sql }].',
}), { expects: 'a list of { state, sql }, { state, run } or { state, greenmask }' });
