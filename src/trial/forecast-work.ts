import type { HostPair } from '../facts/parity.ts';
import type { SpeedName, Speeds } from '../facts/speed.ts';

/** From the least to the most; `likely` lies in between. All positive. */
export interface Range {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/**
 * What a step spends its time on. `waiting` lasts as long everywhere; all other work is as slow as
 * the slowest, or as quick as the quickest, of the resources that it needs.
 */
type Resource = 'processor' | 'read' | 'write' | 'fsync' | 'waiting';

const resources: Readonly<Record<string, readonly Resource[]>> = {
  close: ['fsync', 'waiting'],
  serves: ['waiting'],
  stop: ['processor', 'waiting'],
  rescue: ['read', 'write', 'processor'],
  switch: ['fsync', 'waiting'],
  replace: ['fsync', 'waiting'],
  install: ['processor', 'read', 'write', 'fsync'],
  migrate: ['processor', 'read', 'write', 'fsync'],
  bring: ['read', 'write', 'processor'],
  start: ['processor', 'read', 'waiting'],
  verify: ['waiting'],
};
const anything: readonly Resource[] = ['processor', 'read', 'write', 'fsync', 'waiting'];

/** A probe of a second is no more than that: beyond this no factor is believed. */
const factorMax = 10;
/** What may be true of a resource that was not measured on both hosts. */
const unmeasured: Range = { low: 0.5, likely: 1, high: 2 };
const same: Range = { low: 1, likely: 1, high: 1 };

/** `migrate-2` is work of the kind `migrate`. */
export function workOf(id: string): string {
  return id.replace(/-\d+$/, '');
}

/** How many times longer the step takes on production than on staging. */
export function factorOf(id: string, speeds: HostPair<Speeds>): Range {
  const factors = (resources[workOf(id)] ?? anything)
    .map((it) => (it === 'waiting' ? same : resourceFactor(it, speeds)));
  const product = factors.reduce((sofar, it) => sofar * it.likely, 1);
  return {
    low: Math.min(...factors.map((it) => it.low)),
    likely: product ** (1 / factors.length),
    high: Math.max(...factors.map((it) => it.high)),
  };
}

/** Resources that a step of these needs and that were not measured on both hosts. */
export function unmeasuredResources(ids: readonly string[], speeds: HostPair<Speeds>): string[] {
  const needed = new Set(ids.flatMap((id) => resources[workOf(id)] ?? anything));
  return [...needed].filter((it) => it !== 'waiting' && measuredFactor(it, speeds) === undefined);
}

function resourceFactor(resource: Resource, speeds: HostPair<Speeds>): Range {
  const factor = measuredFactor(resource, speeds);
  if (factor === undefined) return unmeasured;
  const bounded = Math.min(factorMax, Math.max(1 / factorMax, factor));
  return { low: bounded, likely: bounded, high: bounded };
}

function measuredFactor(resource: Resource, speeds: HostPair<Speeds>): number | undefined {
  switch (resource) {
    // Some processors have instructions for sha256: it says less of a program's speed than gzip.
    case 'processor': return ratio('gzip', speeds) ?? ratio('sha256', speeds);
    case 'read': return ratio('read', speeds);
    case 'write': return ratio('write', speeds);
    case 'fsync': {
      const inverse = ratio('fsync', speeds);
      return inverse === undefined ? undefined : 1 / inverse;
    }
    case 'waiting': return 1;
  }
}

function ratio(name: SpeedName, { production, staging }: HostPair<Speeds>): number | undefined {
  const slow = production.measured[name];
  const quick = staging.measured[name];
  return slow === undefined || quick === undefined || slow <= 0 || quick <= 0
    ? undefined : quick / slow;
}
