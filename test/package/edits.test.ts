import { describe, expect, it } from 'vitest';
import { findTarget, rawOf, replaceFound, type Target } from '../../src/package/edits.ts';
import { unifiedDiff } from '../../src/package/diff.ts';

const variable: Target = { kind: 'variable', name: 'DEBUG' };
const argument: Target = { kind: 'argument', name: 'version' };

/** What is found, as `line:value`, with `?` after a value that is no literal. */
function told(text: string, target: Target): string[] {
  return findTarget(text, target)
    .map((it) => `${it.line}:${rawOf(it)}${it.literal ? '' : '?'}`);
}

describe('a variable', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['DEBUG = 0', ['1:0']],
    ['  DEBUG=True  # off in production', ['1:True']],
    ['export DEBUG=1', ['1:1']],
    ['export const DEBUG = false;', ['1:false']],
    ['DEBUG: int = 3', ['1:3']],
    ['DEBUG := 3', ['1:3']],
    ['$DEBUG = "a # b";', ['1:"a # b"']],
    ["DEBUG = 'it\\'s'", ["1:'it\\'s'"]],
    ['DEBUG = 0\r', ['1:0']],
    ['# DEBUG = 0', []],
    ['// DEBUG = 0', []],
    ['DEBUG == 0', []],
    ['DEBUG_ERRORS = 0', []],
    ['MY_DEBUG = 0', []],
    ['if x: DEBUG = 0', []],
    ['DEBUG = int(x)', ['1:int(x)?']],
    ['DEBUG = 1, 2', ['1:1, 2?']],
    ['DEBUG = """', ['1:"""?']],
    ['DEBUG = f"{x}"', ['1:f"{x}"?']],
    ['DEBUG=1 make', ['1:1 make?']],
    ['DEBUG = 0\nDEBUG = 1', ['1:0', '2:1']],
  ];
  it.each(cases)('in %j', (text, expected) => {
    expect(told(text, variable)).toEqual(expected);
  });
});

describe('an argument', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['      version = "0.3.0",', ['1:"0.3.0"']],
    ['version = "0.3.0",', ['1:"0.3.0"']],
    ['setup(name="a", version="1", x=2)', ['1:"1"']],
    ['setup(version=VERSION)', ['1:VERSION']],
    ['version = "0.3.0"', []],
    ['setup(api_version="1", self.version="2")', []],
    ['  # version = "0.2.9",', []],
    ['  version = get("x"),', ['1:get("x"),?']],
    ['f(version="1", g(version="2"))', ['1:"1"', '1:"2"']],
  ];
  it.each(cases)('in %j', (text, expected) => {
    expect(told(text, argument)).toEqual(expected);
  });
});

describe('a pattern', () => {
  it('takes its group, or all that it matches, and every match of a line', () => {
    expect(told('v "1"', { kind: 'pattern', name: '"(\\d)"' })).toEqual(['1:1']);
    expect(told('v "1" "2"', { kind: 'pattern', name: '"\\d"' })).toEqual(['1:"1"', '1:"2"']);
  });
});

describe('replacing', () => {
  function replaced(text: string, target: Target, to: string): unknown {
    const found = findTarget(text, target)[0];
    return found === undefined ? 'nothing found' : replaceFound(text, found, to);
  }

  it('keeps quotes, comments, line ends and everything else', () => {
    expect(replaced('a\r\n  version = "0.3.0", # x\r\nb', argument, '0.4'))
      .toBe('a\r\n  version = "0.4", # x\r\nb');
    expect(replaced("DEBUG = '0'", variable, '"1"')).toBe('DEBUG = "1"');
    expect(replaced('DEBUG = 0', variable, '1')).toBe('DEBUG = 1');
  });

  it('refuses a value that would end the string or the line', () => {
    expect(replaced('DEBUG = "0"', variable, 'a"b')).toHaveProperty('message');
    expect(replaced('DEBUG = "0"', variable, 'a\\')).toHaveProperty('message');
    expect(replaced('DEBUG = 0', variable, '1\nimport os')).toHaveProperty('message');
  });
});

describe('the diff', () => {
  it('shows hunks with three lines around, and joins near ones', () => {
    const before = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
    const after = before.map((it, index) => ([1, 6, 25].includes(index) ? `${it}!` : it));
    expect(unifiedDiff([{ file: 'x', before: `${before.join('\n')}\n`,
      after: `${after.join('\n')}\n` }]).split('\n').filter((it) => !it.startsWith(' ')))
      .toEqual(['--- a/x', '+++ b/x', '@@ -1,10 +1,10 @@', '-line 2', '+line 2!', '-line 7',
        '+line 7!', '@@ -23,7 +23,7 @@', '-line 26', '+line 26!', '']);
  });

  it('is empty without a change, and bounded with many', () => {
    expect(unifiedDiff([{ file: 'x', before: 'a', after: 'a' }])).toBe('');
    const [before, after] = ['a\n'.repeat(5000), 'b\n'.repeat(5000)];
    const text = unifiedDiff([{ file: 'x', before, after }]);
    expect(text.split('\n').length).toBeLessThan(410);
    expect(text).toContain('more lines of diff');
  });
});
