import { z } from 'zod';
import type { Sizes } from '../gate/accept.ts';
import { outcomes } from '../gate/outcome.ts';
import { commitShaSchema } from '../measure/record.ts';
import type { CommentApi, PullRequestComment } from './comments.ts';

/** A run of a workflow, by what grows from one to the next; 0 where the runner does not say. */
export interface RunOrder {
  readonly id: number;
  readonly attempt: number;
}

/** Rows and bytes of JSON that sizes may have; what is more is left out. */
const mostSizes = 200;
const mostSizeBytes = 8000;
/** Of the whole state as it is written. */
const mostStateChars = 40_000;

const runSchema = z.object({ id: z.int().nonnegative(), attempt: z.int().nonnegative() });
/** Scenario → metric → median in bytes. */
export const sizesSchema = z
  .record(z.string().max(200), z.record(z.string().max(60), z.number().nonnegative()))
  .refine((sizes) => countSizes(sizes) <= mostSizes);

/** That a growth was accepted: by which label, when, at which head, and what size it had then. */
export const storedAcceptanceSchema = z.object({
  by: z.string().max(100),
  at: z.iso.datetime(),
  commit: commitShaSchema,
  labelEventId: z.int().nonnegative(),
  sizes: sizesSchema.optional(),
});
export type StoredAcceptance = z.infer<typeof storedAcceptanceSchema>;

const resultSchema = z.object({
  head: commitShaSchema,
  run: runSchema,
  /** When it was first known of this head. */
  at: z.iso.datetime(),
  outcome: z.enum(outcomes),
  /** Plain text of the user's: escape before showing. */
  headline: z.string().max(300),
  /** Of the rows that failed, as they were shown. */
  sizes: sizesSchema.optional(),
});
export type LastResult = z.infer<typeof resultSchema>;

/** What a comment knows of itself, hidden in its second line. */
export const commentStateSchema = z.object({
  v: z.literal(1),
  /** Of the pull request, when this was written. */
  head: commitShaSchema,
  run: runSchema,
  at: z.iso.datetime(),
  phase: z.enum(['running', 'result', 'failed']),
  /** Of the step that has written it: two of one run have the same number. */
  nonce: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .optional(),
  /** The result that the comment shows, which may be of a run before this. */
  last: resultSchema.optional(),
  acceptance: storedAcceptanceSchema.optional(),
});
export type CommentState = z.infer<typeof commentStateSchema>;

/** Hidden first line by which a comment is found again; the configuration allows only letters, digits and `._-` in a key. */
export function commentMarker(key: string): string {
  return `<!-- snapgate:${key} -->`;
}

/** The state as a hidden line. Base64url has no `>`: nothing in it can end the line's comment. */
export function stateLine(state: CommentState): string {
  return `<!-- snapgate-state:${Buffer.from(JSON.stringify(state)).toString('base64url')} -->`;
}

/** The state of a comment; undefined for one that has none, or one that cannot be used. */
export function stateOf(body: string): CommentState | undefined {
  const line = body.slice(0, mostStateChars).split(/\r?\n/, 2)[1] ?? '';
  const [, encoded] = /^<!-- snapgate-state:([\w-]+) -->$/.exec(line) ?? [];
  if (encoded === undefined) return undefined;
  try {
    return commentStateSchema.safeParse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Below 0: `a` is older than `b`. By number: a later attempt of an older run is older than a newer run. */
export function compareRuns(a: RunOrder, b: RunOrder): number {
  return a.id - b.id || a.attempt - b.attempt;
}

/** Whether a state is the result of another step or job of the very run that writes now. A later attempt is not the same run. */
export function isOfOtherStep(
  state: CommentState | undefined,
  { run, nonce }: { readonly run: RunOrder; readonly nonce?: string | undefined },
): boolean {
  if (state?.phase !== 'result' || state.nonce === undefined || nonce === undefined || run.id === 0)
    return false;
  return compareRuns(state.run, run) === 0 && state.nonce !== nonce;
}

/** A comment of this token's with the key's marker, and what it knows. */
export interface HeldComment {
  readonly comment: PullRequestComment;
  readonly state: CommentState | undefined;
}

/** The token's own comments of a key, oldest first. One of somebody else with the same marker is none. */
export async function ownComments(api: CommentApi, key: string, viewer: string): Promise<HeldComment[]> {
  const marker = commentMarker(key);
  const held: HeldComment[] = [];
  for await (const comment of api.list()) {
    if (comment.author !== viewer || !comment.body.startsWith(marker)) continue;
    held.push({ comment, state: stateOf(comment.body) });
  }
  return held.sort((a, b) => a.comment.id - b.comment.id);
}

/** The one that the newest run has written; the oldest comment of several that are alike. */
export function newestOf(held: readonly HeldComment[]): HeldComment | undefined {
  return held.toSorted(newestFirst)[0];
}

/** What the comment of this key knows; undefined where there is none that can be used. Reads all pages, and tries nothing again. */
export async function readCommentState(api: CommentApi, key: string): Promise<CommentState | undefined> {
  return newestOf(await ownComments(api, key, await api.viewer()))?.state;
}

/** As many of the sizes as a comment can hold. */
export function boundedSizes(sizes: Sizes): Sizes {
  const kept: Record<string, Record<string, number>> = {};
  let [count, bytes] = [0, 0];
  for (const [scenario, metrics] of Object.entries(sizes)) {
    for (const [metric, value] of Object.entries(metrics)) {
      count += 1;
      bytes += Buffer.byteLength(JSON.stringify([scenario, metric, value]));
      if (count > mostSizes || bytes > mostSizeBytes) return kept;
      if (!sizesSchema.safeParse({ [scenario]: { [metric]: value } }).success) continue;
      kept[scenario] = { ...kept[scenario], [metric]: value };
    }
  }
  return kept;
}

function countSizes(sizes: Sizes): number {
  return Object.values(sizes).reduce((sum, metrics) => sum + Object.keys(metrics).length, 0);
}

function newestFirst(a: HeldComment, b: HeldComment): number {
  if (a.state === undefined || b.state === undefined) return Number(!a.state) - Number(!b.state);
  return compareRuns(b.state.run, a.state.run) || b.state.at.localeCompare(a.state.at);
}
