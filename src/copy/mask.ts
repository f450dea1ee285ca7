import { createHash } from 'node:crypto';
import type { MaskConfig } from '../config/config.ts';
import { greenmaskText } from './greenmask.ts';
import type { CopyItem } from './wanted.ts';

/** All masks of one state, with their texts, in the order in which they are applied. */
export interface Mask {
  readonly parts: readonly MaskPart[];
  /** sha256 of all parts. */
  readonly digest: string;
}

export type MaskPart =
  | { readonly kind: 'sql'; readonly text: string }
  | { readonly kind: 'command'; readonly user: string; readonly seconds: number;
      readonly run: string }
  | { readonly kind: 'greenmask'; readonly text: string };

/** By label of the item; only those that are masked. Throws where a file cannot be read. */
export async function loadMasks(
  items: readonly CopyItem[], readFile: (path: string) => Promise<string>,
): Promise<Map<string, Mask>> {
  const masks = new Map<string, Mask>();
  for (const item of items) {
    if (item.masks.length === 0) continue;
    const parts = await Promise.all(item.masks.map(async (it) => await partOf(it, readFile)));
    masks.set(item.label, { parts,
      digest: createHash('sha256').update(JSON.stringify(parts)).digest('hex') });
  }
  return masks;
}

async function partOf(
  mask: MaskConfig, readFile: (path: string) => Promise<string>,
): Promise<MaskPart> {
  switch (mask.with.kind) {
    case 'sql': return { kind: 'sql', text: await readFile(mask.with.file) };
    case 'greenmask': return { kind: 'greenmask',
      text: greenmaskText(await readFile(mask.with.file), mask.with.file) };
    case 'command': return { kind: 'command', user: mask.with.run.user ?? '-',
      seconds: mask.with.run.timeoutSeconds, run: mask.with.run.run };
  }
}

/** The words of a verb on staging, and what comes on standard input. */
export interface MaskCall {
  readonly words: readonly string[];
  readonly stdin: string;
}

export function maskCall(item: CopyItem, part: MaskPart): MaskCall {
  const state = [item.kind, item.stagingSpec, item.label];
  switch (part.kind) {
    case 'sql': return { words: ['mask_by_sql', ...state], stdin: part.text };
    case 'greenmask': return { words: ['mask_by_greenmask', ...state], stdin: part.text };
    case 'command': return { stdin: '',
      words: ['mask_by_command', ...state, part.user, String(part.seconds), part.run] };
  }
}

/** Removes what was replaced by masks, which began no more than so many seconds ago. */
export function wipeCall(item: CopyItem, seconds: number): MaskCall {
  return { stdin: '',
    words: ['wipe_masked', item.kind, item.stagingSpec, item.label, String(seconds)] };
}
