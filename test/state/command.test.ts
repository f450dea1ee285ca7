import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandState } from '../../src/config/config.ts';
import { specOf } from '../../src/state/spec.ts';
import { makeBox, run as ofRun, shells, temporary, write, type Box, type Shell }
  from '../transaction/sandbox.ts';
import { Verbs } from './bench.ts';
import { commandBench, lockedState } from './command-bench.ts';
import { conformance } from './conformance.ts';

conformance(commandBench, { without: ['look'] });

interface Parts {
  readonly verbs: Verbs;
  readonly box: Box;
  readonly live: string;
}

async function parts(shell: Shell, change: Partial<CommandState> = {}): Promise<Parts> {
  const box = makeBox(temporary());
  const live = join(box.root, 'live', 'the queue');
  const site = Object.assign(await commandBench.site(box, 'production'),
    { spec: specOf({ ...lockedState(live), ...change }) });
  await site.fill();
  return { verbs: new Verbs(commandBench, { box, site, shell }), box, live };
}

/** What the commands print beside it is for a person. */
async function described(verbs: Verbs, place: string): Promise<string[]> {
  const { objects, rows } = await verbs.describe(place);
  return [...objects, ...rows].filter((it) => /^(setting|rows)\t/.test(it));
}

const run = (text: string, timeoutSeconds = 20): CommandState['copy'] =>
  ({ run: text, user: undefined, timeoutSeconds });

describe.each(shells)('state of a kind of the user\'s own, in %s', (shell) => {
  it('is described, the live one through a copy that goes again', async () => {
    const { verbs, box } = await parts(shell);
    const told = await described(verbs, await verbs.place('live'));
    expect(told).toEqual(['setting\ta\t0', 'setting\tb\t0', 'setting\tone\tthe first',
      'setting\ttwo\tthe second']);
    await verbs.must('rescue', 'state1', 'there');
    await verbs.site.spoil();
    expect(await described(verbs, await verbs.place('rescue'))).toEqual(told);
    expect(await described(verbs, await verbs.place('live'))).not.toEqual(told);
    expect(existsSync(join(box.base, '.seatrial-fake/look-queue'))).toBe(false);
  });

  it('without a description is compared by the files of its copies', async () => {
    const { verbs, live } = await parts(shell);
    const spec = specOf({ ...lockedState(live), describe: undefined,
      copy: run(`cp -a '${live}'/. {copy}`), verify: run('test -d {copy}') });
    Object.assign(verbs.site, { spec });
    const told = await described(verbs, 'live');
    expect(told).toEqual([expect.stringMatching(/^rows\tfiles\t4\t[0-9a-f]{64}$/)]);
    await verbs.site.spoil();
    expect(await described(verbs, 'live')).not.toEqual(told);
  });

  it.each([
    ['fails', run('echo no disk >&2; exit 3'), 'the copy command of queue ended with status 3'],
    ['writes nothing', run('test -d {copy}'), 'the copy command of queue wrote nothing'],
    ['does not end', run('sleep 30; test {copy}', 1),
      'the copy command of queue did not end in time'],
    ['is not there', run('no-such-program {copy}'),
      'the copy command of queue could not be run (status 127)'],
  ])('a copy that %s is no rescue copy', async (_name, copy, reason) => {
    const { verbs } = await parts(shell, { copy });
    expect(await verbs.refused('rescue', 'state1', 'there')).toBe(reason);
    expect(verbs.rescues()).toEqual([]);
  });

  it('a copy that does not verify is none, on either side', async () => {
    const { verbs } = await parts(shell, { verify: run('test -e {copy}/proof') });
    const reason = 'the verify command of queue ended with status 1';
    expect(await verbs.refused('rescue', 'state1', 'there')).toBe(reason);
    const good = await parts(shell);
    const stream = join(good.box.root, 'stream');
    expect(await good.verbs.bare('copy', stream)).toMatchObject({ status: 0 });
    const ran = await verbs.shellText(`${verbs.text('receive', 'state1')} <'${stream}'`);
    expect(ran.status).toBe(1);
    expect(ran.output).toContain(reason);
    await verbs.refused('keep', 'state1');
  });

  it('what a restore writes over is kept, and a restore that fails is told', async () => {
    const { verbs, box, live } = await parts(shell);
    await verbs.must('rescue', 'state1', 'there');
    writeFileSync(join(live, 'one'), 'written by a user of the new release');
    const spec = verbs.site.spec;
    Object.assign(verbs.site, { spec: specOf({ ...lockedState(live),
      restore: run('test -e {copy}/none') }) });
    expect(await verbs.refused('restore', 'state1'))
      .toBe('the restore command of queue ended with status 1');
    expect(verbs.rescues()).toHaveLength(1);
    Object.assign(verbs.site, { spec });
    await verbs.must('restore', 'state1');
    const places = readFileSync(join(box.base, 'failed', ofRun, 'places'), 'utf8');
    const [, , kept = ''] = places.trim().split('\t');
    expect(readFileSync(join(kept, 'queue/one'), 'utf8')).toContain('a user of the new release');
  });

  it('a plain tar of a copy is taken as well', async () => {
    const { verbs, box, live } = await parts(shell);
    write(join(box.root, 'backup/made'), 'yesterday');
    write(join(box.root, 'backup/queue/one'), 'from the backup');
    const ran = await verbs.shellText(`tar -c -C '${box.root}/backup' . | \
${verbs.text('receive', 'state1')} && ${verbs.text('keep', 'state1')} && \
${verbs.text('lay', 'state1')}`);
    expect(ran).toMatchObject({ status: 0 });
    expect(readFileSync(join(live, 'one'), 'utf8')).toBe('from the backup');
  });

  it('a probe tells of users that are not there', async () => {
    const { verbs, box } = await parts(shell,
      { copy: { ...run('test {copy}'), user: 'nobody-here' } });
    const file = join(box.root, 'probe');
    expect(await verbs.bare('probe', file, 'state1')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toContain(
      'problem\tthere is no user nobody-here for the copy command of queue\t');
  });
});
