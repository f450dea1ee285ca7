import type { Reply } from './http.ts';
import type { State } from './state.ts';
import type { Grant, Scope } from './tokens.ts';

/** One request that found its operation. */
export interface Call {
  readonly state: State;
  readonly grant: Grant;
  /** Of the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Of JSON; empty where there is none. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly whole: boolean;
  readonly accept: string;
  readonly contentType: string;
  /** Of the API, without a slash at the end. */
  readonly url: string;
  /** The request itself, for links to other pages. */
  readonly path: string;
  /** The signed address of a blob; bytes are put into the store first. */
  readonly signed: (blob: Buffer | string, file: BlobFile) => string;
  readonly requests: Requests;
}

export interface BlobFile {
  readonly type: string;
  /** Name for the content disposition. */
  readonly name: string;
}

/** What people ask of the runner of workflows through the API; it throws where it may not be. */
export interface Requests {
  review(review: { readonly runId: number; readonly environments: readonly string[];
    readonly state: 'approved' | 'rejected'; readonly user: string;
    readonly comment: string; }): void;
  cancel(runId: number): void;
}

export interface Route {
  /** `GET /repos/{owner}/{repo}/releases`, as the description writes it. */
  readonly operation: string;
  /** Undefined: whoever can see the repository. */
  readonly needs?: { readonly scope: Scope; readonly level: 'read' | 'write' };
  act(call: Call): Reply;
}

export function notFound(): Reply {
  return { status: 404, body: { message: 'Not Found', status: '404',
    documentation_url: 'https://docs.github.com/rest' } };
}

export interface FieldError {
  readonly resource: string;
  readonly code: string;
  readonly field?: string;
  readonly message?: string;
}

export function invalid(message: string, errors: readonly FieldError[] = []): Reply {
  return { status: 422, body: { message, errors,
    documentation_url: 'https://docs.github.com/rest' } };
}

export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** One page of a list, with the `link` header that Octokit's paginate follows. */
export function page<T>(call: Call, all: readonly T[]): { items: readonly T[]; reply: Reply } {
  const size = Math.min(Number(call.query.get('per_page') ?? 30), 100);
  const number = Number(call.query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const to = (target: number, rel: string): string => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(target));
    return `<${call.url}${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = number < last ? [to(number + 1, 'next'), to(last, 'last')] : [];
  return { items: all.slice((number - 1) * size, number * size),
    reply: { status: 200, headers: links.length > 0 ? { link: links.join(', ') } : {} } };
}

export function listOf<T>(call: Call, all: readonly T[], show: (item: T) => unknown): Reply {
  const { items, reply } = page(call, all);
  return { ...reply, body: items.map(show) };
}

/** A list in an envelope: `{total_count, artifacts: […]}`. */
export function envelope<T>(
  call: Call, all: readonly T[], as: { readonly key: string; readonly show: (item: T) => unknown },
): Reply {
  const { items, reply } = page(call, all);
  return { ...reply, body: { total_count: all.length, [as.key]: items.map(as.show) } };
}
