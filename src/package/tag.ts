import { SeatrialError, type Problem } from '../errors.ts';

/**
 * Names of tags and branches that may reach git. Stricter than git's own rule: what a shell, a
 * URL, a file name or a glob would read differently is refused before any program sees it.
 */
const namePattern = /^[A-Za-z0-9@][A-Za-z0-9._+@/-]{0,199}$/;
/** A version becomes part of file names, URLs and shell text, so it has no slash and no space. */
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$/;

/** What is wrong with a tag's or branch's name; undefined: nothing. */
export function refNameProblem(kind: 'tag' | 'branch', name: string): Problem | undefined {
  const odd = !namePattern.test(name) || /\.\.|\/\/|@\{|\/\.|\.\/|\.lock(\/|$)|[./]$/.test(name)
    || name === '@';
  if (!odd) return undefined;
  return {
    message: `${JSON.stringify(name.slice(0, 200))} is not a ${kind} name that can be released`,
    fix: `Use letters, digits and . _ + @ / - only, as in v1.4.2; a ${kind} never starts with -.`,
  };
}

/**
 * The version that a tag stands for: the tag without its prefix, or the whole tag when it does
 * not have it. `version-2` is not prefix `v` and version `ersion-2`.
 */
export function versionOfTag(tag: string, prefix: string): string {
  const rest = tag.startsWith(prefix) ? tag.slice(prefix.length) : tag;
  const insideWord = /[A-Za-z]$/.test(prefix) && /^[A-Za-z]/.test(rest);
  const version = insideWord ? tag : rest;
  if (versionPattern.test(version)) return version;
  throw new SeatrialError('bad-input', [{
    message: `tag ${tag} gives the version ${JSON.stringify(version)}, which names no file`,
    place: 'package.tag-prefix',
    fix: 'Set tag-prefix to what stands before the version, for example "guestbook/v".',
  }]);
}

export function requireRefName(kind: 'tag' | 'branch', name: string): void {
  const problem = refNameProblem(kind, name);
  if (problem !== undefined) throw new SeatrialError('bad-input', [problem]);
}
