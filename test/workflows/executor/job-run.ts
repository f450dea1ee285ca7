import { setTimeout as sleep } from 'node:timers/promises';
import type { Wish } from './concurrency.ts';
import { matches } from './filters.ts';
import { annotate, runJob, type JobEnd } from './job.ts';
import { factsOf, type Leg } from './job-facts.ts';
import { JobState, type Annotation, type StepRecord } from './job-state.ts';
import { killTracked } from './processes.ts';
import type { RunFacts } from './run-facts.ts';
import type { Conclusion, EnvironmentRules, GateRecord, Status } from './server.ts';

/** The server gives a cancelled job this long, then it is ended. */
const cancelMinutes = 5;

/** What a leg waits for before its runner starts. */
export interface Before {
  readonly concurrency: Wish | undefined;
  /** Name of the environment, and whether a deployment is recorded. */
  readonly environment: { readonly name: string; readonly deployment: boolean } | undefined;
  readonly timeoutMinutes: number;
  readonly cancelTimeoutMinutes: number;
}

/** One job of one attempt, as the page shows it. */
export class JobRun {
  /** `deploy`, `release/deploy` in a called workflow, `test (20)` of a matrix. */
  readonly key: string;
  readonly name: string;
  readonly jobId: number;
  readonly attempt: number;
  readonly environment: string | undefined;
  status: Status = 'queued';
  conclusion: Conclusion | undefined;
  outputs: Readonly<Record<string, string>> = {};
  readonly #run: RunFacts;
  readonly #leg: Leg;
  readonly #before: Before;
  readonly #changed: () => void;
  readonly #holds: () => boolean;
  #state: JobState | undefined;
  #early: Annotation[] = [];
  #cancelled = false;
  #leave: (() => void) | undefined;
  #decide: ((decision: Decision) => void) | undefined;

  constructor(given: {
    readonly key: string; readonly run: RunFacts; readonly leg: Leg; readonly before: Before;
    readonly changed: () => void; readonly holds: () => boolean;
  }) {
    this.key = given.key;
    this.name = given.leg.name;
    this.jobId = given.leg.identity.jobId;
    this.attempt = given.leg.identity.attempt;
    this.environment = given.before.environment?.name;
    this.#run = given.run;
    this.#leg = given.leg;
    this.#before = given.before;
    this.#changed = given.changed;
    this.#holds = given.holds;
  }

  /** The log as people see it, masks applied. */
  get log(): string {
    return this.#state?.log.join('\n') ?? '';
  }

  get annotations(): readonly Annotation[] {
    return [...this.#early, ...this.#state?.annotations ?? []];
  }

  /** What its steps wrote to `$GITHUB_STEP_SUMMARY`, one after the other. */
  get summary(): string {
    return this.#state?.summaries.join('') ?? '';
  }

  get steps(): readonly StepRecord[] {
    return this.#state?.steps ?? [];
  }

  get permissions(): Leg['permissions'] {
    return this.#leg.permissions;
  }

  get workspace(): string {
    return this.#state?.facts.directories.workspace ?? '';
  }

  async start(): Promise<void> {
    this.#tell('queued');
    const decision = await this.#wait();
    if (decision === 'go') await this.#work();
    else this.#end({ conclusion: decision, outputs: {}, url: '' });
    this.#leave?.();
  }

  async #wait(): Promise<'go' | 'failure' | 'cancelled'> {
    const { concurrency, environment } = this.#before;
    if (this.#cancelled) return 'cancelled';
    if (concurrency !== undefined) {
      const holder = { cancel: (reason: string) => this.cancel(reason) };
      this.#leave = () => this.#run.concurrency.release(concurrency.group, holder);
      const turn = this.#run.concurrency.acquire(concurrency, holder);
      this.#tell('pending');
      if (await turn === 'replaced') {
        if (!this.#cancelled) {
          this.#note(`Canceling since a higher priority waiting request for ${concurrency.group} `
            + 'exists');
        }
        return 'cancelled';
      }
    }
    return environment === undefined ? 'go' : this.#pass(environment.name);
  }

  async #pass(environment: string): Promise<'go' | 'failure' | 'cancelled'> {
    const rules = this.#run.server.environment(environment);
    if (!mayDeploy(rules, this.#run.ref)) {
      const [kind, name] = this.#run.ref.replace(/^refs\//, '').split(/\/(.*)/);
      this.#note(`${kind === 'tags' ? 'Tag' : 'Branch'} "${name ?? ''}" is not allowed to deploy `
        + `to ${environment} due to environment protection rules.`);
      return 'failure';
    }
    if (rules.reviewers.length === 0) return 'go';
    const decided = new Promise<Decision>((decide) => { this.#decide = decide; });
    this.#gate(environment, { state: 'waiting' });
    this.#tell('waiting');
    const decision = await decided;
    this.#decide = undefined;
    this.#gate(environment, decision);
    if (decision.state !== 'approved') {
      this.#note(decision.state === 'rejected' ? `The deployment was rejected: ${decision.comment}`
        : 'The operation was canceled.');
      return decision.state === 'rejected' ? 'failure' : 'cancelled';
    }
    return 'go';
  }

