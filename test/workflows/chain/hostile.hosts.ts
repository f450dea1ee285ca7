import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../../hosts/lab.ts';
import { installBoth, output } from '../../hosts/rehearsal/stage.ts';
import { git } from '../../package/fixture.ts';
import { expectInert, expectUntouched, lookWorkflow, makeHostile, oddNames, oddTags, orders,
  ownWorkflow, pushTag } from './hostile.ts';
import { createChainStage, reviewer, tell, type ChainStage } from './stage.ts';

const workflow = '.github/workflows/release.yml';
const script = (status: number): string =>
  `cat /etc/hostile\ncat /etc/hostile >&2\nexit ${status}\n`;
const reference = expect.stringMatching(
  /^\{"name":"guestbook-[^]*"sha256":"[0-9a-f]{64}"\}$/) as string;
const odd = Object.fromEntries(oddNames.map((name) => [`odd/${name}`, 'odd\n']));

/** Hosts, tags, files and people that say what somebody else would obey. */
describe('what is said to a run', { timeout: 400_000 }, () => {
  let lab: Lab;
  let stage: ChainStage;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createChainStage(lab, (settings) => {
      const install = settings['install'] as { migrate: unknown[] };
      install.migrate.push({ run: 'sh {release}/hostile.sh' });
      (settings['checks'] as unknown[]).push(
        { command: { run: 'cat /etc/hostile', means: '::error::forged <b>##[error]forged' } });
    });
    await installBoth(stage.hosts, 'deploy');
    for (const host of [stage.hosts.production, stage.hosts.staging]) await makeHostile(host);
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  it('as a tag is refused with its name, and reaches no shell', async () => {
    stage.application.commit('1.0.0', { files: { 'hostile.sh': script(0) }, message: orders });
    const runs = [];
    for (const tag of oddTags) {
      pushTag(stage.application, tag, orders);
      runs.push(await stage.workflows.push(`refs/tags/${tag}`));
    }
    for (const [index, run] of runs.entries()) {
      await run.ended();
      const where = `${oddTags[index] ?? ''}\n${tell(run)}`;
      expect(run.job('package').conclusion, where).toBe('failure');
      expect(run.job('package').log).toMatch(/is not a tag name that can be released|version/);
      expectInert(run);
    }
  });

  it('as the name of an environment is refused: nobody has to approve there', async () => {
    const run = await stage.push('1.0.0', { message: orders, files: {
      'hostile.sh': script(0), [workflow]: ownWorkflow({
        'environment': 'production::error::forged ##[add-mask]guestbook <img src=x>',
        'url': 'javascript:alert(1)::error::forged',
        'accept-unrehearsed': '::add-mask::guestbook <img src=x onerror=alert(1)>' }) } });
    await stage.until(run, 'deploy', 'waiting');
    run.approve('production', { user: reviewer, comment: orders });
    expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'failure' });
    const { log, outputs } = run.job('deploy');
    expect(log).toMatch(/approval: reviewers: there is no environment production: :error/);
    expect(outputs).toEqual({ end: 'refused' });
    expectInert(run);
  });

  it('as file names, messages, a comment, a page and all that hosts print is shown, not obeyed',
    async () => {
      const change = { code: '1.0.0', message: orders, files: { 'hostile.sh': script(0), ...odd } };
      const first = await stage.release('1.1.0', change);
      expect(await stage.ends(first), tell(first)).toMatchObject({ deploy: 'success' });
      await stage.hosts.write('ada');
      const { releases } = stage.github.state;
      for (const page of releases) Object.assign(page, { title: orders, text: `${orders}\n` });
      const run = await stage.push('1.2.0', { ...change,
        files: { ...change.files, [workflow]: ownWorkflow() } });
      await stage.until(run, 'deploy', 'waiting');
      run.approve('production', { user: reviewer, comment: orders });
      expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'success' });
      expect(run.job('rehearse').outputs).toMatchObject({ end: 'done', receipt: reference });
      expect(run.job('deploy').outputs).toEqual({ end: 'done' });
      expect(await stage.serving()).toBe('1.2.0');
      // It was shown, between two lines that only this step can write.
      expect(run.job('deploy').log).toMatch(/::stop-commands::\*\*\*\n[^]*set-output name=end/);
      expect(run.job('deploy').log).toContain('guestbook');
      for (const each of [first, run]) expectInert(each);
      for (const { statuses } of stage.github.state.deployments) {
        expect(statuses.map((it) => it.description).join()).not.toMatch(/::|##\[|\n/);
      }
      const text = releases.find((it) => it.tag === 'v1.2.0')?.text ?? '';
      expect(text).toContain('made of commit');
      expect(text).not.toMatch(/forged|<img/);
      expect(stage.github.violations).toEqual([]);
    });

  it('by a release that fails is in the reasons as text', async () => {
    const run = await stage.push('1.2.1', { code: '1.0.0', message: orders,
      files: { 'hostile.sh': script(3), ...odd, [workflow]: ownWorkflow() } });
    expect(await stage.ends(run)).toMatchObject({ package: 'success', rehearse: 'failure' });
    expect(run.job('rehearse').outputs).toEqual({ end: 'refused', receipt: reference });
    expect(run.job('rehearse').annotations.length).toBeGreaterThan(0);
    expectInert(run);
    expect(await stage.serving()).toBe('1.2.0');
  });

  it('by the records of a host, and by references from elsewhere, changes no end', async () => {
    const { production, records } = stage.hosts;
    const text = readFileSync(join(await production.root(), records, 'installed.json'), 'utf8');
    const lies = JSON.stringify({ ...JSON.parse(text) as object, version: orders,
      by: orders, approval: orders });
    await production.writeFile(`${records}/installed.json`, lies);
    await output(production, `mkdir -p '${records}/failed/##[set-output name=end]forged'`);
    const hex = 'a'.repeat(64);
    const file = (name: string, id = '1'): string =>
      `{"name":${JSON.stringify(name)},"id":${JSON.stringify(id)},"sha256":"${hex}"}`;
    const release = (name: string, more = ''): string => `{"archive":${file(`${name}.tar.gz`)},` +
      `"manifest":${file(`${name}.manifest.json`)}${more}}`;
    const branch = 'feature/$(touch${IFS}pwned);touch${IFS}pwned';
    const look = '.github/workflows/look.yml';
    stage.application.commit('1.3.0', { code: '1.0.0', message: orders, files: { [look]:
      lookWorkflow([release('../../x'), release('::set-output name=end::forged'),
        release('x', ',"__proto__":{"archive":1}'), `{"##[add-mask]guestbook":1}`,
        `{"::error::forged\\n::error::forged":${file('x', '1/../2')}}`, release('x')]) } });
    git(stage.application.tree, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    const run = await stage.workflows.dispatch(look, { ref: `refs/heads/${branch}` });
    await stage.until(run, 'look', 'waiting');
    run.approve('production', { user: reviewer, comment: orders });
    await run.ended();
    const { log, outputs } = run.job('look');
    expect(outputs, tell(run)).toEqual({ end: 'done', list: 'done' });
    expect(log).toContain('is not a tag name that can be released');
    expect(log.match(/is no reference to artifacts of a run/g)?.length).toBeGreaterThan(4);
    expect(log).toContain('expired or was deleted');
    expectInert(run);
  });

  it('made no file anywhere', async () => {
    for (const host of [stage.hosts.production, stage.hosts.staging]) await expectUntouched(host);
  });
});
