import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Builtin, BuiltinCall } from './builtins.ts';
import { NotSupported, StepError } from './errors.ts';
import { wordsOf } from './expressions.ts';
import type { WorkflowsOptions } from './options.ts';

/**
 * `actions/checkout` as its version 7 does it, from the bare repository: a tag is fetched as it
 * is on the remote, and must still be at the run's commit.
 */
export function checkout(options: WorkflowsOptions): Builtin {
  return {
    inputs: {
      repository: '', ref: '', token: '', 'fetch-depth': '1', 'fetch-tags': 'false',
      'persist-credentials': 'true', path: '.', clean: 'true', 'show-progress': 'true',
      submodules: 'false', lfs: 'false',
    },
    main: async (call) => {
      const { inputs, facts } = call;
      if (inputs.submodules !== 'false' || inputs.lfs !== 'false') {
        throw new NotSupported('submodules and lfs of actions/checkout');
      }
      const wanted = wantedOf(call, options);
      const directory = join(facts.directories.workspace, inputs.path ?? '.');
      const git = gitIn(directory);
      mkdirSync(directory, { recursive: true });
      await git('init', '--quiet', directory);
      await git('remote', 'add', 'origin', wanted.url);
      await fetch(git, { ...wanted, inputs });
      const place = wanted.ref.startsWith('refs/heads/')
        ? ['-B', wanted.ref.slice('refs/heads/'.length),
          `refs/remotes/origin/${wanted.ref.slice('refs/heads/'.length)}`]
        : [wanted.ref === '' ? wanted.commit : wanted.ref];
      await git('checkout', '--quiet', '--force', ...place);
      if (inputs['persist-credentials'] === 'true') await persist(call, { git, directory });
      call.output('commit', (await git('rev-parse', 'HEAD')).trim());
      call.output('ref', wanted.ref);
    },
    post: (call) => {
      const file = call.state.get('credentials');
      if (file !== undefined) rmSync(file, { force: true });
      return Promise.resolve();
    },
  };
}

type Git = (...args: string[]) => Promise<string>;

/** Nobody's configuration but the repository's own. */
function gitIn(directory: string): Git {
  return async (...args) => {
    const { stdout } = await promisify(execFile)('git', ['-C', directory, ...args], {
      env: {
        PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_COUNT: '2',
        GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*',
        GIT_CONFIG_KEY_1: 'init.defaultBranch', GIT_CONFIG_VALUE_1: 'main',
      },
    });
    return stdout;
  };
}

interface Wanted {
  readonly url: string;
  readonly ref: string;
  /** Empty where only the ref is known. */
  readonly commit: string;
}

function wantedOf({ inputs, github }: BuiltinCall, options: WorkflowsOptions): Wanted {
  const { repository, folders = {} } = options;
  const own = `${repository.owner}/${repository.name}`;
  const name = inputs.repository === '' ? own : inputs.repository ?? own;
  const isOwn = name.toLowerCase() === own.toLowerCase();
  const url = isOwn ? repository.bare : folders[name];
  if (url === undefined) throw new StepError(`fatal: repository '${name}' not found`);
  const asked = inputs.ref ?? '';
  if (asked === '' && isOwn) {
    return { url, ref: wordsOf(github.ref), commit: wordsOf(github.sha) };
  }
  if (/^[0-9a-f]{40}$/.test(asked)) return { url, ref: '', commit: asked };
  if (asked === '') throw new NotSupported('the default branch of another repository');
  if (!asked.startsWith('refs/')) throw new NotSupported(`a ref without 'refs/': ${asked}`);
  return { url, ref: asked, commit: '' };
}

async function fetch(
  git: Git, { ref, commit, inputs }: Wanted & Pick<BuiltinCall, 'inputs'>,
): Promise<void> {
  const depth = Number(inputs['fetch-depth']);
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined;
  const remote = branch === undefined ? ref : `refs/remotes/origin/${branch}`;
  const one = branch !== undefined ? `+${commit || ref}:${remote}`
    : ref === '' ? commit : `+${ref}:${ref}`;
  const tags = '+refs/tags/*:refs/tags/*';
  const all = ['+refs/heads/*:refs/remotes/origin/*', tags];
  const run = (specs: readonly string[]): Promise<string> => git('fetch', '--quiet', '--no-tags',
    '--prune', '--upload-pack', 'git -c uploadpack.allowAnySHA1InWant=true upload-pack',
    ...(depth > 0 ? [`--depth=${depth}`] : []), 'origin', ...specs);
  await run(depth > 0 ? [...(inputs['fetch-tags'] === 'true' ? [tags] : []), one] : all);
  const at = async (): Promise<string> =>
    (await git('rev-parse', '--verify', `${remote === '' ? commit : remote}^{commit}`)).trim();
  if (commit === '' || await at() === commit) return;
  if (branch !== undefined) await run([one]);
  if (await at() === commit) return;
  throw new StepError(`The ref '${ref}' does not point to the expected commit '${commit}'. `
    + 'The ref may have been updated after the workflow was triggered.');
}

/** The token lies in a file of its own, which the repository's configuration includes. */
async function persist(
  { facts, github, inputs, state }: BuiltinCall,
  { git, directory }: { readonly git: Git; readonly directory: string },
): Promise<void> {
  const token = inputs.token === '' ? wordsOf(github.token) : inputs.token ?? '';
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const file = join(facts.directories.temp, `git-credentials-${randomUUID()}.config`);
  const url = wordsOf(github.server_url);
  writeFileSync(file, `[http "${url}/"]\n\textraheader = AUTHORIZATION: basic ${basic}\n`,
    { mode: 0o600 });
  await git('config', '--local', `includeIf.gitdir:${join(directory, '.git')}.path`, file);
  state.set('credentials', file);
}
