import { SeatrialError, type Problem } from '../errors.ts';

/**
 * What a host wrote about one state, before and after: only what differs, and how much is the
 * same. Lines, with a TAB between the fields:
 *
 *     state TAB NAME TAB KIND          begins a state
 *     same TAB OBJECT-KIND TAB COUNT   so many objects of the kind are as they were
 *     - OBJECT-KIND TAB NAME TAB ...   was there before (a line of `objects_KIND`, `rows_KIND`)
 *     + OBJECT-KIND TAB NAME TAB ...   is there now
 *     more TAB COUNT                   so many differing lines are left out
 *     end                              the state was compared to its end
 */
export interface Comparison {
  readonly state: string;
  readonly kind: string;
  /** Number of equal objects by kind. */
  readonly same: Readonly<Record<string, number>>;
  readonly removed: readonly ObjectLine[];
  readonly added: readonly ObjectLine[];
  /** Differing lines that the host left out. */
  readonly more: number;
}

export interface ObjectLine {
  readonly kind: string;
  readonly name: string;
  /** All that follows the name; fields with a TAB between them. */
  readonly detail: string;
}

const charactersMax = 32 * 1024 * 1024;
const problemsMax = 20;

interface Open {
  readonly state: string;
  readonly kind: string;
  readonly same: Map<string, number>;
  readonly removed: ObjectLine[];
  readonly added: ObjectLine[];
  more: number;
}

/**
 * Reads the text of one occasion: any number of states.
 * @throws refused, with all that is wrong: what was cut short proves nothing.
 */
export function parseComparisons(text: string): Comparison[] {
  if (text.length > charactersMax) {
    throw refused([{ message: `the comparison is longer than ${charactersMax} characters` }]);
  }
  const problems: Problem[] = [];
  const done: Comparison[] = [];
  let open: Open | undefined;
  const cut = (state: Open): void => {
    problems.push({ message: `the comparison of ${shown(state.state)} has no end` });
  };
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    if (line.startsWith('state\t')) {
      if (open !== undefined) cut(open);
      open = begin(line);
    } else if (line === 'end' && open !== undefined) {
      done.push(closed(open));
      open = undefined;
    } else if (open === undefined || !take(open, line)) {
      problems.push({ message: `line ${index + 1} is none of a comparison: ${shown(line)}` });
    }
  }
  if (open !== undefined) cut(open);
  if (problems.length > 0) throw refused(problems.slice(0, problemsMax));
  return done;
}

function begin(line: string): Open {
  const [, state = '', kind = ''] = line.split('\t');
  return { state, kind, same: new Map(), removed: [], added: [], more: 0 };
}

function closed(open: Open): Comparison {
  return { ...open, same: Object.fromEntries(open.same) };
}

function take(open: Open, line: string): boolean {
  const mark = line.slice(0, 2);
  if (mark === '- ' || mark === '+ ') {
    const object = objectLine(line.slice(2));
    if (object !== undefined) (mark === '- ' ? open.removed : open.added).push(object);
    return object !== undefined;
  }
  const [word, ...rest] = line.split('\t');
  const count = rest.at(-1) ?? '';
  if (!/^\d{1,15}$/.test(count)) return false;
  const [kind = ''] = rest;
  if (word === 'same' && rest.length === 2 && isKind(kind)) {
    open.same.set(kind, (open.same.get(kind) ?? 0) + Number(count));
    return true;
  }
  if (word !== 'more' || rest.length !== 1) return false;
  open.more += Number(count);
  return true;
}

function objectLine(text: string): ObjectLine | undefined {
  const [kind = '', name = '', ...detail] = text.split('\t');
  if (!isKind(kind) || name === '') return undefined;
  if (kind === 'rows' && !(detail.length === 2 && /^\d{1,15}$/.test(detail[0] ?? ''))) {
    return undefined;
  }
  return { kind, name, detail: detail.join('\t') };
}

function isKind(text: string): boolean {
  return /^[a-z][a-z-]{0,31}$/.test(text);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function refused(problems: Problem[]): SeatrialError {
  return new SeatrialError('refused', problems.map((it) => ({ ...it,
    fix: 'What was not compared to its end proves nothing: run rehearse again.' })));
}
