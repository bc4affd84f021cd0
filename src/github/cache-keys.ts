import { createHash } from 'node:crypto';
import { fingerprintKey, shortKey } from '../baseline/measuring-key.ts';
import { SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import type { ExpectedFingerprint } from '../measure/record.ts';

/** What a stored measurement is looked for by. */
export interface KeyParts {
  readonly measuringSha256: string;
  readonly fingerprint: ExpectedFingerprint;
}

/** Keys from the widest to the most exact, each the beginning of the next. */
export interface StoredKeys {
  /** Of any machine class. */
  readonly anyClass: string;
  readonly ofClass: string;
  readonly exact: string;
}

/**
 * Of the measurement of a commit. An entry of the cache is never replaced: with the boots in its key, one with more of them is stored
 * beside one with too few.
 */
export function measurementKeys(commit: string, boots: number, parts: KeyParts): StoredKeys {
  return keysFrom(`snapgate-baseline-v1-${shortKey(parts.measuringSha256)}-${commit}-`, `${boots}`, parts);
}

/** Of what is stored last of a branch. The branch by its hash: its name may hold commas, which no key may, or begin another's. */
export function branchKeys(branch: string, run: string, parts: KeyParts): StoredKeys {
  const branchKey = shortKey(createHash('sha256').update(branch).digest('hex'));
  return keysFrom(`snapgate-history-v1-${shortKey(parts.measuringSha256)}-${branchKey}-`, run, parts);
}

/** Of the measurements of a pull request's head, but for the run at its end. */
export function resultKey(headSha: string, measuringSha256: string): string {
  return `snapgate-result-v1-${shortKey(measuringSha256)}-${headSha}-`;
}

/** The machine class in a key of `measurementKeys` or `branchKeys`: the beginning of its hash. */
export function fingerprintIn(key: string): string {
  const found = /^snapgate-(?:baseline|history)-v1-.*-([0-9a-f]{16})-[0-9-]+$/.exec(key)?.[1];
  if (found !== undefined) return found;
  throw new SnapgateError('record', `${printable(key, 200)} is no key of a measurement`, 'Measure again.');
}

function keysFrom(anyClass: string, end: string, { fingerprint }: KeyParts): StoredKeys {
  const ofClass = `${anyClass}${shortKey(fingerprintKey(fingerprint))}-`;
  return { anyClass, ofClass, exact: `${ofClass}${end}` };
}
