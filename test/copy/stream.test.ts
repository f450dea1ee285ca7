import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync }
  from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../../src/command/command.ts';
import { copyToStaging } from '../../src/copy/copy.ts';
import { Meter } from '../../src/copy/meter.ts';
import { transfer, type TransferInput } from '../../src/copy/transfer.ts';
import { openLocal } from '../../src/host/local.ts';
import type { RunOptions, RunResult, Transport } from '../../src/host/transport.ts';
import { transpile } from '../fakes/transpile.ts';
import { makeHosts, scratches, treeOf, type Hosts } from './hosts.ts';

/** A connection that is lost once so many bytes of output have come; not more often than given. */
class Cutting implements Transport {
  readonly name = 'cutting';
  /** Bytes that each stream brought. */
  readonly brought: number[] = [];
  readonly #inner = openLocal();
  readonly #after: number;
  #cuts: number;

  constructor(after: number, cuts: number) {
    this.#after = after;
    this.#cuts = cuts;
  }

  async run(what: Parameters<Transport['run']>[0], options: RunOptions = {}): Promise<RunResult> {
    const { stdout } = options;
    if (stdout === undefined) return await this.#inner.run(what, options);
    const at = this.brought.push(0) - 1;
    const cut = new AbortController();
    const through = new PassThrough();
    through.on('data', (chunk: Buffer) => {
      this.brought[at] = (this.brought[at] ?? 0) + chunk.length;
      if (this.#cuts === 0 || (this.brought[at] ?? 0) < this.#after) return;
      this.#cuts -= 1;
      cut.abort();
    });
    through.on('error', (error) => stdout.destroy(error));
    through.pipe(stdout);
    return await this.#inner.run(what, { ...options, stdout: through, signal: cut.signal });
  }

  start(what: Parameters<Transport['start']>[0]): ReturnType<Transport['start']> {
    return this.#inner.start(what);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }
}

/** A host that is slow to tell what it has of a copy. */
function slowToTell(): Transport {
  const inner = openLocal();
  return { name: 'slow', start: (what) => inner.start(what), close: () => inner.close(),
    run: async (what, options) => {
      if (what.argv.includes('known_directory')) await sleep(700);
      return await inner.run(what, options);
    } };
}

const filesCount = 40;
const fileBytes = 100_000;

function fill(hosts: Hosts): void {
  mkdirSync(join(hosts.production, 'up/sub'), { recursive: true });
  mkdirSync(join(hosts.production, 'code'));
  for (let at = 0; at < filesCount; at += 1) {
    writeFileSync(join(hosts.production, `up/sub/${at}`), randomBytes(fileBytes));
  }
}

const state = ['directory: "{root}/up"'];
const side = (hosts: Hosts): string => join(hosts.staging, `.seatrial-${hosts.application}`);
const contents = (root: string): string => spawnSync('sh', ['-c',
  'cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum', 'sh', root],
{ encoding: 'utf8' }).stdout;

describe('a stream that is cut', () => {
  it.each([['taken up where it was, and the copy is whole', openLocal],
    ['taken up by a host that is slow to tell where it was', slowToTell],
  ])('is %s', async (_, openStaging) => {
    const cutting = new Cutting(filesCount * fileBytes * 0.7, 1);
    const hosts = makeHosts({ state,
      transport: (role) => (role === 'production' ? cutting : openStaging()) });
    fill(hosts);
    // What changed a moment ago is sent twice.
    await sleep(100);
    const records = await copyToStaging(hosts.input());
    expect(records[0]?.reused).toBeUndefined();
    expect(contents(join(side(hosts), 'pristine-up'))).toBe(contents(join(hosts.production, 'up')));
    const [first = 0, second = 0] = cutting.brought.filter((it) => it > fileBytes);
    expect(first).toBeGreaterThan(filesCount * fileBytes * 0.6);
    expect(second).toBeLessThan(filesCount * fileBytes * 0.7);
    expect(hosts.events.filter((it) => it.kind === 'warning')).toHaveLength(1);
    await hosts.close();
  });

  it('again and again is told, and nothing of it is left', async () => {
    const cutting = new Cutting(1, 99);
    const hosts = makeHosts({ state,
      transport: (role) => (role === 'production' ? cutting : openLocal()) });
    fill(hosts);
    const before = treeOf(hosts.production);
    await expect(copyToStaging(hosts.input())).rejects.toThrow(/up was cut 3 times: production: /);
    expect(readdirSync(side(hosts))).toEqual([]);
    expect(treeOf(hosts.production)).toBe(before);
    expect(scratches(hosts)).toEqual([]);
    await hosts.close();
  });

  it('by a person ends it, and nothing of it is left', async () => {
    const hosts = makeHosts({ state, more: ['copy: { rate: 1MB }'] });
    fill(hosts);
    const cancel = new AbortController();
    const copying = copyToStaging(hosts.input({ cancel: cancel.signal,
      report: (event) => { if (event.kind === 'progress') cancel.abort(); } }));
    await expect(copying).rejects.toThrow(/cancelled while .*up was copied/);
    expect(readdirSync(side(hosts))).toEqual([]);
    expect(scratches(hosts)).toEqual([]);
    await hosts.close();
  });
});

const steady = (bytes: number): TransferInput => {
  const local = openLocal();
  return {
    production: local, staging: local,
    copy: command('head', '-c', String(bytes), '/dev/zero'), receive: command('wc', '-c'),
    known: undefined, what: 'Copy', total: bytes, rateMax: undefined, report: () => undefined,
    cancel: new AbortController().signal, clock: () => performance.now(),
  };
};

describe('a stream', () => {
  it('is held back to its rate, whatever the size of a chunk', async () => {
    for (const chunk of [1000, 70_000]) {
      const began = performance.now();
      let done = 0;
      const meter = new Meter({ rateMax: 1_000_000, clock: () => performance.now(),
        onBytes: (bytes) => { done = bytes; } });
      const source = Readable.from(function* () {
        for (let at = 0; at < 700_000; at += chunk) yield Buffer.alloc(chunk);
      }());
      await pipeline(source, meter, new Writable({ write: (_chunk, _encoding, next) => next() }));
      expect(done).toBe(700_000);
      const ms = performance.now() - began;
      expect(ms).toBeGreaterThan(400);
      expect(ms).toBeLessThan(5000);
    }
  });

  it('takes no more memory when it is ten times as long', async () => {
    const peakOf = async (bytes: number): Promise<number> => {
      let peak = 0;
      const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss); }, 20);
      const moved = await transfer(steady(bytes));
      clearInterval(timer);
      expect(moved).toMatchObject({ kind: 'whole', bytes });
      return peak;
    };
    await peakOf(50_000_000);
    const small = await peakOf(50_000_000);
    const large = await peakOf(500_000_000);
    expect(large - small).toBeLessThan(60_000_000);
  });

