import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { words, type Value, type Values } from './expressions.ts';
import type { Directories, JobFacts } from './job-state.ts';
import type { JobIdentity, Permissions } from './server.ts';
import type { Loaded } from './called.ts';
import type { RunFacts } from './run-facts.ts';
import { mappingOf, type JobDefinition } from './workflow.ts';

/** One leg of one job, before its runner starts. */
export interface Leg {
  readonly identity: JobIdentity;
  readonly definition: JobDefinition;
  readonly loaded: Loaded;
  readonly name: string;
  readonly permissions: Permissions;
  /** Contexts `inputs`, `needs`, `strategy`, `matrix`, `vars`. */
  readonly contexts: Values;
  readonly secrets: Readonly<Record<string, string>>;
  readonly token: string;
  readonly triggeringActor: string;
}

export function factsOf(run: RunFacts, leg: Leg): JobFacts {
  const directories = makeDirectories(run, leg);
  const eventPath = join(directories.temp, '_github_workflow', 'event.json');
  mkdirSync(join(eventPath, '..'), { recursive: true });
  writeFileSync(eventPath, JSON.stringify(run.event, undefined, 2));
  const github = githubContext(run, leg);
  const { server, options } = run;
  const canAskIdToken = leg.permissions['id-token'] === 'write';
  const idToken = canAskIdToken
    ? server.idTokenRequest(leg.identity, claimsOf(run, leg)) : undefined;
  return {
    name: leg.name,
    contexts: {
      ...leg.contexts,
      github: { ...github, workspace: directories.workspace, event_path: eventPath },
      job: jobContext(leg),
      runner: runnerContext(directories),
      secrets: { ...leg.secrets, GITHUB_TOKEN: leg.token },
    },
    directories,
    baseEnv: {
      PATH: options.path ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: directories.home, LANG: 'C.UTF-8', ...options.env,
    },
    actionEnv: {
      ACTIONS_RUNTIME_TOKEN: server.mintRuntimeToken(leg.identity),
      ACTIONS_RUNTIME_URL: server.urls.results,
      ACTIONS_RESULTS_URL: server.urls.results,
    },
    idTokenEnv: idToken === undefined ? {} : {
      ACTIONS_ID_TOKEN_REQUEST_URL: idToken.url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: idToken.token,
    },
    nodes: {
      node20: options.nodes?.node20 ?? process.execPath,
      node24: options.nodes?.node24 ?? process.execPath,
    },
    timeFactor: options.timeFactor ?? 1,
    minuteMs: options.minuteMs ?? 60_000,
    trackingId: `github_${randomUUID()}`,
    sources: run.sources,
    builtins: run.builtins,
    source: leg.loaded.source,
    defaults: defaultsOf(leg),
    identity: leg.identity,
    claims: claimsOf(run, leg),
    permissions: leg.permissions,
  };
}

function makeDirectories(run: RunFacts, { identity }: Leg): Directories {
  const root = join(run.directory, `job-${identity.jobId}`);
  const { name } = run.options.repository;
  const directories = {
    workspace: join(root, 'work', name, name), temp: join(root, 'work', '_temp'),
    home: join(root, 'home'), toolCache: join(root, 'tools'),
  };
  for (const directory of Object.values(directories)) mkdirSync(directory, { recursive: true });
  return directories;
}

function defaultsOf({ definition, loaded }: Leg): JobFacts['defaults'] {
  const own = definition.does.kind === 'steps' ? definition.does.defaults : undefined;
  const run = [loaded.workflow.defaults, own].map((each) => mappingOf(mappingOf(each).get('run')));
  const last = (key: string) => run.flatMap((each) => each.get(key) ?? []).at(-1);
  const [shell, directory] = [last('shell'), last('working-directory')];
  return {
    ...(shell === undefined ? {} : { shell }), ...(directory === undefined ? {} : { directory }),
  };
}

/** In a called workflow this is still the caller's. */
export function githubContext(run: RunFacts, leg: Pick<Leg, 'identity' | 'triggeringActor'> & {
  readonly token: string; readonly definition?: JobDefinition;
}): Values {
  const { owner, name } = run.options.repository;
  const { urls } = run.server;
  return {
    token: leg.token, job: leg.definition?.id ?? '', actor: run.actor, actor_id: '1',
    triggering_actor: leg.triggeringActor,
    repository: `${owner}/${name}`, repository_owner: owner, repository_id: '1',
    repository_owner_id: '1', repositoryUrl: `git://github.com/${owner}/${name}.git`,
    event: run.event, event_name: run.eventName,
    ref: run.ref, ref_name: run.ref.replace(/^refs\/(heads|tags)\//, ''),
    ref_type: run.ref.startsWith('refs/tags/') ? 'tag' : 'branch', ref_protected: 'false',
    base_ref: '', head_ref: '', sha: run.sha,
    run_id: String(run.runId), run_number: String(run.runNumber),
    run_attempt: String(leg.identity.attempt), retention_days: '90',
    workflow: run.loaded.workflow.name, workflow_sha: run.sha, workflow_ref: workflowRef(run),
    server_url: urls.server, api_url: urls.api, graphql_url: urls.graphql,
  };
}

function workflowRef(run: RunFacts): string {
  const { owner, name } = run.options.repository;
  return `${owner}/${name}/${run.loaded.workflow.path}@${run.ref}`;
}

/** Here a called workflow is seen as what it is. */
function jobContext({ loaded, identity }: Leg): Values {
  const { repository, ref, sha } = loaded.source;
  const { path } = loaded.workflow;
  return {
    workflow_ref: `${repository}/${path}@${ref}`, workflow_sha: sha,
    workflow_repository: repository, workflow_file_path: path, check_run_id: identity.jobId,
  };
}

function runnerContext(directories: Directories): Values {
  return {
    os: 'Linux', arch: 'X64', name: 'GitHub Actions 1', environment: 'github-hosted',
    temp: directories.temp, tool_cache: directories.toolCache,
    workspace: join(directories.workspace, '..'),
  };
}

function claimsOf(run: RunFacts, leg: Leg): Record<string, string> {
  const { owner, name } = run.options.repository;
  const { environment } = leg.identity;
  const { source, workflow } = leg.loaded;
  return {
    sub: `repo:${owner}/${name}:`
      + (environment === undefined ? `ref:${run.ref}` : `environment:${environment}`),
    repository: `${owner}/${name}`, repository_owner: owner, repository_id: '1',
    repository_owner_id: '1', repository_visibility: 'public',
    ref: run.ref, ref_type: run.ref.startsWith('refs/tags/') ? 'tag' : 'branch', sha: run.sha,
    run_id: String(run.runId), run_attempt: String(leg.identity.attempt),
    run_number: String(run.runNumber), actor: run.actor, actor_id: '1',
    event_name: run.eventName, runner_environment: 'github-hosted',
    workflow: run.loaded.workflow.name, workflow_ref: workflowRef(run), workflow_sha: run.sha,
    job_workflow_ref: `${source.repository}/${workflow.path}@${source.ref}`,
    job_workflow_sha: source.sha,
    ...(environment === undefined ? {} : { environment }),
  };
}

/** The `name` of a job; a matrix leg adds its values where the name has no expression. */
export function displayName(
  definition: JobDefinition, { contexts, suffix }: { contexts: Values; suffix: string },
): string {
  const { name, id } = definition;
  if (name === undefined) return `${id}${suffix}`;
  const text: Value = words(name, { contexts });
  return typeof name === 'string' ? `${text}${suffix}` : text;
}
