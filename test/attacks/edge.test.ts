import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transpile } from '../fakes/transpile.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'attack-edge-'));
const program = join(folder, 'src/entry/index.js');

beforeAll(() => {
  transpile(join(folder, 'src'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe('the edge of the program', () => {
  it('survives a reader that goes away', async () => {
    const child = spawn(process.execPath, [program, 'schema'],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
    const code = await new Promise((done) => child.on('close', done));
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  it('tells a temporary directory that is not there as a problem of the world', () => {
    const { status, stderr } = spawnSync(process.execPath, [program, 'version'],
      { env: { PATH: process.env['PATH'] ?? '', TMPDIR: '/nonexistent' }, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^bad-input: no temporary directory can be made in \/nonexistent\n/);
  });
});
