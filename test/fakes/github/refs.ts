import { createHash } from 'node:crypto';
import { listOf, notFound, type Call, type Route } from './call.ts';
import type { GitRef } from './git-store.ts';
import type { Reply } from './http.ts';
import { fullRepository, nodeId, pageUrl, repositoryUrl, user } from './shapes.ts';

function refShape(call: Call, it: GitRef): Record<string, unknown> {
  const base = `${repositoryUrl(call)}/git`;
  return { ref: it.ref, node_id: nodeId('Ref', it.ref), url: `${base}/${it.ref}`,
    object: { sha: it.sha, type: it.type, url: `${base}/${it.type}s/${it.sha}` } };
}

function getRef(call: Call): Reply {
  const found = call.state.git.refs().find((it) => it.ref === `refs/${call.parameters['ref']}`);
  return found === undefined ? notFound() : { status: 200, body: refShape(call, found) };
}

function getTag(call: Call): Reply {
  const tag = call.state.git.tag(call.parameters['tag_sha'] ?? '');
  if (tag === undefined) return notFound();
  const base = `${repositoryUrl(call)}/git`;
  return { status: 200, body: {
    node_id: nodeId('Tag', tag.sha), tag: tag.tag, sha: tag.sha, url: `${base}/tags/${tag.sha}`,
    message: tag.message,
    tagger: { date: '2026-01-01T00:00:00Z', email: 'mona@example.org', name: 'Mona' },
    object: { type: 'commit', sha: tag.commit, url: `${base}/commits/${tag.commit}` },
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null,
      verified_at: null },
  } };
}

function getCommit(call: Call): Reply {
  const sha = call.state.git.commit(call.parameters['ref'] ?? '');
  if (sha === undefined) {
    return { status: 422, body: { message: `No commit found for SHA: ${call.parameters['ref']}`,
      documentation_url: 'https://docs.github.com/rest', status: '422' } };
  }
  const url = `${repositoryUrl(call)}/commits/${sha}`;
  const who = { name: 'Mona', email: 'mona@example.org', date: '2026-01-01T00:00:00Z' };
  // A tree that no test reads: its name follows from the commit, so that it never changes.
  const tree = createHash('sha1').update(sha).digest('hex');
  return { status: 200, body: {
    sha, node_id: nodeId('Commit', sha), url, html_url: `${pageUrl(call)}/commit/${sha}`,
    comments_url: `${url}/comments`, author: user(call, 'mona'), committer: user(call, 'mona'),
    commit: { url: `${repositoryUrl(call)}/git/commits/${sha}`, author: who, committer: who,
      message: 'A commit', comment_count: 0,
      tree: { sha: tree, url: `${repositoryUrl(call)}/git/trees/${tree}` } },
    parents: [],
  } };
}

const needs = { scope: 'contents', level: 'read' } as const;

export const refRoutes: readonly Route[] = [
  { operation: 'GET /repos/{owner}/{repo}',
    act: (call) => ({ status: 200, body: fullRepository(call) }) },
  { operation: 'GET /repos/{owner}/{repo}/git/ref/{ref}', needs, act: getRef },
  { operation: 'GET /repos/{owner}/{repo}/git/matching-refs/{ref}', needs,
    act: (call) => listOf(call, call.state.git.refs()
      .filter((it) => it.ref.startsWith(`refs/${call.parameters['ref']}`)),
    (it) => refShape(call, it)) },
  { operation: 'GET /repos/{owner}/{repo}/git/tags/{tag_sha}', needs, act: getTag },
  { operation: 'GET /repos/{owner}/{repo}/commits/{ref}', needs, act: getCommit },
];
