import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rehearsal } from '../../../src/trial/rehearsal.ts';
import { createLab, type Lab, type TestHost } from '../lab.ts';
import { describeEnd } from '../transactions/tool.ts';
import { createRehearsalStage, install, output, told, type RehearsalStage } from './stage.ts';

/**
 * The mail of 2004, rehearsed: a master whose history is one file that it writes as it stops, and
 * which goes on while its copy is tried. Each test begins where the one before it ended.
 */
const fixtures = resolve(import.meta.dirname, '../../cases/twisted');
const home = '/srv/minibot';
const saved = `${home}/run/minibot-shutdown.tap`;
const buildsSaved = 3;
const builds = [0, 1, 2, 3, 4];

// The daemon logs each request: it is looked at from outside only.
const look = `${readFileSync(join(import.meta.dirname, 'look.sh'), 'utf8')}
cat ${home}/run/twistd.pid | tell daemon
(cd ${home} && find . -type f -exec sha256sum {} +) | sort | tr '\n' ';' | tell home
`;

async function prepare(host: TestHost): Promise<void> {
  for (const file of readdirSync(fixtures)) {
    await host.writeFile(`/opt/case/${file}`, readFileSync(join(fixtures, file), 'utf8'),
      { mode: '755' });
  }
  await output(host, `install -d -o deploy ${home} /var/lib/seatrial/minibot`);
  if (host.name === 'staging') {
    await output(host, `install -o deploy /opt/case/minibot-start ${home}/minibot-start`);
    return;
  }
  // setup.sh makes the directory itself.
  await output(host, `rmdir ${home} && chown deploy /srv`);
  const set = await host.exec(
    `sh /opt/case/setup.sh ${buildsSaved} >/tmp/setup.log 2>&1 || cat /tmp/setup.log`,
    { user: 'deploy' });
  expect(set).toEqual({ status: 0, stdout: '', stderr: '' });
  await output(host, 'chown root /srv; touch /opt/made');
}

describe('the master of 2004, rehearsed', () => {
  let lab: Lab;
  let stage: RehearsalStage;
  let before: Record<string, string>;
  const releases: Record<string, string> = {};

  beforeAll(async () => {
    lab = await createLab();
    stage = await createRehearsalStage(lab, { application: 'minibot', login: 'deploy',
      init: 'sshd', diskMegabytes: 256, prepare, look,
      settings: `${readFileSync(join(fixtures, 'seatrial.yml'), 'utf8')}
observe: { passes: 1, every: 1s, within: 30s }
` });
    for (const version of ['2.0.0', '3.0.0']) {
      releases[version] = await stage.package(version, (tree) => {
        execFileSync('sh', [join(fixtures, 'make.sh'), version.slice(0, 1), tree]);
      });
    }
    const adopted = await stage.run(['adopt', '--version', '1.0.0']);
    expect(adopted.status, describeEnd(adopted)).toBe(0);
    await install(stage, 'staging', 'deploy');
    for (const build of builds.slice(buildsSaved)) {
      expect(await production(`curl -fsS --noproxy '*' -d '' http://127.0.0.1:18300/builds`))
        .toBe(String(build));
    }
    before = await stage.look();
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  const production = (command: string) => stage.output(stage.production, command);
  const staging = (command: string) => stage.output(stage.staging, command);
  const rehearse = (version: string) => stage.rehearse(releases[version] ?? '');
  const deploy = (version: string) =>
    stage.run(['deploy', '--release', releases[version] ?? '', '--receipt', stage.receipt]);
  const looks = ({ checks }: Rehearsal, when: string): (readonly [string, string, string])[] =>
    checks.filter((it) => it.when === when).map((it) =>
      [it.title.split(' ')[0] ?? '', it.verdict, it.text] as const);

  /** The same process with the same bytes, and nobody can start the copy. */
  const afterwards = async (): Promise<void> => {
    expect(await stage.look()).toEqual(before);
    expect(await staging(`ls ${home}; pgrep -u deploy -f twistd || echo nothing runs`))
      .toBe('code\nminibot-start.closed\nrun\nnothing runs');
  };

  it('refuses release 3, on looking at old records', async () => {
    const rehearsed = await rehearse('3.0.0');
    const found = told(rehearsed);
    expect(rehearsed.ended.status, describeEnd(rehearsed.ended)).toBe(11);
    expect(found).toMatchObject({ verdict: 'refused', undo: { equal: true },
      data: [{ name: 'run', takenFrom: 'last-saved' }], secondStart: { verdict: 'not-tried' },
      oldCode: { verdict: 'not-tried' } });
    expect(found.reasons).toHaveLength(1);
    expect(found.reasons[0]).toMatch(/^The release failed on the copy: records .*build\/\{id\}: /);
    expect(found.reasons[0]).toMatch(
      / record 0 answered 500, before 200\. Mend it, tag it anew, and rehearse that\.$/);
    // All that people look at first was well; what production runs is well on the same copy.
    expect(looks(found, 'new')).toEqual(expect.arrayContaining([
      ['http', 'pass', 'answered 200'],
      ['log', 'fail', expect.stringContaining(
        "AttributeError: 'Build' object has no attribute 'worker'")]]));
    expect(looks(found, 'baseline').every(([, verdict]) => verdict === 'pass')).toBe(true);
    await afterwards();
  });

  it('took what the master had saved, which goes on with what it knows beyond that', async () => {
    const pristine = `${home}/.seatrial-minibot/pristine-run/minibot-shutdown.tap`;
    expect(await staging(`sha256sum <${pristine}`)).toBe(await production(`sha256sum <${saved}`));
  });

  it('does not deploy release 3 by the receipt of that', async () => {
    const deployed = await deploy('3.0.0');
    expect(deployed.status, describeEnd(deployed)).toBe(11);
    expect(deployed.stderr).toMatch(/refused/);
    expect(await stage.look()).toEqual(before);
  });

  it('passes release 2, which loads what it saved, and tells that code alone cannot go back',
    async () => {
      const rehearsed = await rehearse('2.0.0');
      const found = told(rehearsed);
      expect(rehearsed.ended.status, describeEnd(rehearsed.ended)).toBe(0);
      expect(found).toMatchObject({ verdict: 'passed', reasons: [], outside: [], unusedAccept: [],
        secondStart: { verdict: 'pass' }, oldCode: { verdict: 'fail' },
        undo: { equal: true, differences: [] } });
      expect(found.differences.map((it) => [it.object, it.kind])).toEqual([
        ['minibot-shutdown.tap', 'content'], ['twistd.log', 'content']]);
      expect(looks(found, 'second-start')).toHaveLength(4);
      expect(rehearsed.ended.stderr).toMatch(/code-only rollback +not safe/i);
      expect(await staging('cat /var/lib/seatrial/minibot/runs/*/console.log'))
        .toContain("can't go backwards in time");
      await afterwards();
    });

  it('deploys release 2 by its receipt: every build opens, those of the last hour too',
    async () => {
      const deployed = await deploy('2.0.0');
      expect(deployed.status, describeEnd(deployed)).toBe(0);
      expect(deployed.summary).toMatchObject({ end: 'done', serving: '2.0.0' });
      expect(await production(`for id in $(curl -fsS --noproxy '*' http://127.0.0.1:18300/builds)
        do curl -fsS --noproxy '*' http://127.0.0.1:18300/build/$id; done`))
        .toBe(builds.map((id) => `log of build ${id} on (unknown)`).join('\n'));
    });
});
