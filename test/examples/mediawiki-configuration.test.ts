import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';

const example = resolve(import.meta.dirname, '../../examples/mediawiki');
const read = (file: string) => readFileSync(`${example}/${file}`, 'utf8');
const settings = (file: string) => new Map([...read(file)
  .matchAll(/^\$(\w+)(?:\['\w+'\])* = (.*);$/gm)].map(([, name = '', value = '']) =>
    [name, value]));

describe('the example for MediaWiki', () => {
  const config = parseConfig(read('seatrial.yml'), 'seatrial.yml');

  it('is a configuration that Seatrial takes', () => {
    expect(config.state).toMatchObject([
      { kind: 'mysql', name: 'wiki' }, { kind: 'directory', name: 'uploads' }]);
    expect(config.services.map((it) => it.kind === 'systemd' && it.unit))
      .toEqual(['wiki.service', 'wiki-jobs.service']);
    expect(config.staging).toMatchObject({ overlay: 'staging', isolation: { kind: 'network' } });
  });

  it('names the database, the uploads and the ports that the wiki has', () => {
    const site = settings('site.php');
    expect(config.state[0]).toMatchObject({ database: JSON.parse(
      (site.get('wgDBname') ?? '').replaceAll("'", '"')) as string });
    expect(settings('LocalSettings.php').get('wgUploadDirectory')).toBe(
      `'${config.state[1]?.kind === 'directory' ? config.state[1].path : ''}'`);
    expect(config.maintenance).toMatchObject({ publicValue: '8080' });
    expect(read('wiki.service')).toContain('Environment=PORT=8080\n');
  });

  it('has on staging no mail, and nothing of production but its database\'s name', () => {
    const production = settings('site.php');
    const staging = settings('staging/srv/wiki/shared/site.php');
    expect([production.get('wgEnableEmail'), staging.get('wgEnableEmail')])
      .toEqual(['true', 'false']);
    expect(staging.has('wgSMTP')).toBe(false);
    for (const name of ['wgServer', 'wgDBpassword', 'wgSecretKey']) {
      expect(staging.get(name), name).toBeTruthy();
      expect(staging.get(name), name).not.toBe(production.get(name));
    }
  });
});
