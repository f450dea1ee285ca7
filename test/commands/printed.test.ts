import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { dangersOf } from '../report/hostile.ts';
import { Site, type Ran } from './approval-site.ts';

const words = ['::set-output name=end::forged', '##[add-mask]a', '\u001b[2J', '\u009d0;x\u0007',
  '\u202e', '\u2028::error::forged', '\r::error::forged', '  ::error::forged'].join('\n');
let site: Site;
afterEach(() => { site.remove(); });

/** Results go to the log of a job as they are: there is no fence around them. */
function expectPrinted(ran: Ran, text: string): void {
  expect(ran.error).toBeUndefined();
  expect(ran.printed).toContain(text);
  expect(dangersOf(ran.printed)).toEqual([]);
}

describe('what is printed of a host and of a configuration obeys nobody', () => {
  it.each([[[]], [['--json']]])('in a plan, %j', async (more) => {
    site = new Site();
    const text = readFileSync(site.config, 'utf8');
    writeFileSync(site.config, text.replace('checks: [',
      `checks: [{ command: { run: ${JSON.stringify(
        `true\n${words.replace(/[\u001b\u009d\u0007\r\u2028\u202e]/g, '')}`)} } }, `));
    expectPrinted(await site.run('plan', ['--release', await site.release('1.0.0'), ...more]),
      '1.0.0');
  });

  it.each([[[]], [['--json']]])('in a status, %j', async (more) => {
    site = new Site();
    mkdirSync(join(site.records, 'failed', '##[error]forged'), { recursive: true });
    writeFileSync(join(site.records, 'installed.json'), JSON.stringify({ application: 'app',
      version: words, digest: 'a', release: '/a', run: words, installedAt: words, way: 'normal' }));
    const ran = await site.run('status', more);
    expectPrinted(ran, 'forged');
    if (more.length > 0) {
      expect(JSON.parse(ran.printed)).toMatchObject({ installed: { version: words } });
    }
  });
});
