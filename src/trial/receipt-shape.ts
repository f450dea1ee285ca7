import { z } from 'zod';

/**
 * The shape of a receipt; docs/receipt.md says what each field is for. Further fields are let
 * through, as in-toto asks of consumers; a field that changes its meaning changes the type's URI.
 */
export const statementType = 'https://in-toto.io/Statement/v1';
export const predicateType = 'https://seatrial.dev/attestation/rehearsal/v1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.object({ sha256: sha256.describe('In hexadecimal.') });
const count = z.int().min(0);
const seconds = z.number().min(0);
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/);
const text = z.string();
const schema = z.record(z.string(), text)
  .describe('Digest of the schema by name of the state; states without one are absent.');

const trial = z.object({
  verdict: z.enum(['pass', 'fail', 'not-tried']).describe('How it ended.'),
  text: text.describe('Why, for people.'),
});

const release = z.object({
  application: z.string().min(1).describe('What is released.'),
  version: z.string().min(1).describe('Version of the release.'),
  archive: z.string().min(1).describe('File name of the tarball.'),
  sha256: sha256.describe('The tarball, in hexadecimal; the subject says the same.'),
});

const production = z.object({
  host: z.string().min(1).describe('As the host names itself.'),
  machine: text.describe('Identity of the machine; empty where it has none.'),
  installed: z.object({
    sha256: z.union([sha256, z.literal('none')]).describe('The record of what is installed.'),
    version: z.string().nullable().describe('Version that production ran; null: none.'),
  }).describe('What production ran when it was rehearsed for.'),
  schema,
  plan: digest.describe('Production\'s plan as it was shown to the approver.'),
});

const copied = z.object({
  state: text.describe('Name of the state in the configuration.'),
  kind: text.describe('Its kind: postgres, directory, ...'),
  copiedAt: text.describe('The instant that the data is of, ISO 8601 in UTC.'),
  takenFrom: z.enum(['live', 'last-saved', 'backup', 'standby']).describe('Where it came from.'),
  bytes: count.describe('Size of the copy.'),
  masked: z.boolean().describe('It was masked before anything could use it.'),
  reused: z.boolean().describe('It was on staging already, and fresh enough.'),
});

const step = z.object({
  id: text.describe('The step in the plan.'),
  title: text.describe('The step in words.'),
  phase: z.enum(['prepare', 'window', 'trial', 'undo']).describe('When it ran.'),
  seconds: seconds.describe('How long it took on staging.'),
});

const check = z.object({
  title: text.describe('The check in words.'),
  when: z.enum(['baseline', 'new', 'second-start', 'old-code', 'undone'])
    .describe('What it looked at.'),
  verdict: z.enum(['pass', 'fail', 'no-verdict']).describe('What it said at last.'),
  text: text.describe('Why, for people.'),
});

const accepted = z.object({
  state: text.describe('Name of the state.'),
  object: text.describe('Name of the table, column, file, ...'),
  kind: text.describe('What happened to it: dropped, rows-lost, ...'),
  reason: text.describe('Why it may be so, as the configuration says.'),
});

const differences = z.object({
  refused: count.describe('Differences that nobody accepted.'),
  told: count.describe('What was added, and changes that can lose nothing.'),
  accepted: z.array(accepted).describe('The first 200 that the configuration accepts.'),
});

const undo = z.object({
  equal: z.boolean().describe('After going back, all was as it had been copied.'),
  seconds: seconds.describe('How long going back took on staging.'),
});

const forecast = z.object({
  low: seconds.describe('Shortest window expected in production, in seconds.'),
  high: seconds.describe('Longest one.'),
  budget: seconds.nullable().describe('What is allowed; null: not limited.'),
});

export const predicateSchema = z.object({
  tool: z.object({
    name: z.literal('seatrial').describe('Always this.'),
    version: text.describe('Version of Seatrial that rehearsed.'),
  }).describe('What made the receipt.'),
  verdict: z.enum(['passed', 'refused']).describe('Only a passed rehearsal can be deployed by.'),
  reasons: z.array(text).describe('Why it was refused, a sentence each.'),
  startedAt: time.describe('Begin of the rehearsal, ISO 8601 in UTC.'),
  endedAt: time.describe('Its end; the age of the receipt counts from here.'),
  release: release.describe('What was rehearsed.'),
  configuration: digest.describe('The configuration without the addresses of hosts.'),
  procedure: digest.describe('The steps, bound to no host.'),
  production: production.describe('The production that it was rehearsed for.'),
  staging: z.object({
    host: text.describe('As the host names itself.'),
    machine: text.describe('Identity of the machine; empty where it has none.'),
    schema,
  }).describe('Where it was rehearsed.'),
  data: z.array(copied).describe('The copy of production\'s state.'),
  isolation: z.object({
    kind: z.enum(['network', 'commands', 'none']).describe('How the copy was kept from outside.'),
    reason: z.string().nullable().describe('Why not at all; else null.'),
    proven: z.array(text).describe('What was tried and could not be reached.'),
  }).describe('What kept the copy from reaching out.'),
  parity: z.unknown().describe('Snapshot of how far staging\'s system equals production\'s.'),
  timings: z.object({
    windowSeconds: seconds.nullable().describe('The window on staging; null: not reached.'),
    steps: z.array(step).describe('Each step that was done or undone.'),
  }).describe('How long it took.'),
  checks: z.array(check).describe('Verdicts on the baseline and on the new release.'),
  differences: differences.describe('What the release did to the data.'),
  secondStart: trial.describe('Stopped and started once more.'),
  migrateTwice: trial.describe('Migrated once more, to no change.'),
  undo: undo.nullable().describe('Going back; null: nothing was done that had to be undone.'),
  codeOnlyRollback: z.object({
    verdict: z.enum(['safe', 'unsafe', 'unknown']).describe('Whether old code met new data well.'),
    text: text.describe('Why, for people.'),
  }).describe('Whether the code alone can go back after users are in.'),
  forecast: forecast.nullable().describe('Production\'s window; null: not forecast.'),
  cannotRehearse: z.array(text).describe('What staging could not do as production will.'),
  checksum: digest.describe('Of the canonical JSON of the predicate without this field.'),
});

export const statementSchema = z.object({
  _type: z.literal(statementType).describe('The statement\'s type.'),
  subject: z.array(z.object({
    name: text.describe('File name of the tarball.'),
    digest,
  })).min(1).max(16).describe('The tarball that was rehearsed.'),
  predicateType: z.literal(predicateType).describe('The type of the predicate.'),
  predicate: predicateSchema.describe('What the rehearsal proved.'),
});

export type Statement = z.infer<typeof statementSchema>;
export type Predicate = z.infer<typeof predicateSchema>;

/** The published schema (schema/rehearsal-receipt.schema.json). */
export function receiptJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(statementSchema, { target: 'draft-2020-12', io: 'input' }),
    title: 'Receipt of a rehearsal',
    description: 'An in-toto statement about one rehearsal; docs/receipt.md says more.',
  };
}
