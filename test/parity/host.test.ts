import { isDeepStrictEqual } from 'node:util';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { gatherParities, gatherParity, newSalt, parityCommand, runtimeDirectories }
  from '../../src/facts/parity.ts';
import { parseParity, unpackParity, type ParityFacts } from '../../src/facts/parse-parity.ts';
import { openLocal } from '../../src/host/local.ts';
import { shells, toolbox } from '../transaction/sandbox.ts';
import { parity } from './facts.ts';

const salt = '0123456789abcdef';
const bytesMax = 40_000;
let root = '';
beforeAll(() => { root = mkdtempSync(join(tmpdir(), 'seatrial parity ')); });
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

function config(more: Partial<Config> = {}): Config {
  return { ...parseConfig(`application: fake
hosts: { production: deploy@www.example.org, staging: root@stage }
install: { directory: /srv/fake, migrate: '/opt/fake/bin/migrate --all && /usr/bin/env true' }
service: { pidfile: /run/fake.pid, start: 'true', entry: /srv/fake/current }
maintenance: { none: a test }
state: [{ directory: /srv/fake/uploads }]
checks: [{ log: /var/log/fake.log }]
`, 'seatrial.yml'), ...more };
}

interface Host {
  readonly shell?: 'dash' | 'bash';
  readonly path?: string;
  readonly config?: Config;
  readonly salt?: string;
}

/** Runs the program as a host does, in a shell and with the programs of a PATH. */
function tell(host: Host = {}): { facts: ParityFacts; packed: Buffer } {
  const { stdin } = parityCommand(host.config ?? config(), host.salt ?? salt);
  const { stdout, stderr, status } = spawnSync(host.shell ?? 'dash', ['-s'],
    { input: String(stdin), maxBuffer: 64e6,
      env: { PATH: host.path ?? process.env.PATH, HOME: root } });
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  const facts = parseParity(unpackParity(stdout) ?? '', stdout.length);
  if (facts === undefined) throw new Error(`not complete: ${stdout.toString().slice(-300)}`);
  return { facts, packed: stdout };
}

