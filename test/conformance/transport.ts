import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, raw } from '../../src/command/command.ts';
import type { Transport } from '../../src/host/transport.ts';
import { Secret } from '../../src/secret.ts';
import {
  alive, blocks, Collector, Counter, firstNumber, processTexts, watchMemory,
} from './processes.ts';

/** What the suite needs beside a transport: a way to break it from outside. */
export interface Subject {
  open(): Promise<Transport>;
  /** Breaks the connection that runs the far process `pid`, as its own death would. */
  cut(pid: number): void;
}

const shell = (text: string) => command(raw(text, 'a test'));
const gigabyte = 1024 ** 3;

/** The one suite that every transport passes, against the real thing. */
export function describeTransport(name: string, subject: Subject): void {
  let host: Transport;
  const open = () => host;

  describe(`transport ${name}`, () => {
    beforeAll(async () => { host = await subject.open(); });
    afterAll(async () => { await host.close(); });
    describeOutcomes(open);
    describeStreams(open);
    describeCommands(open);
    describeEnding(open);
    describeClosing(subject);
  });
}

function describeOutcomes(open: () => Transport): void {
  it.each([0, 1, 3, 127, 128, 193, 255])('tells exit status %i', async (status) => {
    const { outcome } = await open().run(command('sh', '-c', `exit ${status}`));
    expect(outcome).toEqual({ kind: 'exited', status });
  });

  it.each([9, 15, 6])('tells death by signal %i', async (signal) => {
    const { outcome } = await open().run(command('sh', '-c', `kill -${signal} $$`));
    expect(outcome).toEqual({ kind: 'signalled', signal });
  });

  it('tells a command that ends its own process group as signalled', async () => {
    const { outcome } = await open().run(shell('kill -TERM 0; sleep 5'));
    expect(outcome).toEqual({ kind: 'signalled', signal: 15 });
  });

  it('tells a program that is missing as 127, with the reason on stderr', async () => {
    const result = await open().run(command('no-such-program-here'));
    expect(result.outcome).toEqual({ kind: 'exited', status: 127 });
    expect(result.stderr).toContain('no-such-program-here');
  });

  it('tells a syntax error as a failure', async () => {
    const { outcome } = await open().run(shell('if then'));
    expect(outcome.kind === 'exited' && outcome.status > 0).toBe(true);
  });

  it('keeps both outputs apart, and frames out of both', async () => {
    const result = await open().run(shell('printf out; printf err >&2'));
    expect(result).toEqual(
      { outcome: { kind: 'exited', status: 0 }, stdout: 'out', stderr: 'err' });
  });

  it('does not wait for a daemon that keeps the outputs open', async () => {
    const started = Date.now();
    const result = await open().run(shell('(sleep 20; echo late) & echo now'));
    expect(result).toMatchObject({ outcome: { kind: 'exited', status: 0 }, stdout: 'now\n' });
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('cuts a long output and says how much is missing', async () => {
    const text = 'printf first; head -c 9000000 /dev/zero | tr "\\0" x; printf last';
    const { stdout, outcome } = await open().run(shell(text));
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(stdout.length).toBeLessThanOrEqual(8 * 1024 * 1024);
    const missing = Number(/\[\.\.\. (\d+) bytes left out \.\.\.\]/.exec(stdout)?.[1]);
    expect(stdout.replaceAll(/\n\[.*\]\n/g, '').length + missing).toBe(9_000_009);
    expect(stdout.startsWith('firstx') && stdout.endsWith('xlast')).toBe(true);
  });
}

function describeStreams(open: () => Transport): void {
  it('gives all byte values to the input and from the output', async () => {
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, it) => it)),
      randomBytes(300_000), Buffer.alloc(64, 0x1e)]);
    const sink = new Collector();
    const result = await open().run(command('cat'),
      { stdin: Readable.from([bytes]), stdout: sink });
    expect(result).toMatchObject({ outcome: { kind: 'exited', status: 0 }, stdout: '' });
    expect(sink.bytes().equals(bytes)).toBe(true);
  });

  it.each(['', 'text\n', '-n \\c %s\0é'])('gives %j as text to the input', async (stdin) => {
    const { stdout } = await open().run({ ...command('cat'), stdin });
    expect(stdout).toBe(stdin);
  });

  it('ends the input where there is none', async () => {
    const { stdout } = await open().run(command('wc', '-c'));
    expect(stdout.trim()).toBe('0');
  });

  it('does not mind a command that leaves its input unread', async () => {
    const stdin = Readable.from(blocks(64 * 1024 * 1024));
    const { outcome } = await open().run(command('true'), { stdin });
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(stdin.destroyed).toBe(true);
  });

  it('takes a gigabyte in constant memory', { timeout: 300_000 }, async () => {
    const hash = createHash('sha256');
    for (const block of blocks(gigabyte)) hash.update(block);
    const memory = watchMemory();
    const { stdout, outcome } = await open().run(command('sha256sum'),
      { stdin: Readable.from(blocks(gigabyte), { objectMode: false }) });
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(stdout.slice(0, 64)).toBe(hash.digest('hex'));
    expect(memory.grownBytes()).toBeLessThan(64 * 1024 * 1024);
  });

  it('gives a gigabyte in constant memory to a slow reader', { timeout: 300_000 }, async () => {
    const memory = watchMemory();
    const sink = new Counter();
    const { outcome } = await open().run(command('head', '-c', `${gigabyte}`, '/dev/zero'),
      { stdout: sink });
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(sink.count).toBe(gigabyte);
    expect(memory.grownBytes()).toBeLessThan(64 * 1024 * 1024);
  });

  it('never takes a broken input for an ended one', async () => {
    const stdin = new PassThrough();
    stdin.write('half of it');
    setTimeout(() => stdin.destroy(new Error('the dump failed')), 300);
    const marker = `/tmp/transport-test-${randomBytes(8).toString('hex')}`;
    const { outcome } = await open().run(
      command('sh', '-c', 'cat >/dev/null; touch "$1"', 'sh', marker), { stdin });
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(outcome.kind === 'unknown' && outcome.why).toContain('the dump failed');
    expect((await open().run(command('test', '-e', marker))).outcome)
      .toEqual({ kind: 'exited', status: 1 });
  });

  it('ends the command where the receiver of its output fails', async () => {
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    const { outcome } = await open().run(command('yes'), { stdout: sink });
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(outcome.kind === 'unknown' && outcome.why).toContain('full');
  });

  it('starts a session whose input stays open', async () => {
    const session = open().start(command('cat'));
    const lines = session.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    session.stdin.write('one\n');
    expect(String((await lines.next()).value)).toBe('one\n');
    session.stdin.end('two\n');
    expect(String((await lines.next()).value)).toBe('two\n');
    expect((await lines.next()).done).toBe(true);
    expect((await session.done).outcome).toEqual({ kind: 'exited', status: 0 });
  });

  it('ends the near side of a session only', async () => {
    const session = open().start(shell('echo $$; sleep 30; :'));
    const pid = await firstNumber(session.stdout);
    session.kill();
    expect((await session.done).outcome).toMatchObject({ kind: 'unknown' });
    expect(alive(pid)).toBe(true);
    process.kill(-pid, 'SIGKILL');
  });
}

