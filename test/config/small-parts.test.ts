import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside, overlaps } from '../../src/config/paths.ts';
import { quotedPlaceholders } from '../../src/config/placeholders.ts';
import { compileFault, extendedRegexFault, oneGroupFault } from '../../src/config/regexes.ts';
import { closest, editDistance } from '../../src/config/suggest.ts';

describe('suggestions', () => {
  it.each([['', 'abc', 3], ['abc', 'abc', 0], ['maintenence', 'maintenance', 1],
    ['hosst', 'hosts', 1], ['kitten', 'sitting', 3]])('%s to %s is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is a distance', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(fc.property(word, word, (one, other) => {
      expect(editDistance(one, other)).toBe(editDistance(other, one));
      expect(editDistance(one, other) === 0).toBe(one === other);
      expect(editDistance(one, other)).toBeLessThanOrEqual(Math.max(one.length, other.length));
    }));
  });

  it('takes the nearest word, and none that is far', () => {
    expect(closest('stat', ['status', 'state'])).toBe('state');
    expect(closest('stop_signal', ['stop-signal', 'stop'])).toBe('stop-signal');
    expect(closest('banana', ['status', 'state'])).toBeUndefined();
    expect(closest('x'.repeat(1_000_000), ['x'])).toBeUndefined();
  });
});

describe('paths', () => {
  it('compares whole names', () => {
    expect(isInside('/a/b', '/a')).toBe(true);
    expect(isInside('/ab', '/a')).toBe(false);
    expect(isInside('/a', '/a')).toBe(false);
    expect(overlaps('/a', '/a')).toBe(true);
    expect(overlaps('/a', '/a/b')).toBe(true);
    expect(overlaps('/a-b', '/a')).toBe(false);
  });
});

describe('regular expressions', () => {
  it.each(['a|b', '^[[:space:]]*ERROR', '\\[x\\]', 'a{2,3}', '\\\\d', '[^]a]', 'panic:'])(
    'takes %s', (pattern) => expect(extendedRegexFault(pattern)).toBeUndefined());

  it.each([
    ['(a', /no regular expression/], ['[a', /no regular/], ['*a', /no regular/], ['a\\', /no reg/],
    ['(?:a)', /do not have/], ['\\d', /write \[0-9\]/],
  ])('refuses %s', (pattern, message) => expect(extendedRegexFault(pattern)).toMatch(message));

  it('counts groups', () => {
    expect(oneGroupFault('v([0-9]+)(?:x)')).toBeUndefined();
    expect(oneGroupFault('a')).toMatch(/not 0/);
    expect(oneGroupFault('(a)(b)')).toMatch(/not 2/);
    expect(oneGroupFault('(a')).toBe(compileFault('(a'));
  });
});

describe('placeholders inside shell quotes', () => {
  it.each([
    ['"{release}"', ['release']], ["sh -c 'cd {release}'", ['release']],
    ['"a" {release} \'b\'', []], ['\\"{release}\\"', []], ["'a\\' {release}", []],
    ["# don't\n{release}", []], ["a#'{release}'", ['release']], ['"\\"{release}"', ['release']],
    ['"😀" {release}', []], ['"😀{release}"', ['release']], ['"{{release}}"', []],
  ])('%s: %j', (text, names) => {
    expect(quotedPlaceholders(text)).toEqual(names);
  });
});
