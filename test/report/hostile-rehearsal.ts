import type { Rehearsal } from '../../src/trial/rehearsal.ts';
import { refused } from '../trial/rehearsals.ts';

const words = [
  '<script>window.hit=1</script>', '"><img src=http://127.0.0.1:9/x onerror=window.hit=1>',
  '\' onmouseover=window.hit=1 x=\'', '</title></style></pre></td></table>', '&lt;b&gt;', '`',
  'javascript:window.hit=1', '| a | b |', '::error::x', '##[error]x', '\u202egnp.exe',
  '\u001b[2J\u001b]0;title\u0007', '\n# heading', 'w'.repeat(300), '日本語'.repeat(40),
  '${window.hit=1}', '[a](javascript:x)', '\u0000', '\ud800',
];

/** Every text of a rehearsal as a host that was taken over would write it. */
export const hostileRehearsal: Rehearsal = poisoned(refused, (text, at) =>
  `${text} ${words[at % words.length] ?? ''}`);

/** Changes each text but those that are words of ours; digests and times, too. */
export function poisoned(
  rehearsal: Rehearsal, change: (text: string, at: number) => string,
): Rehearsal {
  const ours = new Set(['kind', 'verdict', 'phase', 'when', 'takenFrom', 'route']);
  let at = 0;
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return ours.has(key) ? value : change(value, at++);
    if (Array.isArray(value)) return value.map((it) => visit(it, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, it]) =>
      [key === 'same' || key === 'schema' ? change(name, at++) : name, visit(it, name)]));
  };
  return visit(rehearsal, '') as Rehearsal;
}