  it('tells how far it is, and the end exactly', async () => {
    const hosts = makeHosts({ state });
    fill(hosts);
    const [record] = await copyToStaging(hosts.input());
    const told = hosts.events.filter((it) => it.kind === 'progress' && it.what.endsWith('/up'));
    expect(told[0]).toMatchObject({ total: expect.any(Number) as number });
    expect(told.at(-1)).toMatchObject({ done: record?.bytes, total: record?.bytes });
    await hosts.close();
  });
});

// Where node finds the packages, and git and the other tests see nothing.
const scratch = resolve(import.meta.dirname, '../../.tmp');
mkdirSync(scratch, { recursive: true });
const folder = mkdtempSync(join(scratch, 'copy-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** A runner of its own, to be killed. */
const runner = (hosts: Hosts): string => {
  const path = join(folder, 'runner.mjs');
  const { production, staging } = hosts.input();
  writeFileSync(path, `
import { copyToStaging } from './copy/copy.js';
import { openLocal } from './host/local.js';
const local = openLocal();
const side = (config) => ({ config, transport: local, host: { name: 'h', open: openLocal } });
await copyToStaging({
  production: { ...side(${JSON.stringify(production.config)}), machine: 'm', release: '',
    installed: 'i' },
  staging: side(${JSON.stringify(staging.config)}), run: 'killed',
  report: () => undefined, cancel: new AbortController().signal, clock: () => Date.now(),
  fresh: true, readFile: async () => '' });
await local.close();
`);
  return path;
};

describe('a runner that is killed', () => {
  it('at any point leaves nothing that could be taken for a copy', async () => {
    transpile(folder);
    const hosts = makeHosts({ state: [...state],
      more: ['mask: [{ state: up, run: "sleep 0.3; touch {copy}/masked" }]',
        'copy: { rate: 4MB }'] });
    fill(hosts);
    const before = treeOf(hosts.production);
    const path = runner(hosts);
    const pristine = join(side(hosts), 'pristine-up');
    for (let ms = 300; ms <= 3900; ms += 900) {
      const child = spawn(process.execPath, [path], { stdio: 'ignore' });
      const ended = new Promise((done) => child.once('close', done));
      await Promise.race([sleep(ms), ended]);
      child.kill('SIGKILL');
      await ended;
      // Far processes see the end of their streams.
      await sleep(300);
      if (existsSync(pristine)) {
        expect(readdirSync(pristine).sort()).toEqual(['masked', 'sub']);
        expect(readdirSync(join(pristine, 'sub'))).toHaveLength(filesCount);
      }
    }
    await copyToStaging(hosts.input({ fresh: true }));
    expect(readdirSync(side(hosts)).sort()).toEqual(['pristine-code', 'pristine-up']);
    expect(readFileSync(join(pristine, 'masked'), 'utf8')).toBe('');
    expect(contents(join(pristine, 'sub'))).toBe(contents(join(hosts.production, 'up/sub')));
    expect(treeOf(hosts.production)).toBe(before);
    expect(scratches(hosts)).toEqual([]);
    await hosts.close();
  }, 150_000);
});
