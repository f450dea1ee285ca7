import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SeatrialError, type Problem } from '../errors.ts';

/** What is known of a connection that did not come about. */
export interface Refusal {
  readonly destination: string;
  readonly knownHostsFile: string;
  /** Standard error of ssh with LogLevel DEBUG1, of every hop. */
  readonly log: string;
  /** What happened on our side: an exit status, or our own limit. */
  readonly end: string;
}

/**
 * Words of ssh choose the message only; that nothing ran is known from its status.
 * The host that is named is the one that was asked last: with jump hosts it need not be the
 * destination.
 */
export function refused(refusal: Refusal): SeatrialError {
  const problem = hostKeyProblem(refusal) ?? shellProblem(refusal) ?? otherProblem(refusal);
  return new SeatrialError('refused', [problem]);
}

const notForPeople = new RegExp('^(debug\\d:|OpenSSH_|@+$|@ {3}|Warning: Permanently'
  + '|Transferred: |Bytes per second: |Authenticated to )');

/** Lines of ssh that are for people, without its debugging. */
export function plainLines(log: string): string[] {
  return log.split(/\r?\n/).map((it) => it.trim())
    .filter((it) => it !== '' && !notForPeople.test(it));
}

function lastMatch(log: string, pattern: RegExp): RegExpMatchArray | undefined {
  return [...log.matchAll(pattern)].at(-1);
}

function hostKeyProblem({ log, knownHostsFile }: Refusal): Problem | undefined {
  const unknown = /^No (\S+) host key is known for (.+?) and you have requested strict/m.exec(log);
  const changed = /^Host key for (.+?) has changed and you have requested strict/m.exec(log);
  const revoked = /^@ +WARNING: REVOKED HOST KEY DETECTED/m.test(log);
  const offered = lastMatch(log, /^debug1: Server host key: (\S+) (\S+)/gm);
  const shown = offered === undefined ? '' : `; it showed ${offered[1]} ${offered[2]}`;
  if (unknown !== null) {
    const host = plainHost(unknown[2] ?? '');
    return {
      message: `the key of ${host} is not in ${knownHostsFile}${shown}`,
      fix: `${compareSentence} If they are equal, append the line that `
        + `${keyscan(host)} prints to ${knownHostsFile}.`,
    };
  }
  if (changed === null && !revoked) return undefined;
  const host = plainHost(changed?.[1] ?? lastAsked(log) ?? 'the host');
  const offending = lastMatch(log, /^Offending .*key in (.+):(\d+)$/gm);
  const line = Number(offending?.[2]);
  return {
    message: revoked ? `the key of ${host} is marked as revoked in ${knownHostsFile}${shown}`
      : `the key of ${host} is not the one in ${knownHostsFile}${lineText(knownHostsFile, line)}`
        + shown,
    fix: 'Stop, unless somebody set the host up anew: another machine may be answering in its '
      + `place. ${compareSentence} If they are equal, replace the host's line in `
      + `${knownHostsFile} by what ${keyscan(host)} prints.`,
  };
}

const compareSentence = "Compare the fingerprint with the host's own, at its console: "
  + 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub.';

/** The login was let in, and then ran no command. */
function shellProblem({ destination, log, end }: Refusal): Problem | undefined {
  if (log.lastIndexOf('\nAuthenticated to ') <= log.lastIndexOf('debug1: Authenticating to ')) {
    return undefined;
  }
  const said = plainLines(log).at(-1) ?? end;
  return /not available|nologin/i.test(said) ? undefined : {
    message: `${destination} let us log in, and its login shell ran no command: ${said}`,
    fix: 'Does a start-up file there (.bashrc, .profile) exit, read its input, print without end '
      + `or start another shell? This must come back at once: ssh ${destination} true`,
  };
}

function otherProblem({ destination, log, end }: Refusal): Problem {
  const lines = plainLines(log);
  const said = lines.findLast((it) => !/^(Connection closed by UNKNOWN|kex_exchange_id)/.test(it));
  const asked = lastAsked(log);
  const through = asked === undefined || destination.includes(asked.split(' ')[0] ?? '')
    ? '' : ` (${asked} was asked last)`;
  return {
    message: `no connection to ${destination}${through}: ${said ?? end}`,
    fix: fixFor(lines.join('\n'), destination),
  };
}

const fixes: readonly (readonly [RegExp, string])[] = [
  [/UNPROTECTED PRIVATE KEY|bad permissions/i,
    'The private key file may be read by others, so ssh leaves it out: chmod 600 it.'],
  [/Load key .*(libcrypto|invalid format)/i,
    'The private key cannot be read: give the whole file, from BEGIN to END, and a key '
    + 'without a passphrase.'],
  [/Permission denied/i,
    'Check the user name, and that the public key of the key in use stands in that user\'s '
    + '~/.ssh/authorized_keys on the host; the log of sshd there says why it refused.'],
  [/Too many authentication failures/i,
    'The agent offers too many keys: name the one key to use.'],
  [/Could not resolve hostname/i,
    'Check the spelling of the host name, and that this machine can look it up.'],
  [/Connection refused/i,
    'Check that sshd runs on the host, and the port; a firewall may refuse it as well.'],
  [/timed out|No route to host|unreachable/i,
    'Check that the host is up and that a firewall or VPN lets this machine reach it.'],
  [/ENOENT/, 'Install the OpenSSH client: ssh was not found on this machine.'],
  [/not available|nologin/i, 'The account has no shell on the host: give it one.'],
];

function fixFor(said: string, destination: string): string {
  const found = fixes.find(([pattern]) => pattern.test(said));
  return found?.[1] ?? `Try 'ssh -v ${destination} true' on this machine for the details.`;
}

function lastAsked(log: string): string | undefined {
  const asked = lastMatch(log, /^debug1: Authenticating to (\S+?):(\d+) as /gm);
  return asked === undefined ? undefined : `${asked[1]} port ${asked[2]}`;
}

function plainHost(host: string): string {
  const match = /^\[(.+)\]:(\d+)$/.exec(host);
  return match === null ? host : `${match[1]} port ${match[2]}`;
}

function keyscan(host: string): string {
  const match = /^(\S+) port (\d+)$/.exec(host);
  return match === null ? `ssh-keyscan ${host}` : `ssh-keyscan -p ${match[2]} ${match[1]}`;
}

/** The fingerprint of the key that the file holds, as ssh-keygen would print it. */
function lineText(file: string, number: number): string {
  if (!Number.isInteger(number)) return '';
  const words = readFileSync(file, 'utf8').split('\n')[number - 1]?.trim().split(/\s+/) ?? [];
  const at = words.findIndex((it) => /^(ssh|ecdsa|sk)-/.test(it));
  const key = words[at + 1];
  if (at < 0 || key === undefined) return ` line ${number}`;
  const hash = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return ` line ${number} (${words[at]} SHA256:${hash.replace(/=+$/, '')})`;
}
