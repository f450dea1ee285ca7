import { appendFileSync, copyFileSync, existsSync, symlinkSync, truncateSync, writeFileSync }
  from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployContext } from '../../src/commands/context.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { makeBox, runIn, shells, temporary, why, write, type Box, type Shell }
  from '../transaction/sandbox.ts';
import { Host } from './host.ts';

/** What a check says after its verdict. */
async function verdict(box: Box, shell: Shell, text: string): Promise<string> {
  const { output } = await runIn(box, { shell, text: `${text}; printf '%s %s' "$?" "$SAID"` });
  return output.trim().split('\n').at(-1) ?? '';
}

describe.each(shells)('a log is looked at as it is (%s)', (shell) => {
  const oldLines = 'ERROR of last year\n'.repeat(400);

  it('through a link: what was there before is not new, what comes is', async () => {
    const box = makeBox(temporary());
    const real = write(join(box.root, 'app-2026.log'), oldLines);
    const log = join(box.root, 'app.log');
    symlinkSync(real, log);
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    expect(await verdict(box, shell, `check_log ${log} check1 ERROR ''`)).toBe('0 no bad line');
    appendFileSync(real, 'ERROR of today\n');
    expect(await verdict(box, shell, `check_log ${log} check1 ERROR ''`))
      .toBe('1 new line: ERROR of today');
  });

  it('copied and truncated, and longer than before: all of it is new', async () => {
    const box = makeBox(temporary());
    const log = write(join(box.root, 'app.log'), oldLines);
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    appendFileSync(log, `ERROR of today\n${'all is well, again and again\n'.repeat(400)}`);
    expect(await verdict(box, shell, `check_log ${log} check1 ERROR ''`))
      .toBe('1 new line: ERROR of today');
  });

  it('that did not exist when it was marked', async () => {
    const box = makeBox(temporary());
    const log = join(box.root, 'app.log');
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    expect(await verdict(box, shell, `check_log ${log} check1 ERROR ''`)).toMatch(/^2 /);
    writeFileSync(log, 'ERROR\n');
    expect(await verdict(box, shell, `check_log ${log} check1 ERROR ''`)).toBe('1 new line: ERROR');
  });

  it('has no verdict where grep refuses an expression', async () => {
    const box = makeBox(temporary());
    const log = write(join(box.root, 'app.log'), 'x\n');
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    for (const [bad, allow] of [['[[:nonsense:]]', ''], ['ERROR', '[[:nonsense:]]']] as const) {
      expect(await verdict(box, shell, `check_log ${log} check1 '${bad}' '${allow}'`))
        .toMatch(/^2 grep/);
    }
  });
});

describe.each(shells)('a production that was red (%s)', (shell) => {
  const head = { CHECKS: '01', OBSERVE_WITHIN: 1, OBSERVE_EVERY: 0 };
  const red = 'check_01() { SAID="answered 500"; return 1; }; CHECK_TITLE_01=http CHECK_AFTER_01=0';

  it('is repaired only by a release that is green', async () => {
    const box = makeBox(temporary());
    const text = (mode: string): string =>
      `${red}\nbaseline 'it is down' && check_rounds ${mode} 1`;
    expect((await runIn(box, { shell, head, text: text('private') })).status).toBe(1);
    expect((await runIn(box, { shell, head, text: text('after') })).status).toBe(1);
    expect((await runIn(box, { shell, head, text: text('restored') })).status).toBe(0);
  });

  it('whose records could not be looked at has nothing to compare, and says so', async () => {
    const box = makeBox(temporary());
    const look = 'check_records check1 http://127.0.0.1:1/{id} status 1 -';
    expect(await verdict(box, shell, look)).toMatch(/^2 the records were not looked at/);
    expect(await verdict(box, shell, `freeze_records check1 - 5 3 false http://x/{id} 1; ${look}`))
      .toMatch(/^0 not compared/);
  });
});

describe('logs of an application that has no service of its own', () => {
  it('count from the first check on', async () => {
    const host = new Host();
    const config = host.config({ checks: '[{ log: /var/log/app.log }]' });
    const target = { version: '2', digest: 'd2', unpackedBytes: 1, archiveBytes: 1 };
    const plan = makePlan(deployContext({ config, facts: await host.facts(config), target,
      run: '20260101T000000Z-aaaaaa', repair: '' }), 'here');
    const verify = plan.steps.find((it) => it.id === 'verify');
    const marks = ['mark_log', '/var/log/app.log', 'check1'];
    expect(verify?.do.map((it) => it.argv)[0]).toEqual(marks);
    expect(verify?.undo.map((it) => it.argv)).toEqual([marks]);
  });
});

describe.each(shells)('a process that may not be sent a signal (%s)', (shell) => {
  it('was never told to stop, so that going back does not wait for its end', async () => {
    const box = makeBox(temporary());
    const pidfile = write(join(box.root, 'app.pid'), `${process.pid}\n`);
    const { status } = await runIn(box, { shell, text:
      `send() { return 1; }; stop_pidfile ${pidfile} service1 TERM 1` });
    expect(status).toBe(1);
    expect(why(box)).toBe(`process ${process.pid} could not be sent SIGTERM`);
    expect(existsSync(join(box.runDirectory, 'stopping-service1'))).toBe(false);
  });
});
