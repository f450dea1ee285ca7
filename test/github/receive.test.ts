import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isUnsure } from '../../src/github/answer.ts';
import { saveBytes, type Bytes } from '../../src/github/receive.ts';
import { sha256 } from './bench.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'seatrial-receive-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function* parts(texts: readonly string[], error?: Error): Bytes {
  for (const text of texts) {
    await Promise.resolve();
    yield Buffer.from(text);
  }
  if (error !== undefined) throw error;
}

describe('a file that is received', () => {
  it('has its name when it is whole and was judged, not before', async () => {
    const path = join(directory, 'a');
    const saved = await saveBytes(parts(['the ', 'tarball']), path);
    expect(saved).toMatchObject({ sha256: sha256('the tarball'), bytes: 11 });
    expect(readdirSync(directory)).not.toContain('a');
    await saved.keep();
    expect(readdirSync(directory)).toEqual(['a']);
    expect(readFileSync(path, 'utf8')).toBe('the tarball');
  });

  it('leaves nothing where it is dropped, and what was there before stays', async () => {
    const path = join(directory, 'a');
    writeFileSync(path, 'of before');
    await (await saveBytes(parts(['other']), path)).drop();
    expect(readdirSync(directory)).toEqual(['a']);
    expect(readFileSync(path, 'utf8')).toBe('of before');
  });

  it('leaves nothing where the connection breaks in its middle, and may be tried again',
    async () => {
      const broken = saveBytes(parts(['the '], new TypeError('terminated')), join(directory, 'a'));
      const error: unknown = await broken.catch((cause: unknown) => cause);
      expect(isUnsure(error)).toBe(true);
      expect(readdirSync(directory)).toEqual([]);
    });

  it('takes the place of one that a killed process left', async () => {
    writeFileSync(join(directory, '.a.part'), 'of a killed one');
    await (await saveBytes(parts(['x']), join(directory, 'a'))).keep();
    expect(readdirSync(directory)).toEqual(['a']);
  });
});
