import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { TestHost } from '../lab.ts';

/**
 * A server with systemd for the guestbook of examples/: its unit, a worker beside it, and a timer
 * that fires each second. An administrator made it by hand; nothing of Seatrial is there.
 */
export const example = resolve(import.meta.dirname, '../../../examples/guestbook');
export const shared = '/srv/guestbook/shared';
export const units = ['guestbook.service', 'guestbook-worker.service', 'guestbook-mail.timer'];

const worker = `#!/bin/sh
echo "\${PORT:-none}" >>${shared}/run/worker.log
exec sleep infinity
`;

/** Holds whoever has flushed the journal when its last line tells the event that is wanted. */
const slowDisk = `#!/bin/sh
/usr/bin/sync "$@"
status=$?
[ "\${1##*/}" = journal ] || exit "$status"
for lab in /run/lab /opt/lab; do
  read -r event step 2>/dev/null <$lab/hold || continue
  line=$(tail -n 1 -- "$1" | cut -f2,3)
  [ "\${line%%\t*}" = "$event" ] || continue
  [ -z "$step" ] || [ "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))
    .steps[process.argv[2] - 1].id' "\${1%/*}/plan.json" "\${line#*\t}")" = "$step" ] || continue
  : >$lab/held
  while [ -e $lab/hold ]; do sleep 0.1; done
done
exit "$status"
`;

/** As an administrator does, with the unit of the example. */
export async function makeServer(host: TestHost, owner: string): Promise<void> {
  const output = async (command: string): Promise<void> => {
    expect(await host.exec(command), command).toMatchObject({ status: 0, stderr: '' });
  };
  if (owner === 'guestbook') await output('useradd --system --user-group guestbook');
  await output(`install -d -o ${owner} ${shared} ${shared}/data ${shared}/run
    touch ${shared}/run/worker.log ${shared}/run/mail.log; chown ${owner} ${shared}/run/*`);
  const unit = readFileSync(join(example, 'guestbook.service'), 'utf8');
  const system = '/etc/systemd/system';
  await output('install -d -m 1777 /opt/lab');
  await host.writeFile('/opt/worker', worker, { mode: '755' });
  await host.writeFile('/usr/local/bin/sync', slowDisk, { mode: '755' });
  await host.writeFile(`${system}/guestbook.service`,
    unit.replaceAll(/^(User|Group)=guestbook$/gm, `$1=${owner}`));
  await host.writeFile(`${system}/guestbook-worker.service`, `[Service]
User=${owner}
Environment=PORT=8080
ExecStart=/opt/worker
[Install]
WantedBy=multi-user.target
`);
  await host.writeFile(`${system}/guestbook-mail.service`, `[Unit]
StartLimitIntervalSec=0
[Service]
Type=oneshot
User=${owner}
ExecStart=/bin/sh -c 'date +%%s.%%N >>${shared}/run/mail.log'
`);
  await host.writeFile(`${system}/guestbook-mail.timer`, `[Timer]
OnCalendar=*:*:*
AccuracySec=100ms
[Install]
WantedBy=multi-user.target
`);
  await output(`systemctl daemon-reload; systemctl -q enable ${units.join(' ')}`);
}
