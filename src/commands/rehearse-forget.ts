import { readFileSync } from 'node:fs';
import type { RawOptions } from '../config/options.ts';
import { parseStagingConfig } from '../config/parse.ts';
import { expireCopies } from '../copy/copy.ts';
import { wantedCopies } from '../copy/wanted.ts';
import { command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import { gatherFacts } from '../facts/gather.ts';
import type { HostFacts, Installed } from '../facts/host-facts.ts';
import { letGo } from '../plan/isolation.ts';
import { plainLine } from '../report/text.ts';
import { forget } from '../steps/forget.ts';
import { layContext } from '../trial/lay-plan.ts';
import { chooseHost, withHost } from './host.ts';
import { carryOut } from './rehearse-lay.ts';
import { busy, finishDead, newRunId, type Acting } from './transaction.ts';
import type { Result, World } from './world.ts';

/** `rehearse --forget`: nothing of production is left on staging. May be repeated. */
export async function forgetCopy(options: RawOptions, world: World): Promise<Result> {
  const config = parseStagingConfig(readFileSync(options.config, 'utf8'), options.config);
  const host = chooseHost(config, { ...options, host: 'staging' }, world);
  return withHost(host, async (transport): Promise<Result> => {
    const staging: Acting = { config, world, host, transport,
      options: { ...options, host: 'staging' } };
    const gone = await forgetOn(staging);
    world.print(`${plainLine(told(host.name, gone))}\n`);
    return { kind: 'printed' };
  });
}

/**
 * Gives the names of the copies that were kept there; undefined where nothing was done, since no
 * rehearsal was ever made there: a host that is named by mistake may be production.
 */
async function forgetOn(staging: Acting): Promise<string[] | undefined> {
  const { transport, config, world } = staging;
  const facts = await gatherFacts(transport, config, 'staging');
  if (facts.lock === 'held') throw busy(facts.lockOwner, staging.options);
  if (!await holdsCopy(staging)) return undefined;
  await finishDead(staging, facts);
  const run = newRunId(world, facts);
  const gone = await expireCopies({ transport, config, run, now: world.now().getTime(),
    all: true });
  const context = layContext({ config, facts, run, installed: installedOr(facts, config) });
  const code = wantedCopies({ config, stagingConfig: config, release: '' })
    .filter((it) => !it.label.startsWith('state'));
  await carryOut(staging, context, forget(context, code.map((it) => ({ title: it.title,
    spec: it.stagingSpec }))));
  // Only now may the application's users reach out again.
  await transport.run(letGo(config, facts));
  return gone;
}

function told(host: string, gone: readonly string[] | undefined): string {
  if (gone === undefined) return `${host} holds no copy of production; nothing was touched`;
  return gone.length === 0
    ? `${host} held no copy of production; what rehearsals left there is removed`
    : `removed from ${host}: ${gone.join(', ')}, and all that rehearsals left there`;
}

/** The mark that the first act of a rehearsal leaves, and the last one of this command takes. */
async function holdsCopy({ transport, config }: Acting): Promise<boolean> {
  const { outcome } = await transport.run(command('test', '-e', `${config.records}/copied`));
  if (outcome.kind === 'exited' && outcome.status <= 1) return outcome.status === 0;
  throw new SeatrialError('refused', [{
    message: `${transport.name} did not tell whether it holds a copy of production`,
    fix: 'Nothing was touched; look at the connection and run it again.',
  }]);
}

/** A rehearsal may have ended before it laid anything. */
function installedOr(facts: HostFacts, { application }: { application: string }): Installed {
  return facts.installed ?? { application, version: 'none', digest: '', release: '', run: '',
    installedAt: '', way: '' };
}
