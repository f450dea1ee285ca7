import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync,
  rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../../src/command/quote.ts';
import { deployContext } from '../../src/commands/context.ts';
import { rollbackContext } from '../../src/commands/rollback.ts';
import { parseArguments } from '../../src/config/arguments.ts';
import type { Config } from '../../src/config/config.ts';
import { gatherFacts } from '../../src/facts/gather.ts';
import { openLocal } from '../../src/host/local.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { compile } from '../../src/transaction/compile.ts';
import { copyTree, temporary, write } from '../transaction/sandbox.ts';

/** Flushing is real only where power is cut for real; waiting is shorter than on a host. */
function shims(): string {
  const box = temporary();
  write(join(box, 'sync'), '#!/bin/sh\nexit 0\n', 0o755);
  write(join(box, 'sleep'),
    '#!/bin/sh\ncase $1 in 1 | 2 | 3) exec /bin/sleep 0.05 ;; esac\nexec /bin/sleep "$1"\n', 0o755);
  return box;
}

interface Result {
  readonly end: string;
  readonly text: string;
}

/** One host in one directory, set back to a template before each case. */
export class FakeHost {
  readonly root: string;
  readonly config: Config;
  readonly #shims = shims();
  readonly #template: string;

  constructor(makeConfig: (root: string) => Config) {
    const directory = temporary();
    this.root = join(directory, 'host');
    this.#template = join(directory, 'template');
    this.config = makeConfig(this.root);
  }

  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  get records(): string {
    return this.config.records;
  }

  /** What stands now is what every case begins with. */
  keepAsTemplate(): void {
    copyTree(this.root, this.#template);
  }

  /** As it was kept, with nothing running. */
  reset(): void {
    this.endAll();
    rmSync(this.root, { recursive: true, force: true });
    copyTree(this.#template, this.root);
  }

  /** A plan for what stands now, as the commands make it. */
  async plan(archive: string, version: string, run: string): Promise<Plan> {
    const target = { version, digest: sha256(readFileSync(archive)), unpackedBytes: 1,
      archiveBytes: 1 };
    const facts = await this.#facts();
    return makePlan(deployContext({ config: this.config, facts, target, run, repair: '' }), 'fake');
  }

  async rollbackPlan(run: string): Promise<Plan> {
    const { options } = parseArguments(['rollback', '--with-state']);
    const facts = await this.#facts();
    return makePlan(rollbackContext({ config: this.config, facts, options, run }), 'fake');
  }

  async #facts() {
    const transport = openLocal();
    try {
      const facts = await gatherFacts(transport, this.config);
      return { ...facts, path: `${this.#shims}:${facts.path}` };
    } finally {
      await transport.close();
    }
  }

  /** Lays a run on the host, as `start.sh` does; `extra` stands before the program's last line. */
  lay(plan: Plan, archive: string | undefined, extra = ''): void {
    const directory = join(this.records, 'runs', plan.run);
    mkdirSync(directory, { recursive: true });
    const program = compile(plan, { by: 'a test' });
    writeFileSync(join(directory, 'program.sh'), program.replace(/main\n$/, `${extra}\nmain\n`));
    if (archive !== undefined) copyFileSync(archive, join(directory, 'release.tar.gz'));
    writeFileSync(join(directory, 'console.log'), '');
    if (!existsSync(join(this.records, 'gate'))) spawnSync('ln', ['-s', '.',
      join(this.records, 'gate')]);
  }

  /** Runs the program to its end, or its death. Its status, or undefined where it was killed. */
  async run(
    plan: Plan, how: { force?: boolean; watched?: boolean } = {},
  ): Promise<number | undefined> {
    const directory = join(this.records, 'runs', plan.run);
    const beat = (): void => {
      if (!existsSync(directory) || how.watched === false) return;
      const [uptime = ''] = readFileSync('/proc/uptime', 'utf8').split('.');
      writeFileSync(join(directory, 'watcher'), uptime);
    };
    beat();
    const beats = setInterval(beat, 2000);
    const console = join(directory, 'console.log');
    const child = spawn('/bin/sh', ['-c', `exec /bin/sh ${quote(join(directory, 'program.sh'))} \
>>${quote(console)} 2>&1`], { detached: true, stdio: 'ignore', env: {
      PATH: process.env.PATH, HOME: this.root, FORCE: how.force === true ? 'yes' : '' } });
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearInterval(beats);
    return status ?? undefined;
  }

  result(plan: Plan): Result | undefined {
    const path = join(this.records, 'runs', plan.run, 'result.json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as Result : undefined;
  }

  journal(plan: Plan): string[] {
    const path = join(this.records, 'runs', plan.run, 'journal');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  }

  console(plan: Plan): string {
    return readFileSync(join(this.records, 'runs', plan.run, 'console.log'), 'utf8');
  }

  /** Processes that have this host's directory in their arguments. */
  processes(): { pid: number; words: string }[] {
    return readdirSync('/proc').filter((it) => /^\d+$/.test(it)).flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ').trim();
        return words.includes(this.root) ? [{ pid: Number(pid), words }] : [];
      } catch {
        return [];
      }
    });
  }

  /** The power is cut: every process is gone, and what lives in memory with them. */
  cutPower(): void {
    this.endAll();
    rmSync(this.path('run'), { recursive: true, force: true });
    mkdirSync(this.path('run'));
    this.boot();
  }

  /** What an init script does: starts the application by its entry, if it finds that. */
  boot(): void {
    const isInstalled = existsSync(this.path('records/installed.json'));
    const entry = ['app/current/bin/start', 'bin/app'].map((it) => this.path(it)).find(existsSync);
    if (isInstalled && entry !== undefined) spawnSync('sh', [entry, this.root]);
  }

  endAll(): void {
    for (let tries = 0; tries < 50; tries += 1) {
      const alive = this.processes();
      if (alive.length === 0) return;
      for (const { pid } of alive) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended by itself.
        }
      }
      spawnSync('/bin/sleep', ['0.02']);
    }
    throw new Error(`these do not end: ${JSON.stringify(this.processes())}`);
  }
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Names and content of a tree; times are left out, since the old version wrote its own again. */
export function contents(path: string, name = ''): string[] {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return [`${name} is absent`];
  const mode = (entry.mode & 0o7777).toString(8);
  if (entry.isSymbolicLink()) return [`${name} -> ${readlinkSync(path)}`];
  if (!entry.isDirectory()) return [`${name} ${mode} ${sha256(readFileSync(path)).slice(0, 12)}`];
  return [`${name}/ ${mode}`, ...readdirSync(path).sort()
    .filter((child) => !child.startsWith('.seatrial-'))
    .flatMap((child) => contents(join(path, child), `${name}/${child}`))];
}
