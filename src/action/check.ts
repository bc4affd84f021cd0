import {
  type CheckReport,
  type CheckRun,
  type CheckTarget,
  createCheck,
  findOwnCheck,
  updateCheck,
} from '../github/check-run.ts';
import type { GitHubClient, Patience } from '../github/client.ts';
import { mayHaveHappened, passes } from '../github/service-failure.ts';

/** The check of this run, of which one thing is known. */
export type CheckState =
  | { readonly kind: 'none' }
  /** It was asked for, and the answer may have been lost. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'open'; readonly id: number }
  /** Completed, or given up on: nothing is asked of it any more. */
  | { readonly kind: 'over' };

export interface CheckTeller {
  /** Never throws; undefined where it failed, after `onFailure`, or where it had failed before in a way that does not pass. */
  tell(report: CheckReport, patience: Patience): Promise<CheckRun | undefined>;
}

export interface CheckTellerOptions {
  readonly onState: (state: CheckState) => void;
  /** @param isLast nothing more is tried. */
  readonly onFailure: (error: unknown, isLast: boolean) => void;
}

/**
 * Brings the check of this run from one state to the next. Where it could not be made when measuring began, but for something that passes,
 * it is made at the end: a branch protection waits for it.
 */
export function openCheckTeller(
  octokit: GitHubClient,
  target: CheckTarget,
  { onState, onFailure }: CheckTellerOptions,
): CheckTeller {
  let state: CheckState = { kind: 'none' };
  const become = (next: CheckState) => {
    state = next;
    onState(next);
  };
  const write = async (report: CheckReport, patience: Patience) => {
    if (state.kind === 'open') return await updateCheck(octokit, target, state.id, report, patience);
    const mayBeThere = state.kind === 'asked';
    become({ kind: 'asked' });
    return await createCheck(octokit, target, report, patience, mayBeThere);
  };
  return {
    tell: async (report, patience) => {
      if (state.kind === 'over') return undefined;
      const before = state;
      const isEnd = report.status === 'completed';
      try {
        const check = await write(report, patience);
        become(isEnd ? { kind: 'over' } : { kind: 'open', id: check.id });
        return check;
      } catch (error) {
        const after = afterFailure(before, error, isEnd);
        become(after);
        onFailure(error, isEnd || after.kind === 'over');
        return undefined;
      }
    },
  };
}

/** What stands open, or may do so, can still be completed: by the end of this run, or by the post step. */
function afterFailure(before: CheckState, error: unknown, isEnd: boolean): CheckState {
  if (before.kind !== 'none') return before;
  if (mayHaveHappened(error)) return { kind: 'asked' };
  return passes(error) && !isEnd ? before : { kind: 'over' };
}

/** Completes what another process has left open; nothing where it made no check. */
export async function completeCheck(
  octokit: GitHubClient,
  target: CheckTarget,
  id: number | undefined,
  report: CheckReport,
  patience: Patience,
): Promise<void> {
  const known = id ?? (await findOwnCheck(octokit, target, patience))?.id;
  if (known !== undefined) await updateCheck(octokit, target, known, report, patience);
}
