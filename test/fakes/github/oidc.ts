import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { listen, type Asked, type Reply } from './http.ts';

/** GitHub's issuer of identity tokens for jobs. */
export interface Oidc {
  /** The issuer: its keys are under `/.well-known/`. */
  readonly url: string;
  /** What a job with `id-token: write` has in `ACTIONS_ID_TOKEN_REQUEST_URL` and `…_TOKEN`. */
  request(claims: Readonly<Record<string, string>>): {
    readonly url: string; readonly token: string };
  /** A token without asking for it over HTTP. */
  issue(claims: Readonly<Record<string, string>>, audience: string): string;
  close(): Promise<void>;
}

/** What GitHub's tokens say of a job; a test overrides what it is about. */
export function jobClaims(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const repository = more['repository'] ?? 'octo/guestbook';
  const ref = more['ref'] ?? 'refs/tags/v1.0.0';
  const sha = more['sha'] ?? 'a'.repeat(40);
  const workflow = `${repository}/.github/workflows/release.yml@${ref}`;
  return { repository, ref, sha, sub: `repo:${repository}:ref:${ref}`, ref_type: 'tag',
    repository_owner: repository.split('/')[0] ?? '', repository_id: '4711',
    repository_owner_id: '42', repository_visibility: 'public', event_name: 'push',
    workflow: 'Release', workflow_ref: workflow, workflow_sha: sha, job_workflow_ref: workflow,
    job_workflow_sha: sha, runner_environment: 'github-hosted', run_id: '1', run_number: '1',
    run_attempt: '1', actor: 'mona', actor_id: '7', ...more };
}

const secondsValid = 300;

function makeKeys() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex').slice(0, 16);
  return { publicKey, privateKey, kid };
}

export async function openOidc(): Promise<Oidc> {
  // Made when they are first asked for: few tests sign, and making them takes a while.
  let made: ReturnType<typeof makeKeys> | undefined;
  const keys = () => (made ??= makeKeys());
  const asking = new Map<string, Readonly<Record<string, string>>>();
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  let url = '';
  const issue: Oidc['issue'] = (claims, audience) => {
    const { kid, privateKey } = keys();
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part({ iss: url, ...claims,
      aud: audience, iat: now, nbf: now - 5, exp: now + secondsValid,
      jti: randomBytes(8).toString('hex') })}`;
    return `${text}.${createSign('sha256').update(text).sign(privateKey).toString('base64url')}`;
  };
  const answer = (asked: Asked): Reply => {
    switch (asked.url.pathname) {
      case '/.well-known/openid-configuration':
        return { status: 200, body: { issuer: url, jwks_uri: `${url}/.well-known/jwks` } };
      case '/.well-known/jwks': {
        const { kid, publicKey } = keys();
        return { status: 200, body: { keys: [
          { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] } };
      }
      case '/token': {
        const token = asked.headers.authorization?.replace(/^Bearer /i, '') ?? '';
        const claims = asking.get(token);
        if (claims === undefined) return { status: 401, body: { message: 'Unauthorized' } };
        const audience = asked.url.searchParams.get('audience')
          ?? `https://github.com/${claims['repository_owner'] ?? ''}`;
        return { status: 200, body: { value: issue(claims, audience) } };
      }
      default: return { status: 404, body: { message: 'Not Found' } };
    }
  };
  const server = await listen((asked) => Promise.resolve(answer(asked)));
  url = server.url;
  return {
    url, issue, close: () => server.close(),
    request: (claims) => {
      const token = randomBytes(16).toString('hex');
      asking.set(token, claims);
      return { url: `${url}/token?api-version=2.0`, token };
    },
  };
}
