import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTools, missingAct } from './tools.ts';

/** A machine where nothing was built yet. */
let folder: string;
let bare: { readonly TMPDIR: string; readonly PATH: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seatrial-tools-'));
  bare = { TMPDIR: folder, PATH: join(folder, 'none') };
});
afterEach(() => { rmSync(folder, { recursive: true }); });

function program(name: string): string {
  writeFileSync(join(folder, name), '', { mode: 0o755 });
  return join(folder, name);
}

describe('act', () => {
  it('may be missing on a laptop, which is told what to do', () => {
    expect(missingAct(bare)).toMatch(/neither is Go.*SEATRIAL_ACT/);
  });

  it('is required where changes are checked', () => {
    expect(() => missingAct({ ...bare, CI: 'true' })).toThrow(/neither is Go/);
  });

  it.each(['act', 'go'])('is there where %s is on PATH', (name) => {
    program(name);
    expect(missingAct({ ...bare, PATH: folder, CI: 'true' })).toBeUndefined();
  });

  it('is the one that is named, before any other', async () => {
    program('act');
    const environment = { ...bare, PATH: folder, SEATRIAL_ACT: '/opt/act',
      SEATRIAL_NODE24: '/opt/node' };
    expect(missingAct(environment)).toBeUndefined();
    expect(await findTools(environment)).toEqual({ act: '/opt/act', node24: '/opt/node' });
  });

  it('is not taken from a place that somebody else can write to', () => {
    missingAct(bare);
    const made = join(folder, `seatrial-test-act-0.2.89-${process.getuid?.() ?? 0}`);
    chmodSync(made, 0o777);
    expect(() => missingAct(bare)).toThrow(/can be written by somebody else: remove it/);
  });
});
