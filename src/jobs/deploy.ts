import type { RawOptions } from '../config/options.ts';
import { openDeployment } from '../github/deployments.ts';
import type { Deployment } from '../github/deployments.ts';
import { readRelease } from '../package/release.ts';
import { run } from '../run.ts';
import type { Result } from '../commands/world.ts';
import type { Summary } from '../report/events.ts';
import type { JobWorld } from './run-job.ts';

/**
 * Deploys, with a record on GitHub from the moment that the host began. The record follows
 * production and never holds it up: where GitHub refuses, a warning says so.
 */
export async function deployAndRecord(options: RawOptions, world: JobWorld): Promise<Result> {
  const { manifest } = await readRelease(options.release ?? '');
  const open = (): Promise<Deployment | undefined> => openRecord(options, world,
    { version: manifest.version, digest: manifest.archive.sha256 });
  let record: Promise<Deployment | undefined> | undefined;
  const started: JobWorld['started'] = (runId, where) => {
    record ??= open();
    world.started(runId, where);
  };
  try {
    const result = await run('deploy', options, { ...world, started });
    if (result.kind !== 'summary') return result;
    const { end, reason = '' } = result.summary;
    // The job that deployed it may have died before it could say so.
    if (end === 'unchanged') record ??= open();
    await close(world, await record, end, reason);
    return result;
  } catch (error) {
    await close(world, await record, 'running', 'the job failed; the host goes on by itself');
    throw error;
  }
}

/** What the host did, for the record that a killed job left open. */
export async function recordEnd(options: RawOptions, world: JobWorld, summary: Summary):
Promise<void> {
  const { version, digest, end, reason = '' } = summary;
  if (version === undefined || digest === undefined) return;
  await close(world, await openRecord(options, world, { version, digest }), end, reason);
}

/** The record is of production: what came to staging is none of it. */
function openRecord(options: RawOptions, world: JobWorld,
  release: { readonly version: string; readonly digest: string }): Promise<Deployment | undefined> {
  if (options.host !== 'production') return Promise.resolve(undefined);
  return quietly(world, openDeployment(world.job, { ...release,
    environment: options.environment, url: options.url ?? '' }));
}

async function close(world: JobWorld, record: Deployment | undefined,
  ...[end, text]: Parameters<Deployment['end']>): Promise<void> {
  const warning = await record?.end(end, text);
  if (warning !== undefined) world.report({ kind: 'warning', text: warning });
}

async function quietly(world: JobWorld, opening: Promise<Deployment>):
Promise<Deployment | undefined> {
  try {
    return await opening;
  } catch (error) {
    world.report({ kind: 'warning', text: 'no record of this deployment on GitHub: ' +
      (error instanceof Error ? error.message : String(error)) });
    return undefined;
  }
}
