import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { buildsMade, createStage, home, quiet, records, type Stage } from './stage.ts';
import { describeEnd, type Ended } from './tool.ts';
import { traceOf } from './trace.ts';

/** Bad input and bad hosts: one clear message, one exit code, and nothing touched. */
let lab: Lab;
let stage: Stage;
let release: string;
let trace: Record<string, string>;

beforeAll(async () => {
  lab = await createLab();
  stage = await createStage(lab, 'production');
  release = await stage.release({ version: '2.0.0' });
});

afterAll(async () => {
  await stage?.down();
  await lab?.down();
});

interface Refusal {
  readonly status: number;
  readonly says: readonly RegExp[];
}

async function expectRefused(ended: Ended, { status, says }: Refusal): Promise<void> {
  expect(ended.status, describeEnd(ended)).toBe(status);
  for (const words of says) expect(ended.stderr).toMatch(words);
  // For people, not for us: no trace of the program, no words of a shell.
  expect(ended.stderr).not.toMatch(/\n\s+at .*:\d+:\d+|internal error|not found\n/);
  expect(await traceOf(stage)).toEqual(trace);
  expect(await stage.see()).toMatchObject(quiet({ release: 1, builds: buildsMade,
    installed: '1.0.0' }));
}

const deploy = (config = stage.config(), tarball = release): Promise<Ended> =>
  stage.run(['deploy', '--release', tarball, '--config', config]);

describe('what is wrong on this side', () => {
  beforeAll(async () => {
    await stage.reset();
    trace = await traceOf(stage);
  });

  it('no known hosts are named', async () => {
    const config = stage.config((settings) => {
      settings.hosts = { production: settings.hosts['production'] };
    });
    await expectRefused(await deploy(config), { status: 2,
      says: [/no known hosts are given/, /ssh_host_ed25519_key\.pub/] });
  });

  it('the known hosts are not there', async () => {
    const config = stage.config((settings) => { settings.hosts['known-hosts'] = 'nowhere'; });
    await expectRefused(await deploy(config), { status: 11, says: [/nowhere does not exist/] });
  });

  it('the host has another key', async () => {
    const config = stage.config((settings) => { settings.hosts['known-hosts'] = 'other_hosts'; });
    const other = readFileSync(`${stage.host.identityFile}.pub`, 'utf8').split(' ').slice(0, 2);
    writeFileSync(join(stage.folder, 'other_hosts'), `${stage.host.address} ${other.join(' ')}\n`);
    await expectRefused(await deploy(config), { status: 11,
      says: [/key of .* is not the one in .*other_hosts line 1/, /another machine/] });
  });

  it('the tarball was edited', async () => {
    const edited = join(stage.folder, 'edited', basename(release));
    mkdirSync(dirname(edited));
    cpSync(dirname(release), dirname(edited), { recursive: true });
    appendFileSync(edited, 'x');
    await expectRefused(await deploy(stage.config(), edited), { status: 11,
      says: [/has sha256 [0-9a-f]{64}.*but its manifest says/, /package\s+the tag again/] });
  });

  it('the configuration has keys that nobody knows, all told at once', async () => {
    const config = stage.config((settings) => {
      settings['observed'] = {};
      settings.install['migrations'] = 'x';
    });
    await expectRefused(await deploy(config), { status: 2,
      says: [/\.yml:\d+:\d+: .*observed/, /\.yml:\d+:\d+: .*migrations/] });
  });

  it('the key is not the user\'s', async () => {
    const config = stage.config((settings) => {
      settings.hosts['production'] = `minibot@${stage.host.address}`;
    });
    await expectRefused(await deploy(config), { status: 11,
      says: [/Permission denied/, /authorized_keys/] });
  });
});

describe('the trace of a host', () => {
  it('tells what was touched, by name', async () => {
    await stage.reset();
    const before = await traceOf(stage);
    await stage.output(`touch ${home}/code/minibot.py && chmod 600 /home/deploy/.bashrc &&
      echo >/etc/new && ln -s x /srv/link`);
    const after = await traceOf(stage);
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    expect([...names].filter((it) => before[it] !== after[it]).sort()).toEqual(
      ['/etc/new', '/home/deploy/.bashrc', `${home}/code/minibot.py`, '/srv/link'].sort());
    await stage.output('rm /etc/new && chmod 644 /home/deploy/.bashrc');
  });
});

describe('what is wrong on the host', () => {
  beforeEach(() => stage.reset());

  /** Breaks the host, then deploys. */
  async function onHost(breaking: string, refusal: Refusal): Promise<void> {
    await stage.output(breaking);
    trace = await traceOf(stage);
    await expectRefused(await deploy(), refusal);
  }

  it('the records cannot be written', () => onHost(`chown root ${records}`, { status: 11,
    says: [/\/var\/lib\/seatrial\/minibot cannot be written by deploy/, /install -d -o deploy/] }));

  it('the entry cannot be renamed', () => onHost(`chown root ${home}`, { status: 11,
    says: [/deploy may not rename \/srv\/minibot\/minibot-start/] }));

  it('some of the state belongs to somebody else', () =>
    onHost(`: >${home}/run/foreign`, { status: 11,
      says: [/1 entries of \/srv\/minibot\/run belong to another user/, /Connect as root/] }));

  it('tools are missing, all told at once', async () => {
    const tools = ['flock', 'timeout', 'setsid'].map((it) => `/usr/bin/${it}`);
    await stage.output(tools.map((it) => `mv ${it} ${it}.away`).join(' && '));
    trace = await traceOf(stage);
    const ended = await deploy();
    const after = await traceOf(stage);
    await stage.output(tools.map((it) => `mv ${it}.away ${it}`).join(' && '));
    expect(ended.status, describeEnd(ended)).toBe(11);
    for (const tool of ['flock', 'timeout', 'setsid']) {
      expect(ended.stderr).toContain(`the host has no ${tool}`);
    }
    expect(after).toEqual(trace);
    expect(await stage.see()).toMatchObject(quiet({ release: 1, builds: buildsMade,
      installed: '1.0.0' }));
  });

  it('the disk is too full', async () => {
    await stage.host.fill(8 * 1024 * 1024);
    await onHost('true', { status: 11, says: [/no space: .* has \d+ MB free, and \d+ MB are needed/,
      /Free some space on the host/] });
  });

  it('what runs fails its checks already', async () => {
    await stage.output(`kill -KILL $(cat ${home}/run/twistd.pid)`);
    trace = await traceOf(stage);
    const ended = await deploy();
    expect(ended.status, describeEnd(ended)).toBe(11);
    expect(ended.summary?.reason).toMatch(/production fails its checks before anything was done/);
    expect(await traceOf(stage)).toEqual(trace);
  });

  it('it was installed by hand and not adopted', async () => {
    await stage.output(`rm ${records}/installed.json`);
    trace = await traceOf(stage);
    const ended = await deploy();
    expect(ended.status, describeEnd(ended)).toBe(11);
    expect(ended.stderr).toMatch(
      /\/srv\/minibot\/code is there already, and was not deployed by Seatrial\n.*seatrial adopt/);
    expect(await traceOf(stage)).toEqual(trace);
  });
});
