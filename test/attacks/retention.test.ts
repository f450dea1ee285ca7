import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newRunId } from '../../src/commands/transaction.ts';
import { runtimeText } from '../../src/transaction/compile.ts';
import { makeBox, run, runIn, shells, temporary, write, type Box } from '../transaction/sandbox.ts';
import { Host } from './host.ts';

const later = ['20270101T000000Z-bbbbbb', '20270102T000000Z-cccccc', '20270103T000000Z-dddddd'];

/** A host whose older runs were made by a machine with a clock that is ahead. */
function hostOfTheFuture(): Box {
  const box = makeBox(temporary());
  for (const id of [run, ...later]) {
    const release = join(box.root, 'releases', id);
    write(join(release, 'main'), id);
    write(join(box.base, 'history', `${id}.json`), `{"release":"${release}"}`);
    const place = join(box.root, '.seatrial-fake', `rescue-${id}-state1`);
    write(join(place, 'data'), id);
    write(join(box.base, 'rescues', id), `directory\t/state\t${place}\t1\t1\n`);
    write(join(box.base, 'runs', id, 'journal'), id);
  }
  write(join(box.base, 'installed.json'),
    readFileSync(join(box.base, 'history', `${run}.json`), 'utf8'));
  return box;
}

describe('a clock that went backwards', () => {
  it.each(shells)('does not make housekeeping remove what serves (%s)', async (shell) => {
    const box = hostOfTheFuture();
    const { status } = await runIn(box, { shell, text: 'housekeeping', head:
      { RELEASES: join(box.root, 'releases'), KEEP_RELEASES: 1, KEEP_RESCUES: 1 } });
    expect(status).toBe(0);
    expect(readdirSync(join(box.root, 'releases')).sort()).toEqual([run, ...later.slice(1)]);
    expect(readdirSync(join(box.base, 'rescues')).sort()).toEqual([run, later[2]]);
    expect(existsSync(join(box.root, '.seatrial-fake', `rescue-${run}-state1`, 'data'))).toBe(true);
    expect(existsSync(join(box.root, '.seatrial-fake', `rescue-${later[0] ?? ''}-state1`)))
      .toBe(false);
  });

  it('makes no run that is older than one that the host knows', async () => {
    const host = new Host();
    host.installed('1', '20310203T235959Z-ffffff');
    const world = { now: () => new Date('2026-01-01T00:00:00.500Z'), random: () => 'abc123' };
    expect(newRunId(world, await host.facts())).toBe('20310204T000000Z-abc123');
    const right = { ...world, now: () => new Date('2031-12-31T10:00:00.500Z') };
    expect(newRunId(right, await host.facts())).toBe('20311231T100000Z-abc123');
  });
});

describe('a failed bundle', () => {
  it.each(shells)('is not removed with what is mounted in it (%s)', async (shell) => {
    const box = makeBox(temporary());
    const old = join(box.base, 'failed', '20250101T000000Z-aaaaaa');
    write(join(old, 'state-state1', 'nfs', 'precious'), 'gold');
    // The kernel's list, as it would be: nobody may mount in a test that needs no root.
    const mountinfo = write(join(box.root, 'mountinfo'),
      `36 35 98:0 / ${join(old, 'state-state1', 'nfs')} rw - ext4 /dev/sda1 rw\n`);
    const mounted = /^mounted_inside\(\) \{[^]*?^\}/m.exec(runtimeText('core'))?.[0] ?? '';
    expect(mounted).toContain('/proc/self/mountinfo');
    const text = `${mounted.replace('/proc/self/mountinfo', mountinfo)}\nhousekeeping`;
    const { output } = await runIn(box, { shell, text, head: { KEEP_FAILED: 0, RELEASES: '' } });
    expect(existsSync(join(old, 'state-state1', 'nfs', 'precious'))).toBe(true);
    expect(output + readFileSync(join(box.runDirectory, 'console.log'), 'utf8'))
      .toContain('kept, since a file system is mounted in it');
  });
});
