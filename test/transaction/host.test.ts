import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raw } from '../../src/command/command.ts';
import { quote } from '../../src/command/quote.ts';
import { openLocal } from '../../src/host/local.ts';
import type { Transport } from '../../src/host/transport.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';
import type { ReportEvent } from '../../src/report/events.ts';
import { compile } from '../../src/transaction/compile.ts';
import { follow, startRecovery, type Followed } from '../../src/transaction/follow.ts';
import { script, startTransaction, titlesOf } from '../../src/transaction/start.ts';
import { temporary, write } from './sandbox.ts';

/** The scripts that start, watch and recover a program, for real, on this machine. */
let transport: Transport;
beforeAll(() => { transport = openLocal(); });
afterAll(() => transport.close());

const shims = temporary();
// Waiting for a watcher that never comes takes half a minute on a host.
write(join(shims, 'sleep'), '#!/bin/sh\n[ "$1" != 0.1 ] || exit 0\nexec /bin/sleep "$1"\n', 0o755);

// eslint-disable-next-line max-params
function step(id: string, phase: Step['phase'], text: string, back = ''): Step {
  const act = (it: string) => ({ argv: [raw(it, 'a test')] });
  return { id, phase, title: `Do ${id}`, back: back === '' ? '' : `Undo ${id}`, do: [act(text)],
    undo: back === '' ? [] : [act(back)] };
}

function planOf(steps: readonly Step[], change: Partial<Plan> = {}): Plan {
  return {
    run: '20260101T000000Z-aaaaaa', application: 'fake', host: 'h', way: 'normal', version: '2',
    records: join(temporary(), 'records'), digest: 'd'.repeat(64), previousVersion: '1', steps,
    checks: [], states: [], observe: { passes: 1, everySeconds: 0, withinSeconds: 1 },
    keep: { releases: 1, rescues: 1, failed: 1 }, releases: '', installed: '{}', space: [],
    path: [shims, process.env.PATH].join(delimiter), expectInstalled: 'none', procedureDigest: 'p',
    ...change,
  };
}

const start = (plan: Plan) => startTransaction(transport, { plan, launch: 'session',
  origin: { by: 'a test' }, archive: undefined, cancel: new AbortController().signal },
() => undefined);

interface Watched {
  readonly followed: Promise<Followed>;
  readonly events: ReportEvent[];
  readonly cancel: AbortController;
}

function watched(plan: Plan): Watched {
  const events: ReportEvent[] = [];
  const cancel = new AbortController();
  const followed = follow({ open: () => Promise.resolve(openLocal()), transport,
    application: plan.application, records: plan.records, run: plan.run, titles: titlesOf(plan),
    launch: 'session', report: (event) => { events.push(event); }, cancel: cancel.signal,
    clock: () => performance.now(), watchMsMax: 60_000,
    sleep: (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); }) });
  return { followed, events, cancel };
}

const recover = (plan: Plan) => startRecovery({ transport, application: plan.application,
  records: plan.records, launch: 'session', force: false });

function journalEvents(plan: Plan): string[] {
  return readFileSync(join(plan.records, 'runs', plan.run, 'journal'), 'utf8').trim().split('\n')
    .map((line) => line.split('\t').slice(1).join(' ').trim());
}

describe.concurrent('on a host', { timeout: 60_000 }, () => {
  it('a run is started, watched, and told to its end', async () => {
    const plan = planOf([step('one', 'prepare', 'say "hello from the host"'),
      step('two', 'window', ':', ':'), step('three', 'admit', ':')]);
    expect(await start(plan)).toEqual({ kind: 'started' });
    const { followed, events } = watched(plan);
    expect(await followed).toEqual({ kind: 'ended', end: { end: 'done', text: '' } });
    expect(events.some((it) => it.kind === 'output' && it.text.includes('hello from the host')))
      .toBe(true);
    expect(events.flatMap((it) => (it.kind === 'milestone' ? [it.name] : [])))
      .toEqual(['start', 'window', 'commit', 'admitted', 'end']);
    // Attached to once more, after its end: the same is told.
    expect(await watched(plan).followed).toEqual({ kind: 'ended', end: { end: 'done', text: '' } });
    expect(await recover(plan)).toEqual({ kind: 'nothing' });
  });
});

