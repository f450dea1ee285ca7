import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeText } from '../../src/transaction/compile.ts';
import { makeBox, runIn, shells, temporary, why, write, type Box, type Ran, type Shell }
  from './sandbox.ts';

/** The verbs of isolation with a root-owned program that writes down what it is asked. */
interface Host {
  readonly box: Box;
  /** What the program does: shell text for each verb. */
  program(text: string): void;
  run(text: string): Promise<Ran>;
  asked(): string[];
  readonly marked: () => boolean;
  readonly forget: () => void;
}

function makeHost(shell: Shell): Host {
  const box = makeBox(join(temporary(), 'box'));
  const path = join(box.root, 'program');
  const log = join(box.root, 'asked');
  const mark = join(box.root, 'run/isolated');
  const host: Host = {
    box,
    program(text) {
      write(path, `#!/bin/sh\necho "$1" >>${log}\n${text}\n`, 0o755);
    },
    run: (text) => runIn(box, { shell, text: [runtimeText('isolate'), `ISOLATION=${path}`,
      `RUN_STATE=${box.root}/run ISOLATED=${mark} SUDO=`, 'join_group() { :; }', 'forget_why',
      text].join('\n') }),
    asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    marked: () => existsSync(mark),
    forget() {
      rmSync(log, { force: true });
    },
  };
  host.program('[ "$1" != prove ] || cat');
  return host;
}

describe.each(shells)('isolation in %s', (shell) => {
  it('sets, looks, proves the targets, and marks last', async () => {
    const host = makeHost(shell);
    const ran = await host.run("isolate_network 'tcp db 5432' 'udp ns 53'");
    expect(ran.status, ran.output).toBe(0);
    expect(host.asked()).toEqual(['on', 'look', 'prove']);
    expect(readFileSync(join(host.box.runDirectory, 'isolation-proof'), 'utf8'))
      .toBe('tcp db 5432\nudp ns 53\n');
    expect(host.marked()).toBe(true);
    expect(readFileSync(join(host.box.base, 'copied'), 'utf8')).toBe('20260101T000000Z-aaaaaa\n');
  });

  it.each(['on', 'look', 'prove'])('is refused with all that %s finds wrong', async (verb) => {
    const host = makeHost(shell);
    await host.run('isolate_network a');
    host.program(`[ "$1" != ${verb} ] || {
      printf 'problem\\tone is open\\tClose it.\\nproblem\\ttwo is open\\tShut it.\\n'; exit 1; }`);
    const ran = await host.run('isolate_network a');
    expect(ran.status).toBe(1);
    expect(why(host.box)).toBe('one is open. Close it. two is open. Shut it.');
    expect(host.marked()).toBe(false);
  });

  it('is refused where the program is missing, or dies without a word', async () => {
    const host = makeHost(shell);
    host.program('kill -KILL $$');
    expect((await host.run('isolate_network a')).status).toBe(1);
    expect(why(host.box)).toContain('the isolation could not be asked for');
    rmSync(join(host.box.root, 'program'));
    expect((await host.run('isolate_network a')).status).toBe(1);
    expect(host.marked()).toBe(false);
  });

  it('runs a command only while it is in force, and makes it anew before', async () => {
    const host = makeHost(shell);
    await host.run('isolate_network a');
    host.forget();
    const command = 'run_again - 5 "the command" "echo ran"';
    expect((await host.run(command)).output).toMatch(/^ran$/m);
    expect(host.asked()).toEqual(['check']);
    host.forget();
    host.program('[ "$1" != check ]');
    expect((await host.run(command)).output).toMatch(/^ran$/m);
    expect(host.asked()).toEqual(['check', 'on', 'look', 'prove']);
    host.program('[ "$1" != check ] && [ "$1" != prove ]');
    const refused = await host.run(command);
    expect(refused.status).toBe(1);
    expect(refused.output).not.toMatch(/^ran$/m);
    rmSync(join(host.box.root, 'run'), { recursive: true });
    expect((await host.run('before_start')).status).toBe(1);
  });

  it('asks nothing of a command before isolation has begun', async () => {
    const host = makeHost(shell);
    expect((await host.run('run_again - 5 "the command" "echo ran"')).status).toBe(0);
    expect(host.asked()).toEqual([]);
  });

  it('by commands of the user: both must succeed, and once more after a reboot', async () => {
    const host = makeHost(shell);
    const log = join(host.box.root, 'own');
    const isolating = (prove: string): string =>
      `isolate_by_command - 5 'echo on >>${log}' - 5 'echo prove >>${log}; ${prove}'`;
    expect((await host.run(isolating('false'))).status).toBe(1);
    expect(why(host.box)).toBe('the command that proves it ended with status 1');
    expect(host.marked()).toBe(false);
    expect((await host.run(isolating('true'))).status).toBe(0);
    expect(host.marked()).toBe(true);
    rmSync(log);
    rmSync(join(host.box.root, 'run'), { recursive: true });
    expect((await host.run('run_again - 5 "the command" true; still_isolated')).status).toBe(0);
    expect(readFileSync(log, 'utf8')).toBe('on\nprove\nprove\n');
  });

  it('by a decision: the reason is told and kept', async () => {
    const host = makeHost(shell);
    const ran = await host.run("isolate_not 'the network has no way out'");
    expect(ran.output).toContain('the copy is not cut off: the network has no way out');
    expect(readFileSync(join(host.box.runDirectory, 'isolation-proof'), 'utf8'))
      .toBe('none\tthe network has no way out\n');
    expect(host.marked()).toBe(true);
    expect((await host.run('still_isolated')).status).toBe(0);
  });

  it('is not "still" in force where it never was, or where something changed', async () => {
    const host = makeHost(shell);
    expect((await host.run('still_isolated')).status).toBe(1);
    expect(why(host.box)).toBe('the copy was never cut off');
    await host.run('isolate_network a');
    expect((await host.run('still_isolated')).status).toBe(0);
    host.program("printf 'problem\\tthe rules were changed\\tRun it again.\\n'; exit 1");
    expect((await host.run('still_isolated')).status).toBe(1);
    expect(why(host.box)).toBe('the rules were changed. Run it again.');
  });

  it('is unmarked wherever it is killed', async () => {
    const host = makeHost(shell);
    const whole = await host.run('isolate_network a');
    const last = whole.calls.length;
    expect(last).toBeGreaterThan(5);
    for (let at = 1; at <= last; at += 1) {
      const killed = makeHost(shell);
      await killed.run('isolate_network a');
      const text = [runtimeText('isolate'), `ISOLATION=${killed.box.root}/program`,
        `RUN_STATE=${killed.box.root}/run ISOLATED=${killed.box.root}/run/isolated SUDO=`,
        'join_group() { :; }', 'isolate_network a'].join('\n');
      const ran = await runIn(killed.box, { shell, text, crash: { at, how: 'before' } });
      expect(ran.status, `act ${at}`).toBeUndefined();
      // Before its very first act the rules of the run before are in force, and marked.
      expect(killed.marked(), `act ${at}`).toBe(at === 1);
    }
  }, 60_000);
});
