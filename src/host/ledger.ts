import { appendFileSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { errnoOf } from './error.ts';

/** A folder that a run has made, by its random name: nothing else in a bucket is ever removed. */
const bucketFolder = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Something that must not outlive the run. Processes need no entry: they carry the run's id in their environment. */
const resourceSchema = z.discriminatedUnion('kind', [
  /** A file or folder outside the run's own folder. */
  z.object({ kind: z.literal('path'), path: z.string() }),
  /** A user's file that is out of the way, and is not lost with the run. */
  z.object({ kind: z.literal('moved'), path: z.string(), kept: z.string() }),
  /** Objects in a bucket of the user's, below one address. */
  z.object({
    kind: z.literal('bucket-folder'),
    url: z.string().regex(bucketFolder),
    gone: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('worktree'), repository: z.string(), path: z.string() }),
  /** What a killed build leaves in buildah's storage, which outlives the run: its working containers and temporary files. */
  z.object({
    kind: z.literal('buildah-build'),
    root: z.string(),
    runRoot: z.string(),
    temporaryDir: z.string(),
  }),
  /** A command of the user's that ends a machine which is no process of the run's; while there is `work`, it has yet to run. */
  z.object({
    kind: z.literal('cleanup-command'),
    work: z.string(),
    cwd: z.string(),
    command: z.string(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    timeoutMs: z.number(),
  }),
]);
export type Resource = z.infer<typeof resourceSchema>;

/**
 * The list of what a run has made, on disk and written *before* each thing is made, so that whoever comes after a SIGKILL (the
 * post step, the next run) can remove it.
 */
export interface Ledger {
  readonly path: string;
  add(resource: Resource): void;
}

export function openLedger(path: string): Ledger {
  return {
    path,
    add: (resource) => appendFileSync(path, `${JSON.stringify(resource)}\n`, { mode: 0o600 }),
  };
}

/** Newest first, which is the order to undo them in. A line cut short by a crash is passed over. */
export function readLedger(path: string): Resource[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap(parseLine).reverse();
}

function parseLine(line: string): Resource[] {
  try {
    const parsed = resourceSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
