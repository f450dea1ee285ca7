import type { End, Problem } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { buildTimeline } from '../report/timeline.ts';
import type { Place, Report, ReportEvent, Summary } from '../report/events.ts';
import { rescuePlace } from '../state/rescue-place.ts';
import type { Followed } from '../transaction/follow.ts';
import type { RawOptions } from '../config/options.ts';

/** A report that also remembers, for the timeline of the summary. */
export interface Recording {
  readonly report: Report;
  readonly events: readonly ReportEvent[];
}

/** Output is not kept: it may be gigabytes. */
export function record(report: Report): Recording {
  const events: ReportEvent[] = [];
  return {
    events,
    report: (event) => {
      if (['step', 'milestone', 'verdict'].includes(event.kind)) events.push(event);
      report(event);
    },
  };
}

export interface SummaryInput {
  readonly command: string;
  readonly options: RawOptions;
  readonly plan: Plan;
  readonly followed: Followed;
  readonly events: readonly ReportEvent[];
  readonly approval?: string | undefined;
}

export function summarize(input: SummaryInput): Summary {
  const { plan, followed, options } = input;
  const { timeline, windowSeconds, reason } = buildTimeline(input.events);
  const end: End = followed.kind === 'ended' ? followed.end.end : 'running';
  const why = followed.kind === 'running' ? followed.why : followed.kind === 'ended'
    ? followed.end.text : 'the host does not know this run';
  const passed = input.events.some((it) => it.kind === 'milestone' && it.name === 'commit');
  return {
    command: input.command,
    end,
    application: plan.application,
    host: plan.host,
    version: plan.version,
    digest: plan.digest,
    serving: servingAfter(end, plan, passed),
    run: plan.run,
    reason: why === '' ? reason : why,
    windowSeconds,
    places: places(end, plan),
    next: next(end, plan, options),
    problems: end === 'needs-human' ? [personProblem(why)] : [],
    timeline,
    approval: input.approval,
  };
}

/** What the person at 3 a.m. must know before they touch anything. */
function personProblem(why: string): Problem {
  return {
    message: why,
    fix: 'Users are kept out, and the application cannot be started meanwhile. Nothing goes on ' +
      'by itself. Mend on the host what is named here; the console log beside the journal says ' +
      'more. Then `seatrial recover` goes on from there.',
  };
}

/** What serves now, as far as the end says so. */
function servingAfter(end: End, plan: Plan, committed: boolean): string | undefined {
  switch (end) {
    case 'done': case 'unchanged': case 'degraded': return plan.version;
    case 'restored': case 'refused': case 'cancelled': return plan.previousVersion;
    case 'busy': case 'running': case 'needs-human':
      return committed ? plan.version : undefined;
  }
}

function places(end: End, plan: Plan): Place[] {
  const journal = { what: 'journal', path: `${plan.records}/runs/${plan.run}/journal` };
  const rescues = plan.steps.filter((it) => it.id.startsWith('rescue-')).flatMap((step) =>
    step.do.map((act) => ({ what: 'rescue copy', path: placeOf(plan, act.argv) })));
  const failed = { what: 'failed bundle', path: `${plan.records}/failed/${plan.run}` };
  switch (end) {
    case 'done': case 'degraded': return [...rescues, journal];
    case 'restored': return [failed, journal];
    case 'needs-human': return [...rescues, failed, journal];
    case 'running': return [journal];
    case 'cancelled': case 'refused': return [journal];
    case 'unchanged': case 'busy': return [];
  }
}

function placeOf(plan: Plan, argv: readonly unknown[]): string {
  const [verb = '', spec = '', label = ''] = argv.map(String);
  const { application, records, run } = plan;
  return rescuePlace({ kind: verb.replace(/^rescue_/, ''), spec, label, application, records,
    run });
}

function next(end: End, plan: Plan, options: RawOptions): string[] {
  const more = `${options.config === 'seatrial.yml' ? '' : ` --config ${options.config}`}` +
    `${options.host === 'production' ? '' : ` --host ${options.host}`}`;
  switch (end) {
    case 'running': return [`seatrial attach --run ${plan.run}${more}`];
    case 'needs-human': return [`seatrial status${more}`, `seatrial recover${more}`];
    case 'degraded': return [`seatrial rollback --code-only${more}`,
      `seatrial rollback --with-state${more}`];
    case 'restored': return [`seatrial status${more}`];
    case 'done': case 'unchanged': case 'refused': case 'cancelled': case 'busy': return [];
  }
}

/** A summary of a command that ended before there was a plan. */
export function plainSummary(input: Partial<Summary> &
  Pick<Summary, 'command' | 'end' | 'application' | 'host'>): Summary {
  return {
    version: undefined, digest: undefined, serving: undefined, run: undefined, reason: undefined,
    windowSeconds: undefined, places: [], next: [], problems: [], timeline: [], ...input,
  };
}
