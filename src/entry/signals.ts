import { ends } from '../errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal asks the host to stop before the window, or lets go inside it; the second one
 * ends at once, as `running`: the host goes on by itself. (GitHub sends INT, and TERM 7.5 s later.)
 */
export function watchSignals(): { readonly cancel: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(ends.running);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    cancel: controller.signal,
    stop: () => { for (const signal of signals) process.off(signal, onSignal); },
  };
}
