import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTree } from './tree.mjs';

/**
 * One tarball for each deployment of a round, made by `seatrial package` from tags of a repository
 * of its own: every peer gets the same bytes. Gives `{ version, archive }` of each.
 */
export function makeReleases(lab, { count, cli, config }) {
  const repository = join(lab.folder, 'repository');
  const git = (...words) => execFileSync('git', [
    '-c', 'user.name=bench', '-c', 'user.email=bench@example.org', '-C', repository, ...words,
  ], { env: lab.environment, stdio: 'pipe' });
  mkdirSync(repository);
  git('init', '--quiet');
  writeTree(repository);
  return Array.from({ length: count }, (_, index) => {
    const version = `1.0.${index}`;
    writeFileSync(join(repository, 'VERSION'), `${version}\n`);
    git('add', '--all');
    git('commit', '--quiet', '--message', version);
    git('tag', `v${version}`);
    const output = join(lab.folder, 'releases', version);
    const text = execFileSync(process.execPath, [cli, 'package', '--json', '--config', config,
      '--repository', repository, '--remote', repository, '--tag', `v${version}`,
      '--output', output], { env: lab.environment, cwd: lab.folder, stdio: 'pipe' });
    return { version, archive: JSON.parse(text).archive };
  });
}
