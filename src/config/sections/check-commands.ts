import type { CommandCheck, RecordsCheck, UserCommand } from '../config.ts';
import { placeholdersOf } from '../placeholders.ts';
import { forms, oneOrMore } from '../shape/collections.ts';
import { defaulted, object, optional, required } from '../shape/object.ts';
import { choice, integer, text, truth } from '../shape/scalars.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { checkSeconds, checkUrl } from './check-http.ts';
import {
  commandFields, commandOf, count, duration, plainCommand, shell, userCommand, type CommandKeys,
} from './values.ts';

const role = { role: 'check-shell' } as const;
/** EX_TEMPFAIL of sysexits.h. */
const unsureStatuses: readonly number[] = [75];
const recordsMax = 1000;

interface CheckKeys extends CommandKeys {
  readonly means: string | undefined;
  readonly unsure: readonly number[];
  readonly writes: boolean;
  readonly 'before-admission': boolean;
}

const status = integer({ expects: 'an exit status', min: 1, max: 125 });

const keys = object<CheckKeys>({
  ...commandFields(role),
  means: optional(text({ expects: 'a sentence' }), 'What a pass shows, for the report.'),
  unsure: defaulted(oneOrMore(status, { expects: 'a list of exit statuses' }),
    'Exit statuses that say: could not tell.', unsureStatuses),
  writes: defaulted(truth, 'It writes: it runs only after users were let in.', false),
  'before-admission': defaulted(truth,
    'It may write while users are still kept out; needs `writes: true`.', false),
}, { expects: 'the keys run, means, unsure, writes, before-admission, user, timeout' });

export const commandCheck: Shape<CommandCheck> = forms<CommandCheck>({
  expects: 'a shell command, or { run, means, unsure, writes, before-admission, user, timeout }',
  scalar: mapped(shell(role), (run) => ({
    kind: 'command', run: plainCommand(run), means: undefined, unsure: unsureStatuses,
    writes: false, beforeAdmission: false,
  })),
  map: mapped(keys, (it, at) => {
    if (it['before-admission'] && !it.writes) {
      return refuse(at, 'has `before-admission` without `writes: true`',
        'A check that does not write runs before admission anyway: remove `before-admission`.');
    }
    return {
      kind: 'command', run: commandOf(it), means: it.means, unsure: it.unsure,
      writes: it.writes, beforeAdmission: it['before-admission'],
    };
  }),
});

interface RecordsKeys {
  readonly ids: UserCommand;
  readonly each: string;
  readonly sample: number;
  readonly compare: 'status' | 'body';
  readonly timeout: number;
}

const each = mapped(checkUrl(['id']), (url, at) => {
  if (placeholdersOf(url, 'url').includes('id')) return url;
  return refuse(at, 'must contain {id}', 'For example: http://localhost:8080/records/{id}.');
});

export const recordsCheck: Shape<RecordsCheck> = mapped(object<RecordsKeys>({
  ids: required(userCommand(role), 'Prints one id a line, oldest first; must not write.'),
  each: required(each, 'URL of one record, with {id}.'),
  sample: defaulted(count(recordsMax), 'How many records are opened.', 20),
  compare: defaulted(choice(['status', 'body']),
    'status: the answer has the same status as before; body: the same bytes too.', 'status'),
  timeout: defaulted(duration, 'For each record: after this time there is no verdict.',
    checkSeconds),
}, { expects: 'the keys ids, each, sample, compare, timeout' }),
({ timeout, ...it }) => ({ kind: 'records', ...it, timeoutSeconds: timeout }));
