import { createHash } from 'node:crypto';
import { installedJson } from '../steps/admit.ts';
import { plannedChecks } from '../steps/checks.ts';
import { verb, type Context } from '../steps/context.ts';
import { checkProduction } from '../steps/prepare.ts';
import type { Plan, Step } from './plan.ts';

/**
 * Takes over what was installed by hand: the checks pass, and its code becomes the digested
 * baseline. A transaction like any other, with a window in which nothing is done.
 */
export function adoptPlan(context: Context, host: string, code: readonly string[]): Plan {
  const steps: Step[] = [
    ...checkProduction(context),
    {
      id: 'digest',
      title: 'Digest the code that is installed',
      back: '',
      phase: 'prepare',
      do: [verb('digest_code', ...code)],
      undo: [],
    },
    {
      id: 'record',
      title: `Record it as ${context.target.version}`,
      back: '',
      phase: 'admit',
      do: [verb('record', installedJson(context))],
      undo: [],
    },
  ];
  const { config, facts, target } = context;
  return {
    run: context.run,
    application: config.application,
    host,
    records: config.records,
    way: 'adopted',
    version: target.version,
    digest: target.digest,
    previousVersion: undefined,
    steps,
    checks: plannedChecks(context),
    states: [],
    observe: config.observe,
    keep: config.keep,
    releases: '',
    path: facts.path,
    installed: installedJson(context),
    expectInstalled: facts.installedSha256,
    space: [],
    procedureDigest: createHash('sha256').update('adopt').digest('hex'),
  };
}
