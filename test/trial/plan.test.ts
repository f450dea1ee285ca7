import { describe, expect, it } from 'vitest';
import { makeTrialPlan } from '../../src/trial/plan.ts';
import { guestbook, indico } from '../plan/files.ts';
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

  it('tries old code that was replaced in place as well: going back can leave the state', () => {
    const inPlace = makeTrialPlan(contextOf(configOf(indico), runsOne), 'staging', none);
    const step = inPlace.steps.find((it) => it.id === 'trial-old-code');
    expect(step?.do.map((it) => it.argv.map(String).slice(0, 4).join(' '))).toEqual([
      'attempt old-code try_old /soft/python/MaKaC', 'attempt old-code try_old /soft/htdocs',
      'attempt old-code with_entry /soft/bin/indico', 'attempt old-code check_rounds restored',
      'with_entry /soft/bin/indico halt_pidfile /var/run/indico.pid',
      'end_old /soft/python/MaKaC code1', 'end_old /soft/htdocs code2']);
    expect(step?.undo.map((it) => it.argv.map(String).join(' ').slice(0, 14))).toEqual(
      ['with_entry /so', 'end_old /soft/', 'end_old /soft/']);
  });

  it('leaves staging closed, whatever happened, by its first step', () => {
    expect(plan.steps[0]).toMatchObject({ id: 'trial-rest' });
    expect(plan.steps[0]?.undo.map((it) => it.argv[0])).toEqual(
      ['halt_unit', 'halt_unit', 'rest']);
    expect(plan.steps.at(-1)).toMatchObject({ id: 'trial-turn-back' });
  });
});
