import type { Problem } from '../errors.ts';
import type { Job } from './github.ts';

/** Who let a deployment go on. */
export interface Approval {
  /** Logins, in order; with `external`, empty. */
  readonly by: readonly string[];
  /** One line for every record: `approved by mona (“looks good”)`. */
  readonly note: string;
}

export type ApprovalVerdict =
  | { readonly kind: 'approved'; readonly approval: Approval }
  /** Each problem says what to click. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** `approval: reviewers`: the rules of the environment and the approvals of the run. */
export interface Approvals {
  /** @param environment name of the deployment environment, as the job names it. */
  approvalOf(job: Job, environment: string): Promise<ApprovalVerdict>;
}
