import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../package/fixture.ts';
import { example } from '../../hosts/transactions/systemd-server.ts';

/** The repository of an application that Seatrial releases: a work tree and what is pushed. */
export interface ApplicationRepository {
  /** The bare repository: what GitHub has. */
  readonly bare: string;
  readonly tree: string;
  /** Commits one version of the guestbook on `main`, and gives the full commit. */
  commit(version: string, change?: CommitOptions): string;
  /** Makes an annotated tag on a commit and pushes it; `--force` moves it. */
  tag(name: string, commit: string, options?: { readonly force: boolean }): void;
  remove(): void;
}

export interface CommitOptions {
  /** Which code of the example it has; default: that of the version. */
  readonly code?: string;
  /** Files by path, put over the tree. */
  readonly files?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** The workflow of a user: ten lines. */
export const callerWorkflow = `name: Release
on: { push: { tags: ['v*'] } }
permissions:
  { contents: write, actions: read, deployments: write, id-token: write, attestations: write }
jobs:
  release:
    uses: seatrial/seatrial/.github/workflows/release.yml@v1
    secrets: inherit
`;

/** @param always files that every commit has: the configuration, say. */
export function makeApplication(always: Readonly<Record<string, string>>): ApplicationRepository {
  const folder = mkdtempSync(join(tmpdir(), 'seatrial-application-'));
  const [bare, tree] = [join(folder, 'guestbook.git'), join(folder, 'guestbook')];
  mkdirSync(tree);
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'remote', 'add', 'origin', bare);
  return {
    bare, tree,
    commit(version, { code = version, files = {}, message = `Version ${version}` } = {}) {
      for (const name of readdirSync(tree).filter((it) => it !== '.git')) {
        rmSync(join(tree, name), { recursive: true });
      }
      makeTree(tree, version, code);
      const all = { '.github/workflows/release.yml': callerWorkflow, ...always, ...files };
      for (const [path, text] of Object.entries(all)) {
        mkdirSync(dirname(join(tree, path)), { recursive: true });
        writeFileSync(join(tree, path), text);
      }
      git(tree, 'add', '--all');
      git(tree, 'commit', '--quiet', '--allow-empty', `--message=${message}`);
      git(tree, 'push', '--quiet', 'origin', 'main');
      return git(tree, 'rev-parse', 'HEAD').trim();
    },
    tag(name, commit, { force } = { force: false }) {
      const forced = force ? ['--force'] : [];
      git(tree, 'tag', ...forced, '--annotate', `--message=${name}`, name, commit);
      git(tree, 'push', '--quiet', ...forced, 'origin', `refs/tags/${name}`);
    },
    remove: () => { rmSync(folder, { recursive: true, force: true }); },
  };
}

let maker: ((version: string, target: string) => void) | undefined;

/** To be called before the first commit: the example's maker is JavaScript. */
export async function loadMaker(): Promise<void> {
  const loaded = await import(join(example, 'make.mjs')) as {
    readonly makeRelease: (version: string, target: string) => void };
  maker = loaded.makeRelease;
}

function makeTree(tree: string, version: string, code: string): void {
  if (maker === undefined) throw new Error('loadMaker() first');
  maker(code, tree);
  const about = { name: 'guestbook', version, type: 'module' };
  writeFileSync(join(tree, 'package.json'), `${JSON.stringify(about, undefined, 2)}\n`);
}
