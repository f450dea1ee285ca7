import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isolationProblems } from '../../../src/plan/isolation.ts';
import { createLab, type Lab } from '../lab.ts';
import { createStage, program, records, type IsolationStage } from './stage.ts';

/**
 * P3 on a host without systemd where root logs in: what the transaction runs as root is cut off
 * with all its children, and nothing else of root is. By nftables, and by iptables where that is
 * all there is.
 */
const service = `{ start: "/opt/start", stop: "pkill -f caller.py", running: "pgrep -f caller.py",
  unguarded: it is a test }`;
const start = `#!/bin/sh
setsid python3 /opt/caller.py serve >/srv/calls/1 2>&1 </dev/null &
`;
const patient = { timeout: 30_000, interval: 100 };

describe.each(['nft', 'iptables'])('staging where root logs in, by %s', (backend) => {
  let lab: Lab;
  let stage: IsolationStage;
  const flush = backend === 'nft' ? 'nft flush ruleset' : 'iptables -F OUTPUT; ip6tables -F OUTPUT';

  beforeAll(async () => {
    lab = await createLab();
    stage = await createStage(lab, { init: 'sshd', login: 'root', service });
    await stage.staging.writeFile('/opt/start', start, { mode: '755' });
    if (backend === 'iptables') await stage.output('mv /usr/sbin/nft /usr/sbin/nft.away');
  });

  afterAll(async () => {
    await lab?.down();
  });

  const calls = async (verb: string): Promise<string[]> => {
    await stage.output('rm -f /srv/calls/1');
    const ran = await stage.verbs(verb);
    expect(ran.status, ran.stdout + ran.stderr).toBe(0);
    await expect.poll(async () => (await stage.output('cat /srv/calls/1')).split('\n').length,
      patient).toBe(8);
    const told = await stage.output('cat /srv/calls/1; pkill -f "[c]aller.py"');
    return told.split('\n').map((line) => line.split(' ').slice(2).join(' '));
  };

  it('reaches production before anything is done', async () => {
    expect(await calls('start_command - 10 - /opt/start')).toEqual(Array(8).fill('reached'));
    expect(await stage.heard()).toHaveLength(8);
    await stage.forget();
  });

  it('cuts off what is run as root, and what that starts', async () => {
    await stage.install(stage.config());
    const config = stage.config();
    expect(isolationProblems(config, await stage.facts(config))).toEqual([]);
    const done = await stage.isolate(config);
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(await stage.output('cat /run/seatrial-isolation-guestbook/backend')).toBe(backend);
    expect(await calls('start_command - 10 - /opt/start')).toEqual(Array(8).fill('refused'));
    expect(await calls('start_command guestbook 10 - /opt/start'))
      .toEqual(Array(8).fill('refused'));
    expect((await stage.verbs('still_isolated')).status).toBe(0);
    expect(await stage.heard()).toEqual([]);
  });

  it('leaves root alone outside of the transaction', async () => {
    await stage.output(`timeout 3 bash -c '</dev/tcp/${stage.production.address}/9999'`);
    await expect.poll(() => stage.heard(), patient).toEqual(['tcp 9999']);
    await stage.forget();
  });

  it('makes the rules anew where they are gone, before a command is run', async () => {
    await stage.output(flush);
    expect((await stage.verbs('still_isolated')).status).not.toBe(0);
    expect(await calls('start_command - 10 - /opt/start')).toEqual(Array(8).fill('refused'));
    expect(await stage.heard()).toEqual([]);
  });

  it('runs no command where the rules are for nobody', async () => {
    await stage.output(`sed -E -i '/nft_hook (early|late)|iptables_hook .* filter/d' ${program}`);
    await stage.output(flush);
    const refused = await stage.isolate(stage.config());
    expect(refused.status).not.toBe(0);
    expect(await stage.why()).toMatch(/is not refused by the rules|our rules count/);
    await stage.output('rm -f /srv/calls/1');
    expect((await stage.verbs('start_command - 10 - /opt/start')).status).not.toBe(0);
    await stage.output('! test -e /srv/calls/1');
    expect(await stage.heard()).toEqual([]);
  });

  if (backend === 'nft') it('sees what a command writes outside, as whoever it runs', async () => {
    await stage.output(`install -d -o guestbook /srv/declared /opt/own /opt/other; umask 022
      for name in kept gone; do echo x >/opt/own/$name; chown guestbook /opt/own/$name; done`);
    const act = (user: string, text: string): string =>
      `as_user ${user} 10 / - '${text}' || exit 3`;
    const ran = await stage.verbs(['rm -rf "$RUN_DIR/isolation"', 'writes_begin guestbook',
      act('guestbook', 'cd /opt/own; echo y >kept; rm gone; echo y >/srv/declared/file'),
      act('guestbook', 'umask 077; mkdir -p /tmp/mine; echo y >/tmp/mine/left'),
      act('root', 'echo y >/etc/left; echo y >/var/log/left; echo y >/run/left'),
      act('daemon', 'echo y >/tmp/of-another'),
      `writes_found "$RUN_DIR/found" '/srv/declared\n${records}'`].join('\n'));
    expect(ran.status, ran.stdout + ran.stderr).toBe(0);
    expect((await stage.output(`cat ${records}/runs/*/found`)).split('\n')).toEqual([
      'outside\tdeleted\t/opt/own/gone', 'outside\ttemporary\t/tmp/mine/left',
      'outside\twritten\t/etc/left', 'outside\twritten\t/opt/own/kept']);
  });

  it('leaves nothing behind when the copy is gone', async () => {
    await stage.output(`rm ${records}/copied; ${program} off`);
    expect(await stage.output(`iptables-save; ip6tables-save; ls -d /sys/fs/cgroup/seatrial* \
      2>/dev/null; test ! -e /usr/sbin/nft || nft list ruleset`)).not.toMatch(/seatrial/i);
  });
});
