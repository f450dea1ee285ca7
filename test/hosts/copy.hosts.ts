import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig, parseStagingConfig } from '../../src/config/parse.ts';
import { copyToStaging, type CopyInput } from '../../src/copy/copy.ts';
import { openSsh } from '../../src/host/ssh.ts';
import type { Transport } from '../../src/host/transport.ts';
import type { ReportEvent } from '../../src/report/events.ts';
import { createLab, type Lab, type TestHost } from './lab.ts';

/** Two hosts over real ssh: one is cut, frozen, filled or killed while the copy streams. */
let lab: Lab;
let production: TestHost;
let staging: TestHost;
const open: Transport[] = [];
let runs = 0;

const filesCount = 20;
const fileKilobytes = 400;

async function must(host: TestHost, text: string, user = 'deploy'): Promise<string> {
  const ran = await host.exec(text, { user });
  if (ran.status !== 0) throw new Error(`${host.name}: ${text}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

async function connect(host: TestHost): Promise<Transport> {
  const empty = join(lab.directory, 'empty-ssh-config');
  writeFileSync(empty, '');
  const transport = await openSsh({ destination: `deploy@${host.address}`, sshConfigFile: empty,
    knownHostsFile: host.knownHostsFile, identityFile: host.identityFile,
    temporaryDirectory: tmpdir(), connectTimeoutMs: 40_000, keepAliveSeconds: 1,
    keepAliveCountMax: 2 });
  open.push(transport);
  return transport;
}

const configText = (more: string): string => `application: copied
hosts: { production: 'deploy@${production.address}', staging: 'deploy@${staging.address}' }
records: /home/deploy/records
install: { replaces: [{ path: /srv/copied/code, from: code }] }
service: []
maintenance: { none: a test }
state: [{ directory: /srv/copied/up }, { sqlite: /srv/copied/data.db }]
checks: [{ command: "true" }]
staging: { isolation: { none: a test } }
${more}
`;

interface Copying {
  readonly events: ReportEvent[];
  readonly input: CopyInput;
}

/** `during` is called once, when so much of the directory has come. */
async function copying(more = '', during?: () => Promise<void>): Promise<Copying> {
  const text = configText(more);
  const events: ReportEvent[] = [];
  let acted = false;
  const side = async (host: TestHost, config: ReturnType<typeof parseConfig>) => ({ config,
    transport: await connect(host),
    host: { name: host.name, open: async (): Promise<Transport> => await connect(host) } });
  const report = (event: ReportEvent): void => {
    events.push(event);
    if (during === undefined || acted || event.kind !== 'progress') return;
    if (!event.what.endsWith('/up') || event.done < 2_000_000) return;
    acted = true;
    during().catch((error: unknown) => { events.push({ kind: 'note', text: String(error) }); });
  };
  runs += 1;
  return { events, input: {
    production: { ...await side(production, parseConfig(text, 'f')), machine: 'm', release: '',
      installed: 'i' },
    staging: await side(staging, parseStagingConfig(text, 'f')), run: `run-${runs}`, report,
    cancel: new AbortController().signal, clock: () => Date.now(), fresh: true,
    readFile: async () => await Promise.resolve(''),
  } };
}

const slow = 'copy: { rate: 2MB }';
const sums = 'cd "$0" && find . -type f -print0 | sort -z | xargs -0 sha256sum';
const contents = async (host: TestHost, path: string): Promise<string> =>
  await must(host, `sh -c '${sums}' ${path}`);
const tree = async (): Promise<string> => await must(production,
  'cd /srv/copied && find . -printf "%p %m %u %s %T@ %C@ %l\\n" | sort');
const left = async (host: TestHost): Promise<string> => await must(host,
  'ls -A /srv/copied/.seatrial-copied /var/tmp 2>/dev/null || :');

async function expectWhole(): Promise<void> {
  expect(await contents(staging, '/srv/copied/.seatrial-copied/pristine-up'))
    .toBe(await contents(production, '/srv/copied/up'));
  expect(await left(staging)).not.toMatch(/incoming|seatrial-copied-copy/);
  expect(await left(production)).not.toMatch(/seatrial/);
}

beforeAll(async () => {
  lab = await createLab();
  [production, staging] = await Promise.all(['production', 'staging'].map(async (name) =>
    await lab.host(name, { init: 'sshd' }))) as [TestHost, TestHost];
  for (const host of [production, staging]) {
    await must(host, 'mkdir -p /srv/copied && chown deploy /srv/copied', 'root');
  }
  await must(production, `mkdir -p /srv/copied/up/deep /srv/copied/code
    for n in $(seq ${filesCount}); do
      head -c ${fileKilobytes}k /dev/urandom >/srv/copied/up/deep/$n; done
    echo 1 >/srv/copied/code/main
    sqlite3 /srv/copied/data.db 'pragma journal_mode=wal; create table t (a); create table u (a)'`);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (it) => { await it.close(); }));
});

afterAll(async () => { await lab.down(); });

describe('a copy over ssh', () => {
  it('is of one instant while production writes, and leaves no trace there', async () => {
    const writer = production.exec(`cd /srv/copied && n=0; while [ ! -e /tmp/stop ]; do n=$((n+1))
      sqlite3 data.db "pragma busy_timeout=9000; begin immediate; insert into t values ($n);
        insert into u values ($n); commit" >/dev/null || echo failed >>/tmp/failed; sleep 0.05
      done`, { user: 'deploy', timeoutMs: 100_000 });
    const before = await tree();
    const { input } = await copying();
    const records = await copyToStaging(input).finally(async () => {
      await must(production, 'touch /tmp/stop');
      await writer;
    });
    expect(await must(production, 'cat /tmp/failed 2>/dev/null || :')).toBe('');
    expect(records.map((it) => [it.label, it.way])).toEqual([['state1', 'files'],
      ['state2', 'physical'], ['code1', 'files']]);
    await expectWhole();
    expect(await must(staging, 'sqlite3 /srv/copied/.seatrial-copied/pristine-data.db/database ' +
      '"select count(*) > 0, (select group_concat(a) from t) = (select group_concat(a) from u) ' +
      'from t; pragma integrity_check"')).toBe('1|1\nok\n');
    const without = (text: string): string => text.split('\n')
      .filter((it) => !/^\.(\/data\.db.*)? /.test(it)).join('\n');
    expect(without(await tree())).toBe(without(before));
  });

  it('is taken up where production was cut off in the middle', async () => {
    const { input, events } = await copying(slow, async () => {
      await production.cut();
      await sleep(6000);
      await production.heal();
    });
    await copyToStaging(input);
    expect(events.filter((it) => it.kind === 'warning')).toMatchObject([
      { text: expect.stringMatching(/was cut .*it is taken up again/s) as string }]);
    await expectWhole();
  });

  it('is taken up where staging stood still in the middle', async () => {
    const { input, events } = await copying(slow, async () => {
      await staging.freeze();
      await sleep(6000);
      await staging.thaw();
    });
    await copyToStaging(input);
    expect(events.filter((it) => it.kind === 'warning')).toMatchObject([
      { text: expect.stringMatching(/was cut .*it is taken up again/s) as string }]);
    await expectWhole();
  });

  it('that meets a full disk says so, and nothing of it is left; then it goes', async () => {
    const { input } = await copying(slow, async () => { await staging.fill(65_536); });
    await expect(copyToStaging(input)).rejects
      .toThrow(/up could not be copied: staging: .*No space/s);
    await staging.unfill();
    expect(await left(staging)).not.toMatch(/up/);
    await copyToStaging((await copying()).input);
    await expectWhole();
    // Seen before the first byte, where it can be seen.
    await staging.fill(9_000_000);
    await expect(copyToStaging((await copying()).input)).rejects.toThrow(/MiB are needed/);
    await staging.unfill();
  });

  it('on whose way production dies leaves a scratch that the next one removes', async () => {
    await must(production, `sqlite3 /srv/copied/data.db "with n(i) as (select 1 union all
      select i + 1 from n where i < 3000) insert into t select randomblob(2000) from n"`);
    const { input } = await copying('copy: { rate: 1MB }');
    const ended = copyToStaging({ ...input, production: { ...input.production, config: {
      ...input.production.config, state: input.production.config.state.slice(1) } },
    staging: { ...input.staging, config: { ...input.staging.config,
      state: input.staging.config.state.slice(1) } } }).catch((error: unknown) => String(error));
    await sleep(2500);
    expect(await left(production)).toMatch(/seatrial-copied-copy/);
    await production.crash();
    await production.boot();
    const first = await ended;
    if (typeof first === 'string') {
      expect(first).toMatch(/cut|refused|lost|reach/);
      await copyToStaging((await copying()).input);
    }
    expect(await left(production)).not.toMatch(/seatrial-copied-copy/);
    await must(production,
      'sqlite3 /srv/copied/data.db "delete from t where typeof(a) = \'blob\'"');
  });
});

