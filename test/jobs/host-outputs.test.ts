import { describe, expect, it } from 'vitest';
import { plainSummary } from '../../src/commands/summary.ts';
import { outputsOf } from '../../src/jobs/outputs.ts';

const digest = 'd'.repeat(64);
const of = (version: string, told = digest): unknown => outputsOf({ kind: 'summary',
  summary: plainSummary({ command: 'attach', end: 'unchanged', application: 'app',
    host: 'production', version, digest: told }) });

describe('what a host has, as outputs', () => {
  it('is the version and the digest', () => {
    expect(of('1.2.0-rc.1+5')).toEqual({ end: 'unchanged', version: '1.2.0-rc.1+5', digest });
  });

  it.each(['1.2.0\nend=done', '1.2.0; id', '$(id)', '`id`', '', '-x', '::set-output name=a::b',
    '1.2.0\u2028', 'a'.repeat(101), '${{ github.token }}'])(
    'is left out where it is %j: a workflow may put it into a script', (text) => {
      expect(of(text)).toEqual({ end: 'unchanged', digest });
      expect(of('1.2.0', text)).toEqual({ end: 'unchanged', version: '1.2.0' });
    });
});
