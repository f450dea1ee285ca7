import { bundleFromJSON, bundleToJSON, type SerializedBundle } from '@sigstore/bundle';
import { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } from '@sigstore/sign';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { jobClaims, type Oidc } from './oidc.ts';
import { trustedRootFrom, type Sigstore } from './sigstore.ts';

export interface Subject {
  readonly name: string;
  /** Lowercase hex. */
  readonly sha256: string;
}

export interface Statement {
  readonly subjects: readonly Subject[];
  /** Empty: provenance of the build, as actions/attest makes it. */
  readonly predicateType?: string;
  readonly predicate?: unknown;
  /** Of the job that attests. */
  readonly claims?: Readonly<Record<string, string>>;
  /** A public repository's go to the public log; others have a time stamp only. */
  readonly instance?: 'public-good' | 'github';
}

const provenanceType = 'https://slsa.dev/provenance/v1';
const server = 'https://github.com';

/** What actions/attest says about a build, from the claims of its job. */
function provenance(claims: Readonly<Record<string, string>>): unknown {
  const { repository = '', ref = '', workflow_ref: workflow = '' } = claims;
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: { workflow: { ref, repository: `${server}/${repository}`,
        path: workflow.replace(`${repository}/`, '').split('@')[0] } },
      internalParameters: { github: { event_name: claims['event_name'],
        repository_id: claims['repository_id'],
        repository_owner_id: claims['repository_owner_id'],
        runner_environment: claims['runner_environment'] } },
      resolvedDependencies: [{ uri: `git+${server}/${repository}@${ref}`,
        digest: { gitCommit: claims['sha'] } }],
    },
    runDetails: {
      builder: { id: `${server}/${claims['job_workflow_ref']}` },
      metadata: { invocationId: `${server}/${repository}/actions/runs/${claims['run_id']}`
        + `/attempts/${claims['run_attempt']}` },
    },
  };
}

/** Signs a statement with a certificate for the job's identity, and gives the bundle's JSON. */
export async function signStatement(
  services: { readonly sigstore: Sigstore; readonly oidc: Oidc }, wanted: Statement,
): Promise<SerializedBundle> {
  const claims = jobClaims(wanted.claims);
  const { sigstore: { url }, oidc } = services;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: wanted.subjects.map((it) => ({ name: it.name, digest: { sha256: it.sha256 } })),
    predicateType: wanted.predicateType || provenanceType,
    predicate: wanted.predicateType ? wanted.predicate ?? {} : provenance(claims),
  };
  // The certificate names the workflow, as GitHub's does; the mock takes it from one claim.
  const identity = { ...claims, seatrial_subject: `${server}/${claims['job_workflow_ref']}` };
  const signer = new FulcioSigner({ fulcioBaseURL: url, identityProvider: {
    getToken: () => Promise.resolve(oidc.issue(identity, 'sigstore')) } });
  const witness = wanted.instance === 'github' ? new TSAWitness({ tsaBaseURL: url })
    : new RekorWitness({ rekorBaseURL: url });
  const builder = new DSSEBundleBuilder({ signer, witnesses: [witness] });
  return bundleToJSON(await builder.create({ data: Buffer.from(JSON.stringify(statement)),
    type: 'application/vnd.in-toto+json' }));
}

export interface Verified {
  /** `https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1` */
  readonly identity: string;
  readonly statement: { readonly subject: readonly { readonly name: string;
    readonly digest: { readonly sha256: string }; }[];
  readonly predicateType: string; readonly predicate: unknown; };
}

/** Verifies a bundle as `gh attestation verify` does; throws where anything does not fit. */
export function verifyBundle(sigstore: Sigstore, bundle: unknown): Verified {
  const parsed = bundleFromJSON(bundle);
  if (parsed.content.$case !== 'dsseEnvelope') throw new Error('the bundle holds no envelope');
  const logged = parsed.verificationMaterial.tlogEntries.length > 0;
  const verifier = new Verifier(toTrustMaterial(trustedRootFrom(sigstore.trustedRoot)),
    { ctlogThreshold: 1, tlogThreshold: logged ? 1 : 0, timestampThreshold: 1 });
  const signer = verifier.verify(toSignedEntity(parsed));
  const payload = parsed.content.dsseEnvelope.payload.toString();
  return { identity: signer.identity?.subjectAlternativeName ?? '',
    statement: JSON.parse(payload) as Verified['statement'] };
}
