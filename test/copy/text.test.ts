import { describe, expect, it } from 'vitest';
import { render } from '../../src/command/render.ts';
import { copyCommand } from '../../src/copy/text.ts';
import { openLocal } from '../../src/host/local.ts';
import { stateKinds } from '../../src/state/spec.ts';

const site = { application: 'app', records: '/nonexistent', run: '20260101T000000Z-aaaaaa' };

describe('the text of a copy', () => {
  it('reaches a shell with all kinds, though one argument could not hold it', async () => {
    const call = copyCommand(site, stateKinds, ['spec', "name=a'b", 'name']);
    expect(render(call).length).toBeGreaterThan(128 * 1024);
    const transport = openLocal();
    try {
      const result = await transport.run(call);
      expect(result).toMatchObject({ outcome: { kind: 'exited', status: 0 }, stdout: "a'b" });
      for (const kind of stateKinds) {
        const known = await transport.run(copyCommand(site, stateKinds,
          ['command', '-v', `copy_${kind}`]));
        expect(known.stdout.trim()).toBe(`copy_${kind}`);
      }
    } finally {
      await transport.close();
    }
  });
});
