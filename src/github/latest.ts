/** A version as https://semver.org/spec/v2.0.0.html orders it; a tag may have a prefix. */
interface Version {
  /** `v`, `guestbook/v`, or nothing. */
  readonly prefix: string;
  readonly numbers: readonly number[];
  /** Identifiers after `-`; none: a release proper, which is higher than all of its candidates. */
  readonly candidate: readonly string[];
}

const pattern =
  /^(.*?)(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+\S+)?$/;

function versionOf(tag: string): Version | undefined {
  const [, prefix, major, minor, patch, candidate] = pattern.exec(tag) ?? [];
  if (prefix === undefined || major === undefined || minor === undefined) return undefined;
  if (/[\d.]$/.test(prefix)) return undefined;
  return { prefix, numbers: [Number(major), Number(minor), Number(patch ?? '0')],
    candidate: candidate?.split('.') ?? [] };
}

/** `v1.2.0-rc.1` */
export function isPrerelease(tag: string): boolean {
  return (versionOf(tag)?.candidate.length ?? 0) > 0;
}

/**
 * Whether the release is the one that people are led to. A correction of an old line must not
 * hide the newer line: it is the latest only where no published release of the same prefix is
 * higher. `legacy` leaves it to GitHub, where a tag is no such version.
 */
export function makeLatest(
  release: { readonly tag: string; readonly prerelease: boolean },
  published: ReadonlyArray<{ readonly tag: string; readonly prerelease: boolean }>,
): 'true' | 'false' | 'legacy' {
  if (release.prerelease) return 'false';
  const mine = versionOf(release.tag);
  if (mine === undefined) return 'legacy';
  const higher = published.some((it) => {
    const other = it.prerelease ? undefined : versionOf(it.tag);
    return other !== undefined && other.prefix === mine.prefix && compare(other, mine) > 0;
  });
  return higher ? 'false' : 'true';
}

function compare(one: Version, other: Version): number {
  for (const [index, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return compareCandidates(one.candidate, other.candidate);
}

function compareCandidates(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return other.length - one.length;
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [mine, theirs] = [one[index], other[index]];
    if (mine === undefined || theirs === undefined) return mine === undefined ? -1 : 1;
    const difference = compareIdentifiers(mine, theirs);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareIdentifiers(one: string, other: string): number {
  const [first, second] = [one, other].map((it) => /^\d+$/.test(it));
  if (first === true && second === true) return Number(one) - Number(other);
  if (first !== second) return first === true ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}
