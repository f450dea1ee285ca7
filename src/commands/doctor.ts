import type { RawOptions } from '../config/options.ts';
import { command } from '../command/command.ts';
import { SeatrialError } from '../errors.ts';
import { gatherFacts } from '../facts/gather.ts';
import { installScript } from '../plan/host-install.ts';
import { findingsJson, findingsText, type Finding } from '../report/findings.ts';
import { plainText } from '../report/text.ts';
import { readConfig } from './doctor-config.ts';
import { lookAtGitHub } from './doctor-github.ts';
import { lookAtHosts } from './doctor-hosts.ts';
import { lookHere } from './doctor-machine.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import type { Result, World } from './world.ts';

const installTimeoutMs = 60_000;

/**
 * Looks at the whole set-up, and tells all that is wrong at once; with --install, prepares one
 * host or prints what root must run.
 */
export async function doctor(options: RawOptions, world: World): Promise<Result> {
  return options.install ? install(options, world) : look(options, world);
}

async function look(options: RawOptions, world: World): Promise<Result> {
  const { notes, configs } = readConfig(options);
  const [here, hosts, onGitHub] = await Promise.all([
    lookHere(world),
    configs === undefined ? Promise.resolve([]) : lookAtHosts({ configs, options, world }),
    lookAtGitHub({ config: configs?.production, options, world }),
  ]);
  const findings = [here, notes, ...hosts, ...onGitHub].flatMap((it) => it.list);
  world.print(options.json ? findingsJson(configs?.production.application, findings)
    : findingsText(findings));
  const failed = findings.filter((it) => it.state === 'fail');
  if (failed.length > 0) throw new SeatrialError('refused', failed.map(problemOf));
  return { kind: 'printed' };
}

function problemOf({ area, what, message, fix }: Finding): { message: string; fix?: string } {
  return { message: `${area}: ${what}: ${message}`, ...(fix === undefined ? {} : { fix }) };
}

async function install(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config, options.host);
  const host = chooseHost(config, options, world);
  return withHost(host, async (transport): Promise<Result> => {
    const facts = await gatherFacts(transport, config, options.host);
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
      world.print(plainText(`${config.application} on ${host.name}: installed\n${result.stdout}`));
      return { kind: 'printed' };
    }
    throw new SeatrialError('refused', [{
      message: `the host could not be prepared: ${result.stderr.trim().slice(-500)}`,
      fix: 'Mend it and run it again; every line of it may be repeated.',
    }]);
  });
}
