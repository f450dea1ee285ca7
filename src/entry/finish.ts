import type { Result } from '../commands/world.ts';
import { ends } from '../errors.ts';
import { rehearsalJson, summaryJson } from '../report/json.ts';
import { packagedText, pageText } from '../report/made-text.ts';
import { summaryMarkdown } from '../report/markdown.ts';
import { rehearsalMarkdown } from '../report/rehearsal-markdown.ts';
import type { Edge } from './edge.ts';
import { addToJobSummary } from './job-summary.ts';

export interface Shown {
  readonly json: boolean;
  /** Markdown for the job's summary, below the verdict of a rehearsal. */
  readonly below?: string;
}

/** Shows how a command ended, on the screen, in the job's summary and as JSON; the exit status. */
export function finish(edge: Edge, result: Result, { json, below = '' }: Shown): number {
  switch (result.kind) {
    case 'printed': return 0;
    case 'packaged': edge.world.print(packagedText(result.made, json)); return 0;
    case 'page': edge.world.print(pageText(result.found, json)); return 0;
    case 'summary': {
      const { summary } = result;
      edge.finish(summary);
      addToJobSummary(edge, summaryMarkdown(summary));
      if (json) edge.world.print(summaryJson(summary));
      return ends[summary.end];
    }
    case 'rehearsal': {
      const { rehearsal, receipt, page } = result;
      edge.finishRehearsal(rehearsal, result);
      addToJobSummary(edge, rehearsalMarkdown(rehearsal, { below }));
      if (json) edge.world.print(`${rehearsalJson(rehearsal, { receipt, page })}\n`);
      return rehearsal.verdict === 'passed' ? ends.done : ends.refused;
    }
  }
}
