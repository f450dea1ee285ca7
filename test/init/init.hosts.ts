import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { SeatrialError } from '../../src/errors.ts';
import { createLab, type Lab, type TestHost } from '../hosts/lab.ts';
import { output } from '../hosts/rehearsal/stage.ts';
import { prepareLedger } from '../hosts/rehearsal/ledger.ts';
import { makeServer, shared } from '../hosts/transactions/systemd-server.ts';
import { buildTool, describeEnd, startTool, type Ended } from '../hosts/transactions/tool.ts';
import { git, writeFiles, Workshop } from '../package/fixture.ts';

/** Two hosts that administrators made by hand; nothing of Seatrial is there. */
let lab: Lab;
let guestbook: TestHost;
let ledger: TestHost;
let repository: string;
const workshop = new Workshop();

beforeAll(async () => {
  buildTool();
  lab = await createLab();
  [guestbook, ledger] = await Promise.all([lab.host('guestbook', { init: 'systemd' }),
    lab.host('ledger', { init: 'systemd', diskMegabytes: 1024 })]);
  await Promise.all([makeServer(guestbook, 'deploy'), prepareLedger(ledger)]);
  await output(guestbook, `cd /srv/guestbook && install -d -o deploy releases/1 shared/data/uploads
    ln -s releases/1 current && touch shared/.env && chown -R deploy /srv/guestbook
    sqlite3 shared/data/guestbook.sqlite 'create table entry (id integer)'
    sqlite3 releases/1/seed.db 'create table seed (id integer)'
    echo 'SQLite is nice' >shared/data/notes.db`);
});

afterAll(async () => {
  workshop.remove();
  await lab?.down();
});

beforeEach(() => {
  repository = workshop.directory();
  writeFiles(repository, { 'package.json': '{ "version": "1.4.0" }\n', 'server.mjs': '' });
  git(repository, 'init', '--quiet', '--initial-branch=main');
  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--message=all');
  git(repository, 'tag', 'v1.4.0');
  git(repository, 'remote', 'add', 'origin', 'git@github.com:octo/guestbook.git');
});

function init(host: TestHost, words: readonly string[]): Promise<Ended> {
  return startTool(['init', '--repository', repository, '--identity', host.identityFile,
    ...words]).ended;
}

const file = (name: string): string => readFileSync(join(repository, name), 'utf8');

/** Nothing but what sshd and the system write by themselves. */
async function unchanged(host: TestHost, work: () => Promise<void>): Promise<void> {
  await output(host, 'touch /opt/before && sleep 0.1');
  await work();
  expect(await output(host, 'find / -xdev -newer /opt/before -type f ! -path "/proc/*" ' +
    '! -path "/run/*" ! -path "/var/log/*" ! -path "/srv/postgresql/*" ! -path "/sys/*" ' +
    '! -path "*/shared/run/*" 2>/dev/null || true')).toBe('');
}

