import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeKnownHosts, writePrivateKey } from '../../src/host/identity-files.ts';
import { SeatrialError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { lacks } from '../transaction/sandbox.ts';

let directory = '';
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'seatrial-identity-')); });
afterEach(() => { rmSync(directory, { recursive: true }); });

function makeKey(): string {
  const path = join(directory, 'made');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return readFileSync(path, 'utf8');
}

/** What ssh itself makes of the file. */
function publicKeyOf(path: string): string {
  return execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
}

function refusal(text: string): string {
  try {
    writePrivateKey(new Secret(text), directory);
  } catch (error) {
    if (error instanceof SeatrialError) return error.message;
    throw error;
  }
  return 'no error';
}

describe.skipIf(lacks('ssh-keygen'))('a private key from a secret', () => {
  it.each([
    ['as it is', (key: string) => key],
    ['without its last line\'s end, as GitHub hands a secret over', (key: string) => key.trimEnd()],
    ['with the line ends of Windows', (key: string) => key.replaceAll('\n', '\r\n')],
    ['with blanks around it', (key: string) => `\n  ${key}\n\n`],
  ])('is a key that ssh takes: %s', (_, change) => {
    const key = makeKey();
    const path = writePrivateKey(new Secret(change(key)), directory);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(publicKeyOf(path)).toBe(publicKeyOf(join(directory, 'made')));
  });

  it('is refused where it is the public one, lost its lines, or is something else', () => {
    const key = makeKey();
    const open = readFileSync(join(directory, 'made.pub'), 'utf8');
    expect(refusal(open)).toMatch(/ssh-private-key: is a public key/);
    expect(refusal(key.replaceAll('\n', ' '))).toMatch(/lost its lines/);
    expect(refusal('hunter2')).toMatch(/is no private key/);
    for (const text of [open, key, 'hunter2']) {
      expect(refusal(`x${text}`)).not.toContain(text.slice(20, 40) || text);
    }
  });
});

it('lines of known_hosts become a file, one line each', () => {
  const path = writeKnownHosts(' www ssh-ed25519 AAAA\r\nstaging ssh-ed25519 BBBB ', directory);
  expect(readFileSync(path, 'utf8')).toBe('www ssh-ed25519 AAAA\nstaging ssh-ed25519 BBBB\n');
});
