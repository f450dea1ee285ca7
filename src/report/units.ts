const daysMax = 99_999;

/**
 * `0.4s`, `12s`, `3m20s`, `1h05m`, `5d`: at most six characters. What is below zero or no
 * number counts as zero.
 */
export function formatSeconds(seconds: number): string {
  const safe = Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
  if (safe < 9.95) return `${safe.toFixed(1)}s`;
  const whole = Math.round(safe);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${twoDigits(whole % 60)}s`;
  const minutes = Math.round(safe / 60);
  const hours = Math.floor(minutes / 60);
  if (hours < 100) return `${hours}h${twoDigits(minutes % 60)}m`;
  return `${Math.min(daysMax, Math.round(hours / 24))}d`;
}

const byteUnits = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** `17 B`, `1.2 kB`, `48.0 MB`, `123 MB`: powers of 1000, as file managers and disks count. */
export function formatBytes(bytes: number): string {
  let value = Number.isFinite(bytes) ? Math.max(0, bytes) : 0;
  if (value < 1000) return `${Math.floor(value)} B`;
  for (const unit of byteUnits) {
    value /= 1000;
    if (value < 99.95) return `${value.toFixed(1)} ${unit}`;
    if (value < 999.5) return `${value.toFixed(0)} ${unit}`;
  }
  return `${value.toFixed(0)} PB`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
