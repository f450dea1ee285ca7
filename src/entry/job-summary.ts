import { appendFileSync } from 'node:fs';
import type { Edge } from './edge.ts';

/** Where a job has a summary (GitHub names a file). What cannot be written there stops nothing. */
export function addToJobSummary({ world }: Pick<Edge, 'world'>, text: string): void {
  const path = world.environment['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') return;
  try {
    appendFileSync(path, `${text}\n`);
  } catch (error) {
    world.report({ kind: 'warning', text: `no job summary: ${String(error)}` });
  }
}
