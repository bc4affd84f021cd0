import { acceptGrowth } from '../gate/accept.ts';
import { askAcceptance, type StoredAcceptance } from '../github/acceptance.ts';
import { usualPatience } from '../github/client.ts';
import type { CommentState } from '../github/comment-state.ts';
import { openRepository } from '../github/repository.ts';
import type { Log } from '../host/run.ts';
import type { Announcer } from './announce.ts';
import { announcerOf } from './announcer-of.ts';
import type { Decision } from './decision.ts';
import { type Judged, recordOf, withRecord } from './judged.ts';
import type { ActionRequest } from './request.ts';
import type { Sides } from './sides.ts';

export interface Accepted {
  readonly judged: Judged;
  /** For the comment to keep: nothing new if not given. */
  readonly remember: StoredAcceptance | undefined;
}

/** Limit of all questions about the label, in milliseconds. */
const labelMs = 60_000;

/** A pull request that fails passes where somebody who may has accepted its growth by a label; a label that accepts nothing is told of. */
export async function acceptJudged(
  log: Log,
  request: Pick<ActionRequest, 'config' | 'context' | 'event' | 'pullRequest' | 'token'>,
  {
    sides,
    announcer,
    decision,
  }: { readonly sides: Sides; readonly announcer: Announcer; readonly decision: Decision },
): Promise<Accepted> {
  const { config, context, event, token } = request;
  const queued = event.name === 'merge_group' ? event.pullRequest : undefined;
  const pullRequest = request.pullRequest ?? queued;
  const { judged } = decision;
  const unchanged = { judged, remember: undefined };
  const record = recordOf(judged);
  if (pullRequest === undefined || sides.headSha === undefined || record.verdict !== 'fail' || token === '')
    return unchanged;
  const { label, scope } = config.github.accept;
  // A merge queue is told of by its check alone, but what was accepted is in the pull request's comment.
  const teller = queued === undefined ? announcer : announcerOf(log, { ...request, pullRequest }, sides);
  const found = await teller.state();
  const state = found === 'unreadable' ? undefined : found;
  const { troubles } = announcer;
  const answer = await askAcceptance(
    openRepository(context, token, troubles.patience(usualPatience, labelMs)),
    {
      record,
      label,
      // The group's head is a commit of its own: of the commit that was accepted, the size is what is left.
      scope: queued !== undefined && scope === 'commit' ? 'size' : scope,
      pullRequest,
      headSha: sides.headSha,
      shownAt: shownInComment(state, sides.headSha) ?? (await decision.shownAt()),
      last: state?.last,
      stored: state?.acceptance,
      isForgetful: found === 'unreadable',
    },
    troubles.say,
  );
  switch (answer.kind) {
    case 'none':
      return unchanged;
    case 'accepted':
      return {
        judged: withRecord(judged, acceptGrowth(record, answer.acceptance)),
        remember: answer.remember,
      };
    case 'refused':
      log.info(answer.reason);
      return {
        judged: withRecord(judged, record, { remarks: [...(judged.remarks ?? []), answer.reason] }),
        remember: answer.remember,
      };
  }
}

function shownInComment(state: CommentState | undefined, headSha: string): string | undefined {
  return state?.last?.head === headSha ? state.last.at : undefined;
}
