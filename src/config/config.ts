/**
 * The frozen configuration: what `seatrial.yml` says after parsing, with every default filled in.
 * Paths on the host are absolute and normal (no `..`, no trailing slash, no newline).
 * Text in `ShellText` is the user's own shell text, with placeholders still in braces.
 */
export interface Config {
  /** `[a-z][a-z0-9-]{0,31}` */
  readonly application: string;
  readonly package: PackageConfig | undefined;
  readonly hosts: HostsConfig;
  /** Seatrial's own directory on the host; default `/var/lib/seatrial/<application>`. */
  readonly records: string;
  readonly install: InstallConfig;
  readonly services: readonly ServiceConfig[];
  readonly maintenance: MaintenanceConfig;
  readonly state: readonly StateConfig[];
  readonly checks: readonly CheckConfig[];
  readonly observe: ObserveConfig;
  readonly keep: KeepConfig;
  readonly staging: StagingConfig;
  readonly copy: CopyConfig;
  /** What makes the copy harmless to show; empty: the copy is production's data as it is. */
  readonly mask: readonly MaskConfig[];
  readonly parity: ParityConfig;
  /** Differences of the data that a rehearsal may find; everything else that is lost refuses. */
  readonly accept: readonly AcceptedDifference[];
  /** Longest window that a rehearsal may forecast; undefined: not limited. */
  readonly budgetSeconds: number | undefined;
  /** How old a receipt may be when it is deployed by. */
  readonly receiptSeconds: number;
  /** sha256 (hex) of the parsed configuration without `hosts`, over canonical JSON. */
  readonly digest: string;
}

export type ShellText = string;

export interface HostsConfig {
  readonly production: HostConfig | undefined;
  readonly staging: HostConfig | undefined;
  /** Path of a known_hosts file in the repository, relative to the configuration file. */
  readonly knownHosts: string | undefined;
}

export type HostConfig =
  | { readonly kind: 'local' }
  | { readonly kind: 'ssh'; readonly destination: string; readonly port: number | undefined };

export interface PackageConfig {
  /** Recipe paths, `run`, `include` and `archive` are relative to it; default `.`. */
  readonly directory: string;
  readonly recipe: readonly RecipeStep[];
  /** Build command, run once in a clean export of the tag; undefined: pack the export. */
  readonly run: ShellText | undefined;
  /** Globs of what is packed, default everything; `archive` and `include` exclude each other. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** A tar or tar.gz that the build made, to be repacked; `{version}` allowed. */
  readonly archive: string | undefined;
  /** Files whose text must contain the version, one match each: `{ file, pattern }`. */
  readonly versions: readonly VersionFile[];
  /** Tag = prefix + version; default `v`, and a tag without it is the version itself. */
  readonly tagPrefix: string;
  /** The tag's commit must be on one of these remote branches; empty: not asked. */
  readonly branches: readonly string[];
}

export interface VersionFile {
  readonly file: string;
  /** Regular expression with one group that captures the version. */
  readonly pattern: string;
}

export type RecipeStep =
  | { readonly kind: 'copy'; readonly from: readonly string[]; readonly to: string }
  | {
      readonly kind: 'set';
      readonly file: string;
      /** `variable`: `NAME = value`; `argument`: `name=value` in a call; `pattern`: a regex. */
      readonly target: 'variable' | 'argument' | 'pattern';
      readonly name: string;
      readonly to: string;
    }
  | {
      readonly kind: 'ensure';
      readonly file: string;
      readonly variable: string;
      readonly accept: readonly string[];
      /** Value to set when none of `accept` is there; undefined: fail. */
      readonly otherwise: string | undefined;
    }
  | { readonly kind: 'run'; readonly run: ShellText };

export interface UserCommand {
  readonly run: ShellText;
  /** Run as this user (the connection must be root, or this user itself). */
  readonly user: string | undefined;
  readonly timeoutSeconds: number;
}

export type InstallConfig = ReleasesInstall | InPlaceInstall;

/** `<directory>/releases/<name>`, `<directory>/current`, `<directory>/shared`. */
export interface ReleasesInstall {
  readonly kind: 'releases';
  readonly directory: string;
  /** Names in `shared/` that are linked into each release. */
  readonly shared: readonly string[];
  /** Run in the new release before the window (a build on the host, say). */
  readonly run: UserCommand | undefined;
  readonly migrate: readonly UserCommand[];
}

/** The release is installed over fixed paths. */
export interface InPlaceInstall {
  readonly kind: 'in-place';
  readonly replaces: readonly ReplacedPath[];
  /** Run in the unpacked release inside the window; it writes over the `replaces` paths. */
  readonly run: UserCommand | undefined;
  readonly migrate: readonly UserCommand[];
}

export interface ReplacedPath {
  readonly path: string;
  /** Path in the release that takes its place; undefined: `run` writes it. */
  readonly from: string | undefined;
}

export type ServiceConfig = SystemdService | PidfileService | CommandService;

export interface SystemdService {
  readonly kind: 'systemd';
  /** With its suffix: `guestbook.service`, `guestbook-mail.timer`. */
  readonly unit: string;
}

/** What keeps a service that is no unit from being started by hand in the window. */
export type Guard =
  | { readonly kind: 'entry'; readonly path: string }
  | { readonly kind: 'none'; readonly reason: string };

export interface PidfileService {
  readonly kind: 'pidfile';
  readonly pidfile: string;
  readonly start: UserCommand;
  readonly stopSignal: 'TERM' | 'INT' | 'QUIT' | 'HUP';
  readonly stopTimeoutSeconds: number;
  readonly guard: Guard;
}

