import { SeatrialError } from '../errors.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import type { LaidPath } from '../steps/lay.ts';
import type { Step } from '../steps/step.ts';
import { installedOnStaging, layContext, makeLayPlan } from '../trial/lay-plan.ts';
import { execute, launchOf, newRunId, type Acting } from './transaction.ts';

export interface Laying {
  readonly staging: Acting;
  readonly stagingFacts: HostFacts;
  readonly productionFacts: HostFacts;
  readonly code: readonly LaidPath[];
  /** Directory on staging, or empty. */
  readonly overlay: string;
  readonly isolate: readonly Step[];
}

/**
 * Makes staging what production is, and starts it: one transaction of the host. Throws `refused`
 * with what failed; staging is closed then, and the next rehearsal begins anew.
 */
export async function layStaging(laying: Laying): Promise<void> {
  const { staging, stagingFacts, productionFacts } = laying;
  const { config, world } = staging;
  const { installed } = productionFacts;
  if (installed === undefined) throw new Error('nothing is installed on production');
  const there = installedOnStaging(installed, config);
  const context = layContext({ config, facts: stagingFacts, installed: there,
    run: newRunId(world, stagingFacts) });
  const plan = makeLayPlan({ ...laying, context,
    installed: JSON.stringify({ schema: 1, ...there }) }, staging.host.name);
  const followed = await execute(staging, plan,
    { launch: launchOf(stagingFacts, quiet(world)), archive: undefined });
  if (followed.kind === 'ended' && followed.end.end === 'done') return;
  const why = followed.kind === 'ended' ? followed.end.text : followed.kind === 'running'
    ? followed.why : 'the host does not know this run';
  throw new SeatrialError('refused', [{
    message: `staging could not be made what production is: ${why}`,
    fix: `Production was only read. What happened stands in ${config.records}/runs/${plan.run}` +
      ` on ${staging.host.name}; mend it and run rehearse again.`,
  }]);
}

/** On staging nobody waits for a reboot to be survived. */
function quiet(world: Acting['world']): Acting['world'] {
  return { ...world, report: () => undefined };
}
