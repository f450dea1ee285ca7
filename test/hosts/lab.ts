import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from './process.ts';
import type { ProcessOptions, ProcessResult } from './process.ts';

/**
 * Test hosts with faults, on one Linux machine, as root, without containers. A host has its own
 * network, processes, host key, machine id, boot ids and disk (ext4), and runs this machine's
 * programs; nothing it does reaches the machine. See lab.sh for how.
 */
export interface LabOptions {
  /** When this process is gone, the next lab that anybody creates deletes this one. */
  readonly ownerPid?: number;
}

export interface HostOptions {
  /**
   * What process 1 is. `sshd`: runs an executable /etc/rc.local, to its end, then serves.
   * `systemd`: a small real system up to multi-user.target, with D-Bus and the journal.
   */
  readonly init: 'sshd' | 'systemd';
  /** Size of the disk, which is sparse on this machine; 256 by default. */
  readonly diskMegabytes?: number;
  /** The ordinary user beside root; both take the lab's key. `deploy` by default. */
  readonly user?: string;
}

/** Several labs may exist at once, in one process or in several. */
export interface Lab {
  /** Everything of the lab on this machine's disk; root only. */
  readonly directory: string;
  /** This machine's address as the hosts see it; hosts reach nothing else outside the lab. */
  readonly gateway: string;
  /** Creates and boots a host. Names match `[a-z][a-z0-9-]*` and are used once. */
  host(name: string, options: HostOptions): Promise<TestHost>;
  /** Ends and deletes everything, in whatever state it is. May be repeated. */
  down(): Promise<void>;
}

export interface ExecOptions extends ProcessOptions {
  /** Any user that the host knows; root by default. */
  readonly user?: string;
}

/** What sshd has logged since the host was made, over all boots. */
export interface SshdLog {
  readonly text: string;
  /** Logins that succeeded. */
  readonly connections: number;
  /** Commands, shells and subsystems that were started, over all connections. */
  readonly commands: number;
}

/**
 * Acts throw an Error with the script's words where they do not apply (a host that is down, say).
 * `exec` and `ssh` never throw for a command that fails.
 */
export interface TestHost {
  readonly name: string;
  readonly address: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** Holds this host's key under its address and its name. */
  readonly knownHostsFile: string;
  /** Private key that root and the ordinary user of every host of the lab accept. */
  readonly identityFile: string;
  /** Path of the host's files as this machine sees them; changes with each boot. */
  root(): Promise<string>;

  /** Runs a text for `sh` inside the host, not over SSH; directory /, minimal environment. */
  exec(command: string, options?: ExecOptions): Promise<ProcessResult>;
  /** Runs a text for the login shell over SSH, strict about host keys; user `deploy` by default. */
  ssh(command: string, options?: ExecOptions): Promise<ProcessResult>;
  /** Creates the directories above it too. The mode is octal text, 644 by default. */
  writeFile(path: string, text: string, options?: FileOptions): Promise<void>;
  readFile(path: string): Promise<string>;
  sshdLog(): Promise<SshdLog>;

  /** Packets vanish in both directions, without an error on either side, until `heal`. */
  cut(): Promise<void>;
  heal(): Promise<void>;
  /** The host hears this machine, and its answers vanish, until `unmute`. */
  mute(): Promise<void>;
  unmute(): Promise<void>;
  /** Every process stops where it stands; the kernel still answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Silence, then death; what was not flushed to the disk is lost. Then `boot`. */
  powerCut(): Promise<void>;
  /** Every process is killed, its connections are closed; the disk keeps all. Then `boot`. */
  crash(): Promise<void>;
  /** Returns when sshd serves and systemd has settled; also after the host shut itself down. */
  boot(): Promise<void>;
  /** Fills the disk with one file, but for about `leaveBytes` (whole blocks of 4096). */
  fill(leaveBytes: number): Promise<void>;
  unfill(): Promise<void>;
  /** False after `powerCut` and `crash`, and once the host has shut itself down. */
  isUp(): Promise<boolean>;
  /** Ends the host and deletes it. */
  down(): Promise<void>;
}

export interface FileOptions {
  readonly mode?: string;
  /** `user` or `user:group`; root by default. */
  readonly owner?: string;
}

const script = join(import.meta.dirname, 'lab.sh');
/** The bounds inside the script are shorter; this one is for a script that hangs. */
const actTimeoutMs = 150_000;
const execTimeoutMs = 60_000;
const diskMegabytesDefault = 256;
const firstOctet = 11;

