import { headCommit, parentsOf } from '../baseline/commit.ts';
import { openGit } from '../baseline/git.ts';
import type { BaseSpec } from '../config/types.ts';
import { openMergeBase } from '../github/merge-base.ts';
import { commitUrl, type RunContext } from '../github/run-context.ts';
import { type EventSides, sidesOfEvent } from '../github/subject.ts';
import { requireTrusted } from '../github/trust.ts';
import type { Run } from '../host/run.ts';
import type { Subject } from '../measure/record.ts';
import type { ActionRequest } from './request.ts';

/** What a run is about. */
export interface Sides extends EventSides {
  /** The commit that is told of it: the tip of a pull request, else what is checked out. */
  readonly headSha: string | undefined;
}

/**
 * What this run compares, said in the first line of its log.
 * @throws SnapgateError('refused') for what must not be built here.
 */
export async function sidesOfRequest(run: Run, request: ActionRequest): Promise<Sides> {
  const { event, context, workspace, config, mode } = request;
  const git = openGit(run, workspace);
  const commit = await headCommit(git);
  const parents = commit === undefined ? [] : await parentsOf(git, commit);
  requireTrusted(event, context, { commit, parents }, config.github, mode);
  const askMergeBase = openMergeBase(request.token, context);
  const sides = await sidesOfEvent(run, event, context, workspace, askMergeBase);
  const headSha =
    event.name === 'pull_request' || event.name === 'merge_group'
      ? event.headSha
      : (sides.head.commit ?? context.sha);
  return { ...sides, headSha };
}

/** One line for the log: what is compared with what, and why that. */
export function comparesLine(
  { head, base }: EventSides,
  { config, context }: Pick<ActionRequest, 'config' | 'context'>,
): string {
  const judged = config.head.kind === 'checkout' ? subjectText(head, context) : specText(config.head);
  return `Compares ${judged} with ${baseText(config.base, base, context)}`;
}

function baseText(spec: BaseSpec, base: EventSides['base'], context: RunContext): string {
  if (spec.kind !== 'auto' && spec.kind !== 'cache') return specText(spec);
  const stored = spec.kind === 'cache' ? 'the stored measurement of ' : '';
  if (base === undefined) return `${stored}where HEAD left the default branch`;
  if (base.kind === 'branch') return `what was stored last of branch ${base.branch}`;
  return `${stored}${subjectText({ label: 'commit', commit: base.commit }, context)}, ${base.why}`;
}

function specText(spec: Exclude<BaseSpec, { kind: 'auto' }> | { readonly kind: 'checkout' }): string {
  switch (spec.kind) {
    case 'ref':
      return spec.ref;
    case 'image':
      return `image ${spec.reference}`;
    case 'rootfs':
    case 'measurement':
      return `${spec.kind} ${spec.path}`;
    case 'none':
      return 'nothing: absolute caps only';
    default:
      return spec.kind;
  }
}

function subjectText({ label, commit }: Subject, context: RunContext): string {
  return commit === undefined ? label : `${label} (${commitUrl(context, commit)})`;
}
