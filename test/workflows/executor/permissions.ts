import { isMap, type Tree } from './tree.ts';
import type { Access, Permissions } from './server.ts';

const names = [
  'actions', 'artifact-metadata', 'attestations', 'checks', 'contents', 'deployments',
  'discussions', 'id-token', 'issues', 'models', 'packages', 'pages', 'pull-requests',
  'repository-projects', 'security-events', 'statuses',
];

/** What a repository gives where no workflow says anything ("restricted", GitHub's default). */
export const restricted: Permissions = { contents: 'read', packages: 'read', metadata: 'read' };

/** `permissions` as written; undefined where it says nothing. What is not named is `none`. */
export function permissionsOf(tree: Tree | undefined): Permissions | undefined {
  if (tree === undefined || tree === null) return undefined;
  if (tree === 'read-all' || tree === 'write-all') {
    const access = tree === 'read-all' ? 'read' : 'write';
    return { ...Object.fromEntries(names.map((name) => [name, access])), metadata: 'read' };
  }
  const entries = isMap(tree) ? [...tree] : [];
  return {
    ...Object.fromEntries(entries.map(([name, access]) => [name, accessOf(access)])),
    metadata: 'read',
  };
}

function accessOf(tree: Tree): Access {
  return tree === 'read' || tree === 'write' ? tree : 'none';
}

/** Each thing that `wanted` asks for beyond what `allowed` gives: `contents: write`. */
export function beyond(wanted: Permissions, allowed: Permissions): string[] {
  const rank: Record<Access, number> = { none: 0, read: 1, write: 2 };
  return Object.entries(wanted)
    .filter(([name, access]) => rank[access] > rank[allowed[name] ?? 'none'])
    .map(([name, access]) => `${name}: ${access}`);
}
