import { SeatrialError, type Problem } from '../errors.ts';
import type { Finding } from '../report/findings.ts';

/** Findings of one area. */
export interface Notes {
  readonly list: readonly Finding[];
  ok(what: string, message: string): void;
  warn(what: string, message: string, fix: string): void;
  unseen(what: string, message: string, fix: string): void;
  fail(what: string, message: string, fix?: string): void;
  /** All problems as failures, or the word that says that there is none. */
  judge(what: string, problems: readonly Problem[], message: string): void;
}

export function notesOf(area: string): Notes {
  const list: Finding[] = [];
  const add = (state: Finding['state']) =>
    (what: string, message: string, fix?: string): void => {
      list.push({ area, what, state, message, ...(fix === undefined ? {} : { fix }) });
    };
  const fail = add('fail');
  return {
    list, ok: add('ok'), warn: add('warning'), unseen: add('unseen'), fail,
    judge: (what, problems, message) => {
      for (const it of problems) {
        fail(what, `${it.place === undefined ? '' : `${it.place}: `}${it.message}`, it.fix);
      }
      if (problems.length === 0) add('ok')(what, message);
    },
  };
}

/** What was refused as failures of the area; anything else that is thrown is a bug. */
export function refusedAs(notes: Notes, what: string, error: unknown): void {
  if (!(error instanceof SeatrialError) || error.kind === 'cancelled') throw error;
  notes.judge(what, error.problems, '');
}