function describeCommands(open: () => Transport): void {
  const hostile = ['', '-n', '--', "'", '"', '\\', '\n', '\n\n', '$(id)', '`id`', '$HOME', '*',
    '!', '!!', '~', '#', 'a b ', '\t', 'é日本😀', '=x', '{a,b}', "'\\''", '%s\\c', ';&|<>',
    '\u001e', '\u0081', 'x'.repeat(100_000)];

  it('gives hostile arguments byte for byte', async () => {
    const { stdout } = await open().run(command('printf', '%s\\0', ...hostile));
    expect(stdout.split('\0').slice(0, -1)).toEqual(hostile);
  });

  it('sets the environment and the directory', async () => {
    const { stdout } = await open().run({
      ...command('sh', '-c', 'printf "%s|%s" "$GREETING" "$PWD"'),
      env: { GREETING: '$(id) \'"é\n' }, cwd: '/usr/share',
    });
    expect(stdout).toBe('$(id) \'"é\n|/usr/share');
  });

  it('runs nothing where the directory is missing', async () => {
    const { outcome, stdout } = await open().run({ ...shell('echo ran'), cwd: '/no/such' });
    expect(outcome.kind === 'exited' && outcome.status > 0).toBe(true);
    expect(stdout).toBe('');
  });

  it('takes nothing from the environment of this process', async () => {
    process.env['TRANSPORT_TEST_TOKEN'] = 'leaked';
    const { stdout } = await open().run(command('env'));
    delete process.env['TRANSPORT_TEST_TOKEN'];
    expect(stdout).not.toContain('leaked');
    expect(stdout).toMatch(/^PATH=/m);
  });

  it('keeps INT deliverable: nothing runs as a background job', async () => {
    const { outcome } = await open().run(command('sh', '-c', 'kill -INT $$; exit 0'));
    expect(outcome).toEqual({ kind: 'signalled', signal: 2 });
  });

  it('shows a secret input in no argument list and no environment', async () => {
    const secret = randomBytes(16).toString('hex');
    const running = open().run(
      { ...shell('sleep 1; wc -c'), stdin: new Secret(secret) });
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const text of processTexts()) if (text.includes(secret)) seen.add(text);
    }, 20);
    const { stdout } = await running;
    clearInterval(watch);
    expect(stdout.trim()).toBe('32');
    expect([...seen]).toEqual([]);
  });

  it('runs 50 commands that overlap', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, async (_, index) =>
      await open().run({ ...shell('cat; sleep 0.1; exit 7'), stdin: `${index}` })));
    expect(results.map((it) => it.stdout)).toEqual(results.map((_, index) => `${index}`));
    expect(results.every((it) => it.outcome.kind === 'exited' && it.outcome.status === 7))
      .toBe(true);
  });
}

