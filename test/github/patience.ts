import { type Patience, usualPatience } from '../../src/github/client.ts';

/** As patient as ever in what it tries, but with no time between the tries. */
export function hasty(changes: Partial<Patience> = {}): Patience {
  return { ...usualPatience, wait: async () => {}, ...changes };
}
