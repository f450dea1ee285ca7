import { parseArguments } from '../config/arguments.ts';
import { helpText } from '../config/help.ts';
import { demo } from '../demo/demo.ts';
import { exitBadInput, exitCodeOf, SeatrialError } from '../errors.ts';
import { renderProblems } from '../report/problems.ts';
import { run } from '../run.ts';
import { openEdge, type Edge } from './edge.ts';
import { finish } from './finish.ts';
import { toolVersion } from './version.ts';

/** The command line: arguments in, exit status out (docs/ends.md). */
export async function main(argv: readonly string[], environment: NodeJS.ProcessEnv):
Promise<number> {
  let edge: Edge | undefined;
  try {
    const { command, options, topic } = parseArguments(argv);
    edge = openEdge(options, environment);
    if (command === 'help' || command === 'version') {
      edge.world.print(command === 'help' ? helpText(topic) : `${toolVersion}\n`);
      return argv.length === 0 ? exitBadInput : 0;
    }
    const result = command === 'demo' ? await demo(options, edge.world)
      : await run(command, options, edge.world);
    return finish(edge, result, { json: options.json });
  } catch (error) {
    const text = error instanceof SeatrialError ? renderProblems(error)
      : `internal error; please report it with this trace:\n${String(
        error instanceof Error ? error.stack : error)}`;
    process.stderr.write(`${error instanceof SeatrialError ? `${error.kind}: ` : ''}${text}\n`);
    return exitCodeOf(error);
  } finally {
    edge?.close();
  }
}
