import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtSetup, type SetupFinding } from '../../src/github/setup.ts';
import { fnmatch, tagRules } from '../../src/github/setup-tags.ts';
import { clientOf } from '../fakes/github/client.ts';
import { openFakeGitHub, type FakeGitHub } from '../fakes/github/open.ts';
import type { Permissions } from '../fakes/github/tokens.ts';

let fake: FakeGitHub;

/** A set-up in which nothing is missing; each test breaks one thing. */
beforeEach(async () => {
  fake = await openFakeGitHub({ immutableReleases: true });
  fake.environment({ name: 'staging', secrets: ['SEATRIAL_SSH_KEY'],
    policies: [{ name: 'v*', type: 'tag' }] });
  fake.environment({ name: 'production', reviewers: ['mona'], preventSelfReview: true,
    adminsMayBypass: false, secrets: ['SEATRIAL_SSH_KEY'],
    policies: [{ name: 'v*', type: 'tag' }] });
  fake.state.settings.rulesets.push({ id: 7, name: 'releases', target: 'tag',
    enforcement: 'active', include: ['refs/tags/v*'], rules: ['update', 'deletion'] });
});

afterEach(async () => {
  expect(fake.violations).toEqual([]);
  await fake.close();
});

const everything: Permissions = { actions: 'read', environments: 'read', secrets: 'read',
  administration: 'read', contents: 'read' };

async function look(token = fake.person('mona', everything)): Promise<SetupFinding[]> {
  return lookAtSetup({ repository: { owner: 'octo', name: 'guestbook' },
    serverUrl: 'https://github.com', rest: clientOf(fake, token) },
  { environments: [{ name: 'staging', approved: false }, { name: 'production', approved: true }],
    tag: 'v1.0.0', secret: 'SEATRIAL_SSH_KEY' });
}

const but = (findings: readonly SetupFinding[]): string[] => findings
  .filter((it) => it.state !== 'ok').map((it) => `${it.state} ${it.what}: ${it.message}`);

describe('a set-up on GitHub', () => {
  it('is right where nothing is missing', async () => {
    const found = await look();
    expect(but(found)).toEqual([]);
    expect(found.map((it) => `${it.what} ${it.message}`)).toEqual([
      'environment staging is there', 'environment staging tags v* may deploy',
      'environment staging has the secret SEATRIAL_SSH_KEY',
      'environment production one of 1 must approve',
      'environment production who starts a run cannot approve it',
      'environment production tags v* may deploy',
      'environment production has the secret SEATRIAL_SSH_KEY',
      'GitHub Actions may run', 'tags such as v1.0.0 are kept by the ruleset releases',
      'releases cannot be changed once published',
    ]);
  });

  it('misses an environment, and reviewers', async () => {
    fake.state.environments.splice(0, 1);
    fake.environment({ name: 'production', reviewers: [], waitMinutes: 5 });
    const found = await look();
    expect(but(found)).toEqual([
      'fail environment staging: there is no environment staging in this repository',
      expect.stringMatching(/^fail environment production: .*no required reviewers, only a wait/),
    ]);
    for (const it of found.filter((one) => one.state !== 'ok')) expect(it.fix).toMatch(/Settings/);
  });

  it('warns of who can let a deployment through alone', async () => {
    fake.environment({ name: 'production', preventSelfReview: false, adminsMayBypass: true });
    expect(but(await look())).toEqual([
      'warning environment production: who pushes the tag can approve it alone',
      'warning environment production: administrators can pass without a review']);
  });

  it('finds rules that admit no tag', async () => {
    fake.environment({ name: 'staging', branches: 'protected' });
    fake.environment({ name: 'production', policies: [{ name: 'v*', type: 'branch' }] });
    expect(but(await look())).toEqual([
      'fail environment staging: only protected branches may deploy, and no tag',
      'fail environment production: its rule for v1.0.0 is one for branches: no tag may deploy']);
    fake.environment({ name: 'staging', branches: 'all' });
    fake.environment({ name: 'production', policies: [{ name: 'release/*', type: 'tag' }] });
    expect(but(await look())).toEqual([
      expect.stringContaining('warning environment staging: every branch may deploy there'),
      'fail environment production: no rule admits tags such as v1.0.0']);
  });

  it('misses a secret, and warns of one that every workflow sees', async () => {
    fake.environment({ name: 'staging', secrets: ['OTHER'] });
    expect(but(await look())).toEqual([
      'fail environment staging: has no secret SEATRIAL_SSH_KEY']);
    fake.state.settings.secrets.push('SEATRIAL_SSH_KEY');
    expect(but(await look())).toEqual([
      expect.stringMatching(/^warning environment staging: has no secret .* of its own/)]);
  });

  it('sees what of the repository would fail or weaken a release', async () => {
    fake.state.settings.actions = 'off';
    fake.state.settings.rulesets[0] = { id: 7, name: 'releases', target: 'tag',
      enforcement: 'active', include: ['refs/tags/v*'], exclude: ['refs/tags/v1*'],
      rules: ['update', 'deletion'] };
    fake.state.immutableReleases = false;
    expect(but(await look())).toEqual([
      'fail GitHub Actions: are turned off for this repository',
      expect.stringContaining('warning tags: such as v1.0.0 can be moved and deleted'),
      'warning releases: can be changed after they are published']);
    fake.state.settings.actions = 'selected';
    fake.state.settings.rulesets[0] = { id: 7, name: 'releases', target: 'tag',
      enforcement: 'evaluate', include: ['~ALL'], rules: ['update', 'deletion'] };
    expect(but(await look()).join('\n')).toMatch(/warning GitHub Actions.*named\nwarning tags/);
  });

  it('takes what a job may not see for unseen, never for missing', async () => {
    const found = await look(fake.job({ actions: 'read', contents: 'read' }));
    expect(found.filter((it) => it.state === 'fail')).toEqual([]);
    expect(found.filter((it) => it.state === 'unseen').map((it) => it.what)).toEqual([
      'environment staging, secret SEATRIAL_SSH_KEY',
      'environment production, secret SEATRIAL_SSH_KEY', 'GitHub Actions', 'releases']);
  });

  it('tells that a token is not known', async () => {
    const found = await look('ghp_gone');
    expect(new Set(found.map((it) => it.state))).toEqual(new Set(['fail']));
    expect(found[0]?.message).toContain('does not know the token');
  });
});

describe('rules for tags', () => {
  it.each([
    ['v*', 'v1.0.0', true], ['v*', 'v1/0', false], ['*', 'v1', true], ['release/*', 'v1', false],
    ['release/**/*', 'release/a/v1', true], ['v?.0', 'v1.0', true], ['v[0-9].*', 'v1.0', true],
    ['v[!0-9].*', 'v1.0', false], ['v[^1].*', 'v1.0', false], ['v1.0', 'v1x0', false],
    ['v[', 'v[', true], ['a+b', 'a+b', true], ['', '', true],
  ])('%j admits %j: %j', (pattern, tag, expected) => {
    expect(fnmatch(pattern, tag)).toBe(expected);
  });

  it('is told what to add', () => {
    expect(tagRules({ what: 'w', tag: 'release-1.0', settingsUrl: 'U', admits: 'custom',
      policies: [] }).fix).toContain('Ref type Tag, release-*: U');
  });
});
