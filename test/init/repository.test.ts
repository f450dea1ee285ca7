import { describe, expect, it } from 'vitest';
import { howToKnow, knownAs, linesOf } from '../../src/init/known-hosts.ts';
import { nextText } from '../../src/init/next.ts';
import { packageGuess } from '../../src/init/package-guess.ts';
import { applicationName, gitHubOf, tagFilter, tagsOf } from '../../src/init/repository.ts';
import { environmentNames, workflowUses } from '../../src/init/workflow-use.ts';
import { repositoryWith } from './found.ts';

describe('a remote', () => {
  it.each([
    ['git@github.com:octo/guestbook.git', 'https://github.com octo guestbook'],
    ['https://github.com/octo/guestbook', 'https://github.com octo guestbook'],
    ['https://token@github.com/octo/guest.book.git/', 'https://github.com octo guest.book'],
    ['ssh://git@ssh.github.com:443/octo/guestbook.git', 'https://github.com octo guestbook'],
    ['git@github.example.org:octo/a.git', 'https://github.example.org octo a'],
    ['git@octo.ghe.com:octo/a.git', 'https://octo.ghe.com octo a'],
    ['git@git.example.org:octo/guestbook.git', undefined],
    ['https://notgithub.example/octo/a', undefined], ['/srv/git/guestbook.git', undefined],
    ['https://github.com/octo', undefined], [undefined, undefined],
  ])('%j is %j on GitHub', (remote, expected) => {
    const found = gitHubOf(remote);
    expect(found === undefined ? undefined : `${found.server} ${found.owner} ${found.name}`)
      .toBe(expected);
  });
});

describe('tags', () => {
  it.each([
    [['v1.0.0', 'v0.9'], 'v', '1.0.0', 'v*'], [['1.0', '0.9'], '', '1.0', '[0-9]*'],
    [['release-2.4', 'nightly', 'v1.0'], 'release-', '2.4', 'release-*'],
    [[], 'v', undefined, 'v*'], [['latest'], 'v', undefined, 'v*'],
    [['py3+1.0'], 'py3+', '1.0', String.raw`py3\+*`],
    [['$(x)-1.0'], 'v', undefined, 'v*'],
  ])('%j begin with %j', (tags, ...[prefix, version, filter]) => {
    expect(tagsOf(tags)).toMatchObject({ prefix, version });
    expect(tagFilter(tagsOf(tags).prefix)).toBe(filter);
  });

  it.each([['Guest_Book.js', 'guest-book-js'], ['42', 'application'], ['--a--', 'a'],
    ['x'.repeat(40), 'x'.repeat(32)], ['Ärger', 'rger']])('%j names %j', (text, name) => {
    expect(applicationName(text)).toBe(name);
  });
});

describe('how a release is made', () => {
  it.each([
    [{ 'package.json': '{"scripts":{"build":"x","migrate":"y"}}', 'yarn.lock': '' },
      'yarn install --immutable && yarn run build', 'cd {release} && yarn run migrate'],
    [{ 'package.json': 'no json', 'pnpm-lock.yaml': '' }, 'pnpm install --frozen-lockfile',
      undefined],
    [{ 'Makefile': 'dist := 1\nbuild: x\n', 'package.json': '{}' }, 'make build', undefined],
    [{ 'composer.json': '{}', 'artisan': '', 'package.json': '{}' },
      'composer install --no-dev --no-interaction --optimize-autoloader',
      'cd {release} && php artisan migrate --force'],
    [{ 'Gemfile': '', 'db/migrate/1.rb': '' },
      'bundle config set --local deployment true && bundle install',
      'cd {release} && bundle exec rake db:migrate'],
    [{ 'pyproject.toml': '', 'alembic.ini': '' }, 'python3 -m pip install --target vendor .',
      'cd {release} && python3 -m alembic upgrade head'],
    [{ 'go.mod': '' }, 'go build -trimpath -o bin/ ./...', undefined],
    [{ 'README': '' }, undefined, undefined],
  ])('%j', (files, run, migrate) => {
    const made = packageGuess(repositoryWith(files));
    expect([made.run?.value, made.migrate?.value]).toEqual([run, migrate]);
  });

  it('holds a version only where the newest tag agrees', () => {
    const files = { 'package.json': '{"version": "1.0.0"}' };
    expect(packageGuess(repositoryWith(files, { tags: ['v1.0.0'] })).versions?.value.file)
      .toBe('package.json');
    expect(packageGuess(repositoryWith(files, { tags: ['v1.1.0'] })).versions).toBeUndefined();
    expect(packageGuess(repositoryWith(files)).versions).toBeUndefined();
  });
});

describe('known hosts', () => {
  it('are written under the name that was asked for', () => {
    expect(linesOf('# Host www found: line 3\n|1|abc=|def= ssh-ed25519 AAAA note\n' +
      '@cert-authority *.org ssh-rsa BBBB\n\n', 'www')).toEqual([
      'www ssh-ed25519 AAAA note', '@cert-authority www ssh-rsa BBBB']);
  });

  it('have another name for another port', () => {
    expect(knownAs('deploy@www.example.org', undefined)).toBe('www.example.org');
    expect(knownAs('deploy@www.example.org', 22)).toBe('www.example.org');
    expect(knownAs('2001:db8::1', 2222)).toBe('[2001:db8::1]:2222');
    expect(howToKnow('deploy@www', 2222)).toContain('echo "[www]:2222 $(cut');
  });
});

describe('workflows', () => {
  const sha = 'a'.repeat(40);

  it('are known by what they call', () => {
    const text = ['uses: octo/seatrial/.github/workflows/release.yml@v1',
      `    uses: octo/seatrial/.github/workflows/release.yml@${sha} # v1.0.0`,
      '      - uses: "octo/seatrial/deploy-with-backup@main"', '      - uses: $/package-release',
      '# uses: octo/seatrial/package-release@v1', 'uses: actions/checkout@v7',
      'uses: octo/other/.github/workflows/test.yml@v1'].join('\n');
    expect(workflowUses('f', text).map((it) => `${it.what} ${it.pin}`)).toEqual([
      'octo/seatrial/.github/workflows/release.yml name',
      'octo/seatrial/.github/workflows/release.yml sha',
      'octo/seatrial/deploy-with-backup name', '$/package-release own']);
  });

  it('may give environments other names', () => {
    expect(environmentNames('with:\n  production-environment: "live" # ours\n'))
      .toEqual({ staging: 'staging', production: 'live' });
  });
});

describe('what comes next', () => {
  it('names pages, secrets and commands', () => {
    const text = nextText({ gitHub: { server: 'https://github.com', owner: 'o', name: 'r' },
      tagPrefix: 'v', hasProduction: true, hasStaging: true, files: ['seatrial.yml'],
      guesses: 1, toFillIn: 2, unknownHosts: ['At the console of www: x'] });
    expect(text).toContain('1 guess to look at, 2 lines to fill in');
    expect(text).toContain('https://github.com/o/r/settings/environments');
    expect(text).toContain('staging: deployment tags: add the rule v*');
    expect(text).toContain('   At the console of www: x');
    expect(text).toContain('grep -nE "guess:|fill in:" seatrial.yml');
    expect(text).toContain('seatrial adopt --version <the version that runs>');
    expect(text).toContain('… | ssh root@HOST sh');
    // A rehearsal reads production: a key for staging alone would not get there.
    expect(text).toContain('staging: logs in to both hosts');
    expect(text.match(/^\d\. /gm)).toHaveLength(5);
  });
});
