import { describe, expect, it } from 'vitest';
import { quietly } from '../../src/github/quiet.ts';

describe('a library kept quiet', () => {
  it('is the only one: what others write meanwhile goes through', async () => {
    const written: string[] = [];
    const stream = { write: (chunk: unknown): boolean => written.push(String(chunk)) > 0 };
    const before = stream.write;
    const other = new Promise<void>((done) => setTimeout(() => {
      stream.write('of another\n');
      done();
    }, 5));
    await quietly(async () => {
      stream.write('::set-output name=x::y\n');
      await new Promise((done) => setTimeout(done, 20));
      stream.write('::add-mask::secret\n');
      stream.write('::add-mask::secret\n::error::y\n');
      await other;
    }, stream);
    stream.write('after\n');
    expect(written).toEqual(['of another\n', '::add-mask::secret\n', 'after\n']);
    expect(stream.write).toBe(before);
  });
});
