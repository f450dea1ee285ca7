import type { Result } from '../commands/world.ts';
import { ends } from '../errors.ts';
import { rehearsalJson } from '../report/json.ts';
import type { Edge } from './edge.ts';

/** Shows how a rehearsal ended, and gives the exit status. */
export function finishRehearsal(
  edge: Edge, result: Extract<Result, { kind: 'rehearsal' }>, json: boolean,
): number {
  edge.finishRehearsal(result.rehearsal, result);
  const { receipt, page } = result;
  if (json) edge.world.print(`${rehearsalJson(result.rehearsal, { receipt, page })}\n`);
  return result.rehearsal.verdict === 'passed' ? ends.done : ends.refused;
}
