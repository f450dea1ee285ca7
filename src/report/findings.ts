import { harmless } from './json.ts';
import { plainLine, plainLines } from './text.ts';

/** One thing that doctor looked at. `unseen`: it could not be looked at, which proves nothing. */
export interface Finding {
  /** What it is a part of: `production (deploy@www.example.org)`. */
  readonly area: string;
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'unseen' | 'fail';
  readonly message: string;
  /** What to do about it; several lines where commands are to be copied. */
  readonly fix?: string;
}

const marks: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok     ', warning: 'warning', unseen: 'unseen ', fail: 'FAIL   ',
};

/**
 * For people: area by area in the order in which they were found, and their number. The fixes of
 * what failed are told with the refusal, at the end.
 */
export function findingsText(findings: readonly Finding[]): string {
  const areas = [...new Set(findings.map((it) => it.area))];
  return `${[...areas.flatMap((area) => [plainLine(area),
    ...findings.filter((it) => it.area === area).flatMap(linesOf)]),
  '', countText(findings)].join('\n')}\n`;
}

function linesOf({ what, state, message, fix }: Finding): string[] {
  return [`  ${marks[state]}  ${plainLine(`${what} ${message}`)}`,
    ...(fix === undefined || state === 'fail' ? []
      : plainLines(fix).map((line) => `           ${line}`))];
}

function countText(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number =>
    findings.filter((it) => it.state === state).length;
  return `${count('ok')} ok, ${count('warning')} warnings, ${count('unseen')} unseen, ` +
    `${count('fail')} failed`;
}

/** One line for programs. */
export function findingsJson(application: string | undefined, findings: readonly Finding[]):
string {
  const ready = findings.every((it) => it.state !== 'fail');
  const plain = findings.map(({ fix, ...it }) => ({ ...it, message: plainLine(it.message),
    ...(fix === undefined ? {} : { fix: plainLines(fix).join('\n') }) }));
  return `${harmless(JSON.stringify({ format: 1, application: application ?? null, ready,
    findings: plain }))}\n`;
}
