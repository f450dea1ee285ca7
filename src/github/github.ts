import type { Octokit } from '@octokit/rest';

/** A repository on GitHub, as a workflow knows it (`GITHUB_REPOSITORY`). */
export interface Repository {
  readonly owner: string;
  readonly name: string;
}

/** One repository through GitHub's REST API, with the token's rights. */
export interface GitHub {
  readonly repository: Repository;
  /** `https://github.com`, where people look at it. */
  readonly serverUrl: string;
  readonly rest: Octokit;
}

/** The job that a command runs in; everything GitHub's runner tells in `GITHUB_*`. */
export interface Job {
  readonly github: GitHub;
  readonly runId: number;
  /** 1 and up; a re-run has the same run id. */
  readonly attempt: number;
  /** Who started the first attempt: the pusher of the tag. */
  readonly actor: string;
  /** Who started this attempt. */
  readonly triggeringActor: string;
  /** Full commit of the run. */
  readonly sha: string;
  /** `refs/tags/v1.2.0` */
  readonly ref: string;
  /** Page of this attempt. */
  readonly url: string;
}

/** One raw file among a run's artifacts, as a job's output hands it to another job. */
export interface ArtifactReference {
  /** File name, without a slash. */
  readonly name: string;
  /** Decimal id of the artifact; attempts of a run share them. */
  readonly id: string;
  /** sha256 of the file, lowercase hex: of its bytes, not of a zip around them. */
  readonly sha256: string;
}
