import { describe, expect, it } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import { formatArtifactReference, formatReleaseReference, isReference, parseArtifactReference,
  parseReleaseReference } from '../../src/github/references.ts';

const sha256 = 'a'.repeat(64);
const receipt = { name: 'receipt.json', id: '901', sha256 };
const release = {
  archive: { name: 'guestbook-1.2.0+b~1.tar.gz', id: '12345678901', sha256 },
  manifest: { name: 'guestbook-1.2.0+b~1.manifest.json', id: '7', sha256: 'b'.repeat(64) },
};

function problem(work: () => unknown): SeatrialError {
  try {
    work();
  } catch (error) {
    if (error instanceof SeatrialError) return error;
  }
  throw new Error('it was taken');
}

describe('a reference', () => {
  it('comes back as it was', () => {
    expect(parseArtifactReference(formatArtifactReference(receipt), 'receipt')).toEqual(receipt);
    expect(parseReleaseReference(formatReleaseReference(release), 'release')).toEqual(release);
  });

  it('is one line of JSON, whatever else an object carries', () => {
    const more = { ...receipt, more: 'x\n' };
    expect(formatArtifactReference(more))
      .toBe(`{"name":"receipt.json","id":"901","sha256":"${sha256}"}`);
  });

  it('is told from a path', () => {
    expect(isReference(formatReleaseReference(release))).toBe(true);
    expect(isReference('release/guestbook-1.2.0.tar.gz')).toBe(false);
    expect(isReference('')).toBe(false);
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a path as a name', JSON.stringify({ ...receipt, name: '../receipt.json' })],
    ['a hidden name', JSON.stringify({ ...receipt, name: '.npmrc' })],
    ['a name with a line', JSON.stringify({ ...receipt, name: 'a\n::error::x' })],
    ['a name of a switch', JSON.stringify({ ...receipt, name: '-rf' })],
    ['an empty name', JSON.stringify({ ...receipt, name: '' })],
    ['a long name', JSON.stringify({ ...receipt, name: 'a'.repeat(201) })],
    ['an id with a path', JSON.stringify({ ...receipt, id: '1/../2' })],
    ['a number for an id', JSON.stringify({ ...receipt, id: 901 })],
    ['id 0', JSON.stringify({ ...receipt, id: '0' })],
    ['a digest in capitals', JSON.stringify({ ...receipt, sha256: 'A'.repeat(64) })],
    ['a short digest', JSON.stringify({ ...receipt, sha256: 'a'.repeat(63) })],
    ['one thing more', JSON.stringify({ ...receipt, url: 'http://x' })],
    ['a prototype', `{"__proto__":{},${formatArtifactReference(receipt).slice(1)}`],
    ['too much', JSON.stringify({ ...receipt, name: 'a'.repeat(9999) })],
  ])('with %s is bad input, and says what to hand over', (_, text) => {
    const error = problem(() => parseArtifactReference(text, 'receipt'));
    expect(error.kind).toBe('bad-input');
    expect(error.message).toMatch(/^receipt: /);
    expect(error.message).toContain('needs.<job>.outputs');
    expect(error.message).not.toContain('\n::');
  });

  it('tells all that is wrong at once', () => {
    const { message } = problem(() => parseArtifactReference('{"name":"/x","id":"y"}', 'receipt'));
    expect(message).toContain('name');
    expect(message).toContain('id');
    expect(message).toContain('sha256');
  });

  it('names no key of an attacker as it is', () => {
    const text = JSON.stringify({ ...receipt, 'a\n::error::x': 1 });
    expect(problem(() => parseArtifactReference(text, 'receipt')).message)
      .not.toContain('\n::error');
  });

  it.each([
    ['another manifest', { ...release,
      manifest: { ...release.manifest, name: 'x.manifest.json' } }],
    ['no archive', { ...release, archive: { ...release.archive, name: 'guestbook.zip' } }],
    ['one part only', { archive: release.archive }],
  ])('of a release with %s is bad input', (_, value) => {
    const error = problem(() => parseReleaseReference(JSON.stringify(value), 'release'));
    expect(error.kind).toBe('bad-input');
  });
});
