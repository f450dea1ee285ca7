import { describe, expect, it } from 'vitest';
import { NotSupported } from './errors.ts';
import { evaluate, holds, words, type Scope } from './expressions.ts';
import { ran, steps } from './fixture.ts';
import { Expression } from './tree.ts';

const contexts = { env: { A: 'a', n: 1.5, yes: true, nothing: null, list: [1, 'x'] } };
const status = (state: 'success' | 'failure' | 'cancelled'): Scope => ({
  contexts,
  status: {
    success: () => state === 'success', failure: () => state === 'failure',
    cancelled: () => state === 'cancelled',
  },
});

describe('expressions', () => {
  it('makes words of values as GitHub does', () => {
    expect(['n', 'yes', 'nothing', 'list', 'none'].map((key) =>
      words(new Expression(`env.${key}`), { contexts }))).toEqual(['1.5', 'true', '', 'Array', '']);
  });

  it('undoubles every quote of a string', () => {
    expect(evaluate("format('a ''{0}'' b ''''', env.A)", { contexts })).toBe("a 'a' b ''");
  });

  it('compares without case, and numbers with their words', () => {
    expect(evaluate("env.A == 'A' && env.n == '1.5' && env.yes == 1", { contexts })).toBe(true);
  });

  it('knows only the contexts of its place, and no hashFiles', () => {
    expect(() => evaluate('secrets.X', { contexts })).toThrow('secrets');
    expect(() => evaluate('success()', { contexts })).toThrow('success');
    expect(() => evaluate("hashFiles('x')", { contexts })).toThrow(NotSupported);
  });

  it.each([
    [undefined, true, false, false], ['true', true, false, false], ['always()', true, true, true],
    ['failure() || cancelled()', false, true, true], ['!cancelled()', true, true, false],
    ["env.A == 'success()'", false, false, false], ['false', false, false, false],
  ])('if: %s', (condition, ...expected) => {
    expect((['success', 'failure', 'cancelled'] as const)
      .map((each) => holds(condition, status(each)))).toEqual(expected);
  });

  it('leaves quotes and braces around an expression in a script as they are', async () => {
    const run = await ran(steps(
      `- run: X=1; echo '"'"'\${{ github.ref_name }}'"'"' "\${X}" '{0} {{}}' 'it''s'`));
    expect(run.job('it').log).toContain(`"'v1'" 1 {0} {{}} its`);
  });
});
