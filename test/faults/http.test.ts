import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { raw } from '../../src/command/command.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { freePort } from '../fakes/free-port.ts';
import { temporary, write } from '../transaction/sandbox.ts';
import { FakeHost } from './host.ts';

/** A real server: users are kept out by a private port, and checks ask over HTTP. */
const server = `const http = require('http'), fs = require('fs');
const [root, version] = process.argv.slice(2);
http.createServer((request, response) => {
  const schema = fs.readFileSync(root + '/state/schema', 'utf8').trim();
  if (request.url === '/health') return response.end('version ' + version);
  response.statusCode = schema === version || schema === '1' ? 200 : 500;
  response.end('record ' + request.url);
}).listen(Number(process.env.PORT), '127.0.0.1', () => {
  fs.writeFileSync(root + '/run/pid.new', String(process.pid));
  fs.renameSync(root + '/run/pid.new', root + '/run/pid');
});`;

const hosts: FakeHost[] = [];
afterAll(() => {
  for (const host of hosts) host.endAll();
});

function packServer(version: string, schema: string): string {
  const directory = temporary();
  write(join(directory, 'top/server.js'), server.replace('process.argv.slice(2)',
    `[process.argv[2], '${version}']`));
  write(join(directory, 'top/migrate'), `echo ${schema} >"$1/state/schema"\n`);
  const archive = join(directory, 'release.tar.gz');
  spawnSync('tar', ['-c', '-z', '-f', archive, '-C', directory, 'top']);
  return archive;
}

async function makeHost() {
  const [open, hidden] = [await freePort(), await freePort()];
  const host = new FakeHost((root) => ({ ...parseConfig(`application: fake
hosts: { production: local }
records: ${root}/records
install: { directory: ${root}/app, migrate: "sh {release}/migrate ${root}" }
service:
  pidfile: ${root}/run/pid
  start: setsid node {entry}/server.js ${root} >/dev/null 2>&1 &
  entry: ${root}/app/current
maintenance: { private: PORT=${hidden}, public: PORT=${open} }
state: [{ directory: ${root}/state }]
checks:
  - http: { url: "http://127.0.0.1:{PORT}/health", contains: version }
  - records: { ids: seq 1 20, each: "http://127.0.0.1:{PORT}/r/{id}", compare: body, sample: 3 }
`, 'seatrial.yml'), observe: { passes: 2, everySeconds: 0.1, withinSeconds: 10 } }));
  hosts.push(host);
  for (const name of ['run', 'state', 'app/releases', 'records']) {
    mkdirSync(host.path(name), { recursive: true });
  }
  // Packed once: a second tarball has other times in it.
  const first = packServer('1', '1');
  const plan = await host.plan(first, '1', '20260101T000001Z-000001');
  return { host, open, hidden, plan, first };
}

async function answers(port: number): Promise<string> {
  return fetch(`http://127.0.0.1:${port}/health`).then((it) => it.text(), () => 'nobody');
}

function wrecked(plan: Plan, step: string, text: string): Plan {
  return { ...plan, steps: plan.steps.map((it) => (it.id !== step ? it
    : { ...it, do: [...it.do.slice(0, 1), { argv: [raw(`{ ${text}\n}`, 'a fault')] },
      ...it.do.slice(1)] })) };
}

async function deploy(host: FakeHost, plan: Plan, archive: string) {
  host.lay(plan, archive);
  const status = await host.run(plan);
  if (status === undefined) await host.run(plan);
  const { end, text = '' } = host.result(plan) ?? {};
  return end === 'refused' ? `refused: ${text}` : end;
}

const killOnce = '[ -e "$RUN_DIR/x" ] || { : >"$RUN_DIR/x"; kill -s KILL 0; }';

describe('a server behind a private port', { timeout: 120_000 }, () => {
  it('is checked there, let out once, and brought back by whatever kills the program', async () => {
    const { host, open, hidden, plan, first } = await makeHost();
    expect(await deploy(host, plan, first)).toBe('done');
    expect([await answers(open), await answers(hidden)]).toEqual(['version 1', 'nobody']);
    // Old records answer 500 with schema 3, while the health page is green.
    const ends: [string, string, string, string][] = [
      ['2', '3', 'none', 'restored'], ['2', '2', 'verify', 'restored'],
      ['2', '2', 'start-1', 'restored'], ['2', '2', 'admit', 'done'],
    ];
    for (const [index, [version, schema, step, end]] of ends.entries()) {
      const archive = packServer(version, schema);
      const next = await host.plan(archive, version, `2026010${index + 2}T000000Z-00000a`);
      expect(await deploy(host, wrecked(next, step, killOnce), archive), step).toBe(end);
      const serves = end === 'done' ? version : '1';
      expect([await answers(open), await answers(hidden)], step)
        .toEqual([`version ${serves}`, 'nobody']);
      expect(readFileSync(host.path('state/schema'), 'utf8').trim()).toBe(serves);
      expect(host.processes().length).toBe(1);
      expect(existsSync(join(host.records, 'unfinished'))).toBe(false);
    }
    host.endAll();
  });
});
