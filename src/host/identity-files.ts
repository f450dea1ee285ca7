import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeatrialError, type Problem } from '../errors.ts';
import type { Secret } from '../secret.ts';

/**
 * Writes a private key that came as text into a file that ssh accepts: only for this user, with a
 * line's end at its end: ssh says "error in libcrypto" of a key without one.
 * Throws `bad-input` where the text cannot be a private key; the text itself is never shown.
 */
export function writePrivateKey(key: Secret, directory: string): string {
  const text = `${key.reveal().replace(/\r\n?/g, '\n').trim()}\n`;
  const problem = keyProblem(text);
  if (problem !== undefined) throw new SeatrialError('bad-input', [problem]);
  const path = join(directory, 'identity');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function keyProblem(text: string): Problem | undefined {
  const place = 'ssh-private-key';
  if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\n[\s\S]+\n-----END [A-Z0-9 ]*PRIVATE KEY-----\n$/
    .test(text)) return undefined;
  if (/^(ssh-|ecdsa-|sk-)/.test(text)) {
    return { place, message: 'is a public key',
      fix: 'Put the private one into the secret: the file without .pub.' };
  }
  return { place, message: 'is no private key, or lost its lines',
    fix: 'Put the whole file into the secret, from -----BEGIN to -----END, lines as they are.' };
}

/** Lines of known_hosts as a file of their own. */
export function writeKnownHosts(lines: string, directory: string): string {
  const path = join(directory, 'known_hosts');
  writeFileSync(path, `${lines.replace(/\r\n?/g, '\n').trim()}\n`, { mode: 0o600 });
  return path;
}
