import { z } from 'zod';
import { type ApiRequest, apiError, apiTime, onePage, type Route } from './api.ts';
import type { Answer } from './loopback.ts';

const annotationSchema = z.looseObject({
  path: z.string(),
  start_line: z.int(),
  end_line: z.int(),
  annotation_level: z.enum(['notice', 'warning', 'failure']),
  message: z.string().max(65_536),
});

/** What may be written, with the limits that docs.github.com ("Create a check run") states. */
const writtenSchema = z.object({
  name: z.string().min(1).optional(),
  head_sha: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  status: z.enum(['queued', 'in_progress', 'completed']).optional(),
  conclusion: z
    .enum(['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'timed_out'])
    .optional(),
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  output: z
    .object({
      title: z.string().min(1),
      summary: z.string().max(65_535),
      text: z.string().max(65_535).optional(),
      annotations: z.array(annotationSchema).max(50).optional(),
    })
    .optional(),
});
type Written = z.infer<typeof writtenSchema>;

export type Annotation = z.infer<typeof annotationSchema>;

/** A check run as it now stands. */
export interface CheckRun {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly status: string;
  readonly conclusion: string | undefined;
  readonly detailsUrl: string | undefined;
  readonly externalId: string;
  readonly startedAt: string;
  readonly completedAt: string | undefined;
  readonly title: string | undefined;
  readonly summary: string | undefined;
  readonly text: string | undefined;
  readonly annotations: readonly Annotation[];
}

export interface CheckRuns {
  readonly routes: readonly Route[];
  /** Oldest first. */
  all(): readonly CheckRun[];
}

/** Check runs of commits that nobody pushed to the emulator, which knows its own alone. */
export function createCheckRuns(repository: string, clock: () => Date): CheckRuns {
  const runs: CheckRun[] = [];
  const withId = (id: string) => runs.find((run) => run.id === Number(id));
  const show = (request: ApiRequest, run: CheckRun | undefined, status = 200): Answer =>
    run === undefined ? apiError(404) : { status, body: checkJson(run, request.apiUrl, repository) };
  const create = (request: ApiRequest) => {
    const written = writtenSchema.required({ name: true, head_sha: true }).safeParse(request.body);
    if (!written.success) return invalid(written.error);
    const run = applied(newRun(6000 + runs.length, written.data, clock()), written.data, clock());
    runs.push(run);
    return show(request, run, 201);
  };
  const update = (request: ApiRequest, id: string) => {
    const index = runs.findIndex((run) => run.id === Number(id));
    const before = runs[index];
    if (before === undefined) return apiError(404);
    const written = writtenSchema.safeParse(request.body);
    if (!written.success) return invalid(written.error);
    runs[index] = applied(before, written.data, clock());
    return show(request, runs[index]);
  };
  const listOf = (request: ApiRequest, sha: string) => {
    const name = request.query.get('check_name');
    const of = runs.filter((run) => run.headSha === sha && (name === null || run.name === name));
    const found = request.query.get('filter') === 'all' ? of : latestOfEach(of);
    return onePage(request, found.toReversed(), (page) => ({
      total_count: found.length,
      check_runs: page.map((run) => checkJson(run, request.apiUrl, repository)),
    }));
  };
  return {
    all: () => runs,
    routes: [
      { method: 'POST', path: /\/check-runs$/, answer: create },
      { method: 'PATCH', path: /\/check-runs\/(\d+)$/, answer: update },
      {
        method: 'GET',
        path: /\/check-runs\/(\d+)$/,
        answer: (request, id = '') => show(request, withId(id)),
      },
      {
        method: 'GET',
        path: /\/check-runs\/(\d+)\/annotations$/,
        answer: (request, id = '') => onePage(request, withId(id)?.annotations ?? []),
      },
      { method: 'GET', path: /\/commits\/([0-9a-f]{40})\/check-runs$/, answer: listOf },
    ],
  };
}

function newRun(id: number, written: Written, now: Date): CheckRun {
  return {
    id,
    name: written.name ?? '',
    headSha: written.head_sha ?? '',
    status: 'queued',
    conclusion: undefined,
    detailsUrl: undefined,
    externalId: '',
    startedAt: apiTime(now),
    completedAt: undefined,
    title: undefined,
    summary: undefined,
    text: undefined,
    annotations: [],
  };
}

/** A conclusion completes a run whatever status is sent along; annotations are added to those before, all else replaces. */
function applied(before: CheckRun, written: Written, now: Date): CheckRun {
  const status = written.conclusion === undefined ? (written.status ?? before.status) : 'completed';
  const isOver = status === 'completed';
  const { output } = written;
  return {
    ...before,
    name: written.name ?? before.name,
    status,
    conclusion: isOver ? (written.conclusion ?? before.conclusion ?? 'neutral') : undefined,
    completedAt: isOver ? (written.completed_at ?? before.completedAt ?? apiTime(now)) : undefined,
    detailsUrl: written.details_url ?? before.detailsUrl,
    externalId: written.external_id ?? before.externalId,
    startedAt: written.started_at ?? before.startedAt,
    title: output?.title ?? before.title,
    summary: output?.summary ?? before.summary,
    text: output?.text ?? before.text,
    annotations: [...before.annotations, ...(output?.annotations ?? [])],
  };
}

function latestOfEach(runs: readonly CheckRun[]): CheckRun[] {
  return [...new Map(runs.map((run) => [run.name, run])).values()];
}

function invalid(error: z.ZodError): Answer {
  const issue = error.issues[0];
  return apiError(422, `Invalid request. ${issue?.path.join('.')}: ${issue?.message}`);
}

function checkJson(run: CheckRun, apiUrl: string, repository: string): object {
  return {
    id: run.id,
    node_id: `CR_${run.id}`,
    head_sha: run.headSha,
    name: run.name,
    status: run.status,
    conclusion: run.conclusion ?? null,
    started_at: run.startedAt,
    completed_at: run.completedAt ?? null,
    external_id: run.externalId,
    url: `${apiUrl}/repos/${repository}/check-runs/${run.id}`,
    html_url: `https://github.com/${repository}/runs/${run.id}`,
    details_url: run.detailsUrl ?? `https://github.com/${repository}/runs/${run.id}`,
    output: {
      title: run.title ?? null,
      summary: run.summary ?? null,
      text: run.text ?? null,
      annotations_count: run.annotations.length,
      annotations_url: `${apiUrl}/repos/${repository}/check-runs/${run.id}/annotations`,
    },
    check_suite: { id: 1 },
    app: { id: 15_368, slug: 'github-actions', name: 'GitHub Actions' },
    pull_requests: [],
  };
}
