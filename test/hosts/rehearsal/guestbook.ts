import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab, TestHost } from '../lab.ts';
import { example, makeServer } from '../transactions/systemd-server.ts';
import { createRehearsalStage, output, type RehearsalStage } from './stage.ts';

/**
 * The guestbook on two hosts. Each of its releases calls production's mail server and a webhook as
 * soon as it starts, and writes down what came of it: production must not hear the copy.
 */
export const database = '/srv/guestbook/shared/data/guestbook.sqlite';
const listener = `import selectors, socket
selector = selectors.DefaultSelector()
for port in (25, 8099):
    selector.register(socket.create_server(("", port)), selectors.EVENT_READ, port)
open("/var/heard", "w").close()
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
        open("/var/heard", "a").write("%d\\n" % key.data)
`;
const shared = readFileSync(join(import.meta.dirname, 'look.sh'), 'utf8');
const look = `${shared}
sqlite3 'file:${database}?mode=ro&immutable=1' .dump | sha256sum | tell database
tail -n 3 /srv/guestbook/shared/run/guestbook.log | tell log
`;

export interface GuestbookStage extends RehearsalStage {
  readonly login: 'root' | 'deploy';
  release(wanted: GuestbookRelease): Promise<string>;
  /** Writes an entry with an upload on production; gives its id. */
  write(name: string): Promise<number>;
  /** Who called production since `forget`. */
  heard(): Promise<string>;
  forget(): Promise<void>;
}

export interface GuestbookRelease {
  readonly version: string;
  readonly code: '1.0.0' | '2.0.0' | '3.0.0';
  /** Put at the end of its migration. */
  readonly migrate?: string;
}

export async function createGuestbookStage(
  lab: Lab, login: GuestbookStage['login'],
): Promise<GuestbookStage> {
  const owner = login === 'root' ? 'guestbook' : 'deploy';
  const stage = await createRehearsalStage(lab, {
    application: 'guestbook', login, settings: settingsFor(login), look,
    prepare: (host) => prepare(host, owner),
  });
  const { production } = stage;
  await production.writeFile('/opt/listener.py', listener);
  await output(production, 'setsid python3 /opt/listener.py >/var/listener 2>&1 </dev/null & ' +
    'n=100; until [ -e /var/heard ] || [ $n = 0 ]; do sleep 0.1; n=$((n - 1)); done');
  return {
    ...stage, login,
    async release({ version, code, migrate = '' }) {
      const { makeRelease } = await import(join(example, 'make.mjs')) as {
        readonly makeRelease: (version: string, target: string) => void };
      return stage.package(version, (tree) => {
        makeRelease(code, tree);
        const about = { name: 'guestbook', version, type: 'module' };
        writeFileSync(join(tree, 'package.json'), `${JSON.stringify(about)}\n`);
        append(tree, 'server.mjs', calling(production.address));
        append(tree, 'migrate.mjs', migrate);
      });
    },
    async write(name) {
      const upload = { name: `${name}.txt`, base64: Buffer.from(name).toString('base64') };
      const body = JSON.stringify({ name, message: `${name} was here #sea`, upload });
      const answer = await output(production, `curl -fsS --noproxy '*' \
        -H 'content-type: application/json' -d '${body}' http://127.0.0.1:8080/entries`);
      return (JSON.parse(answer) as { id: number }).id;
    },
    heard: () => output(production, 'cat /var/heard'),
    forget: async () => { await output(production, ': >/var/heard'); },
  };
}

function append(tree: string, file: string, text: string): void {
  writeFileSync(join(tree, file), `${readFileSync(join(tree, file), 'utf8')}${text}`);
}

function calling(address: string): string {
  return `
const { connect } = await import('node:net');
for (const port of [25, 8099]) {
  const call = connect(port, '${address}');
  call.on('connect', () => { console.log(\`calling \${port}: reached\`); call.end('hello'); });
  call.on('error', (error) => console.log(\`calling \${port}: \${error.code}\`));
}
`;
}

function settingsFor(login: GuestbookStage['login']): string {
  const text = readFileSync(join(example, 'seatrial.yml'), 'utf8');
  const settings = parse(login === 'root' ? text
    : text.replaceAll(/, user: guestbook/g, '')) as Record<string, unknown>;
  settings['observe'] = { passes: 1, every: '1s', within: '6s' };
  // A server of another test, installed meanwhile, sets an owner in what all hosts have in common.
  settings['staging'] = { ...settings['staging'] as object, writes: ['/usr/lib/mysql/**'] };
  settings['parity'] = { files: ['/etc/guestbook.conf'] };
  settings['service'] = { systemd: ['guestbook.service', 'guestbook-worker.service'] };
  return stringify(settings);
}

/** The timer would write to production each second; the worker's log is production's alone. */
async function prepare(host: TestHost, owner: 'guestbook' | 'deploy'): Promise<void> {
  await makeServer(host, owner);
  await output(host, 'systemctl -q disable guestbook-mail.timer; ' +
    'echo port=1 >/etc/guestbook.conf; touch /opt/made');
}
