import { z } from 'zod';
import type { AcceptScope } from '../config/inputs.ts';
import { failedSizes, failsByGrowth, pastAccepted, type Sizes } from '../gate/accept.ts';
import type { Acceptance, Comparison, Matrix } from '../gate/record.ts';
import { callGitHub, type RequestLimit, startPatience } from './client.ts';
import type { LastResult, StoredAcceptance } from './comment-state.ts';
import { type ListAnswer, listAll } from './list-pages.ts';
import type { GitHubRepository } from './repository.ts';
import { type FailedService, troubleOf } from './service-failure.ts';

export type { StoredAcceptance };

/** A result that people could see. */
export type ShownResult = Pick<LastResult, 'head' | 'at' | 'sizes'>;

export interface AcceptanceQuestion {
  /** What was decided; asked about only where it is `fail`. */
  readonly record: Comparison | Matrix;
  readonly label: string;
  readonly scope: AcceptScope;
  readonly pullRequest: number;
  /** The pull request's head, of which `record` is. */
  readonly headSha: string;
  /** ISO 8601: when a result of this very head was first known; undefined where `record` is the first. */
  readonly shownAt: string | undefined;
  /** The result that the comment shows, and what it remembers of a label: see CommentState. */
  readonly last: ShownResult | undefined;
  readonly stored: StoredAcceptance | undefined;
  /** The comment could not be read: that `last` and `stored` are not there means nothing. */
  readonly isForgetful?: boolean;
}

export type AcceptanceAnswer =
  | { readonly kind: 'accepted'; readonly acceptance: Acceptance; readonly remember: StoredAcceptance }
  /**
   * A label is set that accepts nothing. `reason` is one sentence, with names of others: escape it. What to remember, if anything, may
   * accept a later head.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly remember: StoredAcceptance | undefined }
  | { readonly kind: 'none' };

/** Who has set the label, when, and whether that counts. */
interface Setting {
  readonly eventId: number;
  /** Undefined for an account that is gone. */
  readonly by: string | undefined;
  /** ISO 8601, whole seconds. */
  readonly at: string;
  readonly mayWrite: boolean;
}

/** An event is a line in the conversation: 10,000 are no pull request's. */
const mostPages = 100;

/**
 * Whether somebody who may has accepted the growth by a label. Everything is asked of GitHub now, nothing read from the event: a run that
 * is run again sees the labels as they are. Where GitHub does not answer nothing is accepted.
 * @param onFailure told why GitHub did not answer, once.
 */
export async function askAcceptance(
  repository: GitHubRepository,
  question: AcceptanceQuestion,
  onFailure: (error: unknown, service: FailedService) => void,
): Promise<AcceptanceAnswer> {
  if (question.record.verdict !== 'fail') return { kind: 'none' };
  // All questions share one limit.
  const limited = { ...repository, patience: startPatience(repository.patience) };
  try {
    if (!(await isLabeled(limited, question))) return { kind: 'none' };
    return decideAcceptance(question, await readSetting(limited, question));
  } catch (error) {
    onFailure(error, {
      what: `Whether the label ${quoted(question.label)} accepts the growth could not be read`,
      scope: 'pull-requests: read',
      consequence: 'Nothing is accepted: the verdict stands.',
    });
    return { kind: 'none' };
  }
}

/**
 * A label accepts the result that was shown when it was set: this head's, if that was known by then; else what an earlier run has remembered
 * of this setting; else the last result that was shown before.
 */
function decideAcceptance(question: AcceptanceQuestion, setting: Setting | undefined): AcceptanceAnswer {
  const named = `The label ${quoted(question.label)}`;
  if (setting === undefined)
    return refused(
      `${named} is set, but the pull request's events do not say by whom: remove it and set it again`,
    );
  const { by, mayWrite } = setting;
  if (by === undefined) return refused(`${named} was set by an account that is gone: set it again`);
  if (!mayWrite) return refused(`${named} was set by ${by}, who may not write to this repository`);
  if (!failsByGrowth(question.record))
    return refused(`${named} accepts growth, and what was not measured has no size to accept`);
  const shown = shownBefore(question, setting);
  if (shown === undefined)
    return refused(
      question.isForgetful
        ? `${named} is set, but the comment, which knows what was shown when it was, could not be read: run the job again`
        : `${named} was set before a result was shown: remove it and set it again`,
    );
  return withinScope(question, {
    by,
    at: setting.at,
    commit: shown.commit,
    labelEventId: setting.eventId,
    sizes: shown.sizes,
  });
}

interface Shown {
  readonly commit: string;
  readonly sizes: Sizes;
}

