import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ends, exitBadInput, exitInternal } from '../../src/errors.ts';
import type { Summary } from '../../src/report/events.ts';
import { summaryJson } from '../../src/report/json.ts';
import { summaryMarkdown } from '../../src/report/markdown.ts';
import { headline } from '../../src/report/words.ts';
import { expectGolden } from './golden.ts';
import { stories } from './stories.ts';

const docs = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/ends.md'), 'utf8');

function summaryOf(name: string): Summary {
  const story = stories[name];
  if (story === undefined) throw new Error(`no story ${name}`);
  return story.summary;
}

describe('headlines', () => {
  it('are one sentence for every command and end', () => {
    const commands = ['package', 'rehearse', 'deploy', 'rollback', 'recover', 'adopt',
      'demo'];
    const lines = commands.flatMap((command) => (Object.keys(ends) as Summary['end'][])
      .map((end) => {
        const host = command === 'rehearse' ? 'staging (deploy@staging.example.org)'
          : command === 'package' ? '' : 'production (deploy@www.example.org)';
        const serving = end === 'done' && command !== 'recover' ? '3.0.0' : '2.0.0';
        return `${command}: ${headline({ ...summaryOf('done'), command, end, host, serving })}`;
      }));
    expectGolden('headlines.txt', `${lines.join('\n')}\n`);
    expect(lines.filter((line) => /undefined|  /.test(line))).toEqual([]);
  });
});

describe('summaryJson', () => {
  it.each(['restored', 'refused'])('is the same for ever: %s', (name) => {
    expectGolden(`${name}.json.txt`, `${summaryJson(summaryOf(name))}\n`);
  });

  it('keeps every key, with null for what is unknown', () => {
    const bare = JSON.parse(summaryJson({
      ...summaryOf('unchanged'), version: undefined, digest: undefined, serving: undefined,
    })) as object;
    const full = JSON.parse(summaryJson(summaryOf('restored'))) as object;
    expect(Object.keys(bare)).toEqual(Object.keys(full));
    expect(Object.values(bare)).not.toContain(undefined);
  });

  it('keeps its order whatever the order of what it gets', () => {
    const summary = summaryOf('restored');
    const reversed = Object.fromEntries(Object.entries(summary).reverse()) as unknown as Summary;
    expect(summaryJson(reversed)).toBe(summaryJson(summary));
  });
});

describe('docs/ends.md', () => {
  it.each(Object.entries(ends))('gives %s its exit code %d and a section', (end, exit) => {
    expect(docs).toMatch(new RegExp(`^\\| \`${end}\` \\| ${exit} \\|`, 'm'));
    expect(docs).toMatch(new RegExp(`^### .*\\b${end}\\b`, 'm'));
  });

  it('gives the two codes that are no end', () => {
    expect(docs).toMatch(new RegExp(`^\\| bad input \\| ${exitBadInput} \\|`, 'm'));
    expect(docs).toMatch(new RegExp(`^\\| internal error \\| ${exitInternal} \\|`, 'm'));
  });

  it('describes every field of the JSON in its order, and no other', () => {
    const value = JSON.parse(summaryJson(summaryOf('needs-human'))) as
      Record<string, unknown> & { places: object[]; problems: object[]; timeline: object[] };
    const keys = Object.keys(value).flatMap((key) => {
      const rows = value[key];
      const [row] = Array.isArray(rows) ? rows as unknown[] : [];
      return typeof row === 'object' && row !== null
        ? [key, ...Object.keys(row).map((it) => `${key}[].${it}`)] : [key];
    });
    const section = docs.slice(docs.indexOf('## The JSON'));
    expect([...section.matchAll(/^\| `([\w[\].]+)` \|/gm)].map(([, key]) => key)).toEqual(keys);
  });
});

describe('summaryMarkdown', () => {
  it.each(['done', 'restored', 'needs-human', 'refused'])('reads well: %s', (name) => {
    expectGolden(`${name}.markdown.txt`, summaryMarkdown(summaryOf(name)));
  });

  it('stays below the limit and says that something is left out', () => {
    const summary = summaryOf('restored');
    const [entry] = summary.timeline;
    if (entry === undefined) throw new Error('no timeline');
    const long = { ...summary, timeline: Array.from({ length: 20_000 }, () => (
      { ...entry, text: '|'.repeat(3000) })) };
    for (const limit of [1024 * 1024, 65_536, 20_000, 4000]) {
      const text = summaryMarkdown(long, limit);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
      expect(text).toMatch(/^## RESTORED/);
      expect(text).toMatch(/left out/i);
    }
    expect(summaryMarkdown(long, 200)).toMatch(/^## RESTORED.*\n\n_Left out/);
    expect(summaryMarkdown(long, 20)).toBe('');
  });

  it('puts commands behind a fence that none of them can end', () => {
    const text = summaryMarkdown({ ...summaryOf('done'), next: ['echo ````', '```'] });
    expect(text).toContain('`````sh\necho ````\n```\n`````');
  });
});

describe('text in Markdown', () => {
  it.each([
    ['1. a list', '1&#46; a list'], ['- a list', '&#45; a list'], ['12.5 MB: ok', '12.5 MB: ok'],
    ['http://x', 'http&#58;//x'], [':tada:', '&#58;tada:'], ['www.x.org', 'www&#46;x.org'],
    ['a|b`c*d_e<f>&g\\[h]~@#!', 'a&#124;b&#96;c&#42;d&#95;e&#60;f&#62;&#38;g&#92;&#91;h&#93;'
      + '&#126;&#64;&#35;&#33;'], ['it\'s "so" 5% (or?)', 'it\'s "so" 5% (or?)'],
  ])('%j is only text', (reason, inert) => {
    expect(summaryMarkdown({ ...summaryOf('done'), reason })).toContain(`**Why:** ${inert}\n`);
  });
});
