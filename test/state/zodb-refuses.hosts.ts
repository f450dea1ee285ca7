import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, copyFileSync, rmSync, truncateSync, statSync }
  from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeBox, temporary } from '../transaction/sandbox.ts';
import { Verbs } from './bench.ts';
import { Zodb, zodbBench, type ZodbSite } from './zodb-bench.ts';

let zodb: Zodb | undefined;
const ends: (() => void)[] = [];
beforeAll(() => { zodb = Zodb.install(); });
afterEach(() => { for (const end of ends.splice(0)) end(); });
afterAll(async () => { await zodb?.remove(); });

async function host(): Promise<{ verbs: Verbs; site: ZodbSite; stream: string }> {
  const bench = zodbBench(() => {
    if (zodb === undefined) throw new Error('ZODB was not installed');
    return zodb;
  });
  const box = makeBox(temporary());
  const site = await bench.site(box, 'production') as ZodbSite;
  await site.fill();
  return { site, verbs: new Verbs(bench, { box, site, shell: 'dash' }),
    stream: join(box.root, 'stream') };
}

describe('a ZODB that is not what it seems', () => {
  it('whose process writes to a file that was replaced is refused by its number', async () => {
    const { verbs, site, stream } = await host();
    const writer = spawn('sh', ['-c', `exec 3>>'${site.parts.path}'; echo open; exec sleep 60`],
      { stdio: ['ignore', 'pipe', 'ignore'] });
    ends.push(() => { writer.kill(); });
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    expect(await verbs.bare('copy', stream)).toMatchObject({ status: 0 });
    // What a pack does when the process does not follow it (zopefoundation/ZODB issue 38).
    copyFileSync(site.parts.path, `${site.parts.path}.pack`);
    renameSync(`${site.parts.path}.pack`, site.parts.path);
    const done = await verbs.bare('copy', stream);
    expect(done.status).toBe(1);
    expect(done.errors).toContain(`process ${String(writer.pid)} writes to a file`);
    await verbs.bare('probe', stream, 'state1');
    expect(readFileSync(stream, 'utf8')).toContain(`problem\tprocess ${String(writer.pid)} writes`);
  });

  it('that is still open is not rescued', async () => {
    const { verbs, site } = await host();
    const holder = spawn('sh', ['-c', `exec 3<'${site.parts.path}'; echo open; exec sleep 60`],
      { stdio: ['ignore', 'pipe', 'ignore'] });
    ends.push(() => { holder.kill(); });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(await verbs.refused('rescue', 'state1', 'there'))
      .toContain(`is still open in process ${String(holder.pid)}`);
  });

  it('of which a transaction in the middle is damaged is no rescue copy', async () => {
    const { verbs, site } = await host();
    const data = readFileSync(site.parts.path);
    data.fill(0, Math.floor(data.length / 2), Math.floor(data.length / 2) + 600);
    truncateSync(site.parts.path);
    appendFileSync(site.parts.path, data);
    expect(await verbs.refused('rescue', 'state1', 'there')).toMatch(/is damaged: /);
    expect(verbs.rescues()).toEqual([]);
  });

  it('whose last transaction is half written is not copied', async () => {
    const { verbs, site, stream } = await host();
    truncateSync(site.parts.path, statSync(site.parts.path).size - 5);
    const done = await verbs.bare('copy', stream);
    expect(done.status).toBe(1);
    expect(done.errors).toContain('the last transaction of');
  });

  it('that lacks a blob it refers to does not come in', async () => {
    const { verbs, site, stream } = await host();
    rmSync(join(site.parts.blobs, '0x00'), { recursive: true, force: true });
    expect(await verbs.bare('copy', stream)).toMatchObject({ status: 0 });
    const ran = await verbs.shellText(`${verbs.text('receive', 'state1')} <'${stream}'`);
    expect(ran.status).toBe(1);
    expect(ran.output).toMatch(/blobs are missing/);
  });
});
