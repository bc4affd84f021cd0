import { z } from 'zod';
import type { TestEvent } from '../github/payloads.ts';
import type { Workflow } from './workflow-file.ts';

const filtersSchema = z
  .looseObject({
    types: z.array(z.string()).optional(),
    branches: z.array(z.string()).optional(),
    workflows: z.array(z.string()).optional(),
    inputs: z
      .record(
        z.string(),
        z.looseObject({ default: z.coerce.string().default(''), required: z.boolean().default(false) }),
      )
      .optional(),
  })
  .nullable();

const payloadSchema = z.looseObject({
  action: z.string().optional(),
  ref: z.string().optional(),
  workflow_run: z.looseObject({ name: z.string() }).optional(),
  inputs: z.record(z.string(), z.string()).optional(),
});

/** What `types:` is where a workflow does not say (docs.github.com, "Events that trigger workflows"). */
const standardTypes: Readonly<Record<string, readonly string[]>> = {
  pull_request: ['opened', 'synchronize', 'reopened'],
};

/** Whether GitHub would run a workflow on an event. Filters by path are not looked at: no payload names what changed. */
export function isTriggered(workflow: Workflow, { name, payload }: TestEvent): boolean {
  if (!Object.hasOwn(workflow.on, name)) return false;
  if (name === 'schedule') return true;
  const filters = filtersSchema.parse(workflow.on[name] ?? null);
  const { action, ref = '', workflow_run: run } = payloadSchema.parse(payload);
  const types = filters?.types ?? standardTypes[name];
  const isBranch =
    filters?.branches === undefined || filters.branches.includes(ref.replace('refs/heads/', ''));
  const isSource = filters?.workflows === undefined || filters.workflows.includes(run?.name ?? '');
  return (types === undefined || types.includes(action ?? '')) && (name !== 'push' || isBranch) && isSource;
}

/**
 * The context `inputs` of a dispatch: defaults, and what was filled in. Empty for other events.
 * @throws for an input that the workflow does not have, or lacks, as GitHub refuses the dispatch.
 */
export function dispatchInputs(workflow: Workflow, { name, payload }: TestEvent): Record<string, string> {
  if (name !== 'workflow_dispatch') return {};
  const declared = filtersSchema.parse(workflow.on['workflow_dispatch'] ?? null)?.inputs ?? {};
  const given = payloadSchema.parse(payload).inputs ?? {};
  for (const input of Object.keys(given))
    if (!Object.hasOwn(declared, input)) throw new Error(`the workflow has no input ${input}`);
  return Object.fromEntries(
    Object.entries(declared).map(([input, { default: standard, required }]) => {
      const text = given[input] ?? standard;
      if (required && text === '') throw new Error(`the input ${input} is missing`);
      return [input, text];
    }),
  );
}