function program(name: string, text: string): string {
  const box = mkdtempSync(join(root, 'box-'));
  writeFileSync(join(box, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(box, name), 0o755);
  return `${box}:${process.env.PATH ?? ''}`;
}

describe('this machine', () => {
  it.each(shells)('tells what it is like in %s, packed and by itself', (shell) => {
    const { facts, packed } = tell({ shell });
    expect(packed.length).toBeLessThan(bytesMax);
    for (const [of, item] of [['architecture', 'machine'], ['kernel', 'kernel'], ['libc', 'libc'],
      ['distribution', 'distribution'], ['time-zone', 'zone'], ['hardware', 'cores'],
      ['hardware', 'memory'], ['mounts', '/srv/fake'], ['limits', 'login: max open files'],
      ['identity', 'boot-id'], ['runtimes', 'node']] as const) {
      expect(facts.items.get(of)?.get(item), item).toBeDefined();
    }
    expect(facts.items.get('runtimes')?.get('node')).toBe(spawnSync('node', ['--version'],
      { encoding: 'utf8' }).stdout.trim());
  });

  it('tells the same in every shell, and texts otherwise under another salt', () => {
    const stable = (facts: ParityFacts) => [...facts.items]
      .filter(([of]) => of !== 'hardware').map(([of, items]) => [of, [...items].sort()] as const)
      .sort();
    // The machine may change meanwhile: what counts is a moment in which it did not.
    const [one, between] = Array.from({ length: 5 }, () =>
      (['dash', 'bash', 'dash'] as const).map((shell) => tell({ shell }).facts))
      .find(([first, , last]) => first !== undefined && last !== undefined
        && isDeepStrictEqual(stable(first), stable(last))) ?? [];
    if (one === undefined || between === undefined) throw new Error('never at rest');
    expect(stable(between)).toEqual(stable(one));
    const other = tell({ salt: 'fedcba9876543210' }).facts;
    expect(other.items.get('identity')?.get('boot-id'))
      .not.toBe(one.items.get('identity')?.get('boot-id'));
    expect(other.items.get('packages')).toEqual(one.items.get('packages'));
  });

  it('is asked over a transport, both hosts at once', async () => {
    const host = openLocal();
    try {
      const both = await gatherParities({ production: host, staging: host }, config(), newSalt());
      expect(both.staging.items.get('identity')).toEqual(both.production.items.get('identity'));
      expect(both.production.bytes).toBeLessThan(bytesMax);
    } finally {
      await host.close();
    }
  });
});

describe('a host that lacks much', () => {
  const least = ['sh', 'dash', 'awk', 'sed', 'cat', 'uname', 'sha256sum', 'tr', 'readlink', 'sort',
    'cut'];

  it('tells what it can, unpacked, and says what it could not read', () => {
    const { facts, packed } = tell({ path: toolbox(least) });
    expect(packed[0]).not.toBe(0x1f);
    expect(facts.items.get('kernel')?.size).toBe(1);
    expect(facts.items.get('mounts')?.size).toBe(3);
    expect(facts.unread).toContainEqual({ class: 'packages', item: 'packages',
      why: 'no dpkg, rpm, apk or pacman is there' });
    expect(facts.unread.map((it) => it.class)).toContain('libc');
    expect(facts.unread.map((it) => it.class)).toContain('configuration');
    expect(facts.items.get('packages')).toBeUndefined();
  });

  it('is refused where it cannot come to its end, with what to do', async () => {
    const box = mkdtempSync(join(root, 'none-'));
    const host = openLocal();
    const inBox = { ...host, run: async (...[command, options]: Parameters<typeof host.run>) =>
      host.run({ ...command, env: { PATH: box } }, options) };
    try {
      await expect(gatherParity(inBox, config(), salt)).rejects.toMatchObject({ kind: 'refused',
        problems: [{ message: expect.stringContaining('awk is not there') as string,
          fix: expect.stringContaining('Nothing was touched') as string }] });
    } finally {
      await host.close();
    }
  });
});

describe('a section that fails', () => {
  it('loses itself only, and says so', () => {
    const path = program('dpkg-query', 'exit 3');
    const { facts } = tell({ path });
    expect(facts.items.get('libc')?.size).toBe(1);
    expect(facts.items.get('runtimes')?.has('node')).toBe(true);
    for (const of of ['packages', 'configuration']) {
      expect(facts.unread).toContainEqual({ class: of, item: of, why: 'it ended with 3' });
    }
  });

  it('of a language that breaks off is told with the language', () => {
    const { facts } = tell({ path: program('php', 'printf "runtimes\\tphp\\t8\\n"; exit 7') });
    expect(facts.unread).toContainEqual(
      { class: 'runtimes', item: 'php', why: 'it ended with 7' });
  });

  it('of changed files tells each, also those that were removed while another is digested', () => {
    const slow = program('sha256sum', `sleep 0.1; PATH=\${PATH#*:}; exec sha256sum "$@"`);
    const changed = program('md5sum', `cat >/dev/null; printf '/etc/passwd: FAILED\\n'
      seq 200 | sed 's,.*,/removed/&: FAILED,'; printf '/etc/group: FAILED\\n'; exit 1`);
    const { facts } = tell({ path: `${slow.split(':')[0] ?? ''}:${changed}` });
    const found = [...facts.items.get('configuration') ?? []];
    expect(found.filter(([file]) => file.startsWith('/removed/'))
      .filter(([, value]) => value === 'removed')).toHaveLength(200);
    for (const file of ['/etc/passwd', '/etc/group']) {
      expect(new Map(found).get(file), file).toMatch(/^digest:[0-9a-f]{64}$/);
    }
    expect(facts.unread.filter((it) => it.class === 'configuration')).toEqual([]);
  });

  it('of changed files is told where their digests break off', () => {
    const { facts } = tell({ path: program('md5sum', 'exit 137') });
    expect(facts.unread).toContainEqual(
      { class: 'configuration', item: 'configuration', why: 'it ended with 1' });
  });

  it('does not cut off what is long: a difference may be at its end', () => {
    const versionOf = (end: string) => tell({ path: program('sqlite3',
      `printf '%0500d${end}\\n' 0`) }).facts.items.get('database')?.get('sqlite3');
    expect(versionOf('a')).toMatch(/^digest:[0-9a-f]{64}$/);
    expect(versionOf('b')).not.toBe(versionOf('a'));
  });

  it('that hangs is ended', () => {
    const { facts } = tell({ path: program('ruby', 'exec sleep 60') });
    expect(facts.unread).toContainEqual(
      { class: 'runtimes', item: 'ruby', why: 'it ended with 137' });
  });

  it('prints what it likes: colours, lines, a megabyte', () => {
    const { facts } = tell({ path: program('dpkg-query', `
printf 'ii \\tevil\\t\\033[31m1\\tall\\nii \\tlong\\t'
head -c 1000000 /dev/zero | tr '\\0' v
printf '\\tall\\ncomplete\\tyes\\t\\nlibc\\tlibc\\tfaked\\n'`) });
    expect(facts.items.get('packages')?.get('evil')).toBe('[31m1');
    expect(facts.items.get('packages')?.get('long')).toHaveLength(300);
    expect(facts.items.get('libc')?.get('libc')).not.toBe('faked');
  });
});

describe('files that a person named', () => {
  const digests = (files: readonly string[]) => {
    const { facts } = tell({ config: config({ parity: { ...parity, files } }) });
    return new Map([...facts.items.get('configuration') ?? []]
      .filter(([item]) => item.startsWith(root)));
  };
  const write = (directory: string, text: string) => {
    mkdirSync(join(root, directory, 'deep/er'), { recursive: true });
    writeFileSync(join(root, directory, 'deep/er/app $(x).conf'), text);
    return join(root, directory, 'deep/er/app $(x).conf');
  };

  it('are told by digests, whichever host they name, and never by their contents', () => {
    const one = write('one', 'url https://www.example.org/ stage stage\nsecret 42\n');
    const two = write('two', 'url https://stage/ www.example.org stage\nsecret 42\n');
    const three = write('three', 'url https://stage/ stage stage\nsecret 43\n');
    const found = digests([`${root}/**/*.conf`]);
    expect([...found.keys()].sort()).toEqual([one, three, two]);
    expect(found.get(one)).toMatch(/^digest:[0-9a-f]{64}$/);
    expect(found.get(two)).toBe(found.get(one));
    expect(found.get(three)).not.toBe(found.get(one));
    expect(digests([`${root}/one/deep/*/app*`])).toEqual(new Map([[one, found.get(one)]]));
  });

  it('are missed where no file has such a name', () => {
    const { facts } = tell({ config: config({ parity: { ...parity, files: [`${root}/no*`] } }) });
    expect(facts.unread).toContainEqual({ class: 'configuration', item: `${root}/no*`,
      why: 'no file has such a name' });
  });

  it('are not equal for a word that only contains the name of a host', () => {
    const one = write('one', 'user stage-data\n');
    const two = write('two', 'user www.example.org-data\n');
    const found = digests([one, two]);
    expect(found.get(one)).not.toBe(found.get(two));
  });
});

describe('languages beside PATH', () => {
  it('are looked for where the configuration leads to', () => {
    expect(runtimeDirectories(config())).toEqual(['/opt/fake/bin']);
    expect(runtimeDirectories(config({ install: { kind: 'in-place', run: undefined, migrate: [],
      replaces: [{ path: '/soft/python/lib/python2.3/site-packages/MaKaC', from: undefined }] } })))
      .toEqual(['/soft/python/bin']);
  });

  it('are told by their paths', () => {
    const bin = join(root, 'venv/bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'python3'), `#!/bin/sh
printf 'runtimes\\t%s\\t2.3.4\\nmodules\\t%s:makac\\t1.0\\n' "$NAME" "$NAME"`, { mode: 0o755 });
    const own = config({ install: { kind: 'in-place', run: undefined, migrate: [],
      replaces: [{ path: `${root}/venv/lib/python2.3/MaKaC`, from: undefined }] } });
    const { facts } = tell({ config: own });
    expect(facts.items.get('runtimes')?.get(`${bin}/python3`)).toBe('2.3.4');
    expect(facts.items.get('modules')?.get(`${bin}/python3:makac`)).toBe('1.0');
  });
});
