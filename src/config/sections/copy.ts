import type { CopyConfig } from '../config.ts';
import { defaulted, object, optional } from '../shape/object.ts';
import { choice, replying } from '../shape/scalars.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { time } from './values.ts';

export const copyDefaults: CopyConfig = {
  route: 'runner', freshForSeconds: 86_400, expiresSeconds: 604_800, rateMax: undefined,
};

const rateLeast = 1000;
const rateMost = 1e12;
const unitBytes: Readonly<Record<string, number>> = {
  k: 1e3, m: 1e6, g: 1e9, ki: 1024, mi: 1024 ** 2, gi: 1024 ** 3,
};

/** `10MB`, `512KiB`, `1.5GB/s`; in bytes a second. */
export const rate: Shape<number> = {
  expects: 'bytes a second such as 10MB or 512KiB',
  schema: { type: 'string', pattern: '^[0-9]{1,6}(?:\\.[0-9]{1,3})?[kKMG]i?B(?:/s)?$' },
  read: (tree, at) => {
    const source = tree.kind === 'scalar' ? String(tree.value) : '';
    const [, digits, unit = ''] =
      /^([0-9]{1,6}(?:\.[0-9]{1,3})?)([kKMG]i?)B(?:\/s)?$/.exec(source) ?? [];
    const bytes = Math.round(Number(digits ?? NaN) * (unitBytes[unit.toLowerCase()] ?? NaN));
    if (bytes >= rateLeast && bytes <= rateMost) return bytes;
    return refuse(at, `must be ${rate.expects}, at least 1kB`);
  },
};

interface CopyKeys {
  readonly route: CopyConfig['route'];
  readonly 'fresh-for': number;
  readonly expires: number;
  readonly rate: number | undefined;
}

const route = replying(choice(['runner', 'direct']), {
  backup: {
    message: '`backup` is no way for all of the state: each has a backup of its own',
    fix: 'Write copy-from: { backup: command } at the state, and leave `route` away.',
  },
});

export const copy: Shape<CopyConfig> = mapped(object<CopyKeys>({
  route: defaulted(route, 'How the bytes travel: through the runner, or from host to host.',
    copyDefaults.route),
  'fresh-for': defaulted(time({ example: '12h or 1d', zero: true, daysMax: 365 }),
    'A copy that is not older is taken again as it is; 0: always a fresh one.',
    copyDefaults.freshForSeconds),
  expires: defaulted(time({ example: '12h or 7d', daysMax: 365 }),
    'After this time the copy is removed from staging.', copyDefaults.expiresSeconds),
  rate: optional(rate, 'At most so many bytes a second; default: as fast as it goes.'),
}, { expects: 'the keys route, fresh-for, expires, rate' }), (it, at) => {
  if (it['fresh-for'] > it.expires) {
    return refuse(at, `takes a copy for fresh that is removed before: fresh-for is longer than `
      + `expires (${it.expires} s)`, 'Lower `fresh-for`, or raise `expires`.');
  }
  return { route: it.route, freshForSeconds: it['fresh-for'], expiresSeconds: it.expires,
    rateMax: it.rate };
});
