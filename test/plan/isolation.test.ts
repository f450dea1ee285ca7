import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { render } from '../../src/command/render.ts';
import type { Config } from '../../src/config/config.ts';
import { parseStagingConfig } from '../../src/config/parse.ts';
import { installScript } from '../../src/plan/host-install.ts';
import { isolationProblems, isolationProgram, isolationText } from '../../src/plan/isolation.ts';
import { isolate, isolated, isolationTargets } from '../../src/steps/isolate.ts';
import { declaredPaths } from '../../src/steps/outside.ts';
import { need, shells } from '../transaction/sandbox.ts';
import { contextOf, hostFacts, runsOne, type Changes } from './host.ts';

const file = (more = '', service = '{ systemd: [guestbook, guestbook-mail.timer] }'): Config =>
  parseStagingConfig(`application: guestbook
hosts: { production: "deploy@www.example.org:2222", staging: deploy@staging.example.org }
install:
  directory: /srv/guestbook
  shared: [uploads]
  migrate: [{ run: migrate, user: migrator }]
service: ${service}
maintenance: { private: PORT=18080, public: PORT=8080 }
state:
  - directory: /srv/guestbook/shared/uploads
  - postgres: { database: guestbook, host: db.example.org }
checks: [{ http: "http://localhost:{PORT}/health" }, { log: /var/log/guestbook.log }]
${more}`, 'seatrial.yml');

const allowed = "staging: { isolation: { allow: ['db.example.org:5432'] } }";

const units: Changes = {
  'unit.guestbook.service.user': 'guestbook', 'unit.guestbook.service.isolated': 'yes',
  'unit.guestbook-mail.timer.triggers': 'guestbook-mail.service',
  'unit.guestbook-mail.timer.isolated': 'yes',
  'unit.guestbook-mail.service.user': 'mailer', 'unit.guestbook-mail.service.isolated': 'yes',
  'tool.nft': 'yes', 'tool.perl': 'yes', 'isolation-usable': 'yes', 'isolation-groups': 'yes',
};

/** Facts of a staging where doctor has been. */
function prepared(config: Config, changes: Changes = {}): Changes {
  const facts = hostFacts(config, { ...units, ...changes });
  const helper = createHash('sha256').update(isolationText(config, facts)).digest('hex');
  return { ...units, 'isolation-helper': helper, ...changes };
}

const problems = (config: Config, changes: Changes): string[] =>
  isolationProblems(config, hostFacts(config, changes)).map((it) => it.message);

const onOneMachine = (config: Config): Config =>
  ({ ...config, staging: { ...config.staging, sameHost: 'it is a test' } });

describe('who is cut off', () => {
  it('is every user of commands and units, and the login', () => {
    const config = file();
    expect(isolated(config, hostFacts(config, units))).toEqual({
      users: ['deploy', 'guestbook', 'mailer', 'migrator'], group: false, rootRuns: false });
  });

  it('is also who the configuration names besides, and never root', () => {
    const config = file('staging: { isolation: { users: [www-data] } }');
    expect(isolated(config, hostFacts(config, { ...units, user: 'root', uid: '0' }))).toEqual({
      users: ['guestbook', 'mailer', 'migrator', 'www-data'], group: true, rootRuns: false });
    const asRoot = file('', '{ pidfile: /run/pid, start: serve, unguarded: it is a test }');
    expect(isolated(asRoot, hostFacts(asRoot, { user: 'root', uid: '0' })))
      .toEqual({ users: ['migrator'], group: true, rootRuns: true });
  });
});

describe('what the copy must not reach', () => {
  it('is production by all its addresses, its databases, and what is listed', () => {
    const config = file('staging: { isolation: { unreachable: ["[2001:db8::5]:9418"] } }');
    const facts = hostFacts(config, { addresses: '203.0.113.5 2001:db8::2' });
    const targets = isolationTargets({ config, facts }, config);
    for (const host of ['203.0.113.5', '2001:db8::2', 'www.example.org']) {
      for (const port of [22, 2222, 25, 80, 443, 5432, 8080]) {
        expect(targets).toContain(`tcp ${host} ${port}`);
      }
    }
    expect(targets).toContain('tcp db.example.org 5432');
    expect(targets).toContain('tcp 2001:db8::5 9418');
    expect(targets).toContain('udp 2001:db8::5 9418');
    expect(new Set(targets).size).toBe(targets.length);
  });

  it('leaves out addresses that are its own', () => {
    const config = onOneMachine(file());
    const facts = hostFacts(config, { addresses: '203.0.113.5' });
    expect(isolationTargets({ config, facts }, config)).toEqual(['tcp db.example.org 5432']);
  });
});

