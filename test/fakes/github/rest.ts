import { artifactRoutes } from './artifacts.ts';
import { assetRoutes } from './assets.ts';
import { attestationRoutes } from './attestations.ts';
import type { Blobs } from './blobs.ts';
import { notFound, type Call, type Requests, type Route } from './call.ts';
import type { Contract } from './contract.ts';
import { deploymentRoutes } from './deployments.ts';
import { environmentRoutes } from './environments.ts';
import type { Asked, Reply } from './http.ts';
import { refRoutes } from './refs.ts';
import { releaseRoutes } from './releases.ts';
import { runRoutes } from './runs.ts';
import type { ArtifactStore } from './results.ts';
import { settingsRoutes } from './settings.ts';
import type { State } from './state.ts';
import { may, type Grant, type Tokens } from './tokens.ts';

export const routes: readonly Route[] = [...refRoutes, ...releaseRoutes, ...assetRoutes,
  ...environmentRoutes, ...runRoutes, ...deploymentRoutes, ...artifactRoutes,
  ...attestationRoutes, ...settingsRoutes];

/** What one request was and what became of it. */
export interface Logged {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly status: number | 'dropped';
  readonly login: string;
  /** `contents=write`; empty where none is needed. */
  readonly needed: string;
}

export interface Rest {
  readonly state: State;
  readonly tokens: Tokens;
  /** Of assets. */
  readonly blobs: Blobs;
  /** Of artifacts. */
  readonly store: ArtifactStore;
  readonly contract: Contract;
  readonly requests: Requests;
  /** Of the API, without a slash at the end. */
  readonly url: () => string;
}

interface Found {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Names of refs hold slashes, also where a client did not escape them. */
const withSlashes = new Set(['ref', 'path']);

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{(\w+)\}/g, (_, name: string) =>
    withSlashes.has(name) ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`)}$`);
}

const compiled = routes.map((route) => {
  const [method = '', template = ''] = route.operation.split(' ');
  return { route, method, pattern: patternOf(template), fixed: template.replace(/\{\w+\}/g, '') };
}).sort((a, b) => b.fixed.length - a.fixed.length);

function find(asked: Asked): Found | undefined {
  for (const { route, method, pattern } of compiled) {
    const groups = method === asked.method ? pattern.exec(asked.url.pathname)?.groups : undefined;
    if (groups === undefined && !(method === asked.method && pattern.test(asked.url.pathname))) {
      continue;
    }
    return { route, parameters: Object.fromEntries(Object.entries(groups ?? {})
      .map(([key, value]) => [key, decodeURIComponent(value)])) };
  }
  return undefined;
}

/**
 * Anybody may read what is public. A job's own token is asked for its rights here all the same, so
 * that a workflow that passes works in a private repository too.
 */
function denied(grant: Grant, route: Route, state: State): Reply | undefined {
  const { needs } = route;
  const full = `${state.owner}/${state.name}`;
  const own = grant.repository.toLowerCase() === full.toLowerCase();
  // A private repository is not there for whoever has no right to it at all.
  if (state.private && !own) return notFound();
  if (needs === undefined) return undefined;
  const open = needs.level === 'read' && !state.private
    && needs.scope !== 'administration' && needs.scope !== 'environments';
  if (open && (grant.kind !== 'job' || !own)) return undefined;
  if (grant.kind === 'nobody') return { status: 401, body: { message: 'Requires authentication' } };
  if (own && may(grant, needs.scope, needs.level)) return undefined;
  const by = grant.kind === 'job' ? 'integration' : 'personal access token';
  return { status: 403,
    headers: { 'x-accepted-github-permissions': `${needs.scope}=${needs.level}` },
    body: { message: `Resource not accessible by ${by}`, status: '403',
      documentation_url: 'https://docs.github.com/rest' } };
}

function jsonOf(asked: Asked, route: Route): Record<string, unknown> | undefined {
  if (route.operation.startsWith('POST /uploads/') || asked.body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(asked.body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function call(rest: Rest, asked: Asked, found: Found & { grant: Grant }): Reply {
  const upload = found.route.operation.startsWith('POST /uploads/');
  const json = asked.whole || upload ? jsonOf(asked, found.route) : undefined;
  if (json === undefined) return { status: 400, body: { message: 'Problems parsing JSON' } };
  const { blobs } = rest;
  const made: Call = {
    state: rest.state, grant: found.grant, parameters: found.parameters,
    query: asked.url.searchParams, json, body: asked.body, whole: asked.whole,
    accept: asked.headers.accept ?? '', contentType: asked.headers['content-type'] ?? '',
    url: rest.url(), path: asked.url.pathname, requests: rest.requests,
    signed: (blob, file) => typeof blob === 'string' ? rest.store.sign(blob, file)
      : blobs.sign(blobs.store(blob, file.type), file),
  };
  return found.route.act(made);
}

/** Answers one request as GitHub would; what GitHub's description does not know is a loud 599. */
export function answerRest(rest: Rest, asked: Asked): { reply: Reply; logged: Logged } {
  const found = find(asked);
  const grant = rest.tokens.find(asked.headers.authorization);
  const needs = found?.route.needs;
  const done = (reply: Reply): { reply: Reply; logged: Logged } => ({ reply, logged: {
    method: asked.method, path: asked.url.pathname, query: asked.url.search,
    status: reply.status, login: grant?.login ?? '',
    needed: needs === undefined ? '' : `${needs.scope}=${needs.level}` } });
  if (found === undefined) {
    return done(rest.contract.violated(`${asked.method} ${asked.url.pathname}`,
      ['the stand-in has no such operation']));
  }
  const wrong = rest.contract.request(found.route.operation, { asked,
    parameters: found.parameters });
  if (wrong !== undefined) return done(wrong);
  if (grant === undefined) return done({ status: 401, body: { message: 'Bad credentials' } });
  const { owner, repo } = found.parameters;
  const here = owner?.toLowerCase() === rest.state.owner.toLowerCase()
    && repo?.toLowerCase() === rest.state.name.toLowerCase();
  const refused = here ? denied(grant, found.route, rest.state) : notFound();
  const reply = refused ?? call(rest, asked, { ...found, grant });
  return done(rest.contract.reply(found.route.operation, reply));
}
