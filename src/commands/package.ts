import { mkdtempSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RawOptions } from '../config/options.ts';
import { packageRelease } from '../package/package.ts';
import type { PackageEvent } from '../package/events.ts';
import type { Report } from '../report/events.ts';
import { loadConfig } from './host.ts';
import type { Result, World } from './world.ts';

/** Makes the tarball of a tag, with its manifest and checksums. */
export async function packageTag(options: RawOptions, world: World): Promise<Result> {
  const config = loadConfig(options.config);
  const scratch = mkdtempSync(join(realpathSync(world.temporaryDirectory), 'package-'));
  const made = await packageRelease({
    config,
    repository: resolve(options.repository),
    remote: options.remote === 'origin' ? undefined : options.remote,
    tag: options.tag ?? '',
    output: resolve(options.output),
    scratch,
    environment: world.environment,
    seatrialVersion: world.toolVersion,
    report: (event) => tell(world.report, event),
  });
  return { kind: 'packaged', made };
}

function tell(report: Report, event: PackageEvent): void {
  switch (event.kind) {
    case 'phase': report({ kind: 'phase', text: event.text }); break;
    case 'output': report({ kind: 'output', text: `${event.line}\n` }); break;
    case 'diff':
      for (const line of event.text.split('\n')) report({ kind: 'note', text: line });
      break;
    case 'warning': report({ kind: 'warning', text: event.text }); break;
  }
}
