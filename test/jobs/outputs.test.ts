import { describe, expect, it } from 'vitest';
import { outputsOf } from '../../src/jobs/outputs.ts';
import type { PackagedRelease } from '../../src/package/package.ts';
import { passed, refused } from '../trial/rehearsals.ts';

const made = { archive: '/w/release/app-1.0.0.tar.gz', unchanged: false,
  manifest: { version: '1.0.0', archive: { sha256: 'a'.repeat(64) } } } as PackagedRelease;

describe('where no server keeps artifacts', () => {
  it('a release is handed over by its path, under the name that jobs know', () => {
    expect(outputsOf({ kind: 'packaged', made })).toEqual({ 'end': 'done', 'version': '1.0.0',
      'digest': 'a'.repeat(64), 'archive': made.archive, 'release': made.archive });
  });

  it.each([['done', passed], ['refused', refused]])('so is a receipt that says %s', (end, it) => {
    expect(outputsOf({ kind: 'rehearsal', rehearsal: it, receipt: 'r.json', page: 'p.html' }))
      .toMatchObject({ end, 'receipt': 'r.json', 'receipt-path': 'r.json' });
  });
});
