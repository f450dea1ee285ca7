import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtGitHub } from '../../src/commands/doctor-github.ts';
import type { World } from '../../src/commands/world.ts';
import { buildOptions } from '../../src/config/option-values.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { openFakeGitHub, type FakeGitHub } from '../fakes/github/open.ts';
import { environment, git, writeFiles, Workshop } from '../package/fixture.ts';

const config = parseConfig(`application: guestbook
hosts: { production: deploy@www.example.org, staging: deploy@staging.example.org }
install: { directory: /srv/guestbook }
service: []
maintenance: { none: tried }
state: []
checks: [{ http: "http://localhost/" }]
`, 'f');

let fake: FakeGitHub;
let workshop: Workshop;
let repository: string;

beforeEach(async () => {
  fake = await openFakeGitHub();
  workshop = new Workshop();
  repository = workshop.directory();
  git(repository, 'init', '--quiet');
  git(repository, 'remote', 'add', 'origin', 'https://github.com/octo/guestbook.git');
});

afterEach(async () => {
  workshop.remove();
  await fake.close();
});

function world(more: Readonly<Record<string, string>> = {}): World {
  return {
    report: () => undefined, print: () => undefined, now: () => new Date(), clock: () => 0,
    sleep: () => Promise.resolve(), random: () => 'aa', cancel: new AbortController().signal,
    temporaryDirectory: workshop.directory(), by: 'ada', environment: { ...environment, ...more },
    ask: undefined, job: undefined, started: () => undefined, toolVersion: '1.0.0',
  };
}

async function look(it: World): Promise<string[]> {
  const options = buildOptions('doctor', [{ name: 'config',
    text: join(repository, 'seatrial.yml') }]).options;
  return (await lookAtGitHub({ config, options, world: it })).flatMap((notes) => notes.list)
    .map((one) => `${one.state} ${one.area} ${one.what} ${one.message}`);
}

describe('the part of GitHub', () => {
  it('is not looked at without a token, and says how to', async () => {
    expect(await look(world())).toEqual([
      'warning workflow files none of .github/workflows calls Seatrial',
      'unseen GitHub settings of octo/guestbook cannot be seen: there is no token']);
  });

  it('is none where the repository is elsewhere', async () => {
    git(repository, 'remote', 'set-url', 'origin', 'git@git.example.org:octo/guestbook.git');
    expect(await look(world())).toEqual([]);
  });

  it('is asked with the token of a person, for the environments that the workflow names',
    async () => {
      writeFiles(repository, { '.github/workflows/release.yml': `jobs:
  release:
    uses: OWNER/seatrial/.github/workflows/release.yml@v1
    with: { url: x }
    # production-environment: no
  other:
    uses: octo/seatrial/.github/workflows/release.yml@v1
    with:
      production-environment: live
` });
      const token = fake.person('mona', { actions: 'read', environments: 'read',
        secrets: 'read', administration: 'read' });
      const told = await look(world({ GITHUB_TOKEN: token, GITHUB_API_URL: fake.url }));
      expect(told).toEqual(expect.arrayContaining([
        expect.stringMatching(/^fail workflow .*release\.yml calls OWNER.* is not filled in/),
        expect.stringMatching(/^warning workflow .*release\.yml@v1, a name that can be moved/),
        'fail GitHub environment staging there is no environment staging in this repository',
        'fail GitHub environment live there is no environment live in this repository']));
      expect(told.join('\n')).not.toContain(token);
      expect(fake.violations).toEqual([]);
    });

  it('is none where the configuration is in no repository', async () => {
    const { options } = buildOptions('doctor', [{ name: 'config', text: '/nonexistent/a.yml' }]);
    expect(await lookAtGitHub({ config, options, world: world() })).toEqual([]);
  });
});