/** A family that does not go by TERM: a child and a grandchild that ignore it. */
const family = [
  "trap '' TERM; sleep 61 & echo $!",
  "sh -c 'sleep 62 & echo $!; wait' & echo $!; echo $$; wait",
].join('; ');

function describeEnding(open: () => Transport): void {
  it.each(['signal', 'timeoutMs'] as const)('ends the whole far group by %s', async (by) => {
    const sink = new Collector();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 700);
    const options = by === 'signal' ? { signal: abort.signal } : { timeoutMs: 700 };
    const { outcome } = await open().run(shell(family), { ...options, stdout: sink });
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(outcome.kind === 'unknown' && outcome.why)
      .toMatch(by === 'signal' ? /^it was cancelled$/ : /^it took longer than 700 ms$/);
    const pids = sink.bytes().toString().trim().split('\n').map(Number);
    expect(pids).toHaveLength(4);
    expect(pids.filter(alive)).toEqual([]);
  });

  it('lets a command clean up at TERM', async () => {
    const sink = new Collector();
    await open().run(shell("trap 'echo bye; exit 1' TERM; echo hi; sleep 60 & wait"),
      { timeoutMs: 700, stdout: sink });
    expect(sink.bytes().toString()).toBe('hi\nbye\n');
  });

  it('starts nothing once it is cancelled', async () => {
    const marker = `/tmp/transport-test-${randomBytes(8).toString('hex')}`;
    const { outcome } = await open().run(command('touch', marker),
      { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect((await open().run(command('test', '-e', marker))).outcome)
      .toEqual({ kind: 'exited', status: 1 });
  });
}

function describeClosing(subject: Subject): void {
  it('tells a lost connection as unknown', async () => {
    const host = await subject.open();
    const session = host.start(shell('echo $$; sleep 63; exit 0'));
    const pid = await firstNumber(session.stdout);
    session.stdout.resume();
    subject.cut(pid);
    const { outcome } = await session.done;
    expect(outcome).toMatchObject({ kind: 'unknown' });
    await host.close();
    if (alive(pid)) process.kill(-pid, 'SIGKILL');
  });

  it('closes twice, ends what runs as unknown, and starts nothing afterwards', async () => {
    const host = await subject.open();
    const running = host.run(command('sleep', '2'));
    await host.run(command('true'));
    await Promise.all([host.close(), host.close()]);
    await host.close();
    expect((await running).outcome).toMatchObject({ kind: 'unknown' });
    expect((await host.run(command('true'))).outcome).toMatchObject({ kind: 'unknown' });
  });
}
