import { chmodSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isUnchanged } from '../../src/commands/deploy.ts';
import { rollbackContext } from '../../src/commands/rollback.ts';
import type { RawOptions } from '../../src/config/options.ts';
import { SeatrialError } from '../../src/errors.ts';
import type { Release } from '../../src/package/release.ts';
import { Host, runs } from './host.ts';

/** A directory that holds a mount on every Linux: /dev/pts, say. */
function holdsMount(): string {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    .map((line) => line.split(' ')[4] ?? '').filter((it) => it.startsWith('/dev/'));
  const found = points[0];
  if (found === undefined) throw new Error('nothing is mounted below /dev');
  return dirname(found);
}

describe('state that cannot be saved whole', () => {
  it('is refused where a file system is mounted inside of it', async () => {
    const host = new Host();
    const config = host.config({ state: `[{ directory: ${holdsMount()} }]` });
    expect((await host.refusals(config)).join('\n'))
      .toContain(`inside of ${holdsMount()} other file systems are mounted`);
    expect((await host.refusals()).join('\n')).not.toContain('mounted');
  });

  it('is refused where a file cannot be read', () => {
    const host = new Host();
    chmodSync(host.file('srv/shared/up/secret', 'x'), 0o000);
    expect(host.refusalsOf(host.factsOfOrdinaryUser()).join('\n'))
      .toMatch(/may not read 1 entries of .*up\b/);
  });
});

describe('what is installed', () => {
  const release = { manifest: { archive: { sha256: 'd1' } } } as Release;

  it('is not unchanged once its directory is gone', async () => {
    const host = new Host();
    const directory = host.installed('1');
    symlinkSync(directory, host.path('srv/current'));
    const config = host.config();
    expect(isUnchanged(config, await host.facts(), release)).toBe(true);
    rmSync(directory, { recursive: true });
    expect(isUnchanged(config, await host.facts(), release)).toBe(false);
  });

  it.each(['', 'null', '[]', '{', '"x"', '{}', '{"version":1,"run":2}'])(
    'is refused where its record is damaged: %s', async (text) => {
      const host = new Host();
      host.installed('1');
      host.file('records/installed.json', text);
      const error = await host.facts().then(() => undefined, (reason: unknown) => reason);
      expect(error).toBeInstanceOf(SeatrialError);
      expect(String((error as SeatrialError).problems[0]?.message)).toContain('installed.json');
    });

  it('names the history where that is damaged', async () => {
    const host = new Host();
    host.installed('1');
    host.file(`records/history/${runs[1]}.json`, '{"version":');
    await expect(host.facts()).rejects.toThrow(/history/);
  });
});

describe('what a plan relies on', () => {
  it('is apart on the host, and not by its words only', async () => {
    const host = new Host();
    host.directory('data/inner');
    symlinkSync(host.path('data'), host.path('srv/shared/link'));
    const config = host.config({ state: `[{ directory: ${host.path('srv/shared/link/inner')} },
      { directory: ${host.path('data')} }]` });
    expect((await host.refusals(config)).join('\n')).toContain('overlap: on the host they are');
    const apart = host.config({ state: `[{ directory: ${host.path('srv/shared/link/inner')} }]` });
    expect((await host.refusals(apart)).join('\n')).not.toContain('overlap');
  });

  it('has the users that its commands name', async () => {
    const host = new Host();
    const config = host.config({ install: `{ directory: ${host.path('srv')},
      migrate: { run: "true", user: nobody-of-that-name } }` });
    expect((await host.refusals(config)).join('\n')).toContain('the host has no user nobody-of');
    expect(host.refusalsOf(host.factsOfOrdinaryUser(host.config({ checks:
      '[{ command: { run: "true", user: root } }]' })))).toContainEqual(
      expect.stringContaining('may not run commands as root'));
  });
});

describe('a host on which another user was at work before', () => {
  it('is refused where records, rescue copies or the process belong to another', () => {
    const host = new Host();
    chmodSync(host.file('records/lock', ''), 0o444);
    chmodSync(host.directory('srv/shared/.seatrial-fake'), 0o555);
    // The first process of this machine is nobody's but root's.
    const pidfile = host.file('srv/app.pid', '1');
    const config = host.config({ service: `{ pidfile: ${pidfile}, start: "true",
      unguarded: a test }` });
    const refusals = host.refusalsOf(host.factsOfOrdinaryUser(config), config).join('\n');
    expect(refusals).toMatch(/records cannot be written/);
    expect(refusals).toMatch(/the directory for rescue copies beside .*up does not belong/);
    expect(refusals).toContain(`may not stop process 1 of ${pidfile}`);
  });

  it('is not held up by a process that has only got the number of the one before', () => {
    const host = new Host();
    const pidfile = host.file('srv/app.pid', '1');
    utimesSync(pidfile, 1, 1);
    const config = host.config({ service: `{ pidfile: ${pidfile}, start: "true",
      unguarded: a test }` });
    expect(host.refusalsOf(host.factsOfOrdinaryUser(config), config).join('\n'))
      .not.toContain('may not stop');
  });
});

describe('going back', () => {
  it('is refused where the release of before is gone', async () => {
    const host = new Host();
    const first = host.installed('1', runs[0]);
    host.installed('2', runs[1]);
    symlinkSync(host.path('srv/releases/2'), host.path('srv/current'));
    const config = host.config();
    const back = async (): Promise<string> => rollbackContext({ config, facts: await host.facts(),
      options: { 'code-only': true, 'with-state': false } as RawOptions, run: 'r' }).release;
    expect(await back()).toBe(first);
    rmSync(first, { recursive: true });
    await expect(back()).rejects.toThrow(`${first} is gone from the host`);
  });
});

it('takes a user name with a dot, as directories of people have them', () => {
  const host = new Host();
  const config = host.config({ hosts: '{ production: jane.doe@www.example.org, known-hosts: k }',
    checks: '[{ command: { run: "true", user: jane.doe } }]' });
  expect(config.hosts.production).toMatchObject({ destination: 'jane.doe@www.example.org' });
  expect(host.factsOfOrdinaryUser(config).accounts.get('jane.doe'))
    .toEqual({ exists: false, usable: false });
});
