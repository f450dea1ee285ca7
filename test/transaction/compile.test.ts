import { describe, expect, it } from 'vitest';
import { command } from '../../src/command/command.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { StateKind } from '../../src/state/spec.ts';
import { compile } from '../../src/transaction/compile.ts';

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
});
