import { readFileSync } from 'node:fs';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { StateKind } from '../state/spec.ts';
import { stateKinds } from '../state/spec.ts';
import { stateText } from '../state/text.ts';
import { runtimeText } from '../transaction/compile.ts';

const surroundings = new URL('./surroundings.sh', import.meta.url);

/** Below what Linux takes as one argument (128 KiB), with room for the words after it. */
const scriptBytesMax = 120_000;

/** What the text of one host needs to know. */
export interface Site {
  readonly application: string;
  /** Seatrial's directory on that host. */
  readonly records: string;
  readonly run: string;
}

/** The verbs of these kinds and what is around them, as shell text without a call. */
export function copyText(site: Site, kinds: readonly StateKind[]): string {
  const text = [
    'set -u',
    `APP=${quote(site.application)} BASE=${quote(site.records)} RUN=${quote(site.run)}`,
    ...['core', 'commands', 'state'].map(runtimeText),
    stateText(stateKinds.filter((it) => kinds.includes(it))),
    readFileSync(surroundings, 'utf8').replace(/^# shellcheck shell=sh.*\n/, ''),
  ].join('\n');
  const bytes = Buffer.byteLength(text);
  if (bytes > scriptBytesMax) throw new Error(`the text of a copy has ${bytes} bytes`);
  return text;
}

/** A call of one verb; the text is an argument, so that standard input is free for the stream. */
export function copyCommand(
  site: Site, kinds: readonly StateKind[], words: readonly string[],
): Command {
  return command('/bin/sh', '-c', `${copyText(site, kinds)}\n"$@"`, 'seatrial-copy', ...words);
}

/** Removes by itself what has expired, whenever it is run; for a timer of the host. */
export function expiryProgram(site: Site, entries: readonly {
  readonly kind: StateKind; readonly spec: string; readonly label: string;
  readonly expiresAt: number;
}[]): string {
  return [
    '#!/bin/sh',
    copyText(site, entries.map((it) => it.kind)),
    'expire_all() {',
    ...entries.map((it) => `  expire_at ${Math.ceil(it.expiresAt / 1000)} ` +
      [it.kind, it.spec, it.label].map(quote).join(' ')),
    '  :', '}', 'write_to expire_all', '',
  ].join('\n');
}
