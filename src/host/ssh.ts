import { spawn } from 'node:child_process';
import { SeatrialError } from '../errors.ts';
import { Gate } from './gate.ts';
import { ShellTransport } from './shell-transport.ts';
import { problemsOf, type SshOptions } from './ssh-config.ts';
import { SshMaster } from './ssh-master.ts';
import type { Transport } from './transport.ts';
import { bootstrapLine } from './wrapper.ts';

export type { SshOptions } from './ssh-config.ts';

/**
 * Sessions at once over the one connection: sshd allows ten (MaxSessions) unless told
 * otherwise; one is the master's own and one is kept for ending process groups.
 */
const sessionsMax = 8;

/**
 * Opens the one connection to a host; every run goes through it. Throws SeatrialError
 * `refused` (with all that is wrong, and nothing left behind) where it does not come about.
 * The person's ssh configuration, agent and jump hosts work; host keys come from the given
 * file only, on each hop. A key that is given is tried on a jump host too. A jump by a
 * ProxyCommand of the person's own runs its own ssh, outside these rules.
 */
export async function openSsh(options: SshOptions): Promise<Transport> {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  const master = await SshMaster.open(options);
  return new ShellTransport({
    name: options.destination,
    gate: new Gate(sessionsMax),
    endingGate: new Gate(1),
    spawn: () => spawn('ssh', muxArguments(master.socket), { detached: true }),
    lost: () => master.lost(),
    ended: master.ended,
  }, async () => { await master.close(); });
}

/**
 * A client of the master reads no configuration. It must never connect by itself, which
 * OpenSSH does where the master refuses a session: the command that would connect fails.
 */
function muxArguments(socket: string): string[] {
  const options = [
    'ControlMaster=no', `ControlPath=${socket}`, 'ProxyCommand=false', 'BatchMode=yes',
    'LogLevel=ERROR', 'EscapeChar=none', 'RequestTTY=no', 'ForwardAgent=no', 'ForwardX11=no',
  ];
  return ['-F', 'none', ...options.flatMap((it) => ['-o', it]), '-T', '--', 'host', bootstrapLine];
}
