import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { TestHost } from '../../hosts/lab.ts';
import type { JobRun } from '../executor/job-run.ts';
import type { Run } from '../executor/run.ts';
import { tell, type ChainStage } from './stage.ts';

/** Exact points of a job and of a host, at which a test stops one of them. */
const patient = { timeout: 90_000, interval: 100 };
const records = '/var/lib/seatrial/guestbook';

/** Waits until a job's log says something; the run's whole state, where it never does. */
export async function says(run: Run, job: string, words: RegExp): Promise<void> {
  const found = (): JobRun | undefined => run.jobs.find((it) => it.key.endsWith(job));
  await expect.poll(() => words.test(found()?.log ?? '') || found()?.conclusion !== undefined,
    patient).toBe(true);
  expect(found()?.log, tell(run)).toMatch(words);
}

/** What production has: code, data, the record of what is installed, and what runs. */
export function holdings(stage: ChainStage): Promise<string> {
  return stage.hosts.output(stage.hosts.production, `readlink -f /srv/guestbook/current
    cat ${records}/installed.json; cd /srv/guestbook/shared/data
    sqlite3 'file:guestbook.sqlite?mode=ro' .dump | sha256sum
    find uploads -type f -exec sha256sum {} + | sort
    systemctl is-active guestbook guestbook-worker`);
}

export function pagesOf(stage: ChainStage, tag: string):
ChainStage['github']['state']['releases'] {
  return stage.github.state.releases.filter((it) => it.tag === tag);
}

/** The deploy job fails with these words; production is not touched, and its page is a draft. */
export async function refuses(stage: ChainStage, run: Run, words: RegExp): Promise<void> {
  const before = await holdings(stage);
  expect(await stage.ends(run), tell(run)).toMatchObject({ deploy: 'failure' });
  expect(run.job('deploy').annotations.map((it) => it.message).join('\n')).toMatch(words);
  expect(await holdings(stage)).toEqual(before);
  expect(pagesOf(stage, run.facts.ref.replace('refs/tags/', ''))).toMatchObject([{ draft: true }]);
}

export interface Hold {
  /** The host stops its program once this event of its journal is on the disk: `done unpack`. */
  at(place: string): Promise<void>;
  held(): Promise<void>;
  letGo(): Promise<void>;
  /** Nothing of Seatrial runs any more on the host; the last line of its last journal. */
  finished(): Promise<string>;
  /** Kills the program of the transaction, as a full memory does. */
  killProgram(): Promise<void>;
}

export function holdOn(host: TestHost): Hold {
  const output = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await host.exec(command);
    expect({ status, stderr }, `${command}\n${stdout}`).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  };
  const isSo = (command: string) => expect.poll(async () =>
    (await host.exec(command)).status, patient).toBe(0);
  return {
    at: async (place) => { await output(`rm -f /opt/lab/held; echo '${place}' >/opt/lab/hold`); },
    held: () => isSo('test -e /opt/lab/held'),
    letGo: async () => { await output('rm -f /opt/lab/hold /opt/lab/held'); },
    async finished() {
      await isSo(`test ! -s ${records}/unfinished && flock -n ${records}/lock true &&
        flock -n ${records}/work true`);
      return output(`tail -n 1 "$(ls -d ${records}/runs/*/journal | tail -n 1)"`);
    },
    killProgram: async () => {
      await output(`kill -KILL "$(sed -n 's/^pid.//p' ${records}/lock.owner)"`);
    },
  };
}

/** Kills the action's program alone: the runner lives, and runs what comes after the step. */
export function killMain(job: JobRun): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
    .filter((pid) => read(() => readlinkSync(`/proc/${pid}/cwd`)) === job.workspace
      && read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).endsWith('/main/index.js\0'));
  expect(pids).toHaveLength(1);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

function read(what: () => string): string {
  try {
    return what();
  } catch {
    // It ended meanwhile.
    return '';
  }
}

/** Private keys below a folder. */
export function keysIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name))
    .filter((path) => read(() => readFileSync(path, 'latin1')).includes('PRIVATE KEY-----'));
}

/** `RUNNER_TEMP` of a job; the runner empties it before the next job. */
export function runnerTemp(job: JobRun): string {
  return resolve(job.workspace, '../../_temp');
}

/** Last status of a version's record on GitHub; undefined: there is no record. */
export function recorded(stage: ChainStage, version: string): string | undefined {
  const found = stage.github.state.deployments
    .filter((it) => JSON.stringify(it.payload).includes(`"${version}"`)
      || JSON.stringify(it.payload).includes(`\\"${version}\\"`));
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.statuses.at(-1)?.state;
}
