import { basename } from 'node:path';
import { options as table, type RawOptions } from '../config/options.ts';
import type { Artifacts } from '../github/artifacts.ts';
import type { Job } from '../github/github.ts';
import { gitCredentials } from '../github/git-credentials.ts';
import { run } from '../run.ts';
import type { Result, World } from '../commands/world.ts';
import { bringInputs } from './bring-inputs.ts';
import type { JobCommand } from './commands.ts';
import { deployAndRecord } from './deploy.ts';
import { forApprover } from './for-approver.ts';
import { handOverRehearsal, handOverRelease } from './hand-over.ts';
import { outputsOf, type Outputs } from './outputs.ts';

const pageDefault = table.find((it) => it.name === 'page')?.default;

/** A world in which a job is known, and files go from job to job. */
export interface JobWorld extends World {
  readonly job: Job;
  /** Undefined where the server has no such service: files go by path then. */
  readonly artifacts: Artifacts | undefined;
}

export interface JobEnd {
  readonly result: Result;
  readonly outputs: Outputs;
  /** Markdown for the job's summary, below the verdict of a rehearsal. */
  readonly below: string;
}

/** One command, where GitHub may be known or not. */
export async function runStep(command: JobCommand, options: RawOptions, world: World | JobWorld):
Promise<JobEnd> {
  if ('artifacts' in world) return runJob(command, options, world);
  const result = await run(command, options, world);
  return { result, outputs: outputsOf(result), below: '' };
}

/**
 * One command in a job: fetches what earlier jobs made, runs it, hands over what it made. Throws
 * what `run` throws; GitHub's refusal after production has ended is a warning, never a failure.
 */
async function runJob(command: JobCommand, given: RawOptions, world: JobWorld):
Promise<JobEnd> {
  const options = withOwnNames(command, await bringInputs(given, world));
  const result = command === 'deploy' ? await deployAndRecord(options, world)
    : await run(command, options, worldOf(command, given, world));
  const outputs = { ...outputsOf(result), ...await handOver(result, world) };
  return { result, outputs, below: forApprover(result, world.job, outputs) };
}

/** Artifacts of a run are told apart by their names, and a run may rehearse two applications. */
function withOwnNames(command: JobCommand, options: RawOptions): RawOptions {
  if (command !== 'rehearse') return options;
  const name = basename(options.release ?? '').replace(/\.tar\.gz$/, '');
  return { ...options, receipt: options.receipt ?? `${name}.receipt.json`,
    page: options.page === pageDefault ? `${name}.rehearsal.html` : options.page };
}

/** Git reaches a private repository with the job's own token, and the build never sees it. */
function worldOf(command: JobCommand, options: RawOptions, world: JobWorld): World {
  const token = options['github-token'];
  if (command !== 'package' || token === undefined) return world;
  return { ...world,
    environment: gitCredentials(world.environment, world.job.github.serverUrl, token) };
}

async function handOver(result: Result, world: JobWorld): Promise<Outputs> {
  switch (result.kind) {
    case 'packaged': return handOverRelease(result.made, world);
    case 'rehearsal': return handOverRehearsal(result, world);
    case 'summary': return { report: world.job.url };
    case 'page': case 'printed': return {};
  }
}
