import type { Plan } from '../plan/plan.ts';
import { buildTimeline } from '../report/timeline.ts';
import type { ReportEvent } from '../report/events.ts';
import { lookOf } from '../trial/assemble.ts';
import type { CheckSeen, RehearsedStep } from '../trial/rehearsal.ts';

/** The acts of some plans with their times, in their order. */
export function stepsSeen(events: readonly ReportEvent[], plans: readonly Plan[]): RehearsedStep[] {
  const phases = new Map(plans.flatMap((plan) => plan.steps.map((it) => [it.id, it.phase])));
  return buildTimeline(events).timeline.map((entry) => ({
    id: entry.id,
    title: entry.title,
    phase: entry.result.startsWith('undo') ? 'undo'
      : entry.id.startsWith('trial-') ? 'trial'
        : phases.get(entry.id) === 'window' ? 'window' : 'prepare',
    seconds: entry.seconds,
  }));
}

/** The last verdict of each check at each look. */
export function checksSeen(events: readonly ReportEvent[]): CheckSeen[] {
  const seen = new Map<string, CheckSeen>();
  let step = '';
  for (const event of events) {
    if (event.kind === 'step') step = event.id;
    const when = event.kind === 'verdict' ? lookOf(step) : undefined;
    if (event.kind !== 'verdict' || when === undefined) continue;
    seen.set(`${when}\t${event.check}`,
      { title: event.check, verdict: event.verdict, text: event.text, when });
  }
  return [...seen.values()];
}
