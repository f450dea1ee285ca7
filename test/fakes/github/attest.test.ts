import { createHash, createPublicKey, createVerify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signStatement, verifyBundle } from './attest.ts';
import { clientOf, refusal } from './client.ts';
import { openFakeGitHub, type FakeGitHub } from './open.ts';
import { jobClaims } from './oidc.ts';
import { openSigstore, type Sigstore } from './sigstore.ts';
import { workflowServer } from './workflow-server.ts';

const at = { owner: 'octo', repo: 'guestbook' };
const sha256 = createHash('sha256').update('the tarball').digest('hex');
const subjects = [{ name: 'guestbook-1.0.0.tar.gz', sha256 }];
let fake: FakeGitHub;
let sigstore: Sigstore;

beforeAll(async () => {
  fake = await openFakeGitHub();
  sigstore = await openSigstore();
});

afterAll(async () => {
  await sigstore.close();
  await fake.close();
});

function sign(more: Partial<Parameters<typeof signStatement>[1]> = {}) {
  return signStatement({ sigstore, oidc: fake.oidc }, { subjects, ...more });
}

function problemOf(trusted: Sigstore, bundle: unknown): string {
  try {
    verifyBundle(trusted, bundle);
  } catch (cause) {
    const { code = '', message = '' } = cause as { code?: string; message?: string };
    return `${code} ${message}`;
  }
  return 'verified';
}

describe('a bundle', () => {
  it('is verified, with the log or with a time stamp', async () => {
    for (const instance of ['public-good', 'github'] as const) {
      const { identity, statement } = verifyBundle(sigstore, await sign({ instance }));
      expect(identity).toBe('https://github.com/octo/guestbook/.github/workflows/release.yml'
        + '@refs/tags/v1.0.0');
      expect(statement.subject).toEqual([{ name: subjects[0]?.name, digest: { sha256 } }]);
      expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
    }
  });

  it('is verified whatever the fraction of the second it was stamped in', async () => {
    const second = Math.ceil(Date.now() / 1000) * 1000;
    for (const fraction of [0, 5, 50, 500, 999]) {
      vi.useFakeTimers({ toFake: ['Date'], now: second + fraction });
      try {
        const bundle = await sign({ instance: 'github' });
        expect(problemOf(sigstore, bundle), `${fraction} ms`).toBe('verified');
      } finally {
        vi.useRealTimers();
      }
    }
  });

  it('carries a predicate of one’s own', async () => {
    const { statement } = verifyBundle(sigstore, await sign({ predicate: { passed: true },
      predicateType: 'https://example.org/receipt/v1' }));
    expect(statement.predicate).toEqual({ passed: true });
  });

  it('is refused when its payload, its signature or the authority is another', async () => {
    const bundle = await sign();
    const envelope = bundle.dsseEnvelope;
    if (envelope === undefined) throw new Error('no envelope');
    const payload = Buffer.from(Buffer.from(envelope.payload, 'base64').toString()
      .replace(sha256, '0'.repeat(64))).toString('base64');
    const other = (await sign()).dsseEnvelope?.signatures ?? [];
    const forged = { ...bundle, dsseEnvelope: { ...envelope, payload } };
    expect(problemOf(sigstore, forged)).toBe('TLOG_BODY_ERROR DSSE payload hash mismatch');
    expect(problemOf(sigstore, { ...bundle, dsseEnvelope: { ...envelope, signatures: other } }))
      .toBe('TLOG_BODY_ERROR tlog entry signature mismatch');
    const stranger = await openSigstore();
    expect(problemOf(stranger, bundle)).toMatch(/^(CERTIFICATE|TLOG)_/);
    await stranger.close();
    const stamped = await sign({ instance: 'github' });
    expect(problemOf(sigstore, { ...stamped, dsseEnvelope: { ...stamped.dsseEnvelope, payload } }))
      .toBe('SIGNATURE_ERROR signature verification failed');
  });

  it('is stored for the digest of its subject', async () => {
    const { rest } = clientOf(fake, fake.job({ attestations: 'write' }));
    const bundle = await sign();
    await rest.repos.createAttestation({ ...at, bundle: JSON.parse(JSON.stringify(bundle)) as
      Record<string, never> });
    const { data } = await rest.repos.listAttestations({ ...at,
      subject_digest: `sha256:${sha256}` });
    expect(verifyBundle(sigstore, data.attestations?.[0]?.bundle).statement.subject)
      .toMatchObject([{ digest: { sha256 } }]);
    expect(await refusal(rest.repos.listAttestations({ ...at,
      subject_digest: `sha256:${'0'.repeat(64)}` }))).toMatch(/^404/);
    expect(fake.violations).toEqual([]);
  });

  it('comes from the action in a job, stored with the rights of the job', async () => {
    const server = workflowServer(fake, sigstore);
    const job = { runId: 1, attempt: 1, jobId: 2 };
    const request = { job, repository: 'octo/guestbook', subjects, predicateType: '',
      predicate: '', claims: jobClaims({ run_id: '1' }) };
    const reply = await server.attest?.({ ...request,
      token: server.mintToken(job, { attestations: 'write' }) });
    expect(verifyBundle(sigstore, JSON.parse(reply?.bundle ?? '')).statement.subject)
      .toMatchObject([{ digest: { sha256 } }]);
    expect(await refusal(server.attest?.({ ...request, token: server.mintToken(job,
      { contents: 'write' }) }) ?? Promise.resolve())).toContain('Resource not accessible');
  });
});

describe('the identity of a job', () => {
  it('is told to who holds the token of the request, signed by the issuer', async () => {
    const { url, token } = workflowServer(fake).idTokenRequest({ runId: 1, attempt: 1, jobId: 2 },
      jobClaims());
    const ask = (bearer: string) => fetch(`${url}&audience=sigstore`,
      { headers: { authorization: `Bearer ${bearer}` } });
    expect((await ask('wrong')).status).toBe(401);
    const { value } = await (await ask(token)).json() as { value: string };
    const [header = '', payload = '', signature = ''] = value.split('.');
    const keys = await fetch(`${fake.oidc.url}/.well-known/jwks`);
    const { keys: [jwk] } = await keys.json() as { keys: [object] };
    const verify = createVerify('sha256').update(`${header}.${payload}`);
    expect(verify.verify(createPublicKey({ key: { ...jwk }, format: 'jwk' }),
      Buffer.from(signature, 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()))
      .toMatchObject({ aud: 'sigstore', repository: 'octo/guestbook', iss: fake.oidc.url });
  });
});
