import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Edge } from '../../src/entry/edge.ts';
import { finish } from '../../src/entry/finish.ts';
import type { Job } from '../../src/github/github.ts';
import { forApprover } from '../../src/jobs/for-approver.ts';
import type { Summary } from '../../src/report/events.ts';
import { passed, refused } from '../trial/rehearsals.ts';

const directory = mkdtempSync(join(tmpdir(), 'seatrial-finish-'));
afterAll(() => { rmSync(directory, { recursive: true }); });

const restored: Summary = {
  command: 'deploy', end: 'restored', application: 'guestbook', host: 'production (local)',
  version: '2.0.0', digest: undefined, serving: '1.0.0', run: undefined, reason: 'it broke',
  windowSeconds: undefined, places: [], next: [], problems: [], timeline: [],
};

function edgeWith(environment: Record<string, string>): { edge: Edge; said: string[] } {
  const said: string[] = [];
  const edge = {
    world: {
      environment,
      print: (text: string) => { said.push(text); },
      report: (event: { text?: string }) => { said.push(event.text ?? ''); },
    },
    finish: () => undefined, finishRehearsal: () => undefined, close: () => undefined,
  } as unknown as Edge;
  return { edge, said };
}

const rehearsal = (it: typeof passed) =>
  ({ kind: 'rehearsal', rehearsal: it, receipt: 'r.json', page: 'p.html' }) as const;

describe('the end of a command', () => {
  it('is its exit status', () => {
    const { edge } = edgeWith({});
    expect(finish(edge, { kind: 'printed' }, { json: false })).toBe(0);
    expect(finish(edge, { kind: 'summary', summary: restored }, { json: false })).toBe(10);
    expect(finish(edge, rehearsal(passed), { json: false })).toBe(0);
    expect(finish(edge, rehearsal(refused), { json: false })).toBe(11);
  });

  it('is added to what a job has in its summary already', () => {
    const file = join(directory, 'summary.md');
    writeFileSync(file, 'before\n');
    const { edge } = edgeWith({ GITHUB_STEP_SUMMARY: file });
    finish(edge, rehearsal(refused), { json: false });
    finish(edge, { kind: 'summary', summary: restored }, { json: false });
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^before\n## REFUSED/);
    expect(text).toMatch(/\n## RESTORED/);
  });

  it('has what the approver asks next right below the verdict', () => {
    const file = join(directory, 'asked.md');
    const { edge } = edgeWith({ GITHUB_STEP_SUMMARY: file });
    const job = { sha: 'c'.repeat(40), github: { serverUrl: 'https://github.com',
      repository: { owner: 'octo', name: 'guestbook' } } } as unknown as Job;
    const report = 'https://github.com/octo/guestbook/actions/runs/1/artifacts/2';
    const below = forApprover(rehearsal(passed), job, { report });
    finish(edge, rehearsal(passed), { json: false, below });
    const text = readFileSync(file, 'utf8');
    expect(text.indexOf(`[All of this as a page](${report})`))
      .toBeLessThan(text.indexOf('### Plan'));
    expect(text).toContain(
      `[commit cccccccccccc](https://github.com/octo/guestbook/commit/${'c'.repeat(40)})`);
    expect(text).toContain('*Review deployments*');
    expect(forApprover(rehearsal(refused), job, {})).not.toContain('Review');
  });

  it('stays the same where the summary cannot be written, and says so', () => {
    const { edge, said } = edgeWith({ GITHUB_STEP_SUMMARY: directory });
    expect(finish(edge, rehearsal(passed), { json: false })).toBe(0);
    expect(said.join('\n')).toMatch(/no job summary: .*EISDIR/);
  });
});
