import { describe, expect, it } from 'vitest';
import { SeatrialError, ends, type End, type ErrorKind } from '../../src/errors.ts';
import { outputsOf, outputsOfError } from '../../src/jobs/outputs.ts';
import type { Result } from '../../src/commands/world.ts';
import type { Summary } from '../../src/report/events.ts';
import { passed, refused } from '../trial/rehearsals.ts';

const digest = 'd'.repeat(64);

function summary(changes: Partial<Summary>): Result {
  return { kind: 'summary', summary: { command: 'deploy', end: 'done', application: 'guestbook',
    host: 'production (local)', version: undefined, digest: undefined, serving: undefined,
    run: undefined, reason: undefined, windowSeconds: undefined, places: [], next: [],
    problems: [], timeline: [], ...changes } };
}

function packaged(unchanged: boolean): Result {
  const manifest = { version: '1.2.0', archive: { sha256: digest } };
  return { kind: 'packaged', made: { unchanged, manifest, archive: '/there/a.tar.gz',
    manifestPath: '/there/a.manifest.json' } as unknown as
    Extract<Result, { kind: 'packaged' }>['made'] };
}

function page(done: 'made' | 'unchanged'): Result {
  return { kind: 'page', found: { id: 1, url: 'https://github.com/x', state: 'draft', done,
    warnings: [] } };
}

describe('the outputs of a step', () => {
  it('tell a release by its version, digest and place', () => {
    expect(outputsOf(packaged(false))).toEqual({ end: 'done', version: '1.2.0', digest,
      archive: '/there/a.tar.gz', release: '/there/a.tar.gz' });
    expect(outputsOf(packaged(true))['end']).toBe('unchanged');
  });

  it('tell a page by its address', () => {
    expect(outputsOf(page('made'))).toEqual({ end: 'done', url: 'https://github.com/x' });
    expect(outputsOf(page('unchanged'))['end']).toBe('unchanged');
  });

  it('tell of a rehearsal whether it passed, and the longest window that is forecast', () => {
    const told = outputsOf({ kind: 'rehearsal', rehearsal: passed, receipt: 'r', page: 'p' });
    expect(told).toEqual({ 'end': 'done', 'version': passed.release.version,
      'digest': passed.release.digest, 'receipt': 'r', 'receipt-path': 'r',
      'window-seconds': String(passed.forecast?.high) });
    const failed = { ...refused, forecast: null, windowSeconds: 7 };
    expect(outputsOf({ kind: 'rehearsal', rehearsal: failed, receipt: 'r', page: 'p' }))
      .toMatchObject({ 'end': 'refused', 'window-seconds': '7' });
    expect(outputsOf({ kind: 'rehearsal', rehearsal: { ...failed, windowSeconds: null },
      receipt: 'r', page: 'p' })).not.toHaveProperty('window-seconds');
  });

  it.each(Object.keys(ends) as End[])('tell a transaction that ended as %s by this word', (end) => {
    expect(outputsOf(summary({ end }))).toEqual({ end });
  });

  it('tell of a transaction what is known, and a window of no time as well', () => {
    expect(outputsOf(summary({ version: '1.2.0', digest, windowSeconds: 0 }))).toEqual({
      'end': 'done', 'version': '1.2.0', digest, 'window-seconds': '0' });
  });

  it('tell that something was printed', () => {
    expect(outputsOf({ kind: 'printed' })).toEqual({ end: 'done' });
  });

  it.each(['refused', 'busy', 'running', 'cancelled', 'needs-human', 'bad-input'] as ErrorKind[])(
    'tell an error of the world by its kind: %s', (kind) => {
      expect(outputsOfError(new SeatrialError(kind, 'no'))).toEqual({ end: kind });
    });

  it.each([new Error('a bug'), 'a bug', undefined])('tell a bug as what it is', (error) => {
    expect(outputsOfError(error)).toEqual({ end: 'internal-error' });
  });
});
