import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { gatherFacts } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { formatBytes } from '../report/units.ts';
import { printedJson } from '../report/json.ts';
import { plainLine } from '../report/text.ts';
import { chooseHost, loadConfig, withHost } from './host.ts';
import { needsHuman } from './transaction.ts';
import type { Result, World } from './world.ts';

/** What is installed, what runs, what failed, what can be gone back to; reads only. */
export async function status(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config);
  const host = chooseHost(config, options, world);
  const facts = await withHost(host, (transport) => gatherFacts(transport, config));
  world.print(options.json ? printedJson(statusJson(config, facts))
    : statusText(config, facts, host.name));
  return { kind: 'printed' };
}

export function statusJson(config: Config, facts: HostFacts): Record<string, unknown> {
  return {
    application: config.application,
    installed: facts.installed ?? null,
    transaction: facts.lock === 'held' ? { state: 'running', ...facts.lockOwner }
      : facts.unfinished === undefined ? null
        : { state: needsHuman(facts) === undefined ? 'dead' : 'needs-human', run: facts.unfinished,
          text: needsHuman(facts) ?? '' },
    gate: facts.gate,
    history: facts.history,
    rescues: [...facts.rescues].map(([run, copies]) => ({ run, copies })),
    failed: facts.failed,
    bootUnit: facts.hasBootUnit,
  };
}

export function statusText(config: Config, facts: HostFacts, host: string): string {
  const { installed } = facts;
  const lines = [
    `${config.application} on ${host}`,
    `  installed    ${installed === undefined ? 'nothing by Seatrial'
      : `${installed.version}, since ${installed.installedAt} (run ${installed.run})`}`,
    `  transaction  ${transactionText(facts)}`,
    `  boot unit    ${bootUnitText(facts)}`,
    ...section('good releases', facts.history.map((it) =>
      `${it.version}  ${it.installedAt}  ${it.release}`)),
    ...section('rescue copies', [...facts.rescues].flatMap(([run, copies]) => copies.map((copy) =>
      `${run}  ${copy.kind} ${copy.path}, ${formatBytes(copy.bytes)}: ${copy.place}`))),
    ...section('failed', facts.failed.map((run) => `${config.records}/failed/${run}`)),
  ];
  return `${lines.map((line) => `${/^ */.exec(line)?.[0] ?? ''}${plainLine(line)}`).join('\n')}\n`;
}

export function bootUnitText(facts: HostFacts): string {
  return facts.hasBootUnit ? 'installed' : 'not installed (seatrial doctor --install)';
}

function transactionText(facts: HostFacts): string {
  const { lockOwner, unfinished } = facts;
  if (facts.lock === 'held') {
    return `running: ${lockOwner['version'] ?? ''} by ${lockOwner['by'] ?? ''} since ` +
      `${lockOwner['since'] ?? ''}; seatrial attach --run ${lockOwner['run'] ?? ''}`;
  }
  if (unfinished === undefined) return 'none';
  const question = needsHuman(facts);
  return question === undefined
    ? `${unfinished} died; users may be kept out; seatrial recover`
    : `${unfinished} needs a person: ${question}; then: seatrial recover`;
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`  ${title}`, ...entries.map((it) => `    ${it}`)];
}
