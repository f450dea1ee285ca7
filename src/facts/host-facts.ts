/** What one read-only round trip told about a host. Absent facts are undefined, never guessed. */
export interface HostFacts {
  readonly user: string;
  readonly isRoot: boolean;
  readonly host: string;
  readonly machine: string;
  /** PATH of the login, which the program and the user's commands get. */
  readonly path: string;
  /** All that the host has, but for loopback; empty where it has no `hostname -I`. */
  readonly addresses: readonly string[];
  readonly hasSystemd: boolean;
  readonly killsUserProcesses: boolean;
  readonly tools: ReadonlySet<string>;
  readonly records: 'missing' | 'creatable' | 'writable' | 'unwritable';
  readonly lock: 'free' | 'held';
  /** Who holds the lock: run, by, since, version, digest. */
  readonly lockOwner: Readonly<Record<string, string>>;
  readonly unfinished: string | undefined;
  readonly unfinishedJournal: string;
  readonly installed: Installed | undefined;
  readonly installedSha256: string;
  /** Newest first. */
  readonly history: readonly Installed[];
  /** By run id. */
  readonly rescues: ReadonlyMap<string, readonly Rescue[]>;
  /** Run ids of failed bundles, newest first. */
  readonly failed: readonly string[];
  /** What the newest of them ended with. */
  readonly failedText: string;
  readonly gate: 'missing' | 'open' | 'closed';
  /** Enabled, and made for this login and these records. */
  readonly hasBootUnit: boolean;
  /** On staging: removes this login's copies when their time is over. */
  readonly hasExpiryTimer: boolean;
  readonly mayLaunchUnit: boolean;
  readonly units: ReadonlyMap<string, UnitFacts>;
  /** By name: users that commands are run as. */
  readonly accounts: ReadonlyMap<string, AccountFacts>;
  readonly paths: ReadonlyMap<string, PathFacts>;
  /** By label (`state1`), for kinds that can be asked: databases, and what has no path. */
  readonly states: ReadonlyMap<string, StateFacts>;
  readonly isolation: IsolationFacts;
  /** Directories of good releases that are not there any more. */
  readonly gone: ReadonlySet<string>;
  /** Process id by pid file, for those that are alive. */
  readonly pidfiles: ReadonlyMap<string, string>;
  /** Pid files whose process the user may not send a signal. */
  readonly unstoppable: ReadonlySet<string>;
}

/** `installed.json` and each entry of the history. */
export interface Installed {
  readonly application: string;
  readonly version: string;
  readonly digest: string;
  /** Absolute directory of the release; empty for an install in place. */
  readonly release: string;
  readonly run: string;
  readonly installedAt: string;
  readonly way: string;
}

export interface Rescue {
  readonly kind: string;
  readonly path: string;
  readonly place: string;
  readonly files: number;
  readonly bytes: number;
}

export interface UnitFacts {
  readonly load: string;
  readonly active: string;
  /** The gate is a condition of it, and in force. */
  readonly guarded: boolean;
  readonly mayStop: boolean;
  readonly mayStart: boolean;
  /** What a timer or a path starts. */
  readonly triggers: readonly string[];
  /** Staging only: empty for root, `dynamic` where systemd makes one up. */
  readonly user: string;
  /** Staging only: it cannot be started while it is not isolated. */
  readonly isolated: boolean;
}

/** What staging has for cutting the application off; told only where it was asked for. */
export interface IsolationFacts {
  /** sha256 of the root-owned program; empty: none, or not one that only root can change. */
  readonly helper: string;
  readonly usable: boolean;
  /** Cgroups of version 2. */
  readonly hasGroups: boolean;
  /** Schedules, mail programs and forwarders that would act behind our back. */
  readonly problems: readonly StateProblem[];
}

export interface AccountFacts {
  readonly exists: boolean;
  /** The login may run commands as this user. */
  readonly usable: boolean;
}

export interface PathFacts {
  /** Without links; empty where a directory on the way is missing. */
  readonly real: string;
  readonly type: 'missing' | 'link' | 'directory' | 'file' | 'other';
  readonly target: string | undefined;
  /** The entry was renamed away, as in the window. */
  readonly hidden: boolean;
  readonly parentWritable: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  /** It, or what it links to in the end, is there. */
  readonly exists: boolean;
  /** What is mounted below it, separated by blanks, as the kernel writes it; empty: nothing. */
  readonly mountsInside: string;
  /** The directory for rescue copies beside it is another's, or is no directory. */
  readonly sideIsForeign: boolean;
  /** It cannot be renamed. */
  readonly isMountPoint: boolean;
  readonly parentDevice: string;
  /** Bytes free on the parent's file system. */
  readonly free: number;
  readonly bytes: number;
  readonly files: number;
  /** Entries that another user owns, or a group that the user is not in; 0 for root. */
  readonly foreign: number;
  /** Entries that the user may not read; 0 for root. */
  readonly unreadable: number;
}

/** What `probe_KIND` told about one state. */
export interface StateFacts {
  /** It is there: a first deployment, or a staging that was never laid, may have none. */
  readonly exists: boolean;
  readonly bytes: number;
  /** Bytes free where copies go; undefined: that file system cannot be seen from the host. */
  readonly free: number | undefined;
  /** Device and a directory of that file system; empty where they cannot be seen. */
  readonly device: string;
  readonly directory: string;
  /** Digest of the schema, or empty. */
  readonly schema: string;
  /** What two hosts must have in common, by item: `server-version`, `collation-version`. */
  readonly parity: ReadonlyMap<string, string>;
  readonly problems: readonly StateProblem[];
}

export interface StateProblem {
  readonly message: string;
  /** What to do about it, as a whole sentence. */
  readonly fix: string;
}
