import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRelay, windowBytes } from './relay.ts';
import type { Relay } from './relay.ts';

const delayMs = 40;

describe('the relay', () => {
  let server: Server;
  let relay: Relay | undefined;
  let client: Socket | undefined;
  let serve: (socket: Socket) => void;

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    client?.destroy();
    await relay?.close();
    server.close();
  });

  async function connected(): Promise<Socket> {
    const { address, port } = server.address() as AddressInfo;
    relay = await createRelay({ target: { host: address, port }, delayMs });
    client = connect({ host: relay.host, port: relay.port, allowHalfOpen: true });
    await once(client, 'connect');
    return client;
  }

  async function text(socket: Socket): Promise<string> {
    // Not `for await`: at its end it destroys the other direction too.
    let all = '';
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
    });
    await once(socket, 'end');
    return all;
  }

  it('makes each way take the delay, and a connection the time of a handshake', async () => {
    serve = (socket) => {
      socket.pipe(socket);
    };
    const started = performance.now();
    const socket = await connected();
    socket.write('a');
    await once(socket, 'data');
    const first = performance.now();
    expect(first - started).toBeGreaterThanOrEqual(4 * delayMs - 1);
    socket.write('b');
    await once(socket, 'data');
    expect(performance.now() - first).toBeGreaterThanOrEqual(2 * delayMs - 1);
    expect(relay?.connections()).toBe(1);
  });

  it('carries the end of each direction by itself, all bytes before it', async () => {
    const sent = 'x'.repeat(3 * windowBytes);
    const received = new Promise<number>((resolve) => {
      serve = (socket) => {
        void text(socket).then((all) => {
          resolve(all.length);
          socket.end('thanks');
        });
      };
    });
    const socket = await connected();
    socket.end(sent);
    expect(await received).toBe(sent.length);
    expect(await text(socket)).toBe('thanks');
  });

  it('stops reading from a sender whose reader stands still', async () => {
    serve = (socket) => {
      socket.pause();
    };
    const socket = await connected();
    const piece = Buffer.alloc(1024 * 1024);
    let accepted = 0;
    const write = () => {
      socket.write(piece, (error) => {
        if (error !== null && error !== undefined) return;
        accepted += piece.length;
        write();
      });
    };
    write();
    let last = -1;
    await expect.poll(() => {
      const still = accepted === last && accepted > 0;
      last = accepted;
      return still;
    }, { interval: 500, timeout: 20_000 }).toBe(true);
    // The window, and what the kernel's own buffers take on four ends.
    expect(accepted).toBeLessThan(windowBytes + 24 * 1024 * 1024);
  });

  it('resets the caller where the target refuses', async () => {
    const socket = await connectedToNobody();
    const [error] = await once(socket, 'error') as [Error];
    expect(error.message).toContain('ECONNRESET');
  });

  async function connectedToNobody(): Promise<Socket> {
    serve = () => undefined;
    const closed = once(server, 'close');
    const port = (server.address() as AddressInfo).port;
    server.close();
    await closed;
    relay = await createRelay({ target: { host: '127.0.0.1', port }, delayMs });
    client = connect({ host: relay.host, port: relay.port });
    return client;
  }
});
