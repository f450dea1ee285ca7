import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface RelayOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** One way, in each direction: the round trip takes twice as long. */
  readonly delayMs: number;
  /** Address to listen on; loopback by default. */
  readonly listenHost?: string;
}

/** A distant target: a TCP relay on a free port. Throughput is `windowBytes` per round trip. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Ends the listener and every connection. May be repeated. */
  close(): Promise<void>;
}

/** What is on its way in one direction of one connection never exceeds this and one read. */
export const windowBytes = 4 * 1024 * 1024;

export async function createRelay(options: RelayOptions): Promise<Relay> {
  const open = new Set<Socket>();
  let connections = 0;
  const track = (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    connections += 1;
    track(near);
    near.on('error', () => undefined);
    // The caller is connected at once, but the target hears of it when the third packet of a
    // real handshake would have come.
    const handshake = setTimeout(() => {
      const far = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
      track(far);
      join(near, far, options.delayMs);
    }, 3 * options.delayMs);
    near.once('close', () => {
      clearTimeout(handshake);
    });
  });
  server.listen(0, options.listenHost ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    connections: () => connections,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function join(near: Socket, far: Socket, delayMs: number): void {
  near.setNoDelay(true);
  delay(near, far, delayMs);
  delay(far, near, delayMs);
  for (const [one, other] of [[near, far], [far, near]] as const) {
    // An error of one side reaches the other as a reset, as without the relay.
    one.on('error', () => setTimeout(() => other.resetAndDestroy(), delayMs));
  }
}

interface Parcel {
  /** In the clock of `performance.now()`. */
  readonly dueMs: number;
  /** Null for the end of the stream. */
  readonly bytes: Buffer | null;
}

/** Carries one direction. Reading stops while the window is full, writing while the sink is. */
function delay(source: Socket, sink: Socket, delayMs: number): void {
  const queue: Parcel[] = [];
  let queuedBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let blocked = false;

  const deliver = () => {
    timer = undefined;
    while (!blocked && queue[0] !== undefined && queue[0].dueMs <= performance.now()) {
      const bytes = queue.shift()?.bytes ?? null;
      if (sink.destroyed) return;
      if (bytes === null) {
        sink.end();
        return;
      }
      queuedBytes -= bytes.length;
      blocked = !sink.write(bytes);
    }
    if (source.isPaused() && queuedBytes < windowBytes) source.resume();
    arm();
  };
  const arm = () => {
    const next = queue[0];
    if (blocked || timer !== undefined || next === undefined) return;
    timer = setTimeout(deliver, Math.max(0, next.dueMs - performance.now()));
  };
  const push = (bytes: Buffer | null) => {
    queue.push({ dueMs: performance.now() + delayMs, bytes });
    queuedBytes += bytes?.length ?? 0;
    if (queuedBytes >= windowBytes) source.pause();
    arm();
  };

  sink.on('drain', () => {
    blocked = false;
    deliver();
  });
  sink.on('close', () => {
    clearTimeout(timer);
    queue.length = 0;
  });
  source.on('data', push);
  source.on('end', () => {
    push(null);
  });
  source.resume();
}
