import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workshop, failureOf, packaged, tarOutput } from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

describe('a tarball that the build made', () => {
  const built = (run: string, archive = 'out/app-{version}.tar.gz') => {
    const { path } = workshop.repository({ 'a.txt': '1', 'x:b.sh': '2' });
    return packaged(workshop, { repository: path,
      package: { run: `mkdir -p out/top-{version}; ${run}`, archive } });
  };
  const tar = 'tar -czf out/app-1.0.tar.gz';

  it('is repacked: own names, order, owner, time, rights', async () => {
    const run = `cp a.txt b.sh out/top-1.0; ${tar} --mtime=2031-01-01 --owner=joe:1000 `
      + '--mode=a+w -C out top-1.0/b.sh top-1.0/a.txt';
    const { archive } = await built(run);
    const list = tarOutput('--numeric-owner', '-tvf', archive);
    expect(list).toBe('drwxr-xr-x 0/0               0 2004-07-05 04:00 app-1.0/\n'
      + '-rw-r--r-- 0/0               1 2004-07-05 04:00 app-1.0/a.txt\n'
      + '-rwxr-xr-x 0/0               1 2004-07-05 04:00 app-1.0/b.sh\n');
    expect(readFileSync((await built(run)).archive)).toEqual(readFileSync(archive));
  });

  it.each([
    ['true', 'did not make out/app-1.0.tar.gz; in out is "top-1.0"'],
    ['echo x > out/app-1.0.tar.gz', 'cannot be unpacked'],
    [`${tar} a.txt`, 'no single top directory'],
    [`${tar} a.txt out/top-1.0`, 'no single top directory'],
    [`${tar} -P -C out/top-1.0 ../../a.txt`, 'cannot be unpacked'],
    [`ln -s /etc out/top-1.0/etc; ${tar} -C out top-1.0`, 'absolute path /etc'],
    [`cp b.sh out/top-1.0; chmod u+s out/top-1.0/b.sh; ${tar} -C out top-1.0`, 'setuid'],
  ])('by %j is refused', async (run, message) => {
    const error = await failureOf(built(run));
    expect(error.kind).toBe('refused');
    expect(error.message).toContain(message);
  });

  it('is only looked for inside the export', async () => {
    expect((await failureOf(built('true', '../x.tar'))).kind).toBe('bad-input');
  });
});
