import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { command } from '../../src/command/command.ts';
import { openLocal } from '../../src/host/local.ts';
import { firstNumber, parentsOf } from '../conformance/processes.ts';
import { describeTransport } from '../conformance/transport.ts';

describeTransport('local', {
  open: () => Promise.resolve(openLocal()),
  // The command's shell, and above it the one that would tell the end.
  cut: (pid) => process.kill(parentsOf(pid)[0] ?? 0, 'SIGKILL'),
});

it('is called local', () => {
  expect(openLocal().name).toBe('local');
});

it('leaves no timer behind a session that was ended, for which a process would wait', async () => {
  // After a moment, in which others' timers end and the near side's exit is told.
  const timers = async () => {
    await sleep(200);
    return process.getActiveResourcesInfo().filter((it) => it === 'Timeout').length;
  };
  const before = await timers();
  const session = openLocal().start(command('sh', '-c', 'echo $$; exec sleep 30'));
  const pid = await firstNumber(session.stdout);
  session.kill();
  await session.done;
  process.kill(pid, 'SIGKILL');
  expect(await timers()).toBeLessThanOrEqual(before);
});
