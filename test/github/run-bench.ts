import type { Job } from '../../src/github/github.ts';
import type { Gate } from '../fakes/github/state.ts';
import type { Permissions } from '../fakes/github/tokens.ts';
import { commit, openBench, type Bench } from './bench.ts';

export const runId = 17;

/** What a job of the release's workflow may do. */
export const rights: Permissions = { actions: 'read', deployments: 'write', contents: 'write' };

/** The bench with one run of the tag, as if attempt so many of it ran now. */
export async function openRunBench(): Promise<Bench & {
  job(changes?: Partial<Omit<Job, 'github'>>, permissions?: Permissions): Promise<Job>;
  /** One review of the run, as GitHub lists it. */
  review(state: Gate['state'], user: string, more?: Partial<Gate>): void;
}> {
  const bench = await openBench();
  const { state } = bench.fake;
  const gates: Gate[] = [];
  state.runs.push({ id: runId, number: 3, name: 'release', path: '.github/workflows/release.yml',
    event: 'push', ref: 'refs/tags/v1.2.0', headSha: commit, actor: 'mona',
    createdAt: new Date(0), jobs: [], gates, attempts: [{ number: 1, triggeringActor: 'mona',
      status: 'in_progress', conclusion: null, startedAt: new Date(0), updatedAt: new Date(0) }] });
  return {
    ...bench,
    job: async (changes = {}, permissions = rights) => {
      const attempt = changes.attempt ?? 1;
      return { github: await bench.github(permissions), runId, attempt, actor: 'mona',
        triggeringActor: 'mona', sha: commit, ref: 'refs/tags/v1.2.0',
        url: `https://github.com/octo/guestbook/actions/runs/${runId}/attempts/${attempt}`,
        ...changes };
    },
    review: (reviewed, user, more = {}) => {
      gates.push({ jobId: gates.length + 1, environment: 'production', state: reviewed, user,
        comment: '', ...more });
    },
  };
}

export type RunBench = Awaited<ReturnType<typeof openRunBench>>;
