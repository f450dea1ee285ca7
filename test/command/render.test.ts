import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { command, raw } from '../../src/command/command.ts';
import { quote } from '../../src/command/quote.ts';
import { and, pipe, redacted, render } from '../../src/command/render.ts';
import { Secret } from '../../src/secret.ts';

const shells = ['dash', 'bash'];
const hostile = fc.oneof(
  fc.constantFrom('', '-n', '--', "'", '"', '\\', '\n', '\r\n', '$(id)', '`id`', '$HOME', '*', '?',
    '!', '!!', '~', '#', 'a b', '\t', 'é', '日本', '😀', '=x', 'a=b', '{a,b}', '[a-z]', "'\\''",
    '\u0081\u0088', '\\c', '%s', ';', '&', '|', '<', '>', '\u001e'),
  fc.string({ unit: 'binary' }).filter((it) => !it.includes('\0')),
  fc.stringMatching(/^['"\\$`!\n -~]*$/),
).map((it) => Buffer.from(it).toString());

function sh(shell: string, text: string, input = ''): { status: number | null; stdout: string } {
  return spawnSync(shell, ['-c', text], { encoding: 'utf8', input });
}

describe('quote', () => {
  it.each(shells)('gives every argument back byte for byte in %s', (shell) => {
    fc.assert(fc.property(fc.array(hostile, { minLength: 1, maxLength: 40 }), (words) => {
      const text = `printf '%s\\0' ${words.map(quote).join(' ')}`;
      const given = execFileSync(shell, ['-c', text]).toString();
      expect(given).toBe(words.map((it) => `${it}\0`).join(''));
    }), { numRuns: 150 });
  });

  it.each(shells)('survives a second %s', (shell) => {
    fc.assert(fc.property(hostile, (word) => {
      const text = `${shell} -c ${quote(`printf '%s\\0' ${quote(word)}`)}`;
      expect(execFileSync(shell, ['-c', text]).toString()).toBe(`${word}\0`);
    }), { numRuns: 60 });
  });

  it('leaves plain words readable', () => {
    expect(quote('/srv/app-1.2:x@y,z=%+')).toBe('/srv/app-1.2:x@y,z=%+');
    expect(quote('')).toBe("''");
  });

  it('refuses NUL as a bug', () => {
    expect(() => quote('a\0b')).toThrow(/NUL/);
  });
});

describe('render', () => {
  it.each<[string, Parameters<typeof render>[0], string]>([
    ['plain', command('ls', '-l', '--', '/srv/a b'), "ls -l -- '/srv/a b'"],
    ['directory', { ...command('ls'), cwd: '/srv/x y' }, "cd -- '/srv/x y' && ls"],
    ['environment', { ...command('ls'), env: { A: 'b c', D: '' } }, "env -- 'A=b c' D= ls"],
    ['raw', command(raw('ls *.txt | wc -l', 'a glob')), 'ls *.txt | wc -l'],
    ['raw in a directory', { ...command(raw('a || b # c', '')), cwd: '/x' },
      'cd -- /x && { a || b # c\n}'],
    ['raw with environment', { ...command(raw('a; b', '')), env: { A: '1' } },
      "env -- A=1 sh -c 'a; b'"],
    ['a program with =', { ...command('a=b'), env: { A: '1' } }, 'env -- A=1 sh -c a=b'],
  ])('%s', (_, given, text) => {
    expect(render(given)).toBe(text);
  });

  it.each(shells)('brings environment, directory and arguments through %s', (shell) => {
    fc.assert(fc.property(hostile, hostile, (value, word) => {
      const text = render({
        ...command('sh', '-c', 'printf "%s\\0" "$V" "$PWD" "$1"', 'sh', word),
        env: { V: value }, cwd: '/usr',
      });
      expect(sh(shell, text).stdout).toBe(`${value}\0/usr\0${word}\0`);
    }), { numRuns: 60 });
  });

  it('runs nothing where the directory is missing', () => {
    const text = render({ ...command(raw('true; echo ran', '')), cwd: '/no/such' });
    expect(sh('dash', text)).toMatchObject({ stdout: '' });
    expect(sh('dash', text).status).not.toBe(0);
  });

  it('refuses bad names, relative directories and no program as bugs', () => {
    expect(() => render({ ...command('a'), env: { 'A B': '' } })).toThrow(/name/);
    expect(() => render({ ...command('a'), cwd: 'x' })).toThrow(/absolute/);
    expect(() => render(command())).toThrow(/program/);
  });

  it('shows no secret', () => {
    const shown = redacted({ ...command('psql'), stdin: new Secret('hunter2') });
    expect(shown).toBe('psql # stdin: ***');
    expect(redacted({ ...command('cat'), stdin: 'é' })).toBe('cat # stdin: 2 bytes');
  });
});

describe('combinators', () => {
  const exit = (status: number) => command('sh', '-c', `cat; exit ${status}`);

  it.each(shells)('and() stops at the first failure in %s', (shell) => {
    const fails = command(raw('echo a; false # no', ''));
    expect(sh(shell, render(and(command('echo', '1'), fails, command('echo', '2')))))
      .toMatchObject({ status: 1, stdout: '1\na\n' });
  });

  it.each(shells)('and() feeds only the command with input in %s', (shell) => {
    const both = and(command('cat'), { ...command('cat'), stdin: 'x' });
    expect(both.stdin).toBe('x');
    expect(sh(shell, render(both), 'x').stdout).toBe('x');
  });

  it.each(shells)('pipe() tells the failure of any part in %s', (shell) => {
    const status = fc.constantFrom(0, 0, 1, 3, 255);
    fc.assert(fc.property(fc.array(status, { minLength: 2, maxLength: 4 }),
      (statuses) => {
        const ran = sh(shell, render(pipe(...statuses.map(exit))), 'through');
        expect(ran.stdout).toBe('through');
        expect(ran.status).toBe(statuses.findLast((it) => it !== 0) ?? 0);
      }), { numRuns: 25 });
  });

  it.each(shells)('pipe() knows the status of a part that leaves by itself in %s', (shell) => {
    const leaves = (status: number) => command(raw(`echo x; exit ${status}`, ''));
    expect(sh(shell, render(pipe(leaves(0), command('cat'))))).toEqual(
      expect.objectContaining({ stdout: 'x\n', status: 0 }));
    expect(sh(shell, render(pipe(leaves(7), command('cat')))).status).toBe(7);
  });

  it.each(shells)('pipe() counts a part whose status is missing as failed in %s', (shell) => {
    const killsItsShell = raw('read -r a b c parent d </proc/self/stat; kill -9 "$parent"', '');
    const ran = sh(shell, render(pipe(command(killsItsShell), command('cat'))));
    expect(ran.status).toBe(1);
  });

  it('refuses input for more than one command as a bug', () => {
    const fed = { ...command('cat'), stdin: 'x' };
    expect(() => and(fed, fed)).toThrow(/only one/);
    expect(() => pipe(command('a'), fed)).toThrow(/only the first/);
  });
});
