import { assetShape } from './assets.ts';
import { invalid, listOf, notFound, text, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';
import { nodeId, pageUrl, repositoryUrl, user } from './shapes.ts';
import type { Release } from './state.ts';
import { may } from './tokens.ts';

const one = '/repos/{owner}/{repo}/releases/{release_id}';

/** A draft is seen only by those who may write. */
export function releaseOf(call: Call): Release | undefined {
  return visible(call).find((it) => it.id === Number(call.parameters['release_id']));
}

function visible(call: Call): Release[] {
  return call.state.releases.filter((it) => !it.draft || may(call.grant, 'contents', 'write'));
}

export function releaseShape(call: Call, release: Release): Record<string, unknown> {
  const url = `${repositoryUrl(call)}/releases/${release.id}`;
  // The page of a draft is not under the tag: only published releases have that address.
  const name = release.draft ? `untagged-${nodeId('Release', release.id)}` : release.tag;
  return {
    url, html_url: `${pageUrl(call)}/releases/tag/${encodeURIComponent(name)}`,
    assets_url: `${url}/assets`,
    upload_url: `${call.url}/uploads/repos/${call.state.owner}/${call.state.name}`
      + `/releases/${release.id}/assets{?name,label}`,
    tarball_url: release.draft ? null : `${repositoryUrl(call)}/tarball/${release.tag}`,
    zipball_url: release.draft ? null : `${repositoryUrl(call)}/zipball/${release.tag}`,
    id: release.id, node_id: nodeId('Release', release.id), tag_name: release.tag,
    target_commitish: release.target, name: release.title, body: release.text,
    draft: release.draft, prerelease: release.prerelease, immutable: release.immutable,
    created_at: release.createdAt.toISOString(),
    published_at: release.publishedAt?.toISOString() ?? null,
    updated_at: release.createdAt.toISOString(),
    author: user(call, release.author),
    assets: release.assets.map((it) => assetShape(call, release, it)),
  };
}

/** What GitHub refuses about the tag of a release that is made or published. */
function wrongTag(call: Call, release: Release): Reply | undefined {
  const { state } = call;
  const field = 'tag_name';
  if (state.burntTags.has(release.tag)) {
    return invalid('Validation Failed', [{ resource: 'Release', code: 'custom', field,
      message: 'tag_name was used by an immutable release' }]);
  }
  const taken = state.releases.some((it) =>
    it !== release && !it.draft && it.tag === release.tag);
  if (taken) {
    return invalid('Validation Failed', [{ resource: 'Release', code: 'already_exists', field }]);
  }
  const commit = state.git.commit(`refs/tags/${release.tag}`) ?? state.git.commit(release.target);
  if (!release.draft && commit === undefined) {
    return invalid('Validation Failed', [{ resource: 'Release', code: 'invalid',
      field: 'target_commitish' }]);
  }
  return undefined;
}

/** A release becomes public: its tag is made where it is missing, and locked where that is set. */
function publish(call: Call, release: Release): void {
  const { state } = call;
  release.draft = false;
  release.publishedAt = state.now();
  const commit = state.git.commit(release.target);
  if (state.git.commit(`refs/tags/${release.tag}`) === undefined && commit !== undefined) {
    state.git.set(`refs/tags/${release.tag}`, commit);
  }
  if (!state.immutableReleases) return;
  release.immutable = true;
}

function create(call: Call): Reply {
  const { json, state } = call;
  const release: Release = {
    id: state.nextId(), tag: text(json['tag_name']),
    target: text(json['target_commitish'], state.defaultBranch),
    title: typeof json['name'] === 'string' ? json['name'] : null,
    text: typeof json['body'] === 'string' ? json['body'] : null,
    draft: json['draft'] === true, prerelease: json['prerelease'] === true, immutable: false,
    createdAt: state.now(), publishedAt: undefined, author: call.grant.login, assets: [],
  };
  const wrong = wrongTag(call, release);
  if (wrong !== undefined) return wrong;
  if (!release.draft) publish(call, release);
  state.releases.unshift(release);
  return { status: 201, body: releaseShape(call, release),
    headers: { location: `${repositoryUrl(call)}/releases/${release.id}` } };
}

function change(call: Call): Reply {
  const { json } = call;
  const release = releaseOf(call);
  if (release === undefined) return notFound();
  const locked = ['tag_name', 'target_commitish', 'draft']
    .filter((key) => json[key] !== undefined && json[key] !== releaseShape(call, release)[key]);
  if (release.immutable && locked.length > 0) {
    return invalid('Validation Failed', [{ resource: 'Release', code: 'custom', field: 'state',
      message: 'state cannot be changed when release is immutable' }]);
  }
  const next = { ...release, tag: text(json['tag_name'], release.tag),
    target: text(json['target_commitish'], release.target),
    draft: typeof json['draft'] === 'boolean' ? json['draft'] : release.draft };
  const others = call.state.releases.filter((it) => it !== release);
  const wrong = wrongTag({ ...call, state: { ...call.state, releases: others } }, next);
  if (wrong !== undefined && !release.immutable) return wrong;
  release.tag = next.tag;
  release.target = next.target;
  if (json['name'] !== undefined) release.title = text(json['name']);
  if (json['body'] !== undefined) release.text = text(json['body']);
  if (typeof json['prerelease'] === 'boolean') release.prerelease = json['prerelease'];
  if (release.draft && !next.draft) publish(call, release);
  else release.draft = next.draft;
  return { status: 200, body: releaseShape(call, release) };
}

function remove(call: Call): Reply {
  const release = releaseOf(call);
  if (release === undefined) return notFound();
  call.state.releases.splice(call.state.releases.indexOf(release), 1);
  if (release.immutable) call.state.burntTags.add(release.tag);
  return { status: 204 };
}

function shown(call: Call, release: Release | undefined): Reply {
  return release === undefined ? notFound()
    : { status: 200, body: releaseShape(call, release) };
}

const read = { scope: 'contents', level: 'read' } as const;
const write = { scope: 'contents', level: 'write' } as const;
const people = { scope: 'administration', level: 'read' } as const;

export const releaseRoutes: readonly Route[] = [
  { operation: 'GET /repos/{owner}/{repo}/releases', needs: read,
    act: (call) => listOf(call, visible(call), (it) => releaseShape(call, it)) },
  { operation: 'POST /repos/{owner}/{repo}/releases', needs: write, act: create },
  { operation: 'GET /repos/{owner}/{repo}/releases/latest', needs: read,
    act: (call) => shown(call,
      call.state.releases.find((it) => !it.draft && !it.prerelease)) },
  { operation: 'GET /repos/{owner}/{repo}/releases/tags/{tag}', needs: read,
    act: (call) => shown(call, call.state.releases
      .find((it) => !it.draft && it.tag === call.parameters['tag'])) },
  { operation: `GET ${one}`, needs: read, act: (call) => shown(call, releaseOf(call)) },
  { operation: `PATCH ${one}`, needs: write, act: change },
  { operation: `DELETE ${one}`, needs: write, act: remove },
  { operation: 'GET /repos/{owner}/{repo}/immutable-releases', needs: people,
    act: ({ state }) => state.immutableReleases
      ? { status: 200, body: { enabled: true, enforced_by_owner: false } } : notFound() },
];
