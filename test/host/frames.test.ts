import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedText } from '../../src/host/bounded-text.ts';
import { FrameStripper, type Frame } from '../../src/host/frames.ts';
import { Gate } from '../../src/host/gate.ts';
import { folderFor, sshConfig } from '../../src/host/ssh-config.ts';

const token = '0123456789abcdef';
const rs = '\u001e';

function strip(bytes: Buffer, cuts: readonly number[]): { output: Buffer; frames: Frame[] } {
  const frames: Frame[] = [];
  const stripper = new FrameStripper(token, (frame) => frames.push(frame));
  const places = [0, ...cuts.map((it) => it % (bytes.length + 1)), bytes.length]
    .sort((a, b) => a - b);
  const pieces = places.slice(1).flatMap((end, index) =>
    stripper.push(bytes.subarray(places[index], end)));
  return { output: Buffer.concat([...pieces, stripper.flush()]), frames };
}

/** Bytes that look much like frames. */
const output = fc.array(fc.oneof(
  fc.constantFrom(rs, token, rs + token, `${rs}${token}x1${rs}`, `${rs}${token}s`, 's1', '0123',
    rs + rs),
  fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 12 })
  .map((it) => Buffer.from(it.join('')))
  .filter((it) => !/\u001e0123456789abcdef[se]\d+\u001e/.test(it.toString('latin1')));

describe('frames', () => {
  it('are found and taken out, wherever the stream is cut, and nothing else is', () => {
    fc.assert(fc.property(output, output, fc.array(fc.nat(), { maxLength: 9 }),
      (before, after, cuts) => {
        const stream = Buffer.concat([Buffer.from(`${rs}${token}s4711${rs}`), before,
          Buffer.from(`x${rs}${token}e3${rs}`), after]);
        const result = strip(stream, cuts);
        expect(result.frames)
          .toEqual([{ kind: 'start', value: 4711 }, { kind: 'end', value: 3 }]);
        expect(result.output.equals(Buffer.concat([before, Buffer.from('x')]))).toBe(true);
      }), { numRuns: 2_000 });
  });

  it('leave out what comes before the start where that is asked', () => {
    const output: Buffer[] = [];
    const stripper = new FrameStripper(token, () => undefined, true);
    for (const byte of Buffer.from(`motd${rs}${token}s1${rs}out${rs}${token}e0${rs}late`)) {
      output.push(...stripper.push(Buffer.from([byte])));
    }
    expect(Buffer.concat([...output, stripper.flush()]).toString()).toBe('out');
  });

  it('that are not finished are output', () => {
    fc.assert(fc.property(output, fc.array(fc.nat(), { maxLength: 9 }), (bytes, cuts) => {
      expect(strip(bytes, cuts)).toEqual({ output: bytes, frames: [] });
    }), { numRuns: 500 });
  });
});

describe('bounded text', () => {
  it('keeps both ends and says how much it left out', () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 60 }).map((it) => Buffer.from(it))),
      (chunks) => {
        const text = new BoundedText(200);
        for (const chunk of chunks) text.add(chunk);
        const whole = Buffer.concat(chunks);
        const kept = text.toString();
        const missing = /\n\[\.\.\. (\d+) bytes left out \.\.\.\]\n/.exec(kept);
        if (missing === null) {
          expect(kept).toBe(whole.toString());
          return;
        }
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(200);
        expect(kept.slice(0, 68)).toBe(whole.subarray(0, 68).toString());
        expect(kept.slice(-68)).toBe(whole.subarray(-68).toString());
        expect(Number(missing[1])).toBe(whole.length - 136);
      }));
  });
});

describe('gate', () => {
  it('lets so many in, the next in order, and forgets who gave up', async () => {
    const gate = new Gate(1);
    const order: string[] = [];
    const places = ['a', 'b', 'c'].map((name) => {
      const place = gate.enter();
      void place.reached.then(() => order.push(name));
      return place;
    });
    await Promise.resolve();
    expect(order).toEqual(['a']);
    places[1]?.leave();
    places[0]?.leave();
    places[0]?.leave();
    await Promise.resolve();
    expect(order).toEqual(['a', 'c']);
  });
});

describe('the configuration for ssh', () => {
  const options = {
    destination: 'a@b', knownHostsFile: '/known 100%', connectTimeoutMs: 1_500,
    keepAliveSeconds: 5, keepAliveCountMax: 3, temporaryDirectory: '/tmp',
  };

  it("puts its own settings before the person's, and empties SendEnv after them", () => {
    const lines = sshConfig(options, undefined).split('\n').map((it) => it.trim());
    const own = lines.indexOf('Include "~/.ssh/config"');
    for (const it of ['StrictHostKeyChecking yes', 'UserKnownHostsFile "/known 100%%"',
      'GlobalKnownHostsFile /dev/null', 'ConnectTimeout 2', 'ForwardAgent no']) {
      expect(lines.slice(0, own)).toContain(it);
    }
    const system = lines.indexOf('Include /etc/ssh/ssh_config');
    expect(lines.indexOf('SendEnv -*')).toBeGreaterThan(system);
  });

  it('keeps to folders that ssh can name', () => {
    expect(folderFor('/run/user/0')).toBe('/run/user/0');
    expect(folderFor('/a b')).not.toContain(' ');
    expect(folderFor(`/${'x'.repeat(80)}`).length).toBeLessThan(80);
  });
});
