import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { copyToStaging } from '../copy/copy.ts';
import type { CopyRecord } from '../copy/records.ts';
import { codePaths, wantedCopies } from '../copy/wanted.ts';
import type { Context } from '../steps/context.ts';
import type { LaidPath } from '../steps/lay.ts';
import type { CopiedState } from '../trial/rehearsal.ts';
import { titleOf } from '../state/spec.ts';
import type { Pair, Seen } from './rehearse-look.ts';

export interface Brought {
  readonly data: readonly CopiedState[];
  readonly code: readonly LaidPath[];
  readonly records: readonly CopyRecord[];
}

/** Production's data and code, pristine and masked, on staging. Throws `refused`, `cancelled`. */
export async function bringCopy(pair: Pair, seen: Seen, context: Context): Promise<Brought> {
  const { production, staging } = pair;
  const { options, world, config } = production;
  const { productionFacts: facts } = seen;
  world.report({ kind: 'phase', text: 'copying production to staging' });
  const release = facts.installed?.release ?? '';
  const records = await copyToStaging({
    production: { ...production, machine: facts.machine, release,
      installed: facts.installedSha256 },
    staging, run: context.run, report: world.report, cancel: world.cancel,
    clock: () => world.now().getTime(), fresh: options.fresh,
    readFile: (path) => readFile(resolve(dirname(options.config), path), 'utf8'),
  });
  const wanted = { config, stagingConfig: staging.config, release };
  const places = new Map(codePaths(wanted).map((it) => [it.label, it.staging]));
  const code = wantedCopies(wanted).filter((it) => places.has(it.label)).map((it) => ({
    title: it.title, spec: it.stagingSpec, label: it.label, place: places.get(it.label) ?? '' }));
  return { records, code, data: records.flatMap((it) => copied(pair, it)) };
}

function copied({ production: { config } }: Pair, record: CopyRecord): CopiedState[] {
  const state = config.state.find((_, index) => record.label === `state${index + 1}`);
  if (state === undefined) return [];
  return [{
    name: state.name, kind: state.kind, title: titleOf(state),
    copiedAt: new Date(record.copiedAt).toISOString(), takenFrom: state.copyFrom.kind,
    route: config.copy.route, bytes: record.bytes, seconds: record.seconds,
    masked: record.mask !== '', reused: record.reused === true,
  }];
}
