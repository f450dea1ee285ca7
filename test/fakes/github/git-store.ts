import { execFileSync } from 'node:child_process';

export interface GitRef {
  /** `refs/tags/v1.0.0` */
  readonly ref: string;
  readonly sha: string;
  readonly type: 'commit' | 'tag';
}

export interface TagObject {
  readonly sha: string;
  readonly tag: string;
  readonly message: string;
  readonly commit: string;
}

/** The refs of a repository; as GitHub, the API reads the repository itself at each request. */
export interface Git {
  refs(): readonly GitRef[];
  tag(sha: string): TagObject | undefined;
  /** The commit that a name of a branch or tag, a full ref or a full commit stands for. */
  commit(name: string): string | undefined;
  /** Makes or moves a ref: a release that is published makes its tag. */
  set(ref: string, sha: string): void;
  remove(ref: string): void;
}

/** A bare repository on the disk: what `git push` brought is there at once. */
export function gitOnDisk(path: string): Git {
  const git = (...words: string[]): string => execFileSync('git', ['-C', path, ...words],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const maybe = (...words: string[]): string | undefined => {
    try {
      return git(...words);
    } catch {
      return undefined;
    }
  };
  return {
    refs: () => git('for-each-ref', '--format=%(refname) %(objectname) %(objecttype)').split('\n')
      .filter((line) => line !== '').map((line) => {
        const [ref = '', sha = '', type = ''] = line.split(' ');
        return { ref, sha, type: type === 'tag' ? 'tag' as const : 'commit' as const };
      }),
    tag: (sha) => {
      if (maybe('cat-file', '-t', sha) !== 'tag') return undefined;
      const text = git('cat-file', 'tag', sha);
      return { sha, tag: /^tag (.*)$/m.exec(text)?.[1] ?? '',
        message: text.slice(text.indexOf('\n\n') + 2),
        commit: git('rev-parse', `${sha}^{commit}`) };
    },
    commit: (name) => maybe('rev-parse', '--verify', '--quiet', '--end-of-options',
      `${name}^{commit}`),
    set: (ref, sha) => void git('update-ref', ref, sha),
    remove: (ref) => void git('update-ref', '-d', ref),
  };
}

/** Refs without a repository: for tests that need names and commits only. */
export function gitInMemory(): Git & { annotate(ref: string, object: TagObject): void } {
  const refs = new Map<string, GitRef>();
  const tags = new Map<string, TagObject>();
  const named = (name: string): GitRef | undefined =>
    refs.get(name) ?? refs.get(`refs/tags/${name}`) ?? refs.get(`refs/heads/${name}`);
  return {
    refs: () => [...refs.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1)),
    tag: (sha) => tags.get(sha),
    commit: (name) => {
      const found = named(name);
      if (found !== undefined) return tags.get(found.sha)?.commit ?? found.sha;
      return /^[0-9a-f]{40}$/.test(name) ? tags.get(name)?.commit ?? name : undefined;
    },
    set: (ref, sha) => void refs.set(ref, { ref, sha, type: tags.has(sha) ? 'tag' : 'commit' }),
    remove: (ref) => void refs.delete(ref),
    annotate: (ref, object) => {
      tags.set(object.sha, object);
      refs.set(ref, { ref, sha: object.sha, type: 'tag' });
    },
  };
}
