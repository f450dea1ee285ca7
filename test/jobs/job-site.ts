import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArguments } from '../../src/config/arguments.ts';
import type { RawOptions } from '../../src/config/options.ts';
import type { Artifacts } from '../../src/github/artifacts.ts';
import type { Job } from '../../src/github/github.ts';
import type { JobWorld } from '../../src/jobs/run-job.ts';
import type { Site } from '../commands/approval-site.ts';
import { sha256 } from '../github/bench.ts';

/** A job's world in the directory of a site; what it reports is kept as `kind text`. */
export function jobWorld(site: Site, job: Job, changes: Partial<JobWorld> = {}): JobWorld & {
  readonly reported: readonly string[];
} {
  const reported: string[] = [];
  return {
    report: (event) => { if ('text' in event) reported.push(`${event.kind} ${event.text}`); },
    print: () => undefined, now: () => new Date(), clock: () => performance.now(),
    sleep: async (milliseconds) => { await sleep(milliseconds); },
    random: (bytes) => randomBytes(bytes).toString('hex'),
    cancel: new AbortController().signal, temporaryDirectory: site.root, by: 'hubot',
    environment: { PATH: process.env['PATH'] ?? '' }, toolVersion: '0.0.0-test',
    ask: undefined, started: () => undefined, job, artifacts: undefined, reported, ...changes,
  };
}

/** Options of a deployment to the site, with the inputs of a job. */
export function deployOptions(site: Site, release: string): RawOptions {
  return { ...parseArguments(['deploy', '--config', site.config, '--release', release]).options,
    environment: 'production', url: 'https://guestbook.example.org/' };
}

/** Artifacts that are remembered by their path; the digest is that of the name. */
export function keptArtifacts(): Artifacts & { readonly kept: readonly string[] } {
  const kept: string[] = [];
  return {
    kept,
    upload: (path) => {
      const name = path.replace(/^.*\//, '');
      kept.push(path);
      return Promise.resolve({ name, id: String(kept.length), sha256: sha256(name) });
    },
    download: () => Promise.reject(new Error('nothing is fetched here')),
  };
}
