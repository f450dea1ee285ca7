import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { ServerResponse } from 'node:http';

/** One request, read to its end or to where the client left. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False where the connection ended inside the body. */
  readonly whole: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A Buffer goes out as it is, text too, anything else as JSON; undefined: no body. */
  readonly body?: unknown;
}

/** What a server does with a request: a reply, or the connection is cut without one. */
export type Answer = (asked: Asked) => Promise<Reply | 'drop'>;

export interface Listening {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const bodyBytesMax = 64 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<{ body: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes: Buffer = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > bodyBytesMax) break;
      chunks.push(bytes);
    }
  } catch {
    return { body: Buffer.concat(chunks), whole: false };
  }
  return { body: Buffer.concat(chunks), whole: request.complete };
}

export function send(response: ServerResponse, reply: Reply): void {
  const json = reply.body !== undefined && typeof reply.body !== 'string'
    && !Buffer.isBuffer(reply.body);
  const bytes = Buffer.isBuffer(reply.body) ? reply.body
    : Buffer.from(json ? JSON.stringify(reply.body) : String(reply.body ?? ''));
  response.writeHead(reply.status, {
    ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...(reply.status === 204 || reply.status === 304 ? {}
      : { 'content-length': String(bytes.length) }),
    ...reply.headers,
  });
  response.end(reply.status === 204 ? undefined : bytes);
}

/** A plain server on a free port of the loopback; a bug in `answer` is a 599 that says so. */
export async function listen(answer: Answer): Promise<Listening> {
  let url = '';
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { body, whole } = await readBody(request);
    const reply = await answer({ method: request.method ?? 'GET', headers: request.headers, body,
      whole, url: new URL(request.url ?? '/', url) });
    if (reply === 'drop' || !whole) request.socket.destroy();
    else send(response, reply);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((cause: unknown) => {
      const text = cause instanceof Error ? cause.stack : String(cause);
      send(response, { status: 599, body: { message: `bug in the stand-in: ${text}` } });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    url,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
