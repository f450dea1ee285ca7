import type { UserCommand } from './config.ts';

/** What must never be lost, by kind; part of Config. */
export type StateConfig = DirectoryState | SqliteState | PostgresState | MysqlState | ZodbState
  | CommandState;

interface StateCommon {
  /** Names it in `mask`, `accept` and the report: `[A-Za-z0-9_.-]+`, unique; from path or name. */
  readonly name: string;
  readonly copyFrom: CopyFrom;
}

/**
 * Where a rehearsal takes it from. `live`: as it is now, of one instant; `last-saved`: what the
 * application has saved on the disk, while it may know more; `backup`: the standard output of a
 * command on production, in the stream format of the kind; `standby`: the same database on
 * another server, named by address (postgres and mysql).
 */
export type CopyFrom =
  | { readonly kind: 'live' }
  | { readonly kind: 'last-saved' }
  | { readonly kind: 'backup'; readonly run: UserCommand }
  | { readonly kind: 'standby'; readonly host: string; readonly port: number | undefined };

export interface DirectoryState extends StateCommon {
  readonly kind: 'directory';
  readonly path: string;
  /** Globs relative to it that are no state (a pid file, a socket, a cache): never copied. */
  readonly exclude: readonly string[];
}

export interface SqliteState extends StateCommon {
  readonly kind: 'sqlite';
  readonly path: string;
}

/** How the client tools on the host reach a database; no value holds a blank or a quote. */
export interface DatabaseAddress {
  readonly database: string;
  /** Undefined: the local socket. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Role or account in the database; undefined: what the client takes. */
  readonly user: string | undefined;
  /** User of the system that the client tools run as (`postgres`, say); undefined: the login. */
  readonly as: string | undefined;
}

export interface PostgresState extends StateCommon, DatabaseAddress {
  readonly kind: 'postgres';
  /** Database to connect to while the other is renamed; default `postgres`. */
  readonly maintenance: string;
}

export interface MysqlState extends StateCommon, DatabaseAddress {
  readonly kind: 'mysql';
  /** Absolute path of an option file on the host that holds the password, mode 0600. */
  readonly defaultsFile: string | undefined;
}

export interface ZodbState extends StateCommon {
  readonly kind: 'zodb';
  /** A FileStorage; with its `.index` beside it. */
  readonly path: string;
  readonly blobs: string | undefined;
  /** A directory of files that the database refers to, copied after it. */
  readonly archive: string | undefined;
}

/**
 * State of the user's own kind. `{copy}` in each text stands for the absolute path of the copy,
 * a directory that exists and is empty when `copy` begins.
 */
export interface CommandState extends StateCommon {
  readonly kind: 'command';
  /** Writes a copy of one instant to {copy}; reads only. */
  readonly copy: UserCommand;
  /** Exit 0: {copy} opens and is whole. */
  readonly verify: UserCommand;
  /** Makes the state equal to {copy}; may be repeated. */
  readonly restore: UserCommand;
  /** Prints `name TAB value` lines of {copy}, the same for equal content, in any order. */
  readonly describe: UserCommand | undefined;
}
