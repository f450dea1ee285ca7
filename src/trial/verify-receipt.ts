import type { Problem } from '../errors.ts';
import type { Receipt } from './read-receipt.ts';
import type { Predicate } from './receipt-shape.ts';
import type { RehearsedHost } from './rehearsal.ts';

/** What a deployment knows, to be held against a receipt. */
export interface DeployKnows {
  readonly application: string;
  readonly version: string;
  /** sha256 of the tarball, in hexadecimal. */
  readonly tarballSha256: string;
  /** Names the configuration in a message: `seatrial.yml`. */
  readonly configFile: string;
  readonly configDigest: string;
  readonly procedureDigest: string;
  /** As it is now. */
  readonly production: RehearsedHost;
  readonly now: Date;
  /** How old a receipt may be. */
  readonly receiptSeconds: number;
  /** What moved apart since the rehearsal, a sentence or `openssl: 3.0.11 -> 3.0.14` each. */
  readonly parityDrift: readonly string[];
}

const clockSkewSecondsMax = 300;
const driftLinesMax = 20;
const again = 'Run rehearse again.';

/** Why production must not be deployed to by this receipt; empty: it fits. All at once. */
export function verifyReceipt({ statement }: Receipt, knows: DeployKnows): Problem[] {
  const { predicate } = statement;
  return [
    ...verdictProblems(predicate),
    ...releaseProblems(predicate, knows),
    ...procedureProblems(predicate, knows),
    ...productionProblems(predicate, knows),
    ...schemaProblems(predicate, knows),
    ...ageProblems(predicate, knows),
    ...driftProblems(knows.parityDrift),
  ];
}

function verdictProblems(it: Predicate): Problem[] {
  if (it.verdict === 'refused') {
    return [{ message: `the rehearsal was refused: ${it.reasons[0] ?? 'it does not say why'}`,
      fix: 'Mend what it names, and run rehearse again.' }];
  }
  const contradicts = it.reasons.length > 0 || it.differences.refused > 0
    || it.undo?.equal !== true || it.secondStart.verdict === 'fail'
    || it.migrateTwice.verdict === 'fail';
  return contradicts ? [{ message: 'the receipt says "passed" and what it lists does not',
    fix: again }] : [];
}

function releaseProblems({ release }: Predicate, knows: DeployKnows): Problem[] {
  if (release.application !== knows.application) {
    return [{ message: `the receipt is for ${release.application}, this is ${knows.application}`,
      fix: 'Give the receipt of this application\'s rehearsal.' }];
  }
  if (release.sha256 !== knows.tarballSha256 || release.version !== knows.version) {
    return [{ message: `the receipt is for another tarball: ${release.archive} with sha256 `
      + `${short(release.sha256)}, and this is ${knows.version} with ${short(knows.tarballSha256)}`,
    fix: 'Deploy the tarball that was rehearsed, or run rehearse with this one.' }];
  }
  return [];
}

/** Another configuration makes another procedure: the cause is told, not what follows. */
function procedureProblems(it: Predicate, knows: DeployKnows): Problem[] {
  if (it.configuration.sha256 !== knows.configDigest) {
    return [{ place: knows.configFile, fix: again,
      message: 'the configuration changed since the rehearsal' }];
  }
  return it.procedure.sha256 === knows.procedureDigest ? [] : [{
    message: 'the steps are not those that were rehearsed, though the configuration is: it was'
      + ` Seatrial ${it.tool.version}, or production stands otherwise now`,
    fix: again,
  }];
}

function productionProblems({ production }: Predicate, knows: DeployKnows): Problem[] {
  const now = knows.production;
  if (production.host !== now.host || production.machine !== now.machine) {
    return [{ place: now.host, fix: 'Run rehearse again for this host.',
      message: `the rehearsal was for another machine: ${named(production)}, `
        + `and this is ${named(now)}` }];
  }
  const { sha256, version } = production.installed;
  return sha256 === now.installedSha256 && version === (now.installedVersion ?? null) ? [] : [{
    message: `production was deployed since the rehearsal: it ran ${version ?? 'nothing'}, and `
      + `runs ${now.installedVersion ?? 'nothing'} now`,
    fix: again,
  }];
}

function schemaProblems({ production }: Predicate, knows: DeployKnows): Problem[] {
  const then = new Map(Object.entries(production.schema));
  const now = new Map(Object.entries(knows.production.schema));
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter((state) => then.get(state) !== now.get(state))
    .map((state) => ({ message: `the schema of ${state} in production changed since the rehearsal`,
      fix: again }));
}

function ageProblems(it: Predicate, knows: DeployKnows): Problem[] {
  const [started, ended] = [Date.parse(it.startedAt), Date.parse(it.endedAt)];
  const age = (knows.now.getTime() - ended) / 1000;
  if (!Number.isFinite(age) || !(started <= ended)) {
    return [{ message: `the rehearsal says that it ran from ${it.startedAt} to ${it.endedAt}`,
      fix: again }];
  }
  if (age < -clockSkewSecondsMax) {
    return [{ message: `the rehearsal ended at ${it.endedAt}, which is in the future: a clock is`
      + ' wrong, here or where it was rehearsed', fix: 'Set the clock, and run rehearse again.' }];
  }
  return age <= knows.receiptSeconds ? [] : [{
    message: `the rehearsal is too old: it ended ${duration(age)} ago, and `
      + `${duration(knows.receiptSeconds)} are allowed`,
    fix: again,
  }];
}

function driftProblems(lines: readonly string[]): Problem[] {
  const shown = lines.slice(0, driftLinesMax).map((line): Problem => ({
    message: `production and staging moved apart since the rehearsal: ${line}`, fix: again }));
  const left = lines.length - shown.length;
  return left === 0 ? shown : [...shown, { message: `${left} more moved apart`, fix: again }];
}

function named({ host, machine }: { host: string; machine: string }): string {
  return machine === '' ? host : `${host} (${short(machine)})`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

/** `45 minutes`, `3 hours`, `9 days`: rounded down. */
function duration(seconds: number): string {
  const units = [['day', 86_400], ['hour', 3600], ['minute', 60]] as const;
  const [unit, size] = units.find(([, it]) => seconds >= it * 2) ?? ['second', 1];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
