import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../../host/error.ts';
import { type CommandOptions, isExecutable, runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { formatDuration } from '../../host/units.ts';
import { sha256OfFile } from '../../image/file-hash.ts';
import type { GuestSource } from '../contract.ts';
import type { E2bSettings } from '../settings.ts';
import { findInfra, needInfra, orchestratorOf, pathForSide, type ToolName, toolNames } from './infra.ts';
import { commandFailed } from './tool-failure.ts';

/** The tools that make and resume one side's guests. */
export interface SideTools {
  readonly paths: Readonly<Record<ToolName, string>>;
  /** Where they are started. */
  readonly cwd: string;
  /** What they find in their environment beside what snapgate was started with. */
  readonly env: NodeJS.ProcessEnv;
  /** Of all programs that the guest is made with: equal hashes are equal tools. */
  readonly sha256: string;
}

export interface ToolsRequest {
  readonly settings: E2bSettings;
  /** Absolute path that the settings' relative paths start at. */
  readonly checkout: string;
  readonly source: GuestSource;
}

/** Takes the tools of `e2b-tools`, or builds those of the side's checkout, once. */
export async function prepareTools(run: Run, request: ToolsRequest): Promise<SideTools> {
  const { settings, checkout, source } = request;
  if (settings.tools !== undefined)
    return await givenTools(checkout, source, pathForSide(settings.tools, checkout, source.checkout));
  const start = pathForSide(settings.infra ?? '.', checkout, source.checkout);
  return await buildTools(run, request, needInfra(start, `${source.side} side`));
}

async function givenTools(checkout: string, source: GuestSource, folder: string): Promise<SideTools> {
  const paths = toolPaths(folder);
  for (const path of Object.values(paths)) needTool(path);
  const infra = findInfra(source.checkout);
  const cwd = infra === undefined ? source.checkout : orchestratorOf(infra);
  const env = infra === undefined ? {} : await filesOfInfra(infra, checkout, undefined);
  return { paths, cwd, env, sha256: await hashFiles([...Object.values(paths), ...envdOf(env)]) };
}

function toolPaths(folder: string): Readonly<Record<ToolName, string>> {
  return { 'create-build': join(folder, 'create-build'), 'resume-build': join(folder, 'resume-build') };
}

/** @throws SnapgateError `usage` for what is no program */
export function needTool(path: string): void {
  if (isExecutable(path)) return;
  throw new SnapgateError(
    'usage',
    `${path} is not there, or cannot be executed`,
    'Build both tools into the folder of e2b-tools: go build -o DIR/create-build ./packages/orchestrator/cmd/create-build, and the same for resume-build.',
  );
}

/** Modules of a large program are fetched and compiled when nothing of it is cached. */
const minBuildMs = 30 * 60_000;

async function buildTools(
  run: Run,
  { settings, checkout, source }: ToolsRequest,
  infra: string,
): Promise<SideTools> {
  const folder = join(run.dir, `e2b-tools-${source.side}`);
  mkdirSync(folder, { recursive: true });
  const limitMs = Math.max(minBuildMs, settings.timeoutMs);
  const begin = performance.now();
  const paths = toolPaths(folder);
  for (const name of toolNames)
    await goBuild(run, infra, `packages/orchestrator/cmd/${name}`, paths[name], limitMs);
  const envd = await buildEnvd(run, infra, join(folder, 'envd'), limitMs);
  run.log.info(`${source.side}: e2b's tools built, ${formatDuration(performance.now() - begin)}`);
  const env = await filesOfInfra(infra, checkout, envd);
  const sha256 = await hashFiles([...Object.values(paths), ...envdOf(env)]);
  return { paths, cwd: orchestratorOf(infra), env, sha256 };
}

/** Of the workspace where the checkout has one, of the package's own module where it does not. */
async function goBuild(
  run: Run,
  infra: string,
  target: string,
  output: string,
  timeoutMs: number,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const [module, rest] = splitModule(infra, target);
  const args = ['build', '-o', output, `./${rest}`];
  // Without the commit's hash and the folder's name in it, the same sources make the same program.
  const flags = [process.env['GOFLAGS'], '-buildvcs=false', '-trimpath'].filter(Boolean).join(' ');
  const options: CommandOptions = { cwd: module, env: { GOFLAGS: flags, ...env }, timeoutMs };
  const result = await runCommand(run, 'go', args, options);
  if (result.code !== 0)
    throw commandFailed({ command: ['go', ...args], result, cwd: module, timeoutMs }, goRemedy);
  needTool(output);
}

const goRemedy =
  'Try it there by hand. A toolchain older than go.work asks for fetches a newer one only where GOTOOLCHAIN and GOPROXY allow it.';

/** A checkout without go.work is no workspace: its packages build in their own modules. */
function splitModule(infra: string, target: string): [module: string, rest: string] {
  const [, name = '', rest = ''] = /^(packages\/[^/]+)\/?(.*)$/.exec(target) ?? [];
  const alone = !existsSync(join(infra, 'go.work')) && existsSync(join(infra, name, 'go.mod'));
  return alone ? [join(infra, name), rest] : [infra, target];
}

/**
 * The agent in the guest is a part of what is measured: where nobody says which, each side gets its own. undefined: there is none to
 * build, or one is named.
 */
async function buildEnvd(
  run: Run,
  infra: string,
  output: string,
  timeoutMs: number,
): Promise<string | undefined> {
  if (process.env['HOST_ENVD_PATH'] || !existsSync(join(infra, 'packages/envd/main.go'))) return undefined;
  await goBuild(run, infra, 'packages/envd', output, timeoutMs, { CGO_ENABLED: '0' });
  return output;
}

/** Paths that the tools would look for beside the checkout, where a worktree of another commit has none. */
async function filesOfInfra(
  infra: string,
  checkout: string,
  envd: string | undefined,
): Promise<NodeJS.ProcessEnv> {
  const own = join(infra, 'packages/envd/bin/envd');
  const found = process.env['HOST_ENVD_PATH'] || (envd ?? (existsSync(own) ? own : undefined));
  const folders = [infra, findInfra(checkout) ?? infra].map((dir) => join(orchestratorOf(dir), '.busybox'));
  const busybox = process.env['HOST_BUSYBOX_DIR'] || folders.find((dir) => existsSync(dir));
  return {
    ...(found === undefined ? {} : { HOST_ENVD_PATH: found }),
    ...(busybox === undefined ? {} : { HOST_BUSYBOX_DIR: busybox }),
  };
}

function envdOf({ HOST_ENVD_PATH: path }: NodeJS.ProcessEnv): string[] {
  return path !== undefined && existsSync(path) ? [path] : [];
}

async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await sha256OfFile(path), 'hex');
  return hash.digest('hex');
}
