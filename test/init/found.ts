import { parseHostFound, type HostFound } from '../../src/init/host-found.ts';
import type { RepositoryFound } from '../../src/init/repository.ts';

/** Lines as probe.sh prints them. */
export function hostFound(lines: readonly string[]): HostFound {
  const found = parseHostFound(`${['host\twww', 'user\troot', 'uid\t0', ...lines,
    'complete\tyes'].join('\n')}\n`);
  if (found === undefined) throw new Error('not read');
  return found;
}

export function repositoryWith(
  texts: Readonly<Record<string, string>>, more: Partial<RepositoryFound> = {},
): RepositoryFound {
  return { directory: 'guestbook', remote: 'git@github.com:octo/guestbook.git', tags: [],
    files: Object.keys(texts), text: (name) => texts[name], ...more };
}

/** A guestbook as an administrator installs one. */
export const guestbookLines: readonly string[] = [
  'front\tnginx', 'systemd\tyes',
  'unit\tguestbook.service\tactive\tactive', 'unit\tguestbook.service\tenabled\tenabled',
  'unit\tguestbook.service\tuser\tguestbook',
  'unit\tguestbook.service\tpath\t/srv/guestbook/current/bin/guestbook',
  'unit\tguestbook.service\tlog\t/srv/guestbook/shared/run/guestbook.log',
  'unit\tguestbook.service\tport\t8080',
  'unit\tguestbook-mail.timer\tactive\tactive', 'unit\tguestbook-mail.timer\tenabled\tenabled',
  'unit\tguestbook-mail.timer\ttriggers\tguestbook-mail.service',
  'unit\tguestbook-mail.service\tuser\tguestbook',
  'unit\tbackup.service\tpath\t/usr/local/bin/backup',
  'tree\t/srv/guestbook\treleases\tguestbook',
  'shared\t/srv/guestbook\tdata\td', 'shared\t/srv/guestbook\trun\td',
  'shared\t/srv/guestbook\t.env\tf',
  'tree\t/var/www/html\tfixed\troot', 'entry\t/var/www/html\tindex.html\tf',
  'sqlite\t/srv/guestbook/shared/data/guestbook.sqlite',
  'uploads\t/srv/guestbook/shared/data/uploads',
  'log\t/srv/guestbook/shared/run/guestbook.log',
  'port\t8080\tloopback\tguestbook', 'port\t22\tany\troot',
];
