import { fillInMark, oneLine } from './lines.ts';
import { tagFilter } from './repository.ts';

export interface WorkflowWanted {
  readonly tagPrefix: string;
  /** `owner/seatrial@v1.2.3`; undefined: a person has to fill it in. */
  readonly toolkit: string | undefined;
  readonly toolVersion: string;
}

const toolkitPattern = /^([A-Za-z0-9-]+\/[A-Za-z0-9._-]+)@([A-Za-z0-9._/-]+)$/;

export function isToolkit(text: string): boolean {
  return toolkitPattern.test(text);
}

/** The ten lines that call the chain, which lives with the toolkit. */
export function workflowText({ tagPrefix, toolkit, toolVersion }: WorkflowWanted): string {
  const [, repository, version] = toolkitPattern.exec(toolkit ?? '') ?? [];
  const called = `${repository ?? 'OWNER/seatrial'}/.github/workflows/release.yml`;
  return oneLineEach([
    'name: Release',
    'on:',
    `  push: { tags: ['${tagFilter(tagPrefix)}'] }`,
    '# Rights that the jobs of the chain share out among themselves; none has all of them.',
    'permissions: { actions: read, attestations: write, contents: write, deployments: write,',
    '  id-token: write }',
    'jobs:',
    '  release:',
    ...(repository === undefined
      ? [`    ${fillInMark}the owner of the toolkit's repository, and its version`] : []),
    `    uses: ${called}@${version ?? `v${toolVersion}`}`,
    '    secrets: inherit',
  ]);
}

function oneLineEach(lines: readonly string[]): string {
  return `${lines.map(oneLine).join('\n')}\n`;
}
