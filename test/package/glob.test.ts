import { describe, expect, it } from 'vitest';
import { compileGlob, expandBraces, globProblems } from '../../src/package/glob.ts';

describe('a glob', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['dist/**', ['dist/a', 'dist/b/c'], ['dist', 'dists/a', 'x/dist/a']],
    ['**/*.map', ['a.map', 'x/y/a.map'], ['a.mapx', 'a.map/b']],
    ['**', ['a', 'a/b', '.hidden'], []],
    ['.', ['a', 'a/b'], []],
    ['./src/', ['src'], ['src/a']],
    ['*.js', ['a.js', '.js'], ['a/b.js', 'ajs']],
    ['a?c', ['abc'], ['ac', 'a/c', 'abbc']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['az', 'a/bz']],
    ['{src,lib}/*.{js,ts}', ['src/a.js', 'lib/b.ts'], ['src/a.c', '{src,lib}/a.js']],
    ['x{,.bak}', ['x', 'x.bak'], ['x.']],
    ['pages/[id].js', ['pages/[id].js'], ['pages/i.js']],
    ['a+b(c)$.txt', ['a+b(c)$.txt'], ['aab(c)$.txt']],
    ['a**b', ['ab', 'axb'], ['a/b']],
  ];
  it.each(cases)('%s', (source, matching, others) => {
    const glob = compileGlob(source);
    expect(matching.filter((it) => !glob.matches(it))).toEqual([]);
    expect(others.filter((it) => glob.matches(it))).toEqual([]);
  });

  it('knows which directories are worth a look', () => {
    const glob = compileGlob('a/b/*.js');
    expect(['a', 'a/b', 'c', 'a/c'].map(glob.reaches)).toEqual([true, true, false, false]);
    expect(compileGlob('**/x').reaches('any/where')).toBe(true);
  });

  it('expands nested braces', () => {
    expect(expandBraces('a{b,c{d,e}}f')).toEqual(['abf', 'acdf', 'acef']);
  });

  it('tells everything that is wrong with a list', () => {
    expect(globProblems('p', ['', '!a', '/etc', 'a/../../b', 'a\\b', '{a', 'a}', 'fine/**'])
      .length).toBe(7);
  });
});
