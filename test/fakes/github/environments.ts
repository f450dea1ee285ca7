import { envelope, notFound, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';
import { nodeId, pageUrl, repositoryUrl, user } from './shapes.ts';
import type { Environment, State } from './state.ts';

const one = '/repos/{owner}/{repo}/environments/{environment_name}';

export type EnvironmentWanted = Partial<Omit<Environment, 'id' | 'createdAt' | 'policies'>>
  & { readonly name: string;
    readonly policies?: readonly { readonly name: string; readonly type: 'branch' | 'tag' }[]; };

/** Makes an environment, or changes what is named; naming alone makes one without any rule. */
export function putEnvironment(state: State, wanted: EnvironmentWanted): Environment {
  const { policies, ...rest } = wanted;
  let found = state.environments.find((it) => it.name === wanted.name);
  if (found === undefined) {
    found = { id: state.nextId(), name: wanted.name, reviewers: [], preventSelfReview: false,
      waitMinutes: 0, branches: 'all', policies: [], secrets: [], variables: {},
      adminsMayBypass: true, createdAt: state.now() };
    state.environments.push(found);
  }
  Object.assign(found, rest);
  if (policies !== undefined) {
    found.branches = 'custom';
    found.policies = policies.map((it) => ({ ...it, id: state.nextId() }));
  }
  return found;
}

function rules(call: Call, it: Environment): unknown[] {
  const rule = (type: string, index: number): Record<string, unknown> =>
    ({ id: it.id * 10 + index, node_id: nodeId('Gate', it.id * 10 + index), type });
  return [
    ...(it.waitMinutes > 0 ? [{ ...rule('wait_timer', 1), wait_timer: it.waitMinutes }] : []),
    ...(it.reviewers.length > 0 ? [{ ...rule('required_reviewers', 2),
      prevent_self_review: it.preventSelfReview,
      reviewers: it.reviewers.map((login) => ({ type: 'User', reviewer: user(call, login) })) }]
      : []),
    ...(it.branches === 'all' ? [] : [rule('branch_policy', 3)]),
  ];
}

function shape(call: Call, it: Environment): Record<string, unknown> {
  return {
    id: it.id, node_id: nodeId('Environment', it.id), name: it.name,
    url: `${repositoryUrl(call)}/environments/${encodeURIComponent(it.name)}`,
    html_url: `${pageUrl(call)}/deployments/activity_log?environments_filter=`
      + encodeURIComponent(it.name),
    created_at: it.createdAt.toISOString(), updated_at: it.createdAt.toISOString(),
    can_admins_bypass: it.adminsMayBypass, protection_rules: rules(call, it),
    deployment_branch_policy: it.branches === 'all' ? null
      : { protected_branches: it.branches === 'protected',
        custom_branch_policies: it.branches === 'custom' },
  };
}

/** Names of environments are not told apart by case. */
export function environmentNamed(state: State, name: string): Environment | undefined {
  return state.environments.find((it) => it.name.toLowerCase() === name.toLowerCase());
}

function withOne(show: (call: Call, it: Environment) => Reply): (call: Call) => Reply {
  return (call) => {
    const found = environmentNamed(call.state, call.parameters['environment_name'] ?? '');
    return found === undefined ? notFound() : show(call, found);
  };
}

const needs = { scope: 'actions', level: 'read' } as const;
const people = { scope: 'environments', level: 'read' } as const;
const at = '2026-01-01T00:00:00Z';

export const environmentRoutes: readonly Route[] = [
  { operation: 'GET /repos/{owner}/{repo}/environments', needs,
    act: (call) => envelope(call, call.state.environments,
      { key: 'environments', show: (it) => shape(call, it) }) },
  { operation: `GET ${one}`, needs,
    act: withOne((call, it) => ({ status: 200, body: shape(call, it) })) },
  { operation: `GET ${one}/deployment-branch-policies`, needs,
    act: withOne((call, it) => envelope(call, it.policies, { key: 'branch_policies',
      show: (policy) => ({ ...policy, node_id: nodeId('Policy', policy.id) }) })) },
  // Rules made by apps only; those of GitHub itself are in the environment.
  { operation: `GET ${one}/deployment_protection_rules`, needs,
    act: withOne(() => ({ status: 200,
      body: { total_count: 0, custom_deployment_protection_rules: [] } })) },
  { operation: `GET ${one}/secrets`, needs: people,
    act: withOne((call, it) => envelope(call, it.secrets, { key: 'secrets',
      show: (name) => ({ name, created_at: at, updated_at: at }) })) },
  { operation: `GET ${one}/variables`, needs: people,
    act: withOne((call, it) => envelope(call, Object.entries(it.variables), { key: 'variables',
      show: ([name, value]) => ({ name, value, created_at: at, updated_at: at }) })) },
];
