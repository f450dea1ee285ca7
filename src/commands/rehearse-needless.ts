import { gatherFacts } from '../facts/gather.ts';
import type { Release } from '../package/release.ts';
import type { Summary } from '../report/events.ts';
import { wayOf } from './context.ts';
import { isUnchanged } from './deploy.ts';
import type { Pair } from './rehearse-look.ts';
import { plainSummary } from './summary.ts';

/**
 * A rehearsal that could show nothing ends `unchanged`, without a receipt and without touching
 * staging: production has nothing yet (its first deployment needs no receipt), or runs this very
 * release (a job that is run again after its end). With --fresh the second one is rehearsed all
 * the same: a restore drill.
 */
export async function needlessRehearsal({ production }: Pair, release: Release):
Promise<Summary | undefined> {
  const { config, options, host, transport } = production;
  const facts = await gatherFacts(transport, config);
  if (facts.lock === 'held' || facts.unfinished !== undefined) return undefined;
  const same = !options.fresh && isUnchanged(config, facts, release);
  const first = facts.installed === undefined && wayOf(config, facts) === 'first';
  if (!same && !first) return undefined;
  const { version, archive } = release.manifest;
  return plainSummary({
    command: 'rehearse', end: 'unchanged', application: config.application, host: host.name,
    version, digest: archive.sha256, serving: facts.installed?.version,
    reason: first
      ? 'nothing is installed on production yet, so there is nothing to rehearse on; the first ' +
        'deployment needs no receipt'
      : 'production runs this release already; rehearse it all the same with --fresh',
  });
}
