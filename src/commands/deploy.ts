import { SeatrialError } from '../errors.ts';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { currentLink, gatherFacts } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { readRelease, type Release } from '../package/release.ts';
import { makePlan, renderPlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { preflight } from '../plan/preflight.ts';
import type { Summary } from '../report/events.ts';
import { printedJson } from '../report/json.ts';
import { plainText } from '../report/text.ts';
import { codePaths, deployContext, runningRelease } from './context.ts';
import { gateProblems, passGates } from './approval-gate.ts';
import { rehearsalNote } from './receipt-gate.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { plainSummary, record, summarize, type Recording } from './summary.ts';
import { busy, execute, finishDead, launchOf, newRunId, titlesOnHost, watchRun, type Acting }
  from './transaction.ts';
import type { Result, World } from './world.ts';

/** Installs a release; on any failure before users are let in, production is as before. */
export async function deploy(options: RawOptions, world: World): Promise<Result> {
  const { config, release } = await inputs(options);
  const host = chooseHost(config, options, world);
  const recording = record(world.report);
  const summary = await withHost(host, (transport) => deployTo({
    acting: { config, options, world: { ...world, report: recording.report }, host, transport },
    release,
    recording,
  }));
  return { kind: 'summary', summary };
}

/** Shows what `deploy` would run on the host now; asks for facts only. */
export async function plan(options: RawOptions, world: World): Promise<Result> {
  const { config, release } = await inputs(options);
  const host = chooseHost(config, options, world);
  const made = await withHost(host, async (transport) => {
    const facts = await gatherFacts(transport, config);
    const acting = { config, options, world, host, transport };
    const bound = planFor(acting, facts, { release });
    for (const it of await gateProblems(acting, facts, { plan: bound, release })) {
      world.report({ kind: 'warning', text: `deploy would refuse: ${it.message}` });
    }
    return bound;
  });
  world.print(options.json ? printedJson(made) : plainText(renderPlan(made)));
  return { kind: 'printed' };
}

export async function inputs(options: RawOptions): Promise<{ config: Config; release: Release }> {
  const config = loadConfig(options.config);
  const release = await readRelease(options.release ?? '');
  if (release.manifest.application !== config.application) {
    throw new SeatrialError('bad-input', [{
      message: `the release is of ${release.manifest.application}, and the configuration of ` +
        config.application,
      place: options.release ?? '',
      fix: 'Name the release and the configuration of one application.',
    }]);
  }
  return { config, release };
}

interface Deployment {
  readonly acting: Acting;
  readonly release: Release;
  readonly recording: Recording;
}

async function deployTo(deployment: Deployment): Promise<Summary> {
  const { acting, release } = deployment;
  const { world, config } = acting;
  world.report({ kind: 'phase', text: `looking at ${acting.host.name}` });
  const facts = await currentFacts(acting);
  if (facts.lock === 'held') return joinOrRefuse(deployment, facts);
  if (isUnchanged(config, facts, release)) {
    return plainSummary({ command: 'deploy', end: 'unchanged', application: config.application,
      host: acting.host.name, version: release.manifest.version,
      digest: release.manifest.archive.sha256, serving: release.manifest.version,
      run: facts.installed?.run });
  }
  if (facts.failed[0] !== undefined && facts.failedText !== '') {
    world.report({ kind: 'note', text: `the last failure here was ${facts.failedText} ` +
      `(kept in ${config.records}/failed/${facts.failed[0]})` });
  }
  const approval = await passGates(acting, facts,
    { plan: planFor(acting, facts, { release }), release });
  // Who approved stands in the record that the plan writes: it is made once more.
  const made = planFor(acting, facts, { release, approval });
  const followed = await execute(acting, made,
    { launch: launchOf(facts, world), archive: release.archivePath, approval });
  return summarize({ command: 'deploy', options: acting.options, plan: made, followed, approval,
    events: deployment.recording.events });
}

/** Facts of a host on which nothing is left unfinished. */
async function currentFacts(acting: Acting): Promise<HostFacts> {
  const facts = await gatherFacts(acting.transport, acting.config);
  const finished = await finishDead(acting, facts);
  if (finished === undefined) return facts;
  acting.world.report({ kind: 'note', text: `the dead transaction ended: ${finished}` });
  return gatherFacts(acting.transport, acting.config);
}

/** The same release is being installed: watch it. Another one: busy. */
async function joinOrRefuse(deployment: Deployment, facts: HostFacts): Promise<Summary> {
  const { acting, release } = deployment;
  const { run = '', digest } = facts.lockOwner;
  if (digest !== release.manifest.archive.sha256) throw busy(facts.lockOwner, acting.options);
  acting.world.report({ kind: 'note',
    text: `this release is being installed: attaching to ${run}` });
  acting.world.started(run, acting.options.host);
  const titles = await titlesOnHost(acting, run);
  const followed = await watchRun(acting, { run, titles, launch: launchOf(facts, acting.world) });
  const made = { ...planFor(acting, { ...facts, lock: 'free' }, { release }), run };
  return summarize({ command: 'deploy', options: acting.options, plan: made, followed,
    events: deployment.recording.events });
}

/** It is installed, and what it installed is still there. */
export function isUnchanged(config: Config, facts: HostFacts, release: Release): boolean {
  const { installed } = facts;
  if (installed?.digest !== release.manifest.archive.sha256) return false;
  return currentLink(config) === ''
    ? codePaths(config).every((path) => facts.paths.get(path)?.type !== 'missing')
    : runningRelease(config, facts) === installed.release
      && facts.paths.get(currentLink(config))?.exists === true;
}

export function planFor(acting: Acting, facts: HostFacts, input: {
  readonly release: Release; readonly approval?: string | undefined;
}): Plan {
  const { release, approval } = input;
  const { config, options, world } = acting;
  const { archive, version } = release.manifest;
  const target = { version, digest: archive.sha256, unpackedBytes: release.unpackedBytes,
    archiveBytes: archive.bytes };
  const context = deployContext({ config, facts, target, run: newRunId(world, facts),
    repair: options.repair ?? '', rehearsal: rehearsalNote(acting), approval });
  const problems = preflight({ config, facts, first: context.way === 'first',
    arrivingBytes: target.archiveBytes + target.unpackedBytes * 2 });
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  return makePlan(context, acting.host.name);
}
