import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { makeBox, runIn, shells, temporary, why, type Box } from './sandbox.ts';

const makeOne = (): Box => makeBox(join(temporary(), 'box'));

describe.each(shells)('the user\'s own commands, in %s', (shell) => {
  it('run in a clean environment, as the user, with nothing to read', async () => {
    const box = makeOne();
    const ran = await runIn(box, { shell, environment: { RUNNER_TRACKING_ID: 'x', TOKEN: 'secret' },
      text: `ENTRY=/srv/entry; as_user - 5 / PORT=18080 'env | sort; pwd; cat'` });
    const names = ran.output.split('\n').filter((line) => line.includes('='))
      .map((line) => line.split('=')[0]);
    expect(names).toEqual(['HOME', 'LANG', 'LOGNAME', 'PATH', 'PORT', 'PWD', 'SEATRIAL_ENTRY',
      'SEATRIAL_RUN', 'USER']);
    expect(ran.output).toContain(`USER=${userInfo().username}\n`);
    expect(ran.output).toContain(`HOME=${userInfo().homedir}\n`);
    expect(ran.output).toContain('PORT=18080\n');
    expect(ran.output.endsWith('\n/\n')).toBe(true);
  });

  it.each([
    ['exit 3', 'the migration ended with status 3'],
    ['kill -s KILL $$', 'the migration was killed by signal 9'],
    ['kill -s TERM $$', 'the migration was killed by signal 15'],
    ['sleep 30', 'the migration did not end in time'],
    ['no-such-command-at-all', 'the migration could not be run (status 127)'],
  ])('that do `%s` have failed', async (text, reason) => {
    const box = makeOne();
    const ran = await runIn(box,
      { shell, text: `run_once migrate1 - 1 / 'the migration' '${text}'` });
    expect([ran.status, why(box)]).toEqual([1, reason]);
  });

  it('that cannot enter their directory have failed', async () => {
    const box = makeOne();
    await runIn(box, { shell, text: 'run_once migrate1 - 1 /nonexistent "the migration" true' });
    expect(why(box)).toBe('the migration could not be run (status 126)');
  });

  it('run at most once in a transaction, also after a kill', async () => {
    const box = makeOne();
    const once = `run_once migrate1 - 9 / 'the migration' 'echo x >>${box.root}/ran; ${''}'`;
    const killed = await runIn(box, { shell,
      text: `run_once migrate1 - 9 / 'the migration' \\
        'echo x >>${box.root}/ran; kill -s KILL $PPID'` });
    expect(killed.status).not.toBe(0);
    const again = await runIn(box, { shell, text: `rm -f ${box.runDirectory}/why; ${once}` });
    expect([again.status, why(box)])
      .toEqual([1, 'the migration has been run in this transaction already']);
    expect(readFileSync(join(box.root, 'ran'), 'utf8')).toBe('x\n');
  });

  it('that may be repeated are', async () => {
    const box = makeOne();
    const text = `run_again - 5 'maintenance' 'echo x >>${box.root}/ran'`;
    expect((await runIn(box, { shell, text: `${text} && ${text}` })).status).toBe(0);
    expect(readFileSync(join(box.root, 'ran'), 'utf8')).toBe('x\nx\n');
  });
});
