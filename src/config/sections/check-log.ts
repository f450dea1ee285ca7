import type { LogCheck } from '../config.ts';
import { extendedRegexFault } from '../regexes.ts';
import { forms, list } from '../shape/collections.ts';
import { defaulted, object, required } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, type Shape } from '../shape/shape.ts';
import { absolutePath } from './values.ts';

/** What programs in many languages write when something has gone wrong. */
const badLines: readonly string[] = [
  'Traceback', 'Exception', 'ERROR', 'FATAL', 'CRITICAL', 'panic:',
];

const regex = text({
  expects: 'an extended regular expression', charactersMax: 1000, fault: extendedRegexFault,
});

interface LogKeys {
  readonly file: string;
  readonly new: readonly string[];
  readonly allow: readonly string[];
}

const keys = object<LogKeys>({
  file: required(absolutePath, 'Log file on the host.'),
  new: defaulted(list(regex, { expects: 'a list of regular expressions', min: 1 }),
    'Extended regular expressions that no new line may match.', badLines),
  allow: defaulted<readonly string[]>(list(regex, { expects: 'a list of regular expressions' }),
    'Extended regular expressions of lines that are allowed after all.', []),
}, { expects: 'the keys file, new, allow' });

export const logCheck: Shape<LogCheck> = forms<LogCheck>({
  expects: 'a path, or { file, new, allow }',
  scalar: mapped(absolutePath, (file) => ({ kind: 'log', file, bad: badLines, allow: [] })),
  map: mapped(keys, (it) => ({ kind: 'log', file: it.file, bad: it.new, allow: it.allow })),
});
