import type { Difference } from './rehearsal.ts';

/** Kinds of objects whose name is that of what they belong to. */
const nouns: Readonly<Record<string, string>> = {
  owner: 'the owner of', grant: 'a right on', rows: 'the rows of',
};

/** `In guestbook, table public.visits was dropped, with 3 columns, 1,200 rows` */
export function sentence(difference: Difference): string {
  return `In ${difference.state}, ${subjectOf(difference)} ${changeOf(difference)}`;
}

/** `table public.visits`, `the rows of public.visits`: what a difference is about. */
export function subjectOf({ kind, object, objectKind, before }: Difference): string {
  if (objectKind === 'more') return before;
  const isCounted = kind === 'rows-lost' || kind === 'rows-added';
  return isCounted ? object : `${nouns[objectKind] ?? objectKind} ${object}`;
}

/** `was dropped, with 3 columns, 1,200 rows`: what happened to it. */
export function changeOf(difference: Difference): string {
  const { objectKind, before, after } = difference;
  const hint = difference.hint === undefined ? '' : ` (${difference.hint})`;
  const parts = difference.with === undefined ? '' : `, with ${difference.with}`;
  const isFile = objectKind === 'file' || objectKind === 'directory';
  const was = before === '' || isFile || objectKind === 'table' ? '' : `: ${before}`;
  if (objectKind === 'more') return 'are not listed';
  switch (difference.kind) {
    case 'dropped':
      return `${isFile ? 'is gone' : 'was dropped'}${parts}${was}${hint}`;
    case 'added': return `was added${parts}`;
    case 'changed': return `changed: ${before} -> ${after}`;
    case 'content':
      return objectKind === 'sequence' ? `stands elsewhere: ${before} -> ${after}`
        : `${objectKind === 'rows' ? 'have' : 'has'} another content: ${before} -> ${after}`;
    case 'rows-lost': return `lost rows: ${before} -> ${after}${hint}`;
    case 'rows-added': return `got rows: ${before} -> ${after}${hint}`;
    default: return difference.kind satisfies never;
  }
}
