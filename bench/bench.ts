import type { Run } from '../src/host/run.ts';

/** A table for people: a title, the column names and the rows; all columns but the first hold numbers. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface BenchResult {
  readonly tables: readonly Table[];
  /** What the numbers are and are not, a line each. */
  readonly notes: readonly string[];
  /** The last line of the output, as JSON. Names carry units (`…Ms`, `…Bytes`) or are ratios. */
  readonly figures: Readonly<Record<string, number>>;
}

/** One bench. A new one is a file of its own and a line in registry.ts. */
export interface Bench {
  /** One line for the list of benches. */
  readonly about: string;
  run(run: Run): Promise<BenchResult>;
}
