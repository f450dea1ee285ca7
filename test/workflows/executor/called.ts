import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidWorkflow, StepError } from './errors.ts';
import { eventOf } from './filters.ts';
import { beyond, permissionsOf } from './permissions.ts';
import type { Permissions } from './server.ts';
import type { Source, Sources } from './sources.ts';
import { isMap, type Mapping, type Tree } from './tree.ts';
import { mappingOf, readWorkflow, type Call, type JobDefinition, type Workflow }
  from './workflow.ts';

/** Caller and called: ten on github.com. */
const levelsMax = 10;

/** A workflow with all workflows that it calls. */
export interface Loaded {
  readonly workflow: Workflow;
  /** Where its file is from: what `$/` and `job.workflow_sha` mean in it. */
  readonly source: Source;
  /** By the id of the job that calls. */
  readonly calls: ReadonlyMap<string, Loaded>;
}

export interface Loading {
  readonly source: Source;
  readonly path: string;
  readonly sources: Sources;
  /** What the caller's job may give at most. */
  readonly allowed: Permissions;
  readonly level: number;
}

/** Reads and checks all of it before anything runs, as GitHub does. Throws InvalidWorkflow. */
export async function load(loading: Loading): Promise<Loaded> {
  const { source, path, sources, level } = loading;
  const file = join(source.directory, path);
  if (!existsSync(file)) throw new InvalidWorkflow(path, ['workflow was not found']);
  const workflow = await readWorkflow(path, readFileSync(file, 'utf8'));
  const calls = new Map<string, Loaded>();
  for (const job of workflow.jobs) {
    const wanted = permissionsOf(job.permissions) ?? permissionsOf(workflow.permissions);
    const tooMuch = level === 1 ? [] : beyond(wanted ?? {}, loading.allowed);
    if (tooMuch.length > 0) {
      throw new InvalidWorkflow(path, [`The nested job '${job.id}' is requesting `
        + `'${tooMuch.join(', ')}', but is not allowed that`]);
    }
    if (job.does.kind === 'steps') continue;
    if (level >= levelsMax) throw new InvalidWorkflow(path, ['too many levels of workflows']);
    const target = targetOf(job.does.uses, { source, sources, path });
    const called = await load({
      ...target, sources, allowed: wanted ?? loading.allowed, level: level + 1,
    });
    checkCall(called.workflow, job, job.does);
    calls.set(job.id, called);
  }
  return { workflow, source, calls };
}

function targetOf(
  uses: string,
  from: { readonly source: Source; readonly sources: Sources; readonly path: string },
): { source: Source; path: string } {
  const local = /^[.$]\/(\.github\/workflows\/[^/@]+\.ya?ml)$/.exec(uses);
  if (local?.[1] !== undefined) return { source: from.source, path: local[1] };
  const remote = /^([^/@]+\/[^/@]+)\/(\.github\/workflows\/[^/@]+\.ya?ml)@(.+)$/.exec(uses);
  const [, repository, path, ref] = remote ?? [];
  if (repository === undefined || path === undefined || ref === undefined) {
    throw new InvalidWorkflow(from.path, [`invalid value workflow reference: ${uses}`]);
  }
  try {
    return { source: from.sources.find(repository, ref), path };
  } catch (error) {
    if (error instanceof StepError) throw new InvalidWorkflow(from.path, [error.message]);
    throw error;
  }
}

/** What a called or dispatched workflow says it takes. */
export function takes(
  on: Tree, what: 'inputs' | 'secrets' | 'outputs', event = 'workflow_call',
): Mapping {
  return mappingOf(mappingOf(eventOf(on, event)).get(what));
}

function checkCall(called: Workflow, job: JobDefinition, call: Call): void {
  const problems: string[] = [];
  if (eventOf(called.on, 'workflow_call') === undefined) {
    problems.push(`${called.path} is not reusable: it is missing a 'on.workflow_call' trigger`);
  }
  const inherits = call.secrets === 'inherit';
  problems.push(...mismatches('input', { given: call.with, known: takes(called.on, 'inputs') }));
  if (!inherits) {
    const known = takes(called.on, 'secrets');
    problems.push(...mismatches('secret', { given: call.secrets, known }));
  }
  if (problems.length > 0) {
    throw new InvalidWorkflow(called.path, problems.map((each) => `jobs.${job.id}: ${each}`));
  }
}

function mismatches(
  what: string, { given, known }: { readonly given: Tree | undefined; readonly known: Mapping },
): string[] {
  const names = [...mappingOf(given).keys()];
  const has = (list: readonly string[], name: string): boolean =>
    list.some((each) => each.toLowerCase() === name.toLowerCase());
  return [
    ...names.filter((name) => !has([...known.keys()], name))
      .map((name) => `Invalid ${what}, '${name}' is not defined in the referenced workflow.`),
    ...[...known].filter(([name, tree]) =>
      isMap(tree) && tree.get('required') === true && !has(names, name))
      .map(([name]) => `${what} '${name}' is required, but not provided while calling.`),
  ];
}
