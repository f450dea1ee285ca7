import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBox, runIn, shells, temporary, why, write, type Box } from './sandbox.ts';

const makeOne = (): Box => makeBox(join(temporary(), 'box'));

/** A daemon that writes its pid file, and takes `seconds` to stop. */
function daemon(box: Box, seconds: number): string {
  return write(join(box.root, 'daemon'), `#!/bin/sh
trap '/bin/sleep ${seconds}; rm -f ${box.root}/pid; echo stopped >>${box.root}/log; exit 0' TERM
echo $$ >${box.root}/pid
echo started >>${box.root}/log
n=0
while [ $n -lt 300 ]; do /bin/sleep 0.1; n=$((n + 1)); done
`, 0o755);
}

const startText = (box: Box): string => `setsid ${box.root}/daemon >/dev/null 2>&1 &`;

function pidOf(box: Box): number {
  return Number(readFileSync(join(box.root, 'pid'), 'utf8'));
}

/** A dead process that nobody has waited for is dead. */
function alive(pid: number): boolean {
  const path = `/proc/${pid}/status`;
  return existsSync(path) && !/^State:\s+Z/m.test(readFileSync(path, 'utf8'));
}

function endOf(box: Box): void {
  if (existsSync(join(box.root, 'pid'))) spawnSync('kill', ['-KILL', String(pidOf(box))]);
}

