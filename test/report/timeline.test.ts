import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MilestoneEvent, ReportEvent, StepState } from '../../src/report/events.ts';
import { buildTimeline } from '../../src/report/timeline.ts';
import { hostileEvent } from './hostile.ts';

/** `stop:begin@1.5`, `migrate:failed@3=exit status 1`, `!window@2`, `?fail@4=status 500`. */
function read(script: string): ReportEvent[] {
  return script.trim().split(/\s*\n\s*/).map((line): ReportEvent => {
    const [, mark = '', head = '', seconds = '', text = ''] =
      /^([!?]?)([a-z:-]+)@(-?[\d.]+)=?(.*)$/.exec(line) ?? [];
    const at = 1_700_000_000_000 + Number(seconds) * 1000;
    if (mark === '!') return { kind: 'milestone', at, name: head as MilestoneEvent['name'], text };
    if (mark === '?') {
      return { kind: 'verdict', at, check: 'http /', verdict: head as 'pass' | 'fail', text };
    }
    const [id = '', state = ''] = head.split(':');
    return { kind: 'step', at, id, title: `Do ${id}`, state: state as StepState, text };
  });
}

const short = (script: string): string[] => buildTimeline(read(script)).timeline
  .map(({ id, seconds, result, text }) => `${id} ${result} ${seconds}${text && ` ${text}`}`);

const restored = `
  !start@0
  copy:begin@0
  copy:done@1
  !window@1
  stop:begin@1
  stop:done@1.5
  migrate:begin@1.5
  migrate:failed@3=exit status 1
  migrate:undo-begin@3
  migrate:undo-done@3
  stop:undo-begin@3
  stop:undo-done@3.5
  !end@4=restored`;

describe('buildTimeline', () => {
  it('tells each act, the window up to the end, and the first failure', () => {
    expect(short(restored)).toEqual([
      'copy done 1', 'stop done 0.5', 'migrate failed 1.5 exit status 1', 'migrate undone 0',
      'stop undone 0.5',
    ]);
    expect(buildTimeline(read(restored))).toMatchObject({
      windowSeconds: 3, reason: 'Do migrate: exit status 1',
    });
  });

  it('ends the window where users are let in', () => {
    const { windowSeconds, reason } = buildTimeline(read(
      '!window@1\n a:begin@1\n a:done@2\n !commit@2\n !admitted@2.5\n'
      + 'b:begin@2.5\n b:done@9\n !end@9'));
    expect(windowSeconds).toBe(1.5);
    expect(reason).toBeUndefined();
  });

  it.each([
    ['nothing was closed', '!start@0\n a:begin@0\n a:done@1\n !end@1'],
    ['the run still goes on', '!window@1\n a:begin@1'],
    ['an undo failed',
      '!window@1\n a:begin@1\n a:failed@2\n a:undo-begin@2\n a:undo-failed@3\n !end@3'],
    ['an undo has no end', '!window@1\n a:begin@1\n a:failed@2\n a:undo-begin@2\n !end@3'],
    ['the end says so', '!window@1\n a:begin@1\n a:failed@2\n !end@3=needs-human'],
  ])('knows no window where %s', (_, script) => {
    expect(buildTimeline(read(script)).windowSeconds).toBeUndefined();
  });

  it('knows the window again when a later undo of the same step worked', () => {
    const script = '!window@1\n a:begin@1\n a:failed@2\n a:undo-begin@2\n a:undo-failed@3\n'
      + '!recover@60\n a:undo-begin@60\n a:undo-done@61\n !end@61';
    expect(buildTimeline(read(script)).windowSeconds).toBe(60);
  });

  it('keeps what a killed program left open, up to its last word', () => {
    const script = `!window@0
      a:begin@0
      a:done@1
      b:begin@1
      ?pass@3
      !recover@100
      b:undo-begin@100
      !recover@200
      b:undo-begin@200
      b:undo-done@201
      a:undo-begin@201
      a:undo-done@202
      !end@202`;
    expect(short(script)).toEqual([
      'a done 1', 'b unfinished 2', 'b unfinished 0', 'b undone 1', 'a undone 1']);
    expect(buildTimeline(read(script))).toMatchObject({
      reason: 'The program on the host died in "Do b"', windowSeconds: 202,
    });
  });

  it('counts a journal that is read twice once', () => {
    expect(short(`${restored}\n${restored}`)).toEqual(short(restored));
  });

  it('tells an act whose beginning was not seen', () => {
    expect(short('a:done@5\n b:begin@5\n b:done@6')).toEqual(['a done 0', 'b done 1']);
  });

  it('goes on counting after the clock was set back', () => {
    const set = '!window@3600\n a:begin@3600\n a:done@3601\n b:begin@1\n b:done@2\n !admitted@3\n';
    expect(short(set)).toEqual(['a done 1', 'b done 1']);
    expect(buildTimeline(read(set)).windowSeconds).toBe(3);
  });

  it('names a check that stayed red, not one that became green', () => {
    const green = '?fail@1=refused\n ?pass@2';
    expect(buildTimeline(read(green)).reason).toBeUndefined();
    expect(buildTimeline(read(`${green}\n ?fail@3=status 502`)).reason).toBe('http /: status 502');
  });

  it('is never negative and never fails, whatever comes', () => {
    fc.assert(fc.property(fc.array(hostileEvent, { maxLength: 30 }), (events) => {
      const { timeline, windowSeconds } = buildTimeline(events);
      const numbers = [...timeline.map(({ seconds }) => seconds), windowSeconds ?? 0];
      expect(numbers.filter((seconds) => !(seconds >= 0 && Number.isFinite(seconds)))).toEqual([]);
    }), { numRuns: 500 });
  });
});
