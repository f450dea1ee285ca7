import type { Secret } from '../secret.ts';

type Environment = Readonly<Record<string, string>>;

const loopback = /^(127\.0\.0\.1|\[::1\]|localhost)$/;

/**
 * The environment in which git reaches the repositories of one server with a token. Only git may
 * see it: src/package/git.ts takes these variables, src/package/build.ts leaves them out.
 *
 * The first of the two entries empties the list: actions/checkout leaves a header of its own in
 * the repository's configuration, and GitHub answers 400 to a request that carries two.
 */
export function gitCredentials(environment: Environment, serverUrl: string, token: Secret):
Environment {
  const url = new URL(serverUrl);
  if (url.protocol !== 'https:' && !loopback.test(url.hostname)) return environment;
  const before = Number(environment['GIT_CONFIG_COUNT'] ?? '0');
  const count = Number.isSafeInteger(before) && before >= 0 ? before : 0;
  const key = `http.${url.origin}/.extraheader`;
  const basic = Buffer.from(`x-access-token:${token.reveal()}`).toString('base64');
  return {
    ...environment,
    GIT_CONFIG_COUNT: String(count + 2),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: '',
    [`GIT_CONFIG_KEY_${count + 1}`]: key,
    [`GIT_CONFIG_VALUE_${count + 1}`]: `AUTHORIZATION: basic ${basic}`,
  };
}
