/** What packaging tells while it works. Texts are for people; `output` is untrusted. */
export type PackageEvent =
  | { readonly kind: 'phase'; readonly phase: PackagePhase; readonly text: string }
  /** One line that a recipe or build command printed. */
  | { readonly kind: 'output'; readonly line: string }
  /** Unified diff of all that `set` and `ensure` changed; bounded. */
  | { readonly kind: 'diff'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string };

export type PackagePhase = 'tag' | 'export' | 'recipe' | 'build' | 'pack' | 'write';

export type Report = (event: PackageEvent) => void;
