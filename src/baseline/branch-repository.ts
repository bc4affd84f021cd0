import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import type { CommandResult } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { type Git, openGit } from './git.ts';
import { environmentOf, type Setting, tokenSettings } from './git-settings.ts';

export interface BranchOptions {
  /** Name of the branch, as the inputs' reader lets it pass. */
  readonly branch: string;
  /** The checkout whose `origin` has the branch. It is only asked for that address. */
  readonly checkout: string;
  /** GITHUB_SERVER_URL: the one server that the token is sent to. */
  readonly serverUrl: string;
  readonly token: string | undefined;
  /** Limit of one call of git, in ms. */
  readonly timeoutMs?: number;
  /** Waits before a try after the nth, from 1: another run was quicker, or the server had trouble. */
  readonly pause: (tries: number) => Promise<void>;
}

/** A file on the branch. Its path is whatever somebody called it. */
export interface BranchFile {
  readonly path: string;
  readonly object: string;
  /** False for a symbolic link or a submodule: it is never read. */
  readonly isRegular: boolean;
}

/** A branch of `origin`. What goes wrong with it is a SnapgateError('base') with the permission that is needed. */
export interface BranchRepository {
  /** What is at and below a path, as of the first time that the branch was looked at; nothing where there is no branch. */
  list(path: string): Promise<readonly BranchFile[]>;
  /** Contents by object, of those with at most `maxBytes` each, and 128 MiB in all; without those that are larger, or not files. */
  read(objects: readonly string[], maxBytes: number): Promise<ReadonlyMap<string, string>>;
  /** Puts files (path → text) on the branch, made where it is not there; tried again when another run was quicker. */
  add(files: Readonly<Record<string, string>>, message: string): Promise<void>;
}

/**
 * Works in a bare repository of its own in the run's folder: what is in the user's, and how that is set up, is left alone and not used.
 * Files are fetched when they are read, so that a branch with years of measurements costs its list of names.
 */
export function openBranch(run: Run, options: BranchOptions): BranchRepository {
  const inTurn = oneAtATime();
  const repository = once(() => openRepository(run, options));
  const tip = once(async () => ({ commit: await fetchTip(await repository()) }));
  return {
    list: (path) => inTurn(async () => listFiles(await repository(), (await tip()).commit, path)),
    read: (objects, maxBytes) => inTurn(async () => readFiles(await repository(), objects, maxBytes)),
    add: (files, message) => inTurn(async () => addFiles(await repository(), files, message)),
  };
}

/** Bytes of all files that one call of `read` gives. */
const maxTotalBytes = 128 * 1024 ** 2;
const maxTries = 10;
const maxAddingMs = 240_000;
const usualTimeoutMs = 60_000;
const tipRef = 'refs/snapgate/tip';

interface Repository extends BranchOptions {
  readonly folder: string;
  /** Reaches origin, with the token. */
  readonly online: Git;
  /** Reaches nothing: an object that is not here is missing, and not fetched on the way. */
  readonly offline: Git;
}

async function openRepository(run: Run, options: BranchOptions): Promise<Repository> {
  const folder = mkdtempSync(join(run.dir, 'baseline-branch-'));
  const { timeoutMs = usualTimeoutMs } = options;
  const url = await originOf(run, options);
  const at = (config: readonly Setting[]) =>
    openGit(run, folder, { timeoutMs, env: { ...environmentIn(folder), ...environmentOf(config) } });
  const offline = at([['remote.origin.url', '/dev/null']]);
  const online = at([['remote.origin.url', url], ...networkSettings(options)]);
  must(await offline.run(['init', '--quiet', '--bare', '--template=', '.']), options, 'read');
  return { ...options, folder, online, offline };
}

/** Over HTTPS also where the checkout was cloned by SSH: the token is good for that, and its key is not ours to use. */
async function originOf(run: Run, { checkout, serverUrl }: BranchOptions): Promise<string> {
  const url = await openGit(run, checkout).ask(['remote', 'get-url', 'origin']);
  if (url === undefined || url === '')
    throw new SnapgateError(
      'base',
      'the checkout has no remote called origin, so there is no baseline-branch to find',
      'Run actions/checkout before snapgate, in a job with `permissions: contents: write`.',
    );
  const { hostname } = new URL(serverUrl);
  const ssh = /^(?:ssh:\/\/)?git@([^/:]+)(?::\d+\/|[:/])(.+)$/.exec(url);
  return ssh?.[1] === hostname ? `${serverUrl}/${ssh[2]}` : url;
}

