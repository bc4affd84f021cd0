import * as core from '@actions/core';
import { exec } from '@actions/exec';
import { resolveBase } from '../baseline/resolve.ts';
import { sidesOfEvent } from '../github/subject.ts';
import type { Run } from '../host/run.ts';
import { withRun } from '../host/session.ts';
import { runGate } from '../job/gate.ts';
import { runMeasure } from '../job/measure.ts';
import { prerequisitesOf } from '../job/prerequisites.ts';
import { reportFailure } from './failure.ts';
import { installPrerequisites } from './install.ts';
import { createActionLog } from './log.ts';
import { publishGate, publishMeasurement } from './publish.ts';
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
  try {
    const request = readRequest(env, core.getInput);
    if (request.token !== '') core.setSecret(request.token);
    if (request.install) await installPrerequisites(prerequisitesOf(request.config), log, exec);
    const { workDir, cacheDir } = request;
    const onOpen = (dir: string) => keepRunDir(core, dir);
    return await withRun({ workDir, cacheDir, log, onOpen }, (run) => perform(run, request));
  } catch (error) {
    return reportFailure(error, log, core);
  } finally {
    log.end();
  }
}

async function perform(run: Run, request: ActionRequest): Promise<number> {
  const { config, workspace } = request;
  const sides = await sidesOfEvent(run, request.event, workspace);
  const head = { checkout: workspace, subject: sides.head };
  if (request.mode === 'measure') {
    await publishMeasurement(run.log, await runMeasure(run, { config, head }));
    return 0;
  }
  const base = await resolveBase(run, config.base, {
    checkout: workspace,
    autoCommit: sides.autoCommit,
    inputs: config.image,
  });
  const result = await runGate(run, { config, head, base, reproduce: request.reproduce });
  await publishGate(run.log, request, result);
  return result.exitCode;
}
