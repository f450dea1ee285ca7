import { dirname } from 'node:path';
import { command, type Argument, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { Config, UserCommand } from '../config/config.ts';
import { substitute } from '../config/placeholders.ts';
import { currentLink, entriesOf, sharedOf } from '../facts/gather.ts';
import type { HostFacts, Installed } from '../facts/host-facts.ts';
import type { Way } from './step.ts';

/** What is to be installed: from the manifest, or from the history for a rollback. */
export interface Target {
  readonly version: string;
  /** sha256 of the tarball. */
  readonly digest: string;
  readonly unpackedBytes: number;
  readonly archiveBytes: number;
}

/** All that a step may know; every name that undo needs is chosen here, before anything runs. */
export interface Context {
  readonly config: Config;
  readonly facts: HostFacts;
  readonly target: Target;
  readonly run: string;
  readonly way: Way;
  /** Why a production that fails its checks is deployed to all the same; empty: refuse. */
  readonly repair: string;
  /** `rehearsed`, or why it went without; goes into the record of what is installed. */
  readonly rehearsal: string;
  /** Who let it go on, for the same record; absent: that was not asked. */
  readonly approval?: string | undefined;
  /** Where the new release stands on the host. */
  readonly release: string;
  /** Where the running release stands; empty when there is none. */
  readonly oldRelease: string;
  /** Rollback only: what it goes back from, and whether the state goes back too. */
  readonly goingBack: GoingBack | undefined;
}

export interface GoingBack {
  readonly from: Installed;
  readonly withState: boolean;
}

export type Bound = 'old' | 'new';

/** Writes one verb of the runtime as data. */
export function verb(name: string, ...words: readonly (string | number)[]): Command {
  return command(name, ...words.map((word): Argument => String(word)));
}

/** The runtime writes `-` for "this user" and for "no setting". */
export function userOf(text: UserCommand): string {
  return text.user ?? '-';
}

/** The user's shell text with its placeholders filled, for the old or the new release. */
export function shellText(context: Context, text: string, bound: Bound): string {
  const release = bound === 'new' ? context.release : context.oldRelease;
  const version = bound === 'new' ? context.target.version : context.facts.installed?.version;
  return substitute(text, {
    release,
    version: version ?? '',
    shared: sharedOf(context.config),
    current: currentLink(context.config),
    entry: entryMarker,
  }, { quote: (value) => (value === entryMarker ? '"$SEATRIAL_ENTRY"' : quote(value)) });
}

const entryMarker = '\u0001entry';

/** The link to switch: in the window it stands under its hidden name where it is an entry. */
export function linkInWindow(config: Config): string {
  const link = currentLink(config);
  return entriesOf(config.services).includes(link) ? `${link}.closed` : link;
}

/** NAME=VALUE of the private address, or `-`. */
export function privateSetting(config: Config): string {
  const { maintenance } = config;
  return maintenance.kind === 'private'
    ? `${maintenance.variable}=${maintenance.privateValue}` : '-';
}

/** NAME=VALUE of the public address, or `-`: a process gets it at every start that users see. */
export function publicSetting(config: Config): string {
  const { maintenance } = config;
  return maintenance.kind === 'private'
    ? `${maintenance.variable}=${maintenance.publicValue}` : '-';
}

/** Absolute target of a link as the host tells it. */
export function absoluteTarget(link: string, target: string): string {
  return target.startsWith('/') ? target : `${dirname(link)}/${target}`;
}

export function label(prefix: string, index: number): string {
  return `${prefix}${index + 1}`;
}
