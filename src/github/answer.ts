/**
 * What came back from GitHub when a request failed, read out of whatever was thrown. The classes
 * of the library are not asked for: they would have to be loaded first.
 */
export type Answer =
  | {
    readonly kind: 'answered';
    readonly status: number;
    /** GitHub's own words, one line. */
    readonly message: string;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    /** `errors[].code` and `errors[].message` of a 422. */
    readonly details: readonly string[];
  }
  /** No answer, or half of one: whether GitHub did what it was asked is not known. */
  | { readonly kind: 'silent'; readonly reason: string };

/** An answer that ended in its middle. */
export class CutAnswer extends Error {
  override readonly name = 'CutAnswer';
}

const wordsMax = 300;

/** Undefined for anything that is not a failed request: a bug, an error of the world. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'CutAnswer' || error.name === 'AbortError' || error.name === 'TimeoutError') {
    return { kind: 'silent', reason: error.message };
  }
  if (error.name !== 'HttpError' || !('status' in error)) return undefined;
  const response = 'response' in error ? record(error.response) : undefined;
  if (response === undefined) return { kind: 'silent', reason: oneLine(error.message) };
  const body = record(response['data']) ?? {};
  return {
    kind: 'answered',
    status: Number(error.status),
    message: oneLine(typeof body['message'] === 'string' ? body['message'] : 'without a word'),
    headers: headersOf(record(response['headers']) ?? {}),
    details: detailsOf(body['errors']),
  };
}

/** The status; undefined where no whole answer came. */
export function statusOf(error: unknown): number | undefined {
  const answer = answerOf(error);
  return answer?.kind === 'answered' ? answer.status : undefined;
}

/** True where GitHub may have done what it was asked, and could not say so. */
export function isUnsure(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.kind === 'silent' || (answer?.kind === 'answered' && answer.status >= 500);
}

/** True for a 422 whose details, or words, match. */
export function isRefusedFor(error: unknown, words: RegExp): boolean {
  const answer = answerOf(error);
  return answer?.kind === 'answered' && answer.status === 422
    && [answer.message, ...answer.details].some((it) => words.test(it));
}

function detailsOf(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 10).flatMap((it: unknown) => {
    if (typeof it === 'string') return [oneLine(it)];
    const { code, field, message } = record(it) ?? {};
    if (typeof message === 'string') return [oneLine(message)];
    return typeof code === 'string' ? [oneLine(`${code}: ${String(field)}`)] : [];
  });
}

function headersOf(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number'
      ? [[name.toLowerCase(), String(value)]] : []));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, wordsMax);
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : undefined;
}
