import type { HostFound } from './host-found.ts';
import { flow, guessed, oneLine, scalar, toFillIn } from './lines.ts';
import { packageGuess, type PackageGuess } from './package-guess.ts';
import { tagsOf, type RepositoryFound } from './repository.ts';
import { hostSections } from './host-sections.ts';
import { siteOf } from './site.ts';

export interface ConfigWanted {
  readonly application: string;
  /** Where the name comes from; undefined: a person gave it. */
  readonly why: string | undefined;
  readonly repository: RepositoryFound;
  /** Destinations as they were given. */
  readonly production: string | undefined;
  readonly staging: string | undefined;
  /** Undefined: it was not looked at. */
  readonly found: HostFound | undefined;
}

/** `seatrial.yml` as far as it can be guessed: each guess and each gap is marked on its line. */
export function configText(wanted: ConfigWanted): string {
  const { application, repository, found } = wanted;
  const files = new Set(repository.files);
  const isCode = (path: string): boolean => files.has(path)
    || repository.files.some((it) => it.startsWith(`${path}/`));
  const site = siteOf(found ?? nothing, { application, isCode });
  const made = packageGuess(repository);
  return `${[
    '# How Seatrial releases this application; every key: docs/configuration.md of Seatrial.',
    '# A line that says "guess" may be wrong: look at it, and take the remark away.',
    '# A line that says "fill in" is refused, or says less than it should, until you have decided.',
    ...(wanted.why === undefined ? [`application: ${application}`]
      : guessed(`application: ${application}`, wanted.why)),
    '', ...packageLines(repository, made),
    '', ...hostLines(wanted),
    ...hostSections({ application, site, found, migrate: made.migrate,
      topLevel: topLevelOf(repository.files) }),
  ].join('\n')}\n`;
}

const nothing: HostFound = {
  host: '', user: '', isRoot: false, hasSystemd: false, units: [], trees: [], databases: [],
  sqlite: [], zodb: [], uploads: [], logs: [], pidfiles: [], ports: [], fronts: [],
};

function topLevelOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.map((it) => it.split('/')[0] ?? ''));
}

/** What a release does not need on the host. */
const own = ['seatrial.yml', 'known_hosts', '.github/**'];

function packageLines(repository: RepositoryFound, made: PackageGuess): string[] {
  const { prefix, newest } = tagsOf(repository.tags);
  return [
    '# A release is a clean export of the tag, after this command has run in it.',
    'package:',
    ...(made.run === undefined
      ? ['  # run: make dist', ...remark('nothing here says how it is built: the export is packed')]
      : guessed(`  run: ${scalar(made.run.value)}`, made.run.why)),
    ...(made.include === undefined ? [`  exclude: ${flow(own)}`]
      : guessed(`  include: ${flow(made.include.value)}`, made.include.why)),
    ...(made.versions === undefined ? [] : guessed('  versions: [{ file: ' +
      `${scalar(made.versions.value.file)}, pattern: ${quoted(made.versions.value.pattern)} }]`,
    made.versions.why)),
    ...(prefix === 'v' || prefix === '' ? []
      : guessed(`  tag-prefix: ${scalar(prefix)}`, `as in ${newest ?? ''}`)),
  ];
}

function quoted(pattern: string): string {
  return `'${pattern.replaceAll("'", "''")}'`;
}

function remark(text: string): string[] {
  return [`  # guess: ${oneLine(text)}`];
}

function hostLines({ production, staging, found }: ConfigWanted): string[] {
  return [
    'hosts:',
    ...(production === undefined
      ? toFillIn('  production:', 'user@host that users work on')
      : [`  production: ${scalar(production)}`]),
    ...(staging === undefined
      ? ['  # staging: deploy@staging.example.org',
        '  # fill in: a second machine; without it nothing is rehearsed before it is installed']
      : [`  staging: ${scalar(staging)}`]),
    '  # Lines that you have compared with the hosts: no key is trusted unseen.',
    '  known-hosts: known_hosts',
    ...(found === undefined && production !== undefined
      ? ['', '# The host was not looked at: what follows is not guessed but left open.'] : []),
  ];
}
