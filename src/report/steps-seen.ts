import type { StepEvent, StepState } from './events.ts';

export interface StepSeen {
  /** How long the act took, by the host's clock; undefined while it runs. */
  readonly seconds: number | undefined;
  /** Said once, where the first undo begins. */
  readonly goingBack: string | undefined;
}

/** Remembers when acts began and whether the run has turned back. */
export interface StepsSeen {
  take(event: StepEvent): StepSeen;
  /** The host takes over: an undo that begins now is worth another word. */
  recover(): void;
}

export function isUndo(state: StepState): boolean {
  return state === 'undo-begin' || state === 'undo-done' || state === 'undo-failed';
}

export function isBegin(state: StepState): boolean {
  return state === 'begin' || state === 'undo-begin';
}

export function openStepsSeen(): StepsSeen {
  const began = new Map<string, number>();
  let failed = false;
  let back = false;
  return {
    recover: () => {
      back = false;
    },
    take: (event) => {
      const key = `${isUndo(event.state) ? 'undo' : 'do'} ${event.id}`;
      const since = began.get(key);
      if (isBegin(event.state)) began.set(key, event.at);
      else began.delete(key);
      if (event.state === 'failed') failed = true;
      const turns = event.state === 'undo-begin' && !back;
      if (turns) back = true;
      const words = failed ? 'it failed: going back' : 'going back';
      return {
        seconds: isBegin(event.state) || since === undefined
          ? undefined : (event.at - since) / 1000,
        goingBack: turns ? words : undefined,
      };
    },
  };
}
