import { Octokit } from '@octokit/rest';
import type { FakeGitHub } from './open.ts';

/** Octokit without its warnings: what a test provokes is no news. */
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined,
  error: () => undefined };

/** An Octokit that talks to the stand-in with this token; empty: without one. */
export function clientOf(fake: Pick<FakeGitHub, 'url'>, token = ''): Octokit {
  return new Octokit({ baseUrl: fake.url, log, ...(token === '' ? {} : { auth: token }) });
}

/** Status and message of what GitHub refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (cause) {
    const { status = 0, message = '' } = cause as { status?: number; message?: string };
    return `${status} ${message}`;
  }
  return 'not refused';
}
