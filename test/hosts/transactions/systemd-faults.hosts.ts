import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { createSystemdStage, inUse, quiet, records, type Seen, type SystemdStage }
  from './systemd-stage.ts';
import { describeEnd, type RunningTool } from './tool.ts';

/**
 * Kills, reboots and power cuts while release 2 is installed over release 1, which is in use. The
 * host ends it by itself, by its boot unit, whether anybody watches or not.
 */
const patient = { timeout: 60_000 };
/** Where it is asked to, the migration ruins all that there is, and waits. */
const ruin = `
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const hold = '/run/lab/hold';
if (existsSync(hold) && readFileSync(hold, 'utf8').startsWith('migration')) {
  const ruined = openDatabase(data);
  ruined.exec("UPDATE entries SET message = ''");
  ruined.close();
  rmSync(join(data, 'uploads'), { recursive: true });
  execFileSync('/usr/bin/sync', ['-f', '/']);
  writeFileSync('/run/lab/held', '');
  while (existsSync(hold)) await new Promise((resolve) => setTimeout(resolve, 100));
}
`;

interface Scene {
  readonly stage: () => SystemdStage;
  /** What the host was like with release 1 in use. */
  readonly before: () => Seen;
  /** Starts to deploy release 2, and waits until it is held at that place. */
  readonly deployTo: (place: string) => Promise<RunningTool>;
  readonly faults: Readonly<Record<Fault, () => Promise<void>>>;
  readonly expectEnd: (end: 'restored' | 'cancelled' | 'done') => Promise<void>;
}

type Fault = 'power cut' | 'reboot' | 'kill' | 'TERM' | 'kill of the unit';

/** `stage` is called when the fault is: a host is made before each test. */
function faultsOf(stage: () => SystemdStage): Scene['faults'] {
  async function powerCut(): Promise<void> {
    await stage().host.powerCut();
    await stage().host.boot();
  }

  /** The host shuts itself down, as an administrator asks it to. */
  async function reboot(): Promise<void> {
    await stage().host.exec('systemctl reboot');
    await expect.poll(async () => (await stage().host.exec('true')).stderr, patient)
      .toContain('is down');
    await stage().host.boot();
  }

  /** The program alone: KILL is what the kernel sends when memory is short. */
  const send = (signal: 'KILL' | 'TERM') => async (): Promise<void> => {
    await stage().output(`kill -${signal} "$(sed -n 's/^pid.//p' ${records}/lock.owner)"`);
  };

  /** The program with its steps. */
  const killUnit = async (): Promise<void> => {
    await stage().output('systemctl kill -s KILL seatrial-guestbook');
  };

  return { 'power cut': powerCut, reboot, 'kill of the unit': killUnit,
    kill: send('KILL'), TERM: send('TERM') };
}

/** For one `describe`: its host, which each test finds with release 1 in use. */
function useScene(login: SystemdStage['login']): Scene {
  let lab: Lab;
  let stage: SystemdStage;
  let release: string;
  let before: Seen;

  beforeAll(async () => {
    lab = await createLab();
    stage = await createSystemdStage(lab, { name: 'server', login });
    await inUse(stage);
    before = await stage.see();
    expect(before).toMatchObject(quiet(stage, '1.0.0', 3));
    release = await stage.release({ version: '2.0.0', code: '2.0.0', migrate: ruin });
  });

  afterAll(async () => {
    await stage?.down();
    await lab?.down();
  });

  beforeEach(async () => {
    await stage.reset();
  });

  async function deployTo(place: string): Promise<RunningTool> {
    await stage.holdAt(place);
    const deploying = stage.start(['deploy', '--release', release]);
    const early = deploying.ended.then((ended) => {
      throw new Error(`it ended before ${place}: ${describeEnd(ended)}`);
    });
    await Promise.race([stage.held(), early]);
    early.catch(() => undefined);
    return deploying;
  }

  const faults = faultsOf(() => stage);

  async function expectEnd(end: 'restored' | 'cancelled' | 'done'): Promise<void> {
    await stage.finished();
    expect(await stage.see()).toEqual(end === 'done' ? { ...before, schema: '2',
      ...quiet(stage, '2.0.0', 3) } : before);
  }

  return { stage: () => stage, before: () => before, deployTo, faults, expectEnd };
}

async function faultEnds(scene: Scene, row: Row): Promise<void> {
  const { fault, at, end } = row;
  const deploying = await scene.deployTo(at);
  await scene.faults[fault]();
  await scene.stage().letGo();
  await scene.expectEnd(end);
  const ended = await deploying.ended;
  expect(ended.summary, describeEnd(ended)).toMatchObject({ end,
    serving: end === 'done' ? '2.0.0' : '1.0.0' });
}

interface Row {
  readonly fault: Fault;
  readonly at: string;
  readonly end: 'restored' | 'cancelled' | 'done';
}

const title = '$fault at $at: it ends $end';

describe('a transaction of root', () => {
  const scene = useScene('root');

  it.each<Row>([
    { fault: 'power cut', at: 'migration', end: 'restored' },
    { fault: 'reboot', at: 'done stop-1', end: 'restored' },
    { fault: 'kill of the unit', at: 'migration', end: 'restored' },
    { fault: 'power cut', at: 'commit', end: 'done' },
  ])(title, (row) => faultEnds(scene, row));
});

