import { deepFreeze, digestOf } from './canonical.ts';
import type { Config } from './config.ts';
import { configFile } from './file.ts';
import { Report } from './report.ts';
import { checkRules } from './rules.ts';
import { invalid } from './shape/shape.ts';
import { readYaml } from './yaml.ts';

export { jsonSchema } from './file.ts';

/**
 * The text of a `seatrial.yml` to a frozen Config with every default filled in.
 * `file` is its name in messages. Throws SeatrialError `bad-input` with everything that is
 * wrong, each problem with file, line and column.
 */
export function parseConfig(text: string, file: string): Config {
  const report = new Report(file);
  const tree = readYaml(text, report);
  const config = tree === undefined
    ? invalid : configFile.read(tree, { path: '', place: tree.place, report });
  checkRules(report);
  report.throwProblems();
  if (config === invalid) throw new Error('a configuration was refused without a reason');
  const { hosts, ...rest } = config;
  return deepFreeze({ ...rest, hosts, digest: digestOf(rest) });
}
