import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeText } from '../../src/transaction/compile.ts';
import { makeBox, runIn, shells, temporary, write, type Box, type Ran, type Shell }
  from './sandbox.ts';

/** Writes outside of declared paths, on a disk that is one directory. */
const own = resolve(import.meta.dirname, '../../.tmp');

interface Disk {
  readonly box: Box;
  readonly disk: string;
  readonly run: (text: string) => Promise<Ran>;
  /** Lines of the report, with paths below the disk. */
  readonly found: (declared: readonly string[]) => Promise<string[]>;
}

function makeDisk(shell: Shell): Disk {
  mkdirSync(own, { recursive: true });
  const box = makeBox(join(temporary(own), 'box'));
  const disk = join(box.root, 'disk');
  write(join(disk, 'etc/settings'), 'old');
  write(join(disk, 'etc/removed'), 'old');
  write(join(disk, 'srv/app/data'), 'old');
  write(join(disk, 'srv/other/data'), 'old');
  const run = (text: string): Promise<Ran> => runIn(box, { shell, text: [runtimeText('outside'),
    // A clone may lie in /tmp, where what is written is told apart.
    `is_temporary() { case $1 in ${disk}/*) return 1 ;; /tmp/*) ;; *) return 1 ;; esac; }`,
    `local_disks() { echo ${disk}; }`, `bounded_places() { echo ${disk}/etc; }`, text]
    .join('\n') });
  return {
    box, disk, run,
    async found(declared) {
      const file = join(box.root, 'found');
      const ran = await run(`writes_found ${file} '${declared.join('\n')}'`);
      expect(ran.status, ran.output).toBe(0);
      return readFileSync(file, 'utf8').replaceAll(`${disk}/`, '').split('\n')
        .filter((line) => line !== '');
    },
  };
}

describe.each(shells)('writes outside of declared paths, in %s', (shell) => {
  it('are none where nothing was written', async () => {
    const { run, found } = makeDisk(shell);
    expect((await run('writes_begin')).status).toBe(0);
    expect(await found([])).toEqual([]);
  });

  it('are found: written, made, renamed, linked, chmodded, deleted', async () => {
    const { run, found, disk } = makeDisk(shell);
    await run('writes_begin');
    await run(`cd ${disk}; echo new >etc/settings; rm etc/removed; mkdir -p srv/new/dir srv/empty
      echo x >srv/new/dir/file; ln -s x srv/link; chmod 600 srv/other/data; mkfifo srv/pipe
      echo x >'srv/a b*c'; echo x >'srv/line
break'`);
    expect(await found([])).toEqual([
      'outside\tdeleted\tetc/removed', 'outside\twritten\tetc/settings',
      'outside\twritten\tsrv/a b*c', 'outside\twritten\tsrv/empty',
      'outside\twritten\tsrv/line?break', 'outside\twritten\tsrv/link',
      'outside\twritten\tsrv/new/dir/file', 'outside\twritten\tsrv/other/data',
      'outside\twritten\tsrv/pipe',
    ]);
  });

  it('are not what the configuration names, by path or by glob', async () => {
    const { run, found, disk } = makeDisk(shell);
    await run('writes_begin');
    await run(`cd ${disk}; echo x >srv/app/data; echo x >srv/app/new; echo x >srv/apples
      echo x >srv/cache-1; echo x >srv/cache-2; rm etc/removed`);
    const declared = [`${disk}/srv/app`, `${disk}/srv/cache-*`, '', `${disk}/etc/rem?ved`];
    expect(await found(declared)).toEqual(['outside\twritten\tsrv/apples']);
    expect(await found([disk])).toEqual([]);
  });

  it('are not what other users write, or what was written before', async () => {
    const { run, found, disk } = makeDisk(shell);
    await run(`echo x >${disk}/srv/before; chmod 644 ${disk}/srv/before`);
    await run('writes_begin');
    write(join(disk, 'srv/after'), 'x');
    const file = join(disk, '../report');
    await run(`outside_users() { echo daemon; }; searches() { echo "$ME	daemon"; }
      writes_found ${file} ''`);
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(await found([])).toEqual(['outside\twritten\tsrv/after']);
  });

  it('in /tmp are told apart; they refuse nothing', async () => {
    const { run, found } = makeDisk(shell);
    const place = temporary('/tmp');
    await run('writes_begin');
    write(join(place, 'left'), 'x');
    const told = await found([]);
    expect(told).toEqual([]);
    const file = join(place, 'report');
    await run(`local_disks() { echo ${place}; }; writes_found ${file} ${file}.part`);
    expect(readFileSync(file, 'utf8')).toContain(`outside\ttemporary\t${place}/left\n`);
  });

  it('that cannot be told in time are no pass', async () => {
    const { run, found, disk } = makeDisk(shell);
    await run('writes_begin');
    await run(`rm -r ${disk}/srv`);
    const file = join(disk, 'report');
    write(join(disk, '../bin/timeout'), '#!/bin/sh\nexit 124\n', 0o755);
    await run(`PATH=${disk}/../bin:$PATH; writes_found ${file} ''`);
    expect(readFileSync(file, 'utf8')).toContain('outside\tunknown\t');
    rmSync(file);
    expect(await found([])).toEqual([]);
  });

  it('of a user whom sudo does not let us become are no pass', async () => {
    const { run, disk } = makeDisk(shell);
    await run('writes_begin');
    write(join(disk, '../bin/sudo'), '#!/bin/sh\necho no >&2; exit 1\n', 0o755);
    const file = join(disk, '../report');
    await run(`PATH=${disk}/../bin:$PATH; outside_users() { echo daemon; }
searches() { echo "daemon	daemon"; }; writes_found ${file} ''`);
    expect(readFileSync(file, 'utf8')).toMatch(/^outside\tunknown\t.* changes of daemon in 300/);
  });

  it('without number are cut, and said to be', async () => {
    const { run, disk } = makeDisk(shell);
    await run('writes_begin');
    await run(`cd ${disk}/srv; n=0; while [ $n -lt 30 ]; do echo x >f$n; n=$((n + 1)); done`);
    const file = join(disk, '../report');
    await run(`OUTSIDE_TOLD_MAX=10; writes_found ${file} ''`);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('outside\tunknown\tand 20 more');
  });
});
