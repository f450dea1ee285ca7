import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PackageConfig } from '../../src/config/config.ts';
import { packageDirectory, type PackagedRelease } from '../../src/package/package.ts';
import { readRelease } from '../../src/package/release.ts';
import {
  committedAt, environment, failureOf, packaged, plain, Workshop, writeFiles, type Files,
} from './fixture.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(() => {
  workshop.remove();
});

const files = { 'a.txt': 'version 1.0', 'x:bin/run': '#!/bin/sh\n', 'link': '->bin/run' };

function directoryPackaged(
  given: Files, settings: Partial<PackageConfig> = {}, version = '1.0',
): Promise<PackagedRelease> {
  const directory = workshop.directory();
  writeFiles(directory, given);
  return packageDirectory({
    config: { application: 'app', package: { ...plain, ...settings } },
    directory, version, epoch: committedAt, output: workshop.directory(),
    // No PATH: no git, and no other program either.
    scratch: workshop.directory(), environment: { ...environment, PATH: '/nonexistent' },
    seatrialVersion: '0.0.0-test', report: () => undefined,
  });
}

describe('a directory that no tag names', () => {
  it('gives the bytes that its tag would give, without git', async () => {
    const tagged = await packaged(workshop, { repository: workshop.repository(files).path });
    const made = await directoryPackaged(files);
    expect(readFileSync(made.archive)).toEqual(readFileSync(tagged.archive));
    expect(made.manifest.files).toEqual(tagged.manifest.files);
  });

  it('has a manifest that says so, and is read as any release', async () => {
    const made = await directoryPackaged(files);
    const { manifest } = await readRelease(made.archive);
    expect(manifest).toMatchObject({ tag: null, commit: null, version: '1.0' });
    expect(manifest.tools.git).toBeNull();
  });

  it('is refused where the sources say another version', async () => {
    const versions = [{ file: 'a.txt', pattern: 'version (.+)' }];
    expect((await directoryPackaged(files, { versions })).manifest.version).toBe('1.0');
    expect((await failureOf(directoryPackaged(files, { versions }, '2.0'))).message)
      .toContain('says version "1.0"');
  });

  it('is refused with a version that names no file', async () => {
    expect((await failureOf(directoryPackaged(files, {}, '../1.0'))).kind).toBe('bad-input');
  });
});
