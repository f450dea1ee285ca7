import { describe, expect, it } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import { verdictEntry } from '../../src/report/event-lines.ts';
import { pageText } from '../../src/report/made-text.ts';
import { openElapsed } from '../../src/report/elapsed.ts';
import { renderProblems } from '../../src/report/problems.ts';
import { openProgress } from '../../src/report/progress.ts';
import { openRemoteOutput } from '../../src/report/remote-output.ts';
import { plainLine, plainLines } from '../../src/report/text.ts';
import { formatBytes, formatSeconds } from '../../src/report/units.ts';
import { cut, widthOf, wrap } from '../../src/report/width.ts';

describe('units', () => {
  it.each([
    [0, '0.0s'], [0.44, '0.4s'], [9.94, '9.9s'], [9.96, '10s'], [12.4, '12s'], [59.6, '1m00s'],
    [200, '3m20s'], [3599.7, '1h00m'], [3900, '1h05m'], [356_400, '99h00m'], [432_000, '5d'],
    [-3, '0.0s'], [Number.NaN, '0.0s'], [1e300, '99999d'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [0, '0 B'], [999, '999 B'], [1200, '1.2 kB'], [48e6, '48.0 MB'], [99.96e6, '100 MB'],
    [999.6e6, '1.0 GB'], [3.4e9, '3.4 GB'], [-1, '0 B'], [Number.NaN, '0 B'], [5e18, '5000 PB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('plain text', () => {
  it.each([
    ['\u001b[1;31mred\u001b[0m', 'red'], ['\u001b]0;title\u0007shell', 'shell'],
    ['\u001b]8;;http://x\u001b\\link', 'link'], ['\u001b]0;no end', '0;no end'],
    ['a\u0000b\u0008c', 'abc'], ['a\tb', 'a    b'], ['one\r\ntwo\rthree', 'one two three'],
    ['::error::x', ': :error::x'], ['  ::error::x', ': :error::x'], ['[::1]:80', '[::1]:80'],
    ['a##[error]b', 'a## [error]b'], ['#\u0000#[x', '## [x'], ['\u001b\u001b[31m::x', ': :x'],
    ['abc\u202edef', 'abcdef'], ['\ud800x', '\ufffdx'], ['日本', '日本'],
  ])('of %j is %j', (text, plain) => {
    expect(plainLine(text)).toBe(plain);
  });

  it('is bounded', () => {
    expect(plainLine('x'.repeat(5000))).toBe(`${'x'.repeat(2000)}...`);
  });

  it('keeps lines apart and drops blank ones at the end', () => {
    expect(plainLines('a\n\n  b\n\n')).toEqual(['a', '', '  b']);
  });
});

describe('one line', () => {
  it('does not call that a failure which only begins to listen', () => {
    const labelOf = (text: string): string => verdictEntry({ kind: 'verdict', at: 0,
      check: 'http http://localhost/', verdict: 'fail', text }).label;
    expect(labelOf('nobody listens')).toBe('not yet');
    expect(labelOf('status 500, wanted 200')).toBe('FAIL');
  });

  it('says what became of a page, once', () => {
    const page = { id: 1, url: 'https://x', state: 'published', warnings: [] } as const;
    expect(pageText({ ...page, done: 'published' }, false)).toBe('published  https://x\n');
    expect(pageText({ ...page, done: 'unchanged' }, false))
      .toBe('published, unchanged  https://x\n');
  });
});

describe('width', () => {
  it('counts wide characters twice and marks not at all', () => {
    expect(widthOf('日本é')).toBe(5);
    expect(widthOf('e\u0301')).toBe(1);
  });

  it('cuts between characters', () => {
    expect(cut('日本語です', 8)).toBe('日本...');
    expect(cut('short', 5)).toBe('short');
  });

  it('breaks at blanks, and inside of a word only where it fits nowhere', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('', 4)).toEqual(['']);
  });
});

describe('elapsed time', () => {
  it('shows the host\'s own distances and never goes back', () => {
    let now = 0;
    const elapsed = openElapsed(() => now);
    now = 2000;
    expect(elapsed.line()).toBe(2);
    expect(elapsed.of(9_000_000)).toBe(2);
    now = 2100;
    // A run watched from its middle: its past comes in one gulp.
    expect(elapsed.of(9_060_000)).toBe(62);
    now = 3100;
    expect(elapsed.line()).toBe(63);
    expect(elapsed.of(9_000_000)).toBe(63);
    expect(elapsed.of(Number.NaN)).toBe(63);
  });
});

describe('progress', () => {
  it('says size, share and, once it can know, the time left', () => {
    const progress = openProgress();
    const event = { kind: 'progress', what: 'x.tar', total: 40e6 } as const;
    expect(progress({ ...event, done: 0 }, 0).text).toBe('x.tar: 0 B of 40.0 MB, 0%');
    expect(progress({ ...event, done: 10e6 }, 5)).toEqual({
      text: 'x.tar: 10.0 MB of 40.0 MB, 25%, 15s left', finished: false, forLog: true,
    });
    expect(progress({ ...event, done: 12e6 }, 6).forLog).toBe(false);
    expect(progress({ ...event, done: 40e6 }, 20)).toEqual({
      text: 'x.tar: 40.0 MB of 40.0 MB, 100%', finished: true, forLog: true,
    });
  });

  it('knows only the size where the total is unknown', () => {
    expect(openProgress()({ kind: 'progress', what: 'x', done: 5000, total: 0 }, 1).text)
      .toBe('x: 5.0 kB');
  });
});

describe('remote output', () => {
  it('keeps the last 20 lines for the step that fails', () => {
    const output = openRemoteOutput(false);
    output.push('old\n');
    output.begin();
    expect(output.push(Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join(''))).toEqual([]);
    const shown = output.fail();
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([20, 'line 10', 'line 29']);
  });

  it('shows a few lines that come after the failure, and no more', () => {
    const output = openRemoteOutput(false);
    output.begin();
    expect(output.fail()).toEqual([]);
    expect(output.push('late\n'.repeat(30))).toHaveLength(20);
    expect(output.push('later\n')).toEqual([]);
    output.begin();
    expect(output.push('next step\n')).toEqual([]);
  });

  it('joins pieces of a line, also inside of an escape', () => {
    const output = openRemoteOutput(true);
    expect(output.push('one\ntw\u001b[3')).toEqual(['one']);
    expect(output.push('1mo\n')).toEqual(['two']);
    expect(output.push('end')).toEqual([]);
    expect(output.flush()).toEqual(['end']);
  });

  it('shows the last picture of a progress bar, and bounds a line without an end', () => {
    const output = openRemoteOutput(true);
    expect(output.push('10%\r50%\r100%\r\n')).toEqual(['100%']);
    expect(output.push('x'.repeat(9000))).toEqual([`${'x'.repeat(2000)}...`]);
  });
});

describe('problems', () => {
  it('shows one without a number', () => {
    expect(renderProblems(new SeatrialError('refused', [
      { message: 'No such host', place: 'seatrial.yml:3:5', fix: 'Write hosts: {production: …}.' },
    ]))).toBe('seatrial.yml:3:5: No such host\n  Write hosts: {production: …}.');
  });

  it('numbers several, and hangs further lines below the first', () => {
    expect(renderProblems(new SeatrialError('bad-input', [
      { message: 'first\nsecond line' }, { message: 'other', fix: 'Do it in three words or more.' },
    ]), 24)).toBe([
      '1. first', '   second line', '2. other', '     Do it in three', '     words or more.',
    ].join('\n'));
  });
});
