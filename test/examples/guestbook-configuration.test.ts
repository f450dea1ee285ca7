import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';

const source = resolve(import.meta.dirname, '../../examples/guestbook');

interface Maker {
  makeConfiguration(settings: Record<string, string | number>): string;
}

async function configurationOf(settings: Record<string, string | number>): Promise<string> {
  const path = `${source}/make.mjs`;
  return (await import(path) as Maker).makeConfiguration(settings);
}

describe('the configurations of the guestbook', () => {
  it('for a server is one that Seatrial takes', () => {
    const config = parseConfig(readFileSync(`${source}/seatrial.yml`, 'utf8'), 'seatrial.yml');
    expect(config.services).toEqual([{ kind: 'systemd', unit: 'guestbook.service' }]);
    expect(config.state.map((it) => it.kind)).toEqual(['sqlite', 'directory']);
  });

  it('for the demonstration stays below the directory it is made for', async () => {
    const settings = { root: '/tmp/demo', port: 18001, privatePort: 18002, stagingPort: 18003,
      stagingPrivatePort: 18004, node: '/opt/node' };
    const config = parseConfig(await configurationOf(settings), 'seatrial.yml');
    expect(config.maintenance).toEqual({
      kind: 'private', variable: 'PORT', privateValue: '18002', publicValue: '18001',
    });
    const paths = JSON.stringify(config).match(/"\/[^"]*"/g) ?? [];
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !path.startsWith('"/tmp/demo/production/')))
      .toEqual(['"/tmp/demo/production"', '"/tmp/demo/staging"']);
  });

  it('is not made without all of its settings', async () => {
    await expect(configurationOf({ root: '/tmp/demo' })).rejects.toThrow('@NODE@ is unknown');
  });
});
