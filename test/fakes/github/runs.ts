import { envelope, invalid, notFound, type Call, type Route } from './call.ts';
import { environmentNamed } from './environments.ts';
import type { Reply } from './http.ts';
import { nodeId, pageUrl, repository, repositoryUrl, user } from './shapes.ts';
import type { Attempt, Gate, Run, RunJob } from './state.ts';

const one = '/repos/{owner}/{repo}/actions/runs/{run_id}';
const workflowId = 161335;

function shape(call: Call, run: Run, attempt: Attempt): Record<string, unknown> {
  const url = `${repositoryUrl(call)}/actions/runs/${run.id}`;
  const short = run.ref.replace(/^refs\/(heads|tags)\//, '');
  return {
    id: run.id, name: run.name, node_id: nodeId('Run', run.id), check_suite_id: run.id + 1,
    check_suite_node_id: nodeId('CheckSuite', run.id + 1), head_branch: short,
    head_sha: run.headSha, path: run.path, display_title: short, run_number: run.number,
    event: run.event, status: attempt.status, conclusion: attempt.conclusion,
    workflow_id: workflowId, url, html_url: `${pageUrl(call)}/actions/runs/${run.id}`,
    pull_requests: [], created_at: run.createdAt.toISOString(),
    updated_at: attempt.updatedAt.toISOString(), actor: user(call, run.actor),
    run_attempt: attempt.number, run_started_at: attempt.startedAt.toISOString(),
    triggering_actor: user(call, attempt.triggeringActor), referenced_workflows: [],
    jobs_url: `${url}/jobs`, logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(call)}/check-suites/${run.id + 1}`,
    artifacts_url: `${url}/artifacts`, cancel_url: `${url}/cancel`, rerun_url: `${url}/rerun`,
    previous_attempt_url: attempt.number > 1 ? `${url}/attempts/${attempt.number - 1}` : null,
    workflow_url: `${repositoryUrl(call)}/actions/workflows/${workflowId}`,
    head_commit: { id: run.headSha, tree_id: run.headSha, message: 'A commit',
      timestamp: run.createdAt.toISOString(), author: { name: 'Mona', email: 'mona@example.org' },
      committer: { name: 'Mona', email: 'mona@example.org' } },
    repository: repository(call), head_repository: repository(call),
  };
}

function jobShape(call: Call, run: Run, job: RunJob): Record<string, unknown> {
  const base = repositoryUrl(call);
  return {
    id: job.id, run_id: run.id, run_url: `${base}/actions/runs/${run.id}`,
    run_attempt: job.attempt, node_id: nodeId('Job', job.id), head_sha: run.headSha,
    url: `${base}/actions/jobs/${job.id}`, workflow_name: run.name,
    head_branch: run.ref.replace(/^refs\/(heads|tags)\//, ''),
    html_url: `${pageUrl(call)}/actions/runs/${run.id}/job/${job.id}`, status: job.status,
    conclusion: job.conclusion, created_at: job.startedAt.toISOString(),
    started_at: job.startedAt.toISOString(), completed_at: job.completedAt?.toISOString() ?? null,
    name: job.name, steps: [], check_run_url: `${base}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'], runner_id: 1, runner_name: 'runner', runner_group_id: 1,
    runner_group_name: 'GitHub Actions',
  };
}

export function runOf(call: Call): Run | undefined {
  return call.state.runs.find((it) => it.id === Number(call.parameters['run_id']));
}

function withRun(act: (call: Call, run: Run) => Reply): (call: Call) => Reply {
  return (call) => {
    const run = runOf(call);
    return run === undefined ? notFound() : act(call, run);
  };
}

function jobs(call: Call, run: Run, attempt: number | undefined): Reply {
  const newest = run.attempts.at(-1)?.number ?? 1;
  const wanted = attempt ?? (call.query.get('filter') === 'all' ? undefined : newest);
  return envelope(call, run.jobs.filter((it) => wanted === undefined || it.attempt === wanted),
    { key: 'jobs', show: (it) => jobShape(call, run, it) });
}

/** Environments as `approvals` and `pending_deployments` name them: never with their rules. */
function named(call: Call, name: string): Record<string, unknown> {
  const it = environmentNamed(call.state, name);
  return { id: it?.id ?? 0, node_id: nodeId('Environment', it?.id ?? 0), name,
    url: `${repositoryUrl(call)}/environments/${encodeURIComponent(name)}`,
    html_url: pageUrl(call) };
}

