import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync,
  symlinkSync,
  unlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { crashShims, makeBox, need, run, runIn, shells, temporary, why, write, type Box,
  type Shell }
  from './sandbox.ts';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const box = (parent?: string): Box => makeBox(join(temporary(parent), 'box'));
const journal = (it: Box): string => join(it.runDirectory, 'journal');

function events(it: Box): string[] {
  return readFileSync(journal(it), 'utf8').split('\n').filter((line) => line !== '')
    .map((line) => line.split('\t').slice(1).join('|'));
}

async function says(it: Box, shell: Shell, text: string): Promise<string> {
  return (await runIn(it, { shell, text })).output.trim();
}

describe.each(shells)('the journal, in %s', (shell) => {
  it('takes one line an event, whatever the text holds', async () => {
    const it = box();
    await runIn(it, { shell, text: `journal failed 03 "$(printf 'a\\tb\\nc\\033[31m é')"
journal begin 04 ""` });
    expect(events(it)).toEqual(['failed|03|a b c[31m é', 'begin|04|']);
  });

  it('frees its reserve where the disk is full, and goes on', async () => {
    const it = box();
    symlinkSync('/dev/full', journal(it));
    writeFileSync(join(it.runDirectory, 'reserve'), 'x'.repeat(100));
    // The disk has room again once the reserve is gone.
    const shims = temporary();
    write(join(shims, 'rm'), `#!/bin/sh\nfor last in "$@"; do :; done\n${need('rm')} "$@"\n` +
      `case $last in */reserve) ${need('rm')} -f ${journal(it)} ;; esac\n`, 0o755);
    const ran = await runIn(it, { shell, text: 'journal failed 07 "no space" || exit 9',
      path: [shims, crashShims, process.env.PATH].join(delimiter) });
    expect(ran.status).toBe(0);
    expect(events(it)).toEqual(['failed|07|no space']);
    expect(existsSync(join(it.runDirectory, 'reserve'))).toBe(false);
  });

  it('tells where even that does not help', async () => {
    const it = box();
    symlinkSync('/dev/full', journal(it));
    const ran = await runIn(it, { shell, text: 'journal commit "" ""; echo "said $?"' });
    expect(ran.output).toContain('said 1');
  });

  it('never glues an event to a line that a power cut tore, and reads none from it', async () => {
    const it = box();
    for (const torn of ['1.5\tcommit', '1.5\tcommit\t', '1.5\tbegin\t0', '1.5\tend\t\tneeds-hu']) {
      writeFileSync(journal(it), `1.0\tbegin\t01\t\n${torn}`);
      expect(await says(it, shell, `mend_journal
! journal_has commit || echo commit
begun_steps
journal undo-begin 01 ""`)).toBe('01');
      expect(events(it).at(-1)).toBe('undo-begin|01|');
    }
  });

  it('gives the steps back newest first, past a hundred', async () => {
    const it = box();
    for (const step of ['01', '09', '10', '99', '100', '101', '10']) {
      appendFileSync(journal(it), `1.0\tbegin\t${step}\t\n`);
    }
    expect((await says(it, shell, 'begun_steps')).split('\n'))
      .toEqual(['101', '100', '99', '10', '09', '01']);
  });
});

