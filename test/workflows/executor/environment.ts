import { githubOf, objectOf, type StepContext } from './step.ts';
import type { Values } from './expressions.ts';

/** Keys of the `github` context that processes see as `GITHUB_*`: the runner's list. */
const githubKeys = [
  'action_path', 'action_ref', 'action_repository', 'action', 'actor', 'actor_id', 'api_url',
  'base_ref', 'env', 'event_name', 'event_path', 'graphql_url', 'head_ref', 'job', 'output',
  'path', 'ref_name', 'ref_protected', 'ref_type', 'ref', 'repository', 'repository_id',
  'repository_owner', 'repository_owner_id', 'retention_days', 'run_attempt', 'run_id',
  'run_number', 'server_url', 'sha', 'state', 'step_summary', 'triggering_actor', 'workflow',
  'workflow_ref', 'workflow_sha', 'workspace',
];

/**
 * Environment of a step's process. What the runner tells comes last, so that no `env` of a
 * workflow can pretend to be it.
 */
export function processEnv(
  step: StepContext, own: Readonly<Record<string, string>>,
): Record<string, string> {
  const { facts, path } = step.job;
  const github = githubOf(step);
  const env: Record<string, string> = { CI: 'true', ...facts.baseEnv, ...step.env, ...own };
  env.PATH = [...path.toReversed(), env.PATH ?? ''].join(':');
  for (const key of githubKeys) {
    const value = github[key];
    if (typeof value === 'string') env[`GITHUB_${key.toUpperCase()}`] = value;
  }
  return {
    ...env,
    ...runnerEnv(objectOf(facts.contexts.runner)),
    ...facts.idTokenEnv,
    GITHUB_ACTIONS: 'true',
    RUNNER_TRACKING_ID: facts.trackingId,
  };
}

function runnerEnv(runner: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(runner).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`RUNNER_${key.toUpperCase()}`, value]] : []));
}
