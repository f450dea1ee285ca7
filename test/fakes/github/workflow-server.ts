import type { AttestReply, AttestRequest, DeploymentRecord, EnvironmentRules, GateRecord,
  JobRecord, RunRecord, WorkflowServer } from '../../workflows/executor/server.ts';
import { signStatement } from './attest.ts';
import { environmentNamed, putEnvironment } from './environments.ts';
import type { FakeGitHub } from './open.ts';
import type { Run, State } from './state.ts';
import type { Sigstore } from './sigstore.ts';
import type { Permissions } from './tokens.ts';

function runChanged(state: State, record: RunRecord): void {
  let run = state.runs.find((it) => it.id === record.runId);
  if (run === undefined) {
    run = { id: record.runId, number: record.runNumber, name: record.workflowName,
      path: record.workflowPath, event: record.event, ref: record.ref, headSha: record.sha,
      actor: record.actor, createdAt: state.now(), attempts: [], jobs: [], gates: [] };
    state.runs.unshift(run);
  }
  let attempt = run.attempts.find((it) => it.number === record.attempt);
  if (attempt === undefined) {
    attempt = { number: record.attempt, triggeringActor: record.triggeringActor,
      status: record.status, conclusion: null, startedAt: state.now(), updatedAt: state.now() };
    run.attempts.push(attempt);
  }
  Object.assign(attempt, { status: record.status, conclusion: record.conclusion ?? null,
    updatedAt: state.now() });
}

function runOf(state: State, runId: number): Run {
  const run = state.runs.find((it) => it.id === runId);
  if (run === undefined) throw new Error(`nobody told of run ${runId}`);
  return run;
}

function jobChanged(state: State, record: JobRecord): void {
  const run = runOf(state, record.runId);
  let job = run.jobs.find((it) => it.id === record.jobId);
  if (job === undefined) {
    job = { id: record.jobId, attempt: record.attempt, name: record.name, environment: undefined,
      status: record.status, conclusion: null, startedAt: state.now(), completedAt: undefined };
    run.jobs.push(job);
  }
  Object.assign(job, { name: record.name, environment: record.environment, status: record.status,
    conclusion: record.conclusion ?? null,
    completedAt: record.status === 'completed' ? state.now() : undefined });
}

function gateChanged(state: State, record: GateRecord): void {
  const run = runOf(state, record.runId);
  let gate = run.gates.find((it) =>
    it.jobId === record.jobId && it.environment === record.environment);
  if (gate === undefined) {
    gate = { jobId: record.jobId, environment: record.environment, state: record.state,
      user: undefined, comment: '' };
    run.gates.push(gate);
  }
  Object.assign(gate, { state: record.state, user: record.user, comment: record.comment ?? '' });
}

/** GitHub's own record for a job with an environment: its task is `deploy`, its payload empty. */
function deploymentChanged(
  state: State, ids: Map<number, number>, record: DeploymentRecord,
): void {
  const ref = record.ref.replace(/^refs\/(heads|tags)\//, '');
  const creator = 'github-actions[bot]';
  let found = state.deployments.find((it) => it.id === ids.get(record.jobId));
  if (found === undefined) {
    found = { id: state.nextId(), ref, sha: record.sha, task: 'deploy',
      environment: record.environment, description: null, payload: '', transient: false,
      production: record.environment === 'production', creator, createdAt: state.now(),
      statuses: [] };
    ids.set(record.jobId, found.id);
    state.deployments.unshift(found);
  }
  found.statuses.push({ id: state.nextId(), state: record.state, description: '',
    logUrl: `https://github.com/${state.owner}/${state.name}/actions/runs/${record.runId}`
      + `/job/${record.jobId}`,
    environmentUrl: record.url, creator, createdAt: state.now() });
}

function rulesOf(state: State, name: string): EnvironmentRules {
  // As on GitHub: a name that nobody made becomes an environment without any rule.
  const it = environmentNamed(state, name) ?? putEnvironment(state, { name });
  const names = (type: 'branch' | 'tag'): string[] =>
    it.policies.filter((policy) => policy.type === type).map((policy) => policy.name);
  const allowed = it.branches === 'custom' ? { branches: names('branch'), tags: names('tag') }
    : { branches: [state.defaultBranch], tags: [] };
  return { id: it.id, name: it.name, reviewers: it.reviewers,
    preventSelfReview: it.preventSelfReview, ...(it.branches === 'all' ? {} : { allowed }) };
}

function granted(permissions: Readonly<Record<string, string>>): Permissions {
  return Object.fromEntries(Object.entries(permissions).filter(([, level]) => level !== 'none'));
}

/** What actions/attest does in a job: signs, and stores with the token of the job. */
async function attest(
  fake: FakeGitHub, sigstore: Sigstore, request: AttestRequest,
): Promise<AttestReply> {
  const bundle = await signStatement({ sigstore, oidc: fake.oidc }, {
    subjects: request.subjects, claims: request.claims, predicateType: request.predicateType,
    instance: fake.state.private ? 'github' : 'public-good',
    ...(request.predicate === '' ? {} : { predicate: JSON.parse(request.predicate) as unknown }),
  });
  const reply = await fetch(`${fake.url}/repos/${request.repository}/attestations`, {
    method: 'POST', body: JSON.stringify({ bundle }),
    headers: { authorization: `Bearer ${request.token}`, 'content-type': 'application/json' } });
  const body = await reply.json() as { id?: number; message?: string };
  if (!reply.ok) throw new Error(`Failed to persist attestation: ${body.message ?? ''}`);
  const id = String(body.id);
  return { bundle: JSON.stringify(bundle), attestationId: id,
    attestationUrl: `https://github.com/${request.repository}/attestations/${id}` };
}

/** What the executor of workflows tells and asks, on top of the stand-in. */
export function workflowServer(fake: FakeGitHub, sigstore?: Sigstore): WorkflowServer {
  const { state, tokens } = fake;
  const deployments = new Map<number, number>();
  return {
    urls: { server: 'https://github.com', api: fake.url, graphql: `${fake.url}/graphql`,
      results: fake.results.url },
    mintToken: (_job, permissions) => fake.job(granted(permissions)),
    revokeToken: (token) => { tokens.revoke(token); },
    mintRuntimeToken: (job) => fake.results.mint(job),
    idTokenRequest: (_job, claims) => fake.oidc.request(claims),
    environment: (name) => rulesOf(state, name),
    runChanged: (run) => { runChanged(state, run); },
    jobChanged: (job) => { jobChanged(state, job); },
    gateChanged: (gate) => { gateChanged(state, gate); },
    deploymentChanged: (record) => { deploymentChanged(state, deployments, record); },
    connect: (requests) => { fake.connect(requests); },
    ...(sigstore === undefined ? {}
      : { attest: (request: AttestRequest) => attest(fake, sigstore, request) }),
  };
}
