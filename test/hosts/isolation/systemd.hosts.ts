import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isolationProblems } from '../../../src/plan/isolation.ts';
import { createLab, type Lab } from '../lab.ts';
import { createStage, program, records, type IsolationStage } from './stage.ts';

/**
 * P3 on a host with systemd, where an ordinary user logs in and the application runs as another.
 * Each test begins isolated, and production must have heard nothing at its end.
 */
const unit = `[Service]
User=guestbook
ExecStart=/bin/sh -c 'exec python3 /opt/caller.py serve >/srv/calls/1'
[Install]
WantedBy=multi-user.target
`;
const web = `[Service]
ExecStart=/bin/sh -c 'python3 /opt/caller.py >/srv/calls/1; \\
  exec setpriv --reuid www-data --clear-groups python3 /opt/caller.py serve >>/srv/calls/1'
`;
const make = `mkdir -p /var/spool/cron/crontabs /var/spool/cron/atjobs /etc/cron.daily
  echo '5 * * * * /srv/mail-digest' >/var/spool/cron/crontabs/guestbook
  echo '*/5 * * * * root cd /srv/guestbook/current && ./mail' >/etc/cron.d/mail
  echo '@reboot guestbook /srv/serve' >/etc/cron.d/serve
  echo '1 1 * * * www-data /usr/bin/true' >/etc/cron.d/other
  echo 'rm -f /srv/guestbook/shared/old*' >/etc/cron.daily/tidy; chmod 755 /etc/cron.daily/tidy
  echo true >/var/spool/cron/atjobs/a1; chown guestbook /var/spool/cron/atjobs/a1
  printf '[Service]\\nUser=guestbook\\nExecStart=/bin/true\\n' >/etc/systemd/system/digest.service
  printf '[Timer]\\nOnCalendar=yearly\\n[Install]\\nWantedBy=timers.target\\n' \
    >/etc/systemd/system/digest.timer
  systemctl daemon-reload; systemctl -q enable digest.timer
  mkdir -p /home/deploy/.config/systemd/user/timers.target.wants
  ln -s /dev/null /home/deploy/.config/systemd/user/timers.target.wants/own.timer
  cp /bin/true /usr/sbin/exim4; chmod 4755 /usr/sbin/exim4
  cp /usr/bin/python3 /opt/socat
  setsid /opt/socat -c 'import socket, time; s = socket.create_server(("127.0.0.1", 7777))
time.sleep(600)' >/dev/null 2>&1 </dev/null & sleep 0.5`;
const unmake = `rm -r /var/spool/cron/* /etc/cron.d/* /etc/cron.daily/tidy /usr/sbin/exim4 \
    /home/deploy/.config /etc/systemd/system/digest.*
  rm /etc/systemd/system/timers.target.wants/digest.timer; systemctl daemon-reload
  pkill -x socat`;
const found = [
  'cron runs for guestbook on staging: 5 * * * * /srv/mail-digest',
  'cron runs on staging: */5 * * * * root cd /srv/guestbook/current && ./mail (/etc/cron.d/mail)',
  'cron runs on staging: @reboot guestbook /srv/serve',
  'cron runs on staging: /etc/cron.daily/tidy names a path of the application',
  'an at job of guestbook waits on staging',
  'digest.timer starts digest.service on staging, which runs for the application (as guestbook)',
  'systemd starts for deploy on staging: /home/deploy/.config/systemd/user/',
  'guestbook can hand mail to a mail server: by /usr/sbin/exim4',
  'socat listens on staging at 127.0.0.1:7777, and could carry what the copy sends',
];
const everything = ['tcp 25', 'tcp 25', 'tcp 5432', 'tcp 5432', 'tcp 80', 'tcp 80', 'udp 53',
  'udp 53'];
const patient = { timeout: 30_000, interval: 100 };

