import { statusOf } from './answer.ts';
import type { Job } from './github.ts';
import { asking, type Doing } from './problems.ts';

/** What the payload of our own records says: by it a later attempt finds them. */
export interface Payload {
  readonly seatrial: 1;
  readonly run: number;
  /** sha256 of the tarball. */
  readonly digest: string;
  readonly version: string;
}

export interface Found {
  readonly id: number;
  /** Undefined: not one of ours. */
  readonly payload: Payload | undefined;
  readonly environment: string;
}

/** The newest are enough: older ones of an environment are inactive since long. */
const recordsMax = 100;

function listing(job: Job): Doing {
  return { what: 'list the deployments', permission: 'deployments: write',
    repository: job.github.repository };
}

/** Newest first: of an environment, or of a commit. */
export async function recordsOf(job: Job,
  of: { readonly environment: string } | { readonly sha: string }): Promise<Found[]> {
  const { owner, name: repo } = job.github.repository;
  const { data } = await asking(listing(job), () => job.github.rest.repos.listDeployments({
    owner, repo, ...of, per_page: recordsMax }));
  return data.map((it) => ({ id: Number(it.id), payload: payloadOf(it.payload),
    environment: it.environment }));
}

export interface Status {
  readonly state: string;
  readonly logUrl: string;
}

const statusesMax = 100;

/** Newest first. */
export async function statusesOf(job: Job, id: number): Promise<Status[]> {
  const { owner, name: repo } = job.github.repository;
  const { data } = await asking(listing(job), () => job.github.rest.repos.listDeploymentStatuses({
    owner, repo, deployment_id: id, per_page: statusesMax }));
  return data.map((it) => ({ state: it.state, logUrl: it.log_url ?? '', id: Number(it.id) }))
    .sort((one, other) => other.id - one.id);
}

/**
 * How many earlier attempts of this run brought a deployment of this environment to its host.
 * Undefined where the job may not read it; nothing is asked in the first attempt.
 */
export async function attemptsRecorded(job: Job, environment: string):
Promise<number | undefined> {
  if (job.attempt === 1) return 0;
  try {
    // Of the commit: what others deployed meanwhile must not push them out of the list. The input
    // may have named the environment in another case than its settings do.
    const own = (await recordsOf(job, { sha: job.sha })).filter((it) =>
      it.payload?.run === job.runId
        && it.environment.toLowerCase() === environment.toLowerCase());
    const attempts = new Set<number>();
    for (const { id } of own) {
      for (const { logUrl } of await statusesOf(job, id)) {
        const attempt = Number(/\/attempts\/(\d{1,4})$/.exec(logUrl)?.[1] ?? NaN);
        if (attempt < job.attempt) attempts.add(attempt);
      }
    }
    return attempts.size;
  } catch (error) {
    const status = error instanceof Error ? statusOf(error.cause) : undefined;
    if (status === 403 || status === 404) return undefined;
    throw error;
  }
}

/** GitHub gives back an object, or the text that was sent. */
function payloadOf(value: unknown): Payload | undefined {
  const read: unknown = typeof value === 'string' ? parsed(value) : value;
  if (typeof read !== 'object' || read === null) return undefined;
  const { seatrial, run, digest, version } = read as Partial<Record<keyof Payload, unknown>>;
  return seatrial === 1 && typeof run === 'number' && typeof digest === 'string'
    ? { seatrial, run, digest, version: String(version) } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
