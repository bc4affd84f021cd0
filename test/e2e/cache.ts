import { join } from 'node:path';

/** Kernels and images of the end-to-end tests, kept between runs of them. */
export const testCacheDir = join(import.meta.dirname, '../../.cache/e2e');
