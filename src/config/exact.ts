/** Exact, in the largest unit that the parser reads and that divides it. */
export function exactBytes(bytes: number): string {
  const units = [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const;
  const [name, size] = units.find(([, factor]) => bytes > 0 && bytes % factor === 0) ?? ['B', 1];
  return `${bytes / size}${name}`;
}

export function exactTime(ms: number): string {
  if (ms > 0 && ms % 3600e3 === 0) return `${ms / 3600e3}h`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** @param ratio 0.05 for 5%. */
export function exactPercent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(12))}%`;
}
