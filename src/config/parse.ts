import { SeatrialError, type Problem } from '../errors.ts';
import { deepFreeze, digestOf } from './canonical.ts';
import type { Config } from './config.ts';
import { configFile } from './file.ts';
import { replaceTexts } from './instead.ts';
import { Report } from './report.ts';
import { checkRules } from './rules.ts';
import { sameHostRules } from './same-host.ts';
import { invalid } from './shape/shape.ts';
import type { Tree } from './tree.ts';
import { readYaml } from './yaml.ts';

export { jsonSchema } from './file.ts';

/**
 * The text of a `seatrial.yml` to a frozen Config with every default filled in.
 * `file` is its name in messages. Throws SeatrialError `bad-input` with everything that is
 * wrong, each problem with file, line and column; also with what is wrong for staging only.
 */
export function parseConfig(text: string, file: string): Config {
  return parseBoth(text, file).production;
}

/**
 * The same file as it is meant on staging: `staging.instead` is applied to `records`, `install`,
 * `service`, `maintenance`, `state`, `checks` and `mask`. States have production's names, in the
 * same order. Its digest is its own: what binds a receipt to the file is production's.
 * Without `instead` it equals `parseConfig`. Throws as that does.
 */
export function parseStagingConfig(text: string, file: string): Config {
  return parseBoth(text, file).staging;
}

interface Both {
  readonly production: Config;
  readonly staging: Config;
}

function parseBoth(text: string, file: string): Both {
  const report = new Report(file);
  const tree = readYaml(text, report);
  const production = tree === undefined ? undefined : configOf(tree, report);
  report.throwProblems();
  if (tree === undefined || production === undefined) {
    throw new Error('a configuration was refused without a reason');
  }
  const replaced = replaceTexts(tree, production.staging.instead,
    production.state.map((it) => it.name));
  for (const mark of report.marks('instead').filter((it) => !replaced.used.has(it.value))) {
    report.tell(mark, `(${mark.value}) stands nowhere in what this file says of the application`,
      'Write it as it stands in records, install, service, maintenance, state, checks or mask; '
      + 'for a default, write the key out first.');
  }
  const second = new Report(file);
  const staging = production.staging.instead.length === 0
    ? production : configOf(replaced.tree, second);
  if (staging !== undefined) sameHostRules({ production, staging }, report);
  throwAll([...report.problems(), ...second.problems().map(onStaging)]);
  return { production, staging: staging ?? production };
}

function onStaging(problem: Problem): Problem {
  return { ...problem, message: `with \`staging.instead\` ${problem.message}` };
}

function throwAll(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new SeatrialError('bad-input', problems);
}

/** Undefined: something is wrong, and `report` has it. */
function configOf(tree: Tree, report: Report): Config | undefined {
  const config = configFile.read(tree, { path: '', place: tree.place, report });
  checkRules(report);
  if (config === invalid || report.problems().length > 0) return undefined;
  // Where it goes and who lets it go there change nothing of what was rehearsed: a receipt that
  // fits goes on fitting.
  const { hosts, approval, ...rest } = config;
  return deepFreeze({ ...rest, hosts, approval, digest: digestOf(rest) });
}
