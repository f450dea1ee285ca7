import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeText } from '../../src/transaction/compile.ts';
import { makeBox, run, runIn, shells, temporary, why, write, type Box, type Shell }
  from './sandbox.ts';

/**
 * The verbs of a trial with a kind of state that is a file of `objects`, and one of `rows`:
 * what the real kinds print is tried in test/state.
 */
const kind = [
  'objects_fake() { cat "$2/objects"; }',
  'rows_fake() { if [ "$3" = - ]; then cat "$2/rows"; else',
  '  cut -f1 "$3" | sort -u >"$2.tables"; grep -F -f "$2.tables" "$2/rows"; fi; true; }',
  'place_fake() { case $3 in live) printf %s "$1" ;; *) printf %s "$1.$3" ;; esac; }',
].join('\n');

async function trial(box: Box, shell: Shell, text: string): Promise<number | undefined> {
  const ran = await runIn(box, { shell, text: [runtimeText('trial'), kind, text].join('\n') });
  return ran.status;
}

const finding = (box: Box, name: string): string => {
  const path = join(box.runDirectory, 'trial', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

interface Place {
  readonly objects: readonly string[];
  readonly rows: readonly string[];
}

function put(path: string, { objects, rows }: Place): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'objects'), objects.map((it) => `${it}\n`).join(''));
  writeFileSync(join(path, 'rows'), rows.map((it) => `${it}\n`).join(''));
}

const before: Place = {
  objects: ['table\tvisits\t', 'column\tvisits.name\ttext', 'column\tvisits.age\tint'],
  rows: ['rows\tvisits\t3\taaaa'],
};

function boxWith(after: Place): { box: Box; live: string } {
  const box = makeBox(temporary());
  const live = join(box.root, 'live', 'data');
  put(live, after);
  put(`${live}.rescue`, before);
  mkdirSync(join(box.runDirectory, 'trial'), { recursive: true });
  writeFileSync(join(box.runDirectory, 'trial', 'before-state1'), 'table\tvisits\t\n');
  return { box, live };
}

