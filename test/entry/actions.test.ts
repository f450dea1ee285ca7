import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { options, type Option } from '../../src/config/options.ts';
import { jobCommands } from '../../src/jobs/commands.ts';

const root = resolve(import.meta.dirname, '../..');
const composites = ['package-release', 'test-against-prod-copy', 'deploy-with-backup'];

interface Step {
  readonly uses: string;
  readonly with: Readonly<Record<string, string>>;
}

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string;
    readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value?: string }>>;
  readonly runs: { readonly using: string; readonly main?: string; readonly post?: string;
    readonly steps?: readonly Step[] };
}

function action(path: string): ActionFile {
  return parse(readFileSync(join(root, path), 'utf8')) as ActionFile;
}

const table: readonly Option[] = options;
const ofJobs = table.filter((it) => it.commands.some((name) =>
  (jobCommands as readonly string[]).includes(name)));

describe('the root action and the one that composites call', () => {
  it('have the inputs of the table of options, with its words, and no other', () => {
    for (const path of ['action.yml', 'dist/action.yml']) {
      const { inputs } = action(path);
      const expected = ofJobs.filter((it) => it.name !== 'yes').map((it) => it.name);
      expect(Object.keys(inputs)).toEqual(['command', ...expected]);
      for (const option of ofJobs.filter((it) => it.name !== 'yes')) {
        expect(inputs[option.name]?.description).toContain(option.text);
        expect(inputs[option.name]?.default).toBe(option.expression ?? '');
      }
    }
  });

  it('differ in nothing but where the bundle is', () => {
    const [outer, inner] = [action('action.yml'), action('dist/action.yml')];
    expect({ ...outer, runs: undefined }).toEqual({ ...inner, runs: undefined });
    expect(outer.runs).toEqual({ using: 'node24', main: 'dist/main/index.js',
      post: 'dist/main/post.js' });
    expect(inner.runs).toEqual({ using: 'node24', main: 'main/index.js', post: 'main/post.js' });
  });
});

it('a release that came to staging alone is not published', () => {
  const publish = action('deploy-with-backup/action.yml').runs.steps?.at(-1);
  expect(publish).toMatchObject({ if: "${{ inputs.publish == 'true' && inputs.host != 'staging' }}",
    with: { command: 'publish' } });
});

describe.each(composites)('%s', (name) => {
  const { inputs, outputs, runs } = action(`${name}/action.yml`);
  const engine = action('dist/action.yml');

  it('calls the engine of its own commit, and foreign actions by commit', () => {
    expect(runs.using).toBe('composite');
    for (const step of runs.steps ?? []) {
      expect(step.uses).toMatch(/^(\$\/dist|[a-z-]+\/[a-z-]+@[0-9a-f]{40})$/);
    }
  });

  it('hands the engine only inputs that it has', () => {
    for (const step of (runs.steps ?? []).filter((it) => it.uses === '$/dist')) {
      const known = Object.keys(engine.inputs);
      expect(Object.keys(step.with).filter((it) => !known.includes(it))).toEqual([]);
      expect(jobCommands).toContain(step.with['command']);
    }
  });

  it('passes every input on, or asks for it in a condition', () => {
    const text = readFileSync(join(root, name, 'action.yml'), 'utf8');
    for (const input of Object.keys(inputs)) expect(text).toContain(`inputs.${input}`);
  });

  it('has outputs that the engine has', () => {
    for (const [output, { value = '' }] of Object.entries(outputs)) {
      const [, from = ''] = /steps\.[a-z]+\.outputs\.([a-z-]+) /.exec(value) ?? [];
      expect(from).toBe(output);
      expect(Object.keys(engine.outputs)).toContain(output);
    }
  });
});
