import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth } from '../../hosts/rehearsal/stage.ts';
import { createChainStage, tell, type ChainStage } from './stage.ts';

/** Each test begins where the one before it ended. */
describe('a pushed tag, an approval', () => {
  let lab: Lab;
  let stage: ChainStage;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab);
    await installBoth(stage.hosts, 'deploy');
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  it('bring the first release to production', async () => {
    const run = await stage.release('1.0.0');
    expect(await stage.ends(run), tell(run)).toEqual({ package: 'success', draft: 'success',
      rehearse: 'success', deploy: 'success' });
    expect(await stage.serving()).toBe('1.0.0');
    expect(stage.github.violations).toEqual([]);
  });
});
