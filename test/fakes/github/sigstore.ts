import { createHash, generateKeyPairSync } from 'node:crypto';
import { fulcioHandler, initializeCA, initializeTLog, initializeTSA, rekorHandler,
  tsaHandler } from '@sigstore/mock';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { certificateLog } from './ct-log.ts';
import { listen, type Asked, type Listening, type Reply } from './http.ts';

/** Sigstore's services on one loopback address, with keys of their own. */
export interface Sigstore {
  /** `fulcioBaseURL`, `rekorBaseURL` and `tsaBaseURL` alike. */
  readonly url: string;
  /** What a verifier trusts, as JSON in the form of a `trusted_root.json`. */
  readonly trustedRoot: unknown;
  close(): Promise<void>;
}

type Services = Awaited<ReturnType<typeof makeServices>>;
type TLog = Awaited<ReturnType<typeof initializeTLog>>;

function keys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** What a client proposes to the log for a signed envelope. */
interface Proposed {
  readonly kind?: string;
  readonly spec?: { readonly proposedContent?: { readonly envelope: string;
    readonly verifiers: readonly string[]; }; };
}

function sha256(text: string | Buffer): { algorithm: 'sha256'; value: string } {
  return { algorithm: 'sha256', value: createHash('sha256').update(text).digest('hex') };
}

/**
 * The real log writes the digests of an envelope where the mock repeats what was proposed, and
 * verifiers refuse that ("signature count mismatch"): so the entry is written here.
 */
function writtenAsReal(log: TLog): TLog {
  return {
    publicKey: log.publicKey,
    log: (entry) => {
      const { kind, spec } = entry as Proposed;
      const proposed = kind === 'dsse' ? spec?.proposedContent : undefined;
      if (proposed === undefined) return log.log(entry);
      const envelope = JSON.parse(proposed.envelope) as {
        payload: string; signatures: { sig: string }[] };
      return log.log({ kind, apiVersion: '0.0.1', spec: {
        envelopeHash: sha256(proposed.envelope),
        payloadHash: sha256(Buffer.from(envelope.payload, 'base64')),
        signatures: envelope.signatures.map(({ sig }, index) =>
          ({ signature: sig, verifier: proposed.verifiers[index] })),
      } });
    },
  };
}

/**
 * A time stamping authority that tells whole seconds. Of a fraction RFC 3161 omits trailing zeros,
 * and @sigstore/core reads none or three digits only: one stamp in ten would be "invalid time".
 */
async function wholeSeconds(): ReturnType<typeof initializeTSA> {
  const clock = new Date();
  const tsa = await initializeTSA(keys(), clock);
  return {
    rootCertificate: tsa.rootCertificate,
    intCertificate: tsa.intCertificate,
    timestamp: (request) => {
      clock.setTime(Math.floor(Date.now() / 1000) * 1000);
      return tsa.timestamp(request);
    },
  };
}

async function makeServices(url: string) {
  const ctlog = certificateLog(keys());
  const ca = await initializeCA(keys(), ctlog);
  const tlog = await initializeTLog(url, keys());
  const tsa = await wholeSeconds();
  return { ctlog, ca, tlog, tsa };
}

function trustedRootOf(url: string, { ctlog, ca, tlog, tsa }: Services): unknown {
  const validFor = { start: new Date(Date.now() - 60_000).toISOString() };
  const chain = (certificates: readonly Buffer[]) =>
    ({ certificates: certificates.map((it) => ({ rawBytes: it.toString('base64') })) });
  const log = (publicKey: Buffer, logId: Buffer, baseUrl: string) => ({
    baseUrl, hashAlgorithm: 'SHA2_256', logId: { keyId: logId.toString('base64') },
    publicKey: { rawBytes: publicKey.toString('base64'), validFor,
      keyDetails: 'PKIX_ECDSA_P256_SHA_256' } });
  const authority = { subject: { commonName: 'sigstore', organization: 'test' }, uri: url,
    validFor };
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    // The log's note names its host: the trusted root must name the same.
    tlogs: [log(tlog.publicKey, createHash('sha256').update(tlog.publicKey).digest(), url)],
    ctlogs: [log(ctlog.publicKey, ctlog.logID, url)],
    certificateAuthorities: [{ ...authority, certChain: chain([ca.rootCertificate]) }],
    // In this order: verifiers walk the chain from the leaf.
    timestampAuthorities: [{ ...authority,
      certChain: chain([tsa.intCertificate, tsa.rootCertificate]) }],
  };
}

export async function openSigstore(): Promise<Sigstore> {
  let handlers: readonly ReturnType<typeof fulcioHandler>[] = [];
  const answer = async (asked: Asked): Promise<Reply> => {
    const handler = handlers.find((it) => it.path === asked.url.pathname);
    if (handler === undefined || asked.method !== 'POST') {
      return { status: 404, body: { message: 'Not Found' } };
    }
    const { statusCode, response, contentType } = await handler.fn(asked.body.toString());
    return { status: statusCode, headers: { 'content-type': contentType ?? 'text/plain' },
      body: response };
  };
  const server: Listening = await listen(answer);
  const services = await makeServices(server.url);
  handlers = [fulcioHandler(services.ca, { subjectClaim: 'seatrial_subject' }),
    rekorHandler(writtenAsReal(services.tlog)), tsaHandler(services.tsa)];
  return { url: server.url, close: () => server.close(),
    trustedRoot: trustedRootOf(server.url, services) };
}

/** The trusted root as @sigstore/verify wants it. */
export function trustedRootFrom(json: unknown): TrustedRoot {
  return TrustedRoot.fromJSON(json);
}
