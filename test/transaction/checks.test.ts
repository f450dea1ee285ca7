import { createServer, type Server, type ServerResponse } from 'node:http';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashShims, makeBox, runIn, shells, temporary, toolbox, write, type Box, type Shell }
  from './sandbox.ts';

/** P7: a check passes, fails, or could not tell, and only the first is ever success. */
type Answer = (response: ServerResponse, path: string) => void;

let server: Server;
let base = '';
let answer: Answer = (response) => { response.end('ok'); };

beforeAll(async () => {
  server = createServer((request, response) => answer(response, request.url ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const withoutCurl = [crashShims, toolbox(['awk', 'cat', 'cut', 'date', 'dirname', 'env', 'getent',
  'grep', 'head', 'id', 'node', 'sed', 'sh', 'sha256sum', 'sleep', 'stat', 'tail', 'timeout', 'tr',
  'wc', 'cksum', 'find', 'sort'])].join(delimiter);
const clients = { curl: process.env.PATH ?? '', node: withoutCurl };
type Client = keyof typeof clients;

const makeOne = (): Box => makeBox(join(temporary(), 'box'));

/** What a check said, as `verdict text`. */
async function verdict(box: Box, text: string, how: { shell: Shell; client?: Client }) {
  const ran = await runIn(box, { shell: how.shell, text: `${text}\nprintf '<%s %s>' "$?" "$SAID"`,
    ...(how.client === undefined ? {} : { path: clients[how.client] }) });
  return /<(.*)>/s.exec(ran.output)?.[1] ?? ran.output;
}

const everyWay = shells.flatMap((shell) =>
  (['curl', 'node'] as const).map((client) => ({ shell, client })));

describe.each(everyWay)('check_http, in $shell by $client', (how) => {
  it('passes, fails and cannot tell', async () => {
    const box = makeOne();
    answer = (response, path) => {
      if (path === '/silent') return;
      if (path === '/cut') { response.socket?.destroy(); return; }
      if (path === '/half') {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half of', () => response.socket?.destroy());
        return;
      }
      response.statusCode = Number(path.slice(1, 4));
      response.end(path.length > 4 ? '' : 'all is well');
    };
    const ask = (path: string, contains = ''): Promise<string> =>
      verdict(box, `SAID=; check_http '${base}${path}' 1 '${contains}' 200-204 404-404`, how);
    expect(await ask('/200', 'is well')).toBe('0 answered 200');
    expect(await ask('/404')).toBe('0 answered 404');
    expect(await ask('/500')).toBe('1 answered 500');
    expect(await ask('/200', 'quite')).toBe('1 answered 200 without the text that it must contain');
    // The body of an earlier answer is not this one's.
    expect(await ask('/200-empty', 'is well'))
      .toBe('1 answered 200 without the text that it must contain');
    expect(await ask('/silent')).toBe('2 no answer within 1 s');
    expect(await ask('/cut')).toBe('1 the connection was closed without an answer');
    expect(await ask('/half', 'half')).toMatch(/^[12] /);
    expect(await ask('/200?a[]=1', '')).toBe('0 answered 200');
    expect(await verdict(box, 'check_http http://127.0.0.1:1/ 1 "" 200-299', how))
      .toBe('1 nobody listens');
    expect(await verdict(box, 'check_http http://no-such-host.invalid/ 2 "" 200-299', how))
      .toMatch(/^2 (the request could not be made|no answer)/);
  });
});

describe.each(shells)('check_records, in %s', (shell) => {
  it('compares old records with what they were, and tells lost ones from silence', async () => {
    const box = makeOne();
    let missing = '';
    let text = 'record';
    answer = (response, path) => {
      response.statusCode = path.endsWith(missing) && missing !== '' ? 404 : 200;
      response.end(`${text} ${path}`);
    };
    const url = `${base}/r/{id}`;
    const freeze = (ids: string): Promise<string> => verdict(box,
      `freeze_records check1 - 5 3 '${ids}' '${url}' 1`, { shell });
    const compare = (what: string): Promise<string> =>
      verdict(box, `check_records check1 '${url}' ${what} 1 -`, { shell });
    expect(await compare('body')).toBe('2 the records were not looked at before');
    expect(await freeze('true')).toMatch(/^2 there is no record to look at/);
    expect(await freeze('echo "../x y"')).toMatch(/^2 .*something that is no id$/);
    expect(await freeze('exit 3')).toBe('2 the command that lists the records ended with status 3');
    expect(await freeze('seq 1 100')).toBe('0 3 of 100 records looked at');
    expect(await compare('body')).toBe('0 3 records answer as before');
    text = 'broken';
    expect(await compare('status')).toBe('0 3 records answer as before');
    expect(await compare('body')).toBe('1 record 1 reads differently than before');
    missing = '/100';
    expect(await compare('status')).toBe('1 record 100 answered 404, before 200');
    const elsewhere = 'http://127.0.0.1:1/r/{id}';
    expect(await verdict(box, `check_records check1 ${elsewhere} status 1 -`, { shell }))
      .toBe('1 record 1: nobody listens');
    answer = () => undefined;
    expect(await compare('status')).toBe('2 record 1: no answer within 1 s');
  });
});

describe.each(shells)('check_log, in %s', (shell) => {
  const bad = 'Traceback\nERROR: [0-9]+';

  it('looks at new lines only, and knows a log that was rotated or truncated', async () => {
    const box = makeOne();
    const log = join(box.root, 'a log');
    const look = (allow = ''): Promise<string> =>
      verdict(box, `SAID=; check_log '${log}' check1 '${bad}' '${allow}'`, { shell });
    const mark = (): Promise<unknown> => runIn(box, { shell, text: `mark_log '${log}' check1` });
    expect(await look()).toBe('2 the log cannot be read');
    writeFileSync(log, 'Traceback of long ago\n');
    expect(await look()).toBe('0 no bad line');
    await mark();
    expect(await look()).toBe('0 no bad line');
    appendFileSync(log, 'fine\nERROR: 17 <x> $(id)\n');
    expect(await look()).toBe('1 new line: ERROR: 17 <x> $(id)');
    expect(await look('17')).toBe('0 no bad line');
    await mark();
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'Traceback in a new file\n');
    expect(await look()).toBe('1 new line: Traceback in a new file');
    writeFileSync(log, 'long '.repeat(100));
    await mark();
    writeFileSync(log, 'Traceback\n');
    expect(await look()).toBe('1 new line: Traceback');
  });

  it('tells the last bad line too: the first of a traceback does not say what it is', async () => {
    const box = makeOne();
    const log = join(box.root, 'log');
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    writeFileSync(log, 'Traceback:\n  File "a"\nTraceback:\nERROR: 17 & all');
    expect(await verdict(box, `check_log ${log} check1 '${bad}' ''`, { shell }))
      .toBe('1 new line: Traceback: (2 more, the last: ERROR: 17 & all)');
  });

  it('counts all of a log that did not exist at the mark', async () => {
    const box = makeOne();
    const log = join(box.root, 'log');
    await runIn(box, { shell, text: `mark_log ${log} check1` });
    writeFileSync(log, 'Traceback\n');
    expect(await verdict(box, `check_log ${log} check1 '${bad}' ''`, { shell })).toMatch(/^1 new/);
  });

  it('cannot tell by an expression that grep does not take', async () => {
    const box = makeOne();
    const log = write(join(box.root, 'log'), 'Traceback\n');
    await runIn(box, { shell, text: `mark_log /nonexistent check1` });
    expect(await verdict(box, `check_log ${log} check1 'a(' ''`, { shell })).toMatch(/^2 grep/);
  });
});

describe.each(shells)('rounds of checks, in %s', (shell) => {
  const head = { CHECKS: '01 02' };
  const two = (first: string, second: string): string => [
    'CHECK_TITLE_01=one CHECK_AFTER_01=0 CHECK_TITLE_02=two CHECK_AFTER_02=0',
    `check_01() { ${first}`, '}', `check_02() { ${second}`, '}', ''].join('\n');

  it('need consecutive passes, and name the first failure', async () => {
    const box = makeOne();
    const flapping = `echo x >>${box.root}/n; [ $(($(wc -l <${box.root}/n) % 2)) = 1 ]`;
    const flaps = await runIn(box,
      { shell, head, text: `${two(flapping, ':')}check_rounds private 2` });
    expect(flaps.status).toBe(1);
    const red = await runIn(makeOne(), { shell, head,
      text: `${two('SAID=no; return 1', 'SAID=unsure; return 2')}check_rounds private 1` });
    expect(red.output).toContain('failed: one: no');
    const unsure = await runIn(makeOne(), { shell, head,
      text: `${two(':', 'SAID=unsure; return 2')}check_rounds private 1` });
    expect([unsure.status, unsure.output.includes('two: unsure')]).toEqual([1, true]);
  });

  it('wait for an application that does not listen yet, records too', async () => {
    const box = makeOne();
    const late = `[ $(wc -l <${box.root}/n) -gt 5 ] ||
      { SAID="record 3: nobody listens"; return 1; }`;
    const ran = await runIn(box, { shell, head: { ...head, OBSERVE_WITHIN: 20 },
      text: `${two(`echo x >>${box.root}/n`, late)}check_rounds private 1` });
    expect(ran.status).toBe(0);
  });

  it('let a person deploy over a red production, and not with a red release', async () => {
    const box = makeOne();
    const mended = `[ -e ${box.root}/mended ] || { SAID=red; return 1; }`;
    const ask = (text: string): Promise<number | undefined> => runIn(box,
      { shell, head, text: `${two(mended, ':')}${text}` }).then((it) => it.status);
    expect(await ask('baseline ""')).toBe(1);
    expect(await ask('baseline "it is down"')).toBe(0);
    expect(existsSync(join(box.runDirectory, 'red-01'))).toBe(true);
    expect(await ask('check_rounds private 1')).toBe(1);
    expect(await ask('serves_again')).toBe(0);
    write(join(box.root, 'mended'), '');
    expect(await ask('check_rounds private 1')).toBe(0);
  });
});
