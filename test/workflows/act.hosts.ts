import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../hosts/lab.ts';
import { actRunner, executorRunner } from './act/runners.ts';
import { approvedBy, createOneJobStage, type Ended, type OneJobStage } from './act/stage.ts';
import { findTools, missingAct, type Tools } from './act/tools.ts';

/**
 * The one job of docs/elsewhere.md on servers that are not GitHub: by the executor of these tests,
 * and by a runner that others wrote. One table of what is expected, two implementations.
 */
const missing = missingAct(process.env);
const name = `one job elsewhere${missing === undefined ? '' : `, skipped: ${missing}`}`;
const setUpTimeoutMs = 1_200_000;
const patient = { timeout: 120_000, interval: 250 };

/** What the migration of a hostile release prints: nothing of it may be obeyed. */
const hostile = `for (const line of [
  '::set-output name=end::stolen', '::set-output name=evil::yes', '::set-env name=EVIL::yes',
  '::add-path::/evil', '::save-state name=directory::/evil', '::stop-commands::evil',
  '##[set-env name=EVIL;]yes', '##[set-output name=evil;]yes', '\\u001b[2J', '::add-mask::done',
  '\\r::set-env name=EVIL::yes', '::error::this is not ours',
]) console.log(line);
process.exit(1);
`;

describe.skipIf(missing !== undefined)(name, () => {
  let tools: Tools;

  beforeAll(async () => { tools = await findTools(process.env); }, setUpTimeoutMs);

  /** Each test begins where the one before it ended. */
  describe.each([['the executor', executorRunner], ['act', actRunner]])('by %s', (_, runner) => {
    let lab: Lab;
    let stage: OneJobStage;

    beforeAll(async () => {
      lab = await createLab();
      stage = await createOneJobStage(lab, tools, runner);
    });

    afterAll(async () => {
      await stage?.down();
      await lab?.down();
    });

    const production = (command: string) => stage.hosts.output(stage.hosts.production, command);
    const installed = () => production(`cat ${stage.hosts.records}/installed.json`);

    const lastOfJournal = () => production(
      `tail -n 1 "$(ls ${stage.hosts.records}/runs/*/journal | tail -n 1)"`);

    /** In a log there are lines, and no others: nothing is drawn, coloured or asked. */
    const isLog = ({ log }: Ended): void => {
      expect(log).not.toContain('to go on:');
      expect(log.replaceAll(/\r\n/g, '\n')).not.toMatch(/\r|\u001b/);
    };

    it('brings the first release, which has nothing to be rehearsed on', async () => {
      const ended = await stage.release('1.0.0');
      expect(ended.green, ended.log).toBe(true);
      isLog(ended);
      const { package: made, rehearse, deploy } = ended.steps;
      expect(made).toMatchObject({ outcome: 'success', outputs: { end: 'done', version: '1.0.0',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string } });
      expect(rehearse?.outputs).toMatchObject({ end: 'unchanged' });
      expect(deploy?.outputs).toMatchObject({ end: 'done', version: '1.0.0',
        digest: made?.outputs['digest'] });
      expect(await stage.serving()).toBe('1.0.0');
      for (const each of ['ada', 'grace']) await stage.hosts.write(each);
    });

    it('rehearses the second one on a copy, and deploys it', async () => {
      const ended = await stage.release('2.0.0');
      expect(ended.green, ended.log).toBe(true);
      isLog(ended);
      const { package: made, rehearse, deploy } = ended.steps;
      const same = { version: '2.0.0', digest: made?.outputs['digest'] };
      expect(rehearse?.outputs).toMatchObject({ end: 'done', ...same });
      expect(deploy?.outputs).toMatchObject({ end: 'done', ...same });
      expect(Number(deploy?.outputs['window-seconds'])).toBeGreaterThan(0);
      expect(await stage.serving()).toBe('2.0.0');
      expect(await installed()).toContain(same.digest);
      expect(await installed()).toContain(`approved outside of Seatrial: ${approvedBy}`);
    });

    it('refuses the third one, which breaks what was written before it', async () => {
      const before = await stage.hosts.look();
      const ended = await stage.release('3.0.0');
      expect(ended.green).toBe(false);
      isLog(ended);
      expect(ended.log).toMatch(/failed on the copy: records/);
      expect(ended.steps['rehearse']).toMatchObject({ outcome: 'failure',
        outputs: { end: 'refused', version: '3.0.0' } });
      expect(ended.steps['deploy']?.outcome ?? 'skipped').toBe('skipped');
      expect(await stage.hosts.look()).toEqual(before);
    });

    it('obeys nothing that a host says', async () => {
      const ended = await stage.release('3.0.1', { code: '2.0.0',
        files: { 'migrate.mjs': hostile } });
      expect(ended.green).toBe(false);
      isLog(ended);
      // It is told, for it is why the migration failed.
      expect(ended.log).toContain('set-output name=end::stolen');
      expect(ended.steps['rehearse']?.outputs).toMatchObject({ end: 'refused' });
      expect(JSON.stringify(ended.steps)).not.toMatch(/evil|stolen/);
      expect(ended.environment).toContain('PATH=');
      expect(ended.environment).not.toMatch(/EVIL|\/evil/);
      expect(stage.keys()).toEqual([]);
    });

    it('lets go in the window when it is cancelled, and the host goes on', async () => {
      await production('install -d -m 1777 /run/lab && rm -f /run/lab/held && ' +
        "echo 'done migrate-1' >/run/lab/hold");
      const job = await stage.start('2.0.1', { code: '2.0.0' });
      let early = false;
      void job.ended.then(() => { early = true; });
      await expect.poll(async () => early || (await stage.hosts.production.exec(
        'test -e /run/lab/held')).status === 0, patient).toBe(true);
      expect(early, job.log()).toBe(false);
      expect(stage.keys()).not.toEqual([]);
      job.cancel();
      const ended = await stage.finish(job);
      expect(ended.green).toBe(false);
      // The step after it says so, also where the step itself was killed.
      expect(ended.log).toMatch(/the host goes on by itself: .*attach --run/);
      expect(stage.keys()).toEqual([]);
      await production('rm /run/lab/hold');
      await expect.poll(() => lastOfJournal(), patient).toMatch(/\tend\t+done/);
      expect(await installed()).toContain('2.0.1');
      expect(await stage.serving()).toBe('2.0.1');
    });

    it('finds it done when the same job is run again', async () => {
      const ended = await stage.again('2.0.1');
      expect(ended.green, ended.log).toBe(true);
      expect(ended.steps['deploy']?.outputs).toMatchObject({ end: 'unchanged', version: '2.0.1' });
      expect(stage.keys()).toEqual([]);
    });
  });
});
