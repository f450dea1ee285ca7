import { readFileSync } from 'node:fs';
import type { Plan } from '../plan/plan.ts';
import { rangeText } from '../report/rehearsal-words.ts';
import { readReceipt } from '../trial/read-receipt.ts';
import type { Question } from './confirm.ts';
import { rehearsalNote } from './receipt-gate.ts';
import type { Acting } from './transaction.ts';

/** What a person must know before they say yes to a deployment, in few lines. */
export function deployQuestion(acting: Acting, plan: Plan): Question {
  const { config, options } = acting;
  const { maintenance } = config;
  const rehearsal = rehearsalNote(acting);
  return {
    headline: `${plan.application} on ${plan.host}: ${plan.previousVersion ?? '(nothing)'} -> ` +
      plan.version,
    means: {
      rehearsal,
      window: rehearsal === 'rehearsed' && plan.way !== 'first'
        ? windowText(options.receipt) : 'not forecast',
      ...(maintenance.kind !== 'none' ? {} : { users: 'are not kept out: what they write ' +
        `meanwhile can be lost by going back (${maintenance.reason})` }),
      irreversible: 'once users are let in: from then on nothing is restored by itself',
    },
    words: [plan.version, plan.application],
  };
}

/** Only where the rehearsal forecast it; the gate has found the receipt right before. */
function windowText(receipt: string | undefined): string {
  if (receipt === undefined) return 'not forecast';
  const { forecast } = readReceipt(readFileSync(receipt, 'utf8'), receipt).statement.predicate;
  return forecast === null ? 'not forecast'
    : `${rangeText(forecast)}, as the rehearsal forecasts`;
}
