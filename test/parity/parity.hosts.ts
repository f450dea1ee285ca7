import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { gatherParities, gatherParity, newSalt, type HostPair } from '../../src/facts/parity.ts';
import { openSsh } from '../../src/host/ssh.ts';
import type { Transport } from '../../src/host/transport.ts';
import { compareParity, type ParityFinding } from '../../src/parity/compare.ts';
import { driftSince, parityRecord } from '../../src/parity/drift.ts';
import { lineOf } from '../../src/parity/lines.ts';
import { sameMachine } from '../../src/parity/same-machine.ts';
import { createLab, type Lab, type TestHost } from '../hosts/lab.ts';
import { parity } from './facts.ts';

/** Two equal hosts with systemd; then one thing of each class that can be changed is. */
const bytesMax = 40_000;
const site = (host: string) => `# of ${host}
<VirtualHost *:80>
  ServerName ${host}
  DocumentRoot /srv/app
</VirtualHost>
`;

let lab: Lab;
let production: TestHost;
let staging: TestHost;
let transports: HostPair<Transport>;
const open: Transport[] = [];

const config = (): Config => ({ ...parseConfig(`application: app
hosts: { production: 'deploy@${production.address}', staging: 'deploy@${staging.address}' }
install: { directory: /srv/app, migrate: /opt/app/bin/migrate }
service: { systemd: app.service }
maintenance: { none: a test }
state: [{ directory: /srv/state }]
checks: [{ log: /var/log/app.log }]
`, 'seatrial.yml'), parity: { ...parity, files: ['/etc/app/**'] } });

async function connect(host: TestHost): Promise<Transport> {
  const empty = join(lab.directory, 'empty-ssh-config');
  writeFileSync(empty, '');
  const transport = await openSsh({ destination: `deploy@${host.address}`, sshConfigFile: empty,
    knownHostsFile: host.knownHostsFile, identityFile: host.identityFile,
    temporaryDirectory: tmpdir(), connectTimeoutMs: 20_000, keepAliveSeconds: 5,
    keepAliveCountMax: 6 });
  open.push(transport);
  return transport;
}

async function prepare(host: TestHost): Promise<void> {
  await host.writeFile('/etc/systemd/system/app.service',
    '[Service]\nExecStart=/opt/app/bin/python3 -m app\nLimitNOFILE=4096\n');
  await host.writeFile('/etc/apache2/sites-enabled/app.conf', site(`${host.name}.example.org`));
  await must(host, `echo '${host.address} ${host.name}.example.org ${host.name}' >>/etc/hosts`);
  await host.writeFile('/etc/app/deep/settings.ini', `host = ${host.address}\nworkers = 4\n`);
  await host.writeFile('/opt/app/bin/python3', '#!/bin/sh\nexec /usr/bin/python3 "$@"\n',
    { mode: '755' });
  await must(host, 'mkdir -p /srv/app /srv/state && systemctl daemon-reload');
}

async function must(host: TestHost, command: string): Promise<string> {
  const { status, stdout, stderr } = await host.exec(command);
  expect({ command, status, stderr }).toMatchObject({ status: 0 });
  return stdout;
}

beforeAll(async () => {
  lab = await createLab();
  [production, staging] = await Promise.all([
    lab.host('www', { init: 'systemd' }), lab.host('stage', { init: 'systemd' })]);
  await Promise.all([prepare(production), prepare(staging)]);
  const [one, other] = await Promise.all([connect(production), connect(staging)]);
  transports = { production: one, staging: other };
});

afterAll(async () => {
  await Promise.all(open.map(async (it) => it.close()));
  await lab.down();
});

const told = (findings: readonly ParityFinding[]) => findings
  .filter((it) => ['fail', 'warn'].includes(it.verdict))
  .map((it) => `${it.verdict} ${it.class} ${lineOf(it)}`);

async function compare() {
  const facts = await gatherParities(transports, config(), newSalt());
  return { facts, report: compareParity(facts, config().parity) };
}

