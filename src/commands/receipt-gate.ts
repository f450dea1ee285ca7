import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { Release } from '../package/release.ts';
import { driftSince, parseParityRecord } from '../parity/drift.ts';
import type { Plan } from '../plan/plan.ts';
import { readReceipt, type Receipt } from '../trial/read-receipt.ts';
import type { RehearsedHost } from '../trial/rehearsal.ts';
import { verifyReceipt } from '../trial/verify-receipt.ts';
import { parityOf } from './parity-of.ts';
import type { Acting } from './transaction.ts';
import type { World } from './world.ts';

const driftLinesMax = 40;

/**
 * Whether production may be deployed to: by a receipt that fits, or since a person said why
 * without one. Empty: it may. Where no staging host is configured, nothing is asked; nor at a
 * first deployment, where there is nothing yet that could be lost.
 */
export async function receiptProblems(acting: Acting, facts: HostFacts, input: {
  readonly plan: Plan; readonly release: Release;
}): Promise<Problem[]> {
  const { config, options, world } = acting;
  if (options.host !== 'production' || config.hosts.staging === undefined) return [];
  const reason = options['accept-unrehearsed'];
  if (reason !== undefined) {
    world.report({ kind: 'warning', text: `not rehearsed, which was accepted: ${reason}` });
    return [];
  }
  if (input.plan.way === 'first') {
    world.report({ kind: 'note',
      text: 'nothing is installed yet: there is nothing to rehearse on' });
    return [];
  }
  const { receipt } = options;
  if (receipt === undefined) return [notRehearsed(input.release, options.config)];
  const read = readReceipt(textOf(receipt), receipt);
  if (read.signature === 'unchecked') {
    world.report({ kind: 'warning', text: 'the receipt is in a signed envelope, whose signature was'
      + ' not checked here' });
  }
  return inJob(world, verifyReceipt(read, {
    application: config.application,
    version: input.release.manifest.version,
    tarballSha256: input.release.manifest.archive.sha256,
    configFile: options.config,
    configDigest: config.digest,
    procedureDigest: input.plan.procedureDigest,
    production: rehearsedHost(config, facts),
    now: world.now(),
    receiptSeconds: config.receiptSeconds,
    parityDrift: await parityDrift(acting, facts, read),
  }));
}

/** P12: whoever reads it in a job has no command to type, but a job to run again. */
function inJob({ job }: World, problems: readonly Problem[]): Problem[] {
  if (job === undefined) return [...problems];
  return problems.map((it) => ({ ...it, fix: `${it.fix ?? ''} In this run: re-run the job that ` +
    `rehearsed, and this one follows it (${job.url}).`.trim() }));
}

/** How it came that production was deployed to, for every record; one line. */
export function rehearsalNote(acting: Pick<Acting, 'config' | 'options'>): string {
  const { config, options } = acting;
  const reason = options['accept-unrehearsed'];
  if (reason !== undefined) return `accepted unrehearsed: ${reason.replace(/\s+/g, ' ').trim()}`;
  return config.hosts.staging === undefined || options.receipt === undefined ? 'not asked for'
    : 'rehearsed';
}

/** What identifies a host and what it has, for a receipt and for who checks it. */
export function rehearsedHost(config: Config, facts: HostFacts): RehearsedHost {
  const schema = config.state.flatMap((state, index) => {
    const digest = facts.states.get(`state${index + 1}`)?.schema ?? '';
    return digest === '' ? [] : [[state.name, digest] as const];
  });
  return { host: facts.host, machine: facts.machine, installedSha256: facts.installedSha256,
    installedVersion: facts.installed?.version, schema: Object.fromEntries(schema) };
}

/** Production is asked again, just before its window: a drift since the rehearsal refuses. */
async function parityDrift(acting: Acting, facts: HostFacts, { statement }: Receipt):
Promise<string[]> {
  const record = parseParityRecord(statement.predicate.parity);
  if (record === undefined) return ['the receipt does not say what production was like'];
  const now = await parityOf(acting.transport, { config: acting.config, facts,
    salt: record.salt });
  return driftSince(record, now, acting.config.parity).slice(0, driftLinesMax)
    .map((it) => `${it.item}: ${it.before} -> ${it.now}`);
}

function notRehearsed(release: Release, configFile: string): Problem {
  const { version } = release.manifest;
  return {
    message: `${version} was not rehearsed on a copy of production`,
    fix: 'Run rehearse with it and give its receipt by --receipt; or say why it may go without ' +
      'one: --accept-unrehearsed "…"',
    place: `${configFile}: hosts.staging`,
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SeatrialError('bad-input', [{ message: 'the receipt cannot be read', place: path,
      fix: 'Give the file that rehearse wrote.' }], cause);
  }
}
