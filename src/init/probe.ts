import { readFileSync } from 'node:fs';
import { command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import type { Transport } from '../host/transport.ts';
import { parseHostFound, type HostFound } from './host-found.ts';

const probeTimeoutMs = 120_000;

/** One read-only round trip, as the login. Throws `refused` where the host did not finish it. */
export async function probeHost(transport: Transport, application: string): Promise<HostFound> {
  const script = readFileSync(new URL('./probe.sh', import.meta.url), 'utf8');
  // The program travels on standard input, so that any login shell will do.
  const { outcome, stdout, stderr } = await transport.run(
    { ...command('/bin/sh', '-s', '--', application), stdin: script },
    { timeoutMs: probeTimeoutMs });
  const found = outcome.kind === 'unknown' ? undefined : parseHostFound(stdout);
  if (found !== undefined) return found;
  throw new SeatrialError('refused', [{
    message: `${transport.name} could not be looked at: ` +
      (outcome.kind === 'unknown' ? outcome.why : stderr.trim().slice(-300)),
    fix: 'Nothing was touched. Leave the host out, and fill the file in by hand.',
  }]);
}
