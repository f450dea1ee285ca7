import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { runProcess } from '../process.ts';
import { createStage, records, type Stage } from './stage.ts';
import { describeEnd, type Ended } from './tool.ts';

/**
 * A whole deployment that fails, so that it leaves all that it can leave, with a secret in each
 * environment and in the private key; every program that starts on either side is traced.
 */
const secrets = { runner: 'MARK-of-the-runner-5c1e', host: 'MARK-of-the-host-77ab' };
let lab: Lab;
let stage: Stage;
let folder: string;
let ended: Ended;
let logBefore: Awaited<ReturnType<Stage['host']['sshdLog']>>;
let logAfter: typeof logBefore;
let keyLines: readonly string[];

const trace = (name: string): string => join(folder, name);
const straced = ['strace', '--follow-forks', '--trace=execve', '--string-limit=1000000',
  '--quiet=attach,exit'];

beforeAll(async () => {
  lab = await createLab();
  stage = await createStage(lab, 'production');
  folder = mkdtempSync(join(tmpdir(), 'seatrial-secrets-'));
  keyLines = readFileSync(stage.host.identityFile, 'utf8').split('\n')
    .filter((line) => line.length > 30 && !line.startsWith('-----'));
});

afterAll(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  await stage?.down();
  await lab?.down();
});

/** From outside: the host's sshd, and all that it and its children start. */
async function traceHost(): Promise<() => Promise<void>> {
  const init = join(stage.host.knownHostsFile, '..', 'init');
  const [pid = ''] = readFileSync(init, 'utf8').split(' ');
  const [program = '', ...words] = straced;
  const tracer = spawn(program, [...words, '--output', trace('host'), '--attach', pid],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracer.stderr.on('data', (chunk: Buffer) => { said += chunk.toString('utf8'); });
  await expect.poll(() => readFileSync(`/proc/${pid}/status`, 'utf8'), { timeout: 20_000,
    message: said }).toMatch(new RegExp(`TracerPid:\\s+${tracer.pid}`));
  return async () => {
    const gone = new Promise((resolve) => tracer.once('close', resolve));
    tracer.kill('SIGINT');
    await gone;
  };
}

describe('a deployment', () => {
  it('has run to its end, with a failed bundle', async () => {
    await stage.output(`echo export TOKEN=${secrets.host} >>/home/deploy/.bashrc`);
    const release = await stage.release({ version: '3.0.0', code: 3 });
    const stopTracing = await traceHost();
    logBefore = await stage.host.sshdLog();
    ended = await stage.run(['deploy', '--release', release], {
      env: { TOKEN: secrets.runner, INPUT_TOKEN: secrets.runner },
      under: [...straced, '--output', trace('runner')],
    });
    logAfter = await stage.host.sshdLog();
    await stopTracing();
    expect(ended.status, describeEnd(ended)).toBe(10);
    expect(ended.summary?.end).toBe('restored');
  });

  it('needs one connection and at most four commands', () => {
    expect(logAfter.connections - logBefore.connections).toBe(1);
    expect(logAfter.commands - logBefore.commands).toBeGreaterThan(0);
    expect(logAfter.commands - logBefore.commands).toBeLessThanOrEqual(4);
  });

  it.each(['runner', 'host'])('puts no secret into an argument on the side of the %s', (side) => {
    const text = readFileSync(trace(side), 'utf8');
    // The trace has seen what it had to see.
    const seen = side === 'runner' ? 'execve("/usr/bin/ssh"' : 'execve("/usr/bin/twistd3"';
    expect(text.includes(seen)).toBe(true);
    for (const secret of [...Object.values(secrets), ...keyLines]) {
      expect(text.includes(secret), secret.slice(0, 8)).toBe(false);
    }
  });

  it('would have been caught, had it done so', async () => {
    await runProcess('strace', [...straced.slice(1), '--output', trace('proof'),
      'sh', '-c', `/bin/true ${secrets.runner}; exit 0`]);
    expect(readFileSync(trace('proof'), 'utf8')).toContain(secrets.runner);
  });

  it('puts no secret into its output, its records or the failed bundle', async () => {
    for (const secret of Object.values(secrets)) {
      expect(ended.stdout + ended.stderr).not.toContain(secret);
    }
    const found = await stage.host.exec(
      `grep -rlaF -e ${secrets.runner} -e ${secrets.host} ${records} /srv /tmp /var/tmp /run`);
    expect(found).toMatchObject({ status: 1, stdout: '' });
    // It does find what is there.
    const there = await stage.host.exec(`grep -rlaF -e ${secrets.host} /home/deploy`);
    expect(there.stdout).toBe('/home/deploy/.bashrc\n');
    expect(await stage.output(`ls ${records}/failed/${ended.summary?.run}`))
      .toMatch(/console\.log\n[^]*journal/);
  });

  it('leaves nothing of its own on this machine', () => {
    const text = readFileSync(trace('runner'), 'utf8');
    const folders = new Set([...text.matchAll(/\/[\w/.-]*\/seatrial-[A-Za-z0-9]{6}(?=\/)/g)]
      .map(([path]) => path).filter((path) => path !== stage.folder));
    expect(folders.size).toBeGreaterThan(0);
    expect([...folders].filter((path) => existsSync(path))).toEqual([]);
  });
});
