import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');

/** Texts as they are put together: broken literals are joined, what is filled in is a gap. */
function textsOf(source: string): string {
  return source.replaceAll(/['`]\s*\+\s*['`]/g, '').replaceAll(/\\(['"`])/g, '$1');
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((it) => /\.(ts|sh)$/.test(it))
  .map((it) => textsOf(readFileSync(join(root, 'src', it), 'utf8'))).join('\n');

/** The first cells of tables whose first column is a message, as they are quoted there. */
function quoted(text: string): string[] {
  return text.split(/^## /m).flatMap((section) => (section.includes('| message |')
    ? [...section.matchAll(/^\| (`[^|]*(?:\\\|[^|]*)*) \|/gm)] : []))
    .flatMap((it) => [...(it[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

/** Parts between gaps; what is one letter long proves nothing. */
const partsOf = (message: string): string[] =>
  message.split('…').map((it) => it.trim()).filter((it) => /[a-z]{2}/.test(it));

/** Messages that are not ours. */
const foreign = ['does not point to the expected commit'];

describe('troubleshooting', () => {
  const messages = quoted(page).filter((it) => !foreign.includes(it));

  it('quotes many messages', () => {
    expect(messages.length).toBeGreaterThan(70);
  });

  it('quotes messages that Seatrial still says', () => {
    expect(messages.filter((it) => partsOf(it).some((part) => !sources.includes(part))))
      .toEqual([]);
  });

  it('would see a message that nobody says', () => {
    const made = quoted('## A\n\n| message | what |\n|---|---|\n| `the moon … is missing` | x |\n');
    expect(made).toEqual(['the moon … is missing']);
    expect(made.filter((it) => partsOf(it).some((part) => !sources.includes(part)))).toEqual(made);
  });
});
