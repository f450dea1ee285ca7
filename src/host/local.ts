import { spawn } from 'node:child_process';
import { Gate } from './gate.ts';
import { ShellTransport } from './shell-transport.ts';
import type { Transport } from './transport.ts';
import { bootstrap } from './wrapper.ts';

/** Processes at once: a bound against a fork storm, far above what a plan asks for. */
const sessionsMax = 32;

/**
 * A clean environment, as a login through sshd gives: no token of a runner reaches a command,
 * and a self-hosted runner does not end at the job's end what carries its RUNNER_TRACKING_ID.
 */
const cleanShell = [
  'exec env -i PATH="${1:-$PATH}" HOME="$HOME" USER="${USER-}" LOGNAME="${LOGNAME-}"',
  `SHELL="\${SHELL-/bin/sh}" sh -c '${bootstrap}'`,
].join(' ');

/**
 * Commands on this machine, as the user of this process, with this PATH or its own. `close` leaves
 * far children alone.
 */
export function openLocal(path = ''): Transport {
  return new ShellTransport({
    name: 'local',
    gate: new Gate(sessionsMax),
    endingGate: new Gate(sessionsMax),
    // A session of its own: Ctrl-C at the terminal is for us, not for the command.
    spawn: () => spawn('/bin/sh', ['-c', cleanShell, 'sh', path], { detached: true }),
    lost: () => undefined,
    ended: new Promise(() => undefined),
  }, () => Promise.resolve());
}