describe('a staging host', () => {
  it('has no problems where all is prepared', () => {
    const config = file(allowed);
    expect(problems(config, prepared(config))).toEqual([]);
  });

  it('is told everything at once', () => {
    const config = file();
    expect(problems(config, { 'tool.python3': 'no', 'unit.guestbook.service.user': 'dynamic',
      'unit.guestbook-mail.timer.triggers': 'guestbook-mail.service',
      'unit.guestbook-mail.service.user': '',
      isolation: 'cron runs for guestbook on staging: x\tTake it out.' })).toEqual([
      'staging has no cgroups of version 2, so that what runs as root cannot be cut off',
      'staging has neither nft nor iptables: nothing can be cut off',
      'staging has neither python3 nor perl, so that the isolation cannot be proven',
      `staging has no ${isolationProgram('guestbook')} that only root can change`,
      'guestbook.service, guestbook-mail.timer, guestbook-mail.service could be started on ' +
        'staging without being isolated',
      "staging's database is on db.example.org, which the isolation does not allow",
      'cron runs for guestbook on staging: x',
    ]);
  });

  it.each([
    ['a program of another configuration', { 'isolation-helper': 'a'.repeat(64) },
      /was made for another configuration or version/],
    ['a program that the login may not run', { 'isolation-usable': 'no' },
      /deploy may not run \/usr\/local\/sbin\/seatrial-isolation-guestbook/],
    ['a unit that runs as another user than when it was prepared',
      { 'unit.guestbook.service.user': 'other' }, /was made for another configuration/],
    ['a unit without the condition', { 'unit.guestbook.service.isolated': 'no' },
      /^guestbook\.service could be started on staging/],
  ])('is refused for %s', (_title, changes: Changes, sentence) => {
    const config = file(allowed);
    const told = problems(config, { ...prepared(config), ...changes });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(sentence);
  });

  it('cannot cut off what an ordinary login runs as root', () => {
    const config = file(allowed, '{ pidfile: /run/pid, start: serve, user: root, ' +
      'unguarded: it is a test }');
    expect(problems(config, prepared(config)))
      .toEqual(['commands are run as root by deploy, and cannot be cut off from the network']);
  });

  it('does not cut off production, which is on the same machine', () => {
    const config = onOneMachine(file(allowed));
    const facts = hostFacts(config, prepared(config));
    const production = (changes: Changes): string[] => isolationProblems(config, facts,
      { config, facts: hostFacts(config, { ...units, user: 'releaser', ...changes }) })
      .map((it) => it.message);
    expect(production({})).toEqual(['production runs as migrator, guestbook, mailer on this ' +
      'machine, and would be cut off with the copy']);
    const apart = file(allowed.replace('{ iso', '{ instead: [{ of: migrator, use: trier }], iso'));
    expect(isolationProblems(onOneMachine(apart), facts, { config: file(allowed), facts: hostFacts(
      config, { ...units, user: 'releaser', 'unit.guestbook.service.user': 'live',
        'unit.guestbook-mail.service.user': 'live' }) })
      .filter((it) => it.message.includes('would be cut off'))).toEqual([]);
  });

  it('is asked for nothing where isolation is by commands, or not at all', () => {
    for (const kind of ['{ on: cut, prove: look }', '{ none: it has no network }']) {
      expect(problems(file(`staging: { isolation: ${kind} }`), {})).toEqual([]);
    }
  });
});