export async function createLab(options: LabOptions = {}): Promise<Lab> {
  const owner = String(options.ownerPid ?? process.pid);
  const directory = (await act(['create', owner])).trim();
  let octet = firstOctet;
  return {
    directory,
    gateway: `10.83.${directory.split('-').at(-1) ?? ''}.1`,
    async host(name, { init, diskMegabytes = diskMegabytesDefault, user = 'deploy' }) {
      const mine = String(octet++);
      await act(['add', directory, name, mine, init, String(diskMegabytes), user]);
      await act(['boot', directory, name]);
      return testHost(directory, name, user);
    },
    async down() {
      await act(['down', directory]);
    },
  };
}

/** Runs the script, and throws unless it succeeds. */
async function act(words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } =
    await runProcess('bash', [script, ...words], { timeoutMs: actTimeoutMs });
  if (status !== 0) {
    throw new Error(`lab.sh ${words.join(' ')} ended with ${status ?? 'a signal'}: ${stderr}`);
  }
  return stdout;
}

async function testHost(directory: string, name: string, user: string): Promise<TestHost> {
  const files = join(directory, 'hosts', name);
  const read = async (file: string) => (await readFile(join(files, file), 'utf8')).trim();
  const run = async (verb: string) => act([verb, directory, name]);
  const simple = (verb: string) => async () => {
    await run(verb);
  };
  const exec: TestHost['exec'] = async (command, { user: as = 'root', ...options } = {}) =>
    runProcess('bash', [script, 'exec', directory, name, as, command],
      { timeoutMs: execTimeoutMs, ...options });
  const address = await read('address');
  const identityFile = join(directory, 'id');
  const knownHostsFile = join(files, 'known_hosts');
  return {
    name,
    address,
    hostKey: await read('host-key'),
    knownHostsFile,
    identityFile,
    isUp: async () => (await run('state')).trim() === 'up',
    root: async () => (await run('root')).trim(),
    exec,
    ssh: async (command, { user: as = user, ...options } = {}) =>
      runProcess('ssh', [
        ...sshOptions({ identityFile, knownHostsFile }), `${as}@${address}`, command,
      ], { timeoutMs: execTimeoutMs, ...options }),
    ...fileActs(exec),
    sshdLog: async () => parseSshdLog(await read('sshd.log')),
    cut: simple('cut'),
    heal: simple('heal'),
    mute: simple('mute'),
    unmute: simple('unmute'),
    freeze: simple('freeze'),
    thaw: simple('thaw'),
    powerCut: simple('power-cut'),
    crash: simple('crash'),
    boot: simple('boot'),
    down: simple('remove'),
  };
}

type Files = Pick<TestHost, 'identityFile' | 'knownHostsFile'>;

/** Arguments that make `ssh` use the lab's key, know the host, and nothing of this machine's. */
export function sshOptions({ identityFile, knownHostsFile }: Files): string[] {
  const settings = [
    'IdentitiesOnly=yes', `UserKnownHostsFile=${knownHostsFile}`, 'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes', 'BatchMode=yes', 'ConnectTimeout=10', 'LogLevel=ERROR',
  ];
  return ['-F', '/dev/null', '-i', identityFile, ...settings.flatMap((it) => ['-o', it])];
}

/** Acts on the host's files: through the host, so that its links and owners count. */
function fileActs(exec: TestHost['exec']):
  Pick<TestHost, 'writeFile' | 'readFile' | 'fill' | 'unfill'> {
  const must = async (command: string, stdin?: string) => {
    const { status, stdout, stderr } =
      await exec(command, stdin === undefined ? {} : { stdin });
    if (status !== 0) throw new Error(`${command} ended with ${status ?? 'a signal'}: ${stderr}`);
    return stdout;
  };
  return {
    async writeFile(path, text, { mode = '644', owner = 'root' } = {}) {
      const file = quote(path);
      await must(`mkdir -p "$(dirname ${file})" && cat >${file} && ` +
        `chown ${quote(owner)} ${file} && chmod ${quote(mode)} ${file}`, text);
    },
    readFile: async (path) => must(`cat ${quote(path)}`),
    async fill(leaveBytes) {
      // The file's own bookkeeping takes blocks too: a second round corrects the first.
      await must(`rm -f ${filler}; for round in 1 2; do sync -f /
        free=$(($(stat -f -c '%a * %S' /) - ${leaveBytes}))
        size=$(stat -c %s ${filler} 2>/dev/null || echo 0)
        [ "$free" -lt 4096 ] || fallocate -l $((size + free / 4096 * 4096)) ${filler} || true
      done`);
    },
    async unfill() {
      await must(`rm -f ${filler} && sync -f /`);
    },
  };
}

const filler = '/lab-filler';

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function parseSshdLog(text: string): SshdLog {
  const count = (words: RegExp) => text.match(words)?.length ?? 0;
  return {
    text,
    connections: count(/^Accepted \S+ for /gm),
    commands: count(/^Starting session: /gm),
  };
}
