import { performance } from 'node:perf_hooks';
import { cloudEnvironment } from '../../host/cloud-environment.ts';
import { SnapgateError } from '../../host/error.ts';
import { type CommandResult, runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { GuestOptions, Scenario } from '../contract.ts';
import { type E2bSettings, isBucket } from '../settings.ts';
import { createOutputTail } from '../vm/output-tail.ts';
import { composeCommand } from './compose-command.ts';
import type { ToolName } from './infra.ts';
import type { BuildStore } from './store.ts';
import { scenarioFailed, toolFailed } from './tool-failure.ts';
import type { SideTools } from './tools.ts';

/** What all runs of the tools share. */
export interface Toolbox {
  readonly run: Run;
  readonly settings: E2bSettings;
  readonly store: BuildStore;
  /** Folder for what the tools cache beside the builds. */
  readonly scratch: string;
  /** What this machine lacks, if anything, with what to type: for the error of a tool. */
  machine(): readonly string[];
}

export interface ToolResult {
  readonly result: CommandResult;
  readonly tookMs: number;
}

/** Boots a template once and stores it as `buildId`. */
export async function createBuild(
  box: Toolbox,
  tools: SideTools,
  options: GuestOptions,
  buildId: string,
): Promise<ToolResult> {
  const { settings, store } = box;
  const named = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return await runTool(box, tools, 'create-build', [
    ...['-to-build', buildId, '-storage', store.argument, `-hugepages=${settings.hugePages}`],
    ...['-vcpu', String(options.vcpus)],
    ...['-memory', String(mebibytes(options.memoryBytes, 'memory-size'))],
    ...['-disk', String(mebibytes(settings.diskBytes, 'disk-size'))],
    ...named('-kernel', settings.kernel),
    ...named('-firecracker', settings.firecrackerVersion),
    ...named('-ready-cmd', options.readyCommand),
    ...['-timeout', String(Math.ceil(settings.timeoutMs / 60_000))],
  ]);
}

/** Resumes a build, does what the scenario says, and stores the pause as `toBuild`. */
export async function resumeBuild(
  box: Toolbox,
  tools: SideTools,
  scenario: Scenario,
  fromBuild: string,
  toBuild: string,
): Promise<ToolResult> {
  const command = composeCommand(scenario);
  const args = [
    ...['-from-build', fromBuild, '-to-build', toBuild, '-storage', box.store.argument],
    ...(command === undefined ? ['-pause'] : ['-cmd-pause', command]),
  ];
  return await runTool(box, tools, 'resume-build', args, scenario);
}

/** The tools give back network namespaces and NBD devices when they are interrupted. */
const graceMs = 10_000;

async function runTool(
  box: Toolbox,
  tools: SideTools,
  name: ToolName,
  args: readonly string[],
  scenario?: Scenario,
): Promise<ToolResult> {
  const { run, settings, store, scratch } = box;
  const remote = isBucket(store.argument);
  const env = {
    // Of the same disk as everything else of the run, and gone with it.
    ...(process.env['ORCHESTRATOR_BASE_PATH'] ? {} : { ORCHESTRATOR_BASE_PATH: scratch }),
    ...(remote ? { ...cloudEnvironment(), ...hostFolders() } : {}),
    ...tools.env,
  };
  const begin = performance.now();
  const command: [string, ...string[]] = [tools.paths[name], ...args];
  run.log.detail(`${name} ${args.join(' ')}`);
  const { timeoutMs } = settings;
  // A command in the guest may put out what it likes: of that, the end is kept.
  const output = createOutputTail();
  const onStdout = (chunk: Buffer) => output.add(chunk);
  const options = { cwd: tools.cwd, env, timeoutMs, graceMs, onStdout };
  const ended = await runCommand(run, command[0], args, options);
  const result = { ...ended, tail: [...output.lines(400), ...ended.tail] };
  if (result.code === 0 && !result.timedOut) return { result, tookMs: performance.now() - begin };
  const failed = { command, result, cwd: tools.cwd, timeoutMs };
  throw (scenario && scenarioFailed(scenario, failed)) ?? toolFailed(failed, box.machine());
}

/** The defaults of create-build with a bucket, which resume-build would not share: it looks into its working directory. */
function hostFolders(): NodeJS.ProcessEnv {
  return {
    HOST_KERNELS_DIR: process.env['HOST_KERNELS_DIR'] || '/fc-kernels',
    FIRECRACKER_VERSIONS_DIR: process.env['FIRECRACKER_VERSIONS_DIR'] || '/fc-versions',
  };
}

function mebibytes(bytes: number, input: string): number {
  const size = bytes / 1024 ** 2;
  if (Number.isInteger(size)) return size;
  throw new SnapgateError(
    'usage',
    `${input} is ${bytes} bytes, and create-build counts in whole MiB`,
    `Give ${input} a size such as 512MiB.`,
  );
}
