export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}
export interface SshCounts {
  readonly connections: number;
  readonly commands: number;
  readonly sftp: number;
}
export function spread(values: readonly number[]): Spread;
export function downMs(probes: readonly (readonly [at: number, good: boolean])[]): number;
export function countSsh(log: string): SshCounts;
export function partsOf(journal: string, times: { from: number; to: number }):
Record<string, number>;
export function shown(values: readonly number[], digits: number): string;
export function table(rows: readonly (readonly string[])[]): string;
