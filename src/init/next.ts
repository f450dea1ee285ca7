import { tagFilter, type GitHubName } from './repository.ts';

export interface NextWanted {
  readonly gitHub: GitHubName | undefined;
  readonly tagPrefix: string;
  readonly hasProduction: boolean;
  readonly hasStaging: boolean;
  readonly files: readonly string[];
  readonly guesses: number;
  readonly toFillIn: number;
  /** Commands for the console of each host that is not known yet. */
  readonly unknownHosts: readonly string[];
}

/** What a person does now, in order, as commands and pages. */
export function nextText(wanted: NextWanted): string {
  const steps = [
    [`Read seatrial.yml: ${count(wanted.guesses, 'guess', 'guesses')} to look at, ` +
      `${count(wanted.toFillIn, 'line', 'lines')} to fill in:`,
    '  grep -nE "guess:|fill in:" seatrial.yml'],
    ...(wanted.unknownHosts.length === 0 ? [] : [[
      'Put one line for each host into known_hosts. No key is trusted unseen:',
      ...wanted.unknownHosts]]),
    ['Look at the whole set-up, and prepare the hosts:', '  seatrial doctor',
      ...(wanted.hasProduction ? ['  seatrial doctor --install --host production'] : []),
      ...(wanted.hasStaging ? ['  seatrial doctor --install --host staging'] : []),
      'What those print is for root there: … | ssh root@HOST sh',
      'If something runs on production already, take it over as it is:',
      '  seatrial adopt --version <the version that runs>'],
    gitHubLines(wanted),
    ['Commit them, and release:', `  git add ${wanted.files.join(' ')}`,
      '  git commit -m "Release with Seatrial" && git push',
      `  git tag ${wanted.tagPrefix}1.0.0 && git push origin ${wanted.tagPrefix}1.0.0`],
  ];
  return `Next:\n${steps.map((lines, index) =>
    lines.map((line, at) => (at === 0 ? `${index + 1}. ${line}` : `   ${line}`)).join('\n'))
    .join('\n')}\n`;
}

function gitHubLines({ gitHub, tagPrefix, hasStaging }: NextWanted): string[] {
  const settings = gitHub === undefined ? 'Settings of the repository on GitHub'
    : `${gitHub.server}/${gitHub.owner}/${gitHub.name}/settings`;
  const tags = `deployment tags: add the rule ${tagFilter(tagPrefix)} (a tag rule, not a branch)`;
  return [
    'On GitHub make the environments, before the first tag: one that a workflow names first',
    'comes to be without any rule.',
    `  ${settings}${gitHub === undefined ? ': Environments' : '/environments'}`,
    ...(hasStaging ? [`  staging: ${tags}`] : []),
    '  production: required reviewers, prevent self-review, administrators may not bypass;',
    `    ${tags}`,
    '  secret SEATRIAL_SSH_KEY in each, a private key. production: logs in to production.',
    ...(hasStaging
      ? ['    staging: logs in to both hosts, since a rehearsal reads production.'] : []),
  ];
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
