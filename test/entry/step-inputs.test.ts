import { afterEach, expect, it } from 'vitest';
import { readInputs } from '../../src/entry/step-inputs.ts';

afterEach(() => {
  for (const name of Object.keys(process.env).filter((it) => it.startsWith('INPUT_'))) {
    delete process.env[name];
  }
});

it('leaves no secret in the environment that ssh and other children get', () => {
  Object.assign(process.env, { 'INPUT_COMMAND': 'deploy', 'INPUT_RELEASE': 'x.tar.gz',
    'INPUT_SSH-PRIVATE-KEY': 'key',
    'INPUT_GITHUB-TOKEN': 'token', 'INPUT_SSH-KNOWN-HOSTS': 'lines' });
  const { options } = readInputs();
  expect(options['ssh-private-key']?.reveal()).toBe('key');
  expect(options['github-token']?.reveal()).toBe('token');
  expect(Object.values(process.env).filter((it) => it === 'key' || it === 'token')).toEqual([]);
  expect(process.env['INPUT_SSH-KNOWN-HOSTS']).toBe('lines');
});
