import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SeatrialError } from '../errors.ts';
import { findTool, run, type Environment, type ProcessResult } from './process.ts';

/**
 * Git, run so that neither the user's repository is written to nor its settings change what comes
 * out. All work happens in bare repositories under `scratch`, with a configuration that holds only
 * what is needed to reach the remote, copied from the user's effective configuration.
 */
export interface Git {
  /** The user's repository: its work tree's top, or the bare repository. */
  readonly repository: string;
  /** Absolute `.git` directory of the user's repository. */
  readonly directory: string;
  readonly partialClone: boolean;
  readonly remotes: readonly string[];
  readonly version: string;
  /** Runs git with `--git-dir`; nothing in the user's repository is changed by what we run. */
  run(directory: string, ...args: readonly string[]): Promise<ProcessResult>;
  /** Like `run`, but anything other than exit 0 is refused with git's own last lines. */
  must(directory: string, ...args: readonly string[]): Promise<string>;
  /** Makes an empty bare repository under scratch and returns its path. */
  create(name: string): Promise<string>;
  /** Removes the copied configuration, which may hold credentials, before a build can read it. */
  close(): void;
}

export interface GitOptions {
  readonly repository: string;
  readonly scratch: string;
  readonly environment: Environment;
}

/** To reach a remote; everything else of the environment stays outside. */
const passed = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'SSH_AUTH_SOCK', 'SSH_ASKPASS',
  'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT', 'GIT_ASKPASS', 'GIT_SSL_CAINFO',
  'GIT_PROXY_COMMAND', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'http_proxy', 'https_proxy', 'no_proxy',
  'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'];
const configPassed = /^GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)$/;

/** Configuration that decides how a remote is reached and nothing about contents. */
const copiedKeys =
  /^(http|credential|url|protocol|safe|ssh|core\.(sshcommand|gitproxy|askpass))(\.|$)/;
const copiedRemoteKeys = /^remote\..*\.(url|proxy|proxyauthmethod|uploadpack)$/;

export async function openGit(options: GitOptions): Promise<Git> {
  const tool = findTool('git', options.environment);
  const user = userEnvironment(options.environment);
  const ask = async (...args: string[]): Promise<string> => {
    const result = await run({
      tool, arguments: ['-C', options.repository, ...args], cwd: options.scratch,
      environment: user, keepOutput: true,
    });
    return succeeded(`read the repository ${options.repository}`, result);
  };
  const [bare, format, ...path] = (await ask('rev-parse', '--is-bare-repository',
    '--show-object-format', '--absolute-git-dir')).replace(/\n$/, '').split('\n');
  const directory = path.join('\n');
  const top = bare === 'true' ? directory
    : (await ask('rev-parse', '--show-toplevel')).replace(/\n$/, '');
  const settings = parseConfig(await ask('config', '--list', '--null', '--includes'));
  const home = join(options.scratch, 'git');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const config = join(home, 'config');
  writeFileSync(config, renderConfig(settings.filter(isCopied)), { mode: 0o600 });
  const environment = scratchEnvironment(options.environment, config);
  const inScratch = (gitDirectory: string, args: readonly string[]): Promise<ProcessResult> => run({
    tool, arguments: [`--git-dir=${gitDirectory}`, ...args], cwd: top, environment,
    keepOutput: true,
  });
  return {
    repository: top,
    directory,
    partialClone: settings.some((it) => isPartialClone(it.key)),
    remotes: settings.flatMap((it) => /^remote\.(.*)\.url$/.exec(it.key)?.[1] ?? []),
    version: (await ask('version')).trim().replace(/^git version /, ''),
    run: (gitDirectory, ...args) => inScratch(gitDirectory, args),
    must: async (gitDirectory, ...args) =>
      succeeded(`git ${args[0] ?? ''}`, await inScratch(gitDirectory, args)),
    create: async (name) => {
      const path = resolve(home, name);
      const init = ['init', '--bare', '--quiet', '--template=', `--object-format=${format ?? ''}`];
      succeeded('git init', await inScratch(path, init));
      return path;
    },
    close: () => rmSync(config, { force: true }),
  };
}

function succeeded(what: string, result: ProcessResult): string {
  if (result.status === 0) return result.stdout.toString('utf8');
  const how = result.status === 'signalled' ? 'was killed' : `exit status ${result.status}`;
  throw new SeatrialError('refused', [{
    message: [`could not ${what.replace(/^git /, 'run git ')} (${how})`, ...result.tail].join('\n'),
    fix: 'Read what git says above; check the repository, the remote and the access to it.',
  }]);
}

function pick(environment: Environment, wanted: (name: string) => boolean): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => wanted(name)));
}

function userEnvironment(environment: Environment): Environment {
  const wanted = (name: string): boolean =>
    passed.includes(name) || name === 'XDG_CONFIG_HOME' || configPassed.test(name);
  return { ...pick(environment, wanted), LC_ALL: 'C' };
}

function scratchEnvironment(environment: Environment, config: string): Environment {
  return {
    ...pick(environment, (name) => passed.includes(name)),
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
}

interface Setting {
  readonly key: string;
  readonly value: string | undefined;
}

function parseConfig(text: string): Setting[] {
  return text.split('\0').filter((it) => it !== '').map((it) => {
    const end = it.indexOf('\n');
    return end < 0 ? { key: it, value: undefined }
      : { key: it.slice(0, end), value: it.slice(end + 1) };
  });
}

function isCopied(setting: Setting): boolean {
  return copiedKeys.test(setting.key) || copiedRemoteKeys.test(setting.key);
}

function isPartialClone(key: string): boolean {
  return key === 'extensions.partialclone' || /^remote\..*\.promisor$/.test(key);
}

function renderConfig(settings: readonly Setting[]): string {
  const quote = (text: string): string =>
    `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
  return settings.map(({ key, value }) => {
    const first = key.indexOf('.');
    const last = key.lastIndexOf('.');
    const middle = first === last ? '' : ` ${quote(key.slice(first + 1, last))}`;
    const assigned = value === undefined ? '' : ` = ${quote(value)}`;
    return `[${key.slice(0, first)}${middle}]\n\t${key.slice(last + 1)}${assigned}\n`;
  }).join('');
}
