import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeHead } from '../baseline/head.ts';
import { resolveBase } from '../baseline/resolve.ts';
import { readConfig } from '../config/config.ts';
import type { Verb } from '../config/inputs.ts';
import { locateConfig } from '../config/locate.ts';
import type { Config } from '../config/types.ts';
import { exitCodes } from '../host/error.ts';
import type { Log, Run } from '../host/run.ts';
import { withRun } from '../host/session.ts';
import { runCompare } from '../job/compare.ts';
import { createEngine } from '../job/engine.ts';
import { runGate } from '../job/gate.ts';
import { runMeasure } from '../job/measure.ts';
import { renderRecord } from '../job/report.ts';
import { exporters } from '../report/exporter.ts';
import type { VerbCommand } from './arguments.ts';
import type { Screen } from './log.ts';
import { probeTable } from './probe-table.ts';

/** The shell that a command line runs in. */
export interface Terminal {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface VerbResult {
  /** For stdout. */
  readonly output: string;
  readonly exitCode: number;
}
