import { spawnSync } from 'node:child_process';
import { chownSync, ftruncateSync, linkSync, lutimesSync, mkdirSync, openSync, closeSync,
  symlinkSync,
  utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { need, which } from './sandbox.ts';

/** A state directory with everything that a careless copy loses. */
export function hostileTree(root: string): void {
  mkdirSync(join(root, 'sub/empty'), { recursive: true, mode: 0o750 });
  mkdirSync(join(root, 'sticky'), { mode: 0o755 });
  run('chmod', ['1777', join(root, 'sticky')]);
  const names = ['plain', '-rf', 'line\nbreak', 'a "quoted" one\'s $(name) `x`', 'tab\t*?[a]',
    ' space ', '.hidden', 'sub/deep'];
  for (const name of names) writeFileSync(join(root, name), `content of ${name}\n`);
  // A name that is no UTF-8.
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x61])]), 'bytes');
  writeFileSync(join(root, 'set-id'), 'x', { mode: 0o700 });
  run('chmod', ['4711', join(root, 'set-id')]);
  writeFileSync(join(root, 'secret'), 'nobody else', { mode: 0o600 });
  writeFileSync(join(root, 'empty-file'), '');
  linkSync(join(root, 'plain'), join(root, 'sub/same-as-plain'));
  symlinkSync('nowhere', join(root, 'dangling'));
  symlinkSync('/etc/hostname', join(root, 'absolute'));
  symlinkSync('sub', join(root, 'to-directory'));
  run('mkfifo', [join(root, 'fifo')]);
  sparse(join(root, 'sparse'));
  utimesSync(join(root, 'secret'), 1_000_000_000.5, 1_000_000_000.123);
  lutimesSync(join(root, 'dangling'), 1_000_000_000, 1_000_000_000);
  owners(root);
  lists(root);
}

function sparse(path: string): void {
  const file = openSync(path, 'w');
  writeSync(file, 'begin');
  ftruncateSync(file, 8 * 1024 * 1024);
  closeSync(file);
}

/** Only root can give files away. */
function owners(root: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(join(root, 'secret'), 12345, 54321);
  chownSync(join(root, 'sub'), 12345, 0);
}

function lists(root: string): void {
  if (which('setfacl') !== undefined) {
    run('setfacl', ['-m', 'u:12345:rw', join(root, '.hidden')]);
    run('setfacl', ['-d', '-m', 'g:54321:rx', join(root, 'sub')]);
  }
  if (which('setfattr') !== undefined) {
    run('setfattr', ['-n', 'user.note', '-v', 'kept', join(root, '.hidden')]);
  }
}

function run(program: string, words: readonly string[]): void {
  const done = spawnSync(need(program), words, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program}: ${done.stderr}`);
}
