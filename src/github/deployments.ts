import { setTimeout as sleepFor } from 'node:timers/promises';
import { SeatrialError, type End } from '../errors.ts';
import { isUnsure } from './answer.ts';
import { recordsOf, statusesOf, type Payload } from './deployments-records.ts';
import type { Job } from './github.ts';
import { oneLine } from './one-line.ts';
import { asking, githubError, type Doing } from './problems.ts';

/** The record of one deployment on GitHub's deployments page. */
export interface Deployment {
  readonly id: number;
  /**
   * Writes the last status: `done` and `unchanged` success, and every other record of the
   * environment that says so becomes inactive; `running` in_progress; everything else failure.
   * Never throws: production has already ended, so that what GitHub refuses is a warning, which
   * this gives back.
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

interface Opened {
  readonly job: Job;
  readonly wanted: DeploymentWanted;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

type State = 'in_progress' | 'success' | 'failure' | 'inactive';

const triesMax = 4;
const firstWaitMs = 1_000;

function recording({ job }: Opened): Doing {
  return { what: 'record this deployment', permission: 'deployments: write',
    repository: job.github.repository };
}

/**
 * Finds this run's record of an earlier attempt, or makes one; its status is in_progress.
 * Throws `refused` with the words for what GitHub answered.
 */
export async function openDeployment(job: Job, wanted: DeploymentWanted,
  sleep: Opened['sleep'] = sleepFor): Promise<Deployment> {
  const opened = { job, wanted, sleep };
  const id = await findRecord(opened) ?? await makeRecord(opened);
  await asking(recording(opened), () =>
    say(opened, { id, state: 'in_progress', text: 'the host installs it' }));
  return { id, end: (end, text) => endRecord(opened, { id, end, text }) };
}

/** Of the same bytes too: a run that was started again may have packed others. */
async function findRecord({ job, wanted }: Opened): Promise<number | undefined> {
  const records = await recordsOf(job, { environment: wanted.environment });
  return records.find(({ payload }) =>
    payload?.run === job.runId && payload.digest === wanted.digest)?.id;
}

/** Where GitHub could not say whether it made the record, it is looked for before the next try. */
async function makeRecord(opened: Opened): Promise<number> {
  return asking(recording(opened), async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await postRecord(opened);
      } catch (error) {
        if (!isUnsure(error) || tries >= triesMax) throw error;
        await opened.sleep(firstWaitMs * 2 ** (tries - 1));
        const made = await findRecord(opened);
        if (made !== undefined) return made;
      }
    }
  });
}

/**
 * Of the commit, not of the tag, which may have moved since. No status of the commit is asked for
 * and nothing is merged: GitHub does both by default.
 */
async function postRecord({ job, wanted }: Opened): Promise<number> {
  const { owner, name: repo } = job.github.repository;
  const { environment, version, digest } = wanted;
  const payload: Payload = { seatrial: 1, run: job.runId, digest, version };
  const { data } = await job.github.rest.repos.createDeployment({
    owner, repo, environment, ref: job.sha, auto_merge: false, required_contexts: [],
    production_environment: true, transient_environment: false, payload: { ...payload },
    description: described(`${version}, sha256:${digest.slice(0, 12)}`),
  });
  if (!('id' in data)) throw new Error('GitHub merged instead of making a deployment');
  return Number(data.id);
}

/** A status that stands there twice says the same. */
async function say({ job, wanted, sleep }: Opened, said: {
  readonly id: number; readonly state: State; readonly text: string;
}): Promise<void> {
  const { owner, name: repo } = job.github.repository;
  const url = pageUrl(wanted.url);
  for (let tries = 1; ; tries += 1) {
    try {
      await job.github.rest.repos.createDeploymentStatus({
        owner, repo, deployment_id: said.id, state: said.state, log_url: job.url,
        description: described(`${wanted.version}: ${said.text}`),
        auto_inactive: false, ...(url === undefined ? {} : { environment_url: url }),
      });
      return;
    } catch (error) {
      if (!isUnsure(error) || tries >= triesMax) throw error;
      await sleep(firstWaitMs * 2 ** (tries - 1));
    }
  }
}

const stateOf: Readonly<Record<End, State>> = {
  done: 'success', unchanged: 'success', running: 'in_progress', restored: 'failure',
  refused: 'failure', 'needs-human': 'failure', cancelled: 'failure', busy: 'failure',
  degraded: 'failure',
};

async function endRecord(opened: Opened, ended: {
  readonly id: number; readonly end: End; readonly text: string;
}): Promise<string | undefined> {
  const { id, end } = ended;
  const text = ended.text === '' ? end : `${end}, ${ended.text}`;
  const state = stateOf[end];
  try {
    await say(opened, { id, state, text });
    if (state === 'success') await retireOthers(opened, id);
    return undefined;
  } catch (error) {
    const told = githubError(error, recording(opened));
    const [problem] = told instanceof SeatrialError ? told.problems : [];
    return `${problem?.message ?? `the deployment was not recorded: ${String(error)}`}; ` +
      `production is as its end says. ${problem?.fix ?? ''}`.trim();
  }
}

const othersMax = 30;

/**
 * GitHub's own rule (`auto_inactive`) leaves out environments that are production: the records of
 * what ran before would say for ever that they are live. Only those that succeeded are meant, as
 * by that rule.
 */
async function retireOthers(opened: Opened, id: number): Promise<void> {
  const { job, wanted } = opened;
  const others = (await recordsOf(job, { environment: wanted.environment }))
    .filter((it) => it.id !== id);
  for (const other of others.slice(0, othersMax)) {
    const [last] = await statusesOf(job, other.id);
    if (last?.state !== 'success') continue;
    await say({ ...opened, wanted: { ...wanted, url: '' } }, { id: other.id, state: 'inactive',
      text: 'took its place' });
  }
}

const descriptionMax = 140;

/** GitHub refuses a longer one. It counts what JavaScript counts, which is never too little. */
function described(text: string): string {
  const line = oneLine(text, descriptionMax);
  return line.slice(0, descriptionMax).replace(/[\ud800-\udbff]$/, '');
}

/** GitHub makes a link of it: only what a browser opens as a page, and without a password. */
function pageUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === ''
    ? url.href : undefined;
}
