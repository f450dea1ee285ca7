import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Builtin, Builtins } from './builtins.ts';
import { NotSupported, StepError } from './errors.ts';

/** A repository at one commit, as files. */
export interface Source {
  /** `owner/name` */
  readonly repository: string;
  /** As the workflow wrote it, or the full ref of the run. */
  readonly ref: string;
  readonly sha: string;
  readonly directory: string;
}

export interface SourcesOptions {
  /** `owner/name` of the repository under test, in a bare repository. */
  readonly repository: string;
  readonly bare: string;
  /** Folders of other repositories by `owner/name` or `owner/name@ref`. */
  readonly folders: Readonly<Record<string, string>>;
  /** Where exports are kept. */
  readonly cache: string;
}

/** Where files of workflows and actions come from: git for the repository itself, else folders. */
export class Sources {
  readonly #options: SourcesOptions;
  constructor(options: SourcesOptions) {
    this.#options = options;
  }

  /** Another repository as the workflow names it. Throws StepError where the test has none. */
  find(repository: string, ref: string): Source {
    const folder = this.#folder(repository, ref);
    if (folder !== undefined) {
      const sha = createHash('sha1').update(`${repository}@${ref}:${folder}`).digest('hex');
      return { repository, ref, sha: /^[0-9a-f]{40}$/.test(ref) ? ref : sha, directory: folder };
    }
    if (repository.toLowerCase() === this.#options.repository.toLowerCase()) {
      return this.export(ref, this.resolve(ref));
    }
    throw new StepError(`Unable to resolve action ${repository}@${ref}, repository not found`);
  }

  has(repository: string, ref: string): boolean {
    return this.#folder(repository, ref) !== undefined;
  }

  #folder(repository: string, ref: string): string | undefined {
    const { folders } = this.#options;
    return folders[`${repository}@${ref}`] ?? folders[repository];
  }

  /** The repository under test at a commit. */
  export(ref: string, sha: string): Source {
    const directory = join(this.#options.cache, sha);
    if (!existsSync(directory)) {
      mkdirSync(directory, { recursive: true });
      execFileSync('sh', ['-c', 'git --git-dir "$1" archive "$2" | tar -x -C "$3"', 'export',
        this.#options.bare, sha, directory]);
      // The runner copies a downloaded repository and stops at a link to nowhere.
      const dangling = links(directory).find((path) => !existsSync(path));
      if (dangling !== undefined) throw new StepError(`Could not find file '${dangling}'.`);
    }
    return { repository: this.#options.repository, ref, sha, directory };
  }

  /** The commit that a branch, a tag (peeled) or a commit stands for. */
  resolve(ref: string): string {
    return execFileSync('git', ['--git-dir', this.#options.bare, 'rev-parse', '--verify', '--quiet',
      '--end-of-options', `${ref}^{commit}`], { encoding: 'utf8' }).trim();
  }
}

function links(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) return [path];
    return entry.isDirectory() ? links(path) : [];
  });
}

/** What `uses` of a step names. */
export type Used =
  | { readonly kind: 'workspace'; readonly path: string }
  | { readonly kind: 'builtin'; readonly repository: string; readonly ref: string;
    readonly builtin: Builtin }
  | { readonly kind: 'repository'; readonly repository: string; readonly ref: string;
    readonly source: Source; readonly path: string };

interface Where {
  /** Repository and commit of the file that says it, for `$/`. */
  readonly self: Source;
  readonly sources: Sources;
  readonly builtins: Builtins;
}

export function usedBy(uses: string, { self, sources, builtins }: Where): Used {
  if (uses.startsWith('docker://')) throw new NotSupported(`uses: ${uses}`);
  if (uses.startsWith('./') || uses === '.') return { kind: 'workspace', path: uses };
  if (uses.startsWith('$/')) {
    const path = uses.slice(2).replace(/^\/+/, '');
    if (path === '') throw badReference(uses);
    const { repository, sha } = self;
    return { kind: 'repository', repository, ref: sha, source: self, path };
  }
  const pattern = /^(?<repository>[^/@]+\/[^/@]+)(?:\/(?<path>[^@]*))?@(?<ref>.+)$/;
  const parts = pattern.exec(uses)?.groups;
  if (parts?.repository === undefined || parts.ref === undefined) {
    throw badReference(uses);
  }
  const { repository, ref } = parts;
  const builtin = parts.path === undefined && !sources.has(repository, ref)
    ? builtins.get(repository.toLowerCase()) : undefined;
  if (builtin !== undefined) return { kind: 'builtin', repository, ref, builtin };
  const source = sources.find(repository, ref);
  return { kind: 'repository', repository, ref, source, path: parts.path ?? '' };
}

function badReference(uses: string): StepError {
  return new StepError(`Expected format {org}/{repo}[/path]@ref. Actual '${uses}'`);
}

export function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
