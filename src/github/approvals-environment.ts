import type { Problem } from '../errors.ts';
import { statusOf } from './answer.ts';
import type { GitHub } from './github.ts';
import { oneLine } from './one-line.ts';
import { asking } from './problems.ts';

/** What the settings of a deployment environment ask for. */
export interface Environment {
  readonly name: string;
  /** People and teams of whom one must approve. */
  readonly reviewers: number;
  readonly preventsSelfReview: boolean;
  readonly waitMinutes: number;
  /** False also where GitHub does not tell. */
  readonly administratorsMayBypass: boolean;
  /** Where its rules are set. */
  readonly settingsUrl: string;
}

/** Undefined: there is none of this name. Throws `refused` with the words for what GitHub says. */
export async function readEnvironment(github: GitHub, name: string):
Promise<Environment | undefined> {
  const { owner, name: repo } = github.repository;
  const { data } = await asking({ what: `show the environment ${oneLine(name, 100)}`,
    permission: 'actions: read', repository: github.repository }, async () => {
    try {
      return await github.rest.repos.getEnvironment({ owner, repo, environment_name: name });
    } catch (error) {
      if (statusOf(error) === 404) return { data: undefined };
      throw error;
    }
  });
  if (data === undefined) return undefined;
  const rules = (data.protection_rules ?? []).map((it): Rule => it);
  const reviewing = rules.find((it) => it.type === 'required_reviewers');
  return {
    name: data.name,
    reviewers: reviewing?.reviewers?.length ?? 0,
    preventsSelfReview: reviewing?.prevent_self_review ?? false,
    waitMinutes: rules.find((it) => it.type === 'wait_timer')?.wait_timer ?? 0,
    // Answered, though the published description does not have it.
    administratorsMayBypass: 'can_admins_bypass' in data && data.can_admins_bypass === true,
    settingsUrl: `${settingsOf(github)}/${String(data.id)}/edit`,
  };
}

interface Rule {
  readonly type: string;
  readonly wait_timer?: number;
  readonly prevent_self_review?: boolean;
  readonly reviewers?: readonly unknown[];
}

/**
 * What is wrong with the settings themselves, before any run: also `plan` and `doctor` ask it.
 * Empty: somebody must approve.
 */
export function ruleProblems(github: GitHub, name: string, rules: Environment | undefined):
Problem[] {
  const shown = oneLine(name, 100);
  if (rules === undefined) {
    return [{ message: `there is no environment ${shown} in this repository`,
      place: 'approval: reviewers',
      fix: `Make it: Settings > Environments > New environment, name ${shown}, tick Required ` +
        `reviewers: ${settingsOf(github)} (a job of a private repository that may not read ` +
        'needs permissions: { actions: read })' }];
  }
  if (rules.reviewers > 0) return [];
  const timer = rules.waitMinutes > 0
    ? `, only a wait timer of ${rules.waitMinutes} min, which lets everybody pass` : '';
  return [{ message: `the environment ${shown} has no required reviewers${timer}: nobody had to ` +
      'approve (one that was only named in a workflow comes to be without any rule)',
    place: 'approval: reviewers',
    fix: `Settings > Environments > ${shown} > Required reviewers: ${rules.settingsUrl} Then ` +
      'run the job again. Where the plan of the repository has no reviewers, write ' +
      'approval: { external: reason } in the configuration.' }];
}

function settingsOf({ serverUrl, repository }: GitHub): string {
  return `${serverUrl}/${repository.owner}/${repository.name}/settings/environments`;
}
