import { z } from 'zod';
import { type History, historySchema } from '../baseline/history.ts';
import { fingerprintKey } from '../baseline/measuring-key.ts';
import { notWhatItSays, readStored } from '../baseline/stand-in.ts';
import type { ResultPair } from '../baseline/store.ts';
import { noVerdictSchema } from '../gate/record.ts';
import { parseRecord } from '../measure/parse.ts';
import { type Measurement, measurementSchema } from '../measure/record.ts';
import type { CacheEntry } from './cache.ts';
import { fingerprintIn } from './cache-keys.ts';

/** A branch's history, and the whole of its newest measurement, so that one answer of the cache will do. */
const lastStoredSchema = z.strictObject({
  schema: z.literal('snapgate/last-stored'),
  version: z.literal(1),
  history: historySchema,
  latest: measurementSchema,
});
type LastStored = z.infer<typeof lastStoredSchema>;

const resultSchema = z.strictObject({
  schema: z.literal('snapgate/result'),
  version: z.literal(1),
  headSha: z.string(),
  measuringSha256: z.string(),
  base: measurementSchema.optional(),
  head: measurementSchema,
  noVerdict: noVerdictSchema.optional(),
  notes: z.array(z.string().max(1000)).max(200),
});

/** Which head a result is of. */
export type ResultClaim = Pick<z.infer<typeof resultSchema>, 'headSha' | 'measuringSha256'>;

/** The measurement of a commit in an entry. For what is not that, or not of the machine class that its key says: SnapgateError('record'), as of all that reads here. */
export function readMeasurementEntry({ key, text }: CacheEntry, commit: string): Measurement {
  return readStored(text, { where: key, commit, fingerprintKey: fingerprintIn(key) });
}

export function writeLastStored(history: History, latest: Measurement): string {
  const record: LastStored = { schema: 'snapgate/last-stored', version: 1, history, latest };
  return JSON.stringify(record);
}

export function readLastStored({ key, text }: CacheEntry): LastStored {
  const record = parseRecord(text, key, {
    kind: 'history with its newest measurement',
    name: 'snapgate/last-stored',
    version: 1,
    schema: lastStoredSchema,
  });
  const { latest, history } = record;
  const ofClass = fingerprintKey(latest.fingerprint);
  if (!ofClass.startsWith(fingerprintIn(key))) throw notWhatItSays(key, 'it is of another machine class');
  if (history.entries.some(({ fingerprintSha256 }) => fingerprintSha256 !== ofClass))
    throw notWhatItSays(key, 'its history is of another machine class');
  if (!history.entries.some(({ commit }) => commit === latest.subject.commit))
    throw notWhatItSays(key, 'its measurement is not in its history');
  return record;
}

export function writeResult(claim: ResultClaim, pair: ResultPair): string {
  return JSON.stringify({ schema: 'snapgate/result', version: 1, ...claim, ...pair });
}

export function readResult({ key, text }: CacheEntry, claim: ResultClaim): ResultPair {
  const result = parseRecord(text, key, {
    kind: 'pair of measurements',
    name: 'snapgate/result',
    version: 1,
    schema: resultSchema,
  });
  const { headSha, measuringSha256, base, head, noVerdict, notes } = result;
  if (headSha === claim.headSha && measuringSha256 === claim.measuringSha256)
    return { base, head, noVerdict, notes };
  throw notWhatItSays(key, 'it is of another head');
}
