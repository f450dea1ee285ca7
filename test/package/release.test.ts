import { execFileSync } from 'node:child_process';
import {
  appendFileSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PackagedRelease } from '../../src/package/package.ts';
import { readRelease } from '../../src/package/release.ts';
import { Workshop, failureOf, packaged, tarOutput } from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

const files = { 'a.txt': 'hello', 'x:bin/run': '#!/bin/sh\n', 'link': '->bin/run' };

function make(output?: string): Promise<PackagedRelease> {
  const { path } = workshop.repository(files);
  return packaged(workshop, { repository: path, ...(output === undefined ? {} : { output }) });
}

describe('the output', () => {
  it('is archive, manifest and checksums that sha256sum accepts, and nothing else', async () => {
    const output = workshop.directory();
    const made = await make(output);
    expect(readdirSync(output).sort()).toEqual(['SHA256SUMS', 'app-1.0.manifest.json',
      'app-1.0.tar.gz']);
    expect(execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'],
      { cwd: output, encoding: 'utf8' }))
      .toBe('app-1.0.manifest.json: OK\napp-1.0.tar.gz: OK\n');
    expect(JSON.parse(readFileSync(made.manifestPath, 'utf8'))).toEqual(made.manifest);
    expect(made.unchanged).toBe(false);
  });

  it('is the same from any place, umask, zone and time, twice', async () => {
    const run = 'touch -d @$(($(date +%s) - $$)) a.txt; umask';
    const { path } = workshop.repository(files);
    const results: Buffer[][] = [];
    for (const mask of [0o022, 0o077]) {
      const umask = process.umask(mask);
      const made = await packaged(workshop, { repository: path, package: { run },
        environment: { TZ: mask === 0o077 ? 'Pacific/Kiritimati' : 'America/Lima' } });
      process.umask(umask);
      results.push([made.archive, made.manifestPath, made.sumsPath].map((it) => readFileSync(it)));
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('follows SOURCE_DATE_EPOCH, else the commit', async () => {
    const { path } = workshop.repository(files);
    const at = (epoch: string) =>
      packaged(workshop, { repository: path, environment: { SOURCE_DATE_EPOCH: epoch } });
    const made = await at('86400');
    expect(made.manifest.sourceDateEpoch).toBe(86400);
    expect(tarOutput('-tvf', made.archive)).toContain('1970-01-02');
    expect((await at('')).manifest.sourceDateEpoch).toBe(1089000000);
    for (const wrong of ['-1', 'now', '2147483648', '1.5', '0x10']) {
      expect((await failureOf(at(wrong))).problems[0]?.place).toBe('SOURCE_DATE_EPOCH');
    }
  });

});

describe('an output directory that is not empty', () => {
  it('is left unchanged by the same release, and completed when a part is missing', async () => {
    const output = workshop.directory();
    const first = await make(output);
    const sums = readFileSync(first.sumsPath, 'utf8');
    expect((await make(output)).unchanged).toBe(true);
    rmSync(first.manifestPath);
    rmSync(first.sumsPath);
    expect((await make(output)).unchanged).toBe(false);
    expect(readFileSync(first.sumsPath, 'utf8')).toBe(sums);
  });

  it('never gets other bytes under the same name', async () => {
    const output = workshop.directory();
    await make(output);
    const before = readdirSync(output).map((it) => readFileSync(join(output, it)));
    const other = workshop.repository({ 'a.txt': 'other' });
    const error = await failureOf(packaged(workshop, { repository: other.path, output }));
    expect(error.kind).toBe('refused');
    expect(error.problems.map((it) => it.message)).toEqual([
      expect.stringMatching(/^exists with sha256 [0-9a-f]{64}, but this run made [0-9a-f]{64}$/),
      expect.stringContaining('exists with sha256')]);
    expect(readdirSync(output).map((it) => readFileSync(join(output, it)))).toEqual(before);
  });

  it('is a problem told to people when it is a file', async () => {
    const error = await failureOf(make(join(workshop.repository(files).path, 'a.txt')));
    expect(error.message).toContain('cannot be written: EEXIST');
  });

  it('keeps the lines of other releases in SHA256SUMS', async () => {
    const output = workshop.directory();
    const repository = workshop.repository(files);
    const { path } = repository;
    await packaged(workshop, { repository: path, output });
    repository.commit({ 'a.txt': 'two' });
    repository.tag('v2.0');
    await packaged(workshop, { repository: path, output, tag: 'v2.0' });
    expect(readFileSync(join(output, 'SHA256SUMS'), 'utf8').split('\n').length).toBe(5);
    await readRelease(join(output, 'app-1.0.tar.gz'));
    await readRelease(join(output, 'app-2.0.tar.gz'));
  });
});

describe('a release that is read', () => {
  it('tells its size and manifest', async () => {
    const made = await make();
    const release = await readRelease(made.archive);
    expect(release).toMatchObject({ archivePath: made.archive, unpackedBytes: 15, fileCount: 4 });
    expect(release.manifest).toEqual(made.manifest);
  });

  it('is refused when the archive was edited, with both digests', async () => {
    const made = await make();
    const bytes = readFileSync(made.archive);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(made.archive, bytes);
    const error = await failureOf(readRelease(made.archive));
    expect(error.kind).toBe('refused');
    expect(error.problems.length).toBe(2);
    expect(error.message).toContain(made.manifest.archive.sha256);
    expect(error.message).toMatch(/has sha256 (?!undefined)[0-9a-f]{64}/);
    appendFileSync(made.archive, 'x');
    expect((await failureOf(readRelease(made.archive))).message).toContain('bytes)');
  });

  it('is refused when the manifest was edited to fit, or renamed', async () => {
    const made = await make();
    const text = readFileSync(made.manifestPath, 'utf8');
    writeFileSync(made.manifestPath, text.replace('"0644"', '"0755"'));
    const error = await failureOf(readRelease(made.archive));
    expect(error.problems.map((it) => it.place)).toEqual(['app-1.0.manifest.json']);
    writeFileSync(made.manifestPath, text);
    renameSync(made.archive, made.archive.replace('1.0', '2.0'));
    renameSync(made.manifestPath, made.manifestPath.replace('1.0', '2.0'));
    const renamed = await failureOf(readRelease(made.archive.replace('1.0', '2.0')));
    expect(renamed.kind).toBe('refused');
    expect(renamed.message).toContain('its manifest says app-1.0.tar.gz');
  });

  it('is bad input when a part is missing or something else', async () => {
    const made = await make();
    const text = readFileSync(made.manifestPath, 'utf8');
    const broken = ['', '{', '[]', text.replace('"schema": 1', '"schema": 2'),
      text.replace('"a.txt"', '"../a.txt"'), text.replace('"a.txt"', '"/a.txt"'),
      text.replace('"tag"', '"Tag"')];
    for (const content of broken) {
      writeFileSync(made.manifestPath, content);
      const error = await failureOf(readRelease(made.archive));
      expect([error.kind, error.problems[0]?.place]).toEqual(['bad-input', made.manifestPath]);
    }
    writeFileSync(made.manifestPath, text);
    writeFileSync(made.sumsPath, 'nonsense\n');
    expect((await failureOf(readRelease(made.archive))).problems[0]?.place).toBe(made.sumsPath);
    for (const path of [made.sumsPath, made.manifestPath, made.archive]) {
      rmSync(path);
      const error = await failureOf(readRelease(made.archive));
      expect([error.kind, error.problems[0]?.place]).toEqual(['bad-input', path]);
      expect(error.problems[0]?.fix).toBeDefined();
    }
    expect((await failureOf(readRelease('x.zip'))).kind).toBe('bad-input');
  });
});
