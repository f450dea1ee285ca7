import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Site } from '../commands/approval-site.ts';
import { transpile } from '../fakes/transpile.ts';

/** A person at a real terminal: a pseudo-terminal that script (util-linux) makes. */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'seatrial-ask-'));
const program = join(folder, 'src/entry/index.js');
const answerMs = 60_000;
let site: Site;

beforeAll(() => {
  transpile(join(folder, 'src'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
beforeEach(() => { site = new Site(); });
afterEach(() => { site.remove(); });

interface Typed {
  /** Everything that the terminal showed. */
  readonly screen: string;
  readonly status: number | null;
  /** Standard output, where it does not go to the terminal. */
  readonly output: string;
}

interface More {
  /** Shell text after the command. */
  readonly shell?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Types `keys` as soon as the question stands there. Ctrl-C reaches every process of the terminal:
 * a shell that waited for the program would end of it with a status of its own (dash: 130), so the
 * program takes the shell's place, whichever shell that is.
 */
async function atTerminal(words: readonly string[], keys: string,
  { shell = '', environment = {} }: More = {}): Promise<Typed> {
  const output = join(site.root, 'output');
  const line = [process.execPath, program, ...words].map((it) => `'${it}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command',
    `exec ${line} ${shell.replace('OUTPUT', output)}`, '/dev/null'], { timeout: answerMs,
    env: { ...process.env, SHELL: '/bin/sh', GITHUB_STEP_SUMMARY: '', GITHUB_ACTIONS: '',
      ...environment } });
  let screen = '';
  let typed = false;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    if (typed || !screen.includes('to go on: ')) return;
    typed = true;
    child.stdin.write(keys);
  });
  const status = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  const text = existsSync(output) ? readFileSync(output, 'utf8') : '';
  return { screen, status, output: text };
}

async function deployWords(): Promise<string[]> {
  return ['deploy', '--config', site.config, '--release', await site.release('1.0.0')];
}

describe('the question at a terminal', () => {
  it('is answered, the deployment goes on, and the program ends', async () => {
    const { screen, status } = await atTerminal(await deployWords(), '1.0.0\r');
    expect(screen).toMatch(/app on production \(local\): \(nothing\) -> 1\.0\.0\r\n +rehearsal/);
    expect(screen).toContain('DONE');
    expect(status).toBe(0);
    expect(site.installed()?.['approval']).toMatch(/^confirmed by .*@.* at the terminal$/);
  });

  it('is put once more after a slip', async () => {
    const { screen, status } = await atTerminal(await deployWords(), 'yes\r1.0.0\r');
    expect(screen).toContain('yes is not what was asked for. Type 1.0.0 or app to go on: ');
    expect(status).toBe(0);
  });

  it.each([['Ctrl-C', '\u0003'], ['the end of the input', '\u0004'], ['Enter alone', '\r']])(
    '%s cancels, and nothing was touched', async (_, keys) => {
      const { screen, status } = await atTerminal(await deployWords(), keys);
      expect(screen).toMatch(/cancelled: /);
      expect(screen).toContain('Nothing was touched.');
      expect(status).toBe(13);
      expect(site.installed()).toBeUndefined();
    });

  it('is put with --json too, and the result stands alone in its file', async () => {
    const { screen, status, output } = await atTerminal([...await deployWords(), '--json'],
      'app\r', { shell: '> OUTPUT' });
    expect(screen).toContain('Type 1.0.0 or app to go on: ');
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ end: 'done',
      approval: expect.stringMatching(/ at the terminal$/) as string });
  });

  it.each([['input', '< /dev/null'], ['output', '> OUTPUT']])(
    'is not put where the %s is no terminal: a script', async (_, shell) => {
      const { screen, status, output } = await atTerminal(await deployWords(), '', { shell });
      expect(screen + output).not.toContain('to go on');
      expect(status).toBe(0);
      expect(site.installed()?.['version']).toBe('1.0.0');
    });

  it('is not put with --yes', async () => {
    const { screen, status } = await atTerminal([...await deployWords(), '--yes'], '');
    expect(screen).not.toContain('to go on');
    expect(status).toBe(0);
  });

  it('is not put in a job, whose runner may have a terminal: that is a log', async () => {
    site.remove();
    site = new Site('approval: { external: by the board }');
    const { screen, status } = await atTerminal(await deployWords(), '',
      { environment: { GITHUB_ACTIONS: 'true' } });
    expect(screen).not.toContain('to go on');
    expect(screen.replaceAll('\r\n', '\n')).not.toMatch(/\r|\u001b/);
    expect(status).toBe(0);
    expect(site.installed()?.['version']).toBe('1.0.0');
  });
});
