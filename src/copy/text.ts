import { readFileSync } from 'node:fs';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { StateKind } from '../state/spec.ts';
import { stateKinds } from '../state/spec.ts';
import { fieldOf } from '../state/rescue-place.ts';
import { stateText } from '../state/text.ts';
import { runtimeText } from '../transaction/compile.ts';

const surroundings = new URL('./surroundings.sh', import.meta.url);
const masks = new URL('./masks.sh', import.meta.url);

/** Linux takes 128 KiB as one argument; characters of the text may have more than one byte. */
const argumentCharactersMax = 60_000;

/** What the text of one host needs to know. */
export interface Site {
  readonly application: string;
  /** Seatrial's directory on that host. */
  readonly records: string;
  readonly run: string;
}

/** The verbs of these kinds and what is around them, as shell text without a call. */
export function copyText(site: Site, kinds: readonly StateKind[]): string {
  return [
    'set -u',
    `APP=${quote(site.application)} BASE=${quote(site.records)} RUN=${quote(site.run)}`,
    ...['core', 'commands', 'state'].map(runtimeText),
    stateText(stateKinds.filter((it) => kinds.includes(it))),
    ...[surroundings, masks].map((it) =>
      readFileSync(it, 'utf8').replace(/^# shellcheck shell=sh.*\n/, '')),
  ].join('\n');
}

/** Joins the first arguments to a text, of which it takes away as many, and calls the rest. */
const joining = [
  'count=$1 text=',
  'shift',
  'while [ "$count" -gt 0 ]; do text=$text$1 count=$((count - 1)); shift; done',
  'eval "$text"',
  'unset text count',
  '"$@"',
].join('\n');

/**
 * A call of one verb; the text is in arguments, so that standard input is free for the stream. It
 * is in pieces, since all kinds together are longer than one argument may be.
 */
export function copyCommand(
  site: Site, kinds: readonly StateKind[], words: readonly string[],
): Command {
  const text = copyText(site, kinds);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += argumentCharactersMax) {
    pieces.push(text.slice(at, at + argumentCharactersMax));
  }
  return command('/bin/sh', '-c', joining, 'seatrial-copy', String(pieces.length), ...pieces,
    ...words);
}

export interface Expiring {
  readonly kind: StateKind;
  readonly spec: string;
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Removes by itself what has expired, whenever it is run; for a timer of the host. With the last
 * copy goes all that was made of it: what was laid, and what rehearsals have kept.
 */
export function expiryProgram(site: Site, entries: readonly Expiring[]): string {
  const words = (it: Expiring): string => [it.kind, it.spec, it.label].map(quote).join(' ');
  const at = (it: Expiring): number => Math.ceil(it.expiresAt / 1000);
  const first = Math.min(...entries.map(at));
  const last = Math.max(...entries.map(at));
  // A run of its own: what the run that copied has begun goes on.
  const own = { ...site, run: 'expiry' };
  return [
    '#!/bin/sh',
    copyText(own, entries.map((it) => it.kind)),
    ...['rounds', 'forget'].map(runtimeText),
    'each_state() {',
    ...entries.filter((it) => it.label.startsWith('state')).map((it) =>
      `  "$@" ${words(it)} ${quote(identityIn(it.spec))} || return`),
    '  :', '}',
    'expire_all() {',
    ...entries.map((it) => `  expire_at ${at(it)} ${words(it)}`),
    `  forget_all_at ${last} forget_laid && ended_at ${last}`, '}',
    'forget_laid() {',
    ...entries.map((it) => `  unlay_${it.kind} ${quote(it.spec)} || return`),
    '  :', '}', `when_due ${first} write_to expire_all`, '',
  ].join('\n');
}

/** As `identityOf` of src/state/spec.ts makes it. */
function identityIn(spec: string): string {
  const [path, database, host] = ['path', 'database', 'host'].map((name) => fieldOf(spec, name));
  if (database === '') return path === '' ? fieldOf(spec, 'name') : path ?? '';
  return host === '' ? database ?? '' : `${host ?? ''}/${database ?? ''}`;
}