describe('the direct route', () => {
  it('says what is missing, and goes by production\'s own key once it is there', async () => {
    const direct = 'copy: { route: direct }';
    await expect(copyToStaging((await copying(direct)).input))
      .rejects.toThrow(/cannot log in to deploy@.*Give .* a key and the host key of staging/s);
    const key = readFileSync(join(lab.directory, 'id'), 'utf8');
    await production.writeFile('/home/deploy/.ssh/id_ed25519', key, { mode: '600',
      owner: 'deploy' });
    await production.writeFile('/home/deploy/.ssh/known_hosts',
      `${staging.address} ${staging.hostKey}\n`, { owner: 'deploy' });
    const records = await copyToStaging((await copying(direct)).input);
    expect(records).toHaveLength(3);
    await expectWhole();
  });

  it('is held back to its rate, and refused where nothing can hold it', async () => {
    const direct = 'copy: { route: direct, rate: 2MB }';
    await must(production, 'mount --bind /dev/null /usr/bin/pv', 'root');
    await expect(copyToStaging((await copying(direct)).input))
      .rejects.toThrow(/^copy.rate needs pv on production for the direct route: .* install pv$/m);
    await must(production, 'umount /usr/bin/pv', 'root');
    const began = performance.now();
    await copyToStaging((await copying(direct)).input);
    // 8 MB, of which pv lets the first second's through at once.
    expect(performance.now() - began).toBeGreaterThan(2_000);
    await expectWhole();
  });
});
