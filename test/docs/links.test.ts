import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Link {
  readonly page: string;
  readonly target: string;
}

/** README and every page below docs/. */
function pages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...docs.filter((it) => it.endsWith('.md')).map((it) => `docs/${it}`)];
}

const withoutCode = (text: string): string =>
  text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

function linksOf(page: string, text: string): Link[] {
  return [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].map((it) => it[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target)).map((target) => ({ page, target }));
}

/** As GitHub names headings: lower case, blanks to hyphens, all else but - and _ goes. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set([...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} +(.+?)\s*$/gm)]
    .map((it) => {
      const name = (it[1] ?? '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
      const times = seen.get(name) ?? 0;
      seen.set(name, times + 1);
      return times === 0 ? name : `${name}-${times}`;
    }));
}

/** What a link leads to is there; undefined: it is. */
function wrong({ page, target }: Link): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
  const shown = `${page}: ${target}`;
  if (relative(root, file).startsWith('..') || !existsSync(file)) return shown;
  if (anchor === undefined) return undefined;
  if (!statSync(file).isFile()) return shown;
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? undefined : shown;
}

describe('links', () => {
  it('between pages lead to what is there, and to headings that are there', () => {
    const links = pages().flatMap((page) => linksOf(page, readFileSync(join(root, page), 'utf8')));
    expect(links.length).toBeGreaterThan(60);
    expect(links.map(wrong).filter((it) => it !== undefined)).toEqual([]);
  });

  it('are seen to be wrong', () => {
    const text = '[a](nowhere.md) [b](ends.md#needs-human) [c](ends.md#needs-nobody) `[d](e.md)`\n'
      + '```\n[f](g.md)\n```\n[h](../../outside.md) [i](https://example.org/x)';
    expect(linksOf('docs/init.md', text).map(wrong)).toEqual(['docs/init.md: nowhere.md',
      undefined, 'docs/init.md: ends.md#needs-nobody', 'docs/init.md: ../../outside.md']);
  });

  it('reach every page from README', () => {
    const reached = new Set<string>();
    const queue = ['README.md'];
    for (let page = queue.pop(); page !== undefined; page = queue.pop()) {
      if (reached.has(page)) continue;
      reached.add(page);
      const here = page;
      queue.push(...linksOf(page, readFileSync(join(root, page), 'utf8'))
        .map(({ target }) => relative(root, resolve(root, dirname(here), target.split('#')[0] ??
          ''))).filter((it) => it.endsWith('.md') && existsSync(join(root, it))));
    }
    expect(pages().filter((it) => !reached.has(it) && !it.startsWith('docs/decisions/')))
      .toEqual([]);
  });
});
