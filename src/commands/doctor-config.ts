import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { RawOptions } from '../config/options.ts';
import { parseStagingConfig } from '../config/parse.ts';
import { fillInMark, guessMark } from '../init/lines.ts';
import { notesOf, refusedAs, type Notes } from './doctor-finding.ts';
import { loadConfig } from './host.ts';

export interface ConfigRead {
  readonly notes: Notes;
  /** Undefined: it is not right, and nothing that hangs on it can be looked at. */
  readonly configs: Configs | undefined;
}

export interface Configs {
  readonly production: Config;
  /** With `staging.instead` applied. */
  readonly staging: Config;
}

export function readConfig(options: RawOptions): ConfigRead {
  const notes = notesOf(`configuration (${options.config})`);
  try {
    const production = loadConfig(options.config);
    const text = readFileSync(options.config, 'utf8');
    notes.ok('seatrial.yml', `is right, for ${production.application}`);
    noteMarks(notes, text);
    if (production.hosts.staging === undefined) {
      notes.warn('hosts', 'names no staging: releases reach production without a rehearsal',
        'Write hosts: { staging: deploy@staging.example.org, … }.');
    }
    return { notes, configs: { production, staging: parseStagingConfig(text, options.config) } };
  } catch (error) {
    refusedAs(notes, 'seatrial.yml', error);
    return { notes, configs: undefined };
  }
}

/** What `init` wrote and nobody has decided. */
function noteMarks(notes: Notes, text: string): void {
  const lines = (mark: string): number[] => text.split('\n')
    .flatMap((line, index) => (line.includes(mark) ? [index + 1] : []));
  const open = lines(fillInMark);
  const guesses = lines(guessMark);
  if (open.length > 0) {
    notes.fail('seatrial.yml', `is not filled in yet: line ${open.join(', ')}`,
      'Decide each, and take the remark away.');
  }
  if (guesses.length > 0) {
    notes.warn('seatrial.yml', `holds guesses of init: line ${guesses.join(', ')}`,
      'Look at each, and take the remark away.');
  }
}
