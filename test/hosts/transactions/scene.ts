import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { describeEnd, type Ended, type RunningTool, type ToolOptions } from './tool.ts';
import { home, records, type Settings, type Stage } from './stage.ts';

/**
 * A deployment that stands still where a test wants it: in its migration (users are out, the old
 * code and a half migrated state), or in a check of the baseline (nothing was touched). It stands
 * until `go`, and by itself for less than a test.
 */
export interface Scene {
  readonly tool: RunningTool;
  /** The tarball, to deploy it again. */
  readonly release: string;
  readonly config: string;
  /** sha256 of the state between the stop and the migration, as the migration saw it. */
  stateAtStop(): Promise<string>;
  /** Lets it go on. */
  go(): Promise<void>;
  /** Kills the migration, by its number on the host. */
  killMigration(): Promise<void>;
  /** How the tool ended; the words of it where that is not the status that is expected. */
  end(status: number): Promise<Ended>;
}

const marks = '/home/deploy';
const waitTenthsMax = 1200;
const patient = { timeout: 60_000, interval: 200 };

const waiting = `n=${waitTenthsMax}
until [ -e ${marks}/go ] || [ "$n" = 0 ]; do sleep 0.1; n=$((n - 1)); done
[ -e ${marks}/go ]
`;

/** Tells the bytes of the state, spoils the state, tells that it is there, waits. */
export const slowMigration = `sha256sum <${home}/run/minibot-shutdown.tap | cut -d' ' -f1 \
>${marks}/at-stop
echo half >>${home}/run/minibot-shutdown.tap
echo half >${home}/run/half-migrated
echo $$ >${marks}/pid
: >${marks}/here
${waiting}[ $? = 0 ] || exit 1
rm ${home}/run/half-migrated
python3 - <<'PY'
path = '${home}/run/minibot-shutdown.tap'
data = open(path, 'rb').read()
open(path, 'wb').write(data.replace(b'half\\n', b''))
PY
`;

export function migrating(settings: Settings): void {
  settings.install['migrate'] = 'sh {release}/migrate.sh';
}

/** A check that stands still the first time that it is asked, which is in the baseline. */
function slowCheck(settings: Settings): void {
  settings.checks.push({ command: `[ -e ${marks}/here ] || { : >${marks}/here
    ${waiting}}` });
}

/** Begins a deployment and returns when it stands in its window. */
export async function inWindow(stage: Stage, version: string, options: ToolOptions = {}):
Promise<Scene> {
  const release = await stage.release({ version, migrate: slowMigration });
  return begin(stage, { release, config: stage.config(migrating), options });
}

/** The same, before the window. */
export async function beforeWindow(stage: Stage, version: string): Promise<Scene> {
  const release = await stage.release({ version });
  return begin(stage, { release, config: stage.config(slowCheck), options: {} });
}

async function begin(stage: Stage, { release, config, options }: {
  readonly release: string; readonly config: string; readonly options: ToolOptions;
}): Promise<Scene> {
  const { host } = stage;
  await stage.output(`rm -f ${marks}/here ${marks}/go ${marks}/at-stop && sync -f /`);
  const tool = stage.start(['deploy', '--release', release, '--config', config], options);
  let early: Ended | undefined;
  void tool.ended.then((ended) => { early = ended; });
  await expect.poll(async () => {
    if (early !== undefined) throw new Error(`it ended too early: ${describeEnd(early)}`);
    return (await host.exec(`test -e ${marks}/here`)).status;
  }, patient).toBe(0);
  return {
    tool, release, config,
    stateAtStop: () => stage.output(`cat ${marks}/at-stop`),
    async go() {
      // Only the disk of the host tells a migration that was killed and started anew.
      await stage.output(`: >${marks}/go`);
    },
    async killMigration() {
      await stage.output(`kill -KILL $(cat ${marks}/pid)`);
    },
    async end(status) {
      const ended = await tool.ended;
      expect(ended.status, describeEnd(ended)).toBe(status);
      return ended;
    },
  };
}

/** The run that the host is at now, or was at when its program died. */
export function unfinishedRun(stage: Stage): Promise<string> {
  return stage.output(`cat ${records}/unfinished`);
}

/** How a run ended, as its journal says; `expect.poll` for one that goes on. */
export async function journalEnd(stage: Stage, run: string): Promise<string> {
  const { stdout } = await stage.host.exec(
    `awk -F'\\t' '$2 == "end" { print $4 }' ${records}/runs/${run}/journal | tail -n 1`);
  return stdout.trim();
}

/** Waits until the host has brought a run to its end. */
export async function endOnHost(stage: Stage, run: string, end: string): Promise<void> {
  await expect.poll(() => journalEnd(stage, run), patient).toMatch(new RegExp(`^${end}\\b`));
  await expect.poll(async () => (await stage.see())['lock'], patient).toBe('free');
}

/** The program of the transaction, as the host counts processes. */
export function programPid(stage: Stage): Promise<string> {
  return stage.output(`awk '$1 == "pid" { print $2 }' ${records}/lock.owner`);
}

/** Fails unless nothing that the tool started on this machine is left. */
export async function expectNothingLeft(tool: RunningTool): Promise<void> {
  await expect.poll(() => readdirSync('/proc').filter((it) => /^\d+$/.test(it)).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return words.includes(`SEATRIAL_TEST_TOOL=${tool.mark}`);
    } catch {
      return false;
    }
  }), { timeout: 10_000 }).toEqual([]);
}
