import { SeatrialError, type Problem } from '../errors.ts';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { gatherFacts } from '../facts/gather.ts';
import type { HostFacts, Installed } from '../facts/host-facts.ts';
import { makePlan } from '../plan/make-plan.ts';
import { preflight } from '../plan/preflight.ts';
import type { Context } from '../steps/context.ts';
import { identityOf, titleOf } from '../state/spec.ts';
import { confirm, type Question } from './confirm.ts';
import { runningRelease } from './context.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { record, summarize } from './summary.ts';
import { busy, execute, finishDead, launchOf, newRunId, type Acting } from './transaction.ts';
import type { Result, World } from './world.ts';

/** A person decides to go back after users were let in; a transaction like a deployment. */
export async function rollback(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config);
  const host = chooseHost(config, options, world);
  const recording = record(world.report);
  const summary = await withHost(host, async (transport) => {
    const acting: Acting = { config, options, host, transport,
      world: { ...world, report: recording.report } };
    const facts = await factsFor(acting);
    const context = rollbackContext({ config, facts, options, run: newRunId(world, facts) });
    const problems = preflight({ config, facts, first: false, arrivingBytes: 0 });
    if (problems.length > 0) throw new SeatrialError('refused', problems);
    const approval = await confirm(acting, rollbackQuestion(context, host.name));
    const plan = makePlan({ ...context, approval }, host.name);
    const followed = await execute(acting, plan,
      { launch: launchOf(facts, world), archive: undefined, approval });
    return summarize({ command: 'rollback', options, plan, followed, approval,
      events: recording.events });
  });
  return { kind: 'summary', summary };
}

function rollbackQuestion({ config, target, goingBack }: Context, host: string): Question {
  const { version = '', installedAt = '' } = goingBack?.from ?? {};
  return {
    headline: `${config.application} on ${host}: back from ${version} to ${target.version}`,
    means: { state: goingBack?.withState === true
      ? `goes back as well: what users wrote since ${installedAt} is kept aside, and no longer ` +
        'served'
      : 'stays as it is: the old code meets the new data' },
    words: [target.version, config.application],
  };
}

async function factsFor(acting: Acting): Promise<HostFacts> {
  const facts = await gatherFacts(acting.transport, acting.config);
  if (facts.lock === 'held') throw busy(facts.lockOwner, acting.options);
  return await finishDead(acting, facts) === undefined
    ? facts : gatherFacts(acting.transport, acting.config);
}

/** What to go back to, and with what; throws with everything that is missing or undecided. */
export function rollbackContext(input: {
  readonly config: Config; readonly facts: HostFacts; readonly options: RawOptions;
  readonly run: string;
}): Context {
  const { config, facts, options, run } = input;
  const from = facts.installed;
  if (from === undefined) {
    throw new SeatrialError('refused', [{ message: 'nothing was deployed by Seatrial here',
      fix: 'Look: seatrial status' }]);
  }
  const to = targetOf(facts, from, options.to);
  const problems = [...choiceProblems(options, from), ...targetProblems(input, from, to)];
  if (problems.length > 0 || to === undefined) throw new SeatrialError('refused', problems);
  return {
    config: config.install.kind === 'releases' ? config : fromKept(config, facts, from),
    facts, run, way: 'rollback', repair: 'a person goes back',
    target: { version: to.version, digest: to.digest, unpackedBytes: 0, archiveBytes: 0 },
    release: to.release,
    oldRelease: runningRelease(config, facts),
    rehearsal: 'a rollback',
    goingBack: { from, withState: options['with-state'] },
  };
}

/** The release before the running one, or the newest of the version that is asked for. */
function targetOf(facts: HostFacts, from: Installed, version: string | undefined):
Installed | undefined {
  const older = facts.history.filter((it) => it.run < from.run);
  return version === undefined ? older[0] : older.find((it) => it.version === version);
}

function choiceProblems(options: RawOptions, from: Installed): Problem[] {
  if (options['with-state'] !== options['code-only']) return [];
  return [{
    message: 'going back after users were let in needs a decision about the state',
    fix: `--with-state puts back the state of before ${from.version} (what users wrote since ` +
      `${from.installedAt} is kept aside, and is no longer served); --code-only leaves the state ` +
      'as it is (old code meets new data).',
  }];
}

function targetProblems(input: { readonly config: Config; readonly facts: HostFacts;
  readonly options: RawOptions; }, from: Installed, to: Installed | undefined): Problem[] {
  const { config, facts, options } = input;
  if (to === undefined) {
    return [{ message: options.to === undefined ? `there is no good release before ${from.version}`
      : `${options.to} is no good release of before ${from.version}`,
    fix: `Good ones: ${facts.history.map((it) => it.version).join(', ')}.` }];
  }
  const rescues = facts.rescues.get(from.run) ?? [];
  const lost = options['with-state']
    ? config.state.filter((state) => !rescues.some((it) => it.kind === state.kind
      && it.path === identityOf(state))) : [];
  const code = config.install.kind === 'releases' ? [] : config.install.replaces
    .filter((it) => !rescues.some((kept) => kept.kind === 'code' && kept.path === it.path));
  const skips = config.install.kind === 'in-place' || options['with-state'];
  const previous = facts.history.filter((it) => it.run < from.run)[0];
  return [
    ...(config.install.kind === 'releases' && facts.gone.has(to.release) ? [{
      message: `${to.release} is gone from the host`,
      fix: `Deploy the tarball of ${to.version} instead, or go back to another: --to <version>.` }]
      : []),
    ...lost.map((state) => ({ message: `no rescue copy of ${titleOf(state)} from before ` +
      `${from.version} is kept`, fix: 'Go back with --code-only, or from a backup of your own.' })),
    ...code.map((it) => ({
      message: `the code of ${it.path} from before ${from.version} is not kept`,
      fix: 'Deploy the tarball of the older version instead.' })),
    ...(skips && previous !== to ? [{
      message: `${to.version} is not the release before ${from.version}`,
      fix: 'Go back one release at a time: state and replaced paths belong together.' }] : []),
  ];
}

/** In place, the kept trees play the part of the new release. */
function fromKept(config: Config, facts: HostFacts, from: Installed): Config {
  if (config.install.kind !== 'in-place') return config;
  const rescues = facts.rescues.get(from.run) ?? [];
  const replaces = config.install.replaces.map((it) => ({
    path: it.path,
    from: rescues.find((kept) => kept.kind === 'code' && kept.path === it.path)?.place ?? '',
  }));
  return { ...config, install: { ...config.install, replaces, run: undefined, migrate: [] } };
}
