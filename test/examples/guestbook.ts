import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const source = resolve(import.meta.dirname, '../../examples/guestbook');
const commandTimeoutMs = 60_000;

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end; never throws for an exit status. */
export function run(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((done) => {
    execFile(file, args, { env, timeout: commandTimeoutMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, output: stdout + stderr });
    });
  });
}

/** One guestbook in a temporary directory: releases of any version over one DATA directory. */
export class Guestbook {
  readonly root = mkdtempSync(join(tmpdir(), 'guestbook-'));
  readonly data = join(this.root, 'data');
  readonly log = join(this.root, 'run/guestbook.log');
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  release(version: string): string {
    return join(this.root, version);
  }

  async make(version: string): Promise<void> {
    const args = [join(source, 'make.mjs'), version, this.release(version)];
    const made = await run(process.execPath, args, {});
    if (made.code !== 0) throw new Error(made.output);
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: '/usr/bin:/bin', NODE: process.execPath,
      DATA: this.data, RUN: join(this.root, 'run'), PORT: String(this.port),
    };
  }

  command(version: string, ...args: string[]): Promise<Outcome> {
    return run(join(this.release(version), 'bin/guestbook'), args, this.environment);
  }

  /** The command's exit status must be 0. */
  async must(version: string, ...args: string[]): Promise<string> {
    const { code, output } = await this.command(version, ...args);
    if (code !== 0) throw new Error(`guestbook ${args.join(' ')} of ${version}: ${output}`);
    return output;
  }

  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`);
  }

  async text(path: string): Promise<string> {
    return await (await this.get(path)).text();
  }

  async add(entry: object): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.port}/entries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(entry),
    });
    if (response.status !== 201) throw new Error(await response.text());
    return (await response.json() as { id: number }).id;
  }

  pid(): number {
    return Number(readFileSync(join(this.root, 'run/guestbook.pid'), 'utf8'));
  }

  /** Runs a program of ours inside the release `version`, with the data as working directory. */
  script(version: string, text: string): Promise<Outcome> {
    const head = `import { openDatabase } from '${this.release(version)}/lib/database.mjs';
      const database = openDatabase('${this.data}');`;
    return new Promise((done) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', head + text]);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
      child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString(); });
      child.on('close', (code) => done({ code: code ?? -1, output }));
    });
  }

  /** Ends the server, however the test ended, and removes everything. */
  async remove(version: string): Promise<void> {
    await this.command(version, 'stop');
    rmSync(this.root, { recursive: true, force: true });
  }
}
