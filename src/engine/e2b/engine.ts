import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { zeroBuildId } from '../../e2b/build-id.ts';
import { readHeaderFile } from '../../e2b/header.ts';
import { type Artifact, artifacts, headerFileName } from '../../e2b/layer.ts';
import { SnapgateError } from '../../host/error.ts';
import type { CommandResult } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { formatBytes } from '../../host/units.ts';
import type { Image } from '../../image/types.ts';
import type {
  BootResult,
  CycleResult,
  Engine,
  EngineReport,
  GuestOptions,
  Scenario,
  Snapshot,
} from '../contract.ts';
import { needBuilt } from '../need-built.ts';
import type { E2bSettings } from '../settings.ts';
import { measureBuild } from './measure-layer.ts';
import { readVersions } from './metadata.ts';
import { freeHugePages, type HostPaths, hostPaths, probeHost } from './probe.ts';
import { readTiming } from './read-timing.ts';
import { createBuild, resumeBuild, type Toolbox } from './run-tool.ts';
import { createStore } from './store.ts';
import { badResult } from './tool-failure.ts';
import { prepareTools, type SideTools } from './tools.ts';

/** A build: layers are immutable, and a fork is the same build. */
export interface E2bSnapshot extends Snapshot {
  readonly buildId: string;
  readonly tools: SideTools;
}

/**
 * The engine of e2b's own tools: create-build boots a template, resume-build resumes and pauses it, and what a cycle costs is read off the
 * layer that it stores, to the byte.
 *
 * @param checkout absolute path that the settings' relative paths start at
 */
export function createE2bEngine(
  run: Run,
  settings: E2bSettings,
  checkout: string,
  host: HostPaths = hostPaths,
): Engine<E2bSnapshot> {
  let report: Promise<EngineReport> | undefined;
  let lacks: readonly string[] = [];
  const probe = () => {
    report ??= probeHost(run, settings, checkout, host);
    return report;
  };
  const sides = new Map<string, SideTools>();
  let opened: Toolbox | undefined;
  const lazyBox = () => {
    opened ??= openToolbox(run, settings, checkout, () => lacks);
    return opened;
  };
  const made: string[] = [];
  return {
    async probe() {
      const found = await probe();
      lacks = sayWhatIsMissing(run, found);
      return found;
    },
    async build(source) {
      const tools = await prepareTools(run, { settings, checkout, source });
      warnOfSameTools(run, sides, source.checkout, tools);
      sides.set(source.checkout, tools);
      const { sha256 } = tools;
      return { kind: 'built', builder: 'e2b', checkout: source.checkout, sha256, rootfs: undefined };
    },
    async prepare(image, options, dir) {
      const box = lazyBox();
      // One guest at a time: whatever was made before belongs to a boot that is over.
      await box.store.discard(made.splice(0));
      if (settings.hugePages) needHugePages(await probe(), host, options.memoryBytes);
      const tools = toolsOf(image, sides);
      const before = box.store.present();
      const snapshot = { dir, buildId: claimId(box, made), tools };
      const booted = await bootBuild(box, tools, options, snapshot).catch((error: unknown) => {
        sayWhatIsLeft(box, snapshot.buildId, before);
        throw error;
      });
      claimLayersBelow(box, snapshot.buildId, before, made);
      return booted;
    },
    fork: async ({ buildId, tools }, dir) => ({ dir, buildId, tools }),
    cycle: async (parent, scenario, { advance }) => {
      const box = lazyBox();
      const child = { ...parent, buildId: claimId(box, made) };
      const result = await runCycle(box, parent, child, scenario);
      return { ...result, next: advance ? child : parent };
    },
  };
}

/** Folders that the tools expect in their base path. */
const scratchFolders = ['build', 'build-templates', 'sandbox', 'template'];

function openToolbox(
  run: Run,
  settings: E2bSettings,
  checkout: string,
  machine: () => readonly string[],
): Toolbox {
  const scratch = join(run.dir, 'e2b-orchestrator');
  for (const name of scratchFolders) mkdirSync(join(scratch, name), { recursive: true });
  return { run, settings, store: createStore(run, settings, checkout), scratch, machine };
}

/** Said up front, for a script may do without; and again when a tool fails. */
function sayWhatIsMissing(run: Run, { checks, ok }: EngineReport): string[] {
  const missing = checks.filter((check) => !check.ok && !check.required);
  if (ok) for (const { what, found, remedy = '' } of missing) run.log.warning(`${what}: ${found}. ${remedy}`);
  return missing.flatMap(({ what, found, remedy }) => `(${what}: ${found}. ${remedy ?? ''})`);
}

