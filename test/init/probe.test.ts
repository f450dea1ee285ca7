import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocal } from '../../src/host/local.ts';
import { probeHost } from '../../src/init/probe.ts';

const script = resolve(import.meta.dirname, '../../src/init/probe.sh');
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'seatrial-probe-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the probe', () => {
  it.each(['dash', 'bash'])('comes to its end under %s, and says nothing else', (shell) => {
    const { status, stdout, stderr } = spawnSync(shell, ['-s', '--', 'guestbook'],
      { input: readFileSync(script, 'utf8'), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^host\t.*\nuser\t/);
    expect(stdout).toMatch(/\ncomplete\tyes\n$/);
  });

  it('asks sudo before it has it run anything, and takes no for an answer', async () => {
    const calls = join(directory, 'calls');
    mkdirSync(join(directory, 'bin'));
    for (const [name, text] of [['sudo', `printf '%s\\n' "$*" >>${calls}; exit 1`],
      ['psql', 'exit 2'], ['mysql', 'exit 1'],
      ['id', 'if [ "$1" = -u ]; then echo 4321; else echo ada; fi']]) {
      writeFileSync(join(directory, 'bin', name ?? ''), `#!/bin/sh\n${text ?? ''}\n`);
      chmodSync(join(directory, 'bin', name ?? ''), 0o755);
    }
    const transport = openLocal(`${directory}/bin:${process.env['PATH'] ?? ''}`);
    const found = await probeHost(transport, 'guestbook');
    await transport.close();
    expect(found).toMatchObject({ user: 'ada', isRoot: false, databases: [] });
    expect(readFileSync(calls, 'utf8')).toBe('-n -l -u postgres psql\n-n -l -u root mysql\n');
  });

  it('tells paths of units, and neither their secrets nor their arguments', () => {
    const text = readFileSync(script, 'utf8');
    const part = /^paths_in\(\) \{[^]*?^\}/m.exec(text)?.[0] ?? '';
    const unit = 'Environment=PORT=8080 TOKEN=hunter2\n' +
      'ExecStart=-/srv/a/run --key=secret "/etc/b"\n';
    expect(execFileSync('sh', ['-c', `${part}\npaths_in`], { input: unit, encoding: 'utf8' }))
      .toBe('/srv/a/run\n/etc/b\n');
  });
});
