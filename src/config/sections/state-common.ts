import type { CopyFrom } from '../config.ts';
import type { Mark } from '../report.ts';
import { optional, type Fields } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { fromLive } from './copy-from.ts';

/** Keys that every kind of state has. */
export interface CommonKeys {
  readonly name: string | undefined;
  readonly 'copy-from': CopyFrom;
}

export const stateName = text({
  expects: 'a name such as uploads',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$',
  fix: 'Letters, digits and _.- are allowed; the first is a letter, a digit or _.',
});

/** The name of a state in another section: the rules look for it. */
export function namedState(as: Pick<Mark, 'role' | 'detail'>): Shape<string> {
  return mapped(stateName, (value, at) => {
    at.report.mark({ ...as, value, path: at.path, place: at.place });
    return value;
  });
}

export function commonFields(from: Shape<CopyFrom>): Fields<CommonKeys> {
  return {
    name: optional(stateName,
      'Names it in `mask`, `accept` and the report; default: end of the path, or the database.'),
    'copy-from': copyFromField(from),
  };
}

export function copyFromField(from: Shape<CopyFrom>): Fields<CommonKeys>['copy-from'] {
  return {
    shape: from, text: 'Where a rehearsal takes it from.',
    absent: { kind: 'default', value: fromLive, shown: 'live' },
  };
}

/** `name` is empty until the whole list is known: see `state`. */
export function commonOf(it: CommonKeys): { readonly name: string; readonly copyFrom: CopyFrom } {
  return { name: it.name ?? '', copyFrom: it['copy-from'] };
}

/** A segment of nothing but wildcards matches every name. */
const matchesAll = /^(?:[*?]*\*[*?]*|\.?)$/;
const alternativesMax = 100;

/** A glob of what is no state, with `{a,b}`; not of everything, which would leave nothing. */
export function excludeGlob(glob: Shape<string>): Shape<string> {
  return mapped(glob, (value, at) => {
    const alternatives = alternativesOf(value);
    if (alternatives === undefined) {
      return refuse(at, `has braces without a counterpart, or more than ${alternativesMax} `
        + 'alternatives', 'Write {a,b}; a name with a brace in it is met by `?`.');
    }
    const everything = alternatives.find((it) =>
      it.split('/').every((segment) => matchesAll.test(segment)));
    return everything === undefined ? value : refuse(at, `(${value}) leaves nothing to keep`,
      'Name what is no state: *.pid, cache/**. For no state at all remove the entry.');
  });
}

/** `a{b,c}` is `ab` and `ac`; undefined: braces do not fit, or there are too many. */
function alternativesOf(glob: string): readonly string[] | undefined {
  let open: readonly string[] = [glob];
  while (open.some((it) => /[{}]/.test(it))) {
    const inner = open.map((it) => /^(.*?)\{([^{}]*)\}(.*)$/.exec(it));
    if (inner.some((match, index) => match === null && /[{}]/.test(open[index] ?? ''))) {
      return undefined;
    }
    open = inner.flatMap((match, index) => (match === null ? open[index] ?? []
      : (match[2] ?? '').split(',').map((it) => `${match[1] ?? ''}${it}${match[3] ?? ''}`)));
    if (open.length > alternativesMax) return undefined;
  }
  return open;
}
