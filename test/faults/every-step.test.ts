import { describe, expect, it } from 'vitest';
import { everyFaultOf, killedGoingForward } from './table.ts';

/**
 * Every plan, every step, every fault, by real programs in a directory that plays the host (P4, P5,
 * P6, P8): after each of them one version serves, whole, and the next deployment works.
 */
describe.concurrent('whatever fails, one version serves, whole', { timeout: 600_000 }, () => {
  it('releases: every step, every fault', async () => {
    expect(await everyFaultOf('releases', 'normal', 'long')).toBe('');
  });
  it('a rollback of releases with their state', async () => {
    expect(await everyFaultOf('releases', 'rollback', 'short')).toBe('');
  });
  it('everything killed at each line of the journal, going forward', async () => {
    expect(await killedGoingForward('releases')).toBe('');
  });
});
