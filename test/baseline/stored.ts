import type { StoreQuery } from '../../src/baseline/store.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';

export interface StoredOptions {
  readonly commit?: string;
  readonly boots?: number;
  readonly createdAt?: string;
  readonly hostCpu?: string;
  /** The number that tells one measurement from another. */
  readonly bytes?: number;
}

/** A measurement of a commit, as a run would store it. */
export function storedMeasurement(options: StoredOptions = {}): Measurement {
  const { commit = 'a'.repeat(40), boots = 5, createdAt, hostCpu, bytes = 4096 } = options;
  const sample = sampleMeasurement({
    side: 'base',
    boots,
    metrics: () => ({ 'memfile.writtenBytes': bytes }),
  });
  const fingerprint = hostCpu === undefined ? sample.fingerprint : { ...sample.fingerprint, hostCpu };
  return {
    ...sample,
    subject: { label: `commit ${commit.slice(0, 7)}`, commit },
    fingerprint,
    createdAt: createdAt ?? sample.createdAt,
  };
}

/** What a run asks for that `storedMeasurement()` answers. */
export function storeQuery(more: Partial<StoreQuery> = {}): StoreQuery {
  const { fingerprint, scenarios } = storedMeasurement();
  return { measuringSha256: '1'.repeat(64), fingerprint, scenarios, boots: 5, ...more };
}
