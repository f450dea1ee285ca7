import type { Config } from '../config/config.ts';
import { compareStates } from './compare.ts';
import { sentence } from './difference-words.ts';
import { attempted, byState, type Findings } from './findings.ts';
import type { Trial } from './rehearsal.ts';

/**
 * Whether a second run of the migrations changed nothing but what is accepted of the first one: a
 * cache, or a log of migrations, is written each time. Pure.
 */
export function migratedTwice(
  findings: Findings, config: Pick<Config, 'state' | 'accept'>, notTried: string,
): Trial {
  const looked = attempted(findings, 'again', notTried);
  if (looked.verdict !== 'pass') return looked;
  const changed = changes(findings, config);
  if (changed !== '') return { verdict: 'fail', text: changed };
  const ran = attempted(findings, 'again-ran', '');
  return ran.verdict !== 'fail' ? looked
    : { verdict: 'pass', text: `it refuses to run twice, and changes nothing: ${ran.text}` };
}

/** The first of them as a sentence without its end; empty: there is none. */
function changes(findings: Findings, config: Pick<Config, 'state' | 'accept'>): string {
  const texts = byState(findings, 'again-');
  for (const [index, { name, kind }] of config.state.entries()) {
    const text = texts.get(`state${index + 1}`);
    const unknown = `whether ${name} was changed could not be compared`;
    if (text === undefined) return unknown;
    try {
      const { differences } = compareStates([`state\t${name}\t${kind}\n${text}`], config.accept);
      // What is added by the first run must be there for the second.
      const first = differences.find((it) => it.accepted === undefined);
      if (first !== undefined) return sentence(first);
    } catch {
      return unknown;
    }
  }
  return '';
}
