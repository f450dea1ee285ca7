import { SeatrialError, type Problem } from '../errors.ts';
import { readEnvironment, ruleProblems, type Environment } from './approvals-environment.ts';
import { judge, type Review } from './approvals-judge.ts';
import { attemptsRecorded } from './deployments-records.ts';
import type { Job } from './github.ts';
import { oneLine } from './one-line.ts';
import { asking, type Doing } from './problems.ts';

/** Who let a deployment go on. */
export interface Approval {
  /** Logins, in order; with `external`, empty. */
  readonly by: readonly string[];
  /** One line for every record: `approved by mona (“looks good”)`. */
  readonly note: string;
  /** What weakens it, a sentence each, with what to click. */
  readonly warnings: readonly string[];
}

export type ApprovalVerdict =
  | { readonly kind: 'approved'; readonly approval: Approval }
  /** Each problem says what to click. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/**
 * `approval: reviewers`: the rules of the environment and the approvals of the run. GitHub enforces
 * the rules before a job begins; this makes sure that there were rules, and that somebody approved.
 * Whatever cannot be read refuses, with the words for it.
 * @param environment name of the deployment environment, as the job names it.
 */
export async function approvalOf(job: Job, environment: string): Promise<ApprovalVerdict> {
  try {
    const rules = await readEnvironment(job.github, environment);
    const problems = ruleProblems(job.github, environment, rules);
    if (rules === undefined || problems.length > 0) return { kind: 'refused', problems };
    const reviews = await reviewsOf(job, rules);
    return judge({ job, rules, reviews, used: await attemptsRecorded(job, rules.name) });
  } catch (error) {
    if (!(error instanceof SeatrialError) || error.kind !== 'refused') throw error;
    return { kind: 'refused', problems: error.problems };
  }
}

const commentCharactersMax = 200;
const loginCharactersMax = 60;

/** Names of environments are compared as GitHub does, whatever their case. */
async function reviewsOf(job: Job, { name }: Environment): Promise<Review[]> {
  const { owner, name: repo } = job.github.repository;
  const doing: Doing = { what: 'tell who approved this run', permission: 'actions: read',
    repository: job.github.repository };
  const { data } = await asking(doing, () =>
    job.github.rest.actions.getReviewsForRun({ owner, repo, run_id: job.runId }));
  return data.map((review) => ({
    state: review.state,
    login: loginOf(review),
    comment: oneLine(review.comment, commentCharactersMax),
    environments: review.environments.map((it) => oneLine(it.name ?? '?', loginCharactersMax)),
    isForIt: review.environments.some((it) => it.name?.toLowerCase() === name.toLowerCase()),
  }));
}

/** An account that was deleted is nobody any more, whatever the published description says. */
function loginOf({ user }: { readonly user: { readonly login: string } | null }): string {
  return oneLine(user?.login ?? 'a deleted account', loginCharactersMax);
}
