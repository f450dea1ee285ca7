import type { ParityClass, ParityConfig, ParityVerdict } from '../config/config.ts';
import { matchesItem } from './item-glob.ts';

export interface ItemVerdict {
  readonly verdict: ParityVerdict;
  /** The override's reason, or why the class's verdict does not stand. */
  readonly reason?: string | undefined;
}

/** What a difference of this item means: the first override that matches, else its class. */
export function verdictOf(parity: ParityConfig, of: ParityClass, item: string): ItemVerdict {
  const override = parity.items.find((it) => matchesItem(it.item, item));
  return override === undefined ? { verdict: parity.classes[of] }
    : { verdict: override.verdict, reason: override.reason };
}
