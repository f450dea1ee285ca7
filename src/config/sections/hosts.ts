import type { HostConfig, HostsConfig } from '../config.ts';
import { forms } from '../shape/collections.ts';
import { object, optional, required } from '../shape/object.ts';
import { integer, text } from '../shape/scalars.ts';
import { mapped, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';
import { address6, hostName, portMax, portOf } from './address.ts';
import { relativePath, userName } from './values.ts';

const user = '[a-z_][a-z0-9_.-]{0,31}';

/** Never begins with `-`: ssh would read it as an option. */
const short = text({
  expects: '`local`, or [user@]host[:port]',
  pattern: `^(?:${user}@)?(?:${hostName}|\\[${address6}\\])(?::[0-9]{1,5})?$`,
  fix: 'For example: deploy@www.example.org, or deploy@[2001:db8::1]:2222.',
});

const address = text({
  expects: 'a host name or an IP address',
  pattern: `^(?:${hostName}|${address6})$`,
  fix: 'The user goes to the key `user`, the port to `port`.',
});

const keys = object<{ address: string; user: string | undefined; port: number | undefined }>({
  address: required(address, 'Host name or IP address.'),
  user: optional(userName, 'User to log in as; default: what ssh would take.'),
  port: optional(integer({ expects: 'a port', min: 1, max: portMax }), 'Port of the SSH server.'),
}, { expects: 'the keys address, user, port' });

const host: Shape<HostConfig> = forms<HostConfig>({
  expects: '`local`, user@host:port, or { address, user, port }',
  scalar: mapped(short, parseShort),
  map: mapped(keys, (it) => ({
    kind: 'ssh',
    destination: it.user === undefined ? it.address : `${it.user}@${it.address}`,
    port: it.port,
  })),
  later: { kind: 'list', fix: 'Name one host.' },
});

/** OpenSSH wants IPv6 addresses without the brackets. */
function parseShort(value: string, at: At): HostConfig | Invalid {
  if (value === 'local') return { kind: 'local' };
  const [, login = '', plain, bracketed, digits] =
    /^([^@]*@)?(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(value) ?? [];
  const port = digits === undefined ? undefined : portOf(digits, at);
  if (typeof port === 'symbol') return port;
  return { kind: 'ssh', destination: `${login}${plain ?? bracketed ?? ''}`, port };
}

interface HostsKeys {
  production: HostConfig | undefined;
  staging: HostConfig | undefined;
  'known-hosts': string | undefined;
}

const hostKeys = object<HostsKeys>({
  production: optional(host, 'The host that users work on.'),
  staging: optional(host,
    'The host that releases are rehearsed on; with it, production asks for a receipt.'),
  'known-hosts': optional(relativePath,
    'Path of a known_hosts file in the repository, relative to this file.'),
}, { expects: 'the keys production, staging, known-hosts' });

export const hosts: Shape<HostsConfig> = mapped(hostKeys, (it, at) => {
  if (it.production === undefined && it.staging === undefined && !at.report.hasSyntaxErrors) {
    return refuse(at, 'names no host', 'Write production: deploy@www.example.org.');
  }
  if (it.staging !== undefined) at.report.mark({ role: 'staging-host', value: 'staging', ...at });
  return { production: it.production, staging: it.staging, knownHosts: it['known-hosts'] };
});

