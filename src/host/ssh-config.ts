import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Problem } from '../errors.ts';
import type { Secret } from '../secret.ts';

export interface SshOptions {
  /** `user@host`, or a name that the person's own ssh configuration knows. */
  readonly destination: string;
  readonly port?: number;
  /** Required: the only source of host keys, for the destination and for each jump host. */
  readonly knownHostsFile: string;
  /** A private key file; without it and `identity`, the configuration's, agent's or default key. */
  readonly identityFile?: string;
  /** A private key; it lies in a 0600 file for as long as the login takes. */
  readonly identity?: Secret;
  /** Instead of `~/.ssh/config`; `/etc/ssh/ssh_config` is read after either. */
  readonly sshConfigFile?: string;
  /** Bounds the whole of `openSsh`, jump hosts included. */
  readonly connectTimeoutMs: number;
  /** A dead peer is noticed after about interval times (count + 1). */
  readonly keepAliveSeconds: number;
  readonly keepAliveCountMax: number;
  /** Ends an attempt to connect at once; a connection that stands is not concerned. */
  readonly cancel?: AbortSignal;
  /** A private folder is made in it, and removed by `close`. */
  readonly temporaryDirectory: string;
}

/** The socket of ssh takes 104 bytes on macOS, and is first bound under a name 17 longer. */
const socketBytesMax = 103 - 17;
const folderBytes = '/seatrial-XXXXXX/socket'.length;

/**
 * Where the private folder goes. OpenSSH gives the configuration's path to the shell that
 * starts a jump host, unquoted: a folder with other characters, or too long, is not used.
 */
export function folderFor(directory: string): string {
  const fits = Buffer.byteLength(directory) + folderBytes <= socketBytesMax;
  const folders = [directory, tmpdir(), '/tmp'];
  if (fits && plainPath.test(directory)) return directory;
  return folders.find((it) => it.length + folderBytes <= socketBytesMax && plainPath.test(it))
    ?? '/tmp';
}

const plainPath = /^\/[A-Za-z0-9/._+-]*$/;

/**
 * The configuration that ssh is given by `-F`: OpenSSH hands `-F` on to the jump host's ssh,
 * but not `-o`, so what must hold on both hops stands here. The first value wins, so ours
 * stand before the person's; SendEnv gathers, so it is emptied after them.
 */
export function sshConfig(options: SshOptions, identityFile: string | undefined): string {
  const own = options.sshConfigFile ?? '~/.ssh/config';
  return [
    // Pins of a newer OpenSSH do not stop an older one.
    'IgnoreUnknown *',
    'Match all',
    ...pins,
    `  UserKnownHostsFile ${configPath(options.knownHostsFile)}`,
    `  ServerAliveInterval ${options.keepAliveSeconds}`,
    `  ServerAliveCountMax ${options.keepAliveCountMax}`,
    `  ConnectTimeout ${Math.ceil(options.connectTimeoutMs / 1000)}`,
    ...identityFile === undefined ? [] : [`  IdentityFile ${configPath(identityFile)}`],
    `Include "${own}"`,
    'Match all',
    'Include /etc/ssh/ssh_config',
    'Match all',
    '  SendEnv -*',
    '',
  ].join('\n');
}

const pins = [
  'StrictHostKeyChecking yes', 'GlobalKnownHostsFile /dev/null', 'KnownHostsCommand none',
  'VerifyHostKeyDNS no', 'NoHostAuthenticationForLocalhost no', 'UpdateHostKeys no',
  'CheckHostIP no', 'BatchMode yes', 'ConnectionAttempts 1', 'AddKeysToAgent no',
  'ForwardAgent no', 'ForwardX11 no', 'Tunnel no', 'ClearAllForwardings yes',
  'PermitLocalCommand no', 'RemoteCommand none', 'RequestTTY no', 'EscapeChar none',
  'SessionType default', 'StdinNull no', 'ForkAfterAuthentication no',
  // The one master is ours and is named on the command line; a jump host gets none.
  'ControlMaster no', 'ControlPath none', 'ControlPersist no',
  // So that a refusal can name the host that was asked and the key that it showed.
  'LogLevel DEBUG1',
].map((it) => `  ${it}`);

/** In ssh's configuration `%` begins a token; quotes cannot be escaped (see `pathProblem`). */
function configPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** Everything that is wrong before a connection is tried, all at once. */
export function problemsOf(options: SshOptions): Problem[] {
  const { destination, port, identityFile, identity, sshConfigFile } = options;
  const problems: Problem[] = [];
  if (!/^(?:[^\s@-][^\s@]*@)?[^\s@-][^\s@]*$/.test(destination)) {
    problems.push({
      message: `'${destination}' is no address of a host`, fix: 'Write it as user@host.' });
  }
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    problems.push({
      message: `${port} is no port`, fix: 'Give the port of sshd on the host, 22 mostly.' });
  }
  if (identityFile !== undefined && identity !== undefined) {
    problems.push({
      message: 'both a key and a key file are given', fix: 'Give one of the two.' });
  }
  problems.push(...knownHostsProblems(options));
  problems.push(...fileProblems('key file', identityFile));
  problems.push(...fileProblems('ssh configuration', sshConfigFile));
  return problems;
}

function knownHostsProblems({ knownHostsFile, destination }: SshOptions): Problem[] {
  const host = destination.split('@').at(-1) ?? destination;
  const fix = `Write the key of ${host} into it, as a line 'host type key': the key stands in `
    + '/etc/ssh/ssh_host_ed25519_key.pub on the host; read it at its console, or with '
    + `ssh-keyscan ${host}, and then compare the fingerprint with the host's own.`;
  const found = fileProblems('known-hosts file', knownHostsFile);
  if (found.length > 0) return found.map((it) => ({ ...it, fix: it.fix ?? fix }));
  const lines = readFileSync(knownHostsFile, 'utf8').split('\n');
  if (lines.some((it) => /^\s*[^\s#]/.test(it))) return [];
  return [{ message: `known-hosts file ${knownHostsFile} is empty: no host can be trusted`, fix }];
}

function fileProblems(what: string, path: string | undefined): Problem[] {
  if (path === undefined) return [];
  if (/["\n\r\\]|\$\{/.test(path) || !path.startsWith('/')) {
    return [{
      message: `${what} '${path}' cannot be named to ssh`,
      fix: 'Give an absolute path without quotes, backslashes, line breaks and ${.' }];
  }
  try {
    if (!statSync(path).isFile()) return [{ message: `${what} ${path} is not a file` }];
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return [{
      message: why === 'ENOENT' ? `${what} ${path} does not exist`
        : `${what} ${path} cannot be read (${why})`,
      ...what === 'known-hosts file' ? {}
        : { fix: `Give the path of an existing ${what} that this user may read.` } }];
  }
}
