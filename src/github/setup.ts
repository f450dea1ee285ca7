import { SeatrialError } from '../errors.ts';
import { readEnvironment, ruleProblems } from './approvals-environment.ts';
import { statusOf } from './answer.ts';
import type { GitHub } from './github.ts';
import { oneLine } from './one-line.ts';
import { githubError } from './problems.ts';
import { matchesRef, tagRules, type TagPolicy } from './setup-tags.ts';

/** One thing that was looked at. `unseen`: the token may not see it, which says nothing. */
export interface SetupFinding {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'fail' | 'unseen';
  readonly message: string;
  readonly fix?: string;
}

export interface SetupAsked {
  /** Each with whether somebody has to approve there. */
  readonly environments: readonly { readonly name: string; readonly approved: boolean }[];
  /** A tag of the next release: `v1.0.0`. */
  readonly tag: string;
  /** Name of the secret with the key. */
  readonly secret: string;
}

/** Everything on GitHub that a release needs, all at once; only reads. */
export async function lookAtSetup(github: GitHub, asked: SetupAsked): Promise<SetupFinding[]> {
  const parts = [
    ...asked.environments.map((it) => () => environmentFindings(github, asked, it)),
    () => actionsFindings(github), () => tagRuleFindings(github, asked.tag),
    () => immutableFindings(github),
  ];
  return (await Promise.all(parts.map((part) => part()))).flat();
}

async function environmentFindings(github: GitHub, asked: SetupAsked,
  { name, approved }: SetupAsked['environments'][number]): Promise<SetupFinding[]> {
  const what = `environment ${oneLine(name, 100)}`;
  return orUnseen({ github, what, permission: 'actions: read' }, async () => {
    const rules = await readEnvironment(github, name);
    const problems = approved || rules === undefined ? ruleProblems(github, name, rules) : [];
    const found: SetupFinding[] = problems.map(({ message, fix }) =>
      ({ what, state: 'fail', message, ...(fix === undefined ? {} : { fix }) }));
    if (rules === undefined) return found;
    if (found.length === 0) {
      found.push({ what, state: 'ok', message: approved
        ? `one of ${rules.reviewers} must approve` : 'is there' });
    }
    if (approved && rules.reviewers > 0) found.push(...habits(what, rules));
    return [...found, ...await tagPolicyFindings(github, { what, name, tag: asked.tag }),
      ...await secretFindings(github, { what, name, secret: asked.secret })];
  });
}

function habits(what: string, rules: NonNullable<Awaited<ReturnType<typeof readEnvironment>>>):
SetupFinding[] {
  return [
    rules.preventsSelfReview
      ? { what, state: 'ok', message: 'who starts a run cannot approve it' }
      : { what, state: 'warning', message: 'who pushes the tag can approve it alone',
        fix: `Tick Prevent self-review: ${rules.settingsUrl}` },
    ...(rules.administratorsMayBypass ? [{ what, state: 'warning' as const,
      message: 'administrators can pass without a review',
      fix: `Untick Allow administrators to bypass: ${rules.settingsUrl}` }] : []),
  ];
}

interface Place {
  readonly what: string;
  readonly name: string;
}

/** With "protected branches only", and with rules for branches alone, no tag may deploy. */
async function tagPolicyFindings(github: GitHub,
  { what, name, tag }: Place & { readonly tag: string }): Promise<SetupFinding[]> {
  const { owner, name: repo } = github.repository;
  return orUnseen({ github, what, permission: 'actions: read' }, async () => {
    const at = { owner, repo, environment_name: name };
    const { data } = await github.rest.repos.getEnvironment(at);
    const kind = data.deployment_branch_policy;
    const policies = kind?.custom_branch_policies !== true ? []
      : (await github.rest.paginate(github.rest.repos.listDeploymentBranchPolicies,
        { ...at, per_page: 100 })).map((it): TagPolicy => ({ type: it.type, name: it.name }));
    return [tagRules({ what, tag, policies, admits: kind === null || kind === undefined ? 'all'
      : kind.protected_branches ? 'protected' : 'custom',
    settingsUrl: settingsUrl(github, `environments/${data.id}/edit`) })];
  });
}

/** Names only: nobody can read a secret. */
async function secretFindings(github: GitHub,
  { what, name, secret }: Place & { readonly secret: string }): Promise<SetupFinding[]> {
  const { owner, name: repo } = github.repository;
  const asked = `${what}, secret ${secret}`;
  return orUnseen({ github, what: asked, permission: 'environments: read' }, async () => {
    const own = await github.rest.paginate(github.rest.actions.listEnvironmentSecrets,
      { owner, repo, environment_name: name, per_page: 100 });
    if (own.some((it) => it.name === secret)) {
      return [{ what, state: 'ok', message: `has the secret ${secret}` }];
    }
    const shared = await github.rest.paginate(github.rest.actions.listRepoSecrets,
      { owner, repo, per_page: 100 });
    const fix = `Add it: ${settingsUrl(github, 'environments')} > ${oneLine(name, 100)} > ` +
      'Environment secrets; its text is a private key that logs in to this host alone.';
    return [shared.some((it) => it.name === secret)
      ? { what, state: 'warning', fix, message: `has no secret ${secret} of its own; that of the ` +
        'repository is seen by every workflow, without an approval' }
      : { what, state: 'fail', fix, message: `has no secret ${secret}` }];
  });
}

