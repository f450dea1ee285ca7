import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import type { Problem } from '../errors.ts';
import type { World } from './world.ts';

/**
 * In a job, a secret that is not there is an empty text, and GitHub says nothing: ssh would fail
 * later with "Permission denied". Where the runner has a key, an agent or a configuration of its
 * own, ssh may choose.
 */
export function missingKey(options: RawOptions, world: World): Problem | undefined {
  if (world.environment['GITHUB_ACTIONS'] !== 'true' || options.identity !== undefined) {
    return undefined;
  }
  const { SSH_AUTH_SOCK: agent = '', HOME: home = '' } = world.environment;
  if (agent !== '' || hasOwnKey(join(home, '.ssh'))) return undefined;
  return {
    place: 'ssh-private-key',
    message: 'is empty, and this runner has no key of its own',
    fix: 'The secret is not visible to this job. It must be a secret of the environment that the ' +
      'job names (Settings > Environments), or of the repository; a caller of the reusable ' +
      'workflow must say `secrets: inherit`.',
  };
}

function hasOwnKey(directory: string): boolean {
  return existsSync(directory)
    && readdirSync(directory).some((name) => name === 'config' || /^id_/.test(name));
}
