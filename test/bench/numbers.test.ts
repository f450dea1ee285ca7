import { describe, expect, it } from 'vitest';
import { countSsh, downMs, partsOf, shown, spread, table } from '../../bench/numbers.mjs';

describe('the numbers of the bench', () => {
  it('has the middle of an odd and of an even count, in any order', () => {
    expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spread([10, 1, 4, 2])).toEqual({ min: 1, median: 3, max: 10 });
    expect(shown([3, 1, 2], 1)).toBe('1.0 · 2.0 · 3.0');
  });

  it('counts as down from the first bad answer to the next good one', () => {
    expect(downMs([[0, true], [20, true]])).toBe(0);
    expect(downMs([[0, true], [20, false], [40, false], [60, true], [80, true]])).toBe(40);
    expect(downMs([[0, false], [20, true], [40, false], [60, true]])).toBe(40);
  });

  it('does not take a service that never came back for one that was up', () => {
    expect(downMs([[0, true], [20, false], [500, false]])).toBe(480);
  });

  it('counts what sshd has logged, and nothing that only looks like it', () => {
    const log = [
      'Server listening on 127.0.0.1 port 4000.',
      'Connection from 127.0.0.1 port 5000 on 127.0.0.1 port 4000 rdomain ""',
      'Starting session: command for root from 127.0.0.1 port 5000 id 0',
      'Starting session: command for root from 127.0.0.1 port 5000 id 1',
      'Starting session: subsystem \'sftp\' for root from 127.0.0.1 port 5000 id 0',
      'Close session: user root from 127.0.0.1 port 5000 id 0',
      'Connection closed by 127.0.0.1 port 5000',
    ].join('\n');
    expect(countSsh(log)).toEqual({ connections: 1, commands: 2, sftp: 1 });
  });

  it('cuts a deployment at the milestones of its journal', () => {
    const journal = ['101.5\tstart\t\t1.0.0', '102\twindow\t\t', '102.25\tbegin\t05\t',
      '103\tcommit\t\t', '103.5\tadmitted\t\t', '104\tend\t\tdone ', ''].join('\n');
    expect(partsOf(journal, { from: 100_000, to: 104_250 })).toEqual({
      'to the host': 1.5, 'before the window': 0.5, window: 1.5, 'after the window': 0.5,
      'end told': 0.25,
    });
  });

  it('shows no number for a part that never came', () => {
    const parts = partsOf('101\tstart\t\t1.0.0\n', { from: 100_000, to: 102_000 });
    expect(parts['window']).toBeNaN();
  });

  it('writes tables', () => {
    expect(table([['a', 'b'], ['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });
});
