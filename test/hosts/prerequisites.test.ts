import { describe, expect, it } from 'vitest';
import { describeMissing, requirements } from './prerequisites.ts';
import type { Machine } from './prerequisites.ts';

const complete: Machine = {
  isRoot: true, missing: [], hasOverlay: true, hasCgroups: true, kernel: '6.1.0-13-amd64',
};

describe('what the host tests need', () => {
  it('is nothing more on a complete machine', () => {
    expect(describeMissing(complete)).toBeUndefined();
    expect(describeMissing({ ...complete, kernel: '5.14.0' })).toBeUndefined();
  });

  it('is named all at once, with the line that installs it', () => {
    expect(describeMissing({
      isRoot: false,
      missing: [
        { program: 'unshare', package: 'util-linux' },
        { program: 'nsenter', package: 'util-linux' },
        { program: 'ip', package: 'iproute2' },
      ],
      hasOverlay: false,
      hasCgroups: false,
      kernel: '5.10.0-28-amd64',
    })).toBe(`The host tests cannot run on this machine.
They need root: run \`sudo npm run test:hosts\`.
Not in /usr/sbin, /usr/bin, /sbin, /bin: unshare, nsenter, ip. Install them with
  apt-get install --yes --no-install-recommends util-linux iproute2
This kernel has no overlay file system.
No cgroup2 file system is mounted under /sys/fs/cgroup.
Linux 5.10.0-28-amd64 is older than 5.14.`);
  });

  it('names a package for every program', () => {
    const all = requirements();
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter((it) => !/^\S+$/.test(it.program) || !/^[a-z0-9.+-]+$/.test(it.package)))
      .toEqual([]);
  });
});
