import { describe, expect, it } from 'vitest';
import { later } from '../../src/config/later.ts';
import { formatProblem } from '../../src/errors.ts';
import { fileOf, problemsOf, unmark } from './files.ts';
import { refusedShapes } from './refused-cases.ts';
import { refusedRehearsals } from './rehearsal-cases.ts';
import { refusedRules } from './rule-cases.ts';

describe('what is refused, and where', () => {
  const refused = [...refusedShapes, ...refusedRules, ...refusedRehearsals];

  it.each(refused)('%s', (_name, changes, message) => {
    const { text, place } = unmark(fileOf(changes));
    const found = problemsOf(text);
    expect(found.map(formatProblem).join('\n')).toMatch(message);
    expect([...new Set(found.map((problem) => problem.place))]).toEqual([place]);
  });

  it('explains the three ways to keep users out where none is chosen', () => {
    const [problem, ...more] = problemsOf(fileOf({ maintenance: '' }));
    expect(more).toEqual([]);
    expect(problem?.message).toMatch(/`maintenance` is missing/);
    expect(problem?.fix).toMatch(/on: command, off: command.*private: PORT=18080.*none: reason/);
  });

  it.each(['application', 'hosts', 'install', 'service', 'state', 'checks'] as const)(
    'says that %s is missing', (name) => {
      const messages = problemsOf(fileOf({ [name]: '' })).map((it) => it.message);
      expect(messages).toEqual([expect.stringMatching(`^\`${name}\` is missing`)]);
    });

  it('refuses placeholders that nothing quotes safely, and lets the shell have its braces', () => {
    const run = 'echo "${HOME}" {a,b} {} ${release} | awk \'{ print $1 }\' # don\'t {{release}}';
    const migrate = (text: string): string =>
      `install:\n  directory: /srv/guestbook\n  migrate: |\n    ${text}`;
    expect(() => problemsOf(fileOf({ install: migrate(run) }))).toThrow('accepted');
    const awk = problemsOf(fileOf({ install: migrate("awk '{print}'") }));
    expect(awk.map((it) => it.fix)).toEqual([expect.stringMatching(/\{\{print\}\}/)]);
  });
});

describe('keys of a later version', () => {
  const where: Record<Exclude<keyof typeof later, 'migratePhase'>, (key: string) => string> = {
    file: (key) => `${fileOf({})}«${key}: 1\n`,
    install: (key) => fileOf({ install: `install: { directory: /srv/x, «${key}: 1 }` }),
    service: (key) => fileOf({
      service: `service: { start: a, stop: b, running: c, unguarded: d, «${key}: e }` }),
    migrate: (key) => fileOf({
      install: `install: { directory: /srv/x, migrate: { run: a, «${key}: true } }` }),
  };
  const cases = Object.entries(where).flatMap(([section, build]) =>
    Object.keys(later[section as keyof typeof where]).map((key) => [section, key, build] as const));

  it.each(cases)('%s: %s is refused by name', (_section, key, build) => {
    const { text, place } = unmark(build(key));
    expect(problemsOf(text)).toEqual([{
      place, message: expect.stringMatching(`${key}\` is not yet supported`) as string,
      fix: expect.stringMatching(/^Remove it\. .+\.$/) as string,
    }]);
  });

  it.each(['before', 'after'])('migrations in the phase %s', (phase) => {
    const { text, place } = unmark(fileOf({
      install: `install: { directory: /srv/x, migrate: [{ run: a, phase: «${phase} }] }` }));
    expect(problemsOf(text).map((it) => [it.place, it.message])).toEqual(
      [[place, `\`install.migrate[0].phase\` \`${phase}\` is not yet supported`]]);
  });
});
