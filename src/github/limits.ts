import type { Answer } from './answer.ts';

/** Tries of one request, the first one among them. */
export const triesMax = 5;
const firstWaitMs = 1_000;
/** A longer wait costs more than a job that is run again. */
const waitMsMax = 120_000;

/** GitHub asks for fewer requests, whichever of its limits was met. */
export function isLimited(answer: Answer): boolean {
  if (answer.kind === 'silent') return false;
  if (answer.status === 429) return true;
  return answer.status === 403 && (answer.headers['retry-after'] !== undefined
    || answer.headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(answer.message));
}

/** When requests are let through again; undefined: GitHub does not say. */
export function freeAt(answer: Answer, now: Date): Date | undefined {
  if (answer.kind === 'silent') return undefined;
  const { headers } = answer;
  const seconds = wholeNumber(headers['retry-after']);
  if (seconds !== undefined) return new Date(now.getTime() + seconds * 1000);
  const reset = wholeNumber(headers['x-ratelimit-reset']);
  return reset === undefined || headers['x-ratelimit-remaining'] !== '0' ? undefined
    : new Date(reset * 1000);
}

/**
 * Milliseconds to wait before the request is sent again; undefined: it must not be. A request
 * that GitHub turned away for its limits was not carried out. One that ended without an answer
 * may have been: only those that may be done twice are sent again (RFC 9110, 9.2.2).
 */
export function waitBefore(answer: Answer, request: {
  readonly method: string; readonly tries: number; readonly now: Date;
}): number | undefined {
  const { method, tries, now } = request;
  if (tries >= triesMax) return undefined;
  const backOff = firstWaitMs * 2 ** (tries - 1);
  if (isLimited(answer)) {
    const free = freeAt(answer, now);
    // Without a word about when, GitHub asks for a minute at least.
    const wait = free === undefined ? 60_000 : free.getTime() - now.getTime();
    return wait > waitMsMax ? undefined : Math.max(wait, backOff);
  }
  const unsure = answer.kind === 'silent' || [500, 502, 503, 504].includes(answer.status);
  return unsure && method.toUpperCase() !== 'POST' ? backOff : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
