import { randomBytes } from 'node:crypto';

/** The keys of `permissions:` in a workflow that this stand-in knows, and what only people have. */
export type Scope = 'actions' | 'attestations' | 'checks' | 'contents' | 'deployments' | 'id-token'
  | 'metadata' | 'administration' | 'environments' | 'secrets' | 'variables';
export type Permissions = Readonly<Partial<Record<Scope, 'read' | 'write'>>>;

/** Who asks. */
export interface Grant {
  /** A job's GITHUB_TOKEN, a person's token, or nobody. */
  readonly kind: 'job' | 'person' | 'nobody';
  readonly login: string;
  /** `owner/name` that the token is for. */
  readonly repository: string;
  readonly permissions: Permissions;
}

export interface Tokens {
  /** A token with these rights, and the read of metadata that every token has. */
  mint(grant: Omit<Grant, 'kind'> & { readonly kind?: 'job' | 'person' }): string;
  /** Undefined for a token that was never minted or was revoked. */
  find(authorization: string | undefined): Grant | undefined;
  revoke(token: string): void;
}

const nobody: Grant = { kind: 'nobody', login: '', repository: '', permissions: {} };

export function makeTokens(): Tokens {
  const known = new Map<string, Grant>();
  return {
    mint: (grant) => {
      const kind = grant.kind ?? 'job';
      const prefix = kind === 'job' ? 'ghs_' : 'github_pat_';
      const token = prefix + randomBytes(18).toString('hex');
      known.set(token, { ...grant, kind,
        permissions: { metadata: 'read', ...grant.permissions } });
      return token;
    },
    find: (authorization) => {
      if (authorization === undefined) return nobody;
      const token = /^(?:token|bearer) +(\S+)$/i.exec(authorization)?.[1];
      return token === undefined ? undefined : known.get(token);
    },
    revoke: (token) => {
      known.delete(token);
    },
  };
}

/** True where the grant has at least this right. */
export function may(grant: Grant, scope: Scope, level: 'read' | 'write'): boolean {
  const has = grant.permissions[scope];
  return has === 'write' || (has === 'read' && level === 'read');
}
