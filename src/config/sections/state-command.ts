import type { CopyFrom, StateConfig, UserCommand } from '../config.ts';
import { placeholdersOf } from '../placeholders.ts';
import { object, optional, required } from '../shape/object.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { filesFrom } from './copy-from.ts';
import { copyFromField, stateName } from './state-common.ts';
import { userCommand } from './values.ts';

interface CommandKeys {
  readonly command: string;
  readonly copy: UserCommand;
  readonly verify: UserCommand;
  readonly restore: UserCommand;
  readonly describe: UserCommand | undefined;
  readonly 'copy-from': CopyFrom;
}

/** A command that names no {copy} works somewhere else than on the copy. */
export const onCopy: Shape<UserCommand> = mapped(
  userCommand({ role: 'shell', allowed: ['copy'] }), (it, at) =>
    (placeholdersOf(it.run).includes('copy') ? it
      : refuse(at, 'must contain {copy}',
        '{copy} stands for the place of the copy; Seatrial quotes it.')));

export const commandState: Shape<StateConfig> = mapped(object<CommandKeys>({
  command: required(stateName, 'Name of state of a kind of your own.'),
  copy: required(onCopy, 'Writes a copy of one instant to the empty directory {copy}; only reads.'),
  verify: required(onCopy, 'Exit 0: {copy} opens and is whole.'),
  restore: required(onCopy, 'Makes the state equal to {copy}; safe to repeat.'),
  describe: optional(onCopy,
    'Prints `name TAB value` lines of {copy}, the same for equal content.'),
  'copy-from': copyFromField(filesFrom),
}, { expects: 'the keys command, copy, verify, restore, describe, copy-from' }),
({ command: name, 'copy-from': copyFrom, ...it }) => ({ kind: 'command', name, copyFrom, ...it }));
