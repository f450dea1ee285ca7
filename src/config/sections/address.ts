import { text } from '../shape/scalars.ts';
import { mapped, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';

/** Addresses of machines, as texts: nothing is looked up. */
export const hostName = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})';
export const address6 = '[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9]+)?';
export const portMax = 65535;

export interface HostAndPort {
  readonly host: string;
  readonly port: number | undefined;
}

const pattern = `^(?:${hostName}|\\[${address6}\\])(?::[0-9]{1,5})?$`;

/** `db.example.org:5432`, `[2001:db8::1]:5432`; the port may be missing. */
export const hostAndPort: Shape<HostAndPort> = mapped(text({
  expects: 'host or host:port', pattern,
  fix: 'For example: db.example.org:5432, or [2001:db8::1]:5432.',
}), splitAddress);

function splitAddress(value: string, at: At): HostAndPort | Invalid {
  const [, plain, bracketed, digits] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(value) ?? [];
  const port = digits === undefined ? undefined : portOf(digits, at);
  return typeof port === 'symbol' ? port : { host: plain ?? bracketed ?? '', port };
}

/** Of digits that came out of a text. */
export function portOf(digits: string, at: At): number | Invalid {
  const port = Number(digits);
  return port >= 1 && port <= portMax ? port
    : refuse(at, `has the port ${digits}; ports go from 1 to ${portMax}`);
}

/** A text `host:port` with both parts. */
export const endpoint: Shape<string> = mapped(text({
  expects: 'host:port such as mail.example.org:25',
  pattern: `^(?:${hostName}|\\[${address6}\\]):[0-9]{1,5}$`,
  fix: 'Name one port: mail.example.org:25, or [2001:db8::1]:25.',
}), (value, at) => {
  const port = portOf(value.slice(value.lastIndexOf(':') + 1), at);
  return typeof port === 'symbol' ? port : value;
});
