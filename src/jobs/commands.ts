import type { CommandName } from '../config/options.ts';

/** What an action may be asked for; the other commands are for people. */
export const jobCommands = [
  'package', 'draft', 'rehearse', 'plan', 'deploy', 'publish', 'adopt', 'status', 'rollback',
  'recover', 'attach', 'doctor',
] as const satisfies readonly CommandName[];

export type JobCommand = (typeof jobCommands)[number];
