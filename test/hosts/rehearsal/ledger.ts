import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { postgresPrograms } from '../../state/postgres-server.ts';
import type { Lab, TestHost } from '../lab.ts';
import { createRehearsalStage, output, type RehearsalStage } from './stage.ts';

/** The ledger of test/cases on two hosts, each with a PostgreSQL server of its own. */
const fixtures = resolve(import.meta.dirname, '../../cases/ledger');
const text = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

export interface LedgerStage extends RehearsalStage {
  /** A release with one more migration after the first, or without. */
  release(version: string, migration?: string): Promise<string>;
  /** Asks a database of a host's server. */
  ask(host: TestHost, database: string, question: string): Promise<string>;
}

export async function createLedgerStage(lab: Lab): Promise<LedgerStage> {
  // What PostgreSQL writes by itself, at checkpoints, is not what a rehearsal does.
  const look = readFileSync(join(import.meta.dirname, 'look.sh'), 'utf8')
    .replace('^/var/(', '^/srv/postgresql/|^/var/(') + text('look.sh');
  const stage = await createRehearsalStage(lab, { application: 'ledger', login: 'root',
    settings: text('seatrial.yml'), look, diskMegabytes: 1024,
    prepare: prepareLedger });
  return {
    ...stage,
    release: (version, migration) => stage.package(version, (tree) => {
      for (const name of ['bin', 'migrations']) {
        cpSync(join(fixtures, name), join(tree, name), { recursive: true });
      }
      writeFileSync(join(tree, 'VERSION'), `${version}\n`);
      if (migration === undefined) return;
      writeFileSync(join(tree, 'migrations/002-next.sql'), migration);
    }),
    ask: (host, database, question) => output(host,
      `runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d ${database} <<'EOF'
${question}
EOF`),
  };
}

/** As an administrator makes a host with a PostgreSQL server for the ledger. */
export async function prepareLedger(host: TestHost): Promise<void> {
  const system = '/etc/systemd/system';
  await host.writeFile(`${system}/ledger.service`, text('ledger.service'));
  await host.writeFile(`${system}/database.service`, text('database.service'));
  const programs = postgresPrograms();
  await output(host, `ln -s ${programs} /opt/postgresql
    useradd --system --user-group ledger
    install -d -o postgres -m 700 /srv/postgresql
    cd / && runuser -u postgres -- ${programs}/initdb -D /srv/postgresql -A peer -E UTF8 \
      --locale=C.UTF-8 --no-sync >/tmp/initdb.log
    systemctl daemon-reload && systemctl -q enable --now database && systemctl -q enable ledger
    n=100; until runuser -u postgres -- psql -X -q -c '' 2>/dev/null || [ $n = 0 ]; do
      sleep 0.1; n=$((n - 1)); done
    runuser -u postgres -- psql -X -q -c 'create role ledger login'
    runuser -u postgres -- createdb -O ledger ledger; touch /opt/made`);
}
