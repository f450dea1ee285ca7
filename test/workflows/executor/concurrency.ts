/** `concurrency` of a job or workflow, its expressions filled in. */
export interface Wish {
  readonly group: string;
  readonly cancelInProgress: boolean;
  readonly queue: 'single' | 'max';
}

export interface Holder {
  /** What runs gives way: its job or run is cancelled. */
  readonly cancel: (reason: string) => void;
}

interface Waiting {
  readonly holder: Holder;
  readonly decide: (decision: 'go' | 'replaced') => void;
}

interface Group {
  running: Holder | undefined;
  pending: Waiting[];
}

/** With `queue: max`. */
const pendingMax = 100;

/** The groups of one repository; their names ignore case. */
export class Concurrency {
  readonly #groups = new Map<string, Group>();

  /** Waits for the group; `replaced` where a later one took the place in the queue. */
  async acquire(wish: Wish, holder: Holder): Promise<'go' | 'replaced'> {
    const group = this.#group(wish.group);
    if (group.running === undefined) {
      group.running = holder;
      return 'go';
    }
    const reason = 'Canceling since a higher priority waiting request for '
      + `'${wish.group}' exists`;
    if (wish.cancelInProgress) group.running.cancel(reason);
    if (wish.queue === 'single' || wish.cancelInProgress) {
      for (const waiting of group.pending.splice(0)) waiting.decide('replaced');
    } else if (group.pending.length >= pendingMax) return 'replaced';
    return new Promise((decide) => { group.pending.push({ holder, decide }); });
  }

  /** Leaves the group, or its queue; the next one goes on. */
  release(name: string, holder: Holder): void {
    const group = this.#group(name);
    const left = group.pending.findIndex((waiting) => waiting.holder === holder);
    if (left >= 0) group.pending.splice(left, 1)[0]?.decide('replaced');
    if (group.running !== holder) return;
    const next = group.pending.shift();
    group.running = next?.holder;
    next?.decide('go');
  }

  #group(name: string): Group {
    const key = name.toLowerCase();
    const group = this.#groups.get(key) ?? { running: undefined, pending: [] };
    this.#groups.set(key, group);
    return group;
  }
}
