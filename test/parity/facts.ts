import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParityConfig } from '../../src/config/config.ts';
import { parseParity, type ParityFacts } from '../../src/facts/parse-parity.ts';

/** What the golden hosts printed. */
export function golden(name: 'debian-12' | 'debian-13'): string {
  return readFileSync(join(import.meta.dirname, `${name}.txt`), 'utf8');
}

export function factsOf(text: string): ParityFacts {
  const facts = parseParity(text, text.length);
  if (facts === undefined) throw new Error('the facts are not complete');
  return facts;
}

export const parity: ParityConfig = { items: [], files: [], classes: {
  architecture: 'fail', libc: 'fail', kernel: 'warn', distribution: 'warn', packages: 'warn',
  runtimes: 'fail', modules: 'fail', 'http-server': 'warn', database: 'fail', collation: 'fail',
  locale: 'warn', 'time-zone': 'warn', limits: 'warn', mounts: 'warn', configuration: 'warn',
  hardware: 'clock', identity: 'expected',
} };
