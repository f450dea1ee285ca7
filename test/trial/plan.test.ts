import { describe, expect, it } from 'vitest';
import { makeTrialPlan } from '../../src/trial/plan.ts';
import { guestbook } from '../plan/files.ts';
import { configOf, contextOf, runsOne } from '../plan/host.ts';

const none = { first: [], installed: [], last: [] };

describe('the plan of a trial', () => {
  const plan = makeTrialPlan(contextOf(configOf(guestbook), runsOne), 'staging', none);
  const acts = (id: string) => (plan.steps.find((it) => it.id === id)?.do ?? [])
    .map((it) => it.argv.map(String).join(' '));

  it('starts the old code where it is looked for: at the address that users have', () => {
    const [link, start, look, halt, back] = acts('trial-old-code');
    expect(link).toMatch(/^attempt old-code switch_link .*1\.0\.0/);
    expect(start).toBe('attempt old-code restart_unit_if_was_active guestbook.service service1');
    expect(look).toBe('attempt old-code check_rounds restored 1');
    expect(halt).toBe('halt_unit guestbook.service');
    expect(back).toMatch(/^switch_link .*2\.0\.0/);
  });

  it('leaves staging closed, whatever happened, by its first step', () => {
    expect(plan.steps[0]).toMatchObject({ id: 'trial-rest' });
    expect(plan.steps[0]?.undo.map((it) => it.argv[0])).toEqual(
      ['halt_unit', 'halt_unit', 'rest']);
    expect(plan.steps.at(-1)).toMatchObject({ id: 'trial-turn-back' });
  });
});
