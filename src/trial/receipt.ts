import { createHash } from 'node:crypto';
import { canonicalJson, digestOf } from '../config/canonical.ts';
import { predicateType, statementSchema, statementType, type Predicate, type Statement }
  from './receipt-shape.ts';
import { isRefused, type Rehearsal, type Trial } from './rehearsal.ts';

export interface Made {
  /** File name of the tarball. */
  readonly archive: string;
  readonly toolVersion: string;
  /** Snapshot that drift is measured against later; any JSON. */
  readonly parity: unknown;
}

const acceptedMax = 200;

/**
 * The receipt of a rehearsal, whether it passed or not, as an in-toto statement (version 1,
 * github.com/in-toto/attestation). Pure; not signed.
 */
export function createReceipt(rehearsal: Rehearsal, made: Made): Statement {
  const open = { ...proven(rehearsal), ...bound(rehearsal, made) };
  const predicate: Predicate = { ...open, checksum: { sha256: checksumOf(open) } };
  const { archive, sha256 } = predicate.release;
  return statementSchema.parse({
    _type: statementType,
    subject: [{ name: archive, digest: { sha256 } }],
    predicateType,
    predicate,
  });
}

/** The bytes to be written and to be signed: canonical JSON, without a line's end. */
export function receiptText(statement: Statement): string {
  return canonicalJson(statement);
}

/** Over all that the predicate says but the checksum: a slip is found without a signature. */
export function checksumOf(predicate: Readonly<Record<string, unknown>>): string {
  return digestOf({ ...predicate, checksum: undefined });
}

type Bound = 'tool' | 'release' | 'configuration' | 'procedure' | 'production' | 'parity';

/** What a deployment compares with what it finds. */
function bound(rehearsal: Rehearsal, made: Made): Pick<Predicate, Bound> {
  const { application, release, production } = rehearsal;
  return {
    tool: { name: 'seatrial', version: made.toolVersion },
    release: { application, version: release.version, archive: made.archive,
      sha256: hexOf(release.digest) },
    configuration: { sha256: rehearsal.configDigest },
    procedure: { sha256: rehearsal.procedureDigest },
    production: {
      host: production.host,
      machine: production.machine,
      installed: { sha256: production.installedSha256,
        version: production.installedVersion ?? null },
      schema: { ...production.schema },
      plan: { sha256: createHash('sha256').update(rehearsal.plan).digest('hex') },
    },
    parity: made.parity ?? null,
  };
}

const rollbackWords = { pass: 'safe', fail: 'unsafe', 'not-tried': 'unknown' } as const;

/** What the rehearsal found. */
function proven(it: Rehearsal): Omit<Predicate, Bound | 'checksum'> {
  const { host, machine, schema } = it.staging;
  return {
    verdict: it.verdict,
    reasons: [...it.reasons],
    startedAt: it.startedAt,
    endedAt: it.endedAt,
    staging: { host, machine, schema: { ...schema } },
    data: it.data.map(({ name, kind, copiedAt, takenFrom, bytes, masked, reused }) =>
      ({ state: name, kind, copiedAt, takenFrom, bytes, masked, reused })),
    isolation: { kind: it.isolation.kind, reason: it.isolation.reason ?? null,
      proven: [...it.isolation.proven] },
    timings: { windowSeconds: it.windowSeconds,
      steps: it.steps.map(({ id, title, phase, seconds }) => ({ id, title, phase, seconds })) },
    checks: it.checks.map(({ title, when, verdict, text }) => ({ title, when, verdict, text })),
    differences: differencesOf(it),
    secondStart: trialOf(it.secondStart),
    migrateTwice: trialOf(it.migrateTwice),
    undo: it.undo === null ? null : { equal: it.undo.equal, seconds: it.undo.seconds },
    codeOnlyRollback: { verdict: rollbackWords[it.oldCode.verdict], text: it.oldCode.text },
    forecast: it.forecast === null ? null
      : { low: it.forecast.low, high: it.forecast.high, budget: it.forecast.budget },
    cannotRehearse: [...it.cannotRehearse],
  };
}

function differencesOf({ differences }: Rehearsal): Predicate['differences'] {
  const allowed = differences.filter((it) => it.accepted !== undefined);
  const refused = differences.filter(isRefused).length;
  return {
    refused,
    told: differences.length - allowed.length - refused,
    accepted: allowed.slice(0, acceptedMax).map(({ state, object, kind, accepted }) =>
      ({ state, object, kind, reason: accepted ?? '' })),
  };
}

function trialOf({ verdict, text }: Trial): Trial {
  return { verdict, text };
}

/** A digest as the manifest has it, with or without `sha256:`. */
function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}