export interface CommandService {
  readonly kind: 'commands';
  readonly start: UserCommand;
  readonly stop: UserCommand;
  /** Exit 0: it runs; 1 or 3: it does not; anything else is an error. */
  readonly running: UserCommand;
  readonly guard: Guard;
}

export type MaintenanceConfig =
  | { readonly kind: 'commands'; readonly on: UserCommand; readonly off: UserCommand }
  | {
      readonly kind: 'private';
      /** `{PORT}` in checks stands for the value in force. */
      readonly variable: string;
      readonly privateValue: string;
      readonly publicValue: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

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

export interface StagingConfig {
  /** Directory relative to the file: an absolute tree (`srv/app/shared/.env`) laid over the copy. */
  readonly overlay: string | undefined;
  readonly isolation: IsolationConfig;
  /** Why staging and production may be one machine; undefined: they may not. */
  readonly sameHost: string | undefined;
  /** Texts of the configuration that are others on staging: `of` is replaced by `use`. */
  readonly instead: readonly Replacement[];
  /** Globs of absolute paths that may be written outside of the declared ones. */
  readonly writes: readonly string[];
}

export interface Replacement {
  readonly of: string;
  readonly use: string;
}

export type IsolationConfig =
  | {
      readonly kind: 'network';
      /** Users of the system that the application runs as; empty: all that the file names. */
      readonly users: readonly string[];
      /** `host:port` that staging's application may reach; loopback is, but for mail. */
      readonly allow: readonly string[];
      /** `host:port` whose being unreachable is proven, besides what is found by itself. */
      readonly unreachable: readonly string[];
    }
  | {
      readonly kind: 'commands';
      readonly on: UserCommand;
      /** Exit 0: the application's user cannot reach out. */
      readonly prove: UserCommand;
    }
  | { readonly kind: 'none'; readonly reason: string };

export interface CopyConfig {
  /** How the bytes travel; `direct`: production's host sends to staging's by ssh of its own. */
  readonly route: 'runner' | 'direct';
  /** A copy that is not older is taken again as it is; 0: always a fresh one. */
  readonly freshForSeconds: number;
  /** After this time the copy is removed from staging. */
  readonly expiresSeconds: number;
  /** Bytes a second; undefined: as fast as it goes. */
  readonly rateMax: number | undefined;
}

/** Done to the copy before anything can use it; the copy is not kept where it fails. */
export interface MaskConfig {
  /** Name of the state. */
  readonly state: string;
  readonly with:
    | { readonly kind: 'sql'; readonly file: string }
    | { readonly kind: 'command'; readonly run: UserCommand }
    | { readonly kind: 'greenmask'; readonly file: string };
}

export const parityClasses = ['architecture', 'libc', 'kernel', 'distribution', 'packages',
  'runtimes', 'modules', 'http-server', 'database', 'collation', 'locale', 'time-zone', 'limits',
  'mounts', 'configuration', 'hardware', 'identity'] as const;
export type ParityClass = (typeof parityClasses)[number];
export type ParityVerdict = 'fail' | 'warn' | 'clock' | 'expected';

export interface ParityConfig {
  /** Verdict of a difference by class, with the defaults filled in. */
  readonly classes: Readonly<Record<ParityClass, ParityVerdict>>;
  readonly items: readonly ParityOverride[];
  /** Absolute globs of configuration files to be compared besides those of packages. */
  readonly files: readonly string[];
}

export interface ParityOverride {
  /** A glob of item names: `openssl`, `python3-*`. */
  readonly item: string;
  readonly verdict: ParityVerdict;
  readonly reason: string;
}

export interface AcceptedDifference {
  /** Name of the state. */
  readonly state: string;
  /** Glob of names: `public.sessions`, `public.visits.*`, a path in a directory. */
  readonly object: string;
  readonly difference: DifferenceKind;
  readonly reason: string;
}

/** What a comparison can find to be lost or changed; additions need no consent. */
export const differenceKinds = ['dropped', 'changed', 'rows-lost', 'rows-added', 'content',
  'any'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export type CheckConfig = HttpCheck | LogCheck | CommandCheck | RecordsCheck;

export interface HttpCheck {
  readonly kind: 'http';
  readonly url: string;
  /** Accepted statuses, inclusive ranges. */
  readonly status: readonly (readonly [number, number])[];
  /** Text that the body must contain. */
  readonly contains: string | undefined;
  readonly timeoutSeconds: number;
}

export interface LogCheck {
  readonly kind: 'log';
  readonly file: string;
  /** Extended regular expressions that a new line must not match. */
  readonly bad: readonly string[];
  /** Extended regular expressions of lines that are allowed after all. */
  readonly allow: readonly string[];
}

export interface CommandCheck {
  readonly kind: 'command';
  readonly run: UserCommand;
  readonly means: string | undefined;
  /** Exit statuses that say "could not tell"; default 75. */
  readonly unsure: readonly number[];
  /** It writes: runs after admission only, unless `beforeAdmission`. */
  readonly writes: boolean;
  readonly beforeAdmission: boolean;
}

export interface RecordsCheck {
  readonly kind: 'records';
  /** Prints one id a line, oldest first; frozen at the baseline. */
  readonly ids: UserCommand;
  /** URL with `{id}`. */
  readonly each: string;
  readonly sample: number;
  /** `status`: answers as it did at the baseline; `body`: also the same bytes. */
  readonly compare: 'status' | 'body';
  readonly timeoutSeconds: number;
}

export interface ObserveConfig {
  /** Consecutive rounds of all checks that must pass. */
  readonly passes: number;
  readonly everySeconds: number;
  /** All of it, from the start of the service. */
  readonly withinSeconds: number;
}

export interface KeepConfig {
  /** Good releases beside the running one. */
  readonly releases: number;
  readonly rescues: number;
  readonly failed: number;
}
