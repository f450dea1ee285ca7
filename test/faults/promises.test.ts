import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync }
  from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { raw } from '../../src/command/command.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';
import { configFor, packRelease, prepareHost } from './application.ts';
import { contents, FakeHost } from './host.ts';
import { write } from '../transaction/sandbox.ts';

const hosts: FakeHost[] = [];
afterAll(() => {
  for (const host of hosts) host.endAll();
});

const one = packRelease('releases', '1');
const two = packRelease('releases', '2');
const three = packRelease('releases', '3');

const id = (count: number): string => `2026010${count}T000000Z-00000${count}`;

async function hostWith(change: (config: Config, root: string) => Config = (it) => it) {
  const host = new FakeHost((root) => change(configFor('releases', root), root));
  hosts.push(host);
  prepareHost('releases', host.root, one);
  const plan = await host.plan(one, '1', id(1));
  await go(host, plan, one);
  expect(host.result(plan)?.end).toBe('done');
  return host;
}

// eslint-disable-next-line max-params
async function go(host: FakeHost, plan: Plan, archive: string | undefined, extra = '') {
  host.lay(plan, archive, extra);
  const status = await host.run(plan);
  return { status, end: host.result(plan)?.end, text: host.result(plan)?.text };
}

/** Shell text that stands in the place of an act of one step. */
function wrecked(plan: Plan, step: string, text: string): Plan {
  return { ...plan, steps: plan.steps.map((it): Step => (it.id !== step ? it
    : { ...it, do: [...it.do, { argv: [raw(`{ ${text}\n}`, 'a fault')] }] })) };
}

const serving = (host: FakeHost): string =>
  readFileSync(host.path('state/files/served-by'), 'utf8').trim();

function events(host: FakeHost, plan: Plan): string[] {
  return host.journal(plan).map((line) => line.split('\t')[1] ?? '').filter((it) => it !== '');
}

describe('P4: the application cannot be started in between', () => {
  it('not by an init script, not by hand, not after a reboot', async () => {
    const host = await hostWith();
    const plan = wrecked(await host.plan(two, '2', id(2)), 'migrate-1', 'kill -s KILL 0; sleep 9');
    await go(host, plan, two);
    host.cutPower();
    expect(host.processes()).toEqual([]);
    expect(existsSync(host.path('app/current'))).toBe(false);
    expect(existsSync(join(host.records, 'gate'))).toBe(false);
    await host.run(plan);
    expect(host.result(plan)?.end).toBe('restored');
    expect(serving(host)).toBe('1');
    expect(existsSync(join(host.records, 'gate'))).toBe(true);
  });

  it('and a person is asked, with the doors closed, where going back fails', async () => {
    const host = await hostWith();
    const plan = wrecked(await host.plan(two, '2', id(2)), 'verify', 'false');
    const blocked = host.path('state/.seatrial-fake');
    const broken = wrecked(plan, 'start-1', `mv ${blocked} ${blocked}.away`);
    const ended = await go(host, broken, two);
    // The rescue copy is out of reach: nothing is restored, and nothing old is started on it.
    expect(ended.end).toBe('needs-human');
    expect(host.processes()).toEqual([]);
    expect(existsSync(host.path('app/current'))).toBe(false);
    expect(readFileSync(join(host.records, 'unfinished'), 'utf8').trim()).toBe(plan.run);
    expect(ended.text).not.toBe('');
    renameSync(`${blocked}.away`, blocked);
    await host.run(broken, { force: true });
    expect([host.result(plan)?.end, serving(host)]).toEqual(['restored', '1']);
    expect(readFileSync(host.path('state/files/schema'), 'utf8')).toBe('1\n');
  });
});

describe('P4: never two of it, and never the failed one on what was restored', () => {
  /** A start that is slow, and in which the program is killed once, where it is armed. */
  const slowly = (config: Config, root: string): Config => ({ ...config,
    services: config.services.map((it) => it.kind === 'systemd' ? it : { ...it, start: {
      ...it.start, run: `if rm ${root}/armed; then kill -s KILL \
$(sed -n 's/^pid.//p' ${root}/records/lock.owner); sleep 1; fi; ${it.start.run}` } }) });

  it.each([
    ['the release starts', 'switch', ': >{armed}'],
    ['the old version starts again', 'verify', ': >{armed}; false'],
  ])('where the program is killed while %s', async (_title, step, text) => {
    const host = await hostWith(slowly);
    const plan = wrecked(await host.plan(two, '2', id(2)), step,
      text.replace('{armed}', host.path('armed')));
    expect((await go(host, plan, two)).status).toBeUndefined();
    await host.run(plan);
    expect(host.result(plan)?.end).toBe('restored');
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    expect(host.processes().map((it) => it.words.replace(/.* /, ''))).toEqual(['1']);
    expect(serving(host)).toBe('1');
    expect(existsSync(host.path('armed'))).toBe(false);
  });
});

