import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFakeGitHub, type FakeGitHub } from '../fakes/github/open.ts';
import { gitOnDisk } from '../fakes/github/git-store.ts';
import { openSigstore, type Sigstore } from '../fakes/github/sigstore.ts';
import { workflowServer } from '../fakes/github/workflow-server.ts';
import { git } from '../package/fixture.ts';
import { tell } from '../workflows/chain/stage.ts';
import { openWorkflows, type Workflows } from '../workflows/executor/workflows.ts';

const root = resolve(import.meta.dirname, '../..');
const tag = 'notes-v1.0.0';
let folder = '';
let github: FakeGitHub;
let sigstore: Sigstore;
let workflows: Workflows;

/** This repository as its work tree is, with a tag that somebody pushed. */
function pushed(): string {
  const [bare, tree] = [join(folder, 'seatrial.git'), join(folder, 'tree')];
  mkdirSync(tree);
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others',
    '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  const archive = join(folder, 'tree.tar');
  execFileSync('tar', ['--create', '--directory', root, '--file', archive, '--null',
    '--files-from=-'], { input: `${files.join('\0')}\0` });
  execFileSync('tar', ['--extract', '--file', archive], { cwd: tree });
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(tree, 'init', '--quiet', '--initial-branch=main');
  git(tree, 'add', '--all');
  git(tree, 'commit', '--quiet', '--message=work');
  git(tree, 'tag', '--annotate', '--message=notes', tag);
  git(tree, 'push', '--quiet', bare, 'main', tag);
  return bare;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seatrial-notes-'));
  const bare = pushed();
  github = await openFakeGitHub({ owner: 'octo', name: 'seatrial', git: gitOnDisk(bare) });
  sigstore = await openSigstore();
  mkdirSync(join(folder, 'home'));
  workflows = openWorkflows({
    repository: { owner: 'octo', name: 'seatrial', bare },
    server: workflowServer(github, sigstore),
    env: { HOME: join(folder, 'home') },
  });
});

afterAll(async () => {
  await workflows?.close();
  await github?.close();
  await sigstore?.close();
  execFileSync('bash', [join(root, 'test/hosts/lab.sh'), 'reap']);
  rmSync(folder, { recursive: true, force: true });
});

it('the workflow of this repository releases its example to hosts of its own', async () => {
  const run = await workflows.push(`refs/tags/${tag}`);
  await run.ended();
  expect(run.conclusion, tell(run)).toBe('success');
  const { log, summary } = run.job('release');
  expect(log).toContain('approved outside of Seatrial: the hosts end with the job');
  expect(summary).toMatch(/passed/i);
  expect(summary).toMatch(/done/i);
  expect(github.state.releases).toMatchObject([{ tag, draft: false }]);
  expect(github.state.deployments.map((it) => it.statuses.at(-1)?.state)).toEqual(['success']);
  expect(github.state.attestations.length).toBeGreaterThanOrEqual(1);
  expect(github.violations).toEqual([]);
  // The key of the hosts is in the home of the runner alone.
  expect(readdirSync(join(folder, 'home', '.ssh'))).toContain('notes');
}, 300_000);
