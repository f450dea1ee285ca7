import { quote } from '../command/quote.ts';
import type { Config } from '../config/config.ts';
import type { HostFacts } from '../facts/host-facts.ts';

/**
 * What root runs once on a host: directories, the unit that finishes a transaction after a kill
 * or a reboot, the gate on each unit of the application, and the lines for sudo. May be repeated.
 */
export function installScript(config: Config, facts: HostFacts): string {
  const units = config.services.flatMap((it) => (it.kind === 'systemd' ? [it.unit] : []));
  const directories = config.install.kind === 'releases' ? [config.install.directory] : [];
  const lines = [
    'set -eu',
    'umask 022',
    `install -d -o ${quote(facts.user)} ${[config.records, ...directories].map(quote).join(' ')}`,
    `[ -L ${quote(`${config.records}/gate`)} ] || ln -s . ${quote(`${config.records}/gate`)}`,
    ...(facts.hasSystemd ? systemdLines(config, facts, units) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function systemdLines(config: Config, facts: HostFacts, units: readonly string[]): string[] {
  const name = config.application;
  return [
    file(`/etc/tmpfiles.d/seatrial-${name}.conf`,
      [`d /run/seatrial 0755 root root -`, `d /run/seatrial/${name} 0755 ${facts.user} root -`]),
    `install -d -o ${quote(facts.user)} /run/seatrial/${name}`,
    file(`/etc/systemd/system/seatrial-${name}.service`, loaderUnit(config, facts)),
    ...units.flatMap((unit) => [
      `install -d /etc/systemd/system/${quote(`${unit}.d`)}`,
      file(`/etc/systemd/system/${unit}.d/50-seatrial.conf`, gateLines(config, unit)),
    ]),
    ...(facts.isRoot ? [] : [file(`/etc/sudoers.d/seatrial-${name}`,
      sudoLines(config, facts, units)), `chmod 440 /etc/sudoers.d/seatrial-${name}`]),
    'systemctl daemon-reload',
    `systemctl enable seatrial-${name}.service`,
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
    'RestartSec=1',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
}

function gateLines(config: Config, unit: string): string[] {
  return [
    '# Written by Seatrial. While a transaction is unfinished, the unit cannot be started.',
    '[Unit]',
    `ConditionPathExists=${config.records}/gate`,
    ...(unit.endsWith('.service')
      ? ['', '[Service]', `EnvironmentFile=-/run/seatrial/${config.application}/private.env`] : []),
  ];
}

function sudoLines(config: Config, facts: HostFacts, units: readonly string[]): string[] {
  const systemctl = '/usr/bin/systemctl';
  const may = (words: string): string => `${facts.user} ALL=(root) NOPASSWD: ${systemctl} ${words}`;
  return [
    may(`start --no-block seatrial-${config.application}.service`),
    ...units.flatMap((unit) => ['stop', 'start', 'reset-failed'].map((act) =>
      may(`${act} -- ${unit}`))),
  ];
}

function file(path: string, lines: readonly string[]): string {
  return `cat >${quote(path)} <<'SEATRIAL'\n${lines.join('\n')}\nSEATRIAL`;
}
