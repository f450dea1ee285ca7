import { openConsole, type ConsoleOptions } from '../../src/report/console.ts';
import type { Story } from './stories.ts';

export type Look = Partial<Omit<ConsoleOptions, 'write' | 'now'>>;

/** All that a console writes for a story; the local clock gains 150 ms with every event. */
export function play(story: Story, look: Look = {}): string {
  let written = '';
  let now = 1_000_000;
  const { report, tick, finish } = openConsole({
    isTerminal: false, columns: 80, color: false, verbose: false, fence: false, token: 'token',
    ...look,
    write: (text) => {
      written += text;
    },
    now: () => now,
  });
  for (const event of story.events) {
    report(event);
    now += 150;
    tick();
  }
  finish(story.summary);
  return written;
}

/** What stays on a terminal: all that was cleared is gone. */
export function settled(written: string): string {
  return written.replace(/[^\n]*\r\u001b\[K/g, '');
}

/** Every state of every line of a terminal, one a line. */
export function frames(written: string): string[] {
  return written.split(/\r\u001b\[K|\n/);
}
