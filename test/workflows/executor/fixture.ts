import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { WorkflowsOptions } from './options.ts';
import type { Run } from './run.ts';
import { openWorkflows, type Workflows } from './workflows.ts';

/** Files of a repository by path. */
export type Files = Readonly<Record<string, string>>;

const opened: Array<() => Promise<void> | void> = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

export function makeFolder(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'folder-'));
  opened.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    if (text.startsWith('#!')) chmodSync(join(folder, path), 0o755);
  }
}

/** A working tree; its `.git` is the bare repository where everything is pushed already. */
export class TestRepository {
  readonly tree = makeFolder({});
  readonly bare = join(this.tree, '.git');

  constructor() {
    this.git('init', '--quiet', '--initial-branch=main', '--template=');
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', this.tree, ...who, ...args], { encoding: 'utf8' }).trim();
  }

  /** Commits files on the branch; with a tag, an annotated one is set. */
  push(files: Files, tag?: string): string {
    writeFiles(this.tree, files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'work');
    if (tag !== undefined) this.git('tag', '--annotate', '--message', tag, tag);
    return this.git('rev-parse', 'HEAD');
  }
}

export interface Opened {
  readonly github: Workflows;
  readonly repository: TestRepository;
  readonly sha: string;
}

/** A repository with these files, pushed with the tag `v1`, and GitHub around it. */
export function open(files: Files, options: Partial<WorkflowsOptions> = {}): Opened {
  const repository = new TestRepository();
  const sha = repository.push(files, 'v1');
  const github = openWorkflows({
    repository: { owner: 'octo', name: 'app', bare: repository.bare }, timeFactor: 0.02, ...options,
  });
  opened.push(() => github.close());
  return { github, repository, sha };
}

/** A workflow file for pushed tags with these jobs. */
export function onTags(jobs: string, head = ''): Files {
  return {
    '.github/workflows/ci.yml': `name: CI\non: { push: { tags: ['v*'] } }\n${head}\njobs:\n`
      + jobs.replace(/^/gm, '  '),
  };
}

/** One job `it` with these steps. */
export function steps(list: string, head = ''): Files {
  return onTags(`it:\n  runs-on: ubuntu-latest\n${head.replace(/^(?=.)/gm, '  ')}\n  steps:\n`
    + list.replace(/^/gm, '    '));
}

/** Pushes the tag and waits for the end of the run. */
export async function ran(files: Files, options: Partial<WorkflowsOptions> = {}): Promise<Run> {
  const { github } = open(files, options);
  return (await github.push('refs/tags/v1')).ended();
}
