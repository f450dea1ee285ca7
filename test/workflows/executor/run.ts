import { wishOf } from './make-job-run.ts';
import type { Holder, Wish } from './concurrency.ts';
import { githubContext } from './job-facts.ts';
import type { JobRun } from './job-run.ts';
import { restricted } from './permissions.ts';
import { runJobs } from './schedule.ts';
import { together, withoutToken, type AttemptFacts, type NodeEnd } from './nodes.ts';
import type { RunFacts } from './run-facts.ts';
import type { Conclusion, Review, Status } from './server.ts';

/** Which jobs a re-run runs again; what needs them runs again with them. */
export type Again = 'all' | 'failed' | { readonly job: string };

/** Longer than a test may take: whoever waits learns what did not happen. */
const untilMs = 20_000;

/** One run of a workflow with all its attempts. */
export class Run {
  readonly facts: RunFacts;
  attempt = 0;
  triggeringActor: string;
  conclusion: Conclusion | undefined;
  /** A decision or a cancellation that came too early for a job. */
  #jobs = new Map<string, JobRun>();
  #ends: ReadonlyMap<string, NodeEnd> = new Map();
  #cancelled = false;
  #finished: Promise<void> = Promise.resolve();
  #holder: Holder | undefined;
  #wish: Wish | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(facts: RunFacts) {
    this.facts = facts;
    this.triggeringActor = facts.actor;
  }

  get id(): number {
    return this.facts.runId;
  }

  get status(): Status {
    if (this.conclusion !== undefined) return 'completed';
    const statuses = this.jobs.map((job) => job.status);
    const first = (['in_progress', 'waiting', 'pending'] as const)
      .find((each) => statuses.includes(each));
    return first ?? 'queued';
  }

  /** Every job that ran in the last attempt, and those that earlier attempts left as they were. */
  get jobs(): readonly JobRun[] {
    return [...this.#jobs.values()];
  }

  /** By key, by name on the page, or by the key's last part. Throws where there is none. */
  job(name: string): JobRun {
    const exact = this.#jobs.get(name) ?? this.jobs.find((job) => job.name === name);
    const inside = this.jobs.filter((job) => job.key.endsWith(`/${name}`));
    const found = exact ?? (inside.length === 1 ? inside[0] : undefined);
    if (found === undefined) throw new Error(`no job '${name}' ran: ${this.describe()}`);
    return found;
  }

  /** How a job ended, also one that was skipped and has no runner. */
  result(key: string): Conclusion | undefined {
    return this.#ends.get(key)?.result;
  }

  /** Outputs of a job, of its legs together, or of a called workflow. */
  outputs(key: string): Readonly<Record<string, string>> {
    return this.#ends.get(key)?.outputs ?? {};
  }

  describe(): string {
    const jobs = this.jobs.map((job) => `${job.key}: ${job.conclusion ?? job.status}`);
    return `attempt ${this.attempt} ${this.conclusion ?? this.status} [${jobs.join(', ')}]`;
  }

  begin(again: Again = 'all'): void {
    if (this.attempt > 0 && this.conclusion === undefined) throw new Error('the run still runs');
    this.attempt += 1;
    this.conclusion = undefined;
    this.#cancelled = false;
    this.#finished = this.#attempt(again);
    // `ended` tells it; nobody may be waiting yet.
    this.#finished.catch(() => this.#changed());
  }

  async #attempt(again: Again): Promise<void> {
    this.#tell();
    const ends = new Map<string, NodeEnd>();
    const previous = again === 'all' ? new Map<string, NodeEnd>() : this.#ends;
    if (again === 'all') this.#jobs = new Map();
    const facts: AttemptFacts = {
      run: this.facts, number: this.attempt, triggeringActor: this.triggeringActor,
      previous, ends, again: chooser(again),
      isCancelled: () => this.#cancelled,
      add: (job) => { this.#jobs.set(job.key, job); },
      changed: () => this.#changed(),
    };
    if (await this.#acquire()) {
      const { options, loaded, inputs } = this.facts;
      const results = await runJobs({
        attempt: facts, loaded, inputs, prefix: '', title: '', fresh: again === 'all',
        secrets: options.secrets ?? {}, environmentSecrets: true,
        allowed: options.defaultPermissions ?? restricted, callersHold: () => true,
      });
      this.#ends = new Map([...this.#ends, ...ends]);
      this.conclusion = this.#cancelled ? 'cancelled'
        : together(results.map((each) => each.result));
    } else this.conclusion = 'cancelled';
    if (this.#holder !== undefined && this.#wish !== undefined) {
      this.facts.concurrency.release(this.#wish.group, this.#holder);
    }
    this.#tell();
  }

  /** `concurrency` of the workflow. */
  async #acquire(): Promise<boolean> {
    const { facts } = this;
    const identity = { runId: facts.runId, attempt: this.attempt, jobId: 0 };
    const github = githubContext(facts,
      { identity, triggeringActor: this.triggeringActor, token: withoutToken });
    const contexts = { github, inputs: facts.inputs, vars: { ...facts.options.vars } };
    const wish = wishOf(facts.loaded.workflow.concurrency, { contexts });
    if (wish === undefined) return true;
    const holder = { cancel: () => this.cancel() };
    this.#holder = holder;
    this.#wish = wish;
    return await facts.concurrency.acquire(wish, holder) === 'go' && !this.#cancelled;
  }

  /** Waits until some job, or the named one, has a status, or until something else is so. */
  async until(what: Status | ((run: Run) => boolean), job?: string): Promise<void> {
    const isSo = typeof what === 'function' ? () => what(this) : () =>
      this.jobs.some((each) => each.status === what
        && (job === undefined || each.key === job || each.key.endsWith(`/${job}`)));
    if (isSo()) return;
    const waiting = new Promise<void>((resolve, reject) => {
      const listener = (): void => { if (isSo()) done(resolve); };
      const done = (end: () => void): void => {
        this.#listeners.delete(listener);
        clearTimeout(timer);
        end();
      };
      const fail = (why: string): void => {
        const asked = typeof what === 'function' ? what.toString() : what;
        done(() => reject(new Error(`${why} without '${asked}': ${this.describe()}`)));
      };
      const timer = setTimeout(() => fail(`${untilMs} ms`), untilMs);
      this.#listeners.add(listener);
      this.#finished.then(() => { if (!isSo()) fail('ended'); },
        (error: unknown) => done(() => reject(asError(error))));
    });
    await waiting;
  }

  /** Waits for the attempt's end. Throws where the executor could not do what was asked. */
  async ended(): Promise<this> {
    await this.#finished;
    return this;
  }

  /** Lets all jobs go on that wait for this environment now. */
  approve(environment: string, by: { readonly user: string; readonly comment?: string }): void {
    this.review(environment, { state: 'approved', comment: '', ...by });
  }

  reject(environment: string, by: { readonly user: string; readonly comment?: string }): void {
    this.review(environment, { state: 'rejected', comment: '', ...by });
  }

  review(environment: string, review: Pick<Review, 'state' | 'user' | 'comment'>): void {
    const waiting = this.jobs.filter((job) => job.status === 'waiting'
      && job.environment?.toLowerCase() === environment.toLowerCase());
    if (waiting.length === 0) throw new Error(`nothing waits for ${environment}`);
    for (const job of waiting) job.review(review);
  }

  /** Jobs whose `if` still holds go on; the others get GitHub's signals. */
  cancel(): void {
    if (this.#cancelled || this.conclusion !== undefined) return;
    this.#cancelled = true;
    if (this.#holder !== undefined && this.#wish !== undefined && this.#jobs.size === 0) {
      this.facts.concurrency.release(this.#wish.group, this.#holder);
    }
    for (const job of this.jobs) if (job.status !== 'completed' && !job.holds) job.cancel();
  }

  /** The runner of a job is gone, as if its plug were pulled. */
  killRunner(name: string): void {
    this.job(name).kill();
  }

  /** A new attempt: the same run id, commit and ref. */
  rerun(again: Again, actor = this.facts.actor): this {
    this.triggeringActor = actor;
    this.begin(again);
    return this;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #tell(): void {
    const { loaded, runId, runNumber, eventName, sha, ref, actor, server } = this.facts;
    server.runChanged({
      runId, runNumber, sha, ref, actor, event: eventName, attempt: this.attempt,
      workflowName: loaded.workflow.name, workflowPath: loaded.workflow.path,
      triggeringActor: this.triggeringActor, status: this.status,
      ...(this.conclusion === undefined ? {} : { conclusion: this.conclusion }),
    });
    this.#changed();
  }
}

function chooser(again: Again): AttemptFacts['again'] {
  if (again === 'all') return () => true;
  if (again === 'failed') return (_, conclusion) => /failure|cancelled/.test(conclusion);
  return (key) => key === again.job;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
