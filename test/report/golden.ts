import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';

const cases = resolve(import.meta.dirname, '../cases/report');

/** Compares with test/cases/report/<name>; UPDATE_GOLDEN=1 writes it. */
export function expectGolden(name: string, text: string): void {
  const path = join(cases, name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  expect(existsSync(path) ? readFileSync(path, 'utf8') : `no file ${name}`).toBe(text);
}
