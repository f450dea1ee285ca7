import type { End } from '../errors.ts';
import type { Job } from './github.ts';

/** The record of one deployment on GitHub's deployments page. */
export interface Deployment {
  readonly id: number;
  /**
   * Writes the last status. `done` success; `unchanged` success where the digest is what this
   * record says, else inactive; `running` in_progress; everything else failure. Never throws for
   * GitHub's refusal: gives a warning text, since production has already ended.
   */
  end(end: End, text: string): Promise<string | undefined>;
}

export interface DeploymentWanted {
  readonly environment: string;
  /** Where people see the application; empty: none. */
  readonly url: string;
  readonly version: string;
  /** sha256 of the tarball. */
  readonly digest: string;
}

export interface Deployments {
  /** Finds this run's record of an earlier attempt, or makes one; its status is in_progress. */
  open(job: Job, wanted: DeploymentWanted): Promise<Deployment>;
}
