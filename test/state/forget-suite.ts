import { expect, it } from 'vitest';
import { copied, filled, receive, type Scene } from './conformance.ts';

/** Nothing of production is left, and what staging had before the first copy is back. */
export function forgetSuite(scene: Scene): void {
  it('a copy that was laid goes, and what was there before it comes back', () =>
    scene.with(async (production, staging) => {
      await filled(production);
      const own = await filled(staging);
      // Nothing was laid: nothing may go.
      await staging.must('unlay');
      expect(await staging.site.read()).toBe(own);
      await receive(staging, await copied(production));
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      await staging.must('lay', 'state1');
      await staging.must('discard', 'state1');
      await staging.must('unlay');
      await staging.must('unlay');
      // MySQL renames no database: its own stays aside, under the name that was told.
      expect(await staging.site.read()).toBe(scene.bench.kind === 'mysql' ? '' : own);
      // And it can be done once more.
      await receive(staging, await copied(production));
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      await staging.must('unlay');
      expect(await staging.site.read()).toBe(scene.bench.kind === 'mysql' ? '' : own);
    }));

  it('a copy that was laid where there was nothing leaves nothing', () =>
    scene.with(async (production, staging) => {
      await filled(production);
      await receive(staging, await copied(production));
      await staging.must('keep', 'state1');
      await staging.must('lay', 'state1');
      await staging.must('unlay');
      expect(await staging.site.read()).toBe('');
    }));
}
