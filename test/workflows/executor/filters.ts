import { NotSupported } from './errors.ts';
import { isList, isMap, type Tree } from './tree.ts';

/** Whether `on: push` of a workflow wants this ref. */
export function wantsPush(on: Tree, ref: string): boolean {
  const push = eventOf(on, 'push');
  if (push === undefined) return false;
  if (!isMap(push)) return true;
  for (const key of push.keys()) {
    if (!/^(branches|tags)(-ignore)?$/.test(key)) throw new NotSupported(`on.push.${key}`);
  }
  const [own, other] = ref.startsWith('refs/tags/') ? ['tags', 'branches'] : ['branches', 'tags'];
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  const include = patterns(push.get(own));
  const ignore = patterns(push.get(`${own}-ignore`));
  if (include !== undefined) return matches(include, name);
  if (ignore !== undefined) return !matches(ignore, name);
  // Filters of the other kind alone: this kind of ref starts nothing.
  return !push.has(other) && !push.has(`${other}-ignore`);
}

/** Settings of one event: `undefined` where the workflow does not listen to it. */
export function eventOf(on: Tree, event: string): Tree | undefined {
  if (isMap(on)) return on.get(event);
  if (on === event || (isList(on) && on.includes(event))) return null;
  return undefined;
}

function patterns(tree: Tree | undefined): string[] | undefined {
  if (tree === undefined) return undefined;
  return (isList(tree) ? tree : [tree]).map(String);
}

/** The last pattern that matches decides; `!` takes out what an earlier one let in. */
export function matches(list: readonly string[], name: string): boolean {
  return list.reduce((found, pattern) => pattern.startsWith('!')
    ? found && !glob(pattern.slice(1)).test(name)
    : found || glob(pattern).test(name), false);
}

/** GitHub's filter patterns: `?` and `+` repeat the character before them. */
function glob(pattern: string): RegExp {
  const parts = pattern.match(/\\.|\[[^\]]*\]|\*\*\/|\*\*|\*|[?+]|[^]/gu) ?? [];
  return new RegExp(`^${parts.map(part).join('')}$`, 'u');
}

function part(text: string): string {
  if (text === '**/') return '(?:.*/)?';
  if (text === '**') return '.*';
  if (text === '*') return '[^/]*';
  if (text === '?' || text === '+' || (text.length > 2 && text.startsWith('['))) return text;
  const literal = text.startsWith('\\') ? text.slice(1) : text;
  return literal.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}
