import { createReadStream } from 'node:fs';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSafe } from 'node:https';
import { pipeline } from 'node:stream/promises';

/** What the library hands to a `fetch`, as far as it is used here. */
interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const answerBytesMax = 1024 * 1024;
/** Neither a byte sent nor one received for this long: the connection is dead. */
const idleTimeoutMs = 120_000;

/**
 * A `fetch` whose body is a file. The built-in one gives up when no answer has begun 5 minutes
 * after the request did, however busily it still sends (action-gh-release#549), and it sends a
 * stream without its length, which GitHub does not take.
 * @param bytes size of the file
 */
export function fetchSending(path: string, bytes: number) {
  return async (url: string, sent: Sent): Promise<Response> => {
    const request = new URL(url).protocol === 'https:' ? requestSafe : requestPlain;
    const outgoing = request(url, {
      method: sent.method ?? 'POST', signal: sent.signal,
      headers: { ...sent.headers, 'content-length': String(bytes) },
    });
    outgoing.setTimeout(idleTimeoutMs, () => outgoing.destroy(new Error('the connection stalled')));
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    // An answer that comes early, a refusal, ends the sending: the answer is what counts.
    pipeline(createReadStream(path), outgoing).catch((cause: unknown) => {
      outgoing.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
    return responseOf(await answer);
  };
}

async function responseOf(message: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error('the answer is too long');
    chunks.push(part);
  }
  const headers = Object.entries(message.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : []);
  return new Response(Buffer.concat(chunks), { status: message.statusCode ?? 500, headers });
}
