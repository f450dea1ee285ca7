import type { Secret } from '../secret.ts';

/**
 * The one table of options: the command line and the actions read it, `--help` prints it, and
 * every action.yml is checked against it.
 */
export const commands = {
  package: 'Make a release from a tag: tarball, manifest and checksums.',
  rehearse:
    'Try a release on a copy of production, and write the receipt that production asks for.',
  plan: 'Show every command that a deployment would run, and run none.',
  deploy: 'Install a release; on any failure before users are let in, go back.',
  adopt: 'Take over a host that was installed by hand: what runs becomes the baseline.',
  status: 'Show what is installed, what runs and what failed.',
  rollback: 'Go back to a release that was good.',
  recover: 'Finish the undo of a transaction that died.',
  attach: 'Watch a transaction that runs on the host.',
  doctor: 'Look whether a host is ready; with --install, prepare it.',
  draft: 'Put a release on the draft of its page on GitHub, or complete that draft.',
  publish: 'Publish the page of a release on GitHub: it is in production.',
  init: 'Write seatrial.yml and the workflow, from what is found here and on the hosts.',
  schema: 'Print the JSON Schema of seatrial.yml.',
  demo: 'Show a deployment, a failure and the way back, on this machine.',
  version: 'Print the version.',
  help: 'Print this text, or the options of one command.',
} as const;

export type CommandName = keyof typeof commands;
export const commandNames = Object.keys(commands) as readonly CommandName[];

export interface Option {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'number';
  readonly default?: string | boolean | number;
  /** Allowed words. */
  readonly choices?: readonly string[];
  /** Inclusive bounds of a number. */
  readonly range?: readonly [number, number];
  /** One sentence, without the name. */
  readonly text: string;
  /** Read into a Secret; never shown. */
  readonly secret: boolean;
  /** `job`: an input of the action alone; the command line reads a file or the environment. */
  readonly front?: 'job';
  /** Several lines are allowed. */
  readonly lines?: boolean;
  /** What the action takes where the input is not set, as an expression of GitHub's. */
  readonly expression?: string;
  readonly commands: readonly CommandName[];
  /** Commands that cannot do without it. */
  readonly required?: readonly CommandName[];
  /** Flag that makes it needless after all. */
  readonly unless?: string;
}

const onHost = [
  'plan', 'deploy', 'adopt', 'status', 'rollback', 'recover', 'attach', 'doctor',
] as const;
const connecting = [...onHost, 'rehearse'] as const;
const watching = ['rehearse', 'deploy', 'rollback', 'recover', 'attach'] as const;
const publishing = ['draft', 'publish'] as const;
const working = ['package', ...connecting, ...publishing, 'demo'] as const;

