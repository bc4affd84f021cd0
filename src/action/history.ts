import { resolveRef } from '../baseline/commit.ts';
import { openGit } from '../baseline/git.ts';
import type { NoHistory } from '../gate/drift.ts';
import type { BranchHistory } from '../gate/history-series.ts';
import type { Run } from '../host/run.ts';
import type { Measurement } from '../measure/record.ts';
import type { ActionRequest } from './request.ts';
import { gitEnvironmentOf, type Sides } from './sides.ts';
import type { RequestStorage } from './storage.ts';

/** What of a request says where `drift-from` is. */
type DriftRequest = Pick<ActionRequest, 'mode' | 'config' | 'workspace' | 'token'> & {
  readonly context: Pick<ActionRequest['context'], 'serverUrl'>;
};

/**
 * The commit that `drift-from` names; undefined where it is not given, or no verdict follows.
 * @throws SnapgateError('base') for what names none.
 */
export async function driftFrom(
  run: Run,
  { mode, config, workspace, context, token }: DriftRequest,
): Promise<string | undefined> {
  const { from } = config.gate.drift;
  if (from === undefined || mode !== 'gate') return undefined;
  const git = openGit(run, workspace, { env: gitEnvironmentOf({ context, token }) });
  return await resolveRef(git, 'drift-from', from);
}

/**
 * What was stored of the branch that the head is for, of its machine class, or why there is nothing to judge it by. A store that is down is a
 * warning of its own.
 */
export async function historyFor(
  run: Run,
  { branch }: Pick<Sides, 'branch'>,
  { baselines, measuringSha256 }: Pick<RequestStorage, 'baselines' | 'measuringSha256'>,
  { fingerprint, scenarios }: Measurement,
  from: string | undefined,
): Promise<BranchHistory | NoHistory> {
  if (branch === undefined) return { absent: 'this run is of no branch whose measurements are stored' };
  const entries = await baselines.history(branch, { measuringSha256, fingerprint, scenarios, boots: 0 });
  if (entries.length === 0)
    return {
      absent: `${baselines.name} has no measurement of branch ${branch} by this machine class; pushes and schedules store them`,
    };
  if (from !== undefined && !entries.some(({ commit }) => commit === from))
    run.log.warning(
      `drift-from: commit ${from.slice(0, 7)} is not among the ${entries.length} stored measurements of branch ${branch}, so no drift is told. Measure it on that branch, or give drift-window.`,
    );
  return { branch, entries, from };
}
