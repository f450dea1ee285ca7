import { describe, expect, it } from 'vitest';
import { command, type Command } from '../../src/command/command.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { StateKind } from '../../src/state/spec.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { forget } from '../../src/steps/forget.ts';
import { isolate, stillIsolated } from '../../src/steps/isolate.ts';
import { closeOff, lay } from '../../src/steps/lay.ts';
import { writesBegin, writesFound } from '../../src/steps/outside.ts';
import { startCopy } from '../../src/steps/trial.ts';
import { compile } from '../../src/transaction/compile.ts';
import { stagingPlan } from '../../src/trial/lay-plan.ts';
import { makeTrialPlan } from '../../src/trial/plan.ts';
import { guestbook, indico } from '../plan/files.ts';
import { configOf, contextOf, runsOne } from '../plan/host.ts';

function planOf(kinds: readonly StateKind[], verbs: readonly string[]): Plan {
  return {
    run: '20260101T000000Z-000000', application: 'app', host: 'host', records: '/var/lib/app',
    way: 'normal', version: '1', digest: '0', previousVersion: undefined,
    steps: [{ id: 'lay-code1', title: 'Lay', back: '', phase: 'prepare',
      do: verbs.map((it) => command(it, '/srv/app', 'code1')), undo: [] }],
    checks: [], states: kinds.map((kind, index) =>
      ({ kind, spec: '/srv/data', label: `state${index + 1}`, identity: kind, path: '/srv/data' })),
    observe: { passes: 1, everySeconds: 1, withinSeconds: 10 },
    keep: { releases: 1, rescues: 1, failed: 1 }, releases: '', path: '/usr/bin:/bin',
    installed: '{}', expectInstalled: 'none', space: [], procedureDigest: '0',
  } as unknown as Plan;
}

describe('the program of a plan', () => {
  it('carries the kinds of its states, and no others', () => {
    const program = compile(planOf(['sqlite'], ['verify_unchanged']), { by: 'test' });
    expect(program).toContain('\nlay_sqlite() {');
    expect(program).not.toContain('\nlay_directory() {');
  });

  it('carries what lays code, which is a directory whatever the states are', () => {
    const program = compile(planOf(['sqlite'], ['lay_directory']), { by: 'test' });
    expect(program).toContain('\nlay_directory() {');
  });

  const installs = [['releases', guestbook], ['in place', indico]] as const;
  describe.each(installs)('of an install of %s', (_, text) => {
    const context = contextOf(configOf(text), runsOne);
    const isolated = [isolate(context, ['tcp 192.0.2.1 25'])];
    const aside = (id: string, act: Command) => ({ id, title: id, back: '',
      phase: 'window' as const, do: [act], undo: [] });
    const code = [{ title: 'code', spec: '/srv/code', place: '/srv/code', label: 'code1' }];
    const plans: Record<string, Plan> = {
      'a deployment': makePlan(context, 'host'),
      'closing staging off': stagingPlan(context, 'host', closeOff(context, isolated)),
      'laying the copy': stagingPlan(context, 'host', lay({ context, code, overlay: '/overlay',
        installed: '{}', isolate: isolated })),
      'a trial': makeTrialPlan(context, 'host', {
        first: [...isolated, startCopy(context), aside('a', writesBegin(context))],
        installed: [aside('b', writesFound(context, '/found'))], last: [stillIsolated()] }),
      forgetting: stagingPlan(context, 'host', forget(context, code)),
    };

    it.each(Object.entries(plans))('has every verb that it calls: %s', (_name, plan) => {
      const program = compile(plan, { by: 'test' });
      const called = [...plan.steps.flatMap((it) => [...it.do, ...it.undo]), ...plan.checks
        .flatMap((it) => [it.baseline, it.private, it.after, it.restored])].flatMap(verbsIn);
      expect(called.length).toBeGreaterThan(2);
      expect([...new Set(called)].filter((verb) => !program.includes(`\n${verb}() `))).toEqual([]);
    });
  });
});

/** Some verbs are given another one. */
function verbsIn({ argv }: Command): string[] {
  const words = argv.map(String);
  const [first = '', second = ''] = words;
  const inner = first === 'attempt' || first === 'with_entry' ? words.slice(2)
    : first === 'trial_before' || first === 'trial_after' || first === 'trial_compare'
      ? ['objects', 'rows', 'place'].map((it) => `${it}_${second}`) : [];
  const given = first === 'note_active' ? [words[2] ?? ''] : inner.slice(0, 1);
  return first.startsWith('trial_') ? [first, ...inner]
    : [first, ...given.filter((it) => /^[a-z_]+$/.test(it))];
}
