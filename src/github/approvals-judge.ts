import type { Problem } from '../errors.ts';
import type { Environment } from './approvals-environment.ts';
import type { Approval, ApprovalVerdict } from './approvals.ts';
import type { Job } from './github.ts';
import { oneLine } from './one-line.ts';

/** One review of the run; texts are plain lines already. */
export interface Review {
  readonly state: string;
  readonly login: string;
  readonly comment: string;
  readonly environments: readonly string[];
  /** It names the environment that is asked for. */
  readonly isForIt: boolean;
}

export interface Given {
  readonly job: Job;
  readonly rules: Environment;
  /** Of all attempts of the run, as GitHub gives them: without a time, without an attempt. */
  readonly reviews: readonly Review[];
  /** Attempts before this one that deployed by an approval; undefined: could not be read. */
  readonly used: number | undefined;
}

/**
 * Whether the reviews of a run let this attempt deploy. Pure.
 *
 * GitHub asks anew in each attempt, and keeps all reviews in one list that tells neither when nor
 * for which attempt. So an attempt that was approved cannot be told from one that an administrator
 * let pass without a review, but for the number: an approval that has already brought a deployment
 * to a host (it has a record, see deployments.ts) is used up. An attempt that was approved and
 * ended before the host began leaves no record; its approval counts for the next one. Neither may
 * be counted by jobs that ran: an attempt that was refused here, since the environment had no
 * reviewers yet, ran without an approval, and would be held against the next one for ever.
 */
export function judge(given: Given): ApprovalVerdict {
  const approved = given.reviews.filter((it) => it.isForIt && it.state === 'approved');
  const problems = [...countProblems(given, approved), ...ownProblems(given, approved)];
  return problems.length > 0 ? { kind: 'refused', problems }
    : { kind: 'approved', approval: approvalBy(given, approved) };
}

function countProblems({ job, rules, reviews, used }: Given, approved: readonly Review[]):
Problem[] {
  const name = oneLine(rules.name, 100);
  if (approved.length > (used ?? 0)) return [];
  const message = approved.length === 0 ? whyNone(name, reviews)
    : `every approval of this run for ${name} (${approved.length}) belongs to an earlier ` +
      'attempt, which deployed by it: nobody approved this one';
  return [{ message, place: 'approval: reviewers',
    fix: `The job must say environment: { name: ${name}, deployment: false }. Run it again, and ` +
      `let a reviewer approve it: ${job.url} > Review deployments (not "Start all waiting jobs", ` +
      'by which an administrator passes without a review).' }];
}

function whyNone(name: string, reviews: readonly Review[]): string {
  const here = reviews.filter((it) => it.isForIt);
  const rejected = here.find((it) => it.state === 'rejected');
  if (rejected !== undefined) return `${said(rejected, 'rejected')}, and nobody approved it`;
  if (here.length > 0) return `the approval for ${name} is still ${here[0]?.state ?? 'pending'}`;
  const others = [...new Set(reviews.flatMap((it) => it.environments))];
  return others.length === 0
    ? `nobody approved this run for ${name}: its job does not wait for reviewers, or an ` +
      'administrator bypassed them'
    : `the approvals of this run are for ${others.join(', ')}, none is for ${name}`;
}

/**
 * Where self-review is prevented GitHub refuses it already; looked at once more, as far as the
 * list tells: somebody else must be in it.
 */
function ownProblems({ job, rules }: Given, approved: readonly Review[]): Problem[] {
  if (!rules.preventsSelfReview || approved.length === 0 || others(job, approved).length > 0) {
    return [];
  }
  const [first] = approved;
  return [{ message: `${said(first, 'approved')}, ${roleOf(job, first?.login ?? '')}, and ` +
      `${oneLine(rules.name, 100)} prevents self-review`,
    place: 'approval: reviewers',
    fix: `Run it again, and let another reviewer approve it: ${job.url} > Review deployments.` }];
}

function approvalBy({ job, rules, used }: Given, approved: readonly Review[]): Approval {
  const isOwn = others(job, approved).length === 0;
  const [first] = approved;
  const logins = [...new Set(approved.map((it) => it.login))];
  const own = isOwn ? `, ${roleOf(job, first?.login ?? '')}` : '';
  const bypass = rules.administratorsMayBypass ? '; administrators may bypass it' : '';
  const name = oneLine(rules.name, 100);
  return {
    by: logins,
    note: oneLine(`approved by ${approved.map(words).join(', ')}${own}${bypass}`, noteMax),
    warnings: [
      ...(isOwn ? [`nobody else looked: ${logins.join(', ')} approved it, ` +
        `${roleOf(job, first?.login ?? '')}; tick Prevent self-review: ${rules.settingsUrl}`] : []),
      ...(rules.administratorsMayBypass ? [`administrators may bypass the reviewers of ${name}; ` +
        `untick Allow administrators to bypass configured protection rules: ${rules.settingsUrl}`]
        : []),
      ...(used === undefined ? ['how many approvals earlier attempts have used cannot be read ' +
        '(permissions: { deployments: read })'] : []),
    ],
  };
}

const noteMax = 600;

/** Reviews by people who neither pushed the tag nor started this attempt. */
function others({ actor, triggeringActor }: Job, reviews: readonly Review[]): Review[] {
  const own = [actor, triggeringActor].map((it) => it.toLowerCase());
  return reviews.filter((it) => !own.includes(it.login.toLowerCase()));
}

function roleOf({ actor }: Job, login: string): string {
  return login.toLowerCase() === actor.toLowerCase() ? 'who pushed the tag'
    : 'who started this attempt';
}

function words({ login, comment }: Review): string {
  return comment === '' ? login : `${login} (“${comment}”)`;
}

function said(review: Review | undefined, what: string): string {
  return review === undefined ? `nobody ${what} it`
    : `${review.login} ${what} it${review.comment === '' ? '' : ` (“${review.comment}”)`}`;
}
