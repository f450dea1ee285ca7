import type { Config, StateConfig, UserCommand } from '../config/config.ts';
import { substitute } from '../config/placeholders.ts';

export type StateKind = StateConfig['kind'];

/** In the order in which their shell parts are joined. */
export const stateKinds: readonly StateKind[] =
  ['directory', 'sqlite', 'postgres', 'mysql', 'zodb', 'command'];

/**
 * All that a verb of a kind must know of one state, as one word: the path for a directory or an
 * SQLite file, else fields `name=value` with a TAB between them. In values a backslash, a TAB and
 * a line break are written `\\`, `\t`, `\n` (`spec NAME` of src/state/kinds/base.sh reads them).
 */
export function specOf(state: StateConfig): string {
  switch (state.kind) {
    case 'directory': return state.exclude.length === 0 ? state.path
      : fields({ path: state.path, exclude: state.exclude.join('\n') });
    case 'sqlite': return state.path;
    case 'postgres': return fields({ ...addressOf(state), maintenance: state.maintenance });
    case 'mysql': return fields({ ...addressOf(state), defaults: state.defaultsFile });
    case 'zodb': return fields({ path: state.path, blobs: state.blobs, archive: state.archive });
    case 'command': return fields({
      name: state.name,
      ...commandFields('copy', state.copy),
      ...commandFields('verify', state.verify),
      ...commandFields('restore', state.restore),
      ...(state.describe === undefined ? {} : commandFields('describe', state.describe)),
    });
  }
}

/** Paths of the host that hold the state itself; none for a database or a command. */
export function pathsOf(state: StateConfig): string[] {
  switch (state.kind) {
    case 'directory':
    case 'sqlite': return [state.path];
    case 'zodb': return [state.path, state.blobs, state.archive].filter((it) => it !== undefined);
    case 'postgres':
    case 'mysql':
    case 'command': return [];
  }
}

/** What a person reads: the path, or `database guestbook`. */
export function titleOf(state: StateConfig): string {
  switch (state.kind) {
    case 'directory':
    case 'sqlite':
    case 'zodb': return state.path;
    case 'postgres':
    case 'mysql': return `database ${state.database}`;
    case 'command': return state.name;
  }
}

/** What a rescue copy is found by in the list that a host keeps; one line without a TAB. */
export function identityOf(state: StateConfig): string {
  switch (state.kind) {
    case 'directory':
    case 'sqlite':
    case 'zodb': return state.path;
    case 'postgres':
    case 'mysql': return state.host === undefined ? state.database
      : `${state.host}/${state.database}`;
    case 'command': return state.name;
  }
}

/** One state as the compiled program knows it: the arguments of `each_state`. */
export interface PlannedState {
  readonly kind: StateKind;
  readonly spec: string;
  /** `state1`, in the order of the configuration. */
  readonly label: string;
  readonly identity: string;
}

export function plannedStates(config: Config): PlannedState[] {
  return config.state.map((state, index) => ({ kind: state.kind, spec: specOf(state),
    label: `state${index + 1}`, identity: identityOf(state) }));
}

/** Kinds that the configuration uses. */
export function kindsOf(config: Config): StateKind[] {
  return stateKinds.filter((kind) => config.state.some((it) => it.kind === kind));
}

function addressOf(state: Extract<StateConfig, { database: string }>):
Record<string, string | undefined> {
  return { database: state.database, host: state.host, port: state.port?.toString(),
    user: state.user, as: state.as };
}

/** The verbs set the variable: a copy has another place in each of them. */
function commandFields(name: string, command: UserCommand): Record<string, string | undefined> {
  const text = substitute(command.run, { copy: '' }, { quote: () => '"$SEATRIAL_COPY"' });
  return { [name]: text, [`${name}-user`]: command.user,
    [`${name}-seconds`]: String(command.timeoutSeconds) };
}

function fields(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values).flatMap(([name, value]) =>
    (value === undefined || value === '' ? [] : [`${name}=${escapeField(value)}`])).join('\t');
}

function escapeField(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}
