import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly steps: readonly { readonly uses: string; readonly with?: Record<string, string> }[];
}

const root = resolve(import.meta.dirname, '../..');
const { permissions, jobs } = parse(readFileSync(
  resolve(root, '.github/workflows/release.yml'), 'utf8')) as {
  readonly permissions: unknown; readonly jobs: Readonly<Record<string, Job>> };

describe('the jobs of the reusable workflow', () => {
  it('have no right that they do not name', () => {
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) expect(Object.keys(job.permissions)).not.toEqual([]);
  });

  it('build in one that may only read: what it builds can ask for no identity of its own', () => {
    const building = Object.values(jobs).filter((it) =>
      it.steps.some((step) => step.uses === '$/package-release'));
    expect(building.map((it) => [it.permissions, it.environment]))
      .toEqual([[{ contents: 'read' }, undefined]]);
    expect(JSON.stringify(building)).not.toContain('secrets.');
    expect(building[0]?.steps.at(-1)?.with).toMatchObject({ attest: 'false', draft: 'false' });
  });

  it('attest the tarball in one that has it not built', () => {
    const attesting = Object.values(jobs).flatMap((it) => it.steps)
      .filter((it) => it.uses.startsWith('actions/attest@'));
    expect(attesting.map((it) => it.with)).toEqual([{
      'subject-name': '${{ fromJSON(needs.package.outputs.release).archive.name }}',
      'subject-digest': 'sha256:${{ fromJSON(needs.package.outputs.release).archive.sha256 }}' }]);
  });

  it('see keys only in an environment', () => {
    for (const [name, job] of Object.entries(jobs)) {
      const keys = JSON.stringify(job.steps).includes('secrets.');
      expect([name, keys && job.environment === undefined]).toEqual([name, false]);
    }
  });
});
