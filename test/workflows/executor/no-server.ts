import type {
  ApiRequests, EnvironmentRules, JobIdentity, Permissions, WorkflowServer,
} from './server.ts';

/**
 * A stand-in for GitHub that answers nothing: for workflows whose steps ask nothing of it. It
 * keeps what it was told, so that tests see what the real one would be told.
 */
export class NoServer implements WorkflowServer {
  readonly urls = {
    server: 'https://github.com', api: 'http://127.0.0.1:9', graphql: 'http://127.0.0.1:9/graphql',
    results: 'http://127.0.0.1:9/',
  };
  readonly tokens: Array<{ readonly job: JobIdentity; readonly permissions: Permissions }> = [];
  readonly revoked: string[] = [];
  readonly told: Array<Readonly<Record<string, unknown>>> = [];
  readonly claims: Array<Readonly<Record<string, string>>> = [];
  /** Nothing asks the executor, unless a test does. */
  onConnect: (requests: ApiRequests) => void = () => undefined;
  readonly #environments = new Map<string, EnvironmentRules>();

  constructor(environments: ReadonlyArray<Partial<EnvironmentRules> & { name: string }> = []) {
    for (const each of environments) this.#environments.set(each.name, this.#rules(each));
  }

  mintToken(job: JobIdentity, permissions: Permissions): string {
    this.tokens.push({ job, permissions });
    return `ghs_token_of_job_${job.jobId}`;
  }

  revokeToken(token: string): void {
    this.revoked.push(token);
  }

  mintRuntimeToken(job: JobIdentity): string {
    return `runtime.token.${job.jobId}`;
  }

  idTokenRequest(job: JobIdentity, claims: Readonly<Record<string, string>>) {
    this.claims.push(claims);
    return { url: 'http://127.0.0.1:9/id?v=1', token: `id.token.${job.jobId}` };
  }

  environment(name: string): EnvironmentRules {
    const known = this.#environments.get(name) ?? this.#rules({ name });
    this.#environments.set(name, known);
    return known;
  }

  #rules(given: Partial<EnvironmentRules> & { name: string }): EnvironmentRules {
    return { id: this.#environments.size + 1, reviewers: [], preventSelfReview: false, ...given };
  }

  runChanged(run: object): void {
    this.told.push({ what: 'run', ...run });
  }

  jobChanged(job: object): void {
    this.told.push({ what: 'job', ...job });
  }

  gateChanged(gate: object): void {
    this.told.push({ what: 'gate', ...gate });
  }

  deploymentChanged(deployment: object): void {
    this.told.push({ what: 'deployment', ...deployment });
  }

  connect(requests: ApiRequests): void {
    this.onConnect(requests);
  }
}
