import type {
  AcceptedDifference, CopyConfig, MaskConfig, ParityConfig, StagingConfig,
} from './config-rehearsal.ts';
import type { StateConfig } from './config-state.ts';

export * from './config-rehearsal.ts';
export type * from './config-state.ts';

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
  /** Undefined: in a job by reviewers, at a terminal by a question, elsewhere not asked for. */
  readonly approval: ApprovalConfig | undefined;
  /** sha256 (hex) of the parsed configuration without `hosts` and `approval`, canonical JSON. */
  readonly digest: string;
}

export type ShellText = string;

/** Who lets production be deployed to. */
export type ApprovalConfig =
  /** Required reviewers of the job's deployment environment. */
  | { readonly kind: 'reviewers' }
  /** A person at the terminal. */
  | { readonly kind: 'confirm' }
  /** Somebody or something that Seatrial does not know. */
  | { readonly kind: 'external'; readonly reason: string };

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
