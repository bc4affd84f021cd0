import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The repository's own folder. */
export const root = join(import.meta.dirname, '../..');
export const exampleFolder = 'examples/workflows';
export const ownFolder = '.github/workflows';

/** What an expression or a plain value may be in a workflow; numbers and truth are written without quotes too. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const concurrency = z.strictObject({ group: z.string(), 'cancel-in-progress': scalar.optional() });

const stepSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  if: scalar.optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), scalar).optional(),
  env: z.record(z.string(), scalar).optional(),
  'continue-on-error': scalar.optional(),
});

const jobSchema = z.strictObject({
  name: z.string().optional(),
  if: scalar.optional(),
  needs: z.union([z.string().transform((name) => [name]), z.array(z.string())]).optional(),
  'runs-on': z.union([z.string().transform((label) => [label]), z.array(z.string())]),
  'timeout-minutes': z.int().optional(),
  permissions: permissions.optional(),
  concurrency: concurrency.optional(),
  strategy: z
    .strictObject({
      'fail-fast': z.boolean().optional(),
      matrix: z.looseObject({ include: z.array(z.record(z.string(), scalar)).optional() }),
    })
    .optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  env: z.record(z.string(), scalar).optional(),
  steps: z.array(stepSchema),
});

const workflowSchema = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: permissions.optional(),
  concurrency: concurrency.optional(),
  env: z.record(z.string(), scalar).optional(),
  jobs: z.record(z.string(), jobSchema),
});

/** A workflow as far as the ones here use the syntax; a key that is not known is an error, so that none is ignored. */
export type Workflow = z.infer<typeof workflowSchema>;
export type WorkflowJob = z.infer<typeof jobSchema>;
export type WorkflowStep = z.infer<typeof stepSchema>;

export function parseWorkflow(text: string): Workflow {
  return workflowSchema.parse(parse(text));
}

/** Text of a workflow of this repository, by its path; an absolute one may lie elsewhere. */
export function readWorkflowText(path: string): string {
  return readFileSync(resolve(root, path), 'utf8');
}

/** Paths of all workflows, the examples and the repository's own. */
export function workflowPaths(): string[] {
  return [exampleFolder, ownFolder].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
}
