import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, type Command } from '../../src/command/command.ts';
import { openLocal } from '../../src/host/local.ts';
import type { Transport } from '../../src/host/transport.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { follow, type Followed } from '../../src/transaction/follow.ts';
import { script, startTransaction, titlesOf } from '../../src/transaction/start.ts';
import { temporary, write } from './sandbox.ts';

/** How a tarball arrives: unpacked on the way, checked before it is used. */
let transport: Transport;
beforeAll(() => { transport = openLocal(); });
afterAll(() => transport.close());

const runId = '20260101T000000Z-aaaaaa';

function tarball(): string {
  const directory = temporary();
  write(join(directory, 'top/bin/start'), '#!/bin/sh\n', 0o755);
  write(join(directory, 'top/large'), 'many bytes\n'.repeat(100_000));
  const archive = join(directory, 'release.tar.gz');
  spawnSync('tar', ['-czf', archive, '-C', directory, 'top']);
  return archive;
}

/** A plan that unpacks; `looks` comes before. */
function planOf(digest: string, looks: (root: string) => Command[] = () => []): Plan {
  const root = temporary();
  const unpack = { id: 'unpack', phase: 'prepare' as const, title: 'Unpack', back: 'Remove it',
    do: [...looks(root), command('unpack_release', digest, join(root, 'releases/2'))],
    undo: [command('remove_unpacked', join(root, 'releases/2'))] };
  return {
    run: runId, application: 'fake', host: 'h', way: 'first', version: '2',
    records: join(root, 'records'), digest, previousVersion: undefined, steps: [unpack],
    checks: [], states: [], observe: { passes: 1, everySeconds: 0, withinSeconds: 1 },
    keep: { releases: 1, rescues: 1, failed: 1 }, releases: join(root, 'releases'),
    installed: '{}', space: [], path: process.env.PATH ?? '', expectInstalled: 'none',
    procedureDigest: 'p',
  };
}

async function run(plan: Plan, archive: string): Promise<Followed> {
  const cancel = new AbortController().signal;
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  await startTransaction(transport, { plan, launch: 'session', origin: { by: 'a test' }, archive,
    cancel }, () => undefined);
  return follow({ open: () => Promise.resolve(openLocal()), transport, records: plan.records,
    application: 'fake', run: plan.run, titles: titlesOf(plan), launch: 'session', cancel, sleep,
    report: () => undefined, clock: () => performance.now(), watchMsMax: 60_000 });
}

const digestOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');
const left = (plan: Plan): string[] => readdirSync(join(plan.records, 'runs', plan.run));
const release = (plan: Plan): string => join(plan.releases, '2');

describe.concurrent('a tarball', { timeout: 60_000 }, () => {
  it('is unpacked while it arrives, and is the release once its digest was checked', async () => {
    const archive = tarball();
    const plan = planOf(digestOf(archive), (root) => [command('test', '-e',
      join(root, 'records/runs', runId, 'unpacked/bin/start'))]);
    expect(await run(plan, archive)).toMatchObject({ kind: 'ended', end: { end: 'done' } });
    expect(statSync(release(plan)).mode & 0o777).toBe(0o755);
    expect(statSync(join(release(plan), 'bin/start')).mode & 0o777).toBe(0o755);
    expect(statSync(join(release(plan), 'large')).mode & 0o777).toBe(0o644);
    expect(left(plan).filter((name) => /unpacked|release/.test(name))).toEqual([]);
  });

  it('of other bytes is refused, and nothing of it stays', async () => {
    const plan = planOf('e'.repeat(64));
    const ended = await run(plan, tarball());
    expect(ended).toMatchObject({ kind: 'ended', end: { end: 'refused' } });
    expect(ended.kind === 'ended' && ended.end.text).toMatch(/^the tarball arrived as [0-9a-f]+/);
    expect(existsSync(release(plan))).toBe(false);
    expect(left(plan).filter((name) => /unpacked|release/.test(name))).toEqual([]);
  });

  it('that is none is told by the step that unpacks it, not lost on the way', async () => {
    const broken = join(temporary(), 'release.tar.gz');
    write(broken, 'no tarball at all\n'.repeat(50_000));
    const plan = planOf(digestOf(broken));
    expect(await run(plan, broken)).toMatchObject({ kind: 'ended',
      end: { end: 'refused', text: 'the tarball could not be unpacked' } });
    expect(existsSync(release(plan))).toBe(false);
  });

  it('that is cut leaves no run', async () => {
    const plan = planOf('d'.repeat(64));
    const cut = readFileSync(tarball()).subarray(0, 500).toString('latin1');
    const result = await transport.run({ ...script('start', [plan.records, plan.run, 'session',
      'fake', '1000', plan.releases]), stdin: cut });
    expect(result.stdout.trim()).toBe('incomplete');
    expect(readdirSync(join(plan.records, 'runs'))).toEqual([]);
  });
});
