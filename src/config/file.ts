import type { Config } from './config.ts';
import { later } from './later.ts';
import { accept } from './sections/accept.ts';
import { approval } from './sections/approval.ts';
import { checks, checksFix } from './sections/checks.ts';
import { copy, copyDefaults } from './sections/copy.ts';
import { hosts } from './sections/hosts.ts';
import { install } from './sections/install.ts';
import {
  budget, keep, keepDefaults, observe, observeDefaults, receipt, receiptSeconds,
} from './sections/limits.ts';
import { maintenance, maintenanceFix } from './sections/maintenance.ts';
import { mask } from './sections/mask.ts';
import { packaging } from './sections/package.ts';
import { parity, parityDefaults } from './sections/parity.ts';
import { service } from './sections/service.ts';
import { staging, stagingDefaults } from './sections/staging.ts';
import { state } from './sections/state.ts';
import { absolutePath } from './sections/values.ts';
import {
  defaulted, object, optional, required, type Field, type Fields,
} from './shape/object.ts';
import { text } from './shape/scalars.ts';
import { mapped, marked, type JsonSchema, type Shape } from './shape/shape.ts';

type Renamed = 'digest' | 'services' | 'records' | 'budgetSeconds' | 'receiptSeconds';

/** The keys of the file: everything that Config has but the digest, under the names of the file. */
type FileKeys = Omit<Config, Renamed> & {
  readonly service: Config['services'];
  readonly records: string | undefined;
  readonly budget: number | undefined;
  readonly receipt: number;
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
  staging: rehearsed(staging, 'How a copy of production lives on staging.', stagingDefaults),
  copy: rehearsed(copy, 'How the copy travels, and how long it stays.', copyDefaults),
  mask: rehearsed(mask, 'What makes the copy harmless to show.', []),
  parity: rehearsed(parity, 'What staging must have in common with production.', parityDefaults),
  accept: rehearsed(accept, 'Differences of the data that a rehearsal may find.', []),
  budget: rehearsed<number | undefined>(budget,
    'Longest window that a rehearsal may forecast; default: not limited.', undefined),
  receipt: rehearsed(receipt, 'How long a rehearsal counts.', receiptSeconds),
  approval: optional(approval, 'Who lets production be deployed to; default: in a job the ' +
    'reviewers of its environment, at a terminal a question.'),
};

/** A section that means something for rehearsals only: the rules ask for a staging host. */
function rehearsed<T>(shape: Shape<T>, description: string, value: T): Field<T> {
  const noted = mapped(shape, (it, at) => {
    at.report.mark({ role: 'needs-staging', value: at.path, path: at.path, place: at.place });
    return it;
  });
  return { shape: noted, text: description, absent: { kind: 'default', value } };
}

const keys = object<FileKeys>(fields, { expects: 'a map of keys', later: later.file });

export const configFile: Shape<Omit<Config, 'digest'>> = mapped(keys,
  ({ service: services, records, budget: budgetSeconds, receipt: expires, ...it }) => ({
    ...it, services, records: records ?? recordsDefault(it.application), budgetSeconds,
    receiptSeconds: expires,
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
