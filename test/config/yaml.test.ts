import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/errors.ts';
import { fileOf, problemsOf, unmark } from './files.ts';

function refuses(marked: string, message: RegExp): void {
  const { text, place } = unmark(marked);
  const here = problemsOf(text).filter((it) => it.place === place).map(formatProblem);
  expect(here).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
}

const bomb = Array.from({ length: 12 }, (_, index) =>
  `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(',')}]`).join('\n');

describe('YAML and its traps', () => {
  it.each([
    ['a key twice', `${fileOf({})}«application: other\n`, /`application` stands twice.*line 1/],
    ['a key twice below', fileOf({ hosts: 'hosts: { production: a, «production: b }' }), /twice/],
    ['a tab as indentation', fileOf({ hosts: 'hosts:\n«\tproduction: a' }), /YAML: Tabs are not/],
    ['a bracket left open', fileOf({ more: '«package: { include: [a, b' }), /never/],
    ['a merge key', fileOf({ more: 'keep: &k { releases: 1 }\nobserve: { «<<: *k }' }), /merge/],
    ['two documents', `${fileOf({})}«---\nmore: 1\n`, /more than one YAML document/],
    ['an alias without an anchor', fileOf({ more: 'records: «*x' }), /no anchor &x before it/],
    ['an alias in its anchor', fileOf({ more: 'keep: &k { releases: «*k }' }), /inside its own/],
    ['a tag', fileOf({ more: 'records: «!python/object /x/y' }), /YAML: Unresolved tag/],
    ['a key that is a list', fileOf({ more: '? «[a]\n: 1' }), /a key must be a plain word/],
    ['YAML 1.1', `«%YAML 1.1\n---\n${fileOf({})}`, /only YAML 1\.2/],
    ['an empty file', '«', /the file is empty/],
    ['only a comment', '«# nothing', /the file is empty/],
    ['only a text', '«hello', /must be a map of keys/],
    ['a NUL in a command', fileOf({ more: 'package: { run: «"a\\0b" }' }), /U\+0000/],
    ['half a character', fileOf({ more: 'package: { run: «"a\\ud800b" }' }), /U\+D800/],
    ['far too large', `«${'#'.repeat(1024 * 1024 + 1)}`, /larger than 1048576 bytes/],
    ['far too deep', `«${'['.repeat(200_000)}`, /nested too deeply/],
    ['billions from aliases', `«a0: &a0 [x, x]\n${bomb}`, /more than 100000 values/],
  ])('refuses %s', (name, marked, message) => {
    if (name === 'a bracket left open') {
      expect(problemsOf(marked.replace('«', '')).map(formatProblem).join('\n'))
        .toMatch(/seatrial\.yml:\d+:\d+: YAML: Flow (map|sequence)/);
    } else refuses(marked, message);
  });

  it('reads anchors, a BOM and Windows line ends', () => {
    const text = fileOf({
      hosts: 'hosts: { production: &host deploy@a.example.org, staging: *host }' });
    const { hosts } = parseConfig(text, 'f');
    expect(hosts.staging).toEqual(hosts.production);
    const plain = parseConfig(fileOf({}), 'f');
    expect(parseConfig(`\uFEFF${fileOf({})}`, 'f')).toEqual(plain);
    expect(parseConfig(fileOf({}).replaceAll('\n', '\r\n'), 'f')).toEqual(plain);
  });

  it('keeps columns right behind a BOM', () => {
    expect(problemsOf(`\uFEFF${fileOf({ application: 'application: X' })}`)[0]?.place)
      .toBe('seatrial.yml:1:14');
  });

  it('reports syntax, types, unknown keys and rules at once, in the order of the file', () => {
    const text = fileOf({
      application: 'application: Bad Name', service: 'service: { sistemd: x }',
      state: 'state:\n  - directory: /a/b\n  - directory: /a/b/c\n  - directory: rel',
      checks: 'checks:\n  - log: { file: x, colour: red }',
      more: 'settings: 1\nkeep: { releases: no }\nhosts: twice\nrecords: "open',
    });
    const found = problemsOf(text).map((it) => it.place?.split(':')[1]).map(Number);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
    const all = problemsOf(text).map(formatProblem).join('\n');
    for (const part of [
      /`application` must be/, /mean `systemd`/, /overlaps `state\[0\]/, /must be absolute/,
      /`checks\[0\]\.log\.colour` is not a known key/, /`settings` is not yet supported/,
      /`keep\.releases` must be/, /`hosts` stands twice/, /YAML: Missing closing "quote/,
    ]) expect(all).toMatch(part);
    expect(all).not.toMatch(/is missing/);
  });

  it('says how many more there are instead of printing thousands', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `k${index}: 1`);
    const many = problemsOf(`${fileOf({})}${keys.join('\n')}`);
    expect(many).toHaveLength(201);
    expect(many.at(-1)?.message).toBe('and 300 more problems');
  });
});
