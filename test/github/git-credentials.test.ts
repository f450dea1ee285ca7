import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitCredentials } from '../../src/github/git-credentials.ts';
import { openGit } from '../../src/package/git.ts';
import { packageRelease } from '../../src/package/package.ts';
import { Secret } from '../../src/secret.ts';

const token = 'ghs_0123456789abcdef';
const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
let directory: string;
let server: Server;
let url: string;
/** The authorizations of each request that reached the server. */
let seen: string[][];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'seatrial-credentials-'));
  seen = [];
  server = createServer((request, response) => {
    const sent: string[] = [];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      if (request.rawHeaders[index]?.toLowerCase() === 'authorization') {
        sent.push(request.rawHeaders[index + 1] ?? '');
      }
    }
    seen.push(sent);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});

afterEach(async () => {
  rmSync(directory, { recursive: true, force: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const plain = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1' };

function git(cwd: string, ...words: string[]): string {
  return execFileSync('git', words, { cwd, encoding: 'utf8', env: { ...plain, HOME: directory,
    GIT_AUTHOR_NAME: 'M', GIT_AUTHOR_EMAIL: 'm@example.org', GIT_COMMITTER_NAME: 'M',
    GIT_COMMITTER_EMAIL: 'm@example.org' } }).trim();
}

function repository(): string {
  const path = join(directory, 'repository');
  mkdirSync(path);
  git(path, 'init', '--quiet');
  writeFileSync(join(path, 'file'), 'x');
  git(path, 'add', 'file');
  git(path, 'commit', '--quiet', '--message', 'x');
  git(path, 'tag', 'v1.0.0');
  return path;
}

describe('the token for git', () => {
  it('stands behind what the environment has', () => {
    const made = gitCredentials({ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*', A: 'b' }, 'https://github.com', new Secret(token));
    expect(made).toEqual({ A: 'b', GIT_CONFIG_COUNT: '3', GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*', GIT_CONFIG_KEY_1: 'http.https://github.com/.extraheader',
      GIT_CONFIG_VALUE_1: '', GIT_CONFIG_KEY_2: 'http.https://github.com/.extraheader',
      GIT_CONFIG_VALUE_2: `AUTHORIZATION: basic ${basic}` });
  });

  it('never goes over a line that is not encrypted', () => {
    expect(gitCredentials({}, 'http://git.example.org', new Secret(token))).toEqual({});
  });

  it('reaches the server once, although a checkout left a header of its own', async () => {
    const path = repository();
    git(path, 'remote', 'add', 'origin', `${url}/octo/guestbook`);
    git(path, 'config', `http.${url}/.extraheader`, 'AUTHORIZATION: basic b2xk');
    const scratch = join(directory, 'scratch');
    mkdirSync(scratch);
    const opened = await openGit({ repository: path, scratch,
      environment: gitCredentials({ ...plain, HOME: directory }, url, new Secret(token)) });
    const place = await opened.create('asks');
    expect((await opened.run(place, 'ls-remote', `${url}/octo/guestbook`)).status).not.toBe(0);
    expect(seen.length).toBeGreaterThan(0);
    for (const sent of seen) expect(sent).toEqual([`basic ${basic}`]);
  });

  it('is not sent to another server', async () => {
    const path = repository();
    const scratch = join(directory, 'scratch');
    mkdirSync(scratch);
    const opened = await openGit({ repository: path, scratch, environment:
      gitCredentials({ ...plain, HOME: directory }, 'https://github.com', new Secret(token)) });
    const place = await opened.create('asks');
    await opened.run(place, 'ls-remote', `${url}/octo/guestbook`);
    expect(seen.flat()).toEqual([]);
    expect(seen.length).toBeGreaterThan(0);
  });

  it('is seen by no build: neither its environment nor a file below holds it', async () => {
    const path = repository();
    const scratch = join(directory, 'scratch');
    mkdirSync(scratch, { mode: 0o700 });
    const lines: string[] = [];
    await packageRelease({
      config: { application: 'guestbook', package: { directory: '.', recipe: [],
        run: `env; grep -rlF -e '${token}' -e '${basic}' '${scratch}' && exit 3; true`,
        include: [], exclude: [], archive: undefined, versions: [], tagPrefix: 'v',
        branches: [] } },
      repository: path, remote: undefined, tag: 'v1.0.0', output: join(directory, 'output'),
      scratch, seatrialVersion: '0.1.0',
      environment: gitCredentials({ ...plain, HOME: directory, GITHUB_TOKEN: token }, url,
        new Secret(token)),
      report: (event) => {
        if (event.kind === 'output') lines.push(event.line);
      },
    });
    expect(lines.join('\n')).toContain('SOURCE_DATE_EPOCH=');
    expect(lines.join('\n')).not.toMatch(/GIT_CONFIG|GITHUB_TOKEN/);
    expect(lines.join('\n')).not.toContain(basic);
    expect(lines.join('\n')).not.toContain(token);
  });
});