describe.each(shells)('a service with a pid file, in %s', (shell) => {
  it.each([
    ['a number of a dead process', '4194303\n', false],
    ['no number', 'twistd\n', false],
    ['an empty file', '', false],
    ['a negative number', '-1\n', false],
    ['our own process', `${process.pid}\n`, true],
    ['a last line without an end', `${process.pid}`, true],
  ])('is looked for by %s', async (_title, text, runs) => {
    const box = makeOne();
    write(join(box.root, 'pid'), text);
    const ran = await runIn(box, { shell, text: `live_pid ${box.root}/pid && echo runs` });
    expect(ran.output.includes('runs')).toBe(runs);
  });

  it('is not a dead process that nobody has waited for', async () => {
    const box = makeOne();
    const parent = spawn('sh', ['-c', `sleep 0 & echo $! >${box.root}/pid; exec sleep 30`]);
    try {
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      expect(readFileSync(`/proc/${pidOf(box)}/status`, 'utf8')).toMatch(/^State:\s+Z/m);
      const ran = await runIn(box, { shell, text: `live_pid ${box.root}/pid || echo dead` });
      expect(ran.output).toBe('dead\n');
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is not a process that took the number of a dead one', async () => {
    const box = makeOne();
    const pidfile = write(join(box.root, 'pid'), `${process.pid}\n`);
    utimesSync(pidfile, 1_000_000_000, 1_000_000_000);
    const ran = await runIn(box, { shell, text: `live_pid ${pidfile} || echo reused` });
    expect(ran.output).toBe('reused\n');
  });

  it('is stopped, started again if it ran, and not if it did not', async () => {
    const box = makeOne();
    daemon(box, 0);
    const again = 'restart_pidfile_if_was_active service1 ' +
      `${box.root}/pid - 5 - '${startText(box)}'`;
    const stop = `stop_pidfile ${box.root}/pid service1 TERM 5`;
    await runIn(box, { shell, text: `start_pidfile ${box.root}/pid - 5 - '${startText(box)}'` });
    const first = pidOf(box);
    expect((await runIn(box, { shell, text: `${stop} && ${stop}` })).status).toBe(0);
    expect(alive(first)).toBe(false);
    expect((await runIn(box, { shell, text: `${again} && ${again}` })).status).toBe(0);
    expect(readFileSync(join(box.root, 'log'), 'utf8')).toBe('started\nstopped\nstarted\n');
    endOf(box);
    const other = makeOne();
    daemon(other, 0);
    await runIn(other, { shell, text: `stop_pidfile ${other.root}/pid service1 TERM 5
restart_pidfile_if_was_active service1 ${other.root}/pid - 5 - '${startText(other)}'` });
    expect(existsSync(join(other.root, 'log'))).toBe(false);
  });
});

describe.each(shells)('a slow service with a pid file, in %s', (shell) => {
  it('that is still saving its state is not killed, and does not count as serving', async () => {
    const box = makeOne();
    daemon(box, 2.5);
    const stopped = await runIn(box, { shell, text: `start_pidfile ${box.root}/pid - 5 - \
'${startText(box)}'; stop_pidfile ${box.root}/pid service1 TERM 1` });
    expect(stopped.status).toBe(1);
    expect(why(box)).toMatch(/^process \d+ still runs 1 s after SIGTERM; it was not killed/);
    const old = pidOf(box);
    expect(alive(old)).toBe(true);
    const again = 'restart_pidfile_if_was_active service1 ' +
      `${box.root}/pid - 5 - '${startText(box)}'`;
    // Tried three times by the engine: each waits as long as stopping may take.
    const ran = await runIn(box, { shell, text: `${again} || ${again} || ${again}` });
    expect(ran.status).toBe(0);
    expect(pidOf(box)).not.toBe(old);
    expect(readFileSync(join(box.root, 'log'), 'utf8')).toBe('started\nstopped\nstarted\n');
    endOf(box);
  });

  it('that nobody could tell before the step was killed is told, after its time', async () => {
    const box = makeOne();
    daemon(box, 0);
    const again = `restart_pidfile_if_was_active service1 ${box.root}/pid - 5 - \
'${startText(box)}'`;
    // The signal is what the step was killed for.
    const ran = await runIn(box, { shell, text: `start_pidfile ${box.root}/pid - 5 - \
'${startText(box)}'
(send() { exec sh -c 'kill -s KILL $$'; }; stop_pidfile ${box.root}/pid service1 TERM 1)
${again}` });
    expect(ran.status, ran.output).toBe(0);
    expect(ran.output).toContain('perhaps nobody has told it yet');
    expect(readFileSync(join(box.root, 'log'), 'utf8')).toBe('started\nstopped\nstarted\n');
    endOf(box);
  });

  it('that does not come up is told', async () => {
    const box = makeOne();
    const ran = await runIn(box, { shell, text: `sleep() { :; }
start_pidfile ${box.root}/pid - 5 - 'true'` });
    expect(ran.status).toBe(1);
    expect(why(box)).toContain('names no living process');
  });
});

describe.each(shells)('a step that was killed while the application started, in %s', (shell) => {
  const restart = (box: Box): string => 'settle_start && ensure_pidfile ' +
    `${box.root}/pid - 5 - '${startText(box)}'`;
  const killed = (box: Box, text: string): string =>
    `start_pidfile ${box.root}/pid - 5 - '${text}' & sleep 0.3; kill -s KILL $!`;

  it.each([
    ['that has not come to it yet', (box: Box) => `sleep 1; ${startText(box)}`],
    ['that has no pid file yet', (box: Box) =>
      `setsid sh -c "sleep 1; exec ${box.root}/daemon" >/dev/null 2>&1 &`],
  ])('is followed by one start, not two: one %s', async (_title, slow) => {
    const box = makeOne();
    daemon(box, 0);
    try {
      const ran = await runIn(box, { shell, text: `${killed(box, slow(box))}\n${restart(box)}` });
      expect(ran.status, ran.output).toBe(0);
      expect(ran.output).toContain('waiting for what its start comes to');
      await new Promise((resolve) => { setTimeout(resolve, 1500); });
      expect(readFileSync(join(box.root, 'log'), 'utf8')).toBe('started\n');
      expect(existsSync(join(box.runDirectory, 'starting'))).toBe(false);
    } finally {
      endOf(box);
    }
  });

  it('leaves nothing that runs where the release is halted', async () => {
    const box = makeOne();
    daemon(box, 0);
    const ran = await runIn(box, { shell, text: `${killed(box, `sleep 1; ${startText(box)}`)}
settle_start && halt_pidfile ${box.root}/pid TERM` });
    expect(ran.status, ran.output).toBe(0);
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    expect(readFileSync(join(box.root, 'log'), 'utf8')).toBe('started\nstopped\n');
  });

  it('is told, and nothing is done, where that start never ends', async () => {
    const box = makeOne();
    const starting = join(box.runDirectory, 'starting');
    const ran = await runIn(box, { shell, text: `read -r boot </proc/sys/kernel/random/boot_id
echo "$boot -19 ${box.root}/pid" >${starting}; flock ${starting} sleep 3 & sleep 0.3
${restart(box)}` });
    expect([ran.status, why(box)])
      .toEqual([1, 'the start command of a step that was killed does not end']);
    expect(existsSync(join(box.root, 'log'))).toBe(false);
  });

  it('is waited for where the disk was too full to say what was started', async () => {
    const box = makeOne();
    const starting = join(box.runDirectory, 'starting');
    const ran = await runIn(box, { shell, text: `: >${starting}
flock ${starting} sleep 1 & sleep 0.3; settle_start; flock -n ${starting} true && echo free` });
    expect(ran.output).toContain('free');
  });

  it('is still waited for where sudo made the start another user\'s, who runs on', async () => {
    const box = makeOne();
    const starting = join(box.runDirectory, 'starting');
    const ran = await runIn(box, { shell, text: `as_user() { setsid sleep 2 & return 137; }
start_command - 5 - true; [ -e ${starting} ] && echo held; wait; settle_start
[ -e ${starting} ] || echo settled` });
    expect(ran.output).toMatch(/held[\s\S]*settled/);
  });

  it('is no reason not to start where the disk takes no file', async () => {
    const box = makeOne();
    mkdirSync(join(box.runDirectory, 'starting'));
    const ran = await runIn(box, { shell, text: 'start_command - 5 - "echo up >&2"' });
    expect(ran.output).toContain('up\n');
    expect(ran.status).toBe(0);
  });

  it('is not waited for after a reboot', async () => {
    const box = makeOne();
    write(join(box.runDirectory, 'starting'), `another-boot 5 ${box.root}/pid\n`);
    const ran = await runIn(box, { shell, text: 'settle_start && echo on' });
    expect(ran.output).toBe('on\n');
  });

  it('is not taken for one whose start ended, whichever way', async () => {
    const box = makeOne();
    for (const text of ['false', 'true', `setsid ${box.root}/daemon >/dev/null 2>&1 &`]) {
      daemon(box, 0);
      await runIn(box, { shell, text: `await_pidfile() { sleep 0.5; pidfile_active "$1"; }
start_pidfile ${box.root}/pid - 5 - '${text}'` });
      expect(existsSync(join(box.runDirectory, 'starting')), text).toBe(false);
    }
    endOf(box);
    await runIn(box, { shell, text: 'start_command - 5 - true' });
    expect(existsSync(join(box.runDirectory, 'starting'))).toBe(false);
  });
});

describe.each(shells)('a service with commands, in %s', (shell) => {
  it('of which nobody can tell whether it runs is neither stopped nor started', async () => {
    const box = makeOne();
    const touched = join(box.root, 'touched');
    const stop = await runIn(box, { shell,
      text: `stop_by_command service1 - 5 'touch ${touched}' 'exit 4'` });
    expect(stop.status).toBe(1);
    expect(why(box)).toContain('could not tell');
    const start = await runIn(box, { shell,
      text: `ensure_by_command - 5 - 'touch ${touched}' 'exit 4'` });
    expect(start.status).toBe(1);
    expect(existsSync(touched)).toBe(false);
  });

  it('is stopped, and started again only if it ran', async () => {
    const box = makeOne();
    const up = join(box.root, 'up');
    const acts = (verb: string): string => verb === 'stop'
      ? `stop_by_command service1 - 5 'rm -f ${up}' 'test -e ${up}'`
      : `restart_by_command_if_was_active service1 - 5 - 'touch ${up}' 'test -e ${up}'`;
    write(up, '');
    await runIn(box, { shell, text: acts('stop') });
    expect(existsSync(up)).toBe(false);
    await runIn(box, { shell, text: `${acts('start')} && ${acts('start')}` });
    expect(existsSync(up)).toBe(true);
  });

  it('that stays up after its stop command is told', async () => {
    const box = makeOne();
    const ran = await runIn(box, { shell, text: 'stop_by_command service1 - 5 true true' });
    expect([ran.status, why(box)]).toEqual([1, 'the service still runs after its stop command']);
  });
});
