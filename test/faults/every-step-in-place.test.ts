import { describe, expect, it } from 'vitest';
import { everyFaultOf, killedGoingBack } from './table.ts';

/** The same for an install over fixed paths, for going back, and where nothing was before. */
describe.concurrent('whatever fails, one version serves, whole', { timeout: 600_000 }, () => {
  it('in place: every step, every fault', async () => {
    expect(await everyFaultOf('in-place', 'normal', 'long')).toBe('');
  });
  it('a rollback in place with the state', async () => {
    expect(await everyFaultOf('in-place', 'rollback', 'short')).toBe('');
  });
  it('a first deployment', async () => {
    expect(await everyFaultOf('releases', 'first', 'short')).toBe('');
  });
  it('everything killed at each line of the journal, going back', async () => {
    expect(await killedGoingBack('in-place')).toBe('');
  });
});
