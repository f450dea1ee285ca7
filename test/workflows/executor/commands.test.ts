import { describe, expect, it } from 'vitest';
import { NotSupported } from './errors.ts';
import { CommandReader } from './commands.ts';
import { ran, steps } from './fixture.ts';

describe('commands in a line', () => {
  const read = (line: string) => {
    const found = new CommandReader().read(line);
    return found.kind === 'command'
      ? [found.command.name, Object.fromEntries(found.command.properties), found.command.data]
      : found.kind;
  };

  it('reads :: at the line’s start after space, with escapes', () => {
    expect(read('  ::error file=a%2Cb,line=3::one%0Atwo%25')).toEqual(
      ['error', { file: 'a,b', line: '3' }, 'one\ntwo%']);
    expect(read('::ERROR::x')).toEqual(['error', {}, 'x']);
    expect(read('text ::error::x')).toBe('text');
    expect(read('::nothing::x')).toBe('text');
    expect(read('::error')).toBe('text');
  });

  it('reads ##[…] anywhere in a line, with its own escapes', () => {
    expect(read('remote said ##[set-output name=a%3Bb;x=1]v%5D')).toEqual(
      ['set-output', { name: 'a;b', x: '1' }, 'v]']);
    expect(read('##[error]x')).toEqual(['error', {}, 'x']);
  });

  it('stops at a token and goes on at the same, whatever stands between', () => {
    const reader = new CommandReader();
    const kinds = ['::stop-commands::a1b2c3d4', '::error::x', 'y ##[error]x', '::stop-commands::q',
      '::A1B2C3D4::', '::error::x'].map((line) => reader.read(line).kind);
    expect(kinds).toEqual(['switch', 'text', 'text', 'text', 'switch', 'command']);
  });

  it.each(['', 'error', 'pause-logging'])('refuses the stop token "%s"', (token) => {
    expect(read(`::stop-commands::${token}`)).toBe('refused');
  });
});

describe('commands of a step', () => {
  it('annotates from stdout and stderr, ten of a kind, 4096 characters each', async () => {
    const run = await ran(steps([
      '- name: many', '  run: |',
      '    for i in $(seq 12); do echo "::warning::w$i"; done',
      '    echo "::error title=T,file=f.ts::$(printf %5000s x)" >&2',
      '    echo "::notice::n"',
      '- run: echo "::warning::next step"',
    ].join('\n')));
    const { annotations } = run.job('it');
    const of = (kind: string) => annotations.filter((each) => each.kind === kind);
    expect(of('warning').map((each) => each.message))
      .toEqual([...Array.from({ length: 10 }, (_, index) => `w${index + 1}`), 'next step']);
    expect(of('error')[0])
      .toMatchObject({ step: 'many', properties: { title: 'T', file: 'f.ts' } });
    expect(of('error')[0]?.message).toHaveLength(4096);
    expect(run.conclusion).toBe('success');
  });

  it('still obeys set-output and save-state, with a warning; set-env fails the step', async () => {
    const run = await ran(steps([
      `- { id: a, run: "echo ::set-output name=x::1; echo 'far ##[set-output name=y]2'" }`,
      '- run: echo "<${{ steps.a.outputs.x }}${{ steps.a.outputs.y }}>"',
      '- { id: b, run: "echo ::set-env name=E::1", continue-on-error: true }',
      '- run: echo "<${{ steps.b.outcome }} $E>"',
      '- env: { ACTIONS_ALLOW_UNSECURE_COMMANDS: true }',
      '  run: echo "::set-env name=E::1"', '- run: echo "<E is $E>"',
    ].join('\n')));
    const { log, annotations } = run.job('it');
    expect(log).toContain('<12>');
    expect(log).toContain('<failure >');
    expect(log).toContain('<E is 1>');
    expect(annotations[0]?.message).toContain('`set-output` command is deprecated');
  });

  it('hides masks and secrets in log, annotations and summary, also as base64', async () => {
    const run = await ran(steps([
      '- run: echo "::add-mask::hush"; echo "hush hu-sh"; echo "::error::hush"',
      '- run: echo hush >> $GITHUB_STEP_SUMMARY; echo "$S"; echo -n "$S" | base64',
      '  env: { S: "${{ secrets.S }}" }',
      '- run: echo "${{ github.token }} $ACTIONS_RUNTIME_TOKEN"',
    ].join('\n')), { secrets: { S: 'correct horse\nbattery' } });
    const { log, annotations, summary } = run.job('it');
    expect(log).not.toMatch(/hush$|correct|battery|ghs_token/m);
    expect(log).toContain('*** hu-sh');
    expect(log).not.toContain(Buffer.from('correct horse\nbattery').toString('base64'));
    expect(annotations[0]?.message).toBe('***');
    expect(summary).toBe('***\n');
  });

  it('begins each step with commands on, and hides a long stop token', async () => {
    const run = await ran(steps([
      '- run: echo "::stop-commands::longtoken"; echo "::error::not seen"; echo longtoken',
      '- run: echo "::error::seen"',
    ].join('\n')));
    expect(run.job('it').annotations.map((each) => each.message)).toEqual(['seen']);
    expect(run.job('it').log).toContain('::error::not seen');
    expect(run.job('it').log).not.toMatch(/^longtoken$/m);
  });

  it('fails a step that stops commands without a token', async () => {
    const run = await ran(steps('- run: echo "::stop-commands::"'));
    expect(run.job('it').conclusion).toBe('failure');
  });

  it('ends the test for a command that it does not know: add-matcher', async () => {
    await expect(ran(steps('- run: echo "::add-matcher::x.json"'))).rejects.toThrow(NotSupported);
  });
});
