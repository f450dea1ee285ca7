import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { accountsOf, factsCommand } from '../../src/facts/gather.ts';
import { parseFacts } from '../../src/facts/parse-facts.ts';
import { preflight } from '../../src/plan/preflight.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { spaceNeeded } from '../../src/steps/prepare.ts';
import { contextOf, hostFacts, runsOne } from '../plan/host.ts';

const state = `application: fake
hosts: { production: local }
install: { directory: /srv/fake }
service: []
maintenance: { none: a test }
state: [{ directory: /srv/fake/up }, { postgres: guestbook }]
checks: [{ command: "true" }]
`;
const config = parseConfig(state, 'seatrial.yml');

const told = (...lines: string[]): string => lines.map((it) => `state2\t${it}`).join('\n');
const facts = (...lines: string[]) =>
  hostFacts(config, { ...runsOne, state: told(...lines) });
const problems = (...lines: string[]) =>
  preflight({ config, facts: facts(...lines), arrivingBytes: 0, first: false });

describe('what a host tells of its states', () => {
  it('is parsed by label', () => {
    const { states } = facts('bytes\t1000', 'free\t5', 'device\t7', 'directory\t/var/lib/pg',
      'schema\tabc', 'parity:encoding\tUTF8', 'parity:extension:pg_trgm\t1.6',
      'problem\tno right\tGrant it.', 'problem\talone', 'later\twhat a later version says');
    expect(states).toEqual(new Map([['state2', { exists: true, bytes: 1000, free: 5, device: '7',
      directory: '/var/lib/pg', schema: 'abc',
      parity: new Map([['encoding', 'UTF8'], ['extension:pg_trgm', '1.6']]),
      problems: [{ message: 'no right', fix: 'Grant it.' },
        { message: 'alone', fix: expect.stringMatching(/\.$/) as string }] }]]));
    expect(facts('exists\tno', 'free\tnot a number').states.get('state2'))
      .toMatchObject({ exists: false, bytes: 0, free: undefined });
    expect(hostFacts(config).states.size).toBe(0);
  });

  it('names the users that clients of databases run as', () => {
    const text = state.replace('postgres: guestbook', 'postgres: { database: a, as: postgres }');
    expect(accountsOf(parseConfig(text, 'seatrial.yml'))).toEqual(['postgres']);
  });

  it('is asked of each kind that can be asked, in the same round trip', () => {
    const { stdin } = factsCommand(config);
    expect(stdin).toMatch(/^fact_state directory \/srv\/fake\/up state1$/m);
    expect(stdin).toMatch(/^fact_state postgres '[^\n]*database=guestbook[^\n]*' state2$/m);
    expect(String(stdin).lastIndexOf('fact_state postgres'))
      .toBeLessThan(String(stdin).lastIndexOf('fact complete yes'));
  });
});

describe('preflight', () => {
  it('shows every problem of a state, with its fix', () => {
    expect(problems('bytes\t1', 'problem\tone\tMend one.', 'problem\ttwo\tMend two.'))
      .toEqual([{ message: 'one', fix: 'Mend one.' }, { message: 'two', fix: 'Mend two.' }]);
    expect(problems('bytes\t1')).toEqual([]);
  });

  it('refuses a database that is not there, but at a first deployment', () => {
    expect(problems('exists\tno').map((it) => it.message))
      .toEqual(['database guestbook does not exist, and it is declared as state']);
    expect(preflight({ config, facts: facts('exists\tno'), arrivingBytes: 0, first: true }))
      .toEqual([]);
  });

  it('counts the space of a database, alone or with what lies on the same file system', () => {
    const needed = (...lines: string[]) => spaceNeeded(config, facts(...lines));
    const margin = 16 * 1024 * 1024;
    expect(needed('bytes\t1000', 'free\t1', 'device\t7', 'directory\t/var/lib/pg'))
      .toContainEqual({ device: '7', directory: '/var/lib/pg', bytes: margin + 1000 });
    expect(needed('bytes\t1000', 'free\t1', 'device\t2049', 'directory\t/var/lib/pg'))
      .toEqual([expect.objectContaining({ device: '2049', bytes: margin + 4_000_000 + 1000 })]);
    expect(needed('bytes\t1000')).toEqual(needed());
    expect(problems('bytes\t90000000000', 'free\t50000000000', 'device\t7',
      'directory\t/var/lib/pg').map((it) => it.message))
      .toEqual([expect.stringMatching(/^no space: .*\/var\/lib\/pg has 50000 MB free/)]);
    expect(problems('bytes\t90000000000', 'free\t50000000000').map((it) => it.message))
      .toEqual([expect.stringMatching(/^no space: /)]);
  });

  it('does not change the digest of the procedure: another host has another size', () => {
    const digest = (...lines: string[]) => makePlan(contextOf(config,
      { ...runsOne, state: told(...lines) }), 'h')
      .procedureDigest;
    expect(digest('bytes\t1000', 'free\t1', 'device\t7', 'directory\t/a'))
      .toBe(digest('bytes\t2', 'free\t2', 'device\t8', 'directory\t/b'));
  });
});

describe('a probe that fails', () => {
  it('loses its own facts only', () => {
    expect(parseFacts('state\tstate1\ngarbage\nstate\t\ncomplete\tyes\n').states.size).toBe(0);
  });
});
