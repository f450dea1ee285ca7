import type { SetupFinding } from './setup.ts';

/** A rule of an environment: which branches, or which tags, may deploy to it. */
export interface TagPolicy {
  /** Absent on servers that know rules for branches only. */
  readonly type: string | undefined;
  readonly name: string | undefined;
}

/** What an environment says about a tag; pure. */
export function tagRules(told: {
  readonly what: string; readonly tag: string; readonly settingsUrl: string;
  readonly admits: 'all' | 'protected' | 'custom'; readonly policies: readonly TagPolicy[];
}): SetupFinding {
  const { what, tag, policies, settingsUrl } = told;
  const rule = tag.replace(/\d.*$/, '*');
  const fix = `Deployment branches and tags > Selected branches and tags > Add rule > Ref type ` +
    `Tag, ${rule}: ${settingsUrl}`;
  if (told.admits === 'all') {
    return { what, state: 'warning', fix,
      message: 'every branch may deploy there: a workflow on any branch sees its secrets' };
  }
  if (told.admits === 'protected') {
    return { what, state: 'fail', message: 'only protected branches may deploy, and no tag', fix };
  }
  const admitting = policies.find((it) => it.type === 'tag' && fnmatch(it.name ?? '', tag));
  if (admitting !== undefined) {
    return { what, state: 'ok', message: `tags ${admitting.name ?? ''} may deploy` };
  }
  const asBranch = policies.some((it) => it.type !== 'tag' && fnmatch(it.name ?? '', tag));
  return { what, state: 'fail', fix, message: asBranch
    ? `its rule for ${tag} is one for branches: no tag may deploy`
    : `no rule admits tags such as ${tag}` };
}

/** Whether a ruleset's conditions name the ref. */
export function matchesRef(conditions: unknown, ref: string): boolean {
  const names = recordOf(recordOf(conditions)['ref_name']);
  const has = (list: unknown): boolean => Array.isArray(list) && list.some((it: unknown) =>
    typeof it === 'string' && (it === '~ALL' || fnmatch(it, ref)));
  return has(names['include']) && !has(names['exclude']);
}

/** As Ruby's File.fnmatch with FNM_PATHNAME, which GitHub names: `*` does not match `/`. */
export function fnmatch(pattern: string, text: string): boolean {
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const rest = pattern.slice(index);
    const set = /^\[(!|\^)?([^\]/]+)\]/.exec(rest);
    if (rest.startsWith('**/')) {
      source += '(?:[^/]+/)*';
      index += 2;
    } else if (set !== null) {
      source += `[${set[1] === undefined ? '' : '^'}${(set[2] ?? '').replace(/[\\\]^]/g, '\\$&')}]`;
      index += set[0].length - 1;
    } else if (rest.startsWith('\\') && rest.length > 1) {
      source += escaped(rest[1] ?? '');
      index += 1;
    } else {
      source += rest.startsWith('*') ? '[^/]*' : rest.startsWith('?') ? '[^/]'
        : escaped(rest[0] ?? '');
    }
  }
  try {
    return new RegExp(`^${source}$`, 'u').test(text);
  } catch {
    return pattern === text;
  }
}

function escaped(letter: string): string {
  return letter.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
