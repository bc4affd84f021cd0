import {
  type CheckReport,
  type CheckRun,
  type CheckTarget,
  createCheck,
  findOwnCheck,
  updateCheck,
} from '../github/check-run.ts';
import type { GitHubClient, Patience } from '../github/client.ts';
import { mayHaveHappened } from '../github/service-failure.ts';

/** The check of this run, of which one thing is known. */
export type CheckState =
  | { readonly kind: 'none' }
  /** It was asked for, and the answer may have been lost. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'open'; readonly id: number }
  /** Completed, or given up on: nothing is asked of it any more. */
  | { readonly kind: 'over' };

export interface CheckTeller {
  /** Never throws; undefined where it failed, after `onFailure`, or where it had failed before. */
  tell(report: CheckReport, patience: Patience): Promise<CheckRun | undefined>;
}

export interface CheckTellerOptions {
  readonly onState: (state: CheckState) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Brings the check of this run from one state to the next. After a failure to make it there is none, and no second try. */
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
    become({ kind: 'asked' });
    return await createCheck(octokit, target, report, patience);
  };
  return {
    tell: async (report, patience) => {
      if (state.kind === 'over' || state.kind === 'asked') return undefined;
      if (state.kind === 'none' && isCancelled(report)) return undefined;
      const wasOpen = state.kind === 'open';
      try {
        const check = await write(report, patience);
        become(report.status === 'completed' ? { kind: 'over' } : { kind: 'open', id: check.id });
        return check;
      } catch (error) {
        // What stands open, or may do so, can still be completed by the post step.
        if (!wasOpen && !mayHaveHappened(error)) become({ kind: 'over' });
        onFailure(error);
        return undefined;
      }
    },
  };
}

/** What was never said to run need not be said to have been cancelled. */
function isCancelled(report: CheckReport): boolean {
  return report.status === 'completed' && report.conclusion === 'cancelled';
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
