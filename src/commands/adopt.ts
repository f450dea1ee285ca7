import { SeatrialError } from '../errors.ts';
import type { RawOptions } from '../config/options.ts';
import { gatherFacts } from '../facts/gather.ts';
import { adoptPlan } from '../plan/adopt.ts';
import type { Context } from '../steps/context.ts';
import { confirm } from './confirm.ts';
import { codePaths, runningRelease } from './context.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { record, summarize } from './summary.ts';
import { busy, execute, launchOf, newRunId } from './transaction.ts';
import type { Result, World } from './world.ts';

/** Its window is empty: nobody was kept out, and nobody is told that users were. */
const untold: readonly string[] = ['window', 'commit', 'admitted'];
const plainVersion = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}$/;

/** Takes over a host that was installed by hand; changes nothing but Seatrial's own records. */
export async function adopt(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config);
  const host = chooseHost(config, options, world);
  const version = options.version ?? '';
  if (!plainVersion.test(version)) {
    throw new SeatrialError('bad-input', [{ message: `'${version}' is no version`,
      place: '--version', fix: 'Letters, digits and . _ + ~ -, a letter or digit first.' }]);
  }
  const recording = record((event) => {
    if (event.kind !== 'milestone' || !untold.includes(event.name)) world.report(event);
  });
  const acting = { config, options, host, world: { ...world, report: recording.report } };
  const summary = await withHost(host, async (transport) => {
    const facts = await gatherFacts(transport, config);
    if (facts.lock === 'held') throw busy(facts.lockOwner, options);
    if (facts.installed !== undefined) {
      throw new SeatrialError('refused', [{
        message: `${facts.installed.version} is installed by Seatrial already`,
        fix: 'Nothing needs to be adopted; look: seatrial status' }]);
    }
    const code = codePaths(config);
    const missing = code.filter((path) => facts.paths.get(path)?.type === 'missing');
    if (missing.length > 0) {
      throw new SeatrialError('refused', missing.map((path) => ({
        message: `${path} is not there, so there is nothing to adopt`,
        fix: 'Deploy the first release: seatrial deploy' })));
    }
    const approval = await confirm(acting, { words: [version, config.application],
      headline: `${config.application} on ${host.name}: what runs is taken over as ${version}`,
      means: { changes: `nothing but Seatrial's own records in ${config.records}` } });
    const context: Context = { config, facts, run: newRunId(world, facts), way: 'adopted',
      repair: '', rehearsal: 'adopted', approval,
      target: { version, digest: '@CODE@', unpackedBytes: 0, archiveBytes: 0 },
      release: runningRelease(config, facts), oldRelease: runningRelease(config, facts),
      goingBack: undefined };
    const plan = adoptPlan(context, host.name, code);
    const followed = await execute({ ...acting, transport }, plan,
      { launch: launchOf(facts, world), archive: undefined, approval });
    return summarize({ command: 'adopt', options, plan, followed, approval,
      events: recording.events });
  });
  return { kind: 'summary', summary: { ...summary, digest: undefined, places: [],
    windowSeconds: undefined } };
}
