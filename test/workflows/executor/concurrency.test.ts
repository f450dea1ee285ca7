import { describe, expect, it } from 'vitest';
import { Concurrency } from './concurrency.ts';
import { makeFolder, onTags, open } from './fixture.ts';
import { NoServer } from './no-server.ts';
import { existsSync, writeFileSync } from 'node:fs';

const wish = { group: 'G', cancelInProgress: false, queue: 'single' as const };
const holder = (ends: string[] = []) => ({ cancel: () => { ends.push('cancelled'); } });

describe('a concurrency group', () => {
  it('has one pending place: a newer one replaces it; names ignore case', async () => {
    const groups = new Concurrency();
    const [first, second, third] = [holder(), holder(), holder()];
    expect(await groups.acquire(wish, first)).toBe('go');
    const replaced = groups.acquire({ ...wish, group: 'g' }, second);
    const next = groups.acquire(wish, third);
    expect(await replaced).toBe('replaced');
    groups.release('G', first);
    expect(await next).toBe('go');
  });

  it('keeps all of a queue: max, in order', async () => {
    const groups = new Concurrency();
    const all = [holder(), holder(), holder()];
    const order: number[] = [];
    const turns = all.map(async (each, index) => {
      expect(await groups.acquire({ ...wish, queue: 'max' }, each)).toBe('go');
      order.push(index);
      groups.release('G', each);
    });
    await Promise.all(turns);
    expect(order).toEqual([0, 1, 2]);
  });

  it('cancels what runs where asked to, and starts when that has ended', async () => {
    const groups = new Concurrency();
    const ends: string[] = [];
    const [first, second] = [holder(ends), holder()];
    await groups.acquire(wish, first);
    const next = groups.acquire({ ...wish, cancelInProgress: true }, second);
    expect(ends).toEqual(['cancelled']);
    groups.release('G', first);
    expect(await next).toBe('go');
  });
});

describe('concurrency of jobs and workflows', () => {
  const waits = (file: string, more: string): string => [
    'it:', '  runs-on: x', `  concurrency: ${more}`,
    `  steps: [{ run: "while [ ! -e ${file} ]; do sleep 0.05; done" }]`,
  ].join('\n');

  it('lets one job of a group run, one wait, and cancels the one between', async () => {
    const file = `${makeFolder({})}/go`;
    const { github } = open(onTags(waits(file, 'staging')));
    const first = await github.push('refs/tags/v1');
    await first.until('in_progress');
    const second = await github.push('refs/tags/v1');
    await second.until('pending');
    const third = await github.push('refs/tags/v1');
    expect((await second.ended()).job('it').conclusion).toBe('cancelled');
    expect(second.job('it').annotations[0]?.message).toContain('higher priority');
    expect(third.job('it').status).toBe('pending');
    writeFileSync(file, '');
    expect([(await first.ended()).conclusion, (await third.ended()).conclusion])
      .toEqual(['success', 'success']);
  });

  it('keeps every job with queue: max', async () => {
    const file = `${makeFolder({})}/go`;
    const { github } = open(onTags(waits(file, '{ group: staging, queue: max }')));
    const runs = [];
    for (let index = 0; index < 3; index += 1) runs.push(await github.push('refs/tags/v1'));
    await runs[0]?.until('in_progress');
    writeFileSync(file, '');
    expect(await Promise.all(runs.map(async (run) => (await run.ended()).conclusion)))
      .toEqual(['success', 'success', 'success']);
  });

  it('holds the group while a job waits for approval', async () => {
    const server = new NoServer([{ name: 'prod', reviewers: ['mona'] }]);
    const { github } = open(onTags('it:\n  runs-on: x\n  environment: prod\n  concurrency: lock\n'
      + '  steps: [{ run: "true" }]'), { server });
    const first = await github.push('refs/tags/v1');
    await first.until('waiting');
    const second = await github.push('refs/tags/v1');
    await second.until('pending');
    first.cancel();
    await second.until('waiting');
    second.approve('prod', { user: 'mona' });
    expect((await second.ended()).conclusion).toBe('success');
  });

  it('cancels a run in progress where the workflow asks for it', async () => {
    const file = `${makeFolder({})}/go`;
    const job = waits(file, 'other').replace('it:', 'it:');
    const { github } = open(onTags(job, 'concurrency: { group: w, cancel-in-progress: true }'));
    const first = await github.push('refs/tags/v1');
    await first.until('in_progress');
    const second = await github.push('refs/tags/v1');
    expect((await first.ended()).conclusion).toBe('cancelled');
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, '');
    expect((await second.ended()).conclusion).toBe('success');
  });
});
