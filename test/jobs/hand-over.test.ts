import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/commands/world.ts';
import { handOverRehearsal, handOverRelease } from '../../src/jobs/hand-over.ts';
import { parseArtifactReference, parseReleaseReference } from '../../src/github/references.ts';
import type { PackagedRelease } from '../../src/package/package.ts';
import { Site } from '../commands/approval-site.ts';
import { openRunBench, runId, type RunBench } from '../github/run-bench.ts';
import { passed } from '../trial/rehearsals.ts';
import { jobWorld, keptArtifacts } from './job-site.ts';

let site: Site;
let bench: RunBench;
const made = { archive: '/there/guestbook-1.2.0.tar.gz',
  manifestPath: '/there/guestbook-1.2.0.manifest.json' } as PackagedRelease;
const ofRun = `https://github.com/octo/guestbook/actions/runs/${runId}/artifacts`;

beforeEach(async () => {
  site = new Site();
  bench = await openRunBench();
});

afterEach(async () => {
  site.remove();
  await bench.close();
});

const rehearsal: Extract<Result, { kind: 'rehearsal' }> = { kind: 'rehearsal', rehearsal: passed,
  receipt: '/there/a.receipt.json', page: '/there/a.rehearsal.html' };

describe('what a job hands over', () => {
  it('is a release as two artifacts, which the next job reads as they are told', async () => {
    const world = jobWorld(site, await bench.job(), { artifacts: keptArtifacts() });
    const outputs = await handOverRelease(made, world);
    const { archive, manifest } = parseReleaseReference(outputs['release'] ?? '', 'release');
    expect([archive.name, manifest.name])
      .toEqual(['guestbook-1.2.0.tar.gz', 'guestbook-1.2.0.manifest.json']);
    expect(outputs).toMatchObject({ 'artifact-id': archive.id, 'report': `${ofRun}/1` });
  });

  it('is a path, and a word about it, where the server keeps no artifacts', async () => {
    const world = jobWorld(site, await bench.job());
    // The paths are outputs of the step already.
    expect(await handOverRelease(made, world)).toEqual({});
    expect(await handOverRehearsal(rehearsal, world)).toEqual({});
    expect(world.reported).toHaveLength(2);
    expect(world.reported[0]).toMatch(/^note this server keeps no such artifacts.*elsewhere/);
    expect(world.reported[0]).toContain(made.archive);
    expect(world.reported[1]).toContain(rehearsal.receipt);
  });

  it('is the page and the receipt of a rehearsal', async () => {
    const artifacts = keptArtifacts();
    const world = jobWorld(site, await bench.job(), { artifacts });
    const outputs = await handOverRehearsal(rehearsal, world);
    expect(artifacts.kept).toEqual([rehearsal.page, rehearsal.receipt]);
    expect(parseArtifactReference(outputs['receipt'] ?? '', 'receipt'))
      .toMatchObject({ name: 'a.receipt.json', id: '2' });
    expect(outputs).toMatchObject({ report: `${ofRun}/1` });
  });
});
