import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../bench/relay.mjs');
const delayMs = 30;
let server: Server | undefined;
let relay: ChildProcess | undefined;

afterEach(async () => {
  relay?.stdin?.end();
  if (relay !== undefined) await once(relay, 'exit');
  server?.close();
});

/** A connection, through a relay, to a server that gives back what it gets. */
async function throughRelay(): Promise<Socket> {
  server = createServer((socket) => { socket.pipe(socket); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [script, `${port}`, `${delayMs}`],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  relay = child;
  const [line] = await once(child.stdout, 'data') as [Buffer];
  return connect(Number(line.toString()), '127.0.0.1');
}

it('delays each direction', async () => {
  const socket = await throughRelay();
  socket.write('one');
  await once(socket, 'data');
  const began = performance.now();
  socket.write('two');
  await once(socket, 'data');
  expect(performance.now() - began).toBeGreaterThanOrEqual(2 * delayMs - 2);
  socket.destroy();
});

it('carries more than its window, byte for byte, and the end of the stream', async () => {
  const socket = await throughRelay();
  const sent = randomBytes(12 * 1024 * 1024);
  const back = createHash('sha256');
  socket.on('data', (chunk: Buffer) => back.update(chunk));
  socket.end(sent);
  await once(socket, 'end');
  expect(back.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
});