export const options = [
  {
    name: 'config', type: 'string', default: 'seatrial.yml', secret: false,
    text: 'Path of the configuration file.', commands: ['package', ...connecting],
  },
  {
    name: 'host', type: 'string', default: 'production', choices: ['production', 'staging'],
    secret: false, text: 'Which of the hosts in the configuration.', commands: onHost,
  },
  {
    name: 'release', type: 'string', secret: false,
    text: 'Path of the tarball that `package` made; in a job, its output `release`.',
    commands: ['rehearse', 'plan', 'deploy', ...publishing],
    required: ['rehearse', 'plan', 'deploy', ...publishing],
    unless: 'forget',
  },
  {
    name: 'receipt', type: 'string', secret: false,
    text: 'Path of the receipt of a rehearsal; in a job, its output `receipt`. It is written to ' +
      'receipt.json where nothing is given.',
    commands: ['rehearse', 'plan', 'deploy'],
  },
  {
    name: 'accept-unrehearsed', type: 'string', secret: false,
    text: 'Why to go on without a receipt that fits; goes into every record.',
    commands: ['plan', 'deploy'],
  },
  {
    name: 'page', type: 'string', default: 'rehearsal.html', secret: false,
    text: 'Path that the report of the rehearsal is written to, one HTML page.',
    commands: ['rehearse'],
  },
  {
    name: 'fresh', type: 'boolean', default: false, secret: false,
    text: 'Take a new copy of production, however young the kept one is.', commands: ['rehearse'],
  },
  {
    name: 'forget', type: 'boolean', default: false, secret: false,
    text: 'Remove the copy of production from staging, and stop.', commands: ['rehearse'],
  },
  {
    name: 'ssh-private-key', type: 'string', secret: true, front: 'job', lines: true,
    text: 'Text of a private key for ssh, from a secret; kept in a file while the step runs.',
    commands: connecting,
  },
  {
    name: 'ssh-known-hosts', type: 'string', secret: false, front: 'job', lines: true,
    text: 'Lines of known_hosts; default: the file that the configuration names.',
    commands: connecting,
  },
  {
    name: 'github-token', type: 'string', secret: true, front: 'job',
    expression: '${{ github.token }}', text: 'Token of the job; its rights are those of the job.',
    commands: ['package', 'rehearse', 'plan', 'deploy', 'doctor', ...publishing],
  },
  {
    name: 'environment', type: 'string', default: 'production', secret: false, front: 'job',
    text: 'Deployment environment of the job: its approval is asked for, deployments go there.',
    commands: ['plan', 'deploy', 'doctor'],
  },
  {
    name: 'url', type: 'string', secret: false, front: 'job',
    text: 'Where people see the application; stands beside the deployment.', commands: ['deploy'],
  },
  {
    name: 'known-hosts', type: 'string', secret: false,
    text: 'Path of a known_hosts file; default: the one that the configuration names.',
    commands: [...connecting, 'init'],
  },
  {
    name: 'identity', type: 'string', secret: false,
    text: 'Path of the private key file for ssh; default: the agent, or ssh\'s own choice.',
    commands: [...connecting, 'init'],
  },
  {
    name: 'tag', type: 'string', secret: false, text: 'The tag to release.',
    expression: '${{ github.ref_name }}',
    commands: ['package'], required: ['package'],
  },
  {
    name: 'remote', type: 'string', default: 'origin', secret: false,
    text: 'Git remote, or its URL, that the tag is resolved on.', commands: ['package'],
  },
  {
    name: 'repository', type: 'string', default: '.', secret: false,
    text: 'Path of the git repository.', commands: ['package', 'init'],
  },
  {
    name: 'output', type: 'string', default: 'release', secret: false,
    text: 'Directory that the release is written to.', commands: ['package'],
  },
  {
    name: 'repair', type: 'string', secret: false,
    text: 'Why to go on although the checks fail on what runs now; goes into every record.',
    commands: ['rehearse', 'plan', 'deploy'],
  },
  {
    name: 'version', type: 'string', secret: false,
    text: 'Version of what is installed now.', commands: ['adopt'], required: ['adopt'],
  },
  {
    name: 'to', type: 'string', secret: false,
    text: 'Release to go back to; default: the last good one.', commands: ['rollback'],
  },
  {
    name: 'with-state', type: 'boolean', default: false, secret: false,
    text: 'Bring the saved state back as well; what was written since is kept aside.',
    commands: ['rollback'],
  },
  {
    name: 'code-only', type: 'boolean', default: false, secret: false,
    text: 'Leave the state as it is: the old code meets the new data.', commands: ['rollback'],
  },
  {
    name: 'run', type: 'string', secret: false,
    text: 'Id of the transaction; default: the one that is not finished.',
    commands: ['recover', 'attach'],
  },
  {
    name: 'install', type: 'boolean', default: false, secret: false,
    text: 'Prepare the host: directories, and the unit that finishes a transaction after a reboot.',
    commands: ['doctor'],
  },
  {
    name: 'host-production', type: 'string', secret: false,
    text: 'Where production is, as user@host; it is looked at, and only read.', commands: ['init'],
  },
  {
    name: 'host-staging', type: 'string', secret: false,
    text: 'Where staging is, as user@host; it is looked at, and only read.', commands: ['init'],
  },
  {
    name: 'application', type: 'string', secret: false,
    text: 'Name of the application; default: that of the repository.', commands: ['init'],
  },
  {
    name: 'toolkit', type: 'string', secret: false,
    text: 'Repository and version of Seatrial that the workflow calls, as owner/name@version.',
    commands: ['init'],
  },
  {
    name: 'yes', type: 'boolean', default: false, secret: false,
    text: 'Do not ask at the terminal: what it would ask is answered with yes.',
    commands: ['deploy', 'adopt', 'rollback', 'recover'],
  },
  {
    name: 'watch-minutes', type: 'number', default: 300, range: [1, 100_000], secret: false,
    text: 'Stop watching after this time, with the end `running`; the host goes on.',
    commands: watching,
  },
  {
    name: 'json', type: 'boolean', default: false, secret: false,
    text: 'Print the result as JSON, and what happens to standard error.', commands: working,
  },
  {
    name: 'verbose', type: 'boolean', default: false, secret: false,
    text: 'Print the output of commands as well.', commands: working,
  },
] as const satisfies readonly Option[];

type Table = (typeof options)[number];
export type OptionName = Table['name'];

type ValueOf<O> = O extends { readonly secret: true } ? Secret
  : O extends { readonly choices: readonly (infer C)[] } ? C
  : O extends { readonly type: 'boolean' } ? boolean
    : O extends { readonly type: 'number' } ? number : string;

/**
 * What both fronts hand to `run()`: every option under its own name, its default where nothing
 * was given, undefined where there is none.
 */
export type RawOptions = {
  readonly [O in Table as O['name']]: O extends { readonly default: unknown }
    ? ValueOf<O> : ValueOf<O> | undefined;
} & {
  /** Options that somebody gave, in the order of the table: all others have their default. */
  readonly given: readonly OptionName[];
};

/** The command line, or an action in a job. */
export type Front = 'line' | 'job';

export function optionsOf(command: CommandName, front: Front): readonly (Option & Table)[] {
  return options.filter((option: Option) =>
    option.commands.includes(command) && (option.front === undefined || option.front === front));
}
