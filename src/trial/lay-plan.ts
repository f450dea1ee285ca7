import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { HostFacts, Installed } from '../facts/host-facts.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedStates } from '../state/spec.ts';
import type { Context } from '../steps/context.ts';
import type { Step } from '../steps/step.ts';

/** What production has installed, as staging will have it: only the directory may be another. */
export function installedOnStaging(installed: Installed, config: Config): Installed {
  const { install } = config;
  if (install.kind !== 'releases') return installed;
  const name = installed.release.slice(installed.release.lastIndexOf('/') + 1);
  return { ...installed, release: `${install.directory}/releases/${name}` };
}

/** A context in which production's release is the one that runs and the one that is started. */
export function layContext(input: {
  readonly config: Config; readonly facts: HostFacts; readonly installed: Installed;
  readonly run: string;
}): Context {
  const { config, facts, installed, run } = input;
  return {
    config, run,
    facts: { ...facts, installed },
    target: { version: installed.version, digest: installed.digest, unpackedBytes: 0,
      archiveBytes: 0 },
    way: 'normal', repair: '', rehearsal: '', release: installed.release,
    oldRelease: installed.release,
    goingBack: undefined,
  };
}

/** A transaction without a window: nothing on staging is worth keeping. Pure. */
export function stagingPlan(context: Context, host: string, steps: readonly Step[]): Plan {
  const { config, facts, target, run } = context;
  return {
    run,
    application: config.application,
    host,
    records: config.records,
    way: 'normal',
    version: target.version,
    digest: target.digest,
    previousVersion: undefined,
    steps,
    checks: [],
    states: plannedStates(config),
    observe: config.observe,
    keep: config.keep,
    releases: '',
    path: facts.path,
    installed: '',
    expectInstalled: facts.installedSha256,
    space: [],
    procedureDigest: createHash('sha256').update('lay').digest('hex'),
  };
}
