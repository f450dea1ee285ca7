import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import { summaryJson } from '../../src/report/json.ts';
import { summaryMarkdown } from '../../src/report/markdown.ts';
import { renderProblems } from '../../src/report/problems.ts';
import { factsOf } from '../../src/report/summary-text.ts';
import { plainLine } from '../../src/report/text.ts';
import { widthOf, wrap } from '../../src/report/width.ts';
import { dangersOf, hostileStory, hostileSummary, hostileText } from './hostile.ts';
import { frames, play } from './play.ts';

/** Node's own measure of columns (its readline), which knows nothing of ours. */
function nodeWidth(text: string): number {
  const output = Object.assign(new PassThrough(), { columns: 1_000_000 });
  const reader = createInterface({ input: new PassThrough(), output, terminal: true });
  reader.setPrompt(text);
  const { cols } = reader.getCursorPos();
  reader.close();
  return cols;
}

describe('the judge of these tests', () => {
  it.each(['::error::x', '  ::error::x', 'a\r::set-output name=x::y', 'a ##[error] b',
    'a\u001b[2Jb', 'a\u009b2Jb', 'a\u202eb', '::stop-commands::token\n::token::\n',
  ])('sees %j', (text) => {
    expect(dangersOf(text)).not.toEqual([]);
  });

  it('lets a fence pass', () => {
    expect(dangersOf('a\n::stop-commands::token\n    | b\n::token::\nc\n')).toEqual([]);
  });
});

describe('whatever a host writes', () => {
  it.each(['\u009d', '\u009b', '\u001b]', '\u001b[', '\u0090\u001b', '\u001b ', '\r', ' '])(
    'holds nobody up: %j a million times', (text) => {
      const began = performance.now();
      plainLine(text.repeat(1_000_000 / text.length));
      expect(performance.now() - began).toBeLessThan(5_000);
    });

  const looks = fc.record({
    verbose: fc.boolean(), fence: fc.boolean(), isTerminal: fc.constant(false),
  });

  it('commands no runner and no terminal from a log', () => {
    fc.assert(fc.property(hostileStory, looks, (story, look) => {
      expect(dangersOf(play(story, look))).toEqual([]);
    }), { numRuns: 400 });
  });

  it('commands nothing on a terminal, and no line is wider than it', () => {
    fc.assert(fc.property(hostileStory, fc.integer({ min: 20, max: 120 }), (story, columns) => {
      const states = frames(play(story, { isTerminal: true, columns, verbose: true }));
      expect(states.flatMap(dangersOf)).toEqual([]);
      // Commands and paths stay whole: they are there to be copied.
      const facts = factsOf(story.summary, 19).map(({ path }) => path);
      const whole = [...story.summary.next, ...facts].map(plainLine)
        .filter((text) => widthOf(text) > columns - 6);
      expect(states.filter((line) => widthOf(line) > columns)
        .filter((line) => !whole.some((text) => line.trim() === text))).toEqual([]);
    }), { numRuns: 400 });
  });

  it('is never measured narrower than Node does', () => {
    fc.assert(fc.property(hostileText.map(plainLine), (text) => {
      expect(widthOf(text)).toBeGreaterThanOrEqual(nodeWidth(text));
    }), { numRuns: 500 });
  });

  it('is all there after it was wrapped', () => {
    fc.assert(fc.property(hostileText.map(plainLine), fc.integer({ min: -3, max: 30 }),
      (text, columns) => {
        const lines = wrap(text, columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        expect(lines.filter((line) => widthOf(line) > Math.max(2, columns))).toEqual([]);
      }));
  });

  it('commands nothing from a list of problems', () => {
    fc.assert(fc.property(hostileSummary, ({ problems }) => {
      if (problems.length === 0) return;
      expect(dangersOf(renderProblems(new SeatrialError('refused', problems)))).toEqual([]);
    }));
  });

  it('comes back from JSON as it was, and the line commands nothing', () => {
    fc.assert(fc.property(hostileSummary, (summary) => {
      const text = summaryJson(summary);
      expect(dangersOf(text)).toEqual([]);
      const back = JSON.parse(text) as { reason: string | null; next: string[] };
      expect(back.reason).toBe(summary.reason ?? null);
      expect(back.next).toEqual(summary.next);
    }));
  });
});

describe('hostile text in Markdown', () => {
  /** The characters that give Markdown its structure, outside of numbers and fenced blocks. */
  const structure = (markdown: string): string => markdown
    .replace(/^(`{3,})sh\n[^]*?\n\1$/gm, 'FENCE')
    .replace(/&#\d+;/g, '')
    .replace(/<\/?code>|<br>/g, '^')
    .replace(/[^|`<>*_[\]#\\~&\n^-]/g, '')
    .replace(/(?<!^)-/gm, '');

  it('leaves the structure as harmless text would', () => {
    const nine = fc.array(hostileText, { minLength: 9, maxLength: 9 })
      .map((texts) => texts.map((text, at) => `x${at}${text}`));
    fc.assert(fc.property(nine, (texts) => {
      const of = (at: number) => (values: readonly string[]): string => values[at] ?? '';
      const make = (values: readonly string[]) => summaryMarkdown({
        command: 'deploy', end: 'restored', application: of(0)(values), host: of(1)(values),
        version: undefined, digest: of(2)(values), serving: of(3)(values), run: undefined,
        reason: of(4)(values), windowSeconds: 2,
        places: [{ what: of(5)(values), path: of(6)(values) }], next: [of(7)(values)],
        problems: [{ message: of(8)(values), place: of(0)(values), fix: of(1)(values) }],
        timeline: [{
          id: 'a', title: of(2)(values), seconds: 1, result: 'failed', text: of(3)(values),
        }],
      });
      expect(structure(make(texts))).toBe(structure(make(texts.map((_, at) => `x${at}`))));
    }), { numRuns: 400 });
  });

  it('commands no runner that prints the summary to its log', () => {
    fc.assert(fc.property(hostileSummary, (summary) => {
      expect(dangersOf(summaryMarkdown(summary))).toEqual([]);
    }));
  });
});
