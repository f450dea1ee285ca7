import { createHash } from 'node:crypto';
import { invalid, listOf, notFound, text, type Call, type Route } from './call.ts';
import type { Reply } from './http.ts';
import { releaseOf } from './releases.ts';
import { nodeId, pageUrl, repositoryUrl, user } from './shapes.ts';
import type { Asset, Release } from './state.ts';
import { may } from './tokens.ts';

const one = '/repos/{owner}/{repo}/releases/assets/{asset_id}';

/** GitHub writes a dot for what it does not take in a name, and strips dots at the ends. */
export function assetName(wanted: string): string {
  return wanted.replace(/\.*[^A-Za-z0-9_.+-]+\.*/g, '.').replace(/^\.+|\.+$/g, '');
}

export function assetShape(call: Call, release: Release, asset: Asset): Record<string, unknown> {
  const whole = asset.state === 'uploaded';
  return {
    url: `${repositoryUrl(call)}/releases/assets/${asset.id}`,
    browser_download_url: `${pageUrl(call)}/releases/download/`
      + `${release.draft ? `untagged-${release.id}` : release.tag}/${asset.name}`,
    id: asset.id, node_id: nodeId('Asset', asset.id), name: asset.name, label: asset.label,
    state: asset.state, content_type: asset.contentType, size: asset.bytes.length,
    digest: whole ? `sha256:${createHash('sha256').update(asset.bytes).digest('hex')}` : null,
    download_count: 0, created_at: asset.createdAt.toISOString(),
    updated_at: asset.createdAt.toISOString(), uploader: user(call, asset.uploader),
  };
}

function upload(call: Call): Reply {
  const release = releaseOf(call);
  if (release === undefined) return notFound();
  if (release.immutable) return invalid('Cannot upload assets to an immutable release.');
  const name = assetName(call.query.get('name') ?? '');
  if (release.assets.some((it) => it.name === name)) {
    return invalid('Validation Failed',
      [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }]);
  }
  if (call.whole && call.body.length === 0) {
    return { status: 400, body: { message: 'Bad Content-Length: 0' } };
  }
  const asset: Asset = { id: call.state.nextId(), name, label: call.query.get('label') ?? '',
    contentType: call.contentType || 'application/octet-stream', bytes: call.body,
    state: call.whole ? 'uploaded' : 'starter', createdAt: call.state.now(),
    uploader: call.grant.login };
  release.assets.push(asset);
  return { status: 201, body: assetShape(call, release, asset) };
}

function find(call: Call): { release: Release; asset: Asset } | undefined {
  const id = Number(call.parameters['asset_id']);
  for (const release of call.state.releases) {
    const asset = release.assets.find((it) => it.id === id);
    if (asset === undefined) continue;
    return release.draft && !may(call.grant, 'contents', 'write') ? undefined
      : { release, asset };
  }
  return undefined;
}

function get(call: Call): Reply {
  const found = find(call);
  if (found === undefined) return notFound();
  const { release, asset } = found;
  if (call.accept !== 'application/octet-stream') {
    return { status: 200, body: assetShape(call, release, asset) };
  }
  if (asset.state === 'starter') return notFound();
  return { status: 302, headers: { location: call.signed(asset.bytes,
    { type: asset.contentType, name: asset.name }) } };
}

function change(call: Call): Reply {
  const found = find(call);
  if (found === undefined) return notFound();
  if (found.release.immutable) return invalid('Cannot update assets of an immutable release.');
  found.asset.name = assetName(text(call.json['name'], found.asset.name));
  found.asset.label = text(call.json['label'], found.asset.label);
  return { status: 200, body: assetShape(call, found.release, found.asset) };
}

function remove(call: Call): Reply {
  const found = find(call);
  if (found === undefined) return notFound();
  const { release, asset } = found;
  if (release.immutable) return invalid('Cannot delete assets from an immutable release.');
  release.assets.splice(release.assets.indexOf(asset), 1);
  return { status: 204 };
}

const read = { scope: 'contents', level: 'read' } as const;
const write = { scope: 'contents', level: 'write' } as const;
const list = '/repos/{owner}/{repo}/releases/{release_id}/assets';

export const assetRoutes: readonly Route[] = [
  { operation: `GET ${list}`, needs: read, act: (call) => {
    const release = releaseOf(call);
    return release === undefined ? notFound()
      : listOf(call, release.assets, (it) => assetShape(call, release, it));
  } },
  // Uploads have a server of their own: `upload_url` names it, and the API does not take them.
  { operation: `POST /uploads${list}`, needs: write, act: upload },
  { operation: `GET ${one}`, needs: read, act: get },
  { operation: `PATCH ${one}`, needs: write, act: change },
  { operation: `DELETE ${one}`, needs: write, act: remove },
];
