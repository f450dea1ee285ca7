import type { StateFacts, StateProblem } from './host-facts.ts';

/**
 * Lines of `probe_KIND` without their first word: `LABEL TAB KEY TAB VALUE`. Keys are `exists`
 * (`no`; else it is there), `bytes`, `free`, `device`, `directory`, `schema`, `parity:ITEM` and
 * `problem` (message TAB fix). Keys of later versions are left out.
 */
export function statesOf(lines: readonly string[]): Map<string, StateFacts> {
  const told = new Map<string, [key: string, value: string][]>();
  for (const line of lines) {
    const [label = '', key = '', ...rest] = line.split('\t');
    if (label === '' || key === '') continue;
    told.set(label, [...(told.get(label) ?? []), [key, rest.join('\t')]]);
  }
  return new Map([...told].map(([label, pairs]) => [label, stateOf(pairs)]));
}

function stateOf(pairs: readonly (readonly [key: string, value: string])[]): StateFacts {
  const one = (name: string): string => pairs.find(([key]) => key === name)?.[1] ?? '';
  return {
    exists: one('exists') !== 'no',
    bytes: numberOf(one('bytes')) ?? 0,
    free: numberOf(one('free')),
    device: one('device'),
    directory: one('directory'),
    schema: one('schema'),
    parity: new Map(pairs.filter(([key]) => key.startsWith('parity:'))
      .map(([key, value]) => [key.slice('parity:'.length), value])),
    problems: pairs.filter(([key]) => key === 'problem').map(([, value]) => problemOf(value)),
  };
}

function problemOf(value: string): StateProblem {
  const [message = '', ...fix] = value.split('\t');
  return { message, fix: fix.length === 0 ? 'Look at the state on the host, and run it again.'
    : fix.join(' ') };
}

/** A number that a host did not tell is none: empty text would be 0. */
function numberOf(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
