import { z } from 'zod';
import type { WorkflowJob } from '../workflows/workflow-file.ts';

export type MatrixEntry = Readonly<Record<string, string>>;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const vectorsSchema = z.record(z.string(), z.array(scalar));

/**
 * The jobs that a matrix stands for (docs.github.com, "Running variations of jobs"): every combination of its lists; an `include` goes into
 * those that it contradicts in nothing, and is one of its own where there are none. One empty entry for a job without a matrix.
 */
export function expandMatrix(job: WorkflowJob): MatrixEntry[] {
  if (job.strategy === undefined) return [{}];
  const { include = [], ...lists } = job.strategy.matrix;
  const vectors = Object.entries(vectorsSchema.parse(lists));
  const combined = vectors.reduce<MatrixEntry[]>(
    (entries, [name, values]) =>
      entries.flatMap((entry) => values.map((value) => ({ ...entry, [name]: value }))),
    [{}],
  );
  const entries = vectors.length === 0 ? [] : combined;
  const own: MatrixEntry[] = [];
  for (const more of include) {
    const fitting = entries.filter((entry) =>
      vectors.every(([name]) => more[name] === undefined || more[name] === entry[name]),
    );
    if (fitting.length === 0) own.push(more);
    for (const entry of fitting) entries[entries.indexOf(entry)] = { ...entry, ...more };
  }
  return [...entries, ...own];
}