/** By class: what is done on staging, and what is told of it. */
const changes: readonly (readonly [string, string])[] = [
  ['sed -i "/^Package: openssl$/,/^$/s/^Version: .*/Version: 3.0.1-evil/" /var/lib/dpkg/status',
    'warn packages openssl: '],
  ['mkdir -p /lib/apk/db && printf "P:musl\nV:1.2.5-r0\n\n" >/lib/apk/db/installed',
    'warn packages musl: none -> 1.2.5-r0'],
  ['mkdir -p /var/lib/pacman/local/lib32-x-1.0-2 && printf "%%BACKUP%%\n%s\t%s\n" etc/issue ' +
    'd41d8cd98f00b204e9800998ecf8427e >/var/lib/pacman/local/lib32-x-1.0-2/files',
  'warn packages lib32-x: none -> 1.0-2'],
  ['true', 'warn configuration /etc/issue: as packaged, or none -> a text'],
  [String.raw`mkdir /var/lib/rpm && cat >/usr/local/bin/rpm <<'END' && chmod 755 /usr/local/bin/rpm
#!/bin/sh
case $1 in
  -qa) printf 'kernel	5.14-1
kernel	5.14-2
glibc	2.34-1
' ;;
  -V) printf 'S.5....T.  c /etc/services
.......T.  c /etc/hosts
'; exit 1 ;;
esac
END`, 'warn packages kernel: none -> 5.14-1 + 5.14-2'],
  ['true', 'warn configuration /etc/services: as packaged, or none -> a text'],
  ['mkdir /usr/lib/python3/dist-packages/parity_probe-1.5.dist-info',
    'fail modules python3:parity-probe: none -> 1.5'],
  ['printf "#!/bin/sh\\nprintf 5.99.0" >/usr/local/bin/perl && chmod 755 /usr/local/bin/perl',
    'fail runtimes perl: '],
  ['printf "#!/bin/sh\\necho 9.9.9" >/usr/local/bin/sqlite3 && chmod 755 /usr/local/bin/sqlite3',
    'fail database sqlite3: '],
  ['printf "12.1\\n" >/etc/debian_version', 'warn distribution release: '],
  [': >/usr/lib/x86_64-linux-gnu/libicui18n.so.99.1', 'fail collation icu: '],
  ['ln -sf ../mods-available/rewrite.load /etc/apache2/mods-enabled/rewrite.load',
    'warn http-server mod_rewrite: none -> loaded'],
  ['echo "Header set X-Other 1" >>/etc/apache2/sites-enabled/app.conf',
    'warn http-server /etc/apache2/sites-enabled/app.conf: a text -> another text'],
  ['ln -sf /usr/share/zoneinfo/Europe/Zurich /etc/localtime', 'warn time-zone zone: '],
  ['echo LANG=de_CH.UTF-8 >/etc/locale.conf', 'warn locale LANG: none -> de_CH.UTF-8'],
  ['sed -i s/4096/1024/ /etc/systemd/system/app.service && systemctl daemon-reload',
    'warn limits app.service LimitNOFILE: 4096 -> 1024'],
  ['mount -t tmpfs -o noexec state /srv/state', 'warn mounts /srv/state: overlay '],
  ['echo "UMASK 077" >>/etc/login.defs',
    'warn configuration /etc/login.defs: as packaged, or none -> a text'],
  ['sed -i s/4/5/ /etc/app/deep/settings.ini',
    'warn configuration /etc/app/deep/settings.ini: a text -> another text'],
  ['mkdir -p /opt/app/lib && printf "#!/bin/sh\\nprintf \'runtimes\\\\t%%s\\\\t2.3\\\\n\' $NAME" ' +
    '>/opt/app/bin/python3', 'fail runtimes /opt/app/bin/python3: '],
];

describe('two hosts that were made alike', () => {
  it('have no finding, whatever their names and addresses are, and are two machines', async () => {
    const { facts, report } = await compare();
    expect(told(report.findings)).toEqual([]);
    expect(report.compared).toBeGreaterThan(300);
    expect(sameMachine(facts)).toBeUndefined();
    const twice = { production: facts.production, staging: facts.production };
    expect(sameMachine(twice)?.message).toBe('staging is the same machine as production');
    for (const { bytes } of [facts.production, facts.staging]) expect(bytes).toBeLessThan(bytesMax);
    expect(facts.production.items.get('runtimes')?.has('/opt/app/bin/python3')).toBe(true);
  });

  it('are only read: a login that does nothing leaves as much behind', async () => {
    const changedBy = async (act: () => Promise<unknown>): Promise<string[]> => {
      await must(production, 'sleep 0.1; touch /srv/stamp; sleep 0.1');
      await act();
      const found = await must(production,
        'find / /run /dev/shm /tmp -xdev -cnewer /srv/stamp 2>/dev/null | sort -u');
      return found.split('\n').filter((path) => path !== '');
    };
    const idle = await changedBy(async () => transports.production.run({ argv: ['true'] }));
    const asked = await changedBy(async () =>
      gatherParity(transports.production, config(), newSalt()));
    const own = /^\/(proc|run\/(log|systemd\/journal))|^\/var\/log\/journal|lab-sshd\.log$/;
    expect(asked.filter((path) => !idle.includes(path) && !own.test(path))).toEqual([]);
    // What stays is sshd's own and the one session that holds the connection.
    const left = (await must(production, 'ps -u deploy -o args=')).trim().split('\n');
    expect(left.filter((it) => !/^sshd: |^sh -c printf %s [0-9a-f]{32}; read -r /.test(it)))
      .toEqual([]);
  });

  it('are told apart by one change in each class, and by nothing else', async () => {
    for (const [act] of changes) await must(staging, act);
    const { facts, report } = await compare();
    const lines = told(report.findings);
    for (const [, text] of changes) {
      expect(lines.filter((line) => line.startsWith(text)), text).toHaveLength(1);
    }
    const more = lines.filter((line) => !changes.some(([, text]) => line.startsWith(text)));
    // What follows from them: one is a file too, and a faked language has no modules.
    expect(more.filter((line) => !line.startsWith('fail modules /opt/app/bin/python3:'))).toEqual([
      'warn packages glibc: none -> 2.34-1',
      'warn limits app.service LimitNOFILESoft: 4096 -> 1024',
      'warn configuration /etc/debian_version: as packaged, or none -> a text',
    ]);
    expect(report.verdict).toBe('fail');
    expect(facts.staging.unread).toEqual(facts.production.unread);
  });

  it('drift: what changed on production since is told, under the salt of the receipt', async () => {
    const salt = newSalt();
    const before = await gatherParity(transports.production, config(), salt);
    const record = parityRecord(before, config().parity, salt);
    expect(JSON.stringify(record).length).toBeLessThan(200_000);
    const same = await gatherParity(transports.production, config(), record.salt);
    expect(driftSince(record, same, config().parity)).toEqual([]);
    await must(production, 'echo "UMASK 077" >>/etc/login.defs; ' +
      'sed -i "/^Package: openssl$/,/^$/s/^Version: .*/Version: 9.9/" /var/lib/dpkg/status');
    const now = await gatherParity(transports.production, config(), record.salt);
    expect(driftSince(record, now, config().parity)).toMatchObject([
      { class: 'packages', item: 'openssl', now: '9.9' },
      { class: 'configuration', item: '/etc/login.defs', before: 'none', now: 'a text' },
    ]);
  });
});
