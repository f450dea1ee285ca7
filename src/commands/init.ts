import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { HostConfig } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { parseConfig } from '../config/parse.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import { configText } from '../init/config-text.ts';
import { fillInMark, guessMark } from '../init/lines.ts';
import { howToKnow } from '../init/known-hosts.ts';
import { nextText } from '../init/next.ts';
import { applicationName, gitHubOf, tagsOf, type RepositoryFound } from '../init/repository.ts';
import { isToolkit, workflowText } from '../init/workflow.ts';
import { lookAtHosts, type HostWanted, type Seen } from './init-hosts.ts';
import { lookAtRepository } from './init-repository.ts';
import type { Result, World } from './world.ts';

const workflow = '.github/workflows/release.yml';

/** Writes what a repository needs, from what is found. Nothing that is there is written over. */
export async function init(options: RawOptions, world: World): Promise<Result> {
  const repository = await lookAtRepository(options.repository, world);
  const hosts = readOptions(options);
  const named = nameOf(options, repository);
  const seen = await lookAtHosts({ hosts, application: named.application, options, world,
    repository: repository.directory });
  const { prefix } = tagsOf(repository.tags);
  const wanted = new Map([
    ['seatrial.yml', configText({ ...named, repository, found: seen.production,
      production: options['host-production'], staging: options['host-staging'] })],
    [workflow, workflowText({ tagPrefix: prefix, toolkit: options.toolkit,
      toolVersion: world.toolVersion })],
    ...(seen.knownHosts.length === 0 ? []
      : [['known_hosts', `${seen.knownHosts.join('\n')}\n`] as const]),
  ]);
  write(repository.directory, wanted, world);
  const text = [...wanted.values()].join('');
  for (const note of seen.notes) world.print(`${note}\n`);
  world.print(nextText({ gitHub: gitHubOf(repository.remote), tagPrefix: prefix,
    hasProduction: hosts.some((it) => it.name === 'production'),
    hasStaging: hosts.some((it) => it.name === 'staging'),
    files: [...new Set([...wanted.keys(), 'known_hosts'])],
    guesses: count(text, guessMark), toFillIn: count(text, fillInMark),
    unknownHosts: unknownHosts(hosts, seen) }));
  return { kind: 'printed' };
}

function nameOf(options: RawOptions, { directory, remote }: RepositoryFound):
{ readonly application: string; readonly why: string | undefined } {
  if (options.application !== undefined) {
    return { application: options.application, why: undefined };
  }
  const gitHub = gitHubOf(remote);
  return gitHub !== undefined
    ? { application: applicationName(gitHub.name), why: 'the repository is called so' }
    : { application: applicationName(basename(directory)), why: 'the directory is called so' };
}

/** Everything that is wrong with the options, by the rules of our own file. */
function readOptions(options: RawOptions): HostWanted[] {
  const problems: Problem[] = [];
  if (options.toolkit !== undefined && !isToolkit(options.toolkit)) {
    problems.push({ place: '--toolkit', message: 'must be owner/name@version',
      fix: 'For example octo/seatrial@v1.2.0; a full commit in place of the version pins it.' });
  }
  const read = (place: string, line: string): HostConfig | undefined => {
    try {
      return parseConfig(`${line}\ninstall: { directory: /srv/a }\nservice: []\nstate: []\n` +
        'maintenance: { none: tried }\nchecks: [{ log: /a }]\n', '').hosts.production;
    } catch (error) {
      if (!(error instanceof SeatrialError)) throw error;
      problems.push(...error.problems.map(({ message, fix }) =>
        ({ place, message, ...(fix === undefined ? {} : { fix }) })));
      return undefined;
    }
  };
  if (options.application !== undefined) {
    read('--application', `application: ${JSON.stringify(options.application)}\n` +
      'hosts: { production: local }');
  }
  const hosts = (['production', 'staging'] as const).flatMap((name): HostWanted[] => {
    const given = options[`host-${name}`];
    if (given === undefined) return [];
    const host = read(`--host-${name}`, `application: a\nhosts: { production: ${
      JSON.stringify(given)} }`);
    return host === undefined ? [] : [{ name, host }];
  });
  if (problems.length > 0) throw new SeatrialError('bad-input', problems);
  return hosts;
}

/** All or nothing: half a set-up beside another one would be taken for a whole. */
function write(directory: string, wanted: ReadonlyMap<string, string>, world: World): void {
  const there = [...wanted].filter(([name]) => existsSync(join(directory, name)));
  const others = there.filter(([name, text]) =>
    readFileSync(join(directory, name), 'utf8') !== text);
  if (others.length > 0) {
    for (const [name, text] of others) world.print(`# ${name} would be:\n${text}\n`);
    throw new SeatrialError('refused', others.map(([name]) => ({
      message: 'is there already, and is not written over; nothing was written',
      place: join(directory, name),
      fix: 'Take over from the text above what you want, or move the file aside and run it again.',
    })));
  }
  for (const [name, text] of wanted) {
    const path = resolve(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    const isSame = there.some(([it]) => it === name);
    if (!isSame) writeFileSync(path, text, { flag: 'wx' });
    world.print(`${isSame ? 'unchanged' : 'written'}    ${name}\n`);
  }
}

function unknownHosts(hosts: readonly HostWanted[], seen: Seen): string[] {
  return hosts.flatMap(({ name, host }) => (host.kind === 'ssh' && !seen.known.has(name)
    ? [howToKnow(host.destination, host.port)] : []));
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
