import type { Summary } from './events.ts';

/** How a command ended, in one sentence: the first thing that anybody reads. */
export function headline(summary: Summary): string {
  switch (summary.end) {
    case 'done': return `DONE: ${doneText(summary)}`;
    case 'unchanged': return `UNCHANGED: ${unchangedText(summary)}`;
    case 'restored': return `RESTORED: ${failedText(summary)}; ${asBefore(summary)}.`;
    case 'refused': return `REFUSED: ${untouched(summary)}.`;
    case 'needs-human': return `NEEDS A PERSON: ${failedText(summary)},`
      + ` and going back failed too; ${nowServing(summary)}.`;
    case 'cancelled': return `CANCELLED: ${untouched(summary)}.`;
    case 'running': return 'RUNNING: the host goes on by itself'
      + ` with ${release(summary)} on ${environment(summary)}; how it ends is not known yet.`;
    case 'busy': return `BUSY: another run holds ${environment(summary)};`
      + ' this one touched nothing.';
    case 'degraded': return `DEGRADED: ${environment(summary)} serves ${release(summary)},`
      + ' but a check failed after users were let in; nothing was restored.';
    default: return summary.end satisfies never;
  }
}

/** Whether users are out, as far as the summary can know; empty where there was no window. */
export function windowText(summary: Summary, duration: (seconds: number) => string): string {
  if (summary.windowSeconds !== undefined) {
    return `Users were kept out for ${duration(summary.windowSeconds)}.`;
  }
  if (summary.end === 'needs-human') return 'Users may still be kept out.';
  return summary.end === 'running' ? 'Users may be kept out until the host is done.' : '';
}

/** `production` of `production (deploy@www.example.org)`. */
export function environment(summary: Summary): string {
  return summary.host.split(' (')[0]?.trim() || 'the host';
}

export function release(summary: Summary): string {
  return summary.version === undefined
    ? summary.application : `${summary.application} ${summary.version}`;
}

function doneText(summary: Summary): string {
  const where = environment(summary);
  switch (summary.command) {
    case 'package': return `${release(summary)} is packaged.`;
    case 'rehearse': return `${release(summary)} passed its rehearsal on ${where}.`;
    case 'deploy': return `${where} serves ${release(summary)}.`;
    case 'rollback': return `${where} serves ${release(summary)} again.`;
    case 'adopt': return `what runs on ${where} is taken over as ${release(summary)}.`;
    case 'recover': return summary.serving === undefined
      ? `what was left unfinished on ${where} is finished.`
      : `what was left unfinished is finished; ${where} serves ${summary.serving}.`;
    default: return `${summary.command} of ${release(summary)}.`;
  }
}

function unchangedText(summary: Summary): string {
  if (summary.command === 'package') {
    return `${release(summary)} was packaged before, with the same bytes.`;
  }
  if (summary.command === 'rehearse') {
    return `${release(summary)} has already passed its rehearsal on ${environment(summary)}.`;
  }
  return `${environment(summary)} already serves ${release(summary)}.`;
}

function failedText(summary: Summary): string {
  return summary.command === 'rehearse'
    ? `${release(summary)} failed its rehearsal` : `${release(summary)} failed`;
}

function untouched(summary: Summary): string {
  return summary.command === 'package'
    ? 'nothing was touched' : `nothing was touched; ${asBefore(summary)}`;
}

function asBefore(summary: Summary): string {
  return summary.serving === undefined
    ? `${environment(summary)} is as before`
    : `${environment(summary)} serves ${summary.serving} as before`;
}

function nowServing(summary: Summary): string {
  return summary.serving === undefined
    ? `${environment(summary)} is left half-way`
    : `${environment(summary)} serves ${summary.serving}`;
}
