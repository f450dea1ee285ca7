/** What the repository has that a release could be made from. Nothing of it was run. */
export interface RepositoryFound {
  /** Name of its directory. */
  readonly directory: string;
  /** URL of `origin`; undefined: there is none. */
  readonly remote: string | undefined;
  /** Newest first. */
  readonly tags: readonly string[];
  /** Paths that git knows, relative to the top. */
  readonly files: readonly string[];
  /** Text of a file at the top; undefined: there is none. */
  readonly text: (name: string) => string | undefined;
}

/** A value and where it comes from. */
export interface Guess<Value> {
  readonly value: Value;
  readonly why: string;
}

export interface GitHubName {
  readonly owner: string;
  readonly name: string;
  /** `https://github.com` */
  readonly server: string;
}

/** `git@github.com:octo/guestbook.git`, `https://github.com/octo/guestbook`, `ssh://…`. */
export function gitHubOf(remote: string | undefined): GitHubName | undefined {
  const [, host, owner, name] = new RegExp('^(?:https?://(?:[^@/]+@)?|ssh://(?:[^@/]+@)?|[^@/:]+@)'
    + '([A-Za-z0-9.-]+)(?::[0-9]+)?[:/]([A-Za-z0-9-]+)/([A-Za-z0-9._-]+?)(?:\\.git)?/?$')
    .exec(remote ?? '') ?? [];
  if (host === undefined || owner === undefined || name === undefined) return undefined;
  if (!/(?:^|\.)github\.|\.ghe\.com$/.test(host)) return undefined;
  return { owner, name, server: `https://${host.replace(/^ssh\./, '')}` };
}

/** A name that our file admits. */
export function applicationName(text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '')
    .slice(0, 32).replace(/-+$/, '');
  return plain === '' ? 'application' : plain;
}

export interface TagFound {
  /** What stands before the version; `v` where no tag tells. */
  readonly prefix: string;
  readonly newest: string | undefined;
  /** Version of the newest tag. */
  readonly version: string | undefined;
}

const prefixPattern = /^[A-Za-z0-9._][A-Za-z0-9._/@+-]*$/;

/** The beginning that most of the newest tags have in common. */
export function tagsOf(tags: readonly string[]): TagFound {
  const parts = tags.slice(0, 50).flatMap((tag) => {
    const [, prefix, version] = /^(|.*?[^0-9.])(\d+(?:\.\d+)+[^/]*)$/.exec(tag) ?? [];
    return prefix === undefined || version === undefined ? [] : [{ tag, prefix, version }];
  }).filter((it) => it.prefix === '' || prefixPattern.test(it.prefix));
  const counts = new Map<string, number>();
  for (const { prefix } of parts) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  const prefix = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'v';
  const newest = parts.find((it) => it.prefix === prefix);
  return { prefix, newest: newest?.tag, version: newest?.version };
}

/** The glob that a workflow admits tags by: what is special in a filter is written as it is. */
export function tagFilter(prefix: string): string {
  return prefix === '' ? '[0-9]*' : `${prefix.replace(/[+*?[\]!\\]/g, String.raw`\$&`)}*`;
}