describe.each(shells)('the locks, in %s', (shell) => {
  it('are taken on a full disk too: undo must be able to run there', async () => {
    const it = box();
    symlinkSync('/dev/full', join(it.base, 'lock.owner'));
    expect(await says(it, shell, 'take_lock && echo taken')).toContain('taken');
  });

  it('find and end the orphans of a killed program, also below a symbolic link', async () => {
    const real = box();
    const link = join(temporary(), 'records');
    symlinkSync(real.base, link);
    const orphan = spawn('sh', ['-c', `exec 8>>${real.base}/work; flock -n 8; exec sleep 60`]);
    children.push(orphan);
    const exited = new Promise((resolve) => orphan.on('exit', (_, signal) => resolve(signal)));
    spawnSync('sleep', ['0.3']);
    const ran = await runIn(real, { shell, head: { BASE: link }, text: `take_lock
echo "orphans: $(orphans)"
take_work_lock && echo held` });
    expect(ran.output).toContain(`orphans: ${orphan.pid}\n`);
    expect(ran.output).toContain('held');
    expect(await exited).toBe('SIGTERM');
  });

  it('are not inherited by a daemon that a step starts', async () => {
    const it = box();
    const ran = await runIn(it, { shell, text: `take_lock && flock -n 8 || exit 3
start_command - 5 - 'setsid sleep 30 >/dev/null 2>&1 & echo $! >${it.root}/pid'` });
    expect(ran.status).toBe(0);
    const pid = Number(readFileSync(join(it.root, 'pid'), 'utf8'));
    try {
      // While it starts, it opens and closes libraries: those are not what it holds.
      await expect.poll(() => readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n');
      const open = spawnSync('find', [`/proc/${pid}/fd`, '-type', 'l', '-printf', '%l\\n'])
        .stdout.toString().split('\n');
      expect(open.length).toBeGreaterThan(2);
      expect(open.filter((path) => /\/(lock|work|starting)( \(deleted\))?$/.test(path)))
        .toEqual([]);
      expect(spawnSync('flock', ['-n', join(it.base, 'work'), 'true']).status).toBe(0);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe.each(shells)('what a failed release left, in %s', (shell) => {
  it('is moved into the bundle, numbered where the name is taken, never overwritten', async () => {
    const it = box();
    const thing = join(it.root, 'live/thing');
    for (const content of ['one', 'two', 'three']) {
      write(thing, content);
      await runIn(it, { shell, text: `keep_failed ${thing} state` });
      expect(existsSync(thing)).toBe(false);
    }
    symlinkSync('nowhere', thing);
    await runIn(it, { shell, text: `keep_failed ${thing} state; keep_failed ${thing} state` });
    const bundle = join(it.base, 'failed', run);
    expect(readdirSync(bundle).sort()).toEqual(['state', 'state.1', 'state.2', 'state.3']);
    expect(readFileSync(join(bundle, 'state.1'), 'utf8')).toBe('one');
    expect(readFileSync(join(bundle, 'state.3'), 'utf8')).toBe('three');
    expect(readlinkSync(join(bundle, 'state'))).toBe('nowhere');
  });

  it('stays on its file system, linked from the bundle, and goes with it', async () => {
    const it = box();
    const other = join(temporary('/dev/shm'), 'live');
    mkdirSync(other);
    const keep = `keep_failed ${other}/data state`;
    for (const content of ['one', 'two']) {
      write(join(other, 'data/file'), content);
      expect((await runIn(it, { shell, text: `${keep}; ${keep}` })).status).toBe(0);
    }
    const kept = join(other, '.seatrial-fake', `failed-${run}`);
    expect(readdirSync(kept).sort()).toEqual(['state', 'state.1']);
    expect(readlinkSync(join(it.base, 'failed', run, 'state'))).toBe(join(kept, 'state'));
    expect(readFileSync(join(it.base, 'failed', run, 'state/file'), 'utf8')).toBe('two');
    // Retention takes all of it, when newer failures have come.
    await runIn(it, { shell, head: { RUN: '20270101T000000Z-bbbbbb', KEEP_FAILED: 0 },
      text: 'mkdir -p "$BASE/rescues" "$BASE/history"; housekeeping' });
    expect(readdirSync(join(other, '.seatrial-fake'))).toEqual([]);
  });
});

describe.each(shells)('small promises, in %s', (shell) => {
  it('a durable file is whole or as it was', async () => {
    const it = box();
    const path = write(join(it.root, 'file'), 'before\n');
    const killed = await runIn(it, { shell, text: `durable ${path} after`,
      crash: { at: 2, how: 'before' } });
    expect(killed.status).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('before\n');
    await runIn(it, { shell, text: `durable ${path} after` });
    expect(readFileSync(path, 'utf8')).toBe('after\n');
    unlinkSync(path);
    symlinkSync('/dev/full', `${path}.new-${run}`);
    expect(await says(it, shell, `durable ${path} x 2>/dev/null || echo refused`)).toBe('refused');
  });

  it('counts a watcher of an earlier boot for none', async () => {
    const it = box();
    const watcher = join(it.runDirectory, 'watcher');
    const uptime = Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
    const verdicts: string[] = [];
    for (const beat of [uptime, uptime + 5000, uptime - 60]) {
      writeFileSync(watcher, `${beat}\n`);
      verdicts.push(await says(it, shell, 'if watched; then echo yes; else echo no; fi'));
    }
    expect(verdicts).toEqual(['yes', 'no', 'no']);
  });

  it('the first failure is the reason', async () => {
    const it = box();
    await runIn(it, { shell, text: 'fail "the cause\n  of it"; fail "a consequence"' });
    expect(why(it)).toBe('the cause   of it');
  });
});
