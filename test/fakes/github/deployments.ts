import { invalid, listOf, notFound, text, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';
import { nodeId, repositoryUrl, user } from './shapes.ts';
import type { Deployment, DeploymentStatus } from './state.ts';

const list = '/repos/{owner}/{repo}/deployments';
const one = `${list}/{deployment_id}`;
const descriptionCharactersMax = 140;

function shape(call: Call, it: Deployment): Record<string, unknown> {
  const url = `${repositoryUrl(call)}/deployments/${it.id}`;
  return {
    url, id: it.id, node_id: nodeId('Deployment', it.id), sha: it.sha, ref: it.ref,
    task: it.task, payload: it.payload, original_environment: it.environment,
    environment: it.environment, description: it.description,
    creator: user(call, it.creator), created_at: it.createdAt.toISOString(),
    updated_at: (it.statuses.at(-1)?.createdAt ?? it.createdAt).toISOString(),
    statuses_url: `${url}/statuses`, repository_url: repositoryUrl(call),
    transient_environment: it.transient, production_environment: it.production,
  };
}

function statusShape(
  call: Call, of: Deployment, it: DeploymentStatus,
): Record<string, unknown> {
  const url = `${repositoryUrl(call)}/deployments/${of.id}`;
  return {
    url: `${url}/statuses/${it.id}`, id: it.id, node_id: nodeId('DeploymentStatus', it.id),
    state: it.state, creator: user(call, it.creator), description: it.description,
    environment: of.environment, target_url: it.logUrl, log_url: it.logUrl,
    environment_url: it.environmentUrl, created_at: it.createdAt.toISOString(),
    updated_at: it.createdAt.toISOString(), deployment_url: url,
    repository_url: repositoryUrl(call),
  };
}

function tooLong(resource: string, description: unknown): Reply | undefined {
  if (text(description).length <= descriptionCharactersMax) return undefined;
  return invalid('Validation Failed', [{ resource, code: 'custom', field: 'description',
    message: `description is too long (maximum is ${descriptionCharactersMax} characters)` }]);
}

function create(call: Call): Reply {
  const { json, state } = call;
  const ref = text(json['ref']);
  const sha = state.git.commit(ref);
  if (sha === undefined) return invalid(`No ref found for: ${ref}`);
  const long = tooLong('Deployment', json['description']);
  if (long !== undefined) return long;
  // Without `auto_merge: false` GitHub first merges the default branch into what is deployed, and
  // cannot: a tag or a commit is no branch.
  const branch = state.defaultBranch;
  if (json['auto_merge'] !== false && sha !== state.git.commit(branch)) {
    return { status: 409, body: { message: `Conflict merging ${branch} into ${ref}.` } };
  }
  // Without `required_contexts: []` GitHub asks every check of the commit, also this run itself.
  const busy = state.runs.some((it) =>
    it.headSha === sha && it.attempts.at(-1)?.status === 'in_progress');
  if (json['required_contexts'] === undefined && busy) {
    return { status: 409, body: { message: `Conflict: Commit status checks failed for ${ref}.` } };
  }
  const environment = text(json['environment'], 'production');
  const deployment: Deployment = {
    id: state.nextId(), ref, sha, task: text(json['task'], 'deploy'), environment,
    description: typeof json['description'] === 'string' ? json['description'] : null,
    payload: json['payload'] ?? '', transient: json['transient_environment'] === true,
    production: typeof json['production_environment'] === 'boolean'
      ? json['production_environment'] : environment === 'production',
    creator: call.grant.login, createdAt: state.now(), statuses: [],
  };
  state.deployments.unshift(deployment);
  return { status: 201, body: shape(call, deployment) };
}

/** Earlier successes of the same environment become inactive, as the option's text says. */
function deactivate(call: Call, newest: Deployment): void {
  for (const it of call.state.deployments) {
    if (it === newest || it.environment !== newest.environment) continue;
    if (it.transient || it.production || it.statuses.at(-1)?.state !== 'success') continue;
    it.statuses.push({ id: call.state.nextId(), state: 'inactive', description: '', logUrl: '',
      environmentUrl: '', creator: call.grant.login, createdAt: call.state.now() });
  }
}

function addStatus(call: Call, of: Deployment): Reply {
  const { json, state } = call;
  const long = tooLong('DeploymentStatus', json['description']);
  if (long !== undefined) return long;
  const status: DeploymentStatus = {
    id: state.nextId(), state: text(json['state']), description: text(json['description']),
    logUrl: text(json['log_url'], text(json['target_url'])),
    environmentUrl: text(json['environment_url']), creator: call.grant.login,
    createdAt: state.now(),
  };
  of.statuses.push(status);
  if (status.state === 'success' && json['auto_inactive'] !== false) deactivate(call, of);
  return { status: 201, body: statusShape(call, of, status) };
}

function withOne(act: (call: Call, it: Deployment) => Reply): (call: Call) => Reply {
  return (call) => {
    const id = Number(call.parameters['deployment_id']);
    const found = call.state.deployments.find((it) => it.id === id);
    return found === undefined ? notFound() : act(call, found);
  };
}

function matching(call: Call): Deployment[] {
  const asks = (key: string, value: string): boolean => {
    const wanted = call.query.get(key);
    return wanted === null || wanted === 'none' || wanted === value;
  };
  return call.state.deployments.filter((it) => asks('sha', it.sha) && asks('ref', it.ref)
    && asks('task', it.task) && asks('environment', it.environment));
}

const read = { scope: 'deployments', level: 'read' } as const;
const write = { scope: 'deployments', level: 'write' } as const;

export const deploymentRoutes: readonly Route[] = [
  { operation: `GET ${list}`, needs: read,
    act: (call) => listOf(call, matching(call), (it) => shape(call, it)) },
  { operation: `POST ${list}`, needs: write, act: create },
  { operation: `GET ${one}`, needs: read,
    act: withOne((call, it) => ({ status: 200, body: shape(call, it) })) },
  { operation: `GET ${one}/statuses`, needs: read,
    act: withOne((call, it) => listOf(call, [...it.statuses].reverse(),
      (status) => statusShape(call, it, status))) },
  { operation: `POST ${one}/statuses`, needs: write, act: withOne(addStatus) },
];
