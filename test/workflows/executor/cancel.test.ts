import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder, onTags, open, steps, type Files } from './fixture.ts';

const said = (log: string) => log.split('\n').filter((line) => line.startsWith('> '));

/** A node action that writes down its signals; its post prints. */
function stubborn(body: string): Files {
  return {
    'act/action.yml': 'name: a\ndescription: d\nruns: { using: node24, main: m.js, post: p.js }\n',
    'act/m.js': body,
    'act/p.js': 'console.log("> post");',
  };
}

const ready = /^> ready$/m;

describe('a cancelled run', () => {
  it('sends SIGINT, SIGTERM, SIGKILL with GitHub’s times between them', async () => {
    const file = `${makeFolder({})}/signals`;
    const { github } = open({ ...stubborn(`
      const { appendFileSync } = require('node:fs');
      for (const each of ['SIGINT', 'SIGTERM']) {
        process.on(each, () => appendFileSync(${JSON.stringify(file)},
          each + ' ' + Date.now() + '\\n'));
      }
      console.log('> ready');
      setInterval(() => {}, 1000);`), ...steps([
      '- uses: $/act', '- run: echo "> next"', '- { if: always(), run: "echo \\"> always\\"" }',
      '- { if: cancelled(), run: "echo \\"> cancelled\\"" }',
      '- { if: failure(), run: "echo \\"> no\\"" }',
    ].join('\n')) }, { timeFactor: 0.1 });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    const before = Date.now();
    run.cancel();
    await run.ended();
    const took = Date.now() - before;
    expect([run.conclusion, run.job('it').conclusion]).toEqual(['cancelled', 'cancelled']);
    expect(said(run.job('it').log)).toEqual(['> ready', '> always', '> cancelled', '> post']);
    const [int, term] = readFileSync(file, 'utf8').trim().split('\n')
      .map((line) => line.split(' '));
    expect([int?.[0], term?.[0]]).toEqual(['SIGINT', 'SIGTERM']);
    // From the cancel on: a busy machine may deliver the first of them late.
    expect(Number(term?.[1]) - before).toBeGreaterThanOrEqual(745);
    expect(took).toBeGreaterThanOrEqual(995);
  });

  it('lets a step end well in time, and still calls it cancelled', async () => {
    const { github } = open({ ...stubborn(`
      process.on('SIGINT', () => { console.log('> tidied'); process.exit(0); });
      console.log('> ready');
      setInterval(() => {}, 1000);`), ...steps('- { id: a, uses: $/act }\n'
      + '- { if: always(), run: "echo \\"> ${{ steps.a.outcome }} ${{ job.status }}\\"" }') },
    { timeFactor: 1 });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    run.cancel();
    expect(said((await run.ended()).job('it').log))
      .toEqual(['> ready', '> tidied', '> cancelled cancelled', '> post']);
  });

  it('reaches steps inside a composite; its always() steps run', async () => {
    const { github } = open({
      'c/action.yml': 'name: c\ndescription: d\nruns:\n  using: composite\n  steps:\n'
        + '    - shell: bash\n      run: |\n        trap \'echo "> int"; exit 1\' INT\n'
        + '        echo "> ready"\n        sleep 20 & wait\n'
        + '    - { shell: bash, run: "echo \\"> next\\"" }\n'
        + '    - { shell: bash, if: always(), run: "echo \\"> always\\"" }\n',
      ...steps('- uses: $/c\n- run: echo "> after"'),
    });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    run.cancel();
    expect(said((await run.ended()).job('it').log)).toEqual(['> ready', '> int', '> always']);
  });

  it('leaves a step alone whose if still holds, and a job whose if still holds', async () => {
    const { github } = open({ ...onTags([
      'it:', '  runs-on: x', '  steps:',
      '    - { if: always(), run: "echo \\"> ready\\"; sleep 0.5; echo \\"> done\\"" }',
      'clean:', '  runs-on: x', '  needs: it', '  if: always()',
      '  steps: [{ run: "echo \\"> ${{ needs.it.result }}\\"" }]',
      'next: { runs-on: x, needs: it, steps: [{ run: "true" }] }',
    ].join('\n')) });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    run.cancel();
    await run.ended();
    expect(said(run.job('it').log)).toEqual(['> ready', '> done']);
    expect(said(run.job('clean').log)).toEqual(['> cancelled']);
    expect([run.result('next'), run.conclusion]).toEqual(['skipped', 'cancelled']);
  });

  it('kills what a step left behind, by RUNNER_TRACKING_ID, unless that is gone', async () => {
    const pids = `${makeFolder({})}/pids`;
    const { github } = open(steps([
      `- run: setsid sleep 60 > /dev/null 2>&1 & echo $! >> ${pids}`,
      '- run: env -u RUNNER_TRACKING_ID setsid sleep 60 > /dev/null 2>&1 & '
      // Until the child has become `env`, it still carries the id.
      + `echo $! >> ${pids}; sleep 0.3`,
    ].join('\n')));
    await (await github.push('refs/tags/v1')).ended();
    const [orphan, detached] = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    await expect.poll(() => alive(orphan)).toBe(false);
    expect(alive(detached)).toBe(true);
    process.kill(detached ?? 0, 'SIGKILL');
  });

  it('is ended by the server where it does not end by itself', async () => {
    const { github } = open(steps('- { if: always(), run: "echo \\"> ready\\"; sleep 60" }\n'
      + '- { if: always(), run: "echo \\"> never\\"" }'), { timeFactor: 0.002 });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    run.cancel();
    expect(said((await run.ended()).job('it').log)).toEqual(['> ready']);
    expect(run.job('it').conclusion).toBe('cancelled');
  });
});

describe('a killed runner', () => {
  it('runs nothing more, no post and no always(), and the job has failed', async () => {
    const file = `${makeFolder({})}/signals`;
    const { github } = open({ ...stubborn(`
      process.on('SIGTERM', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, 'x'));
      require('node:child_process').spawn('sleep', ['60']);
      console.log('> ready ');
      console.log('> ready');
      setInterval(() => {}, 1000);`), ...onTags([
      'it:', '  runs-on: x', '  outputs: { o: x }', '  steps: ',
      '    - uses: $/act', '    - { if: always(), run: "echo \\"> never\\"" }',
      'next: { runs-on: x, needs: it, if: failure(), steps: [{ run: "echo \\"> told\\"" }] }',
    ].join('\n')) });
    const run = await github.push('refs/tags/v1');
    await run.until((each) => ready.test(each.job('it').log));
    run.killRunner('it');
    await run.ended();
    expect([run.job('it').conclusion, run.outputs('it')]).toEqual(['failure', {}]);
    expect(run.job('it').log).not.toMatch(/post|never/);
    expect(said(run.job('next').log)).toEqual(['> told']);
    expect(() => readFileSync(file)).toThrow();
  });
});

function alive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0);
    // A zombie that its parent has not asked for is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