describe('P6: after the commit nothing is restored', () => {
  it('a kill after it goes forward, and what users wrote stays', async () => {
    const host = await hostWith();
    const plan = wrecked(await host.plan(two, '2', id(2)), 'admit',
      '[ -e "$RUN_DIR/x" ] || { : >"$RUN_DIR/x"; kill -s KILL 0; }');
    await go(host, plan, two);
    write(host.path('state/files/by-a-user'), 'acknowledged');
    await host.run(plan);
    expect([host.result(plan)?.end, serving(host)]).toEqual(['done', '2']);
    expect(readFileSync(host.path('state/files/by-a-user'), 'utf8')).toBe('acknowledged');
  });

  it('a check that fails after it ends degraded, and touches nothing', async () => {
    const host = await hostWith((config, root) => ({ ...config, checks: [...config.checks, {
      kind: 'command', run: { run: `test ! -e ${root}/broken`, user: undefined, timeoutSeconds: 9 },
      means: 'a canary', unsure: [75], writes: true, beforeAdmission: false }] }));
    write(host.path('broken'), '');
    const plan = await host.plan(two, '2', id(2));
    const ended = await go(host, plan, two);
    expect(ended.end).toBe('degraded');
    expect(ended.text).toContain('a canary');
    expect(serving(host)).toBe('2');
    expect(existsSync(join(host.records, 'unfinished'))).toBe(false);
    expect(JSON.parse(readFileSync(join(host.records, 'installed.json'), 'utf8')))
      .toMatchObject({ version: '2' });
  });
});

describe('P7: no success without evidence', () => {
  it.each([
    ['a check that fails', 'exit 1', 'restored'],
    ['a check that cannot tell', 'exit 75', 'restored'],
    ['a check that is killed', 'kill -s KILL $$', 'restored'],
    ['a check that cannot be run', 'exec /nonexistent', 'restored'],
  ])('%s', async (_title, text, end) => {
    const host = await hostWith((config, root) => ({ ...config, checks: [...config.checks, {
      kind: 'command', means: 'it', unsure: [75], writes: false, beforeAdmission: false,
      run: { run: `test ! -e ${root}/armed || ${text}`, user: undefined, timeoutSeconds: 9 },
    }] }));
    const plan = wrecked(await host.plan(two, '2', id(2)), 'switch', `: >${host.root}/armed`);
    const disarm = `serves_again() { rm -f ${host.root}/armed; check_rounds restored 1; }`;
    expect((await go(host, plan, two, disarm)).end).toBe(end);
    expect(serving(host)).toBe('1');
  });

  it('a production that is red is not deployed to, without a reason', async () => {
    const host = await hostWith();
    const plan = await host.plan(two, '2', id(2));
    const schema = host.path('state/files/schema');
    writeFileSync(schema, 'broken\n');
    const ended = await go(host, plan, two);
    expect(ended.end).toBe('refused');
    expect(ended.text).toContain('production fails its checks before anything was done');
    expect(events(host, plan)).not.toContain('window');
  });
});

describe('before the window', () => {
  it.each([['a cancel', true, 'cancelled before the window'],
    ['nobody who watches', false, 'nobody was watching, so the window was not entered']])(
    '%s ends it, and nothing is left', async (_title, cancels, text) => {
      const host = await hostWith();
      const before = contents(host.path('app'));
      const planned = await host.plan(two, '2', id(2));
      const plan = cancels ? wrecked(planned, 'reserve', ': >"$RUN_DIR/cancel"') : planned;
      host.lay(plan, two, 'WATCHER_WAIT_SECONDS_MAX=1');
      await host.run(plan, { watched: false });
      expect(host.result(plan)).toMatchObject({ end: 'cancelled', text });
      expect(contents(host.path('app'))).toEqual(before);
      expect(events(host, plan)).not.toContain('window');
      expect(serving(host)).toBe('1');
    });

  it('an orphan of an earlier run is named, and nothing begins', async () => {
    const host = await hostWith();
    const plan = await host.plan(two, '2', id(2));
    const orphan = spawnSync('sh', ['-c', `exec 8>>'${host.records}/work'; flock 8
setsid sleep 30 >/dev/null 2>&1 & echo $!`], { encoding: 'utf8' }).stdout.trim();
    try {
      const ended = await go(host, plan, two);
      expect(ended.end).toBe('refused');
      expect(ended.text).toMatch(new RegExp(`still running: .*\\b${orphan}\\b`));
    } finally {
      process.kill(Number(orphan), 'SIGKILL');
    }
  });

  it('somebody who deployed since the plan was made ends it', async () => {
    const host = await hostWith();
    const stale = await host.plan(three, '3', id(3));
    expect((await go(host, await host.plan(two, '2', id(2)), two)).end).toBe('done');
    expect(await go(host, stale, three)).toMatchObject({ end: 'refused' });
    expect(serving(host)).toBe('2');
  });
});

