/** Relations of absolute, normal paths, as texts: nothing is looked up. */
export function isInside(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

/** One is the other, or lies in it. */
export function overlaps(one: string, other: string): boolean {
  return one === other || isInside(one, other) || isInside(other, one);
}
