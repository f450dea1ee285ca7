import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/config/arguments.ts';
import { run, type World } from '../../src/run.ts';

const root = mkdtempSync(join(tmpdir(), 'seatrial-forget-'));
afterAll(() => { rmSync(root, { recursive: true }); });

function host(name: string): { records: string; config: string } {
  const records = join(root, name, 'records');
  const data = join(root, name, 'data');
  mkdirSync(join(records, 'runs/20260101T000000Z-aaaaaa'), { recursive: true });
  mkdirSync(join(records, 'history'));
  mkdirSync(data);
  writeFileSync(join(records, 'installed.json'), `${JSON.stringify({ schema: 1, application: 'app',
    version: '1', digest: 'd'.repeat(64), release: join(root, name, 'srv/releases/1'), way: 'first',
    run: '20260101T000000Z-aaaaaa', installedAt: '2026-01-01T00:00:00Z' })}\n`);
  writeFileSync(join(records, 'runs/20260101T000000Z-aaaaaa/journal'), 'what was\n');
  writeFileSync(join(data, 'row'), 'one');
  const config = join(root, name, 'seatrial.yml');
  writeFileSync(config, `application: app
hosts: { production: local, staging: local }
records: ${records}
install: { directory: ${join(root, name, 'srv')} }
service: []
maintenance: { none: nobody is there }
state: [{ directory: ${data} }]
checks: [{ command: "true" }]
staging: { isolation: { none: it is a test } }
`);
  return { records, config };
}

async function forget(config: string): Promise<string> {
  const printed: string[] = [];
  const world: World = {
    report: () => undefined, print: (text) => { printed.push(text); }, now: () => new Date(),
    clock: () => performance.now(), random: (bytes) => 'a'.repeat(bytes * 2),
    sleep: (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); }),
    ask: undefined, job: undefined,
    started: () => undefined,
    cancel: new AbortController().signal, temporaryDirectory: root, by: 'a test',
    environment: {}, toolVersion: '0.0.0-test',
  };
  const { options } = parseArguments(['rehearse', '--forget', '--config', config]);
  await run('rehearse', options, world);
  return printed.join('');
}

const treeOf = (directory: string): string[][] =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name)).sort()
    .map((path) => [path, readFileSync(path, 'utf8')]);

describe('rehearse --forget', () => {
  it('touches nothing on a host that never held a copy: it may be production', async () => {
    const { records, config } = host('production');
    const before = treeOf(join(root, 'production'));
    expect(await forget(config)).toContain('holds no copy of production; nothing was touched');
    expect(treeOf(join(root, 'production'))).toEqual(before);
    expect(readdirSync(records).sort()).toEqual(['history', 'installed.json', 'runs']);
  });

  it('removes what rehearsals have written down where one was made', async () => {
    const { records, config } = host('staging');
    writeFileSync(join(records, 'copied'), '20260101T000000Z-aaaaaa\n');
    expect(await forget(config)).toContain('what rehearsals left there is removed');
    expect(readdirSync(records)).not.toContain('installed.json');
    expect(readdirSync(records)).not.toContain('copied');
    expect(readdirSync(join(records, 'runs'))).not.toContain('20260101T000000Z-aaaaaa');
    // No rehearsal laid it, so it is the host's own.
    expect(readFileSync(join(root, 'staging/data/row'), 'utf8')).toBe('one');
    expect(await forget(config)).toContain('nothing was touched');
  });
});
