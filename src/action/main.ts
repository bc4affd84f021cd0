import * as core from '@actions/core';
import { exec } from '@actions/exec';
import type { Run } from '../host/run.ts';
import { withRun } from '../host/session.ts';
import { prerequisitesOf } from '../job/prerequisites.ts';
import { commentMode } from './comment-mode.ts';
import { reportFailure } from './failure.ts';
import { gateMode } from './gate-mode.ts';
import { installPrerequisites } from './install.ts';
import { createActionLog } from './log.ts';
import { measureMode } from './measure-mode.ts';
import { type NotMeasured, openNotMeasured } from './not-measured.ts';
import { type ActionRequest, readRequest } from './request.ts';
import { keepRunDir } from './state.ts';

/** The main step. Ends the process: a connection that somebody left open must not keep a finished job running. */
export async function main(): Promise<void> {
  process.once('uncaughtException', (error) =>
    process.exit(reportFailure(error, createActionLog(core), core)),
  );
  process.exit(await runAction(process.env));
}

/** The main step's exit status: 0 pass or warn, 1 fail, 2 inconclusive where that fails, 64 and above for errors. */
export async function runAction(env: NodeJS.ProcessEnv): Promise<number> {
  const log = createActionLog(core);
  const notMeasured = openNotMeasured(log, env, core.getInput);
  try {
    const token = core.getInput('github-token');
    if (token !== '') core.setSecret(token);
    const request = readRequest(env, core.getInput);
    if (request.install) await installPrerequisites(prerequisitesOf(request.config), log, exec);
    const { workDir, cacheDir } = request;
    const onOpen = (dir: string) => keepRunDir(core, dir);
    return await withRun({ workDir, cacheDir, log, onOpen }, (run) =>
      modes[request.mode](run, request, notMeasured),
    );
  } catch (error) {
    await notMeasured.tell(error);
    return reportFailure(error, log, core);
  } finally {
    log.end();
  }
}

type RunMode = (run: Run, request: ActionRequest, notMeasured: NotMeasured) => Promise<number>;

const modes: Readonly<Record<ActionRequest['mode'], RunMode>> = {
  gate: gateMode,
  measure: measureMode,
  comment: (run, request) => commentMode(run, request),
};
