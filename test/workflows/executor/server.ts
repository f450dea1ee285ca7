/**
 * What the executor of workflows needs from the stand-in for GitHub's REST API and artifacts.
 * The executor decides what happens; the stand-in is told, so that it can answer requests, and
 * keeps what people can change through the API: environments and their rules.
 */
export interface WorkflowServer {
  readonly urls: ServerUrls;
  /** `GITHUB_TOKEN` of one job; the stand-in refuses what the permissions do not allow. */
  mintToken(job: JobIdentity, permissions: Permissions): string;
  /** A job ended: its token is worth nothing from now on. */
  revokeToken(token: string): void;
  /** `ACTIONS_RUNTIME_TOKEN`: a JWT with claim `scp: Actions.Results:<run>:<job>`. */
  mintRuntimeToken(job: JobIdentity): string;
  /** Asked only for jobs with `id-token: write`; the claims are those of GitHub's tokens. */
  idTokenRequest(job: JobIdentity, claims: Readonly<Record<string, string>>): IdTokenRequest;
  /** The environment as the API has it now; made without rules where it does not exist. */
  environment(name: string): EnvironmentRules;
  /** A run is new, has a new attempt, or another status. Replaces what was told before. */
  runChanged(run: RunRecord): void;
  /** A job is new or has another status. Replaces what was told before. */
  jobChanged(job: JobRecord): void;
  /**
   * A job with an environment waits for reviewers, or goes on. Replaces what was told before for
   * the same job; gone from `pending_deployments` when its state is no longer `waiting`.
   */
  gateChanged(gate: GateRecord): void;
  /** A job whose environment makes a deployment record (no `deployment: false`) goes on. */
  deploymentChanged(deployment: DeploymentRecord): void;
  /** What the API asks of the executor: the stand-in calls these for the matching requests. */
  connect(requests: ApiRequests): void;
  /** `actions/attest` in a job; where it is missing, the executor records the call only. */
  attest?(request: AttestRequest): Promise<AttestReply>;
}

export interface ServerUrls {
  /** `GITHUB_SERVER_URL`: `https://github.com`. */
  readonly server: string;
  /** `GITHUB_API_URL`, without a slash at the end. */
  readonly api: string;
  /** `GITHUB_GRAPHQL_URL`. */
  readonly graphql: string;
  /** `ACTIONS_RESULTS_URL`, with a slash at the end. */
  readonly results: string;
}

export type Access = 'none' | 'read' | 'write';

/** Keys as in a workflow: `contents`, `deployments`, `id-token`. A missing key is `none`. */
export type Permissions = Readonly<Record<string, Access>>;

export interface JobIdentity {
  readonly runId: number;
  readonly attempt: number;
  /** Each attempt makes new ids, also for the same job. */
  readonly jobId: number;
  /** Name of the job's environment, where it has one. */
  readonly environment?: string;
}

export interface IdTokenRequest {
  /** `ACTIONS_ID_TOKEN_REQUEST_URL`; `&audience=` is added by those who ask. */
  readonly url: string;
  /** `ACTIONS_ID_TOKEN_REQUEST_TOKEN` */
  readonly token: string;
}

export interface EnvironmentRules {
  readonly id: number;
  readonly name: string;
  /** Logins of users who may approve; none: jobs do not wait. One approval suffices. */
  readonly reviewers: readonly string[];
  /** Whoever started the run may not approve it. */
  readonly preventSelfReview: boolean;
  /**
   * Which refs may deploy: names or fnmatch patterns (`*` does not match `/`) of branches and of
   * tags; undefined: all.
   */
  readonly allowed?: { readonly branches: readonly string[]; readonly tags: readonly string[] };
}

export type Status = 'queued' | 'waiting' | 'pending' | 'in_progress' | 'completed';
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface RunRecord {
  readonly runId: number;
  readonly attempt: number;
  /** `1` for the first run of a workflow. */
  readonly runNumber: number;
  /** `Release` */
  readonly workflowName: string;
  /** `.github/workflows/release.yml` */
  readonly workflowPath: string;
  readonly event: string;
  readonly sha: string;
  /** `refs/tags/v1.2.0` */
  readonly ref: string;
  /** Who started the first attempt. */
  readonly actor: string;
  /** Who started this attempt. */
  readonly triggeringActor: string;
  readonly status: Status;
  /** There when the status is `completed`. */
  readonly conclusion?: Conclusion;
}

export interface JobRecord extends JobIdentity {
  /** As the page shows it: `release / deploy`, `test (20)`. */
  readonly name: string;
  readonly status: Status;
  readonly conclusion?: Conclusion;
}

export interface GateRecord extends JobIdentity {
  readonly environment: string;
  readonly state: 'waiting' | 'approved' | 'rejected' | 'cancelled';
  /** Who decided; there when somebody did. */
  readonly user?: string;
  readonly comment?: string;
}

export interface DeploymentRecord extends JobIdentity {
  readonly environment: string;
  readonly sha: string;
  readonly ref: string;
  /** The environment's `url`; empty: none. */
  readonly url: string;
  readonly state: 'in_progress' | 'success' | 'failure';
}

export interface Review {
  readonly runId: number;
  readonly environments: readonly string[];
  readonly state: 'approved' | 'rejected';
  readonly user: string;
  readonly comment: string;
}

export interface ApiRequests {
  /** `POST …/runs/{id}/pending_deployments`. Throws where nothing waits, or this user may not. */
  review(review: Review): void;
  /** `POST …/runs/{id}/cancel`. Throws where there is no such run. */
  cancel(runId: number): void;
}

export interface AttestRequest {
  readonly job: JobIdentity;
  readonly repository: string;
  /** sha256, lowercase hex, by subject name. */
  readonly subjects: ReadonlyArray<{ readonly name: string; readonly sha256: string }>;
  /** Empty: the provenance that the action makes itself. */
  readonly predicateType: string;
  /** JSON text; empty with provenance. */
  readonly predicate: string;
  readonly claims: Readonly<Record<string, string>>;
  readonly token: string;
}

export interface AttestReply {
  /** JSON text of the bundle: the output `bundle-path` names a file of it. */
  readonly bundle: string;
  readonly attestationId: string;
  readonly attestationUrl: string;
}