describe('init, on a host with a unit, SQLite and uploads', () => {
  it('writes what it finds in one round trip, and changes nothing there', async () => {
    const before = await guestbook.sshdLog();
    await unchanged(guestbook, async () => {
      const ended = await init(guestbook, ['--host-production', `deploy@${guestbook.address}`,
        '--known-hosts', guestbook.knownHostsFile, '--toolkit', 'sea/seatrial@v1.0.0']);
      expect(ended.status, describeEnd(ended)).toBe(0);
      expect(ended.stdout).toContain('seatrial doctor --install --host production');
      expect(ended.stdout).toContain('https://github.com/octo/guestbook/settings/environments');
      expect(ended.stdout).toContain('SEATRIAL_SSH_KEY');
    });
    const after = await guestbook.sshdLog();
    expect(after.connections - before.connections).toBe(1);
    const config = parseConfig(file('seatrial.yml'), 'seatrial.yml');
    expect(config).toMatchObject({
      application: 'guestbook',
      package: { versions: [{ file: 'package.json' }] },
      install: { kind: 'releases', directory: '/srv/guestbook',
        shared: ['data', 'run', '.env'] },
      services: [{ unit: 'guestbook.service' }, { unit: 'guestbook-worker.service' },
        { unit: 'guestbook-mail.timer' }],
      maintenance: { kind: 'private', privateValue: '18080', publicValue: '8080' },
      state: [{ kind: 'sqlite', path: `${shared}/data/guestbook.sqlite` },
        { kind: 'directory', path: `${shared}/data/uploads` }],
      checks: [{ kind: 'http' }, { kind: 'log', file: `${shared}/run/guestbook.log` },
        { kind: 'log' }],
    });
    expect(file('known_hosts')).toBe(`${guestbook.address} ${guestbook.hostKey}\n`);
    expect(file('.github/workflows/release.yml'))
      .toContain('sea/seatrial/.github/workflows/release.yml@v1.0.0');
  });

  it('writes nothing over, and shows what it would write', async () => {
    const words = ['--host-production', `deploy@${guestbook.address}`, '--known-hosts',
      guestbook.knownHostsFile];
    expect((await init(guestbook, words)).status).toBe(0);
    const again = await init(guestbook, words);
    expect(again.status, describeEnd(again)).toBe(0);
    expect(again.stdout).toMatch(/unchanged +seatrial\.yml/);
    writeFileSync(join(repository, 'seatrial.yml'), 'application: mine\n');
    rmSync(join(repository, '.github'), { recursive: true });
    const refused = await init(guestbook, words);
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.stderr).toMatch(/seatrial\.yml: is there already, and is not written over/);
    expect(refused.stdout).toContain('# seatrial.yml would be:');
    expect(file('seatrial.yml')).toBe('application: mine\n');
    expect(existsSync(join(repository, '.github'))).toBe(false);
  });

  it('does not ask a host whose key no file tells', async () => {
    const before = await guestbook.sshdLog();
    const ended = await init(guestbook, ['--host-production', `deploy@${guestbook.address}`]);
    expect(ended.status, describeEnd(ended)).toBe(0);
    expect(ended.stdout).toContain('production was not looked at');
    expect(ended.stdout).toContain(`echo "${guestbook.address} $(cut -d' ' -f1,2 /etc/ssh/`);
    expect((await guestbook.sshdLog()).text).toBe(before.text);
    expect(existsSync(join(repository, 'known_hosts'))).toBe(false);
    expect(() => parseConfig(file('seatrial.yml'), 'f')).toThrow(SeatrialError);
  });

  it('leaves the repository\'s own known_hosts as it is', async () => {
    const own = `# ours\n${guestbook.address} ${guestbook.hostKey}\n`;
    writeFiles(repository, { known_hosts: own });
    const link = `${repository}-link`;
    symlinkSync(repository, link);
    for (const words of [[], ['--known-hosts', join(link, 'known_hosts')]]) {
      const ended = await init(guestbook,
        ['--host-production', `deploy@${guestbook.address}`, ...words]);
      expect(ended.status, describeEnd(ended)).toBe(0);
      expect(file('known_hosts')).toBe(own);
      expect(file('seatrial.yml')).toContain('directory: /srv/guestbook  # guess: ');
    }
    const missing = await init(guestbook, ['--known-hosts', '/nonexistent']);
    expect(missing.stderr).toContain('--known-hosts: /nonexistent is not there');
    expect(missing.status).toBe(2);
  });

  it('refuses another key, with both hosts looked at, and writes nothing', async () => {
    const wrong = join(workshop.directory(), 'known_hosts');
    writeFileSync(wrong, `${guestbook.address} ${ledger.hostKey}\n${
      ledger.address} ${ledger.hostKey}\n`);
    const refused = await init(guestbook, ['--host-production', `deploy@${guestbook.address}`,
      '--host-staging', `nobody-here@${ledger.address}`, '--known-hosts', wrong]);
    expect(refused.status, describeEnd(refused)).toBe(11);
    expect(refused.stderr).toContain(`the key of ${guestbook.address} is not the one in`);
    expect(refused.stderr).toContain(`no connection to nobody-here@${ledger.address}`);
    expect(existsSync(join(repository, 'seatrial.yml'))).toBe(false);
  });
});

describe('init, on a host with PostgreSQL', () => {
  it('sees the database of the application', async () => {
    await unchanged(ledger, async () => {
      const ended = await init(ledger, ['--application', 'ledger', '--host-production',
        `root@${ledger.address}`, '--known-hosts', ledger.knownHostsFile]);
      expect(ended.status, describeEnd(ended)).toBe(0);
    });
    expect(file('seatrial.yml')).toContain(
      '  - postgres: { database: ledger, as: postgres }  # guess: it belongs to ledger');
    expect(file('seatrial.yml')).toMatch(/service: \{ systemd: \[ledger\.service\] \}/);
    expect(file('seatrial.yml')).toContain('directory: /srv/ledger  # fill in: ');
    expect(file('seatrial.yml')).toMatch(/^application: ledger$/m);
  });
});