describe('P9: what failed is kept, and never pushes out what is good', () => {
  it('after more failures than are kept, the old release and its rescue are there', async () => {
    const host = await hostWith((config) => ({ ...config,
      keep: { releases: 1, rescues: 1, failed: 2 } }));
    expect((await go(host, await host.plan(two, '2', id(2)), two)).end).toBe('done');
    const good = readdirSync(host.path('app/releases')).sort();
    for (const count of [3, 4, 5, 6]) {
      const plan = wrecked(await host.plan(three, '3', id(count)), 'migrate-1', 'false');
      expect((await go(host, plan, three)).end).toBe('restored');
      expect(readdirSync(host.path('app/releases')).sort()).toEqual(good);
      const bundle = join(host.records, 'failed', plan.run);
      expect(readdirSync(bundle).sort()).toEqual(['console.log', 'journal', 'reason', 'release',
        'state-state1', 'state-state2']);
      expect(readFileSync(join(bundle, 'state-state1/schema'), 'utf8')).toBe('3\n');
    }
    expect(readdirSync(join(host.records, 'rescues'))).toEqual([id(2)]);
    expect((await go(host, await host.plan(three, '3', id(7)), three)).end).toBe('done');
    expect(readdirSync(join(host.records, 'failed')).sort()).toEqual([id(5), id(6)]);
    expect(readdirSync(host.path('app/releases')).map((name) => name[0]).sort())
      .toEqual(['2', '3']);
    expect(readdirSync(join(host.records, 'rescues'))).toEqual([id(7)]);
  });
});

describe('P8 on a full disk', () => {
  it('the reserve is freed, and the run goes on', async () => {
    const host = await hostWith();
    const plan = await host.plan(two, '2', id(2));
    const journal = join(host.records, 'runs', plan.run, 'journal');
    // From the migration on the journal cannot grow, until the reserve is given back.
    const full = wrecked(plan, 'migrate-1', `mv ${journal} ${journal}.kept && \
ln -s /dev/full ${journal}`);
    const ended = await go(host, full, two, `free_reserve() {
  rm -f "$RUN_DIR/reserve"
  [ ! -L "$JOURNAL" ] || { rm -f "$JOURNAL" && mv "$JOURNAL.kept" "$JOURNAL"; }
}`);
    expect([ended.end, serving(host)]).toEqual(['done', '2']);
    expect(existsSync(join(host.records, 'runs', plan.run, 'reserve'))).toBe(false);
    expect(events(host, plan).at(-1)).toBe('end');
    expect(existsSync(join(host.records, 'unfinished'))).toBe(false);
  });
});

describe('P12: running again is always safe', () => {
  it('two programs at once: one goes on, the other does nothing', async () => {
    const host = await hostWith();
    const plan = await host.plan(two, '2', id(2));
    const other = await host.plan(three, '3', id(3));
    const slow = 'flush() { /bin/sleep 0.05; }';
    host.lay(plan, two, slow);
    host.lay(other, three, slow);
    // The other one waits a while for the lock, gives up, or finds that the plan is stale.
    const statuses = await Promise.all([host.run(plan), host.run(other)]);
    const ends = [plan, other].map((it, index) => host.result(it)?.end ?? String(statuses[index]));
    expect(ends).toContain('done');
    expect(ends.some((it) => ['15', 'refused'].includes(it)), String(ends)).toBe(true);
    expect(serving(host)).toBe(ends[0] === 'done' ? '2' : '3');
  });

  it('a program of an ended run takes nothing away from another', async () => {
    const host = await hostWith();
    const ended = await host.plan(two, '2', id(2));
    await go(host, ended, two);
    const dead = wrecked(await host.plan(three, '3', id(3)), 'migrate-1',
      'kill -s KILL 0; sleep 9');
    await go(host, dead, three);
    await host.run(ended);
    expect(readFileSync(join(host.records, 'unfinished'), 'utf8').trim()).toBe(dead.run);
    await host.run(dead);
    expect([host.result(dead)?.end, serving(host)]).toEqual(['restored', '2']);
  });

  it('a leftover link of a dead run is not followed', async () => {
    const host = await hostWith();
    const current = host.path('app/current');
    const old = join(host.root, 'app/releases', readdirSync(host.path('app/releases'))[0] ?? '');
    symlinkSync(old, `${current}.new`);
    symlinkSync(old, `${current}.closed.new-${id(2)}`);
    expect((await go(host, await host.plan(two, '2', id(2)), two)).end).toBe('done');
    expect(serving(host)).toBe('2');
    expect(readdirSync(old).filter((name) => name.startsWith('current'))).toEqual([]);
  });
});
