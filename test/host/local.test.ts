import { expect, it } from 'vitest';
import { openLocal } from '../../src/host/local.ts';
import { parentsOf } from '../conformance/processes.ts';
import { describeTransport } from '../conformance/transport.ts';

describeTransport('local', {
  open: () => Promise.resolve(openLocal()),
  // The command's shell, and above it the one that would tell the end.
  cut: (pid) => process.kill(parentsOf(pid)[0] ?? 0, 'SIGKILL'),
});

it('is called local', () => {
  expect(openLocal().name).toBe('local');
});