describe.concurrent('a cancel on a host', { timeout: 60_000 }, () => {
  it('a cancel before the window stops it, and what was prepared is undone', async () => {
    const plan = planOf([]);
    const marker = `${plan.records}-prepared`;
    const steps = [step('one', 'prepare', `: >${quote(marker)}; /bin/sleep 1.5`,
      `rm -f ${quote(marker)}`), step('two', 'prepare', ':'), step('three', 'window', ':', ':')];
    await start({ ...plan, steps });
    const { followed, cancel } = watched({ ...plan, steps });
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    expect(existsSync(marker)).toBe(true);
    cancel.abort();
    expect(await followed).toEqual({ kind: 'ended',
      end: { end: 'cancelled', text: 'cancelled before the window' } });
    expect(existsSync(marker)).toBe(false);
    expect(journalEvents(plan)).not.toContain('window');
  });

  it('a cancel inside the window lets go, and the host decides', async () => {
    const plan = planOf([step('one', 'window', '/bin/sleep 2', ':')]);
    await start(plan);
    const { followed, cancel, events } = watched(plan);
    while (!events.some((it) => it.kind === 'milestone' && it.name === 'window')) {
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    cancel.abort();
    expect(await followed).toMatchObject({ kind: 'running' });
    expect(await watched(plan).followed).toMatchObject({ kind: 'ended', end: { end: 'done' } });
  });
});

describe.concurrent('left alone on a host', { timeout: 60_000 }, () => {
  it('nobody enters the window while nobody watches', async () => {
    const plan = planOf([step('one', 'window', ':', ':')]);
    await start(plan);
    for (let tries = 0; journalEvents(plan).at(-1)?.startsWith('end') !== true; tries += 1) {
      if (tries > 1000) throw new Error('it never ended');
      await new Promise((resolve) => { setTimeout(resolve, 30); });
    }
    expect(journalEvents(plan)).toEqual(['start  2',
      'end  cancelled nobody was watching, so the window was not entered']);
  });

  it('a program that is killed while it is watched is recovered at once', async () => {
    const plan = planOf([step('one', 'window', '[ -e "$RUN_DIR/x" ] || { : >"$RUN_DIR/x"; \
kill -s KILL 0; }', ':')]);
    await start(plan);
    const { followed, events } = watched(plan);
    expect(await followed).toEqual({ kind: 'ended',
      end: { end: 'restored', text: 'the program was killed in the window' } });
    expect(events).toContainEqual({ kind: 'warning',
      text: 'the program on the host died; recovering' });
  });
});

describe.concurrent('one after another on a host', { timeout: 60_000 }, () => {
  it('a second run finds it busy or unfinished, and touches nothing', async () => {
    const plan = planOf([step('one', 'prepare', '/bin/sleep 3')]);
    await start(plan);
    const other = { ...plan, run: '20260101T000001Z-bbbbbb' };
    expect(await start(other))
      .toMatchObject({ kind: 'busy', owner: { run: plan.run, by: 'a test' } });
    expect(readdirSync(join(plan.records, 'runs'))).toEqual([plan.run]);
    await watched(plan).followed;
    writeFileSync(join(plan.records, 'unfinished'), `${plan.run}\n`);
    expect(await start(other)).toEqual({ kind: 'unfinished', run: plan.run });
    expect(readdirSync(join(plan.records, 'runs'))).toEqual([plan.run]);
    // It had ended, and only its name was left: recovering says so and takes that away.
    expect(await recover(plan)).toEqual({ kind: 'started', run: plan.run });
    expect(existsSync(join(plan.records, 'unfinished'))).toBe(false);
    expect(await start(other)).toEqual({ kind: 'started' });
    expect((await watched(other).followed).kind).toBe('ended');
  });

  it('a run that was named, and never began, is not begun by a recovery', async () => {
    const plan = planOf([step('one', 'prepare', ':')]);
    const directory = join(plan.records, 'runs', plan.run);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'program.sh'), compile(plan, { by: 'a test' }));
    writeFileSync(join(plan.records, 'unfinished'), `${plan.run}\n`);
    expect(await recover(plan)).toEqual({ kind: 'started', run: plan.run });
    expect(await watched(plan).followed).toEqual({ kind: 'ended',
      end: { end: 'cancelled', text: 'the program was killed before it began' } });
  });

  it('a stream that is cut leaves no run', async () => {
    const plan = planOf([]);
    const directory = temporary();
    write(join(directory, 'program.sh'), compile(plan, { by: 'a test' }));
    const cut = spawnSync('tar', ['-c', '-C', directory, 'program.sh']).stdout;
    const result = await transport.run({ ...script('start',
      [plan.records, plan.run, 'session', 'fake', '0', '']), stdin: cut.toString('latin1') });
    expect(result.stdout.trim()).toBe('incomplete');
    expect(readdirSync(join(plan.records, 'runs'))).toEqual([]);
  });

  it('a program that was cut short does nothing', () => {
    const text = compile(planOf([step('one', 'prepare', ':')]), { by: 'a test' });
    const file = write(join(temporary(), 'program.sh'), text.slice(0, text.lastIndexOf('main')));
    const ran = spawnSync('sh', [file], { encoding: 'utf8' });
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '', '']);
  });
});
