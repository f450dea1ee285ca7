import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import type { ReportEvent } from '../../src/report/events.ts';
import { follow, type FollowInput } from '../../src/transaction/follow.ts';
import { FrameReader } from '../../src/transaction/frames.ts';
import { FakeTransport, type FakeSession } from '../fakes/transport.ts';

describe('frames', () => {
  it('are the same wherever the stream is cut', () => {
    const frame = fc.record({ letter: fc.constantFrom('J', 'C', 'A', 'E'),
      data: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(fc.property(fc.array(frame), fc.array(fc.nat(60)), (frames, cuts) => {
      const bytes = Buffer.concat(frames.flatMap(({ letter, data }) =>
        [Buffer.from(`${letter} ${data.length}\n`), Buffer.from(data)]));
      const reader = new FrameReader();
      const read: { letter: string; data: string }[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        for (const it of reader.push(bytes.subarray(at, at + cut))) {
          read.push({ letter: it.letter, data: it.data.toString('hex') });
        }
        at += cut;
      }
      expect(read).toEqual(frames.map((it) =>
        ({ letter: it.letter, data: Buffer.from(it.data).toString('hex') })));
    }));
  });

  it.each(['Welcome to www!\n', 'J x\n', 'J 5', 'j 5\n', '\n', `J ${'9'.repeat(9)}\n`])(
    'are not %j', (text) => {
      const reader = new FrameReader();
      expect(() => reader.push(Buffer.from(text.padEnd(100, ' ')))).toThrow(SeatrialError);
    });
});

const line = (event: string, step = '', text = ''): string => `1.5\t${event}\t${step}\t${text}\n`;

interface Played {
  readonly host: FakeTransport;
  readonly events: ReportEvent[];
  readonly input: FollowInput;
  readonly cancel: AbortController;
}

/** Time passes only while something sleeps. */
function played(host: FakeTransport, change: Partial<FollowInput> = {}): Played {
  const events: ReportEvent[] = [];
  const cancel = new AbortController();
  let now = 0;
  return { host, events, cancel, input: {
    open: () => Promise.resolve(host), transport: host, application: 'fake', records: '/r',
    run: 'run1', titles: { steps: { '01': { id: 'stop', title: 'Stop it', back: 'Start it again',
      onlyBack: false } }, checks: { '01': 'http' } },
    launch: 'session', report: (event) => { events.push(event); }, cancel: cancel.signal,
    clock: () => now, watchMsMax: 60_000,
    sleep: (milliseconds) => { now += milliseconds; return Promise.resolve(); },
    ...change,
  } };
}

const ends = (text: string) => (session: FakeSession): void => {
  session.say('J', text + line('end', '', 'done '));
  session.say('E');
  session.end();
};

describe('following a run', () => {
  it('tells each event once, by its title, however the bytes arrive', async () => {
    const text = [line('start', '', '2'), line('begin', '01'), line('failed', '01', 'héé €'),
      line('undo-begin', '01'), line('verdict', '01', 'fail it is red')].join('');
    const bytes = Buffer.from(text);
    const { input, events } = played(new FakeTransport((session) => {
      for (let at = 0; at < bytes.length; at += 7) session.say('J', bytes.subarray(at, at + 7));
      session.say('C', Buffer.from([0xe2, 0x82]));
      session.say('C', Buffer.from([0xac]));
      ends('')(session);
    }));
    expect(await follow(input)).toEqual({ kind: 'ended', end: { end: 'done', text: '' } });
    expect(events.map((it) => ('title' in it ? `${it.state} ${it.title} ${it.text}`
      : it.kind === 'verdict' ? `${it.check} ${it.verdict} ${it.text}`
        : it.kind === 'output' ? `output ${it.text}` : it.kind))).toEqual([
      'milestone', 'begin Stop it ', 'failed Stop it héé €', 'undo-begin Start it again ',
      'http fail it is red', 'output ', 'output €', 'milestone']);
  });
});

describe('following a run over a lost connection', () => {
  it('goes on after a lost connection from the last whole line', async () => {
    const first = line('start', '', '2');
    const half = line('begin', '01').slice(0, 6);
    const { input, host, events } = played(new FakeTransport((session, count) => {
      if (count > 1) return ends(line('begin', '01'))(session);
      session.say('J', first + half);
      session.say('C', 'abc');
      setImmediate(() => session.lose());
    }));
    expect((await follow(input)).kind).toBe('ended');
    expect(host.sessions[1]?.words.slice(-3))
      .toEqual(['run1', String(Buffer.byteLength(first)), '3']);
    expect(events.filter((it) => it.kind === 'step').length).toBe(1);
  });

  it('ends as running where the host stays lost', async () => {
    let tries = 0;
    const { input } = played(new FakeTransport((session) => session.lose()), {
      watchMsMax: 10_000_000,
      open: () => { tries += 1; return Promise.reject(new SeatrialError('refused', 'no route')); },
    });
    expect(await follow(input)).toEqual({ kind: 'running', why: 'contact with the host is lost' });
    expect(tries).toBe(20);
  });

  it('lets a bug through', async () => {
    const { input } = played(new FakeTransport((session) => session.lose()),
      { open: () => Promise.reject(new TypeError('a bug')) });
    await expect(follow(input)).rejects.toThrow(TypeError);
  });
});

describe('following a program that dies', () => {
  it('recovers a program that died, and not for ever', async () => {
    const dying = played(new FakeTransport((session, count) => {
      if (count > 2) return ends(line('recover'))(session);
      session.say('G');
      session.end();
    }, () => 'started\nrun1\n'));
    expect((await follow(dying.input)).kind).toBe('ended');
    expect(dying.host.ran)
      .toEqual(Array(2).fill(['seatrial-recover', '/r', '-', 'session', 'fake', '']));
    const dead = played(new FakeTransport((session) => { session.say('G'); session.end(); },
      () => 'started\nrun1\n'));
    expect(await follow(dead.input)).toEqual({ kind: 'running', why: 'its program keeps dying' });
    const broken = played(new FakeTransport((session) => { session.say('G'); session.end(); },
      () => 'the program did not start\n'));
    await expect(follow(broken.input)).rejects.toMatchObject({ kind: 'running' });
  });

  it('takes a program that died before it began for cancelled', async () => {
    const { input } = played(new FakeTransport((session) => { session.say('G'); session.end(); },
      () => 'nothing\n'));
    expect(await follow(input)).toMatchObject({ kind: 'ended', end: { end: 'cancelled' } });
  });
});

describe('following a run that is cancelled', () => {
  it('asks to stop before the window, and waits for the end', async () => {
    const { input, cancel, host } = played(new FakeTransport((session) => {
      session.say('J', line('start', '', '2'));
      session.stdin.on('data', (chunk: Buffer) => {
        if (!chunk.toString().includes('cancel')) return;
        session.say('J', line('end', '', 'cancelled cancelled before the window'));
        session.say('E');
        session.end();
      });
      cancel.abort();
    }));
    expect(await follow(input)).toEqual({ kind: 'ended',
      end: { end: 'cancelled', text: 'cancelled before the window' } });
    expect(host.sessions[0]?.written).toContain('beat\n');
  });

  it.each(['before', 'after'])('lets go inside the window, told %s the cancel', async (when) => {
    const { input, cancel, host } = played(new FakeTransport((session) => {
      if (when === 'after') cancel.abort();
      session.say('J', line('start', '', '2') + line('window'));
      if (when === 'before') setImmediate(() => cancel.abort());
    }));
    expect(await follow(input)).toMatchObject({ kind: 'running',
      why: 'it was cancelled inside the window, where the host decides' });
    expect(host.sessions[0]?.written.includes('cancel')).toBe(when === 'after');
  });
});

describe('following a run that says nothing', () => {
  it('lets go where the host does not answer a cancel, is silent, or takes too long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    try {
      const deaf = played(new FakeTransport(() => deaf.cancel.abort()));
      const asked = follow(deaf.input);
      await vi.advanceTimersByTimeAsync(10);
      await new Promise((resolve) => { setImmediate(resolve); });
      await vi.advanceTimersByTimeAsync(6_500);
      expect(await asked).toMatchObject({ kind: 'running' });
      const silent = played(new FakeTransport((session, count) => {
        if (count === 2) ends('')(session);
      }));
      const followed = follow(silent.input);
      await new Promise((resolve) => { setImmediate(resolve); });
      await vi.advanceTimersByTimeAsync(20_100);
      await new Promise((resolve) => { setImmediate(resolve); });
      expect((await followed).kind).toBe('ended');
      const slow = played(new FakeTransport((session) => {
        setInterval(() => session.say('A'), 1_000);
      }));
      const late = follow(slow.input);
      await vi.advanceTimersByTimeAsync(60_500);
      expect(await late).toEqual({ kind: 'running', why: 'the watch limit was reached' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('knows a run that the host does not have', async () => {
    const { input } = played(new FakeTransport((session) => { session.say('N'); session.end(); }));
    expect(await follow(input)).toEqual({ kind: 'unknown-run' });
  });

  it('closes what it opened, and not what it was given', async () => {
    const second = new FakeTransport(ends(''));
    const { input, host } = played(new FakeTransport((session) => session.lose()),
      { open: () => Promise.resolve(second) });
    await follow(input);
    expect([host.closed, second.closed]).toEqual([0, 1]);
  });
});
