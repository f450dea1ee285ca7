import { compareParity, type ParityFinding } from '../parity/compare.ts';
import { lineOf } from '../parity/lines.ts';
import { sameMachine } from '../parity/same-machine.ts';
import { namedAsOnProduction } from '../facts/parse-parity.ts';
import { formatSeconds } from '../report/units.ts';
import type { Notes } from './doctor-finding.ts';
import type { HostTold } from './doctor-hosts.ts';
import { withStates } from './parity-of.ts';

const shownMax = 5;
const clockApartSeconds = 2;

/** What only both hosts together can tell; pure. */
export function noteBoth(notes: Notes, hosts: { readonly production: HostTold;
  readonly staging: HostTold; }): void {
  const { production, staging } = hosts;
  const { config } = production;
  // A database that staging does not have yet can only be compared by its server.
  const known = (label: string, item: string): boolean => {
    const there = staging.facts.states.get(label);
    return there === undefined || there.exists || there.parity.has(item);
  };
  const both = {
    production: withStates(production.parity, { config, facts: production.facts, known }),
    staging: withStates(namedAsOnProduction(staging.parity, config.staging.instead),
      { config: staging.config, facts: staging.facts }),
  };
  if (config.staging.sameHost === undefined) {
    const problem = sameMachine(both);
    notes.judge('machines', problem === undefined ? [] : [problem], 'are two');
  } else notes.ok('machines', `may be one: ${config.staging.sameHost}`);
  noteParity(notes, compareParity(both, config.parity).findings);
  const apart = Math.abs(production.readiness.clockAheadSeconds
    - staging.readiness.clockAheadSeconds);
  if (apart > clockApartSeconds) {
    notes.warn('clocks', `are ${formatSeconds(apart)} apart`,
      'The age of a receipt is told by both: turn time synchronisation on there.');
  } else notes.ok('clocks', 'agree');
}

function noteParity(notes: Notes, findings: readonly ParityFinding[]): void {
  const of = (verdict: ParityFinding['verdict']): ParityFinding[] =>
    findings.filter((it) => it.verdict === verdict);
  const [failing, warning] = [of('fail'), of('warn')];
  if (failing.length > 0) {
    notes.fail('parity', `would refuse a rehearsal: ${shown(failing)}`,
      'Make staging equal, or say in parity.items why a difference does not matter.');
  }
  if (warning.length > 0) {
    notes.warn('parity', `differs: ${shown(warning)}`,
      'A rehearsal tells of all of it; make staging equal where it may matter.');
  }
  if (failing.length + warning.length === 0) notes.ok('parity', 'nothing that matters differs');
}

function shown(findings: readonly ParityFinding[]): string {
  const lines = findings.slice(0, shownMax).map((it) => `${it.class} ${lineOf(it)}`);
  const more = findings.length - lines.length;
  return `${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
