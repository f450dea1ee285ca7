import { SeatrialError, type Problem } from '../errors.ts';
import { gatherFacts, type Where } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { gatherParity } from '../facts/parity.ts';
import { namedAsOnProduction, type ParityFacts } from '../facts/parse-parity.ts';
import { compareParity, type ParityReport } from '../parity/compare.ts';
import { lineOf } from '../parity/lines.ts';
import { sameMachine } from '../parity/same-machine.ts';
import { isolationProblems } from '../plan/isolation.ts';
import { withStates } from './parity-of.ts';
import { busy, finishDead, type Acting } from './transaction.ts';

/** Both hosts, ready: production to be read, staging to be written. */
export interface Pair {
  readonly production: Acting;
  readonly staging: Acting;
}

export interface Seen {
  readonly productionFacts: HostFacts;
  readonly stagingFacts: HostFacts;
  readonly parity: ParityReport;
  /** For the receipt: drift is measured against it. */
  readonly productionParity: ParityFacts;
  readonly salt: string;
}

const saltBytes = 16;

/**
 * One look at both hosts at the same time. Throws `refused` where staging may be production, is
 * busy, or where nothing is installed that could be rehearsed on.
 */
export async function lookAtBoth(pair: Pair): Promise<Seen> {
  const { production, staging } = pair;
  production.world.report({ kind: 'phase', text: 'looking at production and staging' });
  const salt = production.world.random(saltBytes);
  const [[productionFacts, productionParity], [stagingFacts, stagingParity]] = await Promise.all([
    lookAt(production, salt), lookAt(staging, salt, 'staging')]);
  // A database that staging does not have yet can only be compared by its server.
  const known = (label: string, item: string): boolean => {
    const there = stagingFacts.states.get(label);
    return there === undefined || there.exists || there.parity.has(item);
  };
  const both = {
    production: withStates(productionParity,
      { config: production.config, facts: productionFacts, known }),
    staging: withStates(namedAsOnProduction(stagingParity, staging.config.staging.instead),
      { config: staging.config, facts: stagingFacts }),
  };
  const problems = [...fences(pair, productionFacts), ...machineProblems(pair, both),
    ...isolationProblems(staging.config, stagingFacts,
      { config: production.config, facts: productionFacts })];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  if (stagingFacts.lock === 'held') throw busy(stagingFacts.lockOwner, staging.options);
  const finished = await finishDead(staging, stagingFacts);
  return {
    productionFacts,
    stagingFacts: finished === undefined ? stagingFacts
      : await gatherFacts(staging.transport, staging.config, 'staging'),
    parity: compareParity(both, production.config.parity),
    productionParity: withStates(productionParity,
      { config: production.config, facts: productionFacts }),
    salt,
  };
}

async function lookAt(acting: Acting, salt: string, where: Where = 'production'):
Promise<readonly [HostFacts, ParityFacts]> {
  const { transport, config } = acting;
  const facts = await gatherFacts(transport, config, where);
  return [facts, await gatherParity(transport, config, salt)];
}

/** What a difference that matters stops, before anything is copied. */
export function parityProblems(parity: ParityReport): Problem[] {
  const failing = parity.findings.filter((it) => it.verdict === 'fail');
  if (failing.length === 0) return [];
  return [{
    message: `staging is not what production is: ${failing.length} ` +
      `${failing.length === 1 ? 'difference' : 'differences'} would make the rehearsal a lie`,
    fix: 'Make staging equal, or say in parity.items why a difference does not matter.',
  }, ...failing.slice(0, failingMax).map((it) => ({ message: `${it.class}: ${lineOf(it)}` }))];
}

const failingMax = 40;

function fences({ production, staging }: Pair, facts: HostFacts): Problem[] {
  const problems: Problem[] = [];
  if (facts.installed === undefined) {
    problems.push({
      message: 'production has nothing that Seatrial installed, so there is nothing to rehearse on',
      fix: 'Take over what runs there (seatrial adopt), or deploy the first release.',
    });
  }
  if (facts.lock === 'held') problems.push({
    message: `a transaction runs on production (${facts.lockOwner['run'] ?? '?'})`,
    fix: 'Wait for its end: what is copied in the middle of it is neither old nor new.',
  });
  if (facts.unfinished !== undefined && facts.lock === 'free') problems.push({
    message: `transaction ${facts.unfinished} on production is not finished`,
    fix: 'Finish it first: seatrial recover',
  });
  return sharesPaths(production, staging) ? [...problems, {
    message: 'staging would use the records directory of production on one machine',
    fix: `Give it another in staging.instead: { of: ${production.config.records}, use: … }.`,
    place: production.options.config,
  }] : problems;
}

function sharesPaths(production: Acting, staging: Acting): boolean {
  return production.config.staging.sameHost !== undefined
    && production.config.records === staging.config.records;
}

function machineProblems({ production }: Pair, both: { readonly production: ParityFacts;
  readonly staging: ParityFacts; }): Problem[] {
  if (production.config.staging.sameHost !== undefined) return [];
  const problem = sameMachine(both);
  return problem === undefined ? [] : [problem];
}