describe('staging with systemd', () => {
  let lab: Lab;
  let stage: IsolationStage;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createStage(lab,
      { init: 'systemd', login: 'deploy', service: '{ systemd: guestbook }' });
    await stage.staging.writeFile('/etc/systemd/system/guestbook.service', unit);
    await stage.output('systemctl daemon-reload');
  });

  afterAll(async () => {
    await lab?.down();
  });

  /** Starts the unit and gives what its calls came to; empty where it was not started. */
  const calls = async (): Promise<string[]> => {
    await stage.output('rm -f /srv/calls/1');
    await stage.staging.exec('systemctl start guestbook');
    if ((await stage.staging.exec('systemctl is-active guestbook')).status !== 0) return [];
    await expect.poll(async () => (await stage.output('cat /srv/calls/1'))
      .split('\n').length, patient).toBe(8);
    const told = await stage.output('cat /srv/calls/1');
    await stage.output('systemctl stop guestbook');
    return told.split('\n').map((line) => line.split(' ').slice(2).join(' '));
  };

  const problems = async (more = ''): Promise<string> => {
    const config = stage.config(more);
    return isolationProblems(config, await stage.facts(config))
      .map((it) => `${it.message}. ${it.fix ?? ''}`).join('\n');
  };

  it('reaches all of production before anything is done: the test can fail', async () => {
    expect(await calls()).toEqual(Array(8).fill('reached'));
    expect(await stage.heard()).toEqual(everything);
  });

  it('is told what is missing, and nothing any more once doctor has prepared it', async () => {
    const told = await problems();
    expect(told).toContain(`staging has no ${program} that only root can change`);
    expect(told).toContain('guestbook.service could be started on staging without being isolated');
    expect(told).toContain('seatrial doctor --install --host staging');
    const refused = await stage.isolate(stage.config());
    expect(refused.status).not.toBe(0);
    await stage.install(stage.config());
    await stage.output(`cp -p ${program} /opt/good`);
    expect(await problems()).toBe('');
    expect(await stage.output('stat -c "%U %a" /etc/sudoers.d/seatrial-guestbook'))
      .toBe('root 440');
  });

  describe('isolated', () => {
    beforeEach(async () => {
      await stage.forget();
      await stage.output(`cp -p /opt/good ${program}`);
      const done = await stage.isolate(stage.config());
      expect(done.status, done.stdout + done.stderr).toBe(0);
      return async () => {
        expect(await stage.heard()).toEqual([]);
      };
    });

    it('refuses mail, web, database and DNS to the application, over IPv4 and IPv6', async () => {
      expect(await calls()).toEqual(Array(8).fill('refused'));
      const proof = await stage.output(`cat ${records}/runs/*/isolation-proof`);
      for (const user of ['guestbook', 'deploy']) {
        for (const target of [`tcp ${stage.production.address} 25`, 'tcp fd83::1 80',
          'udp 192.0.2.1 53', 'tcp 127.0.0.1 25', `tcp ${stage.production.address} 8080`]) {
          expect(proof).toContain(`proof\t${user}\trefused\t${target}`);
        }
      }
      expect((await stage.verbs('still_isolated')).status).toBe(0);
    });

    it('lets others of the host work on', async () => {
      const root = `timeout 3 bash -c '</dev/tcp/${stage.production.address}/9999'`;
      await stage.output(root);
      await stage.forget();
      expect((await stage.staging.exec(root, { user: 'deploy' })).status).not.toBe(0);
      expect((await stage.staging.ssh('echo still here')).stdout).toBe('still here\n');
    });

    it.each([
      ['one rule is deleted', `nft -a list chain inet seatrial_guestbook early | sed -n
        's/.*skuid.*# handle //p' | xargs nft delete rule inet seatrial_guestbook early handle`],
      ['a firewall is reloaded', 'nft flush ruleset'],
      ['a rule is put before ours',
        'nft insert rule inet seatrial_guestbook leave meta l4proto tcp accept'],
    ])('starts nothing and says so, where %s', async (_title, act) => {
      await stage.output(act.replaceAll('\n', ' '));
      const still = await stage.verbs('still_isolated');
      expect(still.status).not.toBe(0);
      expect(await stage.why()).toContain('were changed or removed since they were made');
      expect(await calls()).toEqual([]);
      // The transaction itself makes and proves them anew before it starts anything.
      expect((await stage.verbs('start_unit guestbook.service')).status).toBe(0);
      await stage.output('systemctl stop guestbook');
      expect(await calls()).toEqual(Array(8).fill('refused'));
    });

    it.each([
      ['the rules are for nobody', '/nft_hook (early|late)/d'],
      ['a rule lets some of it pass', 's/^ct direction reply ct.*/tcp dport { 80, 443 } accept/'],
    ])('is not proven where %s, and production hears nothing of it', async (_title, edit) => {
      await stage.output(`sed -E -i '${edit}' ${program}`);
      const refused = await stage.isolate(stage.config());
      expect(refused.status, refused.stdout).not.toBe(0);
      expect(await stage.why()).toMatch(/is not refused by the rules|our rules count/);
      expect(await calls()).toEqual([]);
      expect(await problems()).toContain('was made for another configuration or version');
    });

    it('is refused where production is allowed, without trying it', async () => {
      const more = `staging: { isolation: { allow: ['${stage.production.address}:80'] } }`;
      await stage.install(stage.config(more));
      const refused = await stage.isolate(stage.config(more));
      expect(refused.status).not.toBe(0);
      expect(await stage.why())
        .toContain(`isolation allows ${stage.production.address}:80, which must not be reached`);
      expect(await calls()).toEqual([]);
    });

    it('reaches what is allowed and nothing else', async () => {
      const more = `staging: { isolation: { allow: ['${stage.production.address}:9999'] } }`;
      await stage.install(stage.config(more));
      expect((await stage.isolate(stage.config(more))).status).toBe(0);
      expect(await calls()).toEqual(Array(8).fill('refused'));
      expect((await stage.staging.exec(`timeout 3 bash -c '</dev/tcp/${
        stage.production.address}/9999'`, { user: 'guestbook' })).status).toBe(0);
      await expect.poll(() => stage.heard(), patient).toEqual(['tcp 9999']);
      await stage.forget();
    });

    it('is refused where a target has no address: nothing would be proven', async () => {
      const refused = await stage.verbs("isolate_network 'tcp db.invalid 5432'");
      expect(refused.status).not.toBe(0);
      expect(await stage.why()).toContain('db.invalid has no address on this host');
    });

    it('is refused without nft and iptables', async () => {
      const tools = '/usr/sbin/nft /usr/sbin/iptables /usr/sbin/ip6tables';
      await stage.output(`for tool in ${tools}; do mv $tool $tool.away; done`);
      try {
        expect(await problems()).toContain('staging has neither nft nor iptables');
        expect((await stage.isolate(stage.config())).status).not.toBe(0);
        expect(await stage.why()).toMatch(/the rules could not be set: .*nft.* not found/);
        expect(await calls()).toEqual([]);
      } finally {
        await stage.output(`for tool in ${tools}; do mv $tool.away $tool; done`);
      }
    });

    it('is refused where a mail server, a schedule or a tunnel acts by itself', async () => {
      await stage.output(make);
      try {
        const told = await problems();
        for (const sentence of found) expect(told).toContain(sentence);
        expect((await stage.isolate(stage.config())).status).not.toBe(0);
        const why = (await stage.verbs('asked look </dev/null')).stdout;
        for (const sentence of found) expect(why).toContain(sentence);
        expect(await calls()).toEqual([]);
      } finally {
        await stage.output(unmake);
      }
      expect(await problems()).toBe('');
    });

    it('holds a web server that runs as root, with its children, by its slice', async () => {
      const both = stage.config('', '{ systemd: [guestbook, web] }');
      await stage.staging.writeFile('/etc/systemd/system/web.service', web);
      await stage.output('systemctl daemon-reload');
      await stage.install(both);
      expect(isolationProblems(both, await stage.facts(both))).toEqual([]);
      const done = await stage.isolate(both);
      expect(done.stdout).toMatch(/proof\troot \(in the group\)\trefused\ttcp fd83::1 80/);
      await stage.output('rm -f /srv/calls/1; systemctl start web');
      await expect.poll(async () => (await stage.output('cat /srv/calls/1')).split('\n').length,
        patient).toBe(16);
      expect(await stage.output('cut -d" " -f3 /srv/calls/1 | sort -u; systemctl is-active web'))
        .toBe('refused\nactive');
      expect((await stage.verbs('still_isolated')).status).toBe(0);
      // Without the slice nothing holds it, and it does not start; made to, it is seen.
      await stage.output(`systemctl stop web; rm /srv/calls/1
        sed -i /^Slice=/d /etc/systemd/system/web.service.d/60-*
        systemctl daemon-reload; systemctl start web`);
      expect((await stage.staging.exec('systemctl is-active web')).stdout).toBe('inactive\n');
      await stage.output(`test ! -e /srv/calls/1; rm /etc/systemd/system/web.service.d/60-*
        systemctl daemon-reload; systemctl start web`);
      await expect.poll(() => stage.heard(), patient).toHaveLength(16);
      expect((await stage.verbs('still_isolated')).status).not.toBe(0);
      expect(await stage.why()).toContain('web.service runs as www-data, for whom no rule holds');
      await stage.output('systemctl stop web; rm -r /etc/systemd/system/web.service*');
      await stage.forget();
      await stage.output('systemctl daemon-reload');
    });

    it('starts nothing after a power cut, until it is isolated again', async () => {
      await stage.output('systemctl -q enable guestbook');
      await stage.powerCut();
      const rules = await stage.staging.exec('nft list table inet seatrial_guestbook');
      expect(rules.status).not.toBe(0);
      expect((await stage.staging.exec('systemctl is-active guestbook')).stdout).toBe('inactive\n');
      expect(await calls()).toEqual([]);
      expect((await stage.verbs('start_unit guestbook.service')).status).toBe(0);
      await stage.output('systemctl stop guestbook; systemctl -q disable guestbook');
      expect(await calls()).toEqual(Array(8).fill('refused'));
    });

    it('stays cut off while there is a copy, and is let go with it', async () => {
      const refused = await stage.staging.exec(`sudo -n ${program} off`, { user: 'deploy' });
      expect(refused.stdout).toContain('a copy of production is on this host, and stays cut off');
      expect(await calls()).toEqual(Array(8).fill('refused'));
      await stage.output(`rm ${records}/copied`);
      expect((await stage.staging.exec(`sudo -n ${program} off`, { user: 'deploy' })).status)
        .toBe(0);
      expect(await calls()).toEqual(Array(8).fill('reached'));
      await stage.forget();
    });

    it.each([0.03, 0.15, 0.3, 0.5])('fails closed where it is killed after %s s',
      async (seconds) => {
        await stage.output(`rm ${records}/copied; ${program} off`);
        await stage.isolate(stage.config(), seconds);
        const started = await calls();
        if (started.length > 0 && started[0] !== 'refused') {
          // Then nothing was done yet: a copy is laid by later steps.
          await stage.output(`! test -e ${records}/copied`);
          await stage.forget();
        }
        expect((await stage.isolate(stage.config())).status).toBe(0);
        expect(await calls()).toEqual(Array(8).fill('refused'));
      });
  });
});
