import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';

const example = resolve(import.meta.dirname, '../../examples/buildbot');

interface Site {
  readonly port: number;
  readonly 'workers-port': string;
  readonly 'private-workers-port': string;
  readonly workers: Readonly<Record<string, string>>;
  readonly mail: { readonly relay: string } | null;
}

function site(file: string): Site {
  return JSON.parse(readFileSync(`${example}/${file}`, 'utf8')) as Site;
}

describe('the example for Buildbot', () => {
  const config = parseConfig(readFileSync(`${example}/seatrial.yml`, 'utf8'), 'seatrial.yml');

  it('is a configuration that Seatrial takes', () => {
    expect(config.state).toMatchObject([{ kind: 'sqlite', name: 'state.sqlite' }]);
    expect(config.checks.map((it) => it.kind))
      .toEqual(['http', 'http', 'records', 'log', 'command']);
    expect(config.staging).toMatchObject({ overlay: 'staging', isolation: { kind: 'network' } });
  });

  it('has on staging nothing that a worker or a mail server of production would answer', () => {
    const production = site('site.json');
    const staging = site('staging/opt/buildbot/shared/site.json');
    expect(Object.keys(staging)).toEqual(Object.keys(production));
    expect(staging.port).toBe(production.port);
    expect(config.maintenance).toMatchObject({ publicValue: String(production.port) });
    const ports = (it: Site) => [it['workers-port'], it['private-workers-port']];
    expect(new Set([...ports(production), ...ports(staging)]).size).toBe(4);
    expect(Object.keys(production.workers).filter((it) => it in staging.workers)).toEqual([]);
    expect(production.mail?.relay).toBe('mail.example.org');
    expect(staging.mail).toBeNull();
  });
});
