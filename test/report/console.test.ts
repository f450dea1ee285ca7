import { describe, expect, it } from 'vitest';
import { expectGolden } from './golden.ts';
import { frames, play, settled } from './play.ts';
import { stories } from './stories.ts';

const all = Object.entries(stories);

function storyOf(name: string) {
  const story = stories[name];
  if (story === undefined) throw new Error(`no story ${name}`);
  return story;
}

describe('in a log', () => {
  it.each(all)('tells %s', (name, story) => {
    expectGolden(`${name}.log.txt`, play(story));
  });

  it('shows what remote commands print when asked to, inside a fence', () => {
    const text = play(storyOf('needs-human'), { verbose: true, fence: true });
    expectGolden('needs-human.verbose.log.txt', text);
  });

  it('never writes the way to redraw a line', () => {
    for (const [, story] of all) expect(play(story)).not.toContain('\r');
  });

  it('colours only when asked to', () => {
    const story = storyOf('restored');
    expect(play(story)).not.toContain('\u001b');
    const painted = play(story, { color: true });
    expect(painted).toContain('\u001b[31mRESTORED');
    expect(painted.replace(/\u001b\[\d*m/g, '')).toBe(play(story));
  });
});

describe('on a terminal', () => {
  it.each([80, 44])('tells how it was restored in %d columns', (columns) => {
    const text = settled(play(storyOf('restored'), { isTerminal: true, columns }));
    expectGolden(`restored.terminal-${columns}.txt`, text);
  });

  it('shows what runs and how far a transfer is on one line', () => {
    const states = frames(play(storyOf('done'), { isTerminal: true }));
    expectGolden('done.frames.txt', `${states.join('\n')}\n`);
  });

  it('leaves no live line behind, also when the host is still at it', () => {
    expect(settled(play(storyOf('running'), { isTerminal: true }))).not.toContain(' ... ');
  });
});