describe.each(shells)('a trial in %s', (shell) => {
  it('tells what differs between the rescue copy and the live state', async () => {
    const { box, live } = boxWith({
      objects: ['table\tvisits\t', 'column\tvisits.name\ttext', 'column\tvisits.age\tbigint',
        'column\tvisits.mail\ttext'],
      rows: ['rows\tvisits\t2\tbbbb'],
    });
    expect(await trial(box, shell, `trial_compare fake ${live} state1 guests`)).toBe(0);
    expect(finding(box, 'data-state1').split('\n')).toEqual([
      'state\tguests\tfake', 'same\tcolumn\t1', 'same\ttable\t1', '- column\tvisits.age\tint',
      '+ column\tvisits.age\tbigint', '+ column\tvisits.mail\ttext', '- rows\tvisits\t3\taaaa',
      '+ rows\tvisits\t2\tbbbb', 'end', '',
    ].sort(byAppearance(finding(box, 'data-state1'))));
  });

  it('tells nothing but what is the same where nothing differs', async () => {
    const { box, live } = boxWith(before);
    expect(await trial(box, shell, `trial_compare fake ${live} state1 guests`)).toBe(0);
    expect(finding(box, 'data-state1')).toBe(
      'state\tguests\tfake\nsame\tcolumn\t2\nsame\trows\t1\nsame\ttable\t1\nend\n');
  });

  it('tells how many rows a table had that is gone', async () => {
    const { box, live } = boxWith({ objects: ['table\tother\t'], rows: [] });
    writeFileSync(join(box.runDirectory, 'trial', 'before-state1'),
      'rows\tvisits\t3\taaaa\ntable\tvisits\t\n');
    expect(await trial(box, shell, `trial_compare fake ${live} state1 guests`)).toBe(0);
    expect(finding(box, 'data-state1')).toContain('- rows\tvisits\t3\taaaa\n');
  });

  it('names the columns that both have, and casts those of another type', async () => {
    const { box, live } = boxWith(before);
    writeFileSync(`${live}.other`, 'column\tvisits.name\tvarchar\ncolumn\tvisits.new\tint\n');
    const out = join(box.root, 'shared');
    await trial(box, shell, `shared_columns ${live}/objects ${live}.other >${out}`);
    expect(readFileSync(out, 'utf8')).toBe('visits\tname\ttext\n');
  });

  it('fails where the content cannot be read: half a comparison proves nothing', async () => {
    const { box, live } = boxWith(before);
    const text = `rows_fake() { return 1; }\ntrial_compare fake ${live} state1 guests`;
    expect(await trial(box, shell, text)).not.toBe(0);
    expect(why(box)).toBe('the content of guests could not be read');
    expect(finding(box, 'data-state1')).toBe('');
  });

  it('sees that undo brought back what was before, and that it did not', async () => {
    const { box, live } = boxWith(before);
    expect(await trial(box, shell, `trial_before fake ${live} state1`)).toBe(0);
    await trial(box, shell, `trial_after fake ${live} state1 guests`);
    expect(finding(box, 'undone-state1')).toMatch(/^state\tguests\tfake\n(same.*\n){3}end\n$/);
    put(live, { ...before, rows: ['rows\tvisits\t3\tcccc'] });
    await trial(box, shell, `trial_after fake ${live} state1 guests`);
    expect(finding(box, 'undone-state1')).toContain('+ rows\tvisits\t3\tcccc');
    // What cannot be compared is no reason to stop going back, and has no end.
    const broken = 'objects_fake() { return 1; }';
    expect(await trial(box, shell, `${broken}\ntrial_after fake ${live} state1 guests`)).toBe(0);
    expect(finding(box, 'undone-state1')).toBe('state\tguests\tfake\n');
  });

  it('writes down a failed attempt, leaves out the rest of it, and goes on', async () => {
    const { box } = boxWith(before);
    const text = 'attempt one fail "it broke" && attempt one true && attempt two true';
    expect(await trial(box, shell, text)).toBe(0);
    expect(finding(box, 'one')).toBe('fail\tit broke\n');
    expect(finding(box, 'two')).toBe('pass\n');
    expect(why(box)).toBe('');
  });

  it('sees that migrating twice changes data', async () => {
    const { box, live } = boxWith(before);
    const look = (when: string): string =>
      `attempt again trial_again ${when} fake ${live} state1`;
    await trial(box, shell, `${look('before')}; ${look('after')}`);
    expect(finding(box, 'again')).toBe('pass\n');
    expect(finding(box, 'again-state1')).toMatch(/^(same.*\n)+end\n$/);
    await trial(box, shell, `${look('before')}
      printf 'rows\\tvisits\\t6\\tdddd\\n' >${live}/rows; ${look('after')}`);
    expect(finding(box, 'again-state1')).toMatch(/^[-+] rows\tvisits[^]*\nend\n$/m);
    await trial(box, shell, `rows_fake() { return 1; }\n${look('after')}`);
    expect(finding(box, 'again')).toBe('fail\tstate1 could not be described\n');
  });

  it('sees that code was not put back', async () => {
    const { box } = boxWith(before);
    const code = join(box.root, 'live', 'code');
    write(join(code, 'a'), 'one');
    await trial(box, shell, `code_digest before ${code}; code_undone ${code}`);
    expect(finding(box, 'code-undone')).toBe('equal\n');
    write(join(code, 'a'), 'two');
    await trial(box, shell, `code_undone ${code}`);
    expect(finding(box, 'code-undone')).toMatch(/^failed/);
  });

  it('tries a copy of the old code in its place, and puts the new code back', async () => {
    const { box } = boxWith(before);
    const code = join(box.root, 'live', 'code');
    const side = 'kept=$(side "$CODE")/old-$RUN-code1';
    const text = (line: string): string => `CODE=${code}; ${side}; ${line}`;
    write(join(code, 'a'), 'new');
    expect(await trial(box, shell, text('mkdir -p -- "$kept" && echo old >"$kept/a"'))).toBe(0);
    // What the old code writes beside itself must not be in what undo puts back.
    expect(await trial(box, shell, text(`try_old ${code} code1 && try_old ${code} code1 &&
      grep -q old ${code}/a && touch ${code}/b && [ ! -e "$kept/b" ]`))).toBe(0);
    expect(await trial(box, shell, text(`end_old ${code} code1 && end_old ${code} code1 &&
      grep -q new ${code}/a && [ ! -e ${code}/b ] && grep -q old "$kept/a"`))).toBe(0);
    // A path that the release brought has no old code.
    expect(await trial(box, shell, text(`rm -r -- "$kept" && try_old ${code} code1 &&
      [ ! -e ${code} ] && end_old ${code} code1 && grep -q new ${code}/a`))).toBe(0);
  });

  it('turns back by failing, once all is looked at', async () => {
    const { box } = boxWith(before);
    expect(await trial(box, shell, 'turn_back')).not.toBe(0);
    expect(finding(box, 'complete')).toBe('yes\n');
    expect(why(box)).toBe('the rehearsal turns back here');
    expect(run).not.toBe('');
  });
});

/** The order within a comparison is not promised. */
function byAppearance(text: string): (one: string, other: string) => number {
  const lines = text.split('\n');
  return (one, other) => lines.indexOf(one) - lines.indexOf(other);
}
