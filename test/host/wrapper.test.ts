import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command, raw } from '../../src/command/command.ts';
import { Gate } from '../../src/host/gate.ts';
import { ShellTransport } from '../../src/host/shell-transport.ts';
import { bootstrap, bootstrapLine, preamble } from '../../src/host/wrapper.ts';

/** Stands between the wrapper and us: `around` is given the bootstrap as `$0`. */
function through(around: string): ShellTransport {
  return new ShellTransport({
    name: 'through', gate: new Gate(1), endingGate: new Gate(1),
    spawn: () => spawn('sh', ['-c', around, bootstrap], { detached: true }),
    lost: () => undefined, ended: new Promise(() => undefined),
  }, () => Promise.resolve());
}

describe.each(['dash', 'bash'])('the wrapper in %s', (shell) => {
  const run = (input: string) => spawnSync(shell, ['-c', bootstrap], { input, encoding: 'latin1' });

  it('tells group, outputs and status', () => {
    const result = run(preamble(command(raw('cat; echo err >&2; exit 4', '')), 'TOKEN') + 'in');
    expect(result.stdout).toMatch(/^\u001eTOKENs\d+\u001ein\u001eTOKENe4\u001e$/);
    expect(result.stderr).toMatch(/^\u001eTOKENs\d+\u001eerr\n\u001eTOKENe4\u001e$/);
  });

  it('never runs a text that was cut short', () => {
    const whole = preamble(command(raw('echo ran; echo ran again', '')), 'TOKEN');
    expect(run(whole).stdout).toContain('ran again');
    for (let length = 0; length < whole.length; length += 1) {
      expect(run(whole.slice(0, length)).stdout).not.toContain('ran');
    }
  });

  it('tells a group that can be ended where there is no setsid', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'no-setsid-'));
    symlinkSync(`/bin/${shell}`, join(bin, 'sh'));
    const child = spawn(`/bin/${shell}`, ['-c', bootstrap], { detached: true, env: { PATH: bin } });
    child.stdin.end(preamble(command(raw('command -v setsid || exit 5', '')), 'TOKEN'));
    const output: Buffer[] = [];
    for await (const chunk of child.stdout) output.push(chunk as Buffer);
    rmSync(bin, { recursive: true });
    expect(Buffer.concat(output).toString())
      .toBe(`\u001eTOKENs${child.pid}\u001e\u001eTOKENe5\u001e`);
  });
});

describe('the end', () => {
  it('is not believed while the output is not whole', async () => {
    const host = through('sh -c "$0" | { head -c 60; cat >/dev/null; }');
    const { outcome, stdout, stderr } = await host.run(command(raw('seq 1000; echo e >&2', '')));
    expect(stdout).toMatch(/^1\n2\n3\n/);
    expect(stderr).toBe('e\n');
    expect(outcome).toMatchObject({ kind: 'unknown' });
  });

  it('is not believed from the near status', async () => {
    const { outcome } = await through('exit 0').run(command('true'));
    expect(outcome).toMatchObject({ kind: 'unknown' });
  });

  it('comes after a login shell that talks, which is no output', async () => {
    const host = through('echo motd; echo motd >&2; sh -c "$0"');
    expect(await host.run(command('echo', 'out'))).toEqual(
      { outcome: { kind: 'exited', status: 0 }, stdout: 'out\n', stderr: 'motd\n' });
  });
});

it('is one plain word for every login shell', () => {
  expect(bootstrapLine).toBe(`exec sh -c '${bootstrap}'`);
  expect(bootstrap).not.toMatch(/['!\n\\]/);
});
