import { describe, expect, it } from 'vitest';
import { refNameProblem, versionOfTag } from '../../src/package/tag.ts';

describe('tag names', () => {
  it.each(['v1.0', '1.2.3-rc.1+build', 'guestbook/v2', '@scope/pkg@1.2.3', 'v2024_01'])(
    '%s is accepted', (name) => {
      expect(refNameProblem('tag', name)).toBeUndefined();
    });

  it.each(['', '-v1', '--upload-pack=x', 'v1 x', 'v1;id', 'v$(id)', 'v`id`', 'v1\nx', 'v1\0', 'v*',
    'v?', 'v[1]', 'v1~1', 'v1^{}', 'v1:x', 'a..b', 'a//b', 'a/', 'a.', 'a.lock', 'a.lock/b', '.a',
    'a/.b', '@', 'a@{1}', '/a', 'v1\\x', 'ü', 'x'.repeat(300)])('%j is refused', (name) => {
    expect(refNameProblem('tag', name)).toBeDefined();
  });
});

describe('the version', () => {
  it.each([['v1.0', 'v', '1.0'], ['1.0', 'v', '1.0'], ['guestbook/v2', 'guestbook/v', '2'],
    ['version-2', 'v', 'version-2'], ['release-candidate', 'release-', 'candidate'],
    ['v1.0', '', 'v1.0']])('%s without %s is %s', (tag, prefix, version) => {
    expect(versionOfTag(tag, prefix)).toBe(version);
  });

  it.each([['v', 'v'], ['guestbook/v2', 'v'], ['@scope/pkg@1', 'v']])(
    '%s with prefix %s gives no version', (tag, prefix) => {
      expect(() => versionOfTag(tag, prefix)).toThrow(/names no file/);
    });
});
