import { createHash } from 'node:crypto';
import type { Call } from './call.ts';
import { may } from './tokens.ts';

/** JSON that many replies share. */
export function repositoryUrl(call: Call): string {
  return `${call.url}/repos/${call.state.owner}/${call.state.name}`;
}

export function pageUrl(call: Call): string {
  return `https://github.com/${call.state.owner}/${call.state.name}`;
}

/** A node id; opaque, as GitHub's. */
export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url');
}

export function userId(login: string): number {
  return createHash('sha256').update(login).digest().readUInt32BE(0) >>> 4;
}

export function user(call: Call, login: string): Record<string, unknown> {
  const url = `${call.url}/users/${encodeURIComponent(login)}`;
  return {
    login, id: userId(login), node_id: nodeId('User', login),
    avatar_url: `https://avatars.githubusercontent.com/u/${userId(login)}`, gravatar_id: '',
    url, html_url: `https://github.com/${login}`, followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`, gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`, subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`, repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`, received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User', site_admin: false,
  };
}

const repositoryLinks: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}', assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}', branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}', comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}', compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}', contributors_url: '/contributors',
  deployments_url: '/deployments', downloads_url: '/downloads', events_url: '/events',
  forks_url: '/forks', git_commits_url: '/git/commits{/sha}', git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}', hooks_url: '/hooks', issue_comment_url:
    '/issues/comments{/number}', issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}', keys_url: '/keys{/key_id}', labels_url: '/labels{/name}',
  languages_url: '/languages', merges_url: '/merges', milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}', pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}', stargazers_url: '/stargazers', statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers', subscription_url: '/subscription', tags_url: '/tags',
  teams_url: '/teams', trees_url: '/git/trees{/sha}',
};

/** `minimal-repository`, as runs carry it. */
export function repository(call: Call): Record<string, unknown> {
  const { state } = call;
  const base = repositoryUrl(call);
  return {
    id: state.id, node_id: nodeId('Repository', state.id), name: state.name,
    full_name: `${state.owner}/${state.name}`, private: state.private,
    owner: user(call, state.owner), html_url: pageUrl(call), description: null, fork: false,
    url: base,
    ...Object.fromEntries(Object.entries(repositoryLinks).map(([key, it]) => [key, base + it])),
  };
}

/** `full-repository`. */
export function fullRepository(call: Call): Record<string, unknown> {
  const { state, grant } = call;
  const path = `${state.owner}/${state.name}`;
  const at = '2026-01-01T00:00:00Z';
  return {
    ...repository(call),
    git_url: `git://github.com/${path}.git`, ssh_url: `git@github.com:${path}.git`,
    clone_url: `https://github.com/${path}.git`, svn_url: `https://github.com/${path}`,
    mirror_url: null, homepage: null, language: null, forks_count: 0, stargazers_count: 0,
    watchers_count: 0, size: 108, default_branch: state.defaultBranch, open_issues_count: 0,
    is_template: false, topics: [], has_issues: true, has_projects: true, has_wiki: true,
    has_pages: false, has_downloads: true, has_discussions: false, archived: false,
    disabled: false, visibility: state.private ? 'private' : 'public',
    pushed_at: at, created_at: at, updated_at: at, license: null, forks: 0, open_issues: 0,
    watchers: 0, network_count: 0, subscribers_count: 0, allow_forking: true,
    permissions: { admin: may(grant, 'administration', 'write'), maintain: false,
      push: may(grant, 'contents', 'write'), triage: false, pull: true },
  };
}
