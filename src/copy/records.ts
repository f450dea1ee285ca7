import type { StateKind } from '../state/spec.ts';
import { stateKinds } from '../state/spec.ts';
import type { CopyItem } from './wanted.ts';

/** How like production's the copy lies on the disk, for the forecast of times. */
export const copyWays = ['files', 'physical', 'logical', 'backup'] as const;
export type CopyWay = (typeof copyWays)[number];

/** What staging knows of one copy: `<records>/copy/copies.json`. Times in ms since 1970. */
export interface CopyRecord {
  readonly kind: StateKind;
  readonly label: string;
  readonly name: string;
  /** How staging names it: by this it is found, kept and removed. */
  readonly spec: string;
  readonly copiedAt: number;
  readonly expiresAt: number;
  /** `deploy@www.example.org`, and the id of the machine. */
  readonly host: string;
  readonly machine: string;
  readonly run: string;
  readonly bytes: number;
  readonly seconds: number;
  /** sha256 of production's installed.json. */
  readonly installed: string;
  /** sha256 of what masked it; empty where nothing did. */
  readonly mask: string;
  readonly way: CopyWay;
  /** Of the configuration that it depends on. */
  readonly digest: string;
  /** It was taken earlier, and is used again. */
  readonly reused?: boolean;
}

export function formatRecords(records: readonly CopyRecord[]): string {
  const copies = records.map((it) => ({ ...it, reused: undefined }));
  return `${JSON.stringify({ schema: 1, copies }, undefined, 1)}\n`;
}

/** What cannot be read counts as not there: then it is copied anew. */
export function parseRecords(text: string): CopyRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const copies = fieldOf(value, 'copies');
  return Array.isArray(copies) ? copies.filter(isRecord) : [];
}

const texts = ['label', 'name', 'spec', 'host', 'machine', 'run', 'installed', 'mask', 'digest'];
const numbers = ['copiedAt', 'expiresAt', 'bytes', 'seconds'];

function isRecord(value: unknown): value is CopyRecord {
  return texts.every((name) => typeof fieldOf(value, name) === 'string')
    && numbers.every((name) => Number.isFinite(fieldOf(value, name)))
    && stateKinds.some((it) => it === fieldOf(value, 'kind'))
    && copyWays.some((it) => it === fieldOf(value, 'way'));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name] : undefined;
}

export interface ReuseInput {
  readonly item: CopyItem;
  readonly records: readonly CopyRecord[];
  readonly now: number;
  readonly freshForSeconds: number;
  readonly installed: string;
  readonly machine: string;
  readonly mask: string;
  /** Asked for by a person. */
  readonly fresh: boolean;
}

/** Why an item must be copied, or the record of a copy that will do. Pure. */
export function reusable(input: ReuseInput): CopyRecord | string {
  const { item, now } = input;
  const found = input.records.find((it) => it.kind === item.kind && it.spec === item.stagingSpec);
  if (found === undefined) return 'there is no copy yet';
  if (input.fresh) return 'a fresh one was asked for';
  if (now >= found.expiresAt) return 'the copy has expired';
  if (found.machine !== input.machine) return 'the copy is of another machine';
  if (found.digest !== item.digest) return 'the configuration of the copy has changed';
  if (found.mask !== input.mask) return 'the mask has changed';
  if (found.installed !== input.installed) return 'production was deployed since';
  const age = Math.round((now - found.copiedAt) / 1000);
  // A clock that was set back makes no copy young.
  if (age < 0) return 'the copy is of the future: a clock was set back';
  if (age >= input.freshForSeconds) {
    return `the copy is ${age} seconds old, and may be ${input.freshForSeconds}`;
  }
  return { ...found, label: item.label, reused: true };
}

/** The list after `record` was made: one for each place. */
export function withRecord(
  records: readonly CopyRecord[], record: CopyRecord,
): CopyRecord[] {
  return [...withoutPlace(records, record.kind, record.spec), record];
}

export function withoutPlace(
  records: readonly CopyRecord[], kind: StateKind, spec: string,
): CopyRecord[] {
  return records.filter((it) => it.kind !== kind || it.spec !== spec);
}
