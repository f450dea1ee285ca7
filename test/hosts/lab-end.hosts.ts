import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { runProcess } from './process.ts';

/** What stands in this machine's tables because of one lab, by kind of thing. */
type Traces = Record<string, string[]>;

/** The kernel takes namespaces apart in its own time, and process 1 here may reap late. */
const patient = { timeout: 30_000, interval: 200 };

async function lines(command: string): Promise<string[]> {
  const { stdout } = await runProcess('bash', ['-c', command]);
  return stdout.split('\n').filter((line) => line !== '');
}

function numberOf(lab: Lab): string {
  return lab.directory.split('-').at(-1) ?? '';
}

/** The processes of a lab that is up, and the namespaces that they brought. */
async function membersOf(lab: Lab) {
  const processes = await lines(`find /sys/fs/cgroup -path '*/seatrial-lab-${numberOf(lab)}/*' \
    -name cgroup.procs -exec cat {} + | sort -u`);
  const all = await lines(`for pid in ${processes.join(' ')}; do readlink /proc/$pid/ns/*; done`);
  const own = new Set(await lines('readlink /proc/self/ns/*'));
  return { processes, namespaces: [...new Set(all)].filter((it) => !own.has(it)) };
}

type Members = Awaited<ReturnType<typeof membersOf>>;

async function tracesOf(lab: Lab, members: Members): Promise<Traces> {
  const number = numberOf(lab);
  const listed = await lines(`readlink /proc/[0-9]*/ns/*; cut -d' ' -f4 /proc/self/mountinfo`);
  const namespaces = new Set(listed);
  return {
    mounts: await lines(`grep -F '${lab.directory}/' /proc/self/mountinfo`),
    loops: await lines(`losetup --list --noheadings --output BACK-FILE | grep -F '${
      lab.directory}/'`),
    links: await lines(`ip -o link show dev strl${number}`),
    routes: await lines(`ip route show root 10.83.${number}.0/24`),
    neighbours: await lines(`ip neigh show dev strl${number} nud permanent`),
    cgroups: await lines(`find /sys/fs/cgroup -name 'seatrial-lab-${number}'`),
    processes: members.processes.filter((pid) => existsSync(`/proc/${pid}`)),
    namespaces: members.namespaces.filter((it) => namespaces.has(it)),
    directories: [lab.directory].filter(existsSync),
  };
}

/** Keeps other labs from being created, and so from taking over the number of one that ends. */
async function holdNumbers(): Promise<() => void> {
  const holder = spawn('flock', ['--timeout', '120', '/var/tmp', 'sh', '-c', 'echo held; cat'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return () => {
    holder.stdin.end();
  };
}

describe('the end of a lab', () => {
  it('leaves nothing, whatever state the hosts are in', async () => {
    const lab = await createLab();
    const [muted, frozen, off, gone] = await Promise.all([
      lab.host('muted', { init: 'sshd' }), lab.host('frozen', { init: 'systemd' }),
      lab.host('off', { init: 'sshd' }), lab.host('gone', { init: 'sshd' }),
    ]);
    await muted.mute();
    await muted.exec('setsid sleep infinity >/dev/null 2>&1 &');
    await frozen.cut();
    await frozen.freeze();
    await off.powerCut();
    const members = await membersOf(lab);
    const { mounts, ...during } = await tracesOf(lab, members);
    expect(mounts, 'hosts mount in namespaces of their own').toEqual([]);
    // Each of the look-ups below finds what there is to find.
    for (const [kind, found] of Object.entries(during)) expect(found, kind).not.toEqual([]);

    await gone.down();
    expect(existsSync(gone.knownHostsFile)).toBe(false);
    const release = await holdNumbers();
    try {
      await lab.down();
      await lab.down();
      await expect.poll(async () => Object.values(await tracesOf(lab, members)).flat(),
        patient).toEqual([]);
    } finally {
      release();
    }
  });

  it('comes with the next lab where its test process died', async () => {
    const owner = spawn('sleep', ['300'], { stdio: 'ignore' });
    const orphan = await createLab({ ownerPid: owner.pid ?? 0 });
    const kept = await createLab();
    const left = await orphan.host('left', { init: 'sshd' });
    const members = await membersOf(orphan);
    expect(members.processes).not.toEqual([]);
    await (await createLab()).down();
    expect(existsSync(left.identityFile)).toBe(true);

    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    const next = await createLab();
    try {
      expect(existsSync(left.knownHostsFile)).toBe(false);
      await expect.poll(async () => (await tracesOf(orphan, members)).processes, patient)
        .toEqual([]);
      expect(existsSync(kept.directory)).toBe(true);
    } finally {
      await next.down();
      await kept.down();
    }
  });
});
