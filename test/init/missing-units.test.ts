import { describe, expect, it } from 'vitest';
import { parseHostFound, type HostFound } from '../../src/init/host-found.ts';
import { missingUnits } from '../../src/init/missing-units.ts';
import { dangersOf } from '../report/hostile.ts';

const host = (...units: readonly string[]): HostFound | undefined => parseHostFound(
  `${units.map((name) => `unit\t${name}\tactive\tactive\n`).join('')}complete\tyes\n`);

describe('units that staging lacks', () => {
  it('are named', () => {
    expect(missingUnits(host('a.service', 'b.timer'), host('b.timer'))).toEqual([
      'staging does not have a.service, which production has: where one belongs to the ' +
      'application, install it there too']);
    expect(missingUnits(host('a.service'), host('a.service', 'b.service'))).toEqual([]);
    expect(missingUnits(host('a.service'), undefined)).toEqual([]);
  });

  it('command no terminal by their names', () => {
    const [note = ''] = missingUnits(host('\u001b[2J\u009b2J\r::error::\u2028x.service'), host());
    expect(note).toContain('x.service');
    expect(dangersOf(note)).toEqual([]);
  });
});
