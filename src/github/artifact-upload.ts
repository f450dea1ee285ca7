import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DefaultArtifactClient } from '@actions/artifact';
import { SeatrialError, type Problem } from '../errors.ts';
import type { ArtifactReference } from './github.ts';
import { quietly } from './quiet.ts';
import { fileName } from './references.ts';

type Client = Pick<DefaultArtifactClient, 'uploadArtifact' | 'listArtifacts'>;

export interface UploadOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Days until it is deleted; undefined: as the repository is set. */
  readonly retentionDays: number | undefined;
}

/**
 * Uploads one file as it is, so that the digest of the artifact is the digest of the file. The
 * library is loaded here: it is large, and most commands need none of it.
 */
export async function uploadArtifact(path: string, options: UploadOptions):
Promise<ArtifactReference> {
  const name = basename(path);
  requireName(name);
  requireService(options.environment);
  const sha256 = await digestOf(path);
  const library = await import('@actions/artifact');
  const client: Client = new library.DefaultArtifactClient();
  const { retentionDays } = options;
  try {
    const made = await quietly(() => client.uploadArtifact(name, [path], dirname(path), {
      skipArchive: true, ...(retentionDays === undefined ? {} : { retentionDays }) }));
    if (made.id !== undefined && made.digest === sha256) {
      return { name, id: String(made.id), sha256 };
    }
    throw new Error(`it arrived with sha256 ${made.digest ?? 'unknown'}, not ${sha256}`);
  } catch (error) {
    // It may be there all the same: made by this step before, or by a try whose answer was lost.
    const there = await findNamed(client, name);
    const same = there.find((it) => it.sha256 === sha256);
    if (same !== undefined) return same;
    throw new SeatrialError('refused', [problemOf(error, name, there)], error);
  }
}

/**
 * What the run has under the name, made by whichever attempt: equal bytes serve as well. None
 * where the service does not answer.
 */
async function findNamed(client: Client, name: string): Promise<ArtifactReference[]> {
  try {
    const { artifacts } = await quietly(() => client.listArtifacts());
    return artifacts.filter((it) => it.name === name).map((it) => ({ name, id: String(it.id),
      sha256: (it.digest ?? '').replace(/^sha256:/, '') }));
  } catch {
    return [];
  }
}

function requireName(name: string): void {
  if (fileName.test(name)) return;
  throw new SeatrialError('bad-input', [{
    place: JSON.stringify(name.slice(0, 200)),
    message: 'is no name that an artifact can have',
    fix: 'Use letters, digits and . _ + ~ - only.',
  }]);
}

function requireService(environment: UploadOptions['environment']): void {
  if ((environment['ACTIONS_RUNTIME_TOKEN'] ?? '') !== '') return;
  throw new SeatrialError('refused', [{
    place: 'ACTIONS_RUNTIME_TOKEN',
    message: 'is not set: the artifact service of GitHub cannot be reached from here',
    fix: 'The runner sets it for actions, not for `run:` steps: use the action of Seatrial.',
  }]);
}

/** The library throws plain errors; what they mean stands in their text alone. */
function problemOf(error: unknown, name: string, there: readonly ArtifactReference[]): Problem {
  const text = error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 300) : '';
  const said = ` (${text})`;
  const place = `artifact ${name}`;
  const [other] = there;
  const conflict = /\(409\)|conflict/i.test(text);
  if (conflict && other !== undefined) {
    return { place, message: 'is there already in this run, with other bytes: '
      + `sha256 ${other.sha256}`, fix: 'Let only one job of the run make it. A re-run of the job '
      + 'is a new attempt, where the name is free again.' };
  }
  if (conflict) {
    return { place, message: `was begun in this attempt of the run, and not finished${said}`,
      fix: 'Re-run the job: a new attempt has its own names.' };
  }
  if (/quota|insufficient usage/i.test(text)) {
    return { place, message: 'does not fit: the storage of the account for artifacts is full',
      fix: 'Delete old artifacts, or let them be kept for fewer days: Settings, Actions, General. '
        + 'GitHub counts anew every 6 to 12 hours.' };
  }
  if (/GHES/.test(text)) {
    return { place, message: 'cannot be kept: this server has no such artifacts',
      fix: 'GitHub Enterprise Server takes artifacts of an older kind only: hand the release on '
        + 'through its draft, and see docs on servers of your own.' };
  }
  return { place, message: `could not be uploaded${said}`,
    fix: 'Look at https://www.githubstatus.com, and at the network of the runner. Then re-run the '
      + 'job.' };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