  /** Someone decided at the gate. Throws where this user may not, as the API refuses it. */
  review(decision: Extract<Decision, { user: string }>): void {
    const rules = this.#run.server.environment(this.environment ?? '');
    if (!rules.reviewers.includes(decision.user)) {
      throw new Error(`${decision.user} is no reviewer of ${rules.name}`);
    }
    if (rules.preventSelfReview && decision.user === this.#leg.triggeringActor) {
      throw new Error(`${decision.user} started the run: ${rules.name} prevents self-review`);
    }
    this.#decide?.(decision);
  }

  async #work(): Promise<void> {
    const { definition, loaded } = this.#leg;
    if (definition.does.kind !== 'steps') throw new TypeError('a call has no runner');
    const facts = factsOf(this.#run, this.#leg);
    const state = new JobState(facts);
    this.#state = state;
    const secret = [...Object.values(this.#leg.secrets), this.#leg.token,
      facts.actionEnv.ACTIONS_RUNTIME_TOKEN, facts.idTokenEnv.ACTIONS_ID_TOKEN_REQUEST_TOKEN];
    for (const value of secret) if (value !== undefined) state.masks.add(value);
    state.onLog(this.#changed);
    this.#tell('in_progress');
    this.#deployment('in_progress', '');
    const timer = this.#timeout(state);
    if (this.#cancelled) this.#cancelState(state);
    try {
      const end = await runJob(state, { body: definition.does, workflowEnv: loaded.workflow.env });
      this.#deployment(end.conclusion === 'success' ? 'success' : 'failure', end.url);
      this.#end(end);
    } finally {
      clearTimeout(timer);
      this.#run.server.revokeToken(this.#leg.token);
    }
  }

  #timeout(state: JobState): NodeJS.Timeout {
    const minutes = this.#before.timeoutMinutes;
    const timer = setTimeout(() => {
      const message = `The job has exceeded the maximum execution time of ${minutes}m0s`;
      annotate(state, { kind: 'error', message, step: 'Complete job' });
      this.#cancelState(state);
    }, Math.min(minutes * state.facts.minuteMs, 2 ** 31 - 1));
    return timer.unref();
  }

  /** Whether its `if` still holds although the run is cancelled: then it is left alone. */
  get holds(): boolean {
    return this.#holds();
  }

  cancel(reason?: string): void {
    if (this.status === 'completed' || this.#cancelled) return;
    this.#cancelled = true;
    if (reason !== undefined) this.#note(reason);
    this.#decide?.({ state: 'cancelled' });
    if (this.#state === undefined) this.#leave?.();
    else this.#cancelState(this.#state);
  }

  #cancelState(state: JobState): void {
    state.cancel();
    const given = this.#before.cancelTimeoutMinutes;
    const minutes = given > 0 ? given : cancelMinutes;
    void sleep(minutes * 60_000 * state.facts.timeFactor, undefined, { ref: false })
      .then(() => { if (this.status !== 'completed') this.kill(); });
  }

  /** The runner's machine is gone: no signal that could be caught, no post, nothing. */
  kill(): void {
    if (this.#state === undefined || this.status === 'completed') return;
    this.#state.killed = true;
    killTracked(this.#state.facts.trackingId);
  }

  #end(end: Omit<JobEnd, 'conclusion'> & { readonly conclusion: Conclusion }): void {
    this.conclusion = end.conclusion;
    this.outputs = end.outputs;
    this.#tell('completed');
  }

  #note(message: string): void {
    this.#early.push({ kind: 'error', message, properties: {}, step: 'Set up job' });
  }

  #tell(status: Status): void {
    this.status = status;
    const { conclusion } = this;
    this.#run.server.jobChanged({
      ...this.#leg.identity, name: this.name, status,
      ...(conclusion === undefined ? {} : { conclusion }),
    });
    this.#changed();
  }

  #gate(environment: string, gate: Pick<GateRecord, 'state' | 'user' | 'comment'>): void {
    this.#run.server.gateChanged({ ...this.#leg.identity, environment, ...gate });
  }

  #deployment(state: 'in_progress' | 'success' | 'failure', url: string): void {
    const { environment } = this.#before;
    if (environment === undefined || !environment.deployment) return;
    const { sha, ref } = this.#run;
    this.#run.server.deploymentChanged({
      ...this.#leg.identity, environment: environment.name, sha, ref, url, state,
    });
  }
}

export type Decision =
  | { readonly state: 'approved' | 'rejected'; readonly user: string; readonly comment: string }
  | { readonly state: 'cancelled' };

function mayDeploy({ allowed }: EnvironmentRules, ref: string): boolean {
  if (allowed === undefined) return true;
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  return matches(ref.startsWith('refs/tags/') ? allowed.tags : allowed.branches, name);
}
