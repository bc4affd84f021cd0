import { describe, expect, it } from 'vitest';
import { isSettled } from '../../src/engine/vm/settle.ts';

describe('isSettled', () => {
  it.each<[string, number[], boolean]>([
    ['nothing seen yet', [], false],
    ['two quiet windows', [0.01, 0.01], false],
    ['three quiet windows', [1, 0.9, 0.14, 0.1, 0], true],
    ['a third that is not quiet', [0.1, 0.1, 0.15], false],
    ['quiet long ago', [0, 0, 0, 0.4], false],
    ['six windows alike: a service that always does something', [1, 0.5, 0.52, 0.48, 0.5, 0.55, 0.5], true],
    ['five windows alike', [0.5, 0.52, 0.48, 0.5, 0.55], false],
    ['six windows that still fall', [0.7, 0.66, 0.62, 0.58, 0.54, 0.5], false],
    ['six windows alike at the limit of a core: a start', [1, 0.99, 1, 0.98, 1, 1], false],
    ['a processor each for two that start', [1.9, 1.9, 1.95, 1.9, 1.9, 1.9], false],
  ])('%s', (_what, shares, settled) => {
    expect(isSettled(shares)).toBe(settled);
  });
});
