import type { UserCommand } from './config.ts';

/** What a rehearsal on a copy of production needs to know; part of Config. */
export interface StagingConfig {
  /** Directory beside the file: an absolute tree (`srv/app/shared/.env`) laid over the copy. */
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
