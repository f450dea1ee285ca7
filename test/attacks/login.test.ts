import { describe, expect, it } from 'vitest';
import { refused } from '../../src/host/ssh-refusal.ts';

const login = [
  'debug1: Authenticating to www.example.org:22 as \'deploy\'',
  'Authenticated to www.example.org ([192.0.2.1]:22) using "publickey".',
  'debug1: Sending command: exec sh -c …',
];
const statistics = ['Transferred: sent 3000, received 2900 bytes, in 0.1 seconds',
  'Bytes per second: sent 70381.5, received 67867.9'];

function told(lines: readonly string[]): string {
  return refused({ destination: 'deploy@www.example.org', knownHostsFile: 'known_hosts',
    log: `${lines.join('\n')}\n`, end: 'ssh ended with status 0' }).problems[0]?.message ?? '';
}

describe('a login that runs no command', () => {
  it('is told as such, without what ssh counts', () => {
    expect(told(['OpenSSH_9.2', ...login, ...statistics])).toBe('deploy@www.example.org let us log '
      + 'in, and its login shell ran no command: ssh ended with status 0');
    expect(told([...login, 'bash: fish: not found', ...statistics]))
      .toMatch(/ran no command: bash: fish: not found$/);
  });

  it('is something else at a jump host, or where the account is closed', () => {
    expect(told([...login, 'debug1: Authenticating to inner:22 as \'deploy\'',
      'deploy@inner: Permission denied (publickey).'])).toMatch(/^no connection to .*Permission/);
    expect(told([...login, 'This account is currently not available.']))
      .toMatch(/^no connection to .*not available/);
  });
});
