import { envelope, listOf, notFound, type Call, type Route } from './call.ts';
import { nodeId } from './shapes.ts';
import type { State } from './state.ts';

/** What the settings of a repository say, besides its environments; tests change it. */
export interface Settings {
  actions: 'off' | 'all' | 'selected';
  /** Of the repository, not of an environment. */
  secrets: string[];
  rulesets: Ruleset[];
}

export interface Ruleset {
  readonly id: number;
  readonly name: string;
  readonly target: 'branch' | 'tag';
  readonly enforcement: 'active' | 'evaluate' | 'disabled';
  /** `refs/tags/v*`, `~ALL`. */
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly rules: readonly ('deletion' | 'update' | 'non_fast_forward' | 'creation')[];
}

export function makeSettings(): Settings {
  return { actions: 'all', secrets: [], rulesets: [] };
}

const at = '2026-01-01T00:00:00Z';
const administration = { scope: 'administration', level: 'read' } as const;
const rulesets = '/repos/{owner}/{repo}/rulesets';

function short({ state }: Call, it: Ruleset): Record<string, unknown> {
  return { id: it.id, name: it.name, target: it.target, source_type: 'Repository',
    source: `${state.owner}/${state.name}`, enforcement: it.enforcement,
    node_id: nodeId('Ruleset', it.id), created_at: at, updated_at: at };
}

function whole(call: Call, it: Ruleset): Record<string, unknown> {
  return { ...short(call, it), rules: it.rules.map((type) => ({ type })),
    conditions: { ref_name: { include: it.include, exclude: it.exclude ?? [] } } };
}

function targeted({ settings }: State, targets: string | null): readonly Ruleset[] {
  return settings.rulesets.filter((it) =>
    targets === null || targets.split(',').includes(it.target));
}

export const settingsRoutes: readonly Route[] = [
  { operation: 'GET /repos/{owner}/{repo}/actions/permissions', needs: administration,
    act: ({ state: { settings: { actions } } }) => ({ status: 200,
      body: actions === 'off' ? { enabled: false }
        : { enabled: true, allowed_actions: actions } }) },
  { operation: 'GET /repos/{owner}/{repo}/actions/secrets',
    needs: { scope: 'secrets', level: 'read' },
    act: (call) => envelope(call, call.state.settings.secrets, { key: 'secrets',
      show: (name) => ({ name, created_at: at, updated_at: at }) }) },
  { operation: `GET ${rulesets}`, needs: { scope: 'metadata', level: 'read' },
    act: (call) => listOf(call, targeted(call.state, call.query.get('targets')),
      (it) => short(call, it)) },
  { operation: `GET ${rulesets}/{ruleset_id}`, needs: { scope: 'metadata', level: 'read' },
    act: (call) => {
      const found = call.state.settings.rulesets.find((it) =>
        String(it.id) === call.parameters['ruleset_id']);
      return found === undefined ? notFound() : { status: 200, body: whole(call, found) };
    } },
];
