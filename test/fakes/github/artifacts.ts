import { envelope, notFound, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';
import { nodeId, repositoryUrl } from './shapes.ts';
import type { Artifact } from './state.ts';
import { runOf } from './runs.ts';

const list = '/repos/{owner}/{repo}/actions/artifacts';
const one = `${list}/{artifact_id}`;

export function isExpired(call: Pick<Call, 'state'>, it: Artifact): boolean {
  return it.expired || it.expiresAt <= call.state.now();
}

/** How the store hands out an artifact: a raw one under its own name. */
export function fileOf(it: Artifact): { type: string; name: string } {
  const zipped = it.mimeType === 'application/zip';
  return { type: it.mimeType, name: zipped ? `${it.name}.zip` : it.name };
}

function shape(call: Call, it: Artifact): Record<string, unknown> {
  const run = call.state.runs.find((other) => other.id === it.runId);
  const url = `${repositoryUrl(call)}/actions/artifacts/${it.id}`;
  return {
    id: it.id, node_id: nodeId('Artifact', it.id), name: it.name, size_in_bytes: it.size,
    url, archive_download_url: `${url}/zip`, expired: isExpired(call, it), digest: it.digest,
    created_at: it.createdAt.toISOString(), updated_at: it.createdAt.toISOString(),
    expires_at: it.expiresAt.toISOString(),
    // The attempt is not told: GitHub lists the artifacts of all attempts alike.
    workflow_run: { id: it.runId, repository_id: call.state.id, head_repository_id: call.state.id,
      head_branch: run?.ref.replace(/^refs\/(heads|tags)\//, '') ?? '',
      head_sha: run?.headSha ?? '' },
  };
}

function listed(call: Call, all: readonly Artifact[]): Reply {
  const name = call.query.get('name');
  return envelope(call, all.filter((it) => name === null || it.name === name),
    { key: 'artifacts', show: (it) => shape(call, it) });
}

function withOne(act: (call: Call, it: Artifact) => Reply): (call: Call) => Reply {
  return (call) => {
    const id = Number(call.parameters['artifact_id']);
    const found = call.state.artifacts.find((it) => it.id === id);
    return found === undefined ? notFound() : act(call, found);
  };
}

function download(call: Call, it: Artifact): Reply {
  if (isExpired(call, it)) {
    return { status: 410, body: { message: 'Artifact has expired', status: '410',
      documentation_url: 'https://docs.github.com/rest' } };
  }
  if (call.parameters['archive_format'] !== 'zip') return notFound();
  return { status: 302, headers: { location: call.signed(it.blob, fileOf(it)) } };
}

const needs = { scope: 'actions', level: 'read' } as const;

export const artifactRoutes: readonly Route[] = [
  { operation: `GET ${list}`, needs, act: (call) => listed(call, call.state.artifacts) },
  { operation: `GET ${one}`, needs,
    act: withOne((call, it) => ({ status: 200, body: shape(call, it) })) },
  { operation: `DELETE ${one}`, needs: { scope: 'actions', level: 'write' },
    act: withOne((call, it) => {
      call.state.artifacts.splice(call.state.artifacts.indexOf(it), 1);
      return { status: 204 };
    }) },
  { operation: `GET ${one}/{archive_format}`, needs, act: withOne(download) },
  { operation: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts', needs,
    act: (call) => {
      const run = runOf(call);
      return run === undefined ? notFound()
        : listed(call, call.state.artifacts.filter((it) => it.runId === run.id));
    } },
];
