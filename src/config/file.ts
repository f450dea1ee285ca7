import type { Config } from './config.ts';
import { later } from './later.ts';
import { checks, checksFix } from './sections/checks.ts';
import { hosts } from './sections/hosts.ts';
import { install } from './sections/install.ts';
import { keep, keepDefaults, observe, observeDefaults } from './sections/limits.ts';
import { maintenance, maintenanceFix } from './sections/maintenance.ts';
import { packaging } from './sections/package.ts';
import { service } from './sections/service.ts';
import { state } from './sections/state.ts';
import { absolutePath } from './sections/values.ts';
import { defaulted, object, optional, required, type Fields } from './shape/object.ts';
import { text } from './shape/scalars.ts';
import { mapped, marked, type JsonSchema, type Shape } from './shape/shape.ts';

/** The keys of the file; everything that Config has and the digest. */
type FileKeys = Omit<Config, 'digest' | 'services' | 'records' | keyof typeof rehearsalDefaults> & {
  readonly service: Config['services'];
  readonly records: string | undefined;
};

const rehearsalDefaults: Pick<Config, 'staging' | 'copy' | 'mask' | 'parity' | 'accept' |
  'budgetSeconds' | 'receiptSeconds'> = {
  staging: { overlay: undefined, sameHost: undefined, instead: [], writes: [],
    isolation: { kind: 'network', users: [], allow: [], unreachable: [] } },
  copy: { route: 'runner', freshForSeconds: 86_400, expiresSeconds: 604_800, rateMax: undefined },
  mask: [],
  parity: { items: [], files: [], classes: {
    architecture: 'fail', libc: 'fail', kernel: 'warn', distribution: 'warn', packages: 'warn',
    runtimes: 'fail', modules: 'fail', 'http-server': 'warn', database: 'fail', collation: 'fail',
    locale: 'warn', 'time-zone': 'warn', limits: 'warn', mounts: 'warn', configuration: 'warn',
    hardware: 'clock', identity: 'expected',
  } },
  accept: [],
  budgetSeconds: undefined,
  receiptSeconds: 604_800,
};

const application = marked('application', text({
  expects: 'a name such as guestbook',
  pattern: '^[a-z][a-z0-9-]{0,31}$',
  fix: 'Small letters, digits and -, a letter first, at most 32 characters.',
}));

const fields: Fields<FileKeys> = {
  application: required(application, 'What is released; names it everywhere.',
    'Write application: guestbook.'),
  package: optional(packaging, 'How a release is made from a tag.'),
  hosts: required(hosts, 'Where it is installed.',
    'Write hosts: { production: deploy@www.example.org }.'),
  records: optional(marked('records', absolutePath),
    'Directory of Seatrial on the host; default /var/lib/seatrial/<application>.'),
  install: required(install, 'How a release is installed on the host.',
    'Write install: { directory: /srv/guestbook }.'),
  service: required(service, 'What is stopped in the window.',
    'Write service: { systemd: guestbook }, or service: [] if nothing runs.'),
  maintenance: required(maintenance, 'How users are kept out in the window.', maintenanceFix),
  state: required(state, 'What must never be lost.',
    'List the directories and databases, or write state: [] if there are none.'),
  checks: required(checks, 'What shows that a release works.', checksFix),
  observe: {
    shape: observe,
    text: 'How often the checks must pass.',
    absent: { kind: 'default', value: observeDefaults },
  },
  keep: defaulted(keep, 'How much is kept on the host.', keepDefaults),
};

const keys = object<FileKeys>(fields, { expects: 'a map of keys', later: later.file });

export const configFile: Shape<Omit<Config, 'digest'>> = mapped(keys,
  ({ service: services, records, ...it }) => ({
    ...it, ...rehearsalDefaults, services, records: records ?? recordsDefault(it.application),
  }));

export function recordsDefault(application: string): string {
  return `/var/lib/seatrial/${application}`;
}

/** JSON Schema of `seatrial.yml`, draft 2020-12, for editors. */
export function jsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'seatrial.yml',
    description: 'How Seatrial releases an application. Rules that look across several keys are '
      + 'checked by Seatrial itself.',
    ...configFile.schema,
  };
}
