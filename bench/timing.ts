import { performance } from 'node:perf_hooks';
import { median, quantileSorted } from 'simple-statistics';

/** Times of one thing, in ms, as many as it was repeated. */
export type Times = readonly number[];

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begin = performance.now();
  const result = await work();
  return { ms: performance.now() - begin, result };
}

export function medianMs(times: Times): number {
  return median([...times]);
}

/** The median with the quartiles, in ms: `85.2 (81.0–93.4)`. */
export function formatTimes(times: Times): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [low, high] = [quantileSorted(sorted, 0.25), quantileSorted(sorted, 0.75)];
  return `${formatMs(medianMs(times))} (${formatMs(low)}–${formatMs(high)})`;
}

export function formatMs(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
