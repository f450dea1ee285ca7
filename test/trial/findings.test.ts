import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLocal } from '../../src/host/local.ts';
import { byState, findingsCommand, isComplete, parseFindings } from '../../src/trial/findings.ts';

const records = mkdtempSync(join(tmpdir(), 'seatrial-findings-'));
afterAll(() => { rmSync(records, { recursive: true }); });

async function told(run: string) {
  const transport = openLocal();
  const { outcome, stdout } = await transport.run(findingsCommand(records, run));
  await transport.close();
  expect(outcome).toEqual({ kind: 'exited', status: 0 });
  return parseFindings(stdout);
}

function write(run: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(records, 'runs', run, 'trial'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(records, 'runs', run, 'trial', name), text);
  }
}

describe('what a trial wrote down', () => {
  it('is read by file, with TABs as they are', async () => {
    write('one', { complete: 'yes\n', 'data-state1': 'state\tapp\tfake\nend\n', empty: '' });
    const findings = await told('one');
    expect(isComplete(findings)).toBe(true);
    expect([...byState(findings, 'data-')]).toEqual([['state1', 'state\tapp\tfake\nend\n']]);
  });

  it('is bounded: a description of a whole state is only known to be there', async () => {
    const million = 'file\ta name that is as long as names are\td 755 0 0 abcdef\n'.repeat(200_000);
    write('two', { 'before-state1': million, 'after-state1': million, 'undone-state1': 'end\n',
      'data-state1': million });
    const findings = await told('two');
    expect(findings.get('before-state1')).toHaveLength(1);
    expect(findings.get('after-state1')).toHaveLength(1);
    expect(findings.get('undone-state1')).toEqual(['end']);
    expect(findings.get('data-state1')).toHaveLength(4000);
  });

  it('is nothing where there was no trial', async () => {
    expect(await told('three')).toEqual(new Map());
    expect(isComplete(await told('three'))).toBe(false);
  });
});
