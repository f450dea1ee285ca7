/** How a repository's workflows call Seatrial. */
export interface WorkflowUse {
  readonly file: string;
  /** `octo/seatrial/.github/workflows/release.yml` */
  readonly what: string;
  /** Empty where it is the repository's own. */
  readonly version: string;
  /** `sha`: the full commit; nobody can change what it means. */
  readonly pin: 'sha' | 'name' | 'own';
}

const parts = '\\.github/workflows/release\\.yml|package-release|test-against-prod-copy' +
  '|deploy-with-backup';
const reference = new RegExp(`^\\s*-?\\s*uses:\\s*['"]?([^\\s'"#]+/(?:${parts}))` +
  '(?:@([^\\s\'"#]+))?[\'"]?\\s*(?:#.*)?$');

export function workflowUses(file: string, text: string): WorkflowUse[] {
  return text.split('\n').flatMap((line): WorkflowUse[] => {
    const [, what, version = ''] = reference.exec(line) ?? [];
    if (what === undefined) return [];
    const pin = version === '' ? 'own' : /^[0-9a-f]{40}$/.test(version) ? 'sha' : 'name';
    return [{ file, what, version, pin }];
  });
}

/** Names of the environments that a caller chose for the reusable workflow. */
export function environmentNames(text: string): { readonly staging: string;
  readonly production: string; } {
  const named = (key: string): string | undefined =>
    new RegExp(`^\\s*${key}-environment:\\s*['"]?([^'"#\\n]+?)['"]?\\s*(?:#.*)?$`, 'm')
      .exec(text)?.[1];
  return { staging: named('staging') ?? 'staging',
    production: named('production') ?? 'production' };
}
