import { listOf, notFound, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';

const list = '/repos/{owner}/{repo}/attestations';

/** The subjects of a statement in a bundle, `sha256:…`. */
function subjectsOf(bundle: unknown): string[] {
  const found = bundle as { dsseEnvelope?: { payload?: string } };
  const statement = JSON.parse(Buffer.from(found.dsseEnvelope?.payload ?? '', 'base64')
    .toString()) as { subject?: { digest?: { sha256?: string } }[] };
  return (statement.subject ?? []).map((it) => `sha256:${it.digest?.sha256 ?? ''}`);
}

function add(call: Call): Reply {
  const { state, json } = call;
  if (!state.attestationsAllowed) {
    return { status: 403, body: { message: 'Feature not available for this repository.' } };
  }
  const bundle = json['bundle'];
  let digests: string[];
  try {
    digests = subjectsOf(bundle);
  } catch {
    return { status: 422, body: { message: 'Invalid bundle', errors: [] } };
  }
  if (digests.length === 0) return { status: 422, body: { message: 'Invalid bundle', errors: [] } };
  const id = state.nextId();
  for (const digest of digests) state.attestations.push({ id, digest, bundle });
  return { status: 201, body: { id } };
}

function find(call: Call): Reply {
  const found = call.state.attestations
    .filter((it) => it.digest === call.parameters['subject_digest']);
  if (found.length === 0) return notFound();
  const { body, ...reply } = listOf(call, found,
    (it) => ({ bundle: it.bundle, repository_id: call.state.id }));
  return { ...reply, body: { attestations: body } };
}

export const attestationRoutes: readonly Route[] = [
  { operation: `POST ${list}`, needs: { scope: 'attestations', level: 'write' }, act: add },
  { operation: `GET ${list}/{subject_digest}`, needs: { scope: 'attestations', level: 'read' },
    act: find },
];
