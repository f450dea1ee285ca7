import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { factsCommand, gatherFacts } from '../../src/facts/gather.ts';
import type { HostFacts } from '../../src/facts/host-facts.ts';
import { parseFacts } from '../../src/facts/parse-facts.ts';
import { openLocal } from '../../src/host/local.ts';
import { preflight } from '../../src/plan/preflight.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

const ordinary = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

export const runs = ['20260101T000000Z-aaaaaa', '20260102T000000Z-bbbbbb'] as const;

/** A host, which is this machine, with an application in a temporary directory. */
export class Host {
  readonly root = mkdtempSync(join(tmpdir(), 'attack-'));
  readonly records = this.path('records');

  constructor() {
    roots.push(this.root);
    this.directory('srv/releases');
    this.directory('srv/shared/up');
  }

  path(name: string): string {
    return join(this.root, name);
  }

  directory(name: string): string {
    mkdirSync(this.path(name), { recursive: true });
    return this.path(name);
  }

  file(name: string, text: string): string {
    mkdirSync(join(this.path(name), '..'), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** What a deployment records, and the directory of its release. */
  installed(version: string, run: string = runs[0]): string {
    const release = this.directory(`srv/releases/${version}`);
    const text = JSON.stringify({ schema: 1, application: 'fake', version, digest: `d${version}`,
      release, run, way: 'normal', installedAt: '2026-01-01T00:00:00Z' });
    this.file(`records/history/${run}.json`, text);
    this.file('records/installed.json', text);
    return release;
  }

  config(more: Readonly<Record<string, string>> = {}): Config {
    const sections = {
      application: 'fake',
      hosts: '{ production: local }',
      install: `{ directory: ${this.path('srv')} }`,
      service: '[]',
      maintenance: '{ none: a test }',
      records: this.records,
      state: `[{ directory: ${this.path('srv/shared/up')} }]`,
      checks: '[{ command: "true" }]',
      ...more,
    };
    const lines = Object.entries(sections).map(([key, value]) => `${key}: ${value}\n`);
    return parseConfig(lines.join(''), 'seatrial.yml');
  }

  facts(config = this.config()): Promise<HostFacts> {
    return gatherFacts(openLocal(), config);
  }

  /** The same, as a user who is not root. */
  factsOfOrdinaryUser(config = this.config()): HostFacts {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chmodSync(this.root, 0o755);
    const [program = '', ...words] = [...(isRoot ? ordinary : []), '/bin/sh', '-s'];
    const { stdout } = spawnSync(program, words,
      { input: String(factsCommand(config).stdin), encoding: 'utf8' });
    return parseFacts(stdout);
  }

  /** What a deployment is refused for, a line each. */
  async refusals(config = this.config()): Promise<string[]> {
    return this.refusalsOf(await this.facts(config), config);
  }

  refusalsOf(facts: HostFacts, config = this.config()): string[] {
    return preflight({ config, facts, arrivingBytes: 0, first: facts.installed === undefined })
      .map((it) => it.message);
  }
}
