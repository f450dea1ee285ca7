import * as core from '@actions/core';
import type { World } from '../commands/world.ts';
import type { RawOptions } from '../config/options.ts';
import { openArtifacts } from '../github/artifacts.ts';
import { hasArtifacts, jobOf, repositoryOf } from '../github/context.ts';
import { openGitHub } from '../github/open.ts';
import { writeKnownHosts, writePrivateKey } from '../host/identity-files.ts';
import type { JobWorld } from '../jobs/run-job.ts';

/** For the step after this one, should this one be killed. */
const remember: World['started'] = (run, where) => {
  core.saveState('run', run);
  core.saveState('host', where);
};

/**
 * What a job adds: its place on GitHub, and keys as files in the temporary directory, which the
 * step removes, and the step after it once more.
 */
export async function openJob(world: World, given: RawOptions): Promise<{
  readonly world: World | JobWorld; readonly options: RawOptions;
}> {
  core.saveState('directory', world.temporaryDirectory);
  const { environment, temporaryDirectory } = world;
  const { 'ssh-private-key': key, 'ssh-known-hosts': hosts, 'github-token': token } = given;
  const options = { ...given,
    ...(key === undefined ? {} : { identity: writePrivateKey(key, temporaryDirectory) }),
    ...(hosts === undefined ? {} : { 'known-hosts': writeKnownHosts(hosts, temporaryDirectory) }) };
  const heard = { ...world, started: remember };
  const repository = repositoryOf(environment['GITHUB_REPOSITORY']);
  if (token === undefined || repository === undefined) return { world: heard, options };
  const github = await openGitHub({ token, repository, toolVersion: world.toolVersion,
    apiUrl: environment['GITHUB_API_URL'], serverUrl: environment['GITHUB_SERVER_URL'] });
  const job = jobOf(environment, github);
  if (job === undefined) return { world: heard, options };
  const artifacts = hasArtifacts(environment, github) ? openArtifacts(job, { environment })
    : undefined;
  const by = `${job.triggeringActor} (${job.url})`;
  return { options, world: { ...heard, job, artifacts, by } };
}
