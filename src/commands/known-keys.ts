import { linesOf } from '../init/known-hosts.ts';
import { findTool, run } from '../package/process.ts';
import type { World } from './world.ts';

/** Lines of a known_hosts file for a host, also of hashed names; the file is only read. */
export async function keysOf(host: string, file: string, world: World): Promise<string[]> {
  const { status, stdout } = await run({ tool: findTool('ssh-keygen', world.environment),
    arguments: ['-F', host, '-f', file], cwd: world.temporaryDirectory,
    environment: { PATH: world.environment['PATH'] ?? '', LC_ALL: 'C' }, keepOutput: true });
  return status === 0 ? linesOf(stdout.toString('utf8'), host) : [];
}
