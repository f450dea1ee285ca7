import { command, type Command } from '../command/command.ts';
import type { Trial } from './rehearsal.ts';

const linesMax = 4000;

/**
 * Prints what a trial wrote down on the host: `FILE TAB LINE`, each file bounded. Of descriptions
 * of a whole state only that they are there: they were compared on the host. Reads only.
 */
export function findingsCommand(records: string, run: string): Command {
  const text = 'cd -- "$1" 2>/dev/null || exit 0; for f in *; do ' +
    'case $f in before-* | after-*) n=1 ;; *) n=$2 ;; esac; ' +
    '[ ! -f "$f" ] || head -n "$n" -- "$f" | F=$f awk \'{ print ENVIRON["F"] "\\t" $0 }\'; done';
  return command('/bin/sh', '-c', text, 'seatrial-findings', `${records}/runs/${run}/trial`,
    String(linesMax));
}

/** Lines by file name. */
export type Findings = ReadonlyMap<string, readonly string[]>;

export function parseFindings(text: string): Findings {
  const files = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const name = line.slice(0, tab);
    const lines = files.get(name) ?? [];
    lines.push(line.slice(tab + 1));
    files.set(name, lines);
  }
  return files;
}

/** The trial came to its last step: what is not among its findings was not to be tried. */
export function isComplete(findings: Findings): boolean {
  return findings.get('complete')?.[0] === 'yes';
}

/** What `attempt` wrote: `pass`, or `fail TAB reason`; nothing: it was not tried. */
export function attempted(findings: Findings, name: string, notTried: string): Trial {
  const [verdict = '', ...rest] = findings.get(name)?.[0]?.split('\t') ?? [];
  switch (verdict) {
    case 'pass': return { verdict, text: '' };
    case 'fail': return { verdict, text: rest.join(' ') };
    default: return { verdict: 'not-tried', text: notTried };
  }
}

/**
 * Lines of all files whose name begins so, by the label of the state (`state1`) that is the rest
 * of it; what was left half written has a longer name.
 */
export function byState(findings: Findings, prefix: string): Map<string, string> {
  return new Map([...findings].filter(([name]) =>
    name.startsWith(prefix) && /^state\d+$/.test(name.slice(prefix.length)))
    .map(([name, lines]) => [name.slice(prefix.length), `${lines.join('\n')}\n`]));
}
