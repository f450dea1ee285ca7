import { describe, expect, it } from 'vitest';
import { openConsole } from '../../src/report/console.ts';
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

  it('says that a step began where it lasts, and once', () => {
    const seen = { now: 0, text: '' };
    const { report, tick } = openConsole({ write: (text) => { seen.text += text; }, columns: 100,
      isTerminal: false, color: false, verbose: false, fence: false, now: () => seen.now });
    const step = { kind: 'step', at: 5000, id: 'migrate', title: 'Migrate', text: '' } as const;
    report({ ...step, state: 'begin' });
    seen.now = 1000;
    tick();
    expect(seen.text).toBe('');
    seen.now = 2500;
    tick();
    tick();
    expect(seen.text).toBe('  0.0s  begin    Migrate\n');
    report({ ...step, at: 9000, state: 'done' });
    expect(seen.text.split('\n').length).toBe(3);
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

describe('the live line', () => {
  function terminal() {
    const seen = { written: [] as string[], now: 0, columns: 80 };
    const { report, tick } = openConsole({
      isTerminal: true, color: false, verbose: false, fence: false,
      write: (text) => seen.written.push(text),
      now: () => seen.now,
      get columns() {
        return seen.columns;
      },
    });
    return { seen, report, tick };
  }

  it('follows a transfer no more than ten times a second', () => {
    const { seen, report } = terminal();
    for (let done = 0; done < 100; done += 1) {
      report({ kind: 'progress', what: 'x', done, total: 1000 });
      seen.now += 10;
    }
    expect(seen.written).toHaveLength(10);
  });

  it('shows an activity until it is taken back, and a log never does', () => {
    const { seen, report } = terminal();
    report({ kind: 'activity', text: 'act 1: making the release' });
    report({ kind: 'activity', text: '' });
    expect(seen.written).toEqual([
      '\r\u001b[K  0.0s  act 1: making the release ... 0.0s', '\r\u001b[K',
    ]);
    const activity = { kind: 'activity', text: 'x' } as const;
    const silent = { ...storyOf('unchanged'), events: [activity] };
    expect(play(silent)).toBe(play({ ...silent, events: [] }));
  });

  it('counts the seconds of a step with every tick, and fits a window made smaller', () => {
    const { seen, report, tick } = terminal();
    const title = 'Stop guestbook.service';
    report({ kind: 'step', at: 5000, id: 'stop', title, state: 'begin', text: '' });
    seen.now = 4000;
    tick();
    expect(seen.written.at(-1)).toBe('\r\u001b[K  4.0s  Stop guestbook.service ... 4.0s');
    seen.columns = 25;
    seen.now = 5000;
    tick();
    expect(seen.written.at(-1)).toBe('\r\u001b[K  5.0s  Stop guestboo...');
  });
});
