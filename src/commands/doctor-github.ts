import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { SeatrialError } from '../errors.ts';
import type { GitHub } from '../github/github.ts';
import { openGitHub } from '../github/open.ts';
import { lookAtSetup } from '../github/setup.ts';
import { gitHubOf, tagsOf, type GitHubName, type RepositoryFound } from '../init/repository.ts';
import { environmentNames, workflowUses } from '../init/workflow-use.ts';
import { Secret } from '../secret.ts';
import { notesOf, type Notes } from './doctor-finding.ts';
import { lookAtRepository } from './init-repository.ts';
import type { World } from './world.ts';

const secret = 'SEATRIAL_SSH_KEY';

export interface GitHubAsked {
  /** Undefined: it is not right; GitHub is looked at all the same. */
  readonly config: Config | undefined;
  readonly options: RawOptions;
  readonly world: World;
}

/** The repository's workflows, and its settings on GitHub where a token can see them. */
export async function lookAtGitHub(asked: GitHubAsked): Promise<readonly Notes[]> {
  const repository = await repositoryOf(asked);
  const { job } = asked.world;
  const gitHub = gitHubOf(repository?.remote);
  if (job === undefined && gitHub === undefined) return [];
  const workflows = notesOf('workflow');
  const text = repository === undefined ? '' : noteWorkflows(workflows, repository);
  const notes = notesOf('GitHub');
  const github = job?.github ?? await openAsPerson(notes, gitHub, asked.world);
  if (github !== undefined) {
    const names = environmentNames(text);
    const { config, options } = asked;
    const found = await lookAtSetup(github, {
      secret, tag: `${config?.package?.tagPrefix ?? 'v'}1.0.0`,
      environments: [
        ...(config !== undefined && config.hosts.staging === undefined ? []
          : [{ name: names.staging, approved: false }]),
        { name: options.given.includes('environment') ? options.environment : names.production,
          approved: config?.approval === undefined || config.approval.kind === 'reviewers' },
      ],
    });
    for (const { what, state, message, fix = '' } of found) {
      if (state === 'ok') notes.ok(what, message);
      else if (state === 'warning') notes.warn(what, message, fix);
      else if (state === 'unseen') notes.unseen(what, message, fix);
      else notes.fail(what, message, fix);
    }
  }
  return [workflows, notes];
}

/** Undefined: the configuration is not in a repository; then nothing of it is to be looked at. */
async function repositoryOf({ options, world }: GitHubAsked): Promise<RepositoryFound | undefined> {
  try {
    return await lookAtRepository(dirname(options.config), world);
  } catch (error) {
    if (error instanceof SeatrialError) return undefined;
    throw error;
  }
}

/** Gives the text of all workflows. */
function noteWorkflows(notes: Notes, repository: RepositoryFound): string {
  const files = repository.files.filter((it) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(it));
  const texts = files.map((file) => readText(join(repository.directory, file)));
  const uses = files.flatMap((file, index) => workflowUses(file, texts[index] ?? ''));
  const { prefix } = tagsOf(repository.tags);
  if (uses.length === 0) {
    notes.warn('files', 'none of .github/workflows calls Seatrial',
      `Have it written: seatrial init (it releases tags such as ${prefix}1.0.0).`);
  }
  for (const { file, what, version, pin } of uses) {
    if (what.startsWith('OWNER/')) {
      notes.fail(file, `calls ${what}, which is not filled in`,
        'Write who owns the toolkit\'s repository.');
    } else if (pin === 'name') {
      notes.warn(file, `calls ${what}@${version}, a name that can be moved`,
        `Pin the commit: ${what}@<40 hex digits> # ${version}`);
    } else notes.ok(file, `calls ${what}${version === '' ? '' : `@${version}`}`);
  }
  return texts.join('\n');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function openAsPerson(notes: Notes, name: GitHubName | undefined, world: World):
Promise<GitHub | undefined> {
  const token = [world.environment['GITHUB_TOKEN'], world.environment['GH_TOKEN']]
    .find((it) => it !== undefined && it !== '');
  if (name === undefined) return undefined;
  if (token === undefined) {
    notes.unseen('settings', `of ${name.owner}/${name.name} cannot be seen: there is no token`,
      'Set GITHUB_TOKEN to a token of yours that may read the settings (gh auth token).');
    return undefined;
  }
  return openGitHub({ token: new Secret(token), repository: { owner: name.owner, name: name.name },
    serverUrl: name.server, apiUrl: world.environment['GITHUB_API_URL'] ?? apiOf(name.server),
    toolVersion: world.toolVersion, cancel: world.cancel });
}

/** As GitHub's own servers and those of companies have it. */
function apiOf(server: string): string {
  const host = new URL(server).host;
  return host === 'github.com' || host.endsWith('.ghe.com') ? `https://api.${host}`
    : `${server}/api/v3`;
}
