import type { CommandName, RawOptions } from './config/options.ts';
import { jsonSchema } from './config/parse.ts';
import { adopt } from './commands/adopt.ts';
import { deploy, plan } from './commands/deploy.ts';
import { doctor } from './commands/doctor.ts';
import { draft, publish } from './commands/draft.ts';
import { init } from './commands/init.ts';
import { packageTag } from './commands/package.ts';
import { attach, recover } from './commands/recover.ts';
import { rehearse } from './commands/rehearse.ts';
import { rollback } from './commands/rollback.ts';
import { status } from './commands/status.ts';
import type { Result, World } from './commands/world.ts';

export type { Result, World };

/**
 * The table of contents: one command, from raw options to its result. The command line and the
 * actions both call it. Throws SeatrialError for the world, anything else is a bug.
 */
export async function run(
  command: Exclude<CommandName, 'help' | 'version' | 'demo'>, options: RawOptions, world: World,
): Promise<Result> {
  switch (command) {
    case 'package': return packageTag(options, world);
    case 'rehearse': return rehearse(options, world);
    case 'plan': return plan(options, world);
    case 'deploy': return deploy(options, world);
    case 'adopt': return adopt(options, world);
    case 'status': return status(options, world);
    case 'rollback': return rollback(options, world);
    case 'recover': return recover(options, world);
    case 'attach': return attach(options, world);
    case 'doctor': return doctor(options, world);
    case 'init': return init(options, world);
    case 'draft': return draft(options, world);
    case 'publish': return publish(options, world);
    case 'schema':
      world.print(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
      return { kind: 'printed' };
  }
}
