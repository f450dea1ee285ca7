import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/config/arguments.ts';
import { helpText } from '../../src/config/help.ts';
import { buildOptions, optionsFromInputs } from '../../src/config/option-values.ts';
import { commandNames, options, optionsOf, type Option } from '../../src/config/options.ts';
import { formatProblem, SeatrialError } from '../../src/errors.ts';

const defaults = buildOptions('help', []).options;

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof SeatrialError && error.kind === 'bad-input') {
      return error.problems.map(formatProblem);
    }
    throw error;
  }
  throw new Error('accepted');
}

describe('arguments', () => {
  it.each([
    [[], 'help'], [['help'], 'help'], [['--help'], 'help'], [['-h'], 'help'],
    [['--version'], 'version'], [['version'], 'version'], [['schema'], 'schema'],
    [['help', 'help'], 'help'],
  ])('%j is %s', (argv, command) => {
    expect(parseArguments(argv)).toEqual({ command, options: defaults, topic: undefined });
  });

  it.each([[['help', 'deploy']], [['deploy', '--help']], [['--help', 'deploy', '--tag']]])(
    '%j asks for help about deploy', (argv) => {
      expect(parseArguments(argv)).toMatchObject({ command: 'help', topic: 'deploy' });
    });

  it('reads every kind of value, in both forms, on both sides of the command', () => {
    const argv = ['--host', 'staging', 'deploy', '--release=a=b.tar', '--yes', '--json=false',
      '--watch-minutes', '5', '--repair', ''].slice(0, -2);
    expect(parseArguments(argv)).toEqual({
      command: 'deploy', topic: undefined,
      options: { ...defaults, host: 'staging', release: 'a=b.tar', yes: true, 'watch-minutes': 5,
        given: ['host', 'release', 'yes', 'watch-minutes', 'json'] },
    });
  });

  it('knows the option version from the command version', () => {
    expect(parseArguments(['adopt', '--version', '1.2']).options.version).toBe('1.2');
  });

  it('fills in the defaults', () => {
    expect(parseArguments(['status']).options).toMatchObject({
      config: 'seatrial.yml', host: 'production', repository: '.', output: 'release',
      'watch-minutes': 300, json: false, yes: false, release: undefined,
    });
  });

  it('reads what a rehearsal takes; only to forget the copy, it needs no release', () => {
    expect(parseArguments(['rehearse', '--release', 'a.tar', '--fresh', '--page=b.html']).options)
      .toMatchObject({ release: 'a.tar', fresh: true, page: 'b.html', receipt: undefined,
        forget: false });
    expect(parseArguments(['rehearse', '--forget']).options)
      .toMatchObject({ forget: true, page: 'rehearsal.html' });
    expect(parseArguments(['deploy', '--release', 'a', '--receipt', 'b', '--accept-unrehearsed',
      'urgent']).options).toMatchObject({ receipt: 'b', 'accept-unrehearsed': 'urgent' });
    expect(helpText('rehearse')).toMatch(/--release .*Required, but with --forget\./);
    expect(helpText('deploy')).toMatch(/--release .*Required\.\n/);
  });

  it('tells all that is wrong at once', () => {
    const found = problemsOf(() => parseArguments(['deploy', '--hots', 'staging', '--tag', 'v1',
      '--watch-minutes', '0', '--json=maybe', '--config', '--host=prod', 'extra', '-x']));
    expect(found).toEqual(expect.arrayContaining([
      expect.stringMatching(/--hots: is no option\n {2}Did you mean `--host`/),
      expect.stringMatching(/--tag: is no option of deploy\n {2}It belongs to package/),
      expect.stringMatching(/--watch-minutes: must be a whole number from 1 to 100000, not "0"/),
      expect.stringMatching(/--json: must be true or false, not "maybe"/),
      expect.stringMatching(/--config: must be a text in one line, and has no value/),
      expect.stringMatching(/--host: must be production or staging, not "prod"/),
      expect.stringMatching(/"extra": is no option/),
      expect.stringMatching(/"-x": is no option/),
      expect.stringMatching(/--release: is missing: deploy needs it/),
    ]));
    expect(found).toHaveLength(9);
  });

  it.each([
    [['deplyo'], /"deplyo": is no command\n {2}Did you mean `deploy`/],
    [['deplyo', '--hots'], /--hots/],
    [['--json'], /no command is given/],
    [['--bogus'], /--bogus: is no option/],
    [['status', '--host', 'staging', '--host', 'staging'], /--host: is given twice/],
    [['rollback', '--with-state', '--code-only'], /exclude each other/],
    [['rehearse', '--forget', '--fresh'], /--fresh: and --forget exclude each other/],
    [['rehearse'], /--release: is missing: rehearse needs it/],
    [['rehearse', '--forget=false'], /--release: is missing/],
    [['rehearse', '--host', 'staging', '--forget'], /--host: is no option of rehearse/],
    [['rehearse', '--release', 'a', '--accept-unrehearsed', 'b'], /is no option of rehearse/],
    [['deploy', '--release', 'a', '--accept-unrehearsed'], /--accept-unrehearsed: .*no value/],
    [['package'], /--tag: is missing: package needs it/],
    [['package', '--tag', '--yes'], /--tag: must be .*has no value/],
    [['adopt'], /--version: is missing/],
    [['status', '--config', 'a\nb'], /one line/],
    [['help', 'deplyo'], /no command/],
    [['status', '--constructor'], /no option/],
  ])('refuses %j', (argv, message) => {
    expect(problemsOf(() => parseArguments(argv)).join('\n')).toMatch(message);
  });

  it('never throws anything but bad input', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom<string>(...commandNames),
      fc.constantFrom<string>(...options.map((it) => `--${it.name}`)), fc.constant('--='));
    fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        expect(commandNames).toContain(parseArguments(argv).command);
      } catch (error) {
        expect(error).toBeInstanceOf(SeatrialError);
      }
    }), { numRuns: 2000 });
  });
});

describe('inputs of an action', () => {
  it('make the same options as the command line', () => {
    const inputs = { release: 'a.tar', host: 'staging', yes: 'true', 'known-hosts': '', tag: 'v1' };
    expect(optionsFromInputs('deploy', inputs)).toEqual(
      parseArguments(['deploy', '--release', 'a.tar', '--host', 'staging', '--yes']).options);
  });

  it('are refused alike', () => {
    expect(problemsOf(() => optionsFromInputs('deploy', { host: 'x', yes: 'ja' }))).toHaveLength(3);
  });
});

describe('the table', () => {
  it('names each option once, with a sentence, for commands that exist', () => {
    expect(new Set(options.map((it) => it.name)).size).toBe(options.length);
    for (const option of options as readonly Option[]) {
      expect(option.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(option.text).toMatch(/^[A-Z].{8,}\.$/);
      expect(option.commands.length).toBeGreaterThan(0);
      for (const command of option.required ?? []) expect(option.commands).toContain(command);
    }
  });

  it('is what help prints', () => {
    for (const command of commandNames) {
      expect(helpText()).toContain(`  ${command} `);
      const text = helpText(command);
      for (const option of command === 'help' ? [] : optionsOf(command, 'line')) {
        expect(text).toContain(`--${option.name}`);
        expect(text).toContain(option.text);
      }
    }
    expect(helpText('deploy')).not.toContain('--tag');
  });
});