function warnOfSameTools(
  run: Run,
  sides: ReadonlyMap<string, SideTools>,
  checkout: string,
  { paths, sha256 }: SideTools,
): void {
  for (const [other, tools] of sides)
    if (
      other !== checkout &&
      tools.sha256 === sha256 &&
      tools.paths['create-build'] === paths['create-build']
    )
      run.log.warning(
        `Both sides are made by the same ${paths['create-build']}: a change of the template that is built into it does not show.`,
      );
}

function toolsOf(image: Image, sides: ReadonlyMap<string, SideTools>): SideTools {
  const tools = sides.get(needBuilt(image, 'e2b').checkout);
  if (tools === undefined) throw new Error('this guest was not built by the engine that boots it');
  return tools;
}

/** create-build would find out when the guest boots, minutes later. */
function needHugePages({ checks }: EngineReport, { meminfo }: HostPaths, memoryBytes: number): void {
  const needed = Math.ceil(memoryBytes / 2 ** 21);
  const free = freeHugePages(meminfo);
  if (free >= needed || !checks.some(({ what, required }) => what === 'huge pages' && required)) return;
  throw new SnapgateError(
    'host',
    `the guest's ${formatBytes(memoryBytes)} need ${needed} huge pages of 2 MiB, and ${free} are free`,
    `Reserve more: echo ${2 * needed} | sudo tee /proc/sys/vm/nr_hugepages; or set huge-pages: none.`,
  );
}

/** A new id, in the ledger before there is a build of it. */
function claimId({ store }: Toolbox, made: string[]): string {
  const id = randomUUID();
  store.claim(id);
  made.push(id);
  return id;
}

/** create-build stores each of its steps as a build of its own, under names that it makes up. */
function claimLayersBelow(
  { store }: Toolbox,
  buildId: string,
  before: ReadonlySet<string> | undefined,
  made: string[],
): void {
  if (before === undefined) return;
  const below = artifacts.flatMap((artifact) => [...buildsOf(store.folderOf(buildId), artifact)]);
  for (const id of new Set(below)) {
    if (id === buildId || before.has(id)) continue;
    store.claim(id);
    made.push(id);
  }
}

/** Nothing says which of them are create-build's: others may use the same storage. */
function sayWhatIsLeft(
  { store, settings, run }: Toolbox,
  buildId: string,
  before: ReadonlySet<string> | undefined,
): void {
  if (before === undefined || settings.storage === undefined) return;
  const left = [...(store.present() ?? [])].filter((id) => id !== buildId && !before.has(id));
  if (left.length === 0) return;
  const named = left.slice(0, 20).join(' ');
  run.log.warning(
    `${store.argument}/templates has ${left.length} builds more than before create-build failed, which are not removed: ${named}`,
  );
}

function buildsOf(folder: string, artifact: Artifact): Set<string> {
  const { mapping } = readHeaderFile(join(folder, headerFileName(artifact)));
  const ids = new Set<string>();
  for (const { buildId } of mapping.ranges()) ids.add(buildId);
  ids.delete(zeroBuildId);
  return ids;
}

async function bootBuild(
  box: Toolbox,
  tools: SideTools,
  options: GuestOptions,
  snapshot: E2bSnapshot,
): Promise<BootResult<E2bSnapshot>> {
  const { store } = box;
  const { buildId } = snapshot;
  const { result, tookMs } = await createBuild(box, tools, options, buildId);
  return await explaining('create-build', buildId, result, async () => {
    await store.need(buildId, 'metadata.json');
    const versions = readVersions(join(store.folderOf(buildId), 'metadata.json'));
    const metrics = await measureBuild(store, buildId, undefined, box.run.signal);
    return { snapshot, bootMs: tookMs, readyMs: tookMs, settled: true, versions, metrics };
  });
}

async function runCycle(
  box: Toolbox,
  parent: E2bSnapshot,
  child: E2bSnapshot,
  scenario: Scenario,
): Promise<Omit<CycleResult<E2bSnapshot>, 'next'>> {
  const begin = performance.now();
  const { result } = await resumeBuild(box, parent.tools, scenario, parent.buildId, child.buildId);
  return await explaining('resume-build', child.buildId, result, async () => {
    const metrics = {
      ...(await measureBuild(box.store, child.buildId, parent.buildId, box.run.signal)),
      ...readTiming(result.tail),
    };
    return { metrics, cycleMs: performance.now() - begin };
  });
}

/** What is wrong with a build that a tool says is finished is that tool's fault. */
async function explaining<T>(
  tool: string,
  buildId: string,
  result: CommandResult,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SnapgateError && error.code === 'record')
      throw badResult(tool, buildId, error, result);
    throw error;
  }
}
