import type { Asked, Reply } from './http.ts';

/** What goes wrong with one request. */
export type Fault =
  /** `after`: the state was changed, the answer is this status all the same. */
  | { readonly kind: 'status'; readonly status: 403 | 429 | 500 | 502 | 503 | 504;
    readonly when?: 'before' | 'after'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** The connection is cut; `after`: the state was changed. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Only half of the body arrives, and the connection is cut. */
  | { readonly kind: 'truncate' }
  /** The reply is cut in the middle of its JSON. */
  | { readonly kind: 'malformed' };

export interface Injection {
  /** Any method where it is absent. */
  readonly method?: string;
  /** Matched against the path, without the query. */
  readonly path: RegExp;
  /** So many matching requests pass first; 0. */
  readonly skip?: number;
  /** So many matching requests are hit; 1. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface Faults {
  inject(injection: Injection): void;
  /** The fault for this request, taken from what is left. */
  take(asked: Asked): Fault | undefined;
  /** Injections that hit nothing, or not as often as they were meant to. */
  left(): readonly Injection[];
}

export function makeFaults(): Faults {
  const waiting: { injection: Injection; skip: number; times: number }[] = [];
  return {
    inject: (injection) => {
      waiting.push({ injection, skip: injection.skip ?? 0, times: injection.times ?? 1 });
    },
    take: (asked) => {
      for (const it of waiting) {
        const { method, path, fault } = it.injection;
        if (method !== undefined && method !== asked.method) continue;
        if (it.times === 0 || !path.test(asked.url.pathname)) continue;
        if (it.skip > 0) {
          it.skip -= 1;
          continue;
        }
        it.times -= 1;
        return fault;
      }
      return undefined;
    },
    left: () => waiting.filter((it) => it.times > 0).map((it) => it.injection),
  };
}

function statusReply(fault: Fault & { kind: 'status' }): Reply {
  const headers: Record<string, string> = fault.retryAfterSeconds === undefined ? {}
    : { 'retry-after': String(fault.retryAfterSeconds) };
  const messages: Record<number, string> = {
    403: 'You have exceeded a secondary rate limit. Please wait a few minutes.',
    429: 'Too many requests',
  };
  const message = messages[fault.status] ?? 'Server Error';
  // GitHub's load balancers answer 502 to 504 with a page, not with JSON.
  return fault.status >= 502
    ? { status: fault.status, headers: { ...headers, 'content-type': 'text/html' },
      body: '<html><title>Unicorn!</title></html>' }
    : { status: fault.status, headers, body: { message } };
}

/** Runs `act` with the fault around it. */
export async function withFault(
  fault: Fault | undefined, asked: Asked, act: (asked: Asked) => Promise<Reply | 'drop'>,
): Promise<Reply | 'drop'> {
  switch (fault?.kind) {
    case undefined: return act(asked);
    case 'status':
      if (fault.when === 'after') await act(asked);
      return statusReply(fault);
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
      return act(asked);
    case 'drop':
      if (fault.when === 'after') await act(asked);
      return 'drop';
    case 'truncate':
      await act({ ...asked, whole: false,
        body: asked.body.subarray(0, Math.floor(asked.body.length / 2)) });
      return 'drop';
    case 'malformed': {
      const reply = await act(asked);
      if (reply === 'drop') return reply;
      const text = JSON.stringify(reply.body ?? {});
      return { ...reply, headers: { ...reply.headers,
        'content-type': 'application/json; charset=utf-8' },
        body: Buffer.from(text.slice(0, Math.ceil(text.length / 2))) };
    }
  }
}
