import type { DatabaseAddress, MysqlState, PostgresState, StateConfig } from '../config.ts';
import { forms } from '../shape/collections.ts';
import { defaulted, object, optional, required, type Fields } from '../shape/object.ts';
import { integer, text } from '../shape/scalars.ts';
import { mapped, refuse, type At, type Invalid, type Shape } from '../shape/shape.ts';
import { address6, hostName, portMax } from './address.ts';
import { databaseFrom } from './copy-from.ts';
import { commonFields, commonOf, type CommonKeys } from './state-common.ts';
import { absolutePath, userName } from './values.ts';

/** Names become words of commands and parts of other names: no blank, quote, `=` or `:`. */
const database = text({
  expects: 'the name of a database such as guestbook',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}$',
  fix: 'Letters, digits and _$.- are allowed, at most 63.',
});

const role = text({
  expects: 'the name of an account in the database', pattern: '^[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}$',
});

const host = text({
  expects: 'a host name or an IP address',
  pattern: `^(?:${hostName}|${address6})$`,
  fix: 'The port goes to the key `port`.',
});

const socketOrHost = text({
  expects: 'a host name, an IP address or the directory of a socket',
  pattern: `^(?:${hostName}|${address6}|(?:/[A-Za-z0-9._-]+)+)$`,
  fix: 'The port goes to the key `port`.',
});

function addressFields(reached: Shape<string>): Fields<DatabaseAddress> {
  return {
    database: required(database, 'Name of the database.'),
    host: optional(reached, 'Server of the database; default: the local socket.'),
    port: optional(integer({ expects: 'a port', min: 1, max: portMax }), 'Port of the server.'),
    user: optional(role, 'Account in the database; default: what the client takes.'),
    as: optional(userName,
      'User of the system that the client tools run as; default: who is connected.'),
  };
}

const local = { host: undefined, port: undefined, user: undefined, as: undefined } as const;

type Postgres = Omit<PostgresState, 'kind' | 'name' | 'copyFrom'>;
type Mysql = Omit<MysqlState, 'kind' | 'name' | 'copyFrom'>;

const postgres: Shape<Postgres> = mapped(forms<Postgres>({
  expects: 'the name of a database, or { database, host, port, user, as, maintenance }',
  scalar: mapped(database, (it) => ({ database: it, ...local, maintenance: 'postgres' })),
  map: object<Postgres>({
    ...addressFields(socketOrHost),
    maintenance: defaulted(database,
      'Database to connect to while the other is renamed.', 'postgres'),
  }, { expects: 'the keys database, host, port, user, as, maintenance' }),
}), (it, at) => noSystem(it, at, ['template0', 'template1', it.maintenance]));

interface MysqlKeys extends DatabaseAddress {
  readonly 'defaults-file': string | undefined;
}

const mysql: Shape<Mysql> = mapped(forms<Mysql>({
  expects: 'the name of a database, or { database, host, port, user, as, defaults-file }',
  scalar: mapped(database, (it) => ({ database: it, ...local, defaultsFile: undefined })),
  map: mapped(object<MysqlKeys>({
    ...addressFields(host),
    'defaults-file': optional(absolutePath,
      'Option file on the host that holds the password, mode 0600.'),
  }, { expects: 'the keys database, host, port, user, as, defaults-file' }),
  ({ 'defaults-file': defaultsFile, ...it }) => ({ ...it, defaultsFile })),
}), (it, at) =>
  noSystem(it, at, ['mysql', 'sys', 'information_schema', 'performance_schema']));

/** Databases of the server itself can be neither renamed nor swapped. */
function noSystem<T extends DatabaseAddress>(
  it: T, at: At, system: readonly string[],
): T | Invalid {
  if (!system.includes(it.database)) return it;
  return refuse(at, `(${it.database}) belongs to the server, or is the one it is renamed from`,
    'Name the database of the application.');
}

function markDatabase(kind: 'postgres' | 'mysql', it: DatabaseAddress, at: At): void {
  const server = it.host === undefined ? '' : ` on ${it.host}:${it.port ?? ''}`;
  at.report.mark({ role: 'database', value: `${kind} ${it.database}${server}`, path: at.path,
    place: at.place });
}

const common = commonFields(databaseFrom);

export const postgresState: Shape<StateConfig> = mapped(
  object<CommonKeys & { readonly postgres: Postgres }>({
    postgres: required(postgres, 'A PostgreSQL database.'),
    ...common,
  }, { expects: 'the keys postgres, name, copy-from' }), (it, at) => {
    markDatabase('postgres', it.postgres, at);
    return { kind: 'postgres', ...it.postgres, ...commonOf(it) };
  });

export const mysqlState: Shape<StateConfig> = mapped(
  object<CommonKeys & { readonly mysql: Mysql }>({
    mysql: required(mysql, 'A MySQL or MariaDB database.'),
    ...common,
  }, { expects: 'the keys mysql, name, copy-from' }), (it, at) => {
    markDatabase('mysql', it.mysql, at);
    return { kind: 'mysql', ...it.mysql, ...commonOf(it) };
  });
