import type { HttpCheck } from '../config.ts';
import { forms, oneOrMore } from '../shape/collections.ts';
import { defaulted, object, optional, required } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, marked, refuse, type Shape } from '../shape/shape.ts';
import type { Tree } from '../tree.ts';
import { duration, withPlaceholders } from './values.ts';

type StatusRange = readonly [number, number];

export const checkSeconds = 10;
const anyGood: readonly StatusRange[] = [[200, 399]];

/** A URL for checks. It stands in argument lists, so it may not hold a password. */
export function checkUrl(placeholders: readonly string[]): Shape<string> {
  const plain = text({
    expects: 'a URL such as http://localhost:8080/health',
    pattern: '^https?://[^\\s"\'`\\\\<>]+$',
    fault: urlFault,
  });
  return marked('check-url', withPlaceholders(plain, { allowed: placeholders, kind: 'url' }));
}

function urlFault(value: string): string | undefined {
  if (!/^https?:\/\//.test(value)) return undefined;
  const filled = value.replace(/\{[A-Za-z][\w-]*\}/g, '1');
  if (!URL.canParse(filled)) return 'is no URL that can be asked';
  const url = new URL(filled);
  return url.username !== '' || url.password !== ''
    ? 'must not hold a user or a password: it is seen in process lists' : undefined;
}

const status: Shape<StatusRange> = {
  expects: 'a status such as 200, or a range such as 200-299',
  schema: {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: '^[1-5][0-9]{2}(?:-[1-5][0-9]{2})?$' },
    ],
  },
  read: (tree, at) => statusOf(tree)
    ?? refuse(at, `must be ${status.expects}, between 100 and 599`),
};

function statusOf(tree: Tree): StatusRange | undefined {
  const source = tree.kind === 'scalar' ? String(tree.value) : '';
  const [, from, to] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(source) ?? [];
  const range = [Number(from), Number(to ?? from)] as const;
  return range[0] <= range[1] ? range : undefined;
}

interface HttpKeys {
  readonly url: string;
  readonly status: readonly StatusRange[];
  readonly contains: string | undefined;
  readonly timeout: number;
}

const url = checkUrl([]);

const keys = object<HttpKeys>({
  url: required(url, 'Asked on the host. {PORT} is the variable of `maintenance.private`.'),
  status: {
    shape: oneOrMore(status, { expects: 'a list of statuses', min: 1 }),
    text: 'Statuses that pass: 200, 200-299, or a list.',
    absent: { kind: 'default', value: anyGood, shown: '200-399' },
  },
  contains: optional(text({ expects: 'a text in one line' }), 'Text that the answer must contain.'),
  timeout: defaulted(duration, 'After this time there is no verdict.', checkSeconds),
}, { expects: 'the keys url, status, contains, timeout' });

export const httpCheck: Shape<HttpCheck> = forms<HttpCheck>({
  expects: 'a URL, or { url, status, contains, timeout }',
  scalar: mapped(url, (it) => ({
    kind: 'http', url: it, status: anyGood, contains: undefined, timeoutSeconds: checkSeconds,
  })),
  map: mapped(keys, ({ timeout, ...it }) => ({ kind: 'http', ...it, timeoutSeconds: timeout })),
});

