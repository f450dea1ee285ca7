import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const place = (name) => join(import.meta.dirname, 'peers', name);

/**
 * Every peer: the program that it needs with the Debian package of it, and what one deployment
 * runs. `run` has the host's `port` and `target` (its directory there), and of the release its
 * `version`, `archive` and `name` (of the directory in releases/, which sorts by time).
 */
export const peers = [
  {
    name: 'ssh', title: 'plain ssh and tar', program: 'ssh', package: 'openssh-client',
    version: ['ssh', '-V'],
    start: (run, lab) => {
      const script = readFileSync(join(place('ssh'), 'deploy.sh'), 'utf8');
      return {
        argv: ['ssh', '-F', 'none', '-i', lab.key, '-p', run.port, '-o', 'BatchMode=yes',
          '-o', `UserKnownHostsFile=${lab.knownHosts}`, `${lab.user}@127.0.0.1`,
          `sh -c '${script.replaceAll('\'', '\'\\\'\'')}' sh ${run.target} ${run.name}`],
        stdin: run.archive,
      };
    },
  },
  {
    name: 'seatrial', title: 'Seatrial, one round of checks', program: 'ssh',
    package: 'openssh-client',
    prepare: (run, lab) => writeConfig(run, lab, 'observe: { passes: 1 }'),
    start: seatrial,
  },
  {
    name: 'seatrial-defaults', title: 'Seatrial as it comes', program: 'ssh',
    package: 'openssh-client', prepare: (run, lab) => writeConfig(run, lab, ''), start: seatrial,
  },
  {
    name: 'fabric', title: 'Fabric', program: 'fab', package: 'fabric',
    version: ['fab', '--version'],
    start: () => ({ argv: ['fab', '--search-root', place('fabric'), 'deploy'] }),
  },
  {
    name: 'capistrano', title: 'Capistrano', program: 'cap', package: 'capistrano',
    version: ['cap', '--version'],
    start: () => ({ argv: ['cap', 'production', 'deploy'], cwd: place('capistrano') }),
  },
  {
    name: 'ansible', title: 'ansible-core, with pipelining', program: 'ansible-playbook',
    package: 'ansible-core', version: ['ansible-playbook', '--version'],
    start: (run, lab) => ({
      argv: ['ansible-playbook', '--inventory', '127.0.0.1,', '--user', lab.user,
        '--private-key', lab.key, '--extra-vars', `ansible_port=${run.port}`,
        join(place('ansible'), 'deploy.yml')],
      environment: {
        ANSIBLE_CONFIG: join(place('ansible'), 'ansible.cfg'),
        ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s '
          + `-o UserKnownHostsFile=${lab.knownHosts}`,
        ANSIBLE_SSH_CONTROL_PATH_DIR: `${lab.home}/cp-${run.name}`,
      },
    }),
    // Its connection stays for a minute: each deployment is to open its own, as in a job.
    after: (run, lab) => ({ argv: ['sh', '-c',
      'for s in "$1"/*; do ssh -O exit -S "$s" x; done', 'sh', `${lab.home}/cp-${run.name}`] }),
  },
];

const configOf = (run, lab) => join(lab.folder, `${run.way}-${run.peer}.yml`);

export function writeConfig(run, lab, more) {
  const words = { USER: lab.user, PORT: run.port, TARGET: run.target, APP_PORT: run.appPort };
  const text = readFileSync(join(place('seatrial'), 'seatrial.yml.in'), 'utf8')
    .replace(/@([A-Z_]+)@/g, (_, name) => words[name]);
  writeFileSync(configOf(run, lab), `${text}${more}\n`);
  return configOf(run, lab);
}

function seatrial(run, lab) {
  return { argv: [process.execPath, run.cli, 'deploy', '--json', '--config', configOf(run, lab),
    '--release', run.archive, '--known-hosts', lab.knownHosts, '--identity', lab.key] };
}

/** What all peers may read. */
export function environmentOf(run, lab) {
  return {
    ...lab.environment, BENCH_TARGET: run.target, BENCH_RELEASE: run.name,
    BENCH_ARCHIVE: run.archive, BENCH_USER: lab.user, BENCH_PORT: String(run.port),
    BENCH_KEY: lab.key, BENCH_KNOWN_HOSTS: lab.knownHosts,
  };
}
