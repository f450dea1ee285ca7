import { command } from '../command/command.ts';
import { render } from '../command/render.ts';
import type { Problem } from '../errors.ts';
import { SeatrialError } from '../errors.ts';
import type { StateKind } from '../state/spec.ts';
import type { Copying } from './copy.ts';
import { directWords, stagingAddress } from './direct.ts';
import type { CopyItem } from './wanted.ts';
import { call, must } from './verbs.ts';

/** What both hosts tell of the states before anything is copied. */
export interface Looked {
  /** On production, by label. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** A copy, and as much again for what is laid from it where the disk cannot share blocks. */
const spaceFactor = 2.1;

/** Throws `refused` with everything that stands in the way on either host. */
export async function look(copying: Copying, items: readonly CopyItem[]): Promise<Looked> {
  if (items.length === 0) return { bytes: new Map() };
  const probe = (spec: (item: CopyItem) => string): string[] =>
    ['probe_all', ...items.flatMap((it) => [it.kind, spec(it), it.label])];
  const kinds = items.map((it) => it.kind);
  const [there, here, missing] = await Promise.all([
    must(copying.source, call(copying.sourceSite, kinds, probe((it) => it.productionSpec))),
    must(copying.target, call(copying.targetSite, kinds, probe((it) => it.stagingSpec))),
    lookAtDirect(copying, kinds),
  ]);
  const production = parseProbe(there);
  const bytes = new Map(items.map((it) => [it.label, numberOf(production, it.label, 'bytes')]));
  const problems = [
    ...problemsOf(production, items, 'production'),
    ...spaceProblems(items, bytes, parseProbe(here)),
    ...missing,
  ];
  if (problems.length > 0) throw new SeatrialError('refused', problems);
  return { bytes };
}

type Probe = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** `state TAB LABEL TAB KEY TAB VALUE` lines, by label and key. */
export function parseProbe(text: string): Probe {
  const found = new Map<string, Map<string, string[]>>();
  for (const line of text.split('\n')) {
    const [word, label, key, ...rest] = line.split('\t');
    if (word !== 'state' || label === undefined || key === undefined) continue;
    const values = found.get(label) ?? new Map<string, string[]>();
    found.set(label, values.set(key, [...values.get(key) ?? [], rest.join('\t')]));
  }
  return found;
}

function numberOf(probe: Probe, label: string, key: string): number {
  const value = Number(probe.get(label)?.get(key)?.[0] || Number.NaN);
  return Number.isFinite(value) ? value : 0;
}

function problemsOf(probe: Probe, items: readonly CopyItem[], side: string): Problem[] {
  return items.flatMap((item) => (probe.get(item.label)?.get('problem') ?? []).map((text) => {
    const [message = '', fix] = text.split('\t');
    return { message: `${side}, ${item.title}: ${message}`, ...(fix === undefined ? {} : { fix }) };
  }));
}

/** Copies that see the same free space share it. */
export function spaceProblems(
  items: readonly CopyItem[], bytes: ReadonlyMap<string, number>, staging: Probe,
): Problem[] {
  const groups = new Map<number, { need: number; titles: string[] }>();
  for (const item of items) {
    const free = numberOf(staging, item.label, 'free');
    if (free === 0) continue;
    const group = groups.get(free) ?? { need: 0, titles: [] };
    group.need += (bytes.get(item.label) ?? 0) * spaceFactor;
    group.titles.push(item.title);
    groups.set(free, group);
  }
  return [...groups].filter(([free, group]) => group.need > free).map(([free, group]) => ({
    message: `staging has ${mebibytes(free)} free for ${group.titles.join(', ')}, and ` +
      `${mebibytes(group.need)} are needed: the copy, and what is laid from it`,
    fix: 'Free some space there, or exclude what is no state.',
  }));
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576)} MiB`;
}

async function lookAtDirect(copying: Copying, kinds: readonly StateKind[]): Promise<Problem[]> {
  if (copying.production.config.copy.route !== 'direct') return [];
  const address = stagingAddress(copying.staging.config);
  if (address === undefined) return [{
    message: 'copy.route: direct needs a staging host that is reached by ssh',
    fix: 'Give hosts.staging as user@host, or use route: runner.',
  }];
  const said = await must(copying.source, call(copying.sourceSite, kinds.slice(0, 0),
    ['probe_direct', ...directWords(address, copying.production.config.copy.rateMax)]));
  return said.split('\n').filter((it) => it.trim() !== '').map((message) => ({
    message,
    fix: `Give ${copying.production.transport.name} a key and the host key of staging, so that ` +
      `"${render(command('ssh', address.destination, 'true'))}" works there; or use route: runner.`,
  }));
}
