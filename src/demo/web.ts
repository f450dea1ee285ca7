import { request } from 'node:http';
import { createServer } from 'node:net';
import { SeatrialError } from '../errors.ts';

const answerMsMax = 5_000;
const answerBytesMax = 16 * 1024 * 1024;
const address = '127.0.0.1';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * One request on a connection of its own, as a new visitor makes it. Undefined: nobody listens,
 * hung up, or did not answer in time.
 */
export function ask(port: number, path: string, json?: object): Promise<Answer | undefined> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return new Promise((resolve) => {
    const asked = request({
      host: address, port, path, agent: false, timeout: answerMsMax,
      ...body === undefined ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' } },
    }, (reply) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      reply.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > answerBytesMax) asked.destroy();
        pieces.push(piece);
      });
      reply.on('error', () => resolve(undefined));
      reply.on('end', () => {
        resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(pieces) });
      });
      reply.on('close', () => resolve(undefined));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end(body);
  });
}

/** Below what Linux gives to outgoing connections, so that none of them takes the port. */
const firstPort = 20_000;
const portsCount = 12_000;
const portTriesMax = 200;

/** A port of 127.0.0.1 on which nobody listens now. @param random so many bytes as hex */
export async function freePort(random: (bytes: number) => string): Promise<number> {
  for (let tries = 0; tries < portTriesMax; tries += 1) {
    const port = firstPort + Number.parseInt(random(4), 16) % portsCount;
    if (await isFree(port)) return port;
  }
  throw new SeatrialError('refused', [{
    message: `no free port between ${firstPort} and ${firstPort + portsCount} was found`,
    fix: 'The demonstration listens on two ports of 127.0.0.1: allow that, and run it again.',
  }]);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
