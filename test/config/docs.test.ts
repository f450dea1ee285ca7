import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { later } from '../../src/config/later.ts';
import { jsonSchema, parseConfig } from '../../src/config/parse.ts';

const text = readFileSync(resolve(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
/** Words between backquotes, also the last part of `observe.passes`. */
const named = new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap((match) =>
  (match[1] ?? '').split(/[.:,\s]+/)));

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

it('names every key of the file, and every key of a later version', () => {
  const keys = new Set([...keysOf(jsonSchema()), ...Object.values(later).flatMap(Object.keys)]);
  expect(keys.size).toBeGreaterThan(60);
  expect([...keys].filter((key) => !named.has(key))).toEqual([]);
});

it('shows files that are right', () => {
  const blocks = [...text.matchAll(/```yaml\n(application:[^]*?)```/g)].map((it) => it[1] ?? '');
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(parseConfig(block, 'f').application).toBe('guestbook');
});
