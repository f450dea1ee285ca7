import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactJob } from './artifact-job.ts';
import { freePort } from '../free-port.ts';
import type { BlobFile } from './call.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import type { ArtifactStore } from './results.ts';
import { workflowServer } from './workflow-server.ts';

/**
 * The same round trip with the blob store that Microsoft's own emulator is: what our stand-in of
 * the store takes for granted is seen to be so. Azurite is installed for this one test only.
 */
const azurite = 'azurite@3.36.0';
const account = 'devstoreaccount1';
const container = 'artifacts';
const version = '2021-08-06';
const startTimeoutMs = 20_000;

let directory: string;
let child: ChildProcess;
let endpoint: string;
let fake: FakeGitHub;
/** A key of our own: `AZURITE_ACCOUNTS` sets it. */
const key = randomBytes(32).toString('base64');

function hmac(text: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
}

/** A shared access signature of the service, for one blob or for the whole container. */
function signed(blob: string, file?: BlobFile): string {
  const expiry = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const disposition = file === undefined ? '' : `attachment; filename="${file.name}"`;
  const type = file?.type ?? '';
  const permissions = 'racwd';
  const text = [permissions, '', expiry, `/blob/${account}/${container}/${blob}`, '', '', '',
    version, 'b', '', '', '', disposition, '', '', type].join('\n');
  const query = new URLSearchParams({ sv: version, se: expiry, sr: 'b', sp: permissions,
    ...(file === undefined ? {} : { rscd: disposition, rsct: type }), sig: hmac(text) });
  return `${endpoint}/${container}/${blob}?${query.toString()}`;
}

/** The container is made with the account's key; artifacts come with signed addresses only. */
async function makeContainer(): Promise<void> {
  const date = new Date().toUTCString();
  const text = ['PUT', '', '', '', '', '', '', '', '', '', '', '', `x-ms-date:${date}`,
    `x-ms-version:${version}`, `/${account}/${account}/${container}`, 'restype:container']
    .join('\n');
  const reply = await fetch(`${endpoint}/${container}?restype=container`, { method: 'PUT',
    headers: { 'x-ms-date': date, 'x-ms-version': version,
      authorization: `SharedKey ${account}:${hmac(text)}` } });
  if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`);
}

function started(port: number): Promise<void> {
  child = spawn(process.execPath, [join(directory,
    'node_modules/azurite/dist/src/blob/main.js'), '--inMemoryPersistence',
  '--skipApiVersionCheck', '--blobHost', '127.0.0.1', '--blobPort', String(port),
  '--disableTelemetry', '--silent'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', AZURITE_ACCOUNTS: `${account}:${key}` } });
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`Azurite did not start: ${said}`)),
      startTimeoutMs);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!said.includes('successfully listens')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('error', reject);
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'seatrial-azurite-'));
  execFileSync('npm', ['install', '--prefix', directory, '--no-audit', '--no-fund', '--silent',
    '--ignore-scripts', azurite], { stdio: 'pipe' });
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}/${account}`;
  await started(port);
  await makeContainer();
  const store: ArtifactStore = {
    open: () => {
      const blob = randomBytes(12).toString('hex');
      return { key: blob, url: signed(blob) };
    },
    sign: (blob, file) => signed(blob, file),
  };
  fake = await openFakeGitHub({ store });
});

afterAll(async () => {
  await fake.close();
  child.kill('SIGTERM');
  rmSync(directory, { recursive: true, force: true });
});

describe('a raw artifact in Azurite', () => {
  it('is uploaded in blocks and downloaded by its id, the bytes the same', async () => {
    workflowServer(fake).runChanged({ runId: 7, attempt: 1, runNumber: 1, event: 'push',
      workflowName: 'Release', workflowPath: '.github/workflows/release.yml',
      sha: 'a'.repeat(40), ref: 'refs/tags/v1.0.0', actor: 'mona', triggeringActor: 'mona',
      status: 'in_progress' });
    // More than one block of 8 MiB.
    const bytes = randomBytes(20 * 1024 * 1024);
    const file = join(directory, 'guestbook-1.0.0.tar.gz');
    writeFileSync(file, bytes);
    const expected = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const job = { runId: 7, attempt: 1, jobId: 70, expected };
    const up = await artifactJob(fake, job)('upload', file);
    expect(up.error).toBeUndefined();
    const there = join(directory, 'there');
    const down = await artifactJob(fake, { ...job, attempt: 2 })('fetch', String(up.ok?.id),
      there);
    expect(down).toMatchObject({ ok: { digestMismatch: false } });
    expect(readFileSync(join(there, 'guestbook-1.0.0.tar.gz')).equals(bytes)).toBe(true);
    const forged = await fetch(signed('nothing').replace(/sig=.*/, 'sig=AAAA'));
    expect(forged.status).toBe(403);
    expect(fake.violations).toEqual([]);
  });
});
