import { readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { command, type Command } from '../command/command.ts';
import { quote } from '../command/quote.ts';
import type { Config } from '../config/config.ts';
import { SeatrialError } from '../errors.ts';
import type { Transport } from '../host/transport.ts';
import { pathsOf } from '../state/spec.ts';

const speedTimeoutMs = 60_000;
const textLengthMax = 300;

/** Free space without which a disk is not written to, in kB: production gets no closer to full. */
const freeKilobytesMin = { production: 1_048_576, staging: 204_800 } as const;

export type SpeedName = 'gzip' | 'sha256' | 'write' | 'read' | 'fsync';
export const speedNames: readonly SpeedName[] = ['gzip', 'sha256', 'write', 'read', 'fsync'];

/** How fast a host is, by a probe of about a second and a half. Plain JSON. */
export interface Speeds {
  /** MB a second; for `fsync` milliseconds a block. What was not measured is absent. */
  readonly measured: Readonly<Partial<Record<SpeedName, number>>>;
  /** Directory whose file system was measured; empty: none. */
  readonly place: string;
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Measures a host. On production the probe gives way to everything else, so that a busy production
 * looks slower than it is in a window: the forecast errs to the long side.
 * Throws SeatrialError `refused` where the host did not come to the end of it.
 */
export async function gatherSpeeds(transport: Transport, config: Config,
  role: 'production' | 'staging'): Promise<Speeds> {
  const { outcome, stdout, stderr } =
    await transport.run(speedCommand(config, role), { timeoutMs: speedTimeoutMs });
  const speeds = outcome.kind === 'exited' ? parseSpeeds(stdout) : undefined;
  if (speeds !== undefined) return speeds;
  const why = outcome.kind === 'unknown' ? outcome.why
    : stderr.trim().split('\n').at(-1)?.slice(0, textLengthMax) ?? '';
  throw new SeatrialError('refused', [{
    message: `${transport.name} did not tell how fast it is: ${why}`,
    fix: 'Nothing was touched; look at the connection and run it again.',
  }]);
}

/** The program travels on standard input, so that any login shell will do. */
export function speedCommand(config: Config, role: 'production' | 'staging'): Command {
  const script = readFileSync(new URL('./speed.sh', import.meta.url), 'utf8');
  const states = config.state.flatMap(pathsOf).map((path) => dirname(path));
  const directories = [...new Set([config.records, ...states, '/var/tmp', '/tmp'])];
  const disk = ['speed_disk', String(freeKilobytesMin[role]), ...directories];
  const text = [script, 'speed_processor', disk.map(quote).join(' '),
    String.raw`printf 'complete\tyes\n'`];
  const shell = role === 'production' ? ['nice', '-n', '10', '/bin/sh', '-s'] : ['/bin/sh', '-s'];
  return { ...command(...shell), stdin: `${text.join('\n')}\n` };
}

/** Undefined: the host did not come to its end. */
export function parseSpeeds(text: string): Speeds | undefined {
  const measured: Partial<Record<SpeedName, number>> = {};
  const skipped: { name: string; why: string }[] = [];
  let place = '';
  let complete = false;
  for (const line of text.split('\n')) {
    const [word = '', value = '', ...rest] = line.split('\t').map(clean);
    const name = speedNames.find((it) => it === word);
    const number = Number(value);
    if (name !== undefined && number > 0 && Number.isFinite(number)) measured[name] = number;
    else if (word === 'skipped') skipped.push({ name: value, why: rest.join(' ') });
    else if (word === 'place') place = value;
    else if (word === 'complete') complete = value === 'yes';
  }
  return complete ? { measured, place, skipped } : undefined;
}

function clean(text: string): string {
  return text.slice(0, textLengthMax).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