function shownBefore(question: AcceptanceQuestion, { at, eventId }: Setting): Shown | undefined {
  const { headSha, shownAt, last, stored, record, scope } = question;
  const now: Shown = { commit: headSha, sizes: failedSizes(record) };
  if (isBefore(shownAt, at)) return now;
  // The same commit measured again is the same change, whatever its numbers are now.
  if (stored?.labelEventId === eventId)
    return stored.commit === headSha ? now : { commit: stored.commit, sizes: stored.sizes ?? {} };
  if (last !== undefined && last.head !== headSha && isBefore(last.at, at))
    return { commit: last.head, sizes: last.sizes ?? {} };
  return scope === 'pull-request' ? now : undefined;
}

/** GitHub's times are whole seconds: a result of the same second counts as shown. False for what is no time. */
function isBefore(shown: string | undefined, set: string): boolean {
  const seconds = (text: string) => Math.floor(Date.parse(text) / 1000);
  return shown !== undefined && seconds(shown) <= seconds(set);
}

function withinScope(question: AcceptanceQuestion, remember: StoredAcceptance): AcceptanceAnswer {
  const { scope, headSha, record, label } = question;
  const { by, at, commit } = remember;
  const named = `The label ${quoted(label)}, which ${by} set at ${commit.slice(0, 7)},`;
  const again = 'remove it and set it again to accept this';
  if (scope === 'commit' && commit !== headSha)
    return refused(
      `${named} accepts that commit alone, and this is ${headSha.slice(0, 7)}: ${again}`,
      remember,
    );
  const past = scope === 'size' ? pastAccepted(record, remember.sizes ?? {}) : undefined;
  if (past !== undefined) return refused(`${named} accepts less: ${past}; ${again}`, remember);
  return { kind: 'accepted', acceptance: { by, at, commit }, remember };
}

function refused(reason: string, remember?: StoredAcceptance): AcceptanceAnswer {
  return { kind: 'refused', reason: `${reason}.`, remember };
}

/** GitHub takes two labels for one that differ in case alone. */
function isSame(name: string | undefined, label: string): boolean {
  return name?.toLowerCase() === label.toLowerCase();
}

const labelSchema = z.object({ name: z.string() });

async function isLabeled(repository: GitHubRepository, question: AcceptanceQuestion): Promise<boolean> {
  const { listLabelsOnIssue } = repository.client.rest.issues;
  const labels = await listOfIssue(repository, question, listLabelsOnIssue, labelSchema);
  return labels.some(({ name }) => isSame(name, question.label));
}

/** All that is listed of the pull request. */
async function listOfIssue<T>(
  { owner, repo, patience }: GitHubRepository,
  { pullRequest }: AcceptanceQuestion,
  list: (query: IssuePage) => Promise<ListAnswer>,
  item: z.ZodType<T>,
): Promise<readonly T[]> {
  const query = { owner, repo, issue_number: pullRequest, per_page: 100 };
  const page = (number: number, limit: RequestLimit) => list({ ...query, page: number, ...limit });
  return await listAll({ page, schema: z.array(item), mostPages }, patience);
}

type IssuePage = RequestLimit & {
  readonly owner: string;
  readonly repo: string;
  readonly issue_number: number;
  readonly per_page: number;
  readonly page: number;
};

const eventSchema = z.object({
  id: z.int(),
  event: z.string(),
  created_at: z.iso.datetime({ offset: true }),
  actor: z.object({ login: z.string().min(1).max(100) }).nullish(),
  label: labelSchema.optional(),
});

/** The last time that the label was set, if it was not taken off since. */
async function readSetting(
  repository: GitHubRepository,
  question: AcceptanceQuestion,
): Promise<Setting | undefined> {
  const { listEvents } = repository.client.rest.issues;
  const events = await listOfIssue(repository, question, listEvents, eventSchema);
  const newest = events
    .filter(({ event }) => event === 'labeled' || event === 'unlabeled')
    .filter(({ label }) => isSame(label?.name, question.label))
    .toSorted((a, b) => a.id - b.id)
    .at(-1);
  if (newest === undefined || newest.event !== 'labeled') return undefined;
  const by = newest.actor?.login;
  const mayWrite = by !== undefined && (await mayWriteTo(repository, by));
  return { eventId: newest.id, by, at: new Date(newest.created_at).toISOString(), mayWrite };
}

const permissionSchema = z.object({ permission: z.string(), role_name: z.string().optional() });

/**
 * `permission` knows no more than four levels, and gives `write` for the role `maintain` (docs.github.com, "Get repository permissions for a
 * user"). An app's bot is no user there, and has no permission of its own.
 */
async function mayWriteTo(repository: GitHubRepository, username: string): Promise<boolean> {
  const { client, owner, repo, patience } = repository;
  try {
    return await callGitHub(async (limit) => {
      const answer = await client.rest.repos.getCollaboratorPermissionLevel({
        owner,
        repo,
        username,
        ...limit,
      });
      const { permission, role_name: role } = permissionSchema.parse(answer.data);
      return permission === 'admin' || permission === 'write' || role === 'maintain';
    }, patience);
  } catch (error) {
    if (troubleOf(error).kind === 'not-found') return false;
    throw error;
  }
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