function approvals(call: Call, run: Run): Reply {
  const at = call.state.now().toISOString();
  const decided = run.gates.filter((it) =>
    (it.state === 'approved' || it.state === 'rejected') && it.user !== undefined);
  return { status: 200, body: decided.map((it) => ({
    environments: [{ ...named(call, it.environment), created_at: at, updated_at: at }],
    state: it.state, user: user(call, it.user ?? ''), comment: it.comment })) };
}

/** What waits: one entry for each environment, also where two jobs wait for the same. */
export function waiting(run: Run): Gate[] {
  const all = run.gates.filter((it) => it.state === 'waiting');
  return all.filter((it, index) =>
    all.findIndex((other) => other.environment === it.environment) === index);
}

function pending(call: Call, run: Run): Reply {
  return { status: 200, body: waiting(run).map((gate) => {
    const it = environmentNamed(call.state, gate.environment);
    return {
      environment: named(call, gate.environment), wait_timer: it?.waitMinutes ?? 0,
      wait_timer_started_at: null,
      current_user_can_approve: it?.reviewers.includes(call.grant.login) ?? false,
      reviewers: (it?.reviewers ?? [])
        .map((login) => ({ type: 'User', reviewer: user(call, login) })),
    };
  }) };
}

function review(call: Call, run: Run): Reply {
  const ids = call.json['environment_ids'];
  const wanted = Array.isArray(ids) ? ids.map(Number) : [];
  const names = waiting(run).map((it) => it.environment)
    .filter((name) => wanted.includes(environmentNamed(call.state, name)?.id ?? -1));
  if (names.length !== wanted.length || names.length === 0) {
    return invalid('There were no pending deployment requests for these environments');
  }
  try {
    call.requests.review({ runId: run.id, environments: names, user: call.grant.login,
      state: call.json['state'] === 'approved' ? 'approved' : 'rejected',
      comment: typeof call.json['comment'] === 'string' ? call.json['comment'] : '' });
  } catch (cause) {
    return invalid(cause instanceof Error ? cause.message : String(cause));
  }
  return { status: 200, body: [] };
}

function cancel(call: Call, run: Run): Reply {
  if (run.attempts.at(-1)?.status === 'completed') {
    return { status: 409, body: { message: 'Cannot cancel a workflow run that is completed.' } };
  }
  call.requests.cancel(run.id);
  return { status: 202, body: {} };
}

function attempt(call: Call, run: Run): Reply {
  const wanted = call.parameters['attempt_number'];
  const found = wanted === undefined ? run.attempts.at(-1)
    : run.attempts.find((it) => it.number === Number(wanted));
  return found === undefined ? notFound() : { status: 200, body: shape(call, run, found) };
}

const needs = { scope: 'actions', level: 'read' } as const;
const write = { scope: 'actions', level: 'write' } as const;

export const runRoutes: readonly Route[] = [
  { operation: 'GET /repos/{owner}/{repo}/actions/runs', needs,
    act: (call) => envelope(call, call.state.runs.filter((it) =>
      (call.query.get('head_sha') ?? it.headSha) === it.headSha
      && (call.query.get('event') ?? it.event) === it.event),
    { key: 'workflow_runs', show: (it) => shape(call, it, it.attempts.at(-1) ?? none) }) },
  { operation: `GET ${one}`, needs, act: withRun(attempt) },
  { operation: `GET ${one}/attempts/{attempt_number}`, needs, act: withRun(attempt) },
  { operation: `GET ${one}/jobs`, needs, act: withRun((call, run) => jobs(call, run, undefined)) },
  { operation: `GET ${one}/attempts/{attempt_number}/jobs`, needs,
    act: withRun((call, run) => jobs(call, run, Number(call.parameters['attempt_number']))) },
  { operation: `GET ${one}/approvals`, needs, act: withRun(approvals) },
  { operation: `GET ${one}/pending_deployments`, needs, act: withRun(pending) },
  { operation: `POST ${one}/pending_deployments`,
    needs: { scope: 'deployments', level: 'write' }, act: withRun(review) },
  { operation: `POST ${one}/cancel`, needs: write, act: withRun(cancel) },
];

const none: Attempt = { number: 1, triggeringActor: 'ghost', status: 'queued', conclusion: null,
  startedAt: new Date(0), updatedAt: new Date(0) };
