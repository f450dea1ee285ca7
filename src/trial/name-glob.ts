/**
 * Globs over names of objects and paths in a directory: `*` and `?` within one name of a path,
 * `**` over any number of them. In a database, where names have no `/`, `*` is over everything:
 * `public.visits.*` is all columns of a table.
 */
export function matchesName(glob: string, name: string): boolean {
  const pattern = glob.split(/(\*\*\/|\*+|\?)/).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    if (part === '**/') return '(?:.*/)?';
    if (part === '?') return '[^/]';
    return part === '*' ? '[^/]*' : '.*';
  }).join('');
  return new RegExp(`^${pattern}$`, 's').test(name);
}
