import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import { gatherFacts, type Where } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { installScript } from '../plan/host-install.ts';
import { isolationProblems } from '../plan/isolation.ts';
import { preflight } from '../plan/preflight.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { bootUnitText } from './status.ts';
import type { Result, World } from './world.ts';

const installTimeoutMs = 60_000;

/** Looks whether a host is ready; with --install, prepares it or prints what root must run. */
export async function doctor(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config, options.host);
  const host = chooseHost(config, options, world);
  return withHost(host, async (transport): Promise<Result> => {
    const facts = await gatherFacts(transport, config, options.host);
    if (!options.install) return look({ config, facts, where: options.host }, world);
    const script = installScript(config, facts, options.host);
    if (!facts.isRoot) {
      world.report({ kind: 'note',
        text: `${facts.user} is not root: run this as root on the host` });
      world.print(script);
      return { kind: 'printed' };
    }
    const result = await transport.run({ ...command('/bin/sh', '-s'), stdin: script },
      { timeoutMs: installTimeoutMs });
    if (result.outcome.kind === 'exited' && result.outcome.status === 0) {
      world.print(`${config.application} on ${host.name}: installed\n${result.stdout}`);
      return { kind: 'printed' };
    }
    throw new SeatrialError('refused', [{
      message: `the host could not be prepared: ${result.stderr.trim().slice(-500)}`,
      fix: 'Mend it and run it again; every line of it may be repeated.',
    }]);
  });
}

function look(seen: { config: Config; facts: HostFacts; where: Where }, world: World): Result {
  const { config, facts, where } = seen;
  const problems = [
    ...preflight({ config, facts, first: facts.installed === undefined, arrivingBytes: 0 }),
    ...(where === 'staging' ? isolationProblems(config, facts) : []),
  ];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  world.print(`${config.application}: the host is ready\n  boot unit    ${bootUnitText(facts)}\n`);
  return { kind: 'printed' };
}