describe('what doctor installs', () => {
  const script = (config: Config, where: 'production' | 'staging'): string =>
    installScript(config, hostFacts(config, units), where);

  it('isolates on staging alone, with a line of sudo for each verb', () => {
    expect(script(file(), 'production')).not.toContain('isolation');
    const text = script(file(), 'staging');
    expect(text).toContain(isolationText(file(), hostFacts(file(), units)));
    expect(text).toContain('ConditionPathExists=|/run/seatrial/guestbook/isolated');
    expect(text).toContain('ConditionPathExists=|!/var/lib/seatrial/guestbook/copied');
    expect(text.match(/^ExecCondition=\+\S+ start$/gm)).toHaveLength(2);
    expect(text.match(/^deploy ALL=\(root\) NOPASSWD: \S+seatrial-isolation-guestbook \w+$/gm))
      .toHaveLength(6);
    for (const shell of shells) {
      const read = spawnSync(need(shell), ['-n'], { input: text, encoding: 'utf8' });
      expect(read).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('puts a unit without a user of its own into a slice that is cut off', () => {
    const config = file();
    for (const user of ['', 'root', 'dynamic']) {
      const facts = hostFacts(config, { ...units, 'unit.guestbook.service.user': user });
      expect(isolated(config, facts)).toEqual({ users: ['deploy', 'mailer', 'migrator'],
        group: true, rootRuns: true });
      expect(installScript(config, facts, 'staging').match(/^Slice=.*$/gm))
        .toEqual(['Slice=seatrial_guestbook.slice']);
    }
    expect(script(config, 'staging')).not.toContain('\nSlice=');
  });

  it('takes back what no longer isolates', () => {
    const text = script(file('staging: { isolation: { none: it has no network } }'), 'staging');
    expect(text).toMatch(/^rm -f .*60-seatrial-isolation\.conf/m);
    expect(text).not.toContain('ConditionPathExists=|');
    const byCommands = script(file('staging: { isolation: { on: cut, prove: look } }'), 'staging');
    expect(byCommands).toContain('ConditionPathExists=|/run/seatrial/guestbook/isolated');
    expect(byCommands).not.toContain('ExecCondition');
  });
});

describe('the rules', () => {
  /** What a tool would be given, with addresses and users that are known. */
  const given = (shell: string, tool: string, act: string): string => {
    const config = file(allowed);
    const text = isolationText(config, hostFacts(config, { ...units, user: 'root', uid: '0' }))
      .replace(/\nmain "\$@"\n$/, '');
    const ran = spawnSync(need(shell), ['-s'], { encoding: 'utf8', input: `${text}
      STORE=$(mktemp -d); printf '101\\n102\\n' >"$STORE/uids"
      printf '192.0.2.9 5432\\n2001:db8::9 5432\\n' >"$STORE/allowed"
      group() { printf /sys/fs/cgroup/seatrial-guestbook; }; has_ipv6() { :; }
      nft() { cat; }; iptables() { :; }; ip6tables() { :; }; tables() { printf '${tool} 4\\n'; }
      fake() { cat; }; ${act}; rm -r "$STORE"` });
    expect(ran.stderr).toBe('');
    return ran.stdout;
  };

  it.each(shells)('of nftables, in %s', (shell) => {
    expect(given(shell, 'nft', 'nft_on')).toBe(`table inet seatrial_guestbook
delete table inet seatrial_guestbook
table inet seatrial_guestbook {
counter refused { }
chain leave {
ct direction reply ct state established,related accept
ip daddr 192.0.2.9 meta l4proto { tcp, udp } th dport 5432 accept
ip6 daddr 2001:db8::9 meta l4proto { tcp, udp } th dport 5432 accept
fib daddr type local tcp dport { 25,465,587,2525 } goto refuse
fib daddr type local accept
goto refuse
}
chain refuse {
counter name refused
meta l4proto tcp reject with tcp reset
reject with icmpx type port-unreachable
}
chain early { type filter hook output priority -150; policy accept;
meta skuid { 101,102 } goto leave
socket cgroupv2 level 1 "seatrial-guestbook" goto leave
}
chain late { type filter hook output priority 300; policy accept;
meta skuid { 101,102 } goto leave
socket cgroupv2 level 1 "seatrial-guestbook" goto leave
}
}
`);
  });
});

describe('the step', () => {
  it('carries every target, or the commands, or the reason', () => {
    const act = (more: string): string => isolate(contextOf(file(more), runsOne),
      ['tcp db 5432', 'udp ns 53']).do.map(render).join('\n');
    expect(act('')).toBe("isolate_network 'tcp db 5432' 'udp ns 53'");
    expect(act('staging: { isolation: { on: { run: "cut {current}", user: root }, prove: look } }'))
      .toMatch(/^isolate_by_command root \d+ 'cut \/srv\/guestbook\/current' - \d+ look$/);
    expect(act('staging: { isolation: { none: it has no network } }'))
      .toBe("isolate_not 'it has no network'");
  });

  it('declares what a deployment writes', () => {
    const paths = declaredPaths(contextOf(file("staging: { writes: ['/var/cache/guestbook-*'] }"),
      runsOne));
    for (const path of ['/var/lib/seatrial/guestbook', '/srv/guestbook/releases',
      '/srv/guestbook/current*', '/srv/guestbook/shared/uploads', '/var/log/guestbook.log*',
      '/srv/guestbook/shared/.seatrial-guestbook', '/var/cache/guestbook-*']) {
      expect(paths).toContain(path);
    }
    expect(paths).not.toContain('/srv/guestbook');
  });
});
