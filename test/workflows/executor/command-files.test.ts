import { describe, expect, it } from 'vitest';
import { pairs } from './command-files.ts';
import { ran, steps } from './fixture.ts';

describe('pairs in a command file', () => {
  it('reads name=value and heredocs with any delimiter', () => {
    expect([...pairs('a=1\n\nb=x=y\nc<<END\none\n\nc=2\nEND\nd<<=\nv\n=\ne<<E\nE\nf=')]).toEqual([
      ['a', '1'], ['b', 'x=y'], ['c', 'one\n\nc=2'], ['d', 'v'], ['e', ''], ['f', ''],
    ]);
  });

  it.each([
    ['words', "Invalid format 'words'"],
    ['a<<END\nx\n', "Matching delimiter not found 'END'"],
    ['a<<\nx\n', 'delimiter must not be empty'],
    ['<<E\nx\nE\n', 'Name must not be empty'],
  ])('refuses %j', (text, message) => {
    expect(() => [...pairs(text)]).toThrow(message);
  });
});

describe('command files of a step', () => {
  it('fails the step for a bad file; what came before counts', async () => {
    const run = await ran(steps([
      '- id: a', '  continue-on-error: true',
      "  run: printf 'x=1\\nbad\\ny=2\\n' >> $GITHUB_OUTPUT",
      '- run: echo "<${{ steps.a.outcome }}|${{ steps.a.outputs.x }}|${{ steps.a.outputs.y }}>"',
    ].join('\n')));
    expect(run.job('it').log).toContain('<failure|1|>');
    expect(run.job('it').annotations[0]?.message)
      .toBe("Unable to process file command 'output' successfully.");
  });

  it('refuses NODE_OPTIONS with an error, and leaves the step as it was', async () => {
    const run = await ran(steps([
      '- run: printf "NODE_OPTIONS=--x\\nOK=1\\n" >> $GITHUB_ENV',
      '- run: echo "<$OK${NODE_OPTIONS-}>"',
    ].join('\n')));
    expect(run.job('it').log).toContain('<1>');
    expect(run.job('it').annotations[0]?.message).toContain("Can't store NODE_OPTIONS");
    expect(run.conclusion).toBe('success');
  });

  it('reads what a failed step wrote, and gives each step files of its own', async () => {
    const run = await ran(steps([
      '- { id: a, run: "echo x=1 >> $GITHUB_OUTPUT; echo $GITHUB_OUTPUT; exit 1" }',
      '- { if: always(), run: "echo \\"<${{ steps.a.outputs.x }} $(wc -c < $GITHUB_OUTPUT)>\\"" }',
    ].join('\n')));
    expect(run.job('it').log).toContain('<1 0>');
  });

  it('takes a summary of 1 MiB for each step, and drops a longer one with an error', async () => {
    const run = await ran(steps([
      '- run: head -c 1048576 /dev/zero | tr "\\\\0" x > $GITHUB_STEP_SUMMARY',
      '- run: head -c 1048577 /dev/zero | tr "\\\\0" y > $GITHUB_STEP_SUMMARY',
      '- run: echo "# second" >> $GITHUB_STEP_SUMMARY',
    ].join('\n').replaceAll('\\\\0', '\\0')));
    const { summary, annotations, conclusion } = run.job('it');
    expect(summary).toHaveLength(1048576 + 1 + 9);
    expect(summary.endsWith('x\n# second\n')).toBe(true);
    expect(annotations[0]?.message).toContain('up to a size of 1024k, got 1024k');
    expect(conclusion).toBe('success');
  });
});
