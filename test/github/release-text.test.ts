import { describe, expect, it } from 'vitest';
import { isOurs, isUnedited, withMark } from '../../src/github/release-text.ts';

/** What GitHub takes at most. */
const charactersMax = 125_000;

describe('the mark of a page that Seatrial wrote', () => {
  it.each(['', 'text', 'text\n\n', 'one\r\ntwo\r\n', '\n\ntext'])('is found behind %j', (text) => {
    const page = withMark(text);
    for (const sent of [page, page.trimEnd(), `${page}  \n`, page.replace(/\n/g, '\r\n')]) {
      expect([isOurs(sent), isUnedited(sent)]).toEqual([true, true]);
    }
  });

  it('tells what a person wrote over it, before it and behind it', () => {
    const page = withMark('text');
    expect([isOurs(`more ${page}`), isUnedited(`more ${page}`)]).toEqual([true, false]);
    expect([isOurs(`${page}more`), isUnedited(`${page}more`)]).toEqual([false, false]);
    expect(isOurs(page.replace(/[0-9a-f]{64}/, 'x'))).toBe(false);
    expect(isUnedited(page.replace(/[0-9a-f]{64}/, 'a'.repeat(64)))).toBe(false);
    expect(isUnedited(`${page}${page}`)).toBe(false);
  });

  it.each(['\n', ' ', '<!-- seatrial wrote this: ', `${withMark('')} `, '-->\n'])(
    'is looked for without delay in a page full of %j', (text) => {
      const page = `${text.repeat(charactersMax / text.length)}x`;
      const began = performance.now();
      expect([isOurs(page), isUnedited(page)]).toEqual([false, false]);
      expect(performance.now() - began).toBeLessThan(1_000);
    });
});
