import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SeatrialError } from '../errors.ts';
import type { RepositoryFound } from '../init/repository.ts';
import { findTool, run } from '../package/process.ts';
import type { World } from './world.ts';

const textBytesMax = 1024 * 1024;
const tagsMax = 200;

/** Asks git only; nothing of the repository is run. */
export async function lookAtRepository(path: string, world: World): Promise<RepositoryFound> {
  const tool = findTool('git', world.environment);
  const ask = async (...words: readonly string[]): Promise<string | undefined> => {
    const { status, stdout } = await run({ tool, cwd: world.temporaryDirectory,
      // A repository's own settings may name programs; none of these questions starts one.
      arguments: ['-c', 'core.fsmonitor=false', '-C', resolve(path), ...words],
      environment: { ...world.environment, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
      keepOutput: true });
    return status === 0 ? stdout.toString('utf8') : undefined;
  };
  const top = (await ask('rev-parse', '--show-toplevel'))?.replace(/\n$/, '');
  if (top === undefined) {
    throw new SeatrialError('bad-input', [{ message: 'is no work tree of git', place: path,
      fix: 'Run it in the application\'s repository (git init), or name it with --repository.' }]);
  }
  const listed = await ask('ls-files', '-z', '--cached', '--others', '--exclude-standard',
    '--full-name', '--', top);
  return {
    directory: top,
    remote: (await ask('remote', 'get-url', 'origin'))?.trim(),
    tags: ((await ask('for-each-ref', `--count=${tagsMax}`, '--sort=-creatordate',
      '--format=%(refname:strip=2)', 'refs/tags')) ?? '').split('\n').filter((it) => it !== ''),
    files: (listed ?? '').split('\0').filter((it) => it !== ''),
    text: (name) => readText(join(top, basename(name))),
  };
}

function readText(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length > textBytesMax ? undefined : bytes.toString('utf8');
  } catch {
    return undefined;
  }
}
