import type { CopyFrom, UserCommand } from '../config.ts';
import { forms } from '../shape/collections.ts';
import { object, required, variants, type Variant } from '../shape/object.ts';
import { choice, replying } from '../shape/scalars.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { hostAndPort, type HostAndPort } from './address.ts';
import { userCommand } from './values.ts';

export const fromLive: CopyFrom = { kind: 'live' };

const word: Shape<CopyFrom> = mapped(replying(choice(['live', 'last-saved']), {
  backup: { message: 'names no command', fix: 'Write copy-from: { backup: command }.' },
  standby: { message: 'names no host', fix: 'Write copy-from: { standby: host:port }.' },
}), (kind) => ({ kind }));

/** There is no new release on production yet: no placeholder stands for anything. */
const backup: Shape<CopyFrom> = mapped(object<{ backup: UserCommand }>({
  backup: required(userCommand({ role: 'shell', allowed: [] }),
    'Command on production that writes a copy to its standard output; it only reads.'),
}, { expects: 'the key backup' }), (it) => ({ kind: 'backup', run: it.backup }));

const standby: Shape<CopyFrom> = mapped(object<{ standby: HostAndPort }>({
  standby: required(hostAndPort, 'Address of another server that has the same database.'),
}, { expects: 'the key standby' }), (it) => ({ kind: 'standby', ...it.standby }));

function copyFromOf(
  choices: readonly Variant<CopyFrom>[], expects: string,
): Shape<CopyFrom> {
  return forms({ expects, scalar: word, map: variants(choices, { expects }) });
}

const fromBackup: Variant<CopyFrom> = { keys: ['backup'], shape: backup };

/** Where a rehearsal takes files from. */
export const filesFrom = copyFromOf([fromBackup], 'live, last-saved or { backup: command }');

/** Where it takes a database from that a server holds. */
export const databaseFrom = copyFromOf([fromBackup, { keys: ['standby'], shape: standby }],
  'live, last-saved, { backup: command } or { standby: host:port }');
