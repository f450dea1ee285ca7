/**
 * Whether a column's new type holds every value that the old one held, by its text. What is not
 * known to be wider is not. The content's digest says besides whether the values are the same.
 */
const whole = new Map<string, number>([
  ['tinyint', 1], ['smallint', 2], ['int2', 2], ['mediumint', 3], ['integer', 4], ['int', 4],
  ['int4', 4], ['bigint', 8], ['int8', 8],
]);
const texts = new Map<string, number>([
  ['character varying', 0], ['varchar', 0], ['tinytext', 255], ['text', 65_535],
  ['mediumtext', 2 ** 24 - 1], ['longtext', 2 ** 32 - 1],
]);

interface Type {
  readonly name: string;
  readonly sizes: readonly number[];
  /** Default, NOT NULL, collation: must be the same. */
  readonly rest: string;
}

export function isWider(before: string, after: string): boolean {
  const [old, now] = [typeOf(before), typeOf(after)];
  if (old === undefined || now === undefined || old.rest !== now.rest) return false;
  return widerWhole(old, now) || widerText(old, now) || widerNumeric(old, now);
}

function typeOf(detail: string): Type | undefined {
  const names = [...whole.keys(), ...texts.keys(), 'numeric', 'decimal'].join('|');
  const found = new RegExp(`^(${names})\\b(?:\\(([\\d, ]+)\\))?(.*)$`, 'is').exec(detail);
  if (found === null) return undefined;
  const [, name = '', sizes, rest = ''] = found;
  return { name: name.toLowerCase(), rest,
    sizes: sizes === undefined ? [] : sizes.split(',').map(Number) };
}

function widerWhole(old: Type, now: Type): boolean {
  const [from, to] = [whole.get(old.name), whole.get(now.name)];
  return from !== undefined && to !== undefined && to > from;
}

/** In characters; the limits of `text` are MySQL's, the smallest ones that there are. */
function widerText(old: Type, now: Type): boolean {
  if (!texts.has(old.name) || !texts.has(now.name)) return false;
  return charactersOf(now) > charactersOf(old);
}

function charactersOf(type: Type): number {
  const [size] = type.sizes;
  return size ?? (texts.get(type.name) || Infinity);
}

function widerNumeric(old: Type, now: Type): boolean {
  const isNumeric = (type: Type): boolean => type.name === 'numeric' || type.name === 'decimal';
  if (!isNumeric(old) || !isNumeric(now) || old.sizes.length === 0) return false;
  if (now.sizes.length === 0) return true;
  const [precision = 0, scale = 0] = old.sizes;
  const [newPrecision = 0, newScale = 0] = now.sizes;
  return newScale >= scale && newPrecision - newScale >= precision - scale;
}
