import type { RawOptions } from '../config/options.ts';
import { gatherFacts, type Where } from '../facts/gather.ts';
import { gatherParity } from '../facts/parity.ts';
import type { ParityFacts } from '../facts/parse-parity.ts';
import { gatherReadiness } from '../facts/readiness.ts';
import { howToKnow, knownAs } from '../init/known-hosts.ts';
import { sudoRights } from '../plan/host-install.ts';
import { noteBoth } from './doctor-both.ts';
import type { Configs } from './doctor-config.ts';
import { notesOf, refusedAs, type Notes } from './doctor-finding.ts';
import { noteHost, type HostLooked } from './doctor-ready.ts';
import { chooseHost, knownHosts, withHost } from './host.ts';
import { keysOf } from './known-keys.ts';
import type { World } from './world.ts';

export interface HostsAsked {
  readonly configs: Configs;
  readonly options: RawOptions;
  readonly world: World;
}

/** What one host told, for what is compared between both. */
export interface HostTold extends HostLooked {
  readonly parity: ParityFacts;
}

const saltBytes = 16;

/** The host that is named, or all that the configuration has; at the same time. */
export async function lookAtHosts(asked: HostsAsked): Promise<readonly Notes[]> {
  const { configs, options, world } = asked;
  const named = (['production', 'staging'] as const).filter((it) =>
    configs.production.hosts[it] !== undefined);
  const wanted: readonly Where[] = options.given.includes('host') ? [options.host] : named;
  const salt = world.random(saltBytes);
  const looked = await Promise.all(wanted.map(async (where) => {
    const notes = notesOf(areaOf(where, configs));
    return { where, notes, told: await lookAt({ ...asked, notes, where, salt }) };
  }));
  const of = (where: Where): HostTold | undefined =>
    looked.find((it) => it.where === where)?.told;
  for (const { notes, told } of looked) {
    if (told === undefined) continue;
    noteHost(notes, { ...told, production: of('production') });
  }
  const [production, staging] = [of('production'), of('staging')];
  if (wanted.length < 2) return looked.map((it) => it.notes);
  const both = notesOf('both hosts');
  if (production === undefined || staging === undefined) {
    both.unseen('parity', 'one of them could not be looked at', 'See above.');
  } else noteBoth(both, { production, staging });
  return [...looked.map((it) => it.notes), both];
}

function areaOf(where: Where, configs: Configs): string {
  const host = configs.production.hosts[where];
  return host === undefined ? where
    : `${where} (${host.kind === 'ssh' ? host.destination : 'this machine'})`;
}

interface Looking extends HostsAsked {
  readonly notes: Notes;
  readonly where: Where;
  readonly salt: string;
}

/** Undefined: it could not be looked at, and why is noted. */
async function lookAt(looking: Looking): Promise<HostTold | undefined> {
  const { configs, where, notes, world } = looking;
  const config = configs[where];
  const options = { ...looking.options, host: where };
  try {
    const host = chooseHost(configs.production, options, world);
    const isKnown = await noteKey(looking);
    world.report({ kind: 'phase', text: `looking at ${host.name}` });
    return await withHost(host, async (transport) => {
      if (isKnown) notes.ok('host key', 'is the one in known_hosts');
      const facts = await gatherFacts(transport, config, where);
      notes.ok('login', `as ${facts.user}`);
      const sudo = facts.isRoot ? []
        : sudoRights(config, facts, where).map((it) => it.words);
      const readiness = await gatherReadiness(transport,
        { records: config.records, sudo, now: world.now });
      return { config, where, facts, readiness,
        parity: await gatherParity(transport, config, looking.salt) };
    });
  } catch (error) {
    refusedAs(notes, 'connection', error);
    return undefined;
  }
}

/** Whether the file has a line for the host; what it shows is compared when it is opened. */
async function noteKey({ configs, where, options, notes, world }: Looking): Promise<boolean> {
  const host = configs.production.hosts[where];
  if (host?.kind !== 'ssh') return false;
  const file = knownHosts(configs.production, options);
  const lines = await keysOf(knownAs(host.destination, host.port), file, world);
  if (lines.length > 0) return true;
  notes.warn('host key', `is not in ${file} under the name of the host`,
    `${howToKnow(host.destination, host.port)}\nWrite what it prints into ${file}.`);
  return false;
}
