import { gitInMemory, type Git } from './git-store.ts';
import { makeSettings, type Settings } from './settings.ts';

/** Everything that the stand-in remembers; tests may read it and change it. */
export interface State extends Repository {
  /** The wall clock of the server; tests may set it. */
  now: () => Date;
  /** Ids grow. */
  nextId(): number;
  /** Ids of artifacts are not in the order of time (as measured on GitHub). */
  nextArtifactId(): number;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  readonly git: Git;
  /** Whether releases that are published from now on cannot be changed. */
  immutableReleases: boolean;
  /** False: attestations are not to be had (a private repository without the plan). */
  attestationsAllowed: boolean;
  readonly releases: Release[];
  /** Tags that an immutable release has used; they can never be used again. */
  readonly burntTags: Set<string>;
  readonly environments: Environment[];
  readonly settings: Settings;
  readonly deployments: Deployment[];
  readonly runs: Run[];
  readonly artifacts: Artifact[];
  readonly attestations: { readonly id: number; readonly digest: string;
    readonly bundle: unknown }[];
}

export interface Asset {
  readonly id: number;
  name: string;
  label: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** `starter`: the upload was interrupted. */
  readonly state: 'uploaded' | 'starter';
  readonly createdAt: Date;
  readonly uploader: string;
}

export interface Release {
  readonly id: number;
  tag: string;
  target: string;
  title: string | null;
  text: string | null;
  draft: boolean;
  prerelease: boolean;
  immutable: boolean;
  readonly createdAt: Date;
  publishedAt: Date | undefined;
  readonly author: string;
  readonly assets: Asset[];
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  /** Logins; empty: nobody has to approve. */
  reviewers: string[];
  preventSelfReview: boolean;
  waitMinutes: number;
  /** `custom`: only what `policies` name. */
  branches: 'all' | 'protected' | 'custom';
  policies: { readonly id: number; readonly name: string; readonly type: 'branch' | 'tag' }[];
  secrets: string[];
  variables: Record<string, string>;
  adminsMayBypass: boolean;
  readonly createdAt: Date;
}

export interface DeploymentStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly logUrl: string;
  readonly environmentUrl: string;
  readonly creator: string;
  readonly createdAt: Date;
}

export interface Deployment {
  readonly id: number;
  readonly ref: string;
  readonly sha: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly transient: boolean;
  readonly production: boolean;
  readonly creator: string;
  readonly createdAt: Date;
  readonly statuses: DeploymentStatus[];
}

export type Status = 'queued' | 'waiting' | 'pending' | 'in_progress' | 'completed';
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface RunJob {
  readonly id: number;
  readonly attempt: number;
  name: string;
  environment: string | undefined;
  status: Status;
  conclusion: Conclusion | null;
  readonly startedAt: Date;
  completedAt: Date | undefined;
}

export interface Attempt {
  readonly number: number;
  readonly triggeringActor: string;
  status: Status;
  conclusion: Conclusion | null;
  readonly startedAt: Date;
  updatedAt: Date;
}

/** A job that waits, or waited, for reviewers of an environment. */
export interface Gate {
  readonly jobId: number;
  readonly environment: string;
  state: 'waiting' | 'approved' | 'rejected' | 'cancelled';
  user: string | undefined;
  comment: string;
}

export interface Run {
  readonly id: number;
  readonly number: number;
  /** Of the workflow. */
  readonly name: string;
  /** `.github/workflows/release.yml` */
  readonly path: string;
  readonly event: string;
  /** `refs/tags/v1.2.0` */
  readonly ref: string;
  readonly headSha: string;
  readonly actor: string;
  readonly createdAt: Date;
  readonly attempts: Attempt[];
  readonly jobs: RunJob[];
  /** In the order in which they were told; the newest of a job stands. */
  readonly gates: Gate[];
}

export interface Artifact {
  readonly id: number;
  readonly runId: number;
  readonly attempt: number;
  readonly name: string;
  readonly size: number;
  /** `sha256:…` of what is stored: the file itself, or the zip around it. */
  readonly digest: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Tests set it to let an artifact expire before its day. */
  expired: boolean;
  /** The two ids by which the artifact service knows the job that made it. */
  readonly backend: { readonly run: string; readonly job: string };
  /** Of the file itself; `application/zip` where the runner zipped it. */
  readonly mimeType: string;
  /** Where the bytes are in the blob store. */
  readonly blob: string;
}

/** What a test may say about the repository; everything has a default. */
export interface RepositoryWanted {
  readonly owner?: string;
  readonly name?: string;
  readonly private?: boolean;
  readonly defaultBranch?: string;
  readonly git?: Git;
  readonly immutableReleases?: boolean;
  readonly now?: () => Date;
}

export function makeState(wanted: RepositoryWanted): State {
  let id = 1000;
  let artifacts = 0;
  return {
    id: 4711, owner: wanted.owner ?? 'octo', name: wanted.name ?? 'guestbook',
    private: wanted.private ?? false, defaultBranch: wanted.defaultBranch ?? 'main',
    git: wanted.git ?? gitInMemory(), immutableReleases: wanted.immutableReleases ?? false,
    attestationsAllowed: true, releases: [], burntTags: new Set(), environments: [],
    settings: makeSettings(), deployments: [], runs: [], artifacts: [], attestations: [],
    now: wanted.now ?? (() => new Date()),
    nextId: () => (id += 1),
    nextArtifactId: () => 900_000 + ((artifacts += 1) * 7919) % 10_007,
  };
}