async function actionsFindings(github: GitHub): Promise<SetupFinding[]> {
  const what = 'GitHub Actions';
  const { owner, name: repo } = github.repository;
  return orUnseen({ github, what, permission: 'administration: read' }, async () => {
    const { data } = await github.rest.actions.getGithubActionsPermissionsRepository(
      { owner, repo });
    const fix = `${settingsUrl(github, 'actions')} > Actions permissions`;
    if (!data.enabled) {
      return [{ what, state: 'fail', message: 'are turned off for this repository', fix }];
    }
    return [data.allowed_actions === undefined || data.allowed_actions === 'all'
      ? { what, state: 'ok', message: 'may run' }
      : { what, state: 'warning', fix: `Allow the toolkit and actions/*: ${fix}`,
        message: `may run, but only ${data.allowed_actions === 'local_only'
          ? 'those of the owner' : 'those that are named'}` }];
  });
}

/** A tag that moves after the rehearsal is refused later; who may move it is asked here. */
async function tagRuleFindings(github: GitHub, tag: string): Promise<SetupFinding[]> {
  const what = 'tags';
  const { owner, name: repo } = github.repository;
  return orUnseen({ github, what, permission: 'contents: read' }, async () => {
    const listed = await github.rest.paginate(github.rest.repos.getRepoRulesets,
      { owner, repo, targets: 'tag', per_page: 100 });
    const active = listed.filter((it) => it.target === 'tag' && it.enforcement === 'active');
    const whole = await Promise.all(active.map(async ({ id }) =>
      (await github.rest.repos.getRepoRuleset({ owner, repo, ruleset_id: id })).data));
    const guarding = whole.filter((it) => guards(it, `refs/tags/${tag}`));
    return [guarding[0] !== undefined
      ? { what, state: 'ok',
        message: `such as ${tag} are kept by the ruleset ${oneLine(guarding[0].name, 100)}` }
      : { what, state: 'warning', message: `such as ${tag} can be moved and deleted by everybody ` +
        'who may push', fix: `Add a tag ruleset that restricts updates and deletions: ${
        settingsUrl(github, 'rules/new?target=tag')}` }];
  });
}

interface Ruleset {
  readonly conditions?: unknown;
  readonly rules?: readonly { readonly type: string }[];
}

function guards({ conditions, rules = [] }: Ruleset, ref: string): boolean {
  const types = rules.map((it) => it.type);
  return types.includes('update') && types.includes('deletion') && matchesRef(conditions, ref);
}

async function immutableFindings(github: GitHub): Promise<SetupFinding[]> {
  const what = 'releases';
  const { owner, name: repo } = github.repository;
  const off: SetupFinding = { what, state: 'warning',
    message: 'can be changed after they are published',
    fix: `Tick Enable release immutability: ${settingsUrl(github, '')}` };
  return orUnseen({ github, what, permission: 'administration: read' }, async () => {
    try {
      const { data } = await github.rest.request(
        'GET /repos/{owner}/{repo}/immutable-releases', { owner, repo });
      return [isEnabled(data) ? { what, state: 'ok', message: 'cannot be changed once published' }
        : off];
    } catch (error) {
      if (statusOf(error) === 404) return [off];
      throw error;
    }
  });
}

function isEnabled(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'enabled' in data && data.enabled === true;
}

function settingsUrl({ serverUrl, repository }: GitHub, page: string): string {
  return `${serverUrl}/${repository.owner}/${repository.name}/settings${
    page === '' ? '' : `/${page}`}`;
}

interface Looking {
  readonly github: GitHub;
  readonly what: string;
  /** What the token needs for it. */
  readonly permission: `${string}: read`;
}

/** A token that may not look proves nothing. */
async function orUnseen({ github, what, permission }: Looking,
  look: () => Promise<SetupFinding[]>): Promise<SetupFinding[]> {
  try {
    return await look();
  } catch (error) {
    const told = githubError(error, { what: `show ${what}`, permission,
      repository: github.repository });
    if (!(told instanceof SeatrialError) || told.kind === 'cancelled') throw told;
    const status = statusOf(error) ?? statusOf(told.cause);
    if (status === 403 || status === 404) {
      return [{ what, state: 'unseen', message: `cannot be seen from here: the token has no ${
        permission}`, fix: 'Run seatrial doctor at your own machine, with GITHUB_TOKEN set to a ' +
        'token of yours that may read the settings.' }];
    }
    return told.problems.map(({ message, fix }) =>
      ({ what, state: 'fail', message, ...(fix === undefined ? {} : { fix }) }));
  }
}