/** What the environment may say of another repository is not for this one; and nobody is asked for anything. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const author = { NAME: 'snapgate', EMAIL: 'noreply@snapgate.invalid' };
  const unset = ['WORK_TREE', 'OBJECT_DIRECTORY', 'ALTERNATE_OBJECT_DIRECTORIES', 'COMMON_DIR', 'NAMESPACE'];
  return {
    ...Object.fromEntries(
      [...unset, 'ASKPASS', 'TRACE', 'TRACE_CURL'].map((name) => [`GIT_${name}`, undefined]),
    ),
    SSH_ASKPASS: undefined,
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_ALLOW_PROTOCOL: 'https:http:ssh:file',
    GIT_DIR: folder,
    GIT_INDEX_FILE: join(folder, 'index'),
    ...Object.fromEntries(
      Object.entries(author).flatMap(([name, value]) =>
        ['AUTHOR', 'COMMITTER'].map((who) => [`GIT_${who}_${name}`, value]),
      ),
    ),
  };
}

function networkSettings({ serverUrl, token }: BranchOptions): readonly Setting[] {
  return [['http.lowSpeedLimit', '1000'], ['http.lowSpeedTime', '20'], ...tokenSettings(serverUrl, token)];
}

const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];

/** A call that reaches origin: tried three times while the server itself has trouble. */
async function overNetwork({ online, pause }: Repository, args: readonly string[]): Promise<CommandResult> {
  for (let tries = 1; ; tries += 1) {
    const result = await online.run(args);
    const isTransient = result.tail.some((line) =>
      /returned error: (?:429|5\d\d)|hung up unexpectedly|early EOF|Connection reset/.test(line),
    );
    if (result.code === 0 || !isTransient || tries === 3) return result;
    await pause(tries);
  }
}

/** The commit that the branch is at; undefined where there is no such branch. */
async function fetchTip(repository: Repository): Promise<string | undefined> {
  const { offline, branch } = repository;
  const refspec = `+refs/heads/${branch}:${tipRef}`;
  const newest = ['fetch', ...quietly, '--depth=1', '--filter=blob:none', 'origin', refspec];
  const fetched = await overNetwork(repository, newest);
  if (fetched.tail.some((line) => line.includes("couldn't find remote ref"))) return undefined;
  must(fetched, repository, 'read');
  return await offline.ask(['rev-parse', '--verify', '--quiet', `${tipRef}^{commit}`]);
}

async function listFiles(
  repository: Repository,
  tip: string | undefined,
  path: string,
): Promise<readonly BranchFile[]> {
  if (tip === undefined) return [];
  const listed = must(
    await repository.offline.run(['ls-tree', '-r', '-z', '--full-tree', tip, '--', path]),
    repository,
    'read',
  );
  return listed.stdout.split('\0').flatMap((line) => {
    const [, mode = '', object, name] = /^(\d{6}) \w+ ([0-9a-f]{40})\t(.*)$/s.exec(line) ?? [];
    return object === undefined || name === undefined
      ? []
      : [{ path: name, object, isRegular: mode.startsWith('100') }];
  });
}

async function readFiles(
  repository: Repository,
  objects: readonly string[],
  maxBytes: number,
): Promise<ReadonlyMap<string, string>> {
  const sizes = await fetchMissing(repository, objects);
  let total = 0;
  const wanted = objects.filter((object) => {
    const size = sizes.get(object);
    if (size === undefined || size > maxBytes || total + size > maxTotalBytes) return false;
    total += size;
    return true;
  });
  const chunks: Buffer[] = [];
  const read = await repository.offline.run(['cat-file', '--batch'], {
    input: wanted.map((object) => `${object}\n`).join(''),
    onStdout: (chunk) => chunks.push(chunk),
  });
  must(read, repository, 'read');
  return splitBatch(Buffer.concat(chunks));
}

/**
 * Sizes of all files that are here, after those that were asked for were fetched: in one request, not one for each, and without a word on
 * what is here already (`noop`), as git itself fetches what it left out (promisor-remote.c).
 */
async function fetchMissing(
  repository: Repository,
  objects: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const here = await sizesOfFiles(repository);
  const missing = new Set(objects.filter((object) => !here.has(object)));
  if (missing.size === 0) return here;
  const plainly = ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', ...quietly, '--filter=blob:none'];
  must(await overNetwork(repository, [...plainly, 'origin', ...missing]), repository, 'read');
  return await sizesOfFiles(repository);
}

async function sizesOfFiles(repository: Repository): Promise<ReadonlyMap<string, number>> {
  const format = '--batch-check=%(objectname) %(objecttype) %(objectsize)';
  const listed = must(
    await repository.offline.run(['cat-file', '--batch-all-objects', '--unordered', format]),
    repository,
    'read',
  );
  const found = [...listed.stdout.matchAll(/^([0-9a-f]{40}) blob (\d+)$/gm)];
  return new Map(found.map(([, object = '', size]) => [object, Number(size)]));
}

/** git-cat-file(1), "Batch output": `OBJECT blob SIZE`, newline, the content, newline. */
function splitBatch(output: Buffer): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf('\n', at);
    const [, object, size] = /^([0-9a-f]{40}) blob (\d+)$/.exec(output.toString('latin1', at, end)) ?? [];
    if (end === -1 || object === undefined) break;
    const after = end + 1 + Number(size);
    contents.set(object, output.toString('utf8', end + 1, after));
    at = after + 1;
  }
  return contents;
}

