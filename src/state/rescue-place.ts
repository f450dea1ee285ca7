import { createHash } from 'node:crypto';

export interface RescueOf {
  /** `postgres`, and the word that its verbs get. */
  readonly kind: string;
  readonly spec: string;
  readonly label: string;
  readonly application: string;
  readonly records: string;
  readonly run: string;
}

/**
 * Where the runtime keeps a state as it was: a path beside it, on its own file system, or the name
 * of a database (src/state/kinds). For who looks for it; nothing is decided by it. Pure.
 */
export function rescuePlace(it: RescueOf): string {
  const name = fieldOf(it.spec, 'database');
  switch (it.kind) {
    case 'postgres': return `database ${databaseBeside(name, `rescue_${it.run}_${it.label}`)}`;
    case 'mysql':
    case 'command': return beside(it, `${it.records}/x`);
    default: return beside(it, fieldOf(it.spec, 'path'));
  }
}

function beside({ application, run, label }: RescueOf, path: string): string {
  const parent = path.slice(0, path.lastIndexOf('/'));
  return `${parent}/.seatrial-${application}/rescue-${run}-${label}`;
}

/** One field of a specification as it stands there; a bare path is its `path`. */
export function fieldOf(spec: string, name: string): string {
  if (spec.startsWith('/')) return name === 'path' ? spec : '';
  const field = spec.split('\t').find((it) => it.startsWith(`${name}=`)) ?? '';
  return field.slice(name.length + 1);
}

const nameBytesMax = 63;

/** As `pg_named` of postgres.sh makes it. */
function databaseBeside(name: string, tag: string): string {
  if (Buffer.byteLength(`${name}_${tag}`) <= nameBytesMax) return `${name}_${tag}`;
  const plain = Buffer.from(name).toString('latin1').replace(/[^A-Za-z0-9_]/g, '_').slice(0, 10);
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${plain}_${digest}_${tag}`;
}
