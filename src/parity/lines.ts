import type { ParityVerdict } from '../config/config.ts';
import type { ParityFinding, ParityReport } from './compare.ts';

export interface LineLimits {
  /** Items of one class that are shown, by verdict. */
  readonly perClassMax: Readonly<Record<ParityVerdict, number>>;
}

export const defaultLimits: LineLimits = {
  perClassMax: { fail: 40, warn: 10, clock: 5, expected: 0 },
};

const headings: Readonly<Record<ParityVerdict, string>> = {
  fail: 'refused', warn: 'warning', clock: 'changes the clock only', expected: 'expected',
};

/** `openssl: 3.0.11 -> 3.0.14`: production, then staging. */
export function lineOf(finding: ParityFinding): string {
  const reason = finding.reason === undefined ? '' : ` (${finding.reason})`;
  return `${finding.item}: ${finding.production} -> ${finding.staging}${reason}`;
}

/** The report as plain lines, grouped by class; what is beyond the limits is counted. */
export function parityLines(report: ParityReport, limits: LineLimits = defaultLimits): string[] {
  const groups = new Map<string, ParityFinding[]>();
  for (const finding of report.findings) {
    const name = `${headings[finding.verdict]}: ${finding.class}`;
    groups.set(name, [...groups.get(name) ?? [], finding]);
  }
  const words = report.verdict === 'pass' ? 'nothing that matters differs'
    : countsOf(report);
  return [
    `${report.compared} items compared, production -> staging: ${words}`,
    ...[...groups].flatMap(([name, findings]) => groupLines(name, findings, limits)),
  ];
}

function countsOf({ findings }: ParityReport): string {
  const count = (verdict: ParityVerdict): number =>
    findings.filter((it) => it.verdict === verdict).length;
  return `${count('fail')} refuse, ${count('warn')} warn`;
}

function groupLines(name: string, findings: readonly ParityFinding[], limits: LineLimits):
string[] {
  const [first] = findings;
  if (first === undefined) return [];
  const max = limits.perClassMax[first.verdict];
  // An expected difference by somebody's own reason is to be seen.
  const shown = findings.filter((it, index) => index < max
    || (it.verdict === 'expected' && it.reason !== undefined && index < max + 20));
  const rest = findings.length - shown.length;
  return [
    name,
    ...shown.map((it) => `  ${lineOf(it)}`),
    ...(rest === 0 ? [] : [`  ${shown.length === 0 ? '' : 'and '}${rest}${
      shown.length === 0 ? '' : ' more'} in ${first.class}`]),
  ];
}
