import { dirname } from 'node:path';
import { quote } from '../command/quote.ts';
import type { Config } from '../config/config.ts';
import type { Where } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { conditionFile, isolationFiles, isolationProgram, isolationVerbs } from './isolation.ts';
import { unitsToGuard } from './units.ts';

/**
 * What root runs once on a host: directories, the unit that finishes a transaction after a kill
 * or a reboot, the gate on each unit of the application, and the lines for sudo; on staging also
 * what isolates the copy. May be repeated.
 */
export function installScript(config: Config, facts: HostFacts,
  where: Where = 'production'): string {
  const directories = config.install.kind === 'releases' ? [config.install.directory] : [];
  const lines = [
    'set -eu',
    'umask 022',
    `install -d -o ${quote(facts.user)} ${[config.records, ...directories].map(quote).join(' ')}`,
    `[ -L ${quote(`${config.records}/gate`)} ] || ln -s . ${quote(`${config.records}/gate`)}`,
    ...(facts.hasSystemd ? systemdLines(config, facts) : []),
    ...(where === 'staging' ? isolationLines(config, facts) : []),
    ...(where === 'staging' && facts.hasSystemd ? expiryLines(config, facts) : []),
    ...(facts.isRoot ? [] : sudoFile(config, facts, where)),
    ...(facts.hasSystemd ? ['systemctl daemon-reload',
      `systemctl enable seatrial-${config.application}.service`] : []),
    ...(where === 'staging' && facts.hasSystemd
      ? [`systemctl enable --now seatrial-expire-${config.application}.timer`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function systemdLines(config: Config, facts: HostFacts): string[] {
  const name = config.application;
  const units = unitsToGuard(config, facts);
  return [
    file(`/etc/tmpfiles.d/seatrial-${name}.conf`,
      [`d /run/seatrial 0755 root root -`, `d /run/seatrial/${name} 0755 ${facts.user} root -`]),
    `install -d -o ${quote(facts.user)} /run/seatrial/${name}`,
    file(`/etc/systemd/system/seatrial-${name}.service`, loaderUnit(config, facts)),
    ...[...units.own, ...units.triggered].flatMap((unit) => [
      `install -d /etc/systemd/system/${quote(`${unit}.d`)}`,
      file(`/etc/systemd/system/${unit}.d/50-seatrial.conf`, gateLines(config, unit)),
    ]),
  ];
}

/** A program is replaced by a rename: it may be running. */
function isolationLines(config: Config, facts: HostFacts): string[] {
  const { own, triggered } = unitsToGuard(config, facts);
  const conditions = facts.hasSystemd ? [...own, ...triggered].map(conditionFile) : [];
  return [
    'install -d /usr/local/sbin',
    `rm -f ${[isolationProgram(config.application), ...conditions].map(quote).join(' ')}`,
    ...isolationFiles(config, facts).flatMap(({ path, mode, text }) => [
      `install -d ${quote(dirname(path))}`, file(`${path}.new`, [text]),
      `chmod ${mode} ${quote(`${path}.new`)}`, `mv ${quote(`${path}.new`)} ${quote(path)}`]),
  ];
}

/** Runs what `unfinished` or `pending` names: a new program, or the recovery of a dead one. */
function loaderUnit(config: Config, facts: HostFacts): string[] {
  const run = 'r=$$(cat $$f 2>/dev/null) || continue; test -f "runs/$$r/program.sh" || continue';
  return [
    '[Unit]',
    `Description=Seatrial transactions of ${config.application}`,
    'After=local-fs.target network.target',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `User=${facts.user}`,
    `WorkingDirectory=${config.records}`,
    `ExecStart=/bin/sh -c 'for f in unfinished pending; do ${run}; ` +
      'exec /bin/sh "runs/$$r/program.sh" >>"runs/$$r/console.log" 2>&1; done\'',
    '# A daemon that a transaction started outlives it; a killed program is started again.',
    'KillMode=process',
    'Restart=on-abnormal',
    '# 15: another process still held the lock for a moment.',
    'RestartForceExitStatus=15 SIGTERM SIGINT SIGHUP SIGPIPE',
    'RestartSec=1',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
}

/** Removes copies whose time is over, also where nobody comes by and after a reboot. */
function expiryLines({ application, records }: Config, { user }: HostFacts): string[] {
  const unit = `/etc/systemd/system/seatrial-expire-${application}`;
  return [
    file(`${unit}.service`, ['[Unit]', `Description=Seatrial, expired copies of ${application}`,
      `ConditionPathExists=${records}/copy/expire.sh`, '', '[Service]', 'Type=oneshot',
      `User=${user}`, `WorkingDirectory=${records}`, 'ExecStart=/bin/sh copy/expire.sh']),
    file(`${unit}.timer`, ['[Unit]', `Description=Seatrial, expired copies of ${application}`, '',
      '[Timer]', 'OnCalendar=*:0/10', 'Persistent=true', '', '[Install]',
      'WantedBy=timers.target']),
  ];
}

function gateLines(config: Config, unit: string): string[] {
  return [
    '# Written by Seatrial. While a transaction is unfinished, the unit cannot be started;',
    '# seatrial status tells of it, seatrial recover ends it. To start it all the same:',
    `#   ln -sfn . ${config.records}/gate`,
    '[Unit]',
    `ConditionPathExists=${config.records}/gate`,
    ...(unit.endsWith('.service')
      ? ['', '[Service]', `EnvironmentFile=-/run/seatrial/${config.application}/private.env`] : []),
  ];
}

/** A broken file in sudoers.d would take sudo away from everybody: it is tested first. */
function sudoFile(config: Config, facts: HostFacts, where: Where): string[] {
  const lines = sudoRights(config, facts, where).map((it) => it.line);
  if (lines.length === 0) return [];
  const path = `/etc/sudoers.d/seatrial-${config.application}`;
  // Names with a dot are not read.
  const draft = `${path}.new`;
  return [
    file(draft, lines),
    `chmod 440 ${draft}`,
    `! command -v visudo >/dev/null || visudo -c -q -f ${draft} || { rm ${draft}; exit 1; }`,
    `mv ${draft} ${path}`,
  ];
}

/** One command that the login has root run. */
export interface SudoRight {
  /** As it stands in a file of sudoers.d. */
  readonly line: string;
  /** What is run after `sudo -n`. */
  readonly words: readonly string[];
}

/** All that the login must be allowed, where it is not root. */
export function sudoRights(config: Config, facts: HostFacts, where: Where): SudoRight[] {
  const { own, triggered } = unitsToGuard(config, facts);
  const may = (program: string, ...words: readonly string[]): SudoRight => ({
    line: `${facts.user} ALL=(root) NOPASSWD: ${program} ` +
      words.join(' ').replaceAll(/[,:=\\]/g, String.raw`\$&`),
    words: [program.replace('/usr/bin/', ''), ...words],
  });
  const systemctl = '/usr/bin/systemctl';
  return [
    ...(facts.hasSystemd ? [
      may(systemctl, 'start', '--no-block', `seatrial-${config.application}.service`),
      ...own.flatMap((unit) => ['stop', 'start', 'reset-failed'].map((act) =>
        may(systemctl, act, '--', unit))),
      ...triggered.map((unit) => may(systemctl, 'stop', '--', unit)),
    ] : []),
    ...(where === 'staging' && config.staging.isolation.kind === 'network'
      ? isolationVerbs.map((it) => may(isolationProgram(config.application), it)) : []),
  ];
}

function file(path: string, lines: readonly string[]): string {
  return `cat >${quote(path)} <<'SEATRIAL'\n${lines.join('\n')}\nSEATRIAL`;
}
