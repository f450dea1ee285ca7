import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyToStaging } from '../../src/copy/copy.ts';
import { gatherFacts } from '../../src/facts/gather.ts';
import { openSsh } from '../../src/host/ssh.ts';
import type { Transport } from '../../src/host/transport.ts';
import { installScript } from '../../src/plan/host-install.ts';
import { createLab, type Lab, type TestHost } from '../hosts/lab.ts';
import { makeHosts, type Hosts } from './hosts.ts';

/** A copy on a host with a real systemd, where nobody comes by any more. */
let lab: Lab;
let host: TestHost;
const open: Transport[] = [];

async function must(text: string, user = 'root'): Promise<string> {
  const ran = await host.exec(text, { user });
  if (ran.status !== 0) throw new Error(`${text}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout.trim();
}

async function until(text: string, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
    if ((await host.exec(text)).status === 0) return;
  }
  throw new Error(`not within ${seconds} s: ${text}\n${(await host.exec(
    'systemctl status "seatrial-expire-*"; systemctl list-timers --all')).stdout}`);
}

async function connect(user: string): Promise<Transport> {
  const sshConfigFile = join(lab.directory, 'empty-ssh-config');
  writeFileSync(sshConfigFile, '');
  const transport = await openSsh({ destination: `${user}@${host.address}`, sshConfigFile,
    knownHostsFile: host.knownHostsFile, identityFile: host.identityFile,
    temporaryDirectory: tmpdir(), connectTimeoutMs: 40_000, keepAliveSeconds: 5,
    keepAliveCountMax: 3 });
  open.push(transport);
  return transport;
}

/** Production and staging are two directories of the host, reached as that user. */
async function hostsOn(user: string, copy: string): Promise<Hosts> {
  const transport = await connect(user);
  const hosts = makeHosts({ state: ['directory: "{root}/up"'], transport: () => transport,
    parent: '/var/cache', more: [`copy: ${copy}`] });
  await must(`mkdir -p ${hosts.production}/up ${hosts.production}/code ${hosts.staging}
    echo alice >${hosts.production}/up/secret; echo 1 >${hosts.production}/code/main
    chown -R ${user} ${hosts.root}`);
  return hosts;
}

const kept = (hosts: Hosts, name: string): string =>
  `${hosts.staging}/.seatrial-${hosts.application}/pristine-${name}`;
const timerOf = (hosts: Hosts): string => `seatrial-expire-${hosts.application}.timer`;

beforeAll(async () => {
  lab = await createLab();
  host = await lab.host('stage', { init: 'systemd' });
});

afterAll(async () => {
  await Promise.all(open.map(async (it) => await it.close().catch(() => undefined)));
  await lab.down();
});

describe('a copy whose time is over', () => {
  it('goes by the timer that doctor installs, of any login, also after a power cut', async () => {
    const hosts = await hostsOn('deploy', '{ fresh-for: 0, expires: 10s }');
    const { transport, config } = hosts.input().staging;
    const facts = await gatherFacts(transport, config, 'staging');
    expect(facts.hasExpiryTimer).toBe(false);
    await must(installScript(config, facts, 'staging'));
    expect((await gatherFacts(transport, config, 'staging')).hasExpiryTimer).toBe(true);
    expect(await must(`systemctl show -p NextElapseUSecRealtime --value ${timerOf(hosts)}`))
      .toMatch(/^\w{3} \d{4}-.*:[0-5]0:00 /);
    // Ten minutes are too long for a test.
    await must(`mkdir -p /etc/systemd/system/${timerOf(hosts)}.d
      printf '[Timer]\\nOnCalendar=\\nOnCalendar=*:*:0/1\\nAccuracySec=100ms\\n' \\
        >/etc/systemd/system/${timerOf(hosts)}.d/often.conf
      systemctl daemon-reload && systemctl restart ${timerOf(hosts)}`);
    const began = Date.now();
    await copyToStaging(hosts.input());
    await sleep(1500);
    expect(await must(`cat ${kept(hosts, 'up')}/secret`)).toBe('alice');
    await host.powerCut();
    await host.boot();
    expect(await must(`cat ${kept(hosts, 'up')}/secret`)).toBe('alice');
    await until(`! test -e ${kept(hosts, 'up')} && ! test -e ${kept(hosts, 'code')}`, 30);
    await until(`! test -e ${hosts.staging}/records/copy/expire.sh`, 10);
    expect(Date.now() - began).toBeGreaterThan(10_000);
    expect(await must(`grep -r -l alice ${hosts.staging} || :`)).toBe('');
  });

  it('is told where that timer was stopped', async () => {
    const hosts = await hostsOn('deploy', '{ fresh-for: 0, expires: 1h }');
    const { transport, config } = hosts.input().staging;
    await must(installScript(config, await gatherFacts(transport, config, 'staging'), 'staging'));
    await must(`systemctl stop ${timerOf(hosts)}`);
    await copyToStaging(hosts.input());
    expect(hosts.events.filter((it) => it.kind === 'note')).toContainEqual({ kind: 'note',
      text: `${timerOf(hosts)} does not run on stage: the copies go at the next contact` });
  });

  it('goes at its own time where root has installed nothing', async () => {
    const hosts = await hostsOn('root', '{ fresh-for: 15s, expires: 15s }');
    await copyToStaging(hosts.input());
    await sleep(8_000);
    await must(`rm -r ${kept(hosts, 'code')}`);
    await copyToStaging(hosts.input());
    expect(await must(`cat ${kept(hosts, 'up')}/secret`)).toBe('alice');
    await until(`! test -e ${kept(hosts, 'up')} && test -e ${kept(hosts, 'code')}`, 20);
    await until(`! test -e ${kept(hosts, 'code')}`, 20);
    await until(`! systemctl is-active ${timerOf(hosts)}`, 10);
  });
});
