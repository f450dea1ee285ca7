import type { Refused } from './refused-cases.ts';

export const refusedRehearsals: readonly Refused[] = [];
