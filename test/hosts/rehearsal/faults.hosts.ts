import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { describeEnd, type RunningTool } from '../transactions/tool.ts';
import { createGuestbookStage, type GuestbookStage } from './guestbook.ts';
import { install, told } from './stage.ts';

/**
 * Whatever ends a rehearsal early: production is as it was, nobody can start the copy, and the next
 * rehearsal works. Each test begins on what the one before it left.
 */
const patient = { timeout: 90_000, interval: 50 };

describe('a rehearsal that ends early', () => {
  let lab: Lab;
  let stage: GuestbookStage;
  let release: string;
  let before: Record<string, string>;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createGuestbookStage(lab, 'root');
    await Promise.all([install(stage, 'production', 'root'), install(stage, 'staging', 'root')]);
    const first = await stage.release({ version: '1.0.0', code: '1.0.0' });
    release = await stage.release({ version: '2.0.0', code: '2.0.0' });
    const deployed = await stage.run(['deploy', '--release', first]);
    expect(deployed.status, describeEnd(deployed)).toBe(0);
    for (const name of ['ada', 'grace']) await stage.write(name);
    before = await stage.look();
    await stage.forget();
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  afterEach(async () => {
    await stage.finished();
    await isClosed();
    expect(await stage.look()).toEqual(before);
    expect(await stage.heard()).toBe('');
  });

  const staging = (command: string) => stage.output(stage.staging, command);
  const start = () => stage.start(['rehearse', '--release', release,
    '--receipt', stage.receipt, '--page', `${stage.receipt}.html`]);
  const tells = (tool: RunningTool, words: RegExp) =>
    expect.poll(() => tool.told(), patient).toMatch(words);

  const isClosed = async (): Promise<void> => {
    await stage.staging.exec('systemctl start guestbook guestbook-worker');
    expect((await stage.staging.exec('systemctl is-active guestbook guestbook-worker')).stdout)
      .toBe('inactive\ninactive\n');
  };

  /** The host holds its program there, until it is let go. */
  const holdAt = async (place: string): Promise<void> => {
    await staging(`install -d -m 1777 /run/lab && rm -f /run/lab/held &&
      echo '${place}' >/run/lab/hold`);
  };
  const held = () => expect.poll(async () =>
    (await stage.staging.exec('test -e /run/lab/held')).status, patient).toBe(0);

  it.each([
    ['it copies', /copying production to staging/],
    ['a copy has arrived', /Copy .*guestbook\.sqlite: .*100%/],
    ['the copy is laid', /done +Lay a fresh copy of guestbook\.sqlite/],
  ])('is harmless where the runner is killed when %s', async (_title, words) => {
    const tool = start();
    await tells(tool, words);
    tool.signal('SIGKILL');
    expect((await tool.ended).signal).toBe('SIGKILL');
  });

  it('is harmless where production is out of reach in the middle of the copy', async () => {
    const tool = start();
    await tells(tool, /looking at production/);
    await stage.production.cut();
    const ended = await tool.ended;
    await stage.production.heal();
    expect(ended.status, describeEnd(ended)).not.toBe(0);
    expect(ended.stderr).toMatch(/production/);
    // What was at work there ends when it hears that nobody listens any more.
    await expect.poll(() => stage.look(), { timeout: 60_000, interval: 1000 }).toEqual(before);
  });

  it('goes back by itself where the runner is killed in the window', async () => {
    await holdAt('done migrate-1');
    const tool = start();
    await held();
    tool.signal('SIGKILL');
    await tool.ended;
    await staging('rm /run/lab/hold');
    await stage.finished();
    expect(await staging(`tail -n 1 "$(ls ${stage.records}/runs/*/journal | tail -n 1)"`))
      .toMatch(/\tend\t+restored/);
  });

  it('stays closed where its program is killed, and the next one begins anew', async () => {
    await holdAt('done switch');
    const tool = start();
    await held();
    await staging(`kill -KILL "$(sed -n 's/^pid.//p' ${stage.records}/lock.owner)"
      rm /run/lab/hold`);
    const ended = await tool.ended;
    expect(ended.status, describeEnd(ended)).not.toBe(0);
  });

  it('stays closed where staging loses power, also once it is back', async () => {
    await staging('systemctl -q enable guestbook guestbook-worker; sync -f /');
    await holdAt('done migrate-1');
    const tool = start();
    await held();
    await stage.staging.powerCut();
    tool.signal('SIGKILL');
    await tool.ended;
    await stage.staging.boot();
    await isClosed();
  });

  it('is made anew after all that, and passes', async () => {
    const found = told(await stage.rehearse(release));
    expect(found).toMatchObject({ verdict: 'passed', reasons: [], undo: { equal: true },
      data: [{ reused: true }, { reused: true }] });
    // Nothing is brought, so that it costs seconds.
    const brought = found.data.reduce((total, it) => total + (it.reused ? 0 : it.seconds), 0);
    expect(brought).toBe(0);
  });
});