/** The program of an ordinary user has the same runtime, and sudo besides. */
describe('a transaction of an ordinary user', () => {
  const scene = useScene('deploy');
  const { deployTo, faults, expectEnd } = scene;

  it.each<Row>([
    { fault: 'power cut', at: 'migration', end: 'restored' },
    { fault: 'reboot', at: 'done stop-1', end: 'restored' },
    { fault: 'kill of the unit', at: 'migration', end: 'restored' },
    { fault: 'power cut', at: 'commit', end: 'done' },
    { fault: 'power cut', at: 'done unpack', end: 'cancelled' },
    { fault: 'power cut', at: 'done close', end: 'restored' },
    { fault: 'power cut', at: 'done stop-3', end: 'restored' },
    { fault: 'power cut', at: 'done switch', end: 'restored' },
    { fault: 'reboot', at: 'migration', end: 'restored' },
    { fault: 'kill', at: 'done rescue-2', end: 'restored' },
    { fault: 'power cut', at: 'begin verify', end: 'restored' },
    { fault: 'kill', at: 'begin verify', end: 'restored' },
    { fault: 'power cut', at: 'begin admit', end: 'done' },
    { fault: 'kill of the unit', at: 'commit', end: 'done' },
  ])(title, (row) => faultEnds(scene, row));

  it.each<Row>([
    { fault: 'TERM', at: 'done rescue-2', end: 'restored' },
    { fault: 'kill', at: 'done switch', end: 'restored' },
    { fault: 'kill of the unit', at: 'migration', end: 'restored' },
    { fault: 'power cut', at: 'migration', end: 'restored' },
    { fault: 'power cut', at: 'commit', end: 'done' },
  ])('$fault at $at when nobody watches any more: it ends $end',
    async ({ fault, at, end }) => {
      const stage = scene.stage();
      const deploying = await deployTo(at);
      deploying.signal('SIGKILL');
      await deploying.ended;
      await faults[fault]();
      await stage.letGo();
      await expectEnd(end);
      const again = await stage.run(['recover']);
      expect(again.summary, describeEnd(again)).toMatchObject({ end: 'unchanged' });
    });

  it('the power fails again in the recovery, twice: nothing is lost', async () => {
    const stage = scene.stage();
    const deploying = await deployTo('migration');
    deploying.signal('SIGKILL');
    await stage.holdLater('undo-done switch');
    await faults['power cut']();
    await stage.held();
    await stage.holdLater('undo-done rescue-1');
    await faults['power cut']();
    await stage.held();
    await stage.holdLater('undo-begin serves');
    await faults['power cut']();
    await stage.held();
    expect(await stage.see()).toMatchObject({ gate: '/run/seatrial/guestbook/open' });
    await stage.letGo();
    await expectEnd('restored');
    expect(await stage.output(`cut -f2 ${records}/runs/*/journal | grep -c -x recover`)).toBe('3');
  });

  it('starts nothing by hand or at boot in the window, and all of it after the end', async () => {
    const stage = scene.stage();
    const closed = { app: 'inactive', worker: 'inactive', timer: 'inactive', serves: 'no',
      private: 'no', open: 'no', gate: '/run/seatrial/guestbook/open' };
    const byHand = `systemctl daemon-reload
      for act in start restart; do for unit in guestbook guestbook-worker guestbook-mail.timer; do
      systemctl $act $unit; done; done; sleep 1`;
    const deploying = await deployTo('done rescue-2');
    await stage.host.exec(byHand);
    expect(await stage.see()).toMatchObject(closed);
    await stage.holdLater('recover');
    await faults['power cut']();
    await stage.held();
    expect(await stage.see()).toMatchObject(closed);
    await stage.host.exec(byHand);
    expect(await stage.see()).toMatchObject(closed);
    await stage.letGo();
    await expectEnd('restored');
    await deploying.ended;
    await faults.reboot();
    await expect.poll(() => stage.see(), patient).toEqual(scene.before());
    await stage.output('systemctl restart guestbook');
    await expect.poll(() => stage.see(), patient).toEqual(scene.before());
  });

  it('starts nothing after the commit before users are let in, and survives reboots', async () => {
    const stage = scene.stage();
    const deploying = await deployTo('commit');
    await stage.holdLater('recover');
    await faults['power cut']();
    await stage.held();
    await stage.host.exec('systemctl start guestbook guestbook-worker; sleep 1');
    expect(await stage.see()).toMatchObject({ app: 'inactive', worker: 'inactive', serves: 'no' });
    await stage.letGo();
    await expectEnd('done');
    await deploying.ended;
    await faults['power cut']();
    await expect.poll(() => stage.see(), patient).toMatchObject(quiet(stage, '2.0.0', 3));
  });

  it('is not disturbed by a daemon-reload in the window', async () => {
    const stage = scene.stage();
    const deploying = await deployTo('done switch');
    await stage.output('systemctl daemon-reload');
    await stage.letGo();
    const ended = await deploying.ended;
    expect(ended.summary, describeEnd(ended)).toMatchObject({ end: 'done', serving: '2.0.0' });
    await expectEnd('done');
  });
});
