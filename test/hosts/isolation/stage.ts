import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { quote } from '../../../src/command/quote.ts';
import { render } from '../../../src/command/render.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseStagingConfig } from '../../../src/config/parse.ts';
import { factsCommand } from '../../../src/facts/gather.ts';
import type { HostFacts } from '../../../src/facts/host-facts.ts';
import { parseFacts } from '../../../src/facts/parse-facts.ts';
import { installScript } from '../../../src/plan/host-install.ts';
import { isolationTargets } from '../../../src/steps/isolate.ts';
import { runtimeText } from '../../../src/transaction/compile.ts';
import type { Lab, TestHost } from '../lab.ts';
import type { ProcessResult } from '../process.ts';

/**
 * A production that writes down whoever calls (mail, web, database, DNS), and a staging whose
 * application calls them all, by IPv4 and IPv6, as soon as it starts.
 */
const listener = readFileSync(join(import.meta.dirname, 'listener.py'), 'utf8');
const caller = readFileSync(join(import.meta.dirname, 'caller.py'), 'utf8');
const parts = ['core', 'commands', 'files', 'state', 'services', 'checks', 'rounds', 'engine',
  'isolate', 'outside'];
export const records = '/var/lib/seatrial/guestbook';
export const program = '/usr/local/sbin/seatrial-isolation-guestbook';
const run = '20260101T000000Z-aaaaaa';

export interface IsolationStage {
  readonly production: TestHost;
  readonly staging: TestHost;
  readonly login: 'root' | 'deploy';
  readonly config: (more?: string, service?: string) => Config;
  /** As the login, as the tool would ask. */
  facts(config: Config): Promise<HostFacts>;
  /** `doctor --install --host staging`, run by root. */
  install(config: Config): Promise<void>;
  /** The targets that a rehearsal would name. */
  targets(config: Config): Promise<string[]>;
  /** Runs verbs of the runtime as the login, in one run after another of the same transaction. */
  verbs(text: string, killAfterSeconds?: number): Promise<ProcessResult>;
  isolate(config: Config, killAfterSeconds?: number): Promise<ProcessResult>;
  /** Why the last verb failed. */
  why(): Promise<string>;
  /** Runs a text as root; its failure fails the test. */
  readonly output: (command: string) => Promise<string>;
  /** What production heard since `forget`. */
  heard(): Promise<string[]>;
  /** The staging host loses power and comes back, with its network. */
  powerCut(): Promise<void>;
  forget(): Promise<void>;
}

const address6 = { production: 'fd83::1', staging: 'fd83::2' };

export async function createStage(lab: Lab, wanted: {
  readonly init: 'sshd' | 'systemd'; readonly login: 'root' | 'deploy'; readonly service: string;
}): Promise<IsolationStage> {
  const { init, login, service } = wanted;
  const [production, staging] = await Promise.all([
    lab.host(`production-${init}`, { init: 'sshd', diskMegabytes: 64 }),
    lab.host(`staging-${init}`, { init }),
  ]);
  const output = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await staging.exec(command);
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  };
  await prepare(lab, production, staging);
  await output('useradd --system --user-group guestbook; install -d -o guestbook /srv/calls');
  await output(`install -d -o ${login} /srv/guestbook ${records} ${records}/runs/${run}`);
  let addresses: readonly string[] | undefined;
  const config: IsolationStage['config'] = (more = '', other = service) =>
    configOf({ production, staging, login, service: other, more });
  const stage: Pick<IsolationStage, 'facts' | 'install' | 'targets' | 'verbs'> = {
    async facts(it) {
      const asked = factsCommand(it, 'staging');
      const told = await staging.exec(render(asked), { user: login, stdin: String(asked.stdin) });
      return parseFacts(told.stdout);
    },
    async install(it) {
      const script = installScript(it, await stage.facts(it), 'staging');
      const done = await staging.exec('sh -s', { stdin: script });
      expect(done.status, done.stderr).toBe(0);
    },
    async targets(it) {
      addresses ??= (await production.exec('hostname -I')).stdout.trim().split(' ');
      const facts = parseFacts('complete\tyes\n');
      return isolationTargets({ config: it, facts: { ...facts, addresses } }, it);
    },
    verbs: (text, seconds = 60) => staging.exec('cat >/tmp/program && ' +
      `exec timeout -s KILL ${seconds} sh /tmp/program`, { user: login,
      stdin: `${head()}\n${parts.map(runtimeText).join('\n')}\nforget_why\n${text}\n` }),
  };
  return {
    production, staging, login, config, output, ...stage,
    async isolate(it, seconds) {
      const words = (await stage.targets(it)).map(quote);
      return stage.verbs(`isolate_network ${words.join(' ')}`, seconds);
    },
    why: () => output(`cat ${records}/runs/${run}/why`),
    async heard() {
      const told = await production.exec('cat /var/heard');
      return told.stdout.split('\n').filter((line) => line !== '').sort();
    },
    async powerCut() {
      await output('sync -f /');
      await staging.powerCut();
      await staging.boot();
      await connect(staging, address6.staging, lab.gateway);
    },
    forget: async () => { await production.exec(': >/var/heard'); },
  };
}

/** Production listens, and staging has a program that calls it in every way. */
async function prepare(lab: Lab, production: TestHost, staging: TestHost): Promise<void> {
  await connect(production, address6.production, lab.gateway);
  await connect(staging, address6.staging, lab.gateway);
  await listen(production);
  await staging.writeFile('/opt/caller.py', caller.replaceAll('PRODUCTION4', production.address)
    .replaceAll('PRODUCTION6', address6.production));
}

/** With a way out that leads nowhere, as a gateway that drops would. */
async function connect(host: TestHost, address: string, gateway: string): Promise<void> {
  const done = await host.exec(`ip -6 addr add ${address}/64 dev eth0 nodad &&
    ip route add default via ${gateway} && ip -6 route add default via fd83::ff`);
  expect(done.status, done.stderr).toBe(0);
}

async function listen(host: TestHost): Promise<void> {
  await host.writeFile('/opt/listener.py', listener);
  await host.exec('setsid python3 /opt/listener.py >/dev/null 2>/var/listener.err </dev/null &');
  const listening = 'n=100; until [ -s /var/listening ] || [ $n = 0 ]; ' +
    'do sleep 0.1; n=$((n - 1)); done';
  expect((await host.exec(`${listening}; cat /var/listening`)).stdout).toBe('yes\n');
}

interface Wanted {
  readonly production: TestHost;
  readonly staging: TestHost;
  readonly login: string;
  readonly service: string;
  readonly more: string;
}

function configOf({ production, staging, login, service, more }: Wanted): Config {
  return parseStagingConfig(`application: guestbook
hosts:
  production: ${login}@${production.address}
  staging: ${login}@${staging.address}
  known-hosts: known_hosts
install: { directory: /srv/guestbook }
service: ${service}
maintenance: { none: it is a test }
state: []
checks: [{ http: "http://localhost:8080/" }]
${more}`, 'seatrial.yml');
}

function head(): string {
  const constants: Record<string, string> = {
    APP: 'guestbook', RUN: run, BASE: records, VERSION: '2', DIGEST: 'd'.repeat(64),
    BY: 'a test', STEPS: '', CHECKS: '', OBSERVE_EVERY: '0', OBSERVE_WITHIN: '1',
    KEEP_RELEASES: '2', KEEP_RESCUES: '2', KEEP_FAILED: '2', RELEASES: '',
  };
  return ['set -u', 'umask 022', 'export LC_ALL=C PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/bin',
    ...Object.entries(constants).map(([name, value]) => `${name}=${quote(value)}`)].join('\n');
}
