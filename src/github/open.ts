import { setTimeout as sleepFor } from 'node:timers/promises';
import { SeatrialError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { answerOf, CutAnswer } from './answer.ts';
import type { GitHub, Repository } from './github.ts';
import { waitBefore } from './limits.ts';

export interface GitHubOptions {
  readonly token: Secret;
  readonly repository: Repository;
  /** `GITHUB_API_URL`; default: the one of github.com. */
  readonly apiUrl?: string | undefined;
  /** `GITHUB_SERVER_URL`; default: github.com. */
  readonly serverUrl?: string | undefined;
  readonly toolVersion: string;
  readonly cancel?: AbortSignal;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly now?: () => Date;
  /** Milliseconds until an answer must have begun; a request may ask for another number. */
  readonly requestTimeoutMs?: number;
}

const requestTimeoutMs = 60_000;
/** The version of the API that the shapes here are of; GitHub has others. */
const apiVersion = '2022-11-28';

/**
 * Opens the repository. The library is loaded here and not before: most commands never ask
 * GitHub, and should not wait for it. Nothing is logged by it, least of all the token.
 */
export async function openGitHub(options: GitHubOptions): Promise<GitHub> {
  const { Octokit: Library } = await import('@octokit/rest');
  const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const rest = new Library({
    auth: options.token.reveal(),
    baseUrl: withoutSlash(options.apiUrl ?? 'https://api.github.com'),
    userAgent: `seatrial/${options.toolVersion.replace(/[^\w.+-]/g, '')}`,
    log: quiet,
    request: { log: quiet },
  });
  rest.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = apiVersion;
  });
  rest.hook.wrap('request', (send, request) => sendWithTries(options, send, request));
  return { repository: options.repository,
    serverUrl: withoutSlash(options.serverUrl ?? 'https://github.com'), rest };
}

/** What the library hands to its hooks, as far as it matters here. */
interface Request {
  readonly method: string;
  request?: Record<string, unknown> | undefined;
}

interface Response {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

type Send<Q, R> = (request: Q) => R | Promise<R>;

async function sendWithTries<Q extends Request, R extends Response>(
  options: GitHubOptions, send: Send<Q, R>, request: Q,
): Promise<R> {
  const sleep = options.sleep ?? sleepFor;
  const now = options.now ?? (() => new Date());
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendOnce(options, send, request);
    } catch (error) {
      if (options.cancel?.aborted === true) {
        throw new SeatrialError('cancelled', 'cancelled while GitHub was asked', error);
      }
      const answer = answerOf(error);
      const wait = answer === undefined ? undefined
        : waitBefore(answer, { method: request.method, tries, now: now() });
      if (wait === undefined) throw error;
      await sleep(wait);
    }
  }
}

/** The time limit ends where an answer begins: a download may take longer. */
async function sendOnce<Q extends Request, R extends Response>(
  options: GitHubOptions, send: Send<Q, R>, request: Q,
): Promise<R> {
  const asked: unknown = request.request?.['timeoutMs'];
  const timeoutMs = typeof asked === 'number' ? asked
    : options.requestTimeoutMs ?? requestTimeoutMs;
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = setTimeout(stop, timeoutMs);
  options.cancel?.addEventListener('abort', stop);
  try {
    // In place: the hooks below this one are bound to this object, whatever they are handed.
    request.request = { ...request.request, signal: controller.signal };
    const response = await send(request);
    requireWhole(response);
    return response;
  } catch (error) {
    if (!controller.signal.aborted || options.cancel?.aborted === true) throw error;
    throw new CutAnswer(`no answer within ${timeoutMs / 1000} s`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.cancel?.removeEventListener('abort', stop);
  }
}

/**
 * Where the connection breaks in the middle of an answer, the library gives the text that came
 * so far, or none, in place of the object (octokit/request.js:src/fetch-wrapper.ts), with 200.
 */
function requireWhole(response: Response): void {
  const type = response.headers['content-type'];
  const isJson = typeof type === 'string' && /\bjson\b/.test(type);
  if (isJson && typeof response.data === 'string') throw new CutAnswer('half an answer came');
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function nothing(): void {
  // The library would write to standard error.
}