async function addFiles(
  repository: Repository,
  files: Readonly<Record<string, string>>,
  message: string,
): Promise<void> {
  const objects = await writeObjects(repository, files);
  const deadline = performance.now() + maxAddingMs;
  for (let tries = 1; tries <= maxTries && performance.now() < deadline; tries += 1) {
    const tip = await fetchTip(repository);
    const commit = await commitOn(repository, tip, objects, message);
    if (commit === undefined || (await push(repository, commit))) return;
    await repository.pause(tries);
  }
  throw new SnapgateError(
    'base',
    `branch ${repository.branch} was changed by other runs each time that this one was about to push to it`,
    'Run it again, or give the workflow a `concurrency` group.',
  );
}

async function writeObjects(
  repository: Repository,
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const objects = new Map<string, string>();
  for (const [path, input] of Object.entries(files)) {
    const written = await repository.offline.run(['hash-object', '-w', '--no-filters', '--stdin'], { input });
    objects.set(path, must(written, repository, 'write').stdout.trim());
  }
  return objects;
}

/** The commit with the files on `tip`; undefined where the branch has them already. */
async function commitOn(
  repository: Repository,
  tip: string | undefined,
  objects: ReadonlyMap<string, string>,
  message: string,
): Promise<string | undefined> {
  const { offline } = repository;
  const git = async (...args: string[]) => must(await offline.run(args), repository, 'write').stdout.trim();
  await git('read-tree', ...(tip === undefined ? ['--empty'] : [tip]));
  for (const [path, object] of objects)
    await git('update-index', '--add', '--cacheinfo', `100644,${object},${path}`);
  const tree = await git('write-tree', '--missing-ok');
  if (tip === undefined) return await git('commit-tree', '-m', message, tree);
  if (tree === (await git('rev-parse', `${tip}^{tree}`))) return undefined;
  return await git('commit-tree', '-p', tip, '-m', message, tree);
}

/** False where another run was quicker. */
async function push(repository: Repository, commit: string): Promise<boolean> {
  const pushed = await overNetwork(repository, [
    'push',
    '--porcelain',
    '--quiet',
    '--no-verify',
    '--no-signed',
    '--no-thin',
    '--no-follow-tags',
    '--no-recurse-submodules',
    'origin',
    `${commit}:refs/heads/${repository.branch}`,
  ]);
  if (pushed.code !== 0 && wasOvertaken(pushed)) return false;
  must(pushed, repository, 'write');
  return true;
}

/** What git and GitHub say of a branch that is no longer, or is just now being made, what it was. */
function wasOvertaken({ tail }: CommandResult): boolean {
  const reasons =
    /fetch first|non-fast-forward|stale info|cannot lock ref|failed to (?:lock|update ref)|reference already exists|incorrect old value/i;
  return tail.some((line) => line.startsWith('!') && reasons.test(line));
}

/** The result of a call that has to succeed. */
function must(result: CommandResult, { branch }: BranchOptions, doing: 'read' | 'write'): CommandResult {
  if (result.code === 0) return result;
  const what = doing === 'read' ? 'cannot be read' : 'cannot be written to';
  throw new SnapgateError('base', `branch ${branch} ${what}: ${causeOf(result)}`, remedyOf(result));
}

/** git's own last word, without what an address may hold of a password. */
function causeOf({ timedOut, tail }: CommandResult): string {
  if (timedOut) return 'git took too long';
  const said =
    tail.findLast((line) => /^(?:fatal|error|remote): |^!/.test(line)) ?? tail.at(-1) ?? 'git failed';
  const short = said.replace(/^!\t\S+\t/, '').replaceAll(/\/\/[^/@\s]*@/g, '//');
  return printable(short, 300).replace(/\.$/, '');
}

const permission = '`permissions: contents: write`';

function remedyOf({ tail }: CommandResult): string {
  const said = tail.join('\n');
  if (/protected branch|GH006|GH013|rule violations|hook declined/i.test(said))
    return `A rule protects the branch: let GitHub Actions bypass it, or name another baseline-branch. The job needs ${permission}.`;
  if (/cannot add to the index|cannot add /.test(said))
    return `A file is where a folder should be: remove it from the branch, or name another baseline-branch. The job needs ${permission}.`;
  if (/returned error: 40[13]|could not read Username|Authentication failed|not found|denied/i.test(said))
    return `The token may not do this: the job needs ${permission} to store there, \`contents: read\` to read. In a pull request from a fork it may only read.`;
  return `The server or the network failed, if the job has ${permission} (to read, \`contents: read\`).`;
}

/** Does a thing when it is first asked for; one that failed is tried again the next time. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Jobs one after the other: they share an index, and git's file of where a shallow repository ends. */
function oneAtATime(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(job, job);
    last = next;
    return next;
  };
}
