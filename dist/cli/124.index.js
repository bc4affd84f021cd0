export const id = 124;
export const ids = [124];
export const modules = {

/***/ 4124:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  runVerb: () => (/* binding */ runVerb)
});

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(8522);
// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./lib/host/error.js
var host_error = __webpack_require__(1924);
;// CONCATENATED MODULE: ./lib/baseline/commit.js


const fullSha = /^[0-9a-f]{40}$/;
/**
 * What a person may write for a commit: a branch, a tag, a hash, `origin/main`, `HEAD~2`. First a letter, digit, underscore, dot or slash,
 * so that nothing becomes an option; no colon, blank or glob, so that nothing becomes a refspec, a path or a search.
 */
const refPattern = /^[\p{L}\p{N}_./][\p{L}\p{N}_./@{}~^+=#%,-]{0,254}$/u;
async function readCheckout(git) {
    const commit = await headCommit(git);
    return { commit, parents: commit === undefined ? [] : await parentsOf(git, commit) };
}
/** The commit that the checkout's HEAD is at; undefined where there is none. */
async function headCommit(git) {
    return await git.ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
}
/**
 * Parents of a commit that is present, as the commit itself names them: a shallow clone hides parents from everything but the raw
 * object.
 */
async function parentsOf(git, commit) {
    const raw = (await git.ask(['cat-file', 'commit', commit])) ?? '';
    const header = raw.split('\n\n', 1)[0] ?? '';
    return header.split('\n').flatMap((line) => /^parent ([0-9a-f]{40})$/.exec(line)?.[1] ?? []);
}
/** Best common ancestor of two commits, as far as the clone's history goes. */
async function mergeBase(git, one, other) {
    return await git.ask(['merge-base', one, other]);
}
/**
 * The commit that `ref` names, present in the repository afterwards. Names are looked up here, then at `origin`, then among what was
 * fetched of it, for a checkout may have no credentials to ask a private one; of a commit that a shallow clone lacks, that one commit is
 * fetched.
 * @throws SnapgateError('base') for what is no ref, or is found nowhere.
 */
async function resolveRef(git, side, ref) {
    if (!refPattern.test(ref) || ref.includes('..')) {
        throw new host_error/* SnapgateError */.yA('base', `${side}: ${JSON.stringify(ref.slice(0, 80))} is not the name of a commit`, 'Name a branch, a tag or a commit: ref:main, ref:v1.2.0 or ref:<hash>.');
    }
    if (fullSha.test(ref))
        return await ensureCommit(git, side, ref);
    const here = await git.ask(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    if (here !== undefined)
        return here;
    const there = await askOrigin(git, ref);
    if (there !== undefined)
        return await ensureCommit(git, side, there);
    const fetched = await git.ask(['rev-parse', '--verify', '--quiet', `refs/remotes/origin/${ref}^{commit}`]);
    if (fetched !== undefined)
        return fetched;
    throw new host_error/* SnapgateError */.yA('base', `${side}: there is no commit ${JSON.stringify(ref)} in the checkout, nor a branch or tag of that name at origin`, 'Check the name. A short hash or HEAD~1 needs history: give actions/checkout `fetch-depth: 0`, or write the whole hash.');
}
/**
 * Makes sure that a commit (40 hex digits, or an annotated tag's object) is present, and returns it; a shallow clone is deepened by
 * exactly it.
 */
async function ensureCommit(git, side, sha) {
    const present = await peel(git, sha);
    if (present !== undefined)
        return present;
    const fetched = await fetchCommit(git, sha);
    const arrived = await peel(git, sha);
    if (arrived !== undefined)
        return arrived;
    throw new host_error/* SnapgateError */.yA('base', `${side}: commit ${sha} is not in the checkout and could not be fetched from origin`, 'Check that it still exists there and that the checkout kept its credentials (persist-credentials), or give actions/checkout `fetch-depth: 0`.', { details: { title: 'last lines of git fetch', lines: fetched.tail.slice(-20) } });
}
/** Tries of a fetch that meets another one in the same clone, and the pause after each. */
const fetchTries = 20;
const fetchPauseMs = 250;
/** Fetches one commit, and waits for its turn where another run is deepening the same clone (git's `shallow.lock`). */
async function fetchCommit(git, sha) {
    const depth = (await isShallow(git)) ? ['--depth=1'] : [];
    const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
    const fetch = () => git.run(['fetch', ...quietly, ...depth, 'origin', sha]);
    let result = await fetch();
    for (let tries = 1; tries < fetchTries && meetsAnother(result); tries += 1) {
        await (0,promises_.setTimeout)(fetchPauseMs);
        result = await fetch();
    }
    return result;
}
function meetsAnother({ code, tail }) {
    return code !== 0 && /shallow\.lock|shallow file has changed/.test(tail.join('\n'));
}
/** The commit that an object is, or that an annotated tag's object points to; undefined where it is not present. */
async function peel(git, sha) {
    return await git.ask(['rev-parse', '--verify', '--quiet', `${sha}^{commit}`]);
}
async function isShallow(git) {
    return (await git.ask(['rev-parse', '--is-shallow-repository'])) === 'true';
}
/** Hash of the branch or tag `name` at origin; names are compared whole, since ls-remote matches their ends. */
async function askOrigin(git, name) {
    const short = name.replace(/^(refs\/remotes\/)?origin\//, '');
    const listed = await git.ask(['ls-remote', '--quiet', 'origin', short]);
    const refs = new Map();
    for (const line of (listed ?? '').split('\n')) {
        const [sha, ref] = line.split('\t');
        if (sha !== undefined && ref !== undefined && fullSha.test(sha))
            refs.set(ref, sha);
    }
    const wanted = [short, `refs/${short}`, `refs/tags/${short}`, `refs/heads/${short}`];
    return wanted.map((ref) => refs.get(ref)).find((sha) => sha !== undefined);
}

;// CONCATENATED MODULE: ./lib/host/git-safety.js
/**
 * What every call of git is told. A workspace in a container often belongs to another user, and snapgate only reads it (safe.directory).
 * Nothing that a repository's configuration names is run: no hook, no fsmonitor; and no gc goes on in the background after the run.
 */
const gitSafety = [
    'safe.directory=*',
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'gc.auto=0',
    'maintenance.auto=false',
    'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
;// CONCATENATED MODULE: ./lib/host/process.js




/** How much of a process's output is kept: its end. */
const keptBytes = 64 * 1024;
/** Names of variables that a child never inherits: nothing that snapgate starts needs a token. */
const secretName = [
    /TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|APIKEY/i,
    // Whole words between underscores: PATH, KEYBOARD, AUTHOR and PWD are none of them.
    /(^|_)(KEYS?|PATS?|AUTH|PASS|PASSWD|CREDS?|DSN|COOKIES?)(_|$)|._PWD$/i,
    // An address that as a rule has a password in it.
    /(^|_)(DATABASE|DB|POSTGRES(QL)?|PG|MYSQL|MONGO(DB)?|REDIS|AMQP|RABBITMQ)_(URL|URI)$|CONNECTION_?STRING/i,
    /^(ACTIONS_|INPUT_|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)$)/i,
];
/** The environment of every child: the caller's without its tokens, with the run's id by which clean-up finds it. */
function childEnvironment(run, more = {}) {
    const kept = Object.entries(process.env).filter(([name]) => !secretName.some((pattern) => pattern.test(name)));
    return { ...Object.fromEntries(kept), PATH: searchPath(), ...more, SNAPGATE_RUN_ID: run.id };
}
/** Where commands are looked for: the caller's PATH, then where Debian keeps mke2fs, which an ordinary user's PATH leaves out. */
function searchPath() {
    const dirs = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':');
    const more = ['/usr/sbin', '/sbin'].filter((dir) => !dirs.includes(dir));
    return [...dirs, ...more].join(':');
}
/**
 * Starts a process that dies with this one: the kernel sends it SIGKILL when snapgate ends, however it ends (PR_SET_PDEATHSIG,
 * by util-linux's setpriv, which every Debian has).
 */
function startProcess(run, command, args, options = {}) {
    return (0,external_node_child_process_.spawn)('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
        ...options,
        env: childEnvironment(run, options.env),
    });
}
/** In the environment of commands with `graceMs`, with the run's id: whoever closes the run waits for them a little. */
const graceMark = 'SNAPGATE_GRACE';
/** Runs a command to its end, without a shell. Never throws for its exit status; a command that is not there is a SnapgateError. */
async function runCommand(run, command, args, options = {}) {
    run.signal.throwIfAborted();
    const child = startProcess(run, command, args, {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...options.env, ...(options.graceMs === undefined ? {} : { [graceMark]: run.id }) },
        stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        detached: true,
    });
    const output = collectOutput(child, options.onStdout);
    const ended = waitForExit(child);
    child.stdin?.on('error', () => { });
    child.stdin?.end(options.input);
    let timedOut = false;
    let killTimer;
    const stop = () => {
        if (options.graceMs === undefined)
            return killGroup(child);
        if (killTimer !== undefined)
            return;
        // Once only: a second one is often taken as impatience.
        signalGroup(child, 'SIGINT');
        killTimer = setTimeout(() => killGroup(child), options.graceMs);
    };
    const timer = options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            stop();
        }, options.timeoutMs);
    run.signal.addEventListener('abort', stop, { once: true });
    child.once('exit', () => setTimeout(() => letGo(child), heldOutputMs).unref());
    try {
        const { code, signal } = await ended;
        run.signal.throwIfAborted();
        const result = { code, signal, timedOut, ...output() };
        if (code === 127 && result.tail.some((line) => line.startsWith('setpriv: failed to execute')))
            throw missingCommand(command);
        return result;
    }
    finally {
        clearTimeout(timer);
        clearTimeout(killTimer);
        run.signal.removeEventListener('abort', stop);
    }
}
/** Runs a command that must exit 0; its whole stdout. The error shows its last lines. */
async function mustRun(run, command, args, options = {}) {
    const result = await runCommand(run, command, args, options);
    if (result.code === 0)
        return result.stdout;
    throw new host_error/* SnapgateError */.yA('host', `${command} ${result.timedOut ? 'took too long' : endOf(result)}`, `Its last lines say why. The command was: ${[command, ...args].join(' ')}`, {
        details: { title: `last lines of ${command}`, lines: result.tail.slice(-40) },
    });
}
/** How a process ended, as what follows its name in a sentence. */
function endOf(ended) {
    return ended.signal === null ? `exited ${ended.code}` : `was ended by ${ended.signal}`;
}
/** How long a process that a command left behind may hold the command's output open. */
const heldOutputMs = 2_000;
/** Ends the wait for the output of a command that is over: a daemon of a build's would hold it for good. */
function letGo(child) {
    for (const stream of [child.stdout, child.stderr])
        stream?.destroy();
}
/** Ends a child and all its descendants of the same group. */
function killGroup(child) {
    if (child.pid === undefined)
        return;
    for (const target of [-child.pid, child.pid])
        signalQuietly(target, 'SIGKILL');
}
function signalGroup(child, signal) {
    if (child.pid !== undefined)
        signalQuietly(-child.pid, signal);
}
function signalQuietly(target, signal) {
    try {
        process.kill(target, signal);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) !== 'ESRCH')
            throw error;
    }
}
function waitForExit(child) {
    return new Promise((resolve, reject) => {
        child.once('error', (error) => reject((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT' ? missingCommand('setpriv') : error));
        child.once('close', (code, signal) => resolve({ code, signal }));
    });
}
function missingCommand(command) {
    return new host_error/* SnapgateError */.yA('host', `the command ${command} is not on this machine`, `Install it: ${packageOf(command)}.`);
}
const debianPackages = {
    'qemu-system-x86_64': 'qemu-system-x86',
    'qemu-img': 'qemu-utils',
    mke2fs: 'e2fsprogs',
    debugfs: 'e2fsprogs',
    e2fsck: 'e2fsprogs',
    resize2fs: 'e2fsprogs',
    fakeroot: 'fakeroot',
    cpio: 'cpio',
    busybox: 'busybox-static',
    modprobe: 'kmod',
    depmod: 'kmod',
    zstd: 'zstd',
    xz: 'xz-utils',
    setpriv: 'util-linux',
    perl: 'perl-base',
    buildah: 'buildah',
    newuidmap: 'uidmap',
    git: 'git',
};
/** Whether a command is where `searchPath` looks. */
function hasCommand(name) {
    return findCommand(name) !== undefined;
}
/** The path of a command, where `searchPath` looks; undefined: it is not there. */
function findCommand(name) {
    return searchPath()
        .split(external_node_path_.delimiter)
        .map((dir) => (0,external_node_path_.join)(dir, name))
        .find(isExecutable);
}
/** Whether there is a file at a path that this user may execute. */
function isExecutable(path) {
    try {
        (0,external_node_fs_.accessSync)(path, external_node_fs_.constants.X_OK);
        return (0,external_node_fs_.statSync)(path).isFile();
    }
    catch {
        return false;
    }
}
/** The Debian packages of those commands that are not on this machine. */
function missingPackages(commands) {
    const missing = commands.filter((command) => !hasCommand(command));
    return [...new Set(missing.map((command) => debianPackages[command] ?? command))];
}
/** What to type on Debian and Ubuntu for a missing command. */
function packageOf(command) {
    const name = debianPackages[command];
    return name === undefined
        ? `a package that holds ${command}`
        : `sudo apt-get install -y --no-install-recommends ${name}`;
}
function collectOutput(child, onStdout) {
    const stdout = [];
    let tail = Buffer.alloc(0);
    const keepTail = (chunk) => {
        const joined = Buffer.concat([tail, chunk]);
        tail = joined.subarray(Math.max(0, joined.length - keptBytes));
    };
    child.stdout?.on('data', (chunk) => {
        if (onStdout)
            onStdout(chunk);
        else {
            stdout.push(chunk);
            keepTail(chunk);
        }
    });
    child.stderr?.on('data', keepTail);
    return () => ({
        stdout: Buffer.concat(stdout).toString('utf8'),
        tail: tail
            .toString('utf8')
            .split('\n')
            .filter((line) => line !== ''),
    });
}

;// CONCATENATED MODULE: ./lib/baseline/git.js



/** Longest that one call of git may take: a fetch of a large repository over a slow line. */
const usualTimeoutMs = 600_000;
/** git in `folder`. It never asks a person for anything, and finds refs and options apart only by what callers checked. */
function openGit(run, folder, more = {}) {
    const always = ['-C', folder, ...gitSafety];
    const env = { GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C', ...sshAgent(), ...more.env };
    const { timeoutMs = usualTimeoutMs } = more;
    const call = (args, options) => runCommand(run, 'git', [...always, ...args], { env, timeoutMs, ...options });
    return {
        folder,
        run: call,
        ask: async (args) => {
            const result = await call(args);
            return result.code === 0 ? result.stdout.trim() : undefined;
        },
    };
}
/** git in `folder`, which must be in a work tree; a SnapgateError('base') that says what to do where it is not. */
async function openWorkTree(run, folder, env = {}) {
    const git = openGit(run, folder, { env });
    if ((await git.ask(['rev-parse', '--is-inside-work-tree'])) === 'true')
        return git;
    throw new host_error/* SnapgateError */.yA('base', `${folder} is not a checkout of a git repository, so no base commit can be found from it`, 'Run actions/checkout before snapgate, or name a base that is not in git: base: image:…, rootfs:…, measurement:… or none.');
}
/** A fetch over SSH asks the agent, whom no build may ask. */
function sshAgent() {
    const socket = process.env['SSH_AUTH_SOCK'];
    return socket === undefined ? {} : { SSH_AUTH_SOCK: socket };
}

;// CONCATENATED MODULE: ./lib/baseline/head.js



/** What the head of a run on a terminal is: a commit, or the folder where it is none (changed files, no repository). */
async function describeHead(run, checkout) {
    const git = openGit(run, checkout);
    const commit = await headCommit(git);
    if (commit === undefined)
        return { label: `folder ${(0,external_node_path_.basename)(checkout)}`.slice(0, 500) };
    const short = commit.slice(0, 7);
    const changes = await git.ask(['status', '--porcelain', '--untracked-files=no']);
    return changes === '' ? { label: `commit ${short}`, commit } : { label: `working tree on ${short}` };
}

// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./lib/engine/contract.js
var contract = __webpack_require__(3338);
// EXTERNAL MODULE: ./lib/host/units.js
var units = __webpack_require__(9933);
// EXTERNAL MODULE: ./lib/config/names.js
var config_names = __webpack_require__(9730);
;// CONCATENATED MODULE: ./lib/config/base.js


const kinds = 'ref:REF, image:REFERENCE, rootfs:PATH or measurement:FILE; a branch called main is ref:main.';
/** `ref:main`, `image:NAME`, `rootfs:PATH`, `measurement:FILE`, `auto`, `cache` or `none`; anything else is an error that names `where`. */
function baseOf(text, where) {
    const trimmed = text.trim();
    if (trimmed === 'auto' || trimmed === 'cache' || trimmed === 'none')
        return { kind: trimmed };
    return sideOf(text, where, 'base', `Write auto, cache, none, ${kinds}`);
}
/** Like `baseOf`, with `checkout` for what the workspace holds. */
function headOf(text, where) {
    if (text.trim() === 'checkout')
        return { kind: 'checkout' };
    return sideOf(text, where, 'head', `Write checkout, ${kinds}`);
}
function sideOf(text, where, what, remedy) {
    const unknown = new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is not a ${what}`, remedy);
    const trimmed = text.trim();
    const colon = trimmed.indexOf(':');
    const kind = trimmed.slice(0, Math.max(0, colon));
    const rest = trimmed.slice(colon + 1);
    if (rest === '' || rest.includes('\n') || rest.includes('\0'))
        throw unknown;
    switch (kind) {
        case 'ref':
            return { kind, ref: checkedRef(rest, where) };
        case 'image':
            return { kind, reference: rest };
        case 'rootfs':
        case 'measurement':
            return { kind, path: rest };
        default:
            throw unknown;
    }
}
/** Git would read a leading dash as an option. */
function checkedRef(ref, where) {
    if (!ref.startsWith('-') && !/\s/.test(ref))
        return ref;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(ref)} cannot be a git ref`, 'Name a branch, a tag or a commit.');
}

// EXTERNAL MODULE: ./lib/engine/settings.js
var engine_settings = __webpack_require__(3189);
;// CONCATENATED MODULE: ./lib/config/engine.js




/** What means nothing to e2b's own builder. */
const ofBootedImage = ['initrd', 'boot-timeout'];
/** What not all engines take. */
const ownInputs = {
    qemu: ['accel', ...ofBootedImage],
    firecracker: ['firecracker-binary', 'firecracker-version', 'jailer', ...ofBootedImage],
    e2b: ['e2b-infra', 'e2b-tools', 'e2b-storage', 'firecracker-version', 'command-timeout'],
    command: [
        'prepare-command',
        'resume-command',
        'pause-command',
        'cleanup-command',
        'version-command',
        'memfile',
        'rootfs-file',
        'format',
        'command-timeout',
        ...ofBootedImage,
    ],
};
/**
 * The engine that was asked for, with its settings.
 *
 * @throws SnapgateError `usage` for an input that belongs to another engine, or one that this one needs and lacks
 */
function readEngine(inputs) {
    const kind = inputs.choice('engine', contract/* engineNames */.Ry);
    refuseOthers(kind, inputs);
    const hugePages = readHugePages(kind, inputs);
    switch (kind) {
        case 'qemu':
            return { kind, accel: inputs.choice('accel', ['auto', 'kvm', 'tcg']) };
        case 'firecracker':
            return readFirecracker(inputs);
        case 'e2b':
            return readE2b(inputs, hugePages);
        case 'command':
            return readCommand(inputs);
    }
}
/**
 * An input that the engine would not look at is a mistake that nobody would notice; not so what snapgate.yml has for its own engine where
 * the run names another.
 */
function refuseOthers(kind, inputs) {
    const isOfRun = (name) => inputs.given(name)?.where === name;
    for (const name of new Set(Object.values(ownInputs).flat())) {
        const given = ownInputs[kind].includes(name) ? undefined : inputs.given(name);
        if (given === undefined || (isOfRun('engine') && !isOfRun(name)))
            continue;
        const owners = contract/* engineNames */.Ry.filter((engine) => ownInputs[engine].includes(name));
        throw new host_error/* SnapgateError */.yA('usage', `${given.where} is given, which engine ${kind} does not have`, `Remove it, or set engine to ${owners.join(' or ')}.`);
    }
}
function readHugePages(kind, inputs) {
    const given = inputs.given('huge-pages');
    if (given === undefined)
        return kind === 'e2b';
    const wanted = inputs.choice('huge-pages', ['none', '2M']) === '2M';
    if (!wanted || kind === 'e2b')
        return wanted;
    throw new host_error/* SnapgateError */.yA('usage', `${given.where}: ${whyNoHugePages[kind]}`, hugePagesRemedy);
}
const hugePagesRemedy = 'Leave huge-pages out: memfile.hugeBytes says what 2 MiB pages would store of the same cycle.';
const whyNoHugePages = {
    qemu: 'engine qemu counts written pages of 4 KiB, and cannot on 2 MiB pages',
    firecracker: 'Firecracker restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
    command: 'what backs the memory of a guest of engine command is up to its commands',
};
function readFirecracker(inputs) {
    const version = readVersion(inputs);
    const binary = inputs.given('firecracker-binary');
    if (binary !== undefined && version !== undefined)
        throw new host_error/* SnapgateError */.yA('usage', `${binary.where} and firecracker-version are both given`, 'Give the binary that is on the machine, or the release to fetch.');
    return {
        kind: 'firecracker',
        binary: binary?.text ?? 'firecracker',
        version,
        jailer: inputs.flag('jailer'),
    };
}
function readVersion(inputs) {
    const given = inputs.given('firecracker-version');
    if (given === undefined)
        return undefined;
    const version = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})$/.exec(given.text)?.[1];
    if (version !== undefined)
        return version;
    throw new host_error/* SnapgateError */.yA('usage', `${given.where}: ${(0,config_names/* quoteText */.ol)(given.text)} is not a release of Firecracker`, 'Write all three numbers, such as 1.12.1.');
}
function readE2b(inputs, hugePages) {
    const [infra, tools] = [inputs.given('e2b-infra'), inputs.given('e2b-tools')];
    if (infra !== undefined && tools !== undefined)
        throw new host_error/* SnapgateError */.yA('usage', `${infra.where} and ${tools.where} are both given`, 'Give the checkout whose tools are to be built, or the folder of tools that are built.');
    const kernel = inputs.given('kernel')?.text;
    return {
        kind: 'e2b',
        infra: infra?.text,
        tools: tools?.text,
        storage: readStorage(inputs),
        hugePages,
        kernel: kernel === 'auto' ? undefined : kernel,
        firecrackerVersion: inputs.given('firecracker-version')?.text,
        diskBytes: inputs.diskBytes(),
        timeoutMs: inputs.timeMs('command-timeout'),
    };
}
/** `gs://` is the only remote storage that the tools take. */
function readStorage(inputs) {
    const given = inputs.given('e2b-storage');
    if (given === undefined)
        return undefined;
    const isRemote = /^[a-z0-9+.-]+:\/\//i.test(given.text);
    if (!isRemote || /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}$/.test(given.text))
        return given.text;
    throw new host_error/* SnapgateError */.yA('usage', `${given.where}: ${(0,config_names/* quoteText */.ol)(given.text)} is no storage that e2b's tools take`, 'Give a folder, or gs:// and the name of a bucket.');
}
function readCommand(inputs) {
    refuseOtherLayers(inputs);
    return {
        kind: 'command',
        prepare: needCommand(inputs, 'prepare-command'),
        resume: needCommand(inputs, 'resume-command'),
        pause: needCommand(inputs, 'pause-command'),
        cleanup: inputs.given('cleanup-command')?.text,
        version: inputs.given('version-command')?.text,
        memfile: fileName(inputs, 'memfile') ?? 'memfile',
        rootfsFile: fileName(inputs, 'rootfs-file'),
        format: inputs.choice('format', engine_settings/* snapshotFormats */.T),
        timeoutMs: inputs.timeMs('command-timeout'),
    };
}
/** Layers are called what e2b calls them. */
function refuseOtherLayers(inputs) {
    if (inputs.choice('format', engine_settings/* snapshotFormats */.T) !== 'e2b')
        return;
    for (const [name, only] of [
        ['memfile', 'memfile'],
        ['rootfs-file', 'rootfs.ext4'],
    ]) {
        const given = inputs.given(name);
        if (given === undefined || given.text === only)
            continue;
        throw new host_error/* SnapgateError */.yA('usage', `${given.where}: ${(0,config_names/* quoteText */.ol)(given.text)} is no layer of format e2b`, `It is ${only} there, with ${only}.header beside it.`);
    }
}
function needCommand(inputs, name) {
    const text = inputs.given(name)?.text;
    if (text !== undefined)
        return text;
    throw new host_error/* SnapgateError */.yA('usage', `engine command is asked for, but ${name} is not given`, 'Give prepare-command, resume-command and pause-command; docs/engine-command.md has two whole examples.');
}
/** A file of a snapshot's folder: what leads out of it would outlive the snapshot. */
function fileName(inputs, name) {
    const given = inputs.given(name);
    if (given === undefined)
        return undefined;
    if (/^[^/\0]{1,255}(?:\/[^/\0]{1,255}){0,7}$/.test(given.text) && !/(^|\/)\.\.?(\/|$)/.test(given.text))
        return given.text;
    throw new host_error/* SnapgateError */.yA('usage', `${given.where}: ${(0,config_names/* quoteText */.ol)(given.text)} is not a file in a snapshot's folder`, 'Name it as it is called below SNAPGATE_OUT, without .. and without a / at its start.');
}

;// CONCATENATED MODULE: ./lib/config/exact.js
/** Exact, in the largest unit that the parser reads and that divides it. */
function exactBytes(bytes) {
    const units = [
        ['GiB', 1024 ** 3],
        ['MiB', 1024 ** 2],
        ['KiB', 1024],
    ];
    const [name, size] = units.find(([, factor]) => bytes > 0 && bytes % factor === 0) ?? ['B', 1];
    return `${bytes / size}${name}`;
}
function exactTime(ms) {
    if (ms > 0 && ms % 3600e3 === 0)
        return `${ms / 3600e3}h`;
    return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
/** @param ratio 0.05 for 5%. */
function exactPercent(ratio) {
    return `${Number((ratio * 100).toPrecision(12))}%`;
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 9 modules
var classic_schemas = __webpack_require__(7597);
// EXTERNAL MODULE: ./lib/config/inputs.js
var inputs = __webpack_require__(6097);
;// CONCATENATED MODULE: ./lib/config/metrics.js

/** What a metric is called in a sentence. */
const metricLabels = {
    'memfile.writtenBytes': 'memfile diff',
    'memfile.changedBytes': 'changed memory',
    'memfile.zeroedBytes': 'zeroed memory',
    'memfile.compressedBytes': 'compressed memfile diff',
    'memfile.hugeBytes': 'memfile diff in huge pages',
    'memfile.storedBytes': 'stored memfile diff',
    'rootfs.writtenBytes': 'rootfs diff',
    'rootfs.storedBytes': 'stored rootfs diff',
    stateBytes: 'device state',
    resumeMs: 'resume time',
    pauseMs: 'pause time',
};
/** Counted in milliseconds; every other metric is in bytes. */
function isTimeMetric(metric) {
    return metric.endsWith('Ms');
}
/** A value of a metric for people: `2.46 MiB`, `85.2 ms`. */
function formatAmount(metric, value) {
    if (!isTimeMetric(metric))
        return (0,units/* formatBytes */.z3)(value);
    return `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)} ms`;
}
/** A change of a metric for people: `+0.94 MiB`, `−3.0 ms`. */
function formatChange(metric, value) {
    if (!isTimeMetric(metric))
        return (0,units/* formatByteChange */.Ul)(value);
    return value > 0 ? `+${formatAmount(metric, value)}` : formatAmount(metric, value);
}
/** A threshold as a person wrote it: `5 %`, `12.5 %`. */
function formatThreshold(ratio) {
    return `${Number((ratio * 100).toPrecision(6))} %`;
}

// EXTERNAL MODULE: ./lib/config/scenarios.js
var scenarios = __webpack_require__(5601);
;// CONCATENATED MODULE: ./lib/config/shape-error.js




/** The first of zod's issues in words: where, what is wrong, what may stand there. */
function shapeError(issues, shape) {
    const issue = issues[0];
    if (!issue)
        return new host_error/* SnapgateError */.yA('usage', 'snapgate.yml is not valid', shapeRemedy);
    const { path } = issue;
    const { placeOf } = shape;
    const found = valueAt(shape.value, path);
    switch (issue.code) {
        case 'unrecognized_keys':
            return unknownKey(path, issue.keys[0] ?? '', shape);
        case 'invalid_key':
            return wrongName(path.slice(0, -1), String(path.at(-1)), placeOf);
        case 'invalid_value':
            return (0,config_names/* unknownName */.U0)(`${placeOf(path)}: ${nameOf(path)}`, 'choice', String(found), issue.values.map(String));
        default:
            return new host_error/* SnapgateError */.yA('usage', `${placeOf(path)}: ${nameOf(path)} ${complaint(issue, found)}`, remedyFor(issue, found, shape));
    }
}
const shapeRemedy = 'schema/snapgate.yml.schema.json of snapgate describes the whole file.';
function unknownKey(path, key, { placeOf, keysAt }) {
    return (0,config_names/* unknownName */.U0)(placeOf(path, key), kindOfKey(path), key, keysAt(path));
}
function wrongName(parent, key, placeOf) {
    if (parent[0] === 'gate')
        return (0,config_names/* unknownName */.U0)(placeOf(parent, key), 'metric', key, contract/* metricNames */.Zv);
    return new host_error/* SnapgateError */.yA('usage', `${placeOf(parent, key)}: ${(0,config_names/* quoteText */.ol)(key)} cannot name a scenario`, 'Use a–z, 0–9 and -, at most 40 characters.');
}
function kindOfKey(path) {
    if (path[0] === 'defaults')
        return 'input that may stand here';
    return path[0] === 'gate' && path.length === 2 ? 'metric' : 'key';
}
/** `settle of scenarios → my-scenario`. */
function nameOf(path) {
    const parents = path.slice(0, -1).map(String).join(' → ');
    return path.length === 0
        ? 'the file'
        : parents === ''
            ? String(path[0])
            : `${String(path.at(-1))} of ${parents}`;
}
function complaint(issue, found) {
    const butIs = `, but is ${kindOf(found)}`;
    switch (issue.code) {
        case 'invalid_type':
            return `must be ${typeWords[issue.expected] ?? issue.expected}${butIs}`;
        case 'invalid_union':
            return `must be text or a list of texts${butIs}`;
        case 'too_small':
            return issue.origin === 'string' ? 'is empty' : `must be at least ${issue.minimum}${butIs}`;
        case 'too_big':
            return issue.origin === 'string'
                ? `is longer than ${issue.maximum} characters`
                : `must be at most ${issue.maximum}${butIs}`;
        default:
            return `is not valid (${issue.message})`;
    }
}
const typeWords = {
    object: 'a mapping',
    record: 'a mapping',
    string: 'text',
    number: 'a whole number',
    int: 'a whole number',
    boolean: 'true or false',
};
function remedyFor(issue, found, { keysAt }) {
    if (issue.code !== 'invalid_type')
        return shapeRemedy;
    if (issue.path.length === 0)
        return `It holds ${keysAt([]).join(', ')}, each a mapping.`;
    if (issue.expected === 'object' || issue.expected === 'record')
        return found === null ? 'Write {} for an empty mapping.' : shapeRemedy;
    if (issue.expected === 'boolean')
        return 'Write true or false, without quotes.';
    if (issue.expected !== 'string')
        return 'Write digits, without quotes.';
    return commandKeys.includes(String(issue.path.at(-1)))
        ? 'Put it in quotes.'
        : 'Write it as text with its unit, such as 256KiB, 2s or 5%.';
}
/** Texts without a unit. */
const commandKeys = [
    'run',
    'check',
    ...inputs/* inputs */.QL.filter((input) => input.type === 'text').map(({ name }) => name),
];
function valueAt(value, path) {
    return path.reduce((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value);
}
function kindOf(value) {
    if (value === null || value === undefined || value === '')
        return 'empty';
    if (Array.isArray(value))
        return 'a list';
    if (typeof value === 'object')
        return 'a mapping';
    return typeof value === 'string' ? (0,config_names/* quoteText */.ol)(value) : String(value);
}

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
;// CONCATENATED MODULE: ./lib/config/yaml.js


/** Bytes of a snapgate.yml that are read at all; real ones are a few KiB. */
const maxConfigBytes = 64 * 1024;
/** Anchors may be used, but not to grow a small file into a large one. */
const maxAliasCount = 50;
/** Reads YAML that may be hostile. Whatever cannot be read is a SnapgateError('usage') with the line. `path` is for people. */
function parseYaml(text, path) {
    if (Buffer.byteLength(text) > maxConfigBytes) {
        throw new host_error/* SnapgateError */.yA('usage', `${path} is larger than ${maxConfigBytes / 1024} KiB`, 'Is it the right file? Real ones are a few KiB.');
    }
    try {
        return readDocument(text, path);
    }
    catch (error) {
        if (error instanceof host_error/* SnapgateError */.yA)
            throw error;
        // Aliases that multiply or lead nowhere (a ReferenceError of the parser) and nesting so deep that the stack ends (a RangeError).
        const why = error instanceof Error ? firstLine(error.message) : 'unreadable';
        throw new host_error/* SnapgateError */.yA('usage', `${path} cannot be read: ${why}`, 'Write it without aliases (*name) and without deep nesting.');
    }
}
function readDocument(text, path) {
    const lines = new dist/* LineCounter */.HN();
    // Not `silent`: the parser would then pass over a second document without a word.
    const document = (0,dist/* parseDocument */.Tp)(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const error = document.errors[0];
    if (error) {
        const why = error.code === 'MULTIPLE_DOCS' ? 'a second document starts here' : firstLine(error.message);
        throw new host_error/* SnapgateError */.yA('usage', `${placeAt(path, lines, error.pos[0])}: not valid YAML: ${why}`, 'Correct that line.');
    }
    refuseTraps(document, (offset) => placeAt(path, lines, offset));
    const value = document.toJS({ maxAliasCount });
    return {
        value: value ?? {},
        placeOf: (keys, key) => placeAt(path, lines, offsetOf(document, keys, key)),
    };
}
/** What no honest file has: a key that zod would pass over in silence, and a character that no path and no command can hold. */
function refuseTraps(document, placeOfOffset) {
    const refuse = (node, what) => {
        const offset = isNodeWithRange(node) ? node.range[0] : 0;
        throw new host_error/* SnapgateError */.yA('usage', `${placeOfOffset(offset)}: ${what}`, 'Write something else there.');
    };
    (0,dist/* visit */.YR)(document, {
        Pair: (_, { key }) => {
            const meant = (0,dist/* isAlias */.Vj)(key) ? key.resolve(document) : key;
            if ((0,dist/* isScalar */.jn)(meant) && meant.value === '__proto__')
                refuse(key, '__proto__ cannot be a key');
        },
        Scalar: (_, scalar) => {
            if (typeof scalar.value === 'string' && scalar.value.includes('\0'))
                refuse(scalar, 'a NUL character');
        },
    });
}
function placeAt(path, lines, offset) {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
}
/** Offset of the node at a path, or of the deepest one on the way to it that is there. */
function offsetOf(document, path, key) {
    for (let length = path.length; length >= 0; length -= 1) {
        const found = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (!isNodeWithRange(found))
            continue;
        const keyNode = key !== undefined && length === path.length ? keyNodeOf(found, key) : undefined;
        return (keyNode ?? found).range[0];
    }
    return 0;
}
function keyNodeOf(map, key) {
    if (!(0,dist/* isMap */.jh)(map))
        return undefined;
    const found = map.items
        .map((pair) => pair.key)
        .find((node) => (0,dist/* isScalar */.jn)(node) && String(node.value) === key);
    return isNodeWithRange(found) ? found : undefined;
}
function isNodeWithRange(value) {
    return typeof value === 'object' && value !== null && 'range' in value && Array.isArray(value.range);
}
function firstLine(text) {
    return text.split('\n')[0] ?? '';
}

;// CONCATENATED MODULE: ./lib/config/file.js










/** Limit of what a user's scenario runs and checks, unless it says otherwise. */
const scenarioTimeoutMs = 60_000;
const maxSettleMs = 3_600_000;
const scenarioName = classic_schemas/* string */.YjP()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a scenario is named by a–z, 0–9 and -, at most 40 characters');
const quantity = classic_schemas/* string */.YjP().max(100);
const command = classic_schemas/* string */.YjP().min(1).max(10_000).describe('Command line for the guest’s shell, run as root.');
const scenarioSchema = classic_schemas/* strictObject */.rej({
    run: command.optional().describe('What runs in the guest after the resume; nothing if not given.'),
    settle: quantity
        .optional()
        .describe('Time that the guest is left alone after `run`, e.g. `2s`. Default: none.'),
    check: command.optional().describe('Must exit 0 in the guest after the settle.'),
    from: classic_schemas/* enum */.k5n(['previous', 'base'])
        .optional()
        .describe('Which snapshot is resumed: the one before it in the chain (default), or the base snapshot.'),
    repeat: classic_schemas/* int */.Whr()
        .min(1)
        .max(100)
        .optional()
        .describe('Number of resume-pause repetitions that make one sample. Default: 1.'),
    timeout: quantity.optional().describe('Limit of `run` and of `check`, e.g. `60s`, the default.'),
});
const thresholdsSchema = classic_schemas/* strictObject */.rej({
    'fail-above': quantity.optional().describe('Growth that fails, e.g. `5%`.'),
    'warn-above': quantity.optional().describe('Growth that warns, e.g. `2%`.'),
    'min-growth': quantity
        .optional()
        .describe('Absolute growth that must be exceeded too, e.g. `256KiB`, or `50ms` for a metric of time.'),
    max: quantity.optional().describe('Absolute cap, e.g. `8MiB`, or `500ms` for a metric of time.'),
});
/** The shape of snapgate.yml. Quantities are parsed after it, by their units. */
const configFileSchema = classic_schemas/* strictObject */.rej({
    defaults: classic_schemas/* strictObject */.rej(Object.fromEntries(inputs/* inputs */.QL.filter((input) => input.inFile).map(settingEntry)))
        .nullish()
        .describe('Inputs that hold where the action or the command line does not give them.'),
    scenarios: classic_schemas/* record */.g1P(scenarioName, scenarioSchema)
        .nullish()
        .describe('Scenarios of your own, run after the built-in ones.'),
    gate: classic_schemas/* record */.g1P(classic_schemas/* string */.YjP(), classic_schemas/* partialRecord */.jgl(classic_schemas/* enum */.k5n(contract/* metricNames */.Zv), thresholdsSchema))
        .nullish()
        .describe('Scenario → metric → thresholds of their own. A metric that is named here gates.'),
});
/**
 * Reads the text of a snapgate.yml. Everything wrong with it is a SnapgateError('usage') with the file, the line and the
 * column. `path` is for people.
 */
function readConfigFile(text, path) {
    const { value, placeOf } = parseYaml(text, path);
    const parsed = configFileSchema.safeParse(value);
    if (!parsed.success)
        throw shapeError(parsed.error.issues, { value, placeOf, keysAt });
    const file = parsed.data;
    const scenarios = Object.entries(file.scenarios ?? {}).map(([name, written]) => readScenario(name, written, placeOf));
    return {
        settings: readSettings(file.defaults ?? {}, placeOf),
        scenarios,
        overrides: readOverrides(file.gate ?? {}, scenarios, placeOf),
        placeOfOverride: (scenario, metric) => `${placeOf(['gate', scenario, metric])}: ${metric} of ${scenario}`,
    };
}
function settingEntry(input) {
    return [input.name, settingSchema(input).optional().describe(input.description)];
}
function settingSchema(input) {
    const schemas = {
        count: classic_schemas/* int */.Whr(),
        flag: classic_schemas/* boolean */.zMY(),
        names: classic_schemas/* union */.KCZ([classic_schemas/* string */.YjP().max(2000), classic_schemas/* array */.YOg(classic_schemas/* string */.YjP().max(100)).max(200)]),
        lines: classic_schemas/* union */.KCZ([classic_schemas/* string */.YjP().max(10_000), classic_schemas/* array */.YOg(classic_schemas/* string */.YjP().max(10_000)).max(200)]),
    };
    return input.choices ? classic_schemas/* enum */.k5n(input.choices) : (schemas[input.type] ?? classic_schemas/* string */.YjP().max(10_000));
}
function readSettings(written, placeOf) {
    const settings = new Map();
    for (const [name, value] of Object.entries(written)) {
        // An empty text is not given, as with an input; an empty list is a list of none.
        if (value === undefined || (typeof value === 'string' && value.trim() === ''))
            continue;
        const text = Array.isArray(value) ? value.join('\n') : String(value).trim();
        settings.set(name, { text, where: `${placeOf(['defaults', name])}: ${name}` });
    }
    return settings;
}
function readScenario(name, written, placeOf) {
    const whereOf = (key) => `${placeOf(['scenarios', name, key])}: ${key} of scenario ${name}`;
    if (name === 'all' || scenarios/* builtInScenarios */.$.some((scenario) => scenario.name === name)) {
        throw new host_error/* SnapgateError */.yA('usage', `${placeOf(['scenarios'], name)}: the name ${name} is taken by snapgate itself`, 'Give the scenario another name.');
    }
    return {
        name,
        run: written.run,
        settleMs: written.settle === undefined ? 0 : boundedTime(written.settle, whereOf('settle'), 0),
        check: written.check,
        from: written.from ?? 'previous',
        repeat: written.repeat ?? 1,
        timeoutMs: written.timeout === undefined ? scenarioTimeoutMs : boundedTime(written.timeout, whereOf('timeout'), 1),
    };
}
function boundedTime(text, where, minimumMs) {
    const ms = (0,units/* parseDuration */.E9)(text, where);
    if (ms >= minimumMs && ms <= maxSettleMs)
        return ms;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is out of bounds`, `From ${minimumMs}ms to 1h.`);
}
function readOverrides(gate, own, placeOf) {
    const known = [...scenarios/* builtInScenarios */.$, ...own].map((scenario) => scenario.name);
    const overrides = {};
    for (const [scenario, metrics] of Object.entries(gate)) {
        if (!known.includes(scenario))
            throw (0,config_names/* unknownName */.U0)(placeOf(['gate'], scenario), 'scenario', scenario, known);
        const ofScenario = {};
        for (const metric of contract/* metricNames */.Zv) {
            const written = metrics[metric];
            if (written === undefined)
                continue;
            const whereOf = (key) => `${placeOf(['gate', scenario, metric, key])}: ${key} of ${scenario}, ${metric}`;
            ofScenario[metric] = readThresholds(written, metric, whereOf);
        }
        overrides[scenario] = ofScenario;
    }
    return overrides;
}
function readThresholds(written, metric, whereOf) {
    const parseAmount = isTimeMetric(metric) ? units/* parseDuration */.E9 : units/* parseBytes */.z_;
    const read = (key, parse) => {
        const text = written[key];
        return text === undefined ? undefined : parse(text, whereOf(key));
    };
    const failAbove = read('fail-above', units/* parsePercent */.lo);
    const warnAbove = read('warn-above', units/* parsePercent */.lo);
    const minGrowth = read('min-growth', parseAmount);
    const max = read('max', parseAmount);
    return {
        ...(failAbove === undefined ? {} : { failAbove }),
        ...(warnAbove === undefined ? {} : { warnAbove }),
        ...(minGrowth === undefined ? {} : { minGrowth }),
        ...(max === undefined ? {} : { max }),
    };
}
/** The parts of the file whose keys are fixed, by where they stand. */
function keysAt(path) {
    if (path.length === 0)
        return Object.keys(configFileSchema.shape);
    if (path[0] === 'defaults')
        return inputs/* inputs */.QL.filter((input) => input.inFile).map((input) => input.name);
    if (path[0] === 'scenarios')
        return Object.keys(scenarioSchema.shape);
    return path.length === 2 ? contract/* metricNames */.Zv : Object.keys(thresholdsSchema.shape);
}

;// CONCATENATED MODULE: ./lib/config/foreign-paths.js




/**
 * On a runner the head's snapgate.yml is the pull request's: what it names outside the checkout would put any file of the runner into a
 * guest, whose contents the pull request chooses too.
 *
 * @param written what the file says.
 * @param find what holds: an input of the step, which is stronger, may lie anywhere.
 * @throws SnapgateError `usage` that names the place in the file
 */
function refusePathsOut(written, find) {
    for (const { name } of inputs/* inputs */.QL.filter(({ namesFile }) => namesFile)) {
        const setting = written.get(name);
        if (setting === undefined || find(name) !== setting || !leavesCheckout(setting.text))
            continue;
        throw new host_error/* SnapgateError */.yA('usage', `${setting.where}: ${(0,config_names/* quoteText */.ol)(setting.text)} leads out of the checkout, and a pull request could put any file of the runner into a guest`, `Name something within the repository, or give ${name} as an input of the step, which is the workflow's to write.`);
    }
}
function leavesCheckout(path) {
    return (0,external_node_path_.isAbsolute)(path) || /^\.\.(\/|$)/.test((0,external_node_path_.normalize)(path));
}

;// CONCATENATED MODULE: ./lib/config/config.js











/**
 * Everything a run was asked for. An input given to the run is stronger than `defaults:` of snapgate.yml, which is stronger
 * than the default; `gate:` of snapgate.yml is about one scenario and metric and is stronger than the general thresholds.
 * Anything unknown, contradictory or out of bounds is a SnapgateError('usage') that says where it stands.
 *
 * @param options `fileIsForeign`: whoever opens a pull request writes the file, which then names nothing outside the checkout.
 */
function readConfig(raw, file, options = {}) {
    const given = givenInputs(raw);
    const written = file === undefined ? undefined : readConfigFile(file.text, file.path);
    const settings = mergeSettings(given, written);
    if (written !== undefined && options.fileIsForeign)
        refusePathsOut(written.settings, settings.find);
    const engine = readEngine(engineInputs(settings));
    return {
        image: readImage(settings, engine),
        base: settings.read('base', sideFor(engine, baseOf)),
        head: settings.read('head', sideFor(engine, headOf)),
        measure: readMeasure(settings, engine, written?.scenarios ?? []),
        gate: readGate(settings, written),
        github: readGitHub(settings),
        outputDir: settings.read('output-dir', plain),
        workDir: settings.find('work-dir')?.text,
        cacheDir: settings.find('cache-dir')?.text,
        cacheLimitBytes: settings.read('cache-limit', bounded(units/* parseBytes */.z_, 0, 16 * tebi)),
    };
}
/** What the run on a runner is to do. */
function readMode(raw) {
    const text = givenInputs(raw).get('mode')?.text ?? 'gate';
    const mode = modes.find((known) => known === text);
    if (mode === undefined)
        throw unknownName('mode', 'mode', text, modes);
    return mode;
}
/** Whether the run may install what its runner lacks. */
function readInstall(raw) {
    const given = givenInputs(raw).get('install');
    return given !== undefined && parseFlag(given.text, given.where);
}
/** The image that a run must have been given, unless its engine makes its guests itself. */
function requireImage({ image, measure }) {
    if (image !== undefined || buildsItself(measure.engine))
        return image;
    throw noImageSource();
}
function noImageSource() {
    return new host_error/* SnapgateError */.yA('usage', 'no image source is given', 'Give one of dockerfile, image, rootfs, or build-command with rootfs, as an input or under defaults: in snapgate.yml.');
}
/** Whether the engine does without an image source. */
function buildsItself({ kind }) {
    return kind === 'e2b' || kind === 'command';
}
const mebi = 1024 ** 2;
const gibi = 1024 ** 3;
const tebi = 1024 ** 4;
function givenInputs(raw) {
    const entries = isMap(raw) ? [...raw] : Object.entries(raw);
    const names = inputs/* inputs */.QL.map((input) => input.name);
    const given = new Map();
    for (const [name, text] of entries) {
        if (!names.includes(name))
            throw (0,config_names/* unknownName */.U0)('inputs', 'input', name, names);
        if (text !== undefined && text.trim() !== '')
            given.set(name, { text: text.trim(), where: name });
    }
    return given;
}
function isMap(raw) {
    return raw instanceof Map;
}
const sourceInputs = ['dockerfile', 'context', 'build-args', 'target', 'image', 'rootfs', 'build-command'];
/** An image source given to the run takes the place of the file's as a whole: half of each would be neither. */
function mergeSettings(given, written) {
    const givesSource = ['dockerfile', 'image', 'rootfs', 'build-command'].some((name) => given.has(name));
    const find = (name) => {
        const own = given.get(name);
        if (own !== undefined || (givesSource && sourceInputs.includes(name)))
            return own;
        return written?.settings.get(name);
    };
    return {
        find,
        read: (name, parse) => {
            const { text, where } = find(name) ?? { text: defaultOf(name), where: name };
            return parse(text, where);
        },
        readOptional: (name, parse) => {
            const setting = find(name);
            return setting === undefined ? undefined : parse(setting.text, setting.where);
        },
    };
}
function defaultOf(name) {
    return inputs/* inputs */.QL.find((input) => input.name === name)?.default ?? '';
}
function engineInputs(settings) {
    return {
        given: settings.find,
        choice: (name, choices) => settings.read(name, choice(choices)),
        flag: (name) => settings.read(name, parseFlag),
        timeMs: (name) => settings.read(name, bounded(units/* parseDuration */.E9, 1000, 24 * 3600e3)),
        diskBytes: () => readDiskSize(settings),
    };
}
function readImage(settings, engine) {
    const rootfs = readSource(settings);
    if (rootfs === undefined)
        return undefined;
    if (engine.kind === 'e2b')
        throw ownBuilder(settings);
    return {
        rootfs,
        kernel: settings.read('kernel', plain),
        initrd: settings.read('initrd', plain),
        diskSizeBytes: readDiskSize(settings),
        devices: devicesOf(engine),
    };
}
function readDiskSize(settings) {
    return settings.read('disk-size', bounded(units/* parseBytes */.z_, 16 * mebi, tebi, 4096));
}
function devicesOf({ kind }) {
    if (kind === 'command')
        return 'any';
    return kind === 'firecracker' ? 'mmio' : 'pci';
}
/** A side is what the engine can boot. */
function sideFor({ kind }, parse) {
    return (text, where) => {
        const side = parse(text, where);
        if (kind !== 'e2b' || (side.kind !== 'image' && side.kind !== 'rootfs'))
            return side;
        throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is not a commit, and engine e2b builds its guests of commits itself`, 'Name a commit by ref:REF, or a stored measurement by measurement:FILE.');
    };
}
function ownBuilder(settings) {
    const source = sourceInputs.map((name) => settings.find(name)?.where).find((where) => where !== undefined);
    return new host_error/* SnapgateError */.yA('usage', `${source} is given, but engine e2b builds its guests itself`, "Remove it: what is compared is the checkout's own template, built by create-build.");
}
function readSource(settings) {
    const [dockerfile, image, rootfs, command] = ['dockerfile', 'image', 'rootfs', 'build-command'].map((name) => settings.find(name));
    checkOneSource(settings);
    if (dockerfile)
        return dockerfileSource(settings, dockerfile.text);
    if (image)
        return { kind: 'image', reference: image.text };
    if (command && rootfs)
        return { kind: 'build-command', command: command.text, path: rootfs.text };
    return rootfs ? { kind: 'rootfs', path: rootfs.text } : undefined;
}
function checkOneSource(settings) {
    const has = (name) => settings.find(name) !== undefined;
    const sources = ['dockerfile', 'image', has('build-command') ? 'build-command' : 'rootfs'].filter(has);
    if (sources.length > 1) {
        throw new host_error/* SnapgateError */.yA('usage', `more than one image source is given: ${sources.join(', ')}`, 'Give exactly one of dockerfile, image, rootfs, or build-command with rootfs.');
    }
    if (has('build-command') && !has('rootfs')) {
        throw new host_error/* SnapgateError */.yA('usage', 'build-command is given without rootfs', 'Give rootfs too: the path, in the checkout, of the ext4, tar or folder that the command leaves.');
    }
    const orphan = ['context', 'build-args', 'target'].find(has);
    if (orphan !== undefined && !has('dockerfile')) {
        throw new host_error/* SnapgateError */.yA('usage', `${orphan} is given without dockerfile`, `Remove ${orphan}, or name the dockerfile it belongs to.`);
    }
}
function dockerfileSource(settings, dockerfile) {
    return {
        kind: 'dockerfile',
        dockerfile,
        context: settings.read('context', plain),
        buildArgs: settings.readOptional('build-args', parseBuildArgs) ?? {},
        target: settings.find('target')?.text,
    };
}
function readMeasure(settings, engine, own) {
    const dayMs = 24 * 3600e3;
    return {
        memoryBytes: settings.read('memory-size', bounded(units/* parseBytes */.z_, 64 * mebi, 64 * gibi, mebi)),
        vcpus: settings.read('vcpus', bounded(parseCount, 1, 64)),
        engine,
        boots: settings.read('boots', bounded(parseCount, 1, 100)),
        cycles: settings.read('cycles', bounded(parseCount, 1, 1000)),
        warmup: settings.read('warmup', bounded(parseCount, 0, 100)),
        timeBudgetMs: settings.read('time-budget', bounded(units/* parseDuration */.E9, 1000, 5 * dayMs)),
        bootTimeoutMs: settings.read('boot-timeout', bounded(units/* parseDuration */.E9, 1000, 3600e3)),
        readyCommand: settings.find('ready-command')?.text,
        scenarios: settings.read('scenarios', (text, where) => selectScenarios(text, where, [...scenarios/* builtInScenarios */.$, ...own])),
    };
}
/** In the order they are defined, whatever the order they are named in: the order is part of the protocol. */
function selectScenarios(text, where, known) {
    const names = splitNames(text, where);
    const existing = [...known.map((scenario) => scenario.name), 'all'];
    for (const name of names) {
        if (!existing.includes(name))
            throw (0,config_names/* unknownName */.U0)(where, 'scenario', name, existing);
    }
    return names.includes('all') ? known : known.filter((scenario) => names.includes(scenario.name));
}
function readGate(settings, written) {
    const defaults = {
        failAbove: settings.read('fail-above', units/* parsePercent */.lo),
        warnAbove: settings.readOptional('warn-above', units/* parsePercent */.lo),
        minGrowth: settings.read('min-growth', units/* parseBytes */.z_),
        max: undefined,
    };
    checkThresholds(defaults, settings.find('warn-above')?.where ?? 'warn-above');
    if (written)
        checkOverrides(defaults, written);
    return {
        defaults,
        gatedMetrics: settings.read('metrics', parseMetrics),
        caps: readCaps(settings),
        overrides: written?.overrides ?? {},
        inconclusive: settings.read('inconclusive', choice(['pass', 'fail'])),
    };
}
function readGitHub(settings) {
    const entries = settings.readOptional('entries', parseEntries);
    return {
        comment: {
            policy: settings.read('comment', choice(inputs/* commentPolicies */.YN)),
            key: settings.read('comment-key', parseKey),
        },
        check: settings.read('check', parseFlag),
        accept: {
            label: settings.read('accept-label', parseLabel),
            scope: settings.read('accept-scope', choice(inputs/* acceptScopes */.W2)),
        },
        onPush: settings.read('on-push', choice(['warn', 'fail'])),
        artifact: settings.read('artifact', choice(inputs/* artifactPolicies */.dS)),
        baselineBranch: settings.readOptional('baseline-branch', parseBranch),
        allowForks: settings.read('allow-forks', parseFlag),
        fail: settings.read('fail', parseFlag),
        dryRun: settings.read('dry-run', parseFlag),
        matrix: {
            entry: settings.readOptional('entry', parseKey),
            shard: settings.readOptional('shard', parseKey),
            side: settings.read('side', choice(['head', 'base', 'both'])),
            entries: entries?.includes('all') ? 'all' : entries,
            allowMissing: settings.read('allow-missing', parseFlag),
        },
    };
}
/** GitHub's limit of a label's name, in characters. */
const maxLabelChars = 50;
function parseLabel(text, where) {
    if (text.length <= maxLabelChars && !/\p{C}/u.test(text))
        return text;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} cannot be a label`, `Use at most ${maxLabelChars} visible characters.`);
}
function parseEntries(text, where) {
    return splitNames(text, where).map((name) => parseKey(name, where));
}
/** A branch that git takes as it is, and that cannot be read as an option, a path or a pattern (git-check-ref-format). */
function parseBranch(text, where) {
    if (/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(text) && !/\.\.|\/\/|\.lock(\/|$)|[./]$|\/\./.test(text))
        return text;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} cannot be a branch`, 'Use letters, digits, dot, underscore, dash and slash, such as snapgate-baselines.');
}
function readCaps(settings) {
    const capInputs = [
        ['max-memfile-written', 'memfile.writtenBytes'],
        ['max-memfile-changed', 'memfile.changedBytes'],
        ['max-rootfs-written', 'rootfs.writtenBytes'],
    ];
    return Object.fromEntries(capInputs.flatMap(([name, metric]) => {
        const cap = settings.readOptional(name, units/* parseBytes */.z_);
        return cap === undefined ? [] : [[metric, cap]];
    }));
}
function checkOverrides(defaults, { overrides, placeOfOverride }) {
    for (const [scenario, metrics] of Object.entries(overrides)) {
        for (const [metric, own] of Object.entries(metrics))
            checkThresholds({ ...defaults, ...own }, placeOfOverride(scenario, metric));
    }
}
function checkThresholds(thresholds, where) {
    if (thresholds.warnAbove === undefined || thresholds.warnAbove < thresholds.failAbove)
        return;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: warn-above (${exactPercent(thresholds.warnAbove)}) is not below fail-above (${exactPercent(thresholds.failAbove)})`, 'A warning comes before a failure: lower warn-above, or leave it out.');
}
function parseMetrics(text, where) {
    const names = splitNames(text, where);
    return names.map((name) => {
        const metric = contract/* metricNames */.Zv.find((known) => known === name);
        if (metric === undefined)
            throw (0,config_names/* unknownName */.U0)(where, 'metric', name, contract/* metricNames */.Zv);
        return metric;
    });
}
function splitNames(text, where) {
    const names = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
    if (names.length > 0)
        return names;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: no name is given`, 'Write names parted by commas or spaces.');
}
function parseBuildArgs(text, where) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    return Object.fromEntries(lines.map((line) => {
        const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
        if (match?.[1] === undefined) {
            throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(line)} is not a build argument`, 'Write one NAME=VALUE a line.');
        }
        return [match[1], match[2] ?? ''];
    }));
}
function parseCount(text, where) {
    if (/^\d{1,9}$/.test(text))
        return Number(text);
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is not a whole number`, 'Write digits only.');
}
function parseFlag(text, where) {
    return choice(['true', 'false'])(text, where) === 'true';
}
function parseKey(text, where) {
    if (/^[A-Za-z0-9._-]{1,64}$/.test(text))
        return text;
    throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} cannot be a key`, 'Use letters, digits, dot, underscore and dash, at most 64.');
}
function choice(choices) {
    return (text, where) => {
        const found = choices.find((known) => known === text);
        if (found === undefined)
            throw (0,config_names/* unknownName */.U0)(where, 'choice', text, choices);
        return found;
    };
}
/** A number within bounds, both included, and a multiple of `step`. */
function bounded(parse, low, high, step = 1) {
    const show = parse === units/* parseBytes */.z_ ? exactBytes : parse === units/* parseDuration */.E9 ? exactTime : String;
    return (text, where) => {
        const value = parse(text, where);
        if (value < low || value > high) {
            throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is out of bounds`, `From ${show(low)} to ${show(high)}.`);
        }
        if (value % step === 0)
            return value;
        throw new host_error/* SnapgateError */.yA('usage', `${where}: ${(0,config_names/* quoteText */.ol)(text)} is not a multiple of ${show(step)}`, `Round it to a multiple of ${show(step)}.`);
    };
}
function plain(text) {
    return text;
}

;// CONCATENATED MODULE: ./lib/measure/parse.js


/** Bytes of a record that are read at all. */
const maxRecordBytes = 64 * 1024 ** 2;
/** Text of a record → the record. Unreadable, another kind, another version, too large: SnapgateError('record'). */
function parseRecord(text, where, kind) {
    const remedy = `Give a ${kind.kind} that this version of snapgate has written.`;
    if (Buffer.byteLength(text) > maxRecordBytes)
        throw new host_error/* SnapgateError */.yA('record', `${where} is larger than ${maxRecordBytes / 1024 ** 2} MiB`, remedy);
    const value = parseJson(text, where, remedy);
    requireKind(value, where, kind, remedy);
    const parsed = kind.schema.safeParse(value);
    if (parsed.success)
        return parsed.data;
    const issue = parsed.error.issues[0];
    const place = issue?.path.map(String).join('.') || 'the record';
    throw new host_error/* SnapgateError */.yA('record', `${where} is not a valid ${kind.kind}: ${place}: ${issue?.message ?? 'invalid'}`, remedy);
}
function parseJson(text, where, remedy) {
    try {
        return JSON.parse(text);
    }
    catch (error) {
        const why = error instanceof Error ? error.message : 'unreadable';
        throw new host_error/* SnapgateError */.yA('record', `${where} is not JSON: ${why}`, remedy, { cause: error });
    }
}
const headerSchema = classic_schemas/* looseObject */._H3({ schema: classic_schemas/* string */.YjP(), version: classic_schemas/* number */.aig() });
function requireKind(value, where, kind, remedy) {
    const header = headerSchema.safeParse(value);
    if (!header.success || header.data.schema !== kind.name) {
        const found = header.success ? JSON.stringify(header.data.schema.slice(0, 60)) : 'something else';
        throw new host_error/* SnapgateError */.yA('record', `${where} is not a ${kind.kind}, but ${found}`, remedy);
    }
    if (header.data.version === kind.version)
        return;
    throw new host_error/* SnapgateError */.yA('record', `${where} was written by snapgate schema version ${header.data.version}, this one reads ${kind.version}`, 'Measure again with this version, or read it with the version that wrote it.');
}

;// CONCATENATED MODULE: ./lib/measure/record.js


/** Bumped when a reader of the old version would misread the new one. */
const measurementVersion = 1;
const metricsSchema = classic_schemas/* partialRecord */.jgl(classic_schemas/* enum */.k5n(contract/* metricNames */.Zv), classic_schemas/* number */.aig().nonnegative().finite());
const shortText = classic_schemas/* string */.YjP().max(500);
/** What must be equal for two measurements to be compared. */
const fingerprintSchema = classic_schemas/* strictObject */.rej({
    engine: shortText,
    engineVersion: shortText,
    accelerator: classic_schemas/* enum */.k5n(contract/* accelerators */.ds),
    machine: shortText,
    kernelVersion: shortText,
    kernelSha256: shortText,
    memoryBytes: classic_schemas/* int */.Whr().positive(),
    vcpus: classic_schemas/* int */.Whr().positive(),
    hostCpu: shortText,
    /** Version of how cycles are run and counted. */
    protocol: classic_schemas/* int */.Whr().positive(),
});
const sampleSchema = classic_schemas/* strictObject */.rej({
    scenario: shortText,
    /** 0-based round; warm-up rounds have `warmup: true` and are not used. */
    round: classic_schemas/* int */.Whr().nonnegative(),
    warmup: classic_schemas/* boolean */.zMY(),
    /** Position in the boot's chain of cycles. */
    position: classic_schemas/* int */.Whr().nonnegative(),
    /** ms since the boot's power-on. */
    atMs: classic_schemas/* number */.aig().nonnegative(),
    cycleMs: classic_schemas/* number */.aig().nonnegative(),
    /** A scenario with `repeat` gives the sum here and each cycle in `parts`. */
    metrics: metricsSchema,
    parts: classic_schemas/* array */.YOg(metricsSchema).max(1000).optional(),
});
const bootSchema = classic_schemas/* strictObject */.rej({
    index: classic_schemas/* int */.Whr().nonnegative(),
    startedAt: shortText,
    bootMs: classic_schemas/* number */.aig().nonnegative(),
    readyMs: classic_schemas/* number */.aig().nonnegative(),
    settled: classic_schemas/* boolean */.zMY(),
    /** Of the base snapshot itself, where the engine counts it. */
    snapshot: metricsSchema.optional(),
    samples: classic_schemas/* array */.YOg(sampleSchema).max(100_000),
});
/** A whole commit hash. */
const commitShaSchema = classic_schemas/* string */.YjP().regex(/^[0-9a-f]{40}$/);
/** What a side is: `label` for people, with the commit where it came from git. */
const subjectSchema = classic_schemas/* strictObject */.rej({
    label: shortText,
    commit: commitShaSchema.optional(),
});
const rootfsImageSchema = classic_schemas/* strictObject */.rej({
    rootfsSha256: shortText,
    rootfsBytes: classic_schemas/* int */.Whr().positive(),
    kernelVersion: shortText,
    kernelSha256: shortText,
    initrdSha256: shortText.optional(),
    init: classic_schemas/* enum */.k5n(['systemd', 'init', 'none']),
});
/** A guest that an engine's own builder makes: who, and the hash of what it was made with. */
const builtImageSchema = classic_schemas/* strictObject */.rej({
    builder: shortText,
    sha256: shortText,
    /** Where snapgate has built an image for the builder. */
    rootfs: rootfsImageSchema.optional(),
});
const measurementSchema = classic_schemas/* strictObject */.rej({
    schema: classic_schemas/* literal */.euz('snapgate/measurement'),
    version: classic_schemas/* literal */.euz(measurementVersion),
    snapgate: shortText,
    createdAt: shortText,
    side: classic_schemas/* enum */.k5n(['base', 'head']),
    subject: subjectSchema,
    image: classic_schemas/* union */.KCZ([rootfsImageSchema, builtImageSchema]),
    fingerprint: fingerprintSchema,
    environment: classic_schemas/* strictObject */.rej({
        os: shortText,
        hostKernel: shortText,
        cpu: shortText,
        cores: classic_schemas/* int */.Whr().positive(),
        memoryBytes: classic_schemas/* int */.Whr().positive(),
        node: shortText,
    }),
    scenarios: classic_schemas/* array */.YOg(classic_schemas/* strictObject */.rej({
        name: shortText,
        run: classic_schemas/* string */.YjP().max(10_000).optional(),
        settleMs: classic_schemas/* number */.aig().nonnegative(),
        check: classic_schemas/* string */.YjP().max(10_000).optional(),
        from: classic_schemas/* enum */.k5n(['previous', 'base']),
        repeat: classic_schemas/* int */.Whr().positive(),
        timeoutMs: classic_schemas/* number */.aig().positive(),
    })),
    boots: classic_schemas/* array */.YOg(bootSchema).max(1000),
    /** One line each, for the report: why TCG, a guest that did not settle, boots cut by the time budget. */
    notes: classic_schemas/* array */.YOg(shortText),
});

;// CONCATENATED MODULE: ./lib/measure/read.js


/** Reads a measurement-*.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
function readMeasurement(text, where) {
    return parseRecord(text, where, {
        kind: 'measurement',
        name: 'snapgate/measurement',
        version: measurementVersion,
        schema: measurementSchema,
    });
}

;// CONCATENATED MODULE: ./lib/baseline/auto.js


/** Names under which a clone may know the default branch, the remote's own word first. */
const defaultBranches = [
    'refs/remotes/origin/HEAD',
    'refs/remotes/origin/main',
    'refs/remotes/origin/master',
    'refs/heads/main',
    'refs/heads/master',
];
/**
 * Base of a run that no pull request names one for: where HEAD left the default branch. On the default branch itself there is none,
 * and a shallow clone does not know it: both are a SnapgateError('base') that asks for a base.
 */
async function forkPoint(git) {
    const head = await headCommit(git);
    if (head !== undefined) {
        for (const branch of defaultBranches) {
            const base = await mergeBase(git, branch, head);
            if (base !== undefined && base !== head)
                return base;
        }
    }
    throw new host_error/* SnapgateError */.yA('base', 'base: auto found no commit to compare with: HEAD is on the default branch, or the clone does not reach back to where it left that', 'Name the base: ref:REF (for example ref:HEAD~1), image:REFERENCE, rootfs:PATH, measurement:FILE, or none for absolute caps only.');
}

;// CONCATENATED MODULE: ./lib/baseline/worktree.js


/**
 * Checks a commit out into a worktree of its own in the run's folder, which it returns. The user's work tree, index, HEAD and
 * configuration stay as they are; filters (LFS, git-crypt) are not run, so files under one are as the repository stores them.
 */
async function addWorktree(run, git, side, commit) {
    const path = (0,external_node_path_.join)(run.dir, `${side}-checkout`);
    run.ledger.add({ kind: 'worktree', repository: git.folder, path });
    const filters = await filterOverrides(git);
    const added = await git.run([...filters, 'worktree', 'add', '--quiet', '--detach', path, commit]);
    if (added.code !== 0) {
        throw new host_error/* SnapgateError */.yA('base', `${side}: commit ${commit} could not be checked out into ${path}`, 'Its last lines say why; a full disk and a damaged clone are the usual causes.', { details: { title: 'last lines of git worktree add', lines: added.tail.slice(-20) } });
    }
    await sayWhatIsMissing(run, git, side, commit);
    return path;
}
/** Settings that turn every configured content filter off: a filter is a program, and the commit chooses where it runs. */
async function filterOverrides(git) {
    const names = await git.ask([
        'config',
        '--name-only',
        '--get-regexp',
        '^filter\\..*\\.(smudge|process|required)$',
    ]);
    return (names ?? '')
        .split('\n')
        .filter((name) => name !== '')
        .flatMap((name) => ['-c', name.endsWith('.required') ? `${name}=false` : `${name}=`]);
}
/** Submodules and filtered files are not fetched yet; a build that needs them should not fail without a hint. */
async function sayWhatIsMissing(run, git, side, commit) {
    if (await has(git, commit, '.gitmodules'))
        run.log.warning(`The ${side} commit has submodules; they are not checked out for its side.`);
    const attributes = await git.ask(['show', `${commit}:.gitattributes`]);
    if (attributes !== undefined && /\sfilter=/.test(attributes))
        run.log.warning(`The ${side} commit has files under a git filter (LFS); its side is built from what git stores of them.`);
}
async function has(git, commit, path) {
    return (await git.ask(['cat-file', '-e', `${commit}:${path}`])) !== undefined;
}

;// CONCATENATED MODULE: ./lib/baseline/resolve.js











/** Far above any measurement: 100 boots of 1000 cycles are some 200 MB, and nobody's baseline. */
const maxMeasurementBytes = 64 * 1024 * 1024;
/**
 * Finds the base side: a commit, a record, another image.
 * @throws SnapgateError('base' | 'usage' | 'record') for a base that is not there or cannot be compared with.
 */
async function resolveBase(run, spec, context) {
    switch (spec.kind) {
        case 'none':
            return { kind: 'none' };
        case 'auto':
        case 'cache':
            return await autoSide(run, spec.kind === 'cache', context);
        default:
            return await namedSide(run, 'base', spec, context);
    }
}
/**
 * Finds the side that is judged, ready to be built.
 * @throws SnapgateError('base' | 'usage' | 'record') for one that is not there.
 */
async function resolveHead(run, spec, context) {
    const { checkout, subject } = context;
    if (spec.kind === 'checkout')
        return { kind: 'image', subject, inputs: neededInputs(context), checkout };
    const side = await namedSide(run, 'head', spec, context);
    return side.kind === 'commit' ? await side.checkOut() : side;
}
async function namedSide(run, side, spec, context) {
    switch (spec.kind) {
        case 'measurement': {
            const path = (0,external_node_path_.resolve)(context.checkout, spec.path);
            return { kind: 'measurement', measurement: await storedMeasurement(side, path) };
        }
        case 'image':
        case 'rootfs':
            return otherSource(spec, context);
        case 'ref': {
            const git = await openWorkTree(run, context.checkout, context.gitEnvironment);
            const commit = await resolveRef(git, side, spec.ref);
            const short = commit.slice(0, 7);
            const label = commit.startsWith(spec.ref) ? `commit ${short}` : `${spec.ref} (${short})`;
            return commitSide(run, side, commit, context, { label, why: 'as asked for' });
        }
    }
}
async function autoSide(run, storedOnly, context) {
    const { auto, branch, checkout, gitEnvironment } = context;
    if (auto?.kind === 'branch')
        return auto;
    const git = await openWorkTree(run, checkout, gitEnvironment);
    const commit = await (auto === undefined ? forkPoint(git) : ensureCommit(git, 'base', auto.commit));
    const label = `commit ${commit.slice(0, 7)}`;
    const why = auto?.why ?? 'where HEAD left the default branch';
    return { ...commitSide(run, 'base', commit, context, { label, why }), storedOnly, branch };
}
async function storedMeasurement(side, path) {
    return readMeasurement(await readBounded(side, path), path);
}
async function readBounded(side, path) {
    try {
        const { size } = await (0,external_node_fs_promises_.stat)(path);
        if (size <= maxMeasurementBytes)
            return await (0,external_node_fs_promises_.readFile)(path, 'utf8');
        throw new host_error/* SnapgateError */.yA('record', `${side}: ${path} has ${(0,units/* formatBytes */.z3)(size)}, too much for a measurement`, 'Name a measurement-base.json or measurement-head.json that snapgate wrote.');
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === undefined)
            throw error;
        throw new host_error/* SnapgateError */.yA('base', `${side}: the measurement ${path} cannot be read (${(0,host_error/* errnoOf */.UQ)(error)})`, 'Check the path (relative to the checkout), and that an earlier step has fetched the file.', { cause: error });
    }
}
function otherSource(spec, { checkout, inputs }) {
    if (inputs === undefined)
        throw noImageSource();
    const rootfs = spec.kind === 'image' ? spec : { kind: 'rootfs', path: spec.path };
    const name = spec.kind === 'image' ? spec.reference : spec.path;
    return {
        kind: 'image',
        subject: { label: `${spec.kind} ${name}`.slice(0, 500) },
        inputs: { ...inputs, rootfs },
        checkout,
    };
}
function commitSide(run, side, commit, context, { label, why }) {
    const subject = { label: label.slice(0, 500), commit };
    return {
        kind: 'commit',
        commit,
        subject,
        why,
        storedOnly: false,
        branch: undefined,
        checkOut: async () => {
            const inputs = neededInputs(context);
            const git = await openWorkTree(run, context.checkout);
            const prefix = await git.ask(['rev-parse', '--show-prefix']);
            const checkout = sameFolder(await addWorktree(run, git, side, commit), prefix, side, commit);
            if (side === 'base' && inputs !== undefined)
                mustDiffer(inputs, checkout, commit);
            return { kind: 'image', subject, inputs, checkout };
        },
    };
}
/** The folder of the commit that the workspace's checkout is in its own: `prefix` of the repository, empty for all of it. */
function sameFolder(worktree, prefix, side, commit) {
    const folder = (0,external_node_path_.join)(worktree, prefix ?? '');
    if ((0,external_node_fs_.existsSync)(folder))
        return folder;
    throw new host_error/* SnapgateError */.yA('base', `${side}: commit ${commit.slice(0, 7)} has no folder ${prefix}`, 'Run snapgate in a folder that both commits have, such as the root of the repository.');
}
/** A source outside git is the same for both commits: comparing it with itself would always pass. */
function mustDiffer(inputs, checkout, commit) {
    const { rootfs } = inputs;
    if (rootfs.kind !== 'rootfs' && rootfs.kind !== 'image')
        return;
    const name = rootfs.kind === 'rootfs' ? rootfs.path : rootfs.reference;
    if (!(0,external_node_path_.isAbsolute)(name) && (0,external_node_fs_.existsSync)((0,external_node_path_.resolve)(checkout, name)))
        return;
    throw new host_error/* SnapgateError */.yA('base', `${rootfs.kind}: ${name} is not a file of commit ${commit.slice(0, 7)}, so the base cannot be made from it`, `Name the base's own: base: ${rootfs.kind}:…, or let snapgate build both sides with \`dockerfile\` or \`build-command\`.`);
}
function neededInputs({ inputs, buildsItself }) {
    if (inputs !== undefined || buildsItself)
        return inputs;
    throw noImageSource();
}

;// CONCATENATED MODULE: ./lib/config/locate.js




/**
 * The text of snapgate.yml: the file that was named, or the first of the usual places that is there.
 *
 * @param checkout the head's folder, which relative paths start at.
 * @param given the `config` input; empty for the usual places.
 */
function locateConfig(checkout, given) {
    if (given !== '')
        return { path: given, text: readGiven((0,external_node_path_.resolve)(checkout, given), given) };
    for (const path of inputs/* configFileNames */.He) {
        const text = readIfPresent((0,external_node_path_.join)(checkout, path));
        if (text !== undefined)
            return { path, text };
    }
    return undefined;
}
function readGiven(path, given) {
    const text = readIfPresent(path);
    if (text !== undefined)
        return text;
    throw new host_error/* SnapgateError */.yA('usage', `config: there is no file ${given}`, 'Name a file of the checkout.');
}
function readIfPresent(path) {
    try {
        return (0,external_node_fs_.readFileSync)(path, 'utf8');
    }
    catch (error) {
        const code = (0,host_error/* errnoOf */.UQ)(error);
        if (code === 'ENOENT' || code === 'ENOTDIR')
            return undefined;
        throw new host_error/* SnapgateError */.yA('usage', `${path} cannot be read (${code})`, 'It must be a readable file.', {
            cause: error,
        });
    }
}

;// CONCATENATED MODULE: ./lib/config/reproduce.js

/**
 * The inputs of a gate as options of the command line: `--dockerfile`, `Dockerfile`, …; not quoted, without the folders, and without a
 * base that is a commit, which a report names by its hash.
 *
 * @param raw inputs as they were given; empty is not given.
 * @param hideText leaves out what a workflow may have put a secret into, because a report is public and nobody masks it.
 */
function reproduceOptions(raw, { hideText }) {
    return inputs/* inputs */.QL.filter(isRepeated).flatMap((input) => {
        const text = raw[input.name]?.trim() ?? '';
        if (text === '' || (input.group === 'base' && !otherBase.test(text)))
            return [];
        const hidden = hideText && input.mayHoldSecret === true;
        const lines = input.type === 'lines' ? text.split(/\r?\n/).filter((line) => line.trim() !== '') : [text];
        return lines.flatMap((line) => reproduce_option(input.name, hidden ? hide(line) : line));
    });
}
/** A value that starts with a dash would be read as the next option. */
function reproduce_option(name, value) {
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
}
/** Bases that have no commit to name them by. */
const otherBase = /^(?:image|rootfs|measurement):/;
function isRepeated({ name, group, verbs }) {
    return verbs.includes('gate') && (group !== 'run' || name === 'config');
}
/** The name of a build argument stays. */
function hide(value) {
    const name = /^\s*([A-Za-z_][A-Za-z0-9_]*)=/.exec(value)?.[1];
    return name === undefined ? '…' : `${name}=…`;
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/iso.js
var iso = __webpack_require__(4377);
;// CONCATENATED MODULE: ./lib/gate/record.js



const comparisonVersion = 1;
const verdicts = ['pass', 'warn', 'fail', 'inconclusive'];
const verdictSchema = classic_schemas/* enum */.k5n(verdicts);
/** Location of one metric on one side. */
const sideSummarySchema = classic_schemas/* strictObject */.rej({
    /** Median over boots of each boot's median, in the metric's unit. */
    median: classic_schemas/* number */.aig(),
    /** Each boot's median after warm-up, in order of boots. */
    bootMedians: classic_schemas/* array */.YOg(classic_schemas/* number */.aig()),
    /** Samples that went into it. */
    samples: classic_schemas/* int */.Whr().nonnegative(),
});
/** Estimate with its 95 % interval; `low`/`high` are absent when there are too few boots to say. */
const estimateSchema = classic_schemas/* strictObject */.rej({
    value: classic_schemas/* number */.aig(),
    low: classic_schemas/* number */.aig().optional(),
    high: classic_schemas/* number */.aig().optional(),
});
const rowSchema = classic_schemas/* strictObject */.rej({
    scenario: classic_schemas/* string */.YjP(),
    metric: classic_schemas/* enum */.k5n(contract/* metricNames */.Zv),
    /** Only rows that gate have a verdict. */
    gates: classic_schemas/* boolean */.zMY(),
    base: sideSummarySchema.optional(),
    head: sideSummarySchema.optional(),
    /** head/base − 1; absent without a base, or where the base is 0. */
    growth: estimateSchema.optional(),
    /** head − base, in the metric's unit. */
    difference: estimateSchema.optional(),
    /** What was applied to this row. Ratios and bytes. */
    thresholds: classic_schemas/* strictObject */.rej({
        failAbove: classic_schemas/* number */.aig(),
        warnAbove: classic_schemas/* number */.aig().optional(),
        minGrowth: classic_schemas/* number */.aig(),
        max: classic_schemas/* number */.aig().optional(),
    }),
    verdict: verdictSchema.optional(),
    /** True: established and below zero by more than min-growth: said as loudly as a regression. */
    improved: classic_schemas/* boolean */.zMY(),
    /** One sentence: why this verdict; for inconclusive, what would decide it. */
    reason: classic_schemas/* string */.YjP(),
});
/** There is no base to compare with although one was asked for: only caps decide. */
const noVerdictSchema = classic_schemas/* strictObject */.rej({
    /** `no-baseline`: none is stored yet. `not-comparable`: there is one, of another machine, kernel or protocol. */
    state: classic_schemas/* enum */.k5n(['no-baseline', 'not-comparable']),
    /** One sentence: the field that differs and both values, or what creates a baseline. */
    reason: classic_schemas/* string */.YjP(),
});
/** Who accepted a growth, when, and at which head of the pull request. */
const acceptanceSchema = classic_schemas/* strictObject */.rej({
    by: classic_schemas/* string */.YjP().max(100),
    at: iso/* datetime */.w$(),
    commit: commitShaSchema,
});
const comparisonSchema = classic_schemas/* strictObject */.rej({
    schema: classic_schemas/* literal */.euz('snapgate/comparison'),
    version: classic_schemas/* literal */.euz(comparisonVersion),
    snapgate: classic_schemas/* string */.YjP(),
    createdAt: classic_schemas/* string */.YjP(),
    verdict: verdictSchema,
    /** One line without markup or emoji: `memfile diff of idle-2s +38 % per cycle (fails above +5 %)`. */
    headline: classic_schemas/* string */.YjP(),
    base: subjectSchema.optional(),
    head: subjectSchema,
    fingerprint: fingerprintSchema,
    /** With it the verdict is `fail` (a cap) or `inconclusive`. */
    noVerdict: noVerdictSchema.optional(),
    /** With it the verdict is `pass`; the rows keep theirs. */
    accepted: acceptanceSchema.optional(),
    /** Both images are the same bytes. */
    identicalImages: classic_schemas/* boolean */.zMY(),
    boots: classic_schemas/* strictObject */.rej({ base: classic_schemas/* int */.Whr().nonnegative(), head: classic_schemas/* int */.Whr().nonnegative() }),
    rows: classic_schemas/* array */.YOg(rowSchema),
    notes: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()),
});
const matrixVersion = 1;
/** One entry of a matrix: compared, or why not. */
const matrixEntrySchema = classic_schemas/* strictObject */.rej({
    name: classic_schemas/* string */.YjP().max(100),
    comparison: comparisonSchema.optional(),
    /** One sentence, where there is no comparison. */
    missing: classic_schemas/* string */.YjP().max(1000).optional(),
});
/** The comparisons of a matrix under one verdict. */
const matrixSchema = classic_schemas/* strictObject */.rej({
    schema: classic_schemas/* literal */.euz('snapgate/matrix'),
    version: classic_schemas/* literal */.euz(matrixVersion),
    snapgate: classic_schemas/* string */.YjP(),
    createdAt: classic_schemas/* string */.YjP(),
    verdict: verdictSchema,
    headline: classic_schemas/* string */.YjP(),
    accepted: acceptanceSchema.optional(),
    /** An entry without a comparison is only said; else it makes the verdict `fail`, and no acceptance changes that. */
    allowMissing: classic_schemas/* boolean */.zMY(),
    entries: classic_schemas/* array */.YOg(matrixEntrySchema).max(256),
});
/** The one comparison, or those of a matrix in its order; entries that are missing have none. */
function comparisonsOf(record) {
    if (record.schema === 'snapgate/comparison')
        return [{ entry: null, comparison: record }];
    return record.entries.flatMap(({ name, comparison }) => comparison === undefined ? [] : [{ entry: name, comparison }]);
}

;// CONCATENATED MODULE: ./lib/gate/outcome.js

/** What a gate came to, in one word: a verdict, or why there is none. The gravest first. */
const outcomes = [
    'fail',
    'inconclusive',
    'not-comparable',
    'no-baseline',
    'warn',
    'accepted',
    'pass',
];
/**
 * The one word for a comparison or a matrix. A cap that is exceeded is `fail` whatever else there is. In a matrix a state that is no
 * verdict is named only where no entry is inconclusive by its numbers.
 */
function outcomeOf(record) {
    if (record.accepted)
        return 'accepted';
    if (record.verdict !== 'inconclusive')
        return record.verdict;
    if (record.schema === 'snapgate/comparison')
        return record.noVerdict?.state ?? 'inconclusive';
    const all = comparisonsOf(record).map(({ comparison }) => outcomeOf(comparison));
    return all.toSorted(byGravity)[0] ?? 'inconclusive';
}
/** For sorting: the gravest first. */
function byGravity(a, b) {
    return outcomes.indexOf(a) - outcomes.indexOf(b);
}
/** An outcome as people read it. */
const outcomeWords = {
    pass: 'pass',
    warn: 'warn',
    fail: 'fail',
    inconclusive: 'inconclusive',
    'no-baseline': 'no baseline yet',
    'not-comparable': 'not comparable',
    accepted: 'accepted',
};
/** The state and its reason as one clause: `no baseline yet: a push to main stores one`. It may quote a record: escape before showing. */
function noVerdictClause({ state, reason }) {
    return `${outcomeWords[state]}: ${reason.replace(/[.\s]+$/, '')}`;
}

;// CONCATENATED MODULE: ./lib/gate/exit-code.js

/**
 * Exit status of what was decided: 0 pass, warn, accepted or no baseline yet; 1 fail; 2 inconclusive or not comparable, where that is asked
 * to fail. Errors have 64 and above.
 */
function exitCodeOf(record, config) {
    const outcome = outcomeOf(record);
    if (outcome === 'fail')
        return 1;
    const undecided = outcome === 'inconclusive' || outcome === 'not-comparable';
    return undecided && config.inconclusive === 'fail' ? 2 : 0;
}

;// CONCATENATED MODULE: ./lib/host/folder.js



/**
 * The absolute path of a folder that an input names, made where it is not there.
 *
 * @param input the input's name, for the error
 * @throws SnapgateError `host` where it cannot be made, is none, or is not this user's to write to
 */
function openFolder(dir, input) {
    const path = (0,external_node_path_.resolve)(dir);
    makeWritable(path, input);
    return path;
}
/** Throws what `openFolder` would, and leaves no folder behind that was not there before. */
function checkFolder(dir, input) {
    for (const path of makeWritable((0,external_node_path_.resolve)(dir), input))
        removeEmptyFolder(path);
}
/** False where there is something in it, or nothing to remove. */
function removeEmptyFolder(path) {
    try {
        (0,external_node_fs_.rmdirSync)(path);
        return true;
    }
    catch (error) {
        if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EACCES', 'EBUSY'].includes((0,host_error/* errnoOf */.UQ)(error) ?? ''))
            return false;
        throw error;
    }
}
/** The folders that were made, the lowest first. */
function makeWritable(path, input) {
    try {
        const made = makeFolder(path);
        (0,external_node_fs_.accessSync)(path, external_node_fs_.constants.W_OK);
        return made;
    }
    catch (error) {
        throw new host_error/* SnapgateError */.yA('host', `${input} ${path} cannot be written (${(0,host_error/* errnoOf */.UQ)(error) ?? error})`, 'Name a folder that this user may write to.', { cause: error });
    }
}
/** Not by `recursive`, with which node never returns from below /proc (mkdir answers ENOENT there, whatever exists). */
function makeFolder(path) {
    if ((0,external_node_fs_.statSync)(path, { throwIfNoEntry: false })?.isDirectory())
        return [];
    const parent = (0,external_node_path_.dirname)(path);
    const above = parent === path ? [] : makeFolder(parent);
    try {
        (0,external_node_fs_.mkdirSync)(path);
        return [path, ...above];
    }
    catch (error) {
        // Another run may have been quicker; a file of that name is an error.
        if ((0,host_error/* errnoOf */.UQ)(error) !== 'EEXIST' || !(0,external_node_fs_.statSync)(path).isDirectory())
            throw error;
        return above;
    }
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./lib/host/cloud-environment.js

/** Variables that the user's own cloud tools find their login by. No other child of snapgate's gets them. */
const cloudNames = /^(GOOGLE_|CLOUDSDK_|GCLOUD_|BOTO_)/;
/** What a command that speaks to the user's bucket is given beside the environment of every child. */
function cloudEnvironment() {
    const login = Object.entries(process.env).filter(([name]) => cloudNames.test(name));
    return { ...Object.fromEntries(login), CLOUDSDK_CORE_DISABLE_PROMPTS: '1' };
}
/** The user's own command for buckets: gcloud, else gsutil; undefined: neither is on this machine. */
function bucketCommand() {
    return ['gcloud', 'gsutil'].find(hasCommand);
}
/** The command that copies a file, whose address and path follow. */
function copyFromBucket() {
    return bucketCommand() === 'gsutil' ? ['gsutil', 'cp'] : ['gcloud', 'storage', 'cp'];
}
/** The command that removes folders, whose addresses follow. */
function removeFromBucket() {
    return bucketCommand() === 'gsutil' ? ['gsutil', 'rm', '-r'] : ['gcloud', 'storage', 'rm', '--recursive'];
}

;// CONCATENATED MODULE: ./lib/host/ledger.js



/** A folder that a run has made, by its random name: nothing else in a bucket is ever removed. */
const bucketFolder = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Something that must not outlive the run. Processes need no entry: they carry the run's id in their environment. */
const resourceSchema = classic_schemas/* discriminatedUnion */.gMt('kind', [
    /** A file or folder outside the run's own folder. */
    classic_schemas/* object */.Ikc({ kind: classic_schemas/* literal */.euz('path'), path: classic_schemas/* string */.YjP() }),
    /** A user's file that is out of the way, and is not lost with the run. */
    classic_schemas/* object */.Ikc({ kind: classic_schemas/* literal */.euz('moved'), path: classic_schemas/* string */.YjP(), kept: classic_schemas/* string */.YjP() }),
    /** Objects in a bucket of the user's, below one address. */
    classic_schemas/* object */.Ikc({
        kind: classic_schemas/* literal */.euz('bucket-folder'),
        url: classic_schemas/* string */.YjP().regex(bucketFolder),
        gone: classic_schemas/* boolean */.zMY().optional(),
    }),
    classic_schemas/* object */.Ikc({ kind: classic_schemas/* literal */.euz('worktree'), repository: classic_schemas/* string */.YjP(), path: classic_schemas/* string */.YjP() }),
    /** What a killed build leaves in buildah's storage, which outlives the run: its working containers and temporary files. */
    classic_schemas/* object */.Ikc({
        kind: classic_schemas/* literal */.euz('buildah-build'),
        root: classic_schemas/* string */.YjP(),
        runRoot: classic_schemas/* string */.YjP(),
        temporaryDir: classic_schemas/* string */.YjP(),
    }),
    /** A command of the user's that ends a machine which is no process of the run's; while there is `work`, it has yet to run. */
    classic_schemas/* object */.Ikc({
        kind: classic_schemas/* literal */.euz('cleanup-command'),
        work: classic_schemas/* string */.YjP(),
        cwd: classic_schemas/* string */.YjP(),
        command: classic_schemas/* string */.YjP(),
        args: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()),
        env: classic_schemas/* record */.g1P(classic_schemas/* string */.YjP(), classic_schemas/* string */.YjP()),
        timeoutMs: classic_schemas/* number */.aig(),
    }),
]);
function openLedger(path) {
    return {
        path,
        add: (resource) => (0,external_node_fs_.appendFileSync)(path, `${JSON.stringify(resource)}\n`, { mode: 0o600 }),
    };
}
/** Newest first, which is the order to undo them in. A line cut short by a crash is passed over. */
function readLedger(path) {
    let text;
    try {
        text = (0,external_node_fs_.readFileSync)(path, 'utf8');
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            return [];
        throw error;
    }
    return text.split('\n').flatMap(parseLine).reverse();
}
function parseLine(line) {
    try {
        const parsed = resourceSchema.safeParse(JSON.parse(line));
        return parsed.success ? [parsed.data] : [];
    }
    catch {
        return [];
    }
}

;// CONCATENATED MODULE: ./lib/host/marked.js

/** How processes of a run are found, whoever started them: what snapgate starts has it in its environment, and so has all that is started by that. */
function endMarkedProcesses(name, value) {
    // Again until there is none: builds fork while they die.
    for (let attempt = 0; attempt < 50; attempt += 1) {
        const pids = markedProcesses(name, value);
        if (pids.length === 0)
            return;
        for (const pid of pids)
            killQuietly(pid);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
}
/** Waits until there is none that has the mark, with the thread; no longer than `limitMs`. */
function awaitMarkedProcesses(name, value, limitMs) {
    const deadline = performance.now() + limitMs;
    while (performance.now() < deadline) {
        if (markedProcesses(name, value).length === 0)
            return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
}
/** Their ids; this process is never one of them. */
function markedProcesses(name, value) {
    const mark = Buffer.from(`${name}=${value}\0`);
    return (0,external_node_fs_.readdirSync)('/proc')
        .map(Number)
        .filter((pid) => pid > 0 && pid !== process.pid && hasMark(pid, mark));
}
function hasMark(pid, mark) {
    try {
        return (0,external_node_fs_.readFileSync)(`/proc/${pid}/environ`).includes(mark);
    }
    catch {
        return false;
    }
}
function killQuietly(pid) {
    try {
        process.kill(pid, 'SIGKILL');
    }
    catch {
        // Gone already.
    }
}

;// CONCATENATED MODULE: ./lib/host/moved.js



function moveAway({ path, kept }) {
    (0,external_node_fs_.mkdirSync)((0,external_node_path_.dirname)(kept), { recursive: true, mode: 0o700 });
    moveFile(path, kept);
}
/** Does nothing where it was put back before. What has come in its place meanwhile is newer, and stays. */
function putBack({ path, kept }) {
    if (!exists(kept) || exists(path))
        return;
    (0,external_node_fs_.mkdirSync)((0,external_node_path_.dirname)(path), { recursive: true });
    moveFile(kept, path);
}
/** Whether there is anything of that name, also a symlink that leads nowhere. */
function exists(path) {
    return (0,external_node_fs_.lstatSync)(path, { throwIfNoEntry: false }) !== undefined;
}
function moveFile(from, to) {
    try {
        (0,external_node_fs_.renameSync)(from, to);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) !== 'EXDEV')
            throw error;
        (0,external_node_fs_.copyFileSync)(from, to);
        (0,external_node_fs_.rmSync)(from);
    }
}

;// CONCATENATED MODULE: ./lib/host/cleanup.js












const runPrefix = 'snapgate-run-';
const ledgerFile = 'ledger.jsonl';
const ownerFile = 'owner';
/** Makes the folder and ledger of a new run below `workDir`, after removing what dead runs left there. */
function openRun(workDir, cacheDir, log, signal) {
    const parent = openFolder(workDir, 'work-dir');
    const cache = openFolder(cacheDir, 'cache-dir');
    sweepDeadRuns(parent, log);
    const id = (0,external_node_crypto_.randomUUID)();
    const dir = (0,external_node_path_.join)(parent, `${runPrefix}${id}`);
    (0,external_node_fs_.mkdirSync)(dir, { mode: 0o700 });
    (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(dir, ownerFile), `${process.pid} ${startTimeOf(process.pid) ?? ''}`);
    return { id, dir, cacheDir: cache, log, signal, ledger: openLedger((0,external_node_path_.join)(dir, ledgerFile)) };
}
/** Removes everything that a run made, in the reverse of the order it was made in. Safe to call twice, and after a SIGKILL of the run. */
function closeRun(dir) {
    const id = dir.slice(dir.lastIndexOf(runPrefix) + runPrefix.length);
    awaitMarkedProcesses(graceMark, id, graceLimitMs);
    endProcessesOfRun(id);
    const resources = readLedger((0,external_node_path_.join)(dir, ledgerFile));
    removeBucketFolders(foldersInBuckets(resources), id);
    for (const resource of resources)
        removeResource(resource, id);
    if (resources.some(({ kind }) => kind === 'cleanup-command'))
        endProcessesOfRun(id);
    removeTree(dir, id);
}
/** As `closeRun`; what cannot be removed, such as files of another user's, is said, and hides no error of the job's: the next run tries again. */
function closeOrSay(dir, log, whose = 'this run') {
    try {
        closeRun(dir);
    }
    catch (error) {
        log.warning(`What ${whose} left in ${dir} cannot be removed (${(0,host_error/* errnoOf */.UQ)(error) ?? error}).`);
    }
}
/** For commands that were told to end and undo what they did; a cancelled job of GitHub's has 7.5 s before its next signal. */
const graceLimitMs = 5000;
function endProcessesOfRun(id) {
    endMarkedProcesses('SNAPGATE_RUN_ID', id);
}
/** Runs whose owner is gone (a SIGKILL, a power cut) are closed by the next run on the machine. */
function sweepDeadRuns(workDir, log) {
    for (const name of (0,external_node_fs_.readdirSync)(workDir)) {
        if (!name.startsWith(runPrefix))
            continue;
        const dir = (0,external_node_path_.join)(workDir, name);
        if (isOwn(dir) && !ownerLives(dir))
            closeOrSay(dir, log, 'a run that was killed');
    }
}
/** In a folder that others may write to, such as /tmp, anybody can put one of that name, with a ledger that names any file. */
function isOwn(dir) {
    const stat = (0,external_node_fs_.lstatSync)(dir, { throwIfNoEntry: false });
    return stat?.isDirectory() === true && stat.uid === process.getuid?.();
}
function ownerLives(dir) {
    try {
        const [pid, started] = (0,external_node_fs_.readFileSync)((0,external_node_path_.join)(dir, ownerFile), 'utf8').split(' ');
        return startTimeOf(Number(pid)) === started;
    }
    catch (error) {
        // Another user's run, or one that is being made this instant.
        return (0,host_error/* errnoOf */.UQ)(error) === 'EACCES' || (0,host_error/* errnoOf */.UQ)(error) === 'ENOENT';
    }
}
/** Start time of a process in clock ticks since boot (proc(5), field 22), which tells a pid from its reuse. */
function startTimeOf(pid) {
    try {
        const stat = (0,external_node_fs_.readFileSync)(`/proc/${pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    catch {
        return undefined;
    }
}
/** A command of the clean-up, which gets no token either; whether it exited 0, about which mostly nothing could be done. */
function runQuietly(id, command, args, options = {}) {
    const env = childEnvironment({ id }, options.env);
    return (0,external_node_child_process_.spawnSync)(command, args, { timeout: 60_000, ...options, stdio: 'ignore', env }).status === 0;
}
function removeResource(resource, id) {
    switch (resource.kind) {
        case 'bucket-folder':
            return;
        case 'path':
            removeTree(resource.path, id);
            return;
        case 'moved':
            putBack(resource);
            return;
        case 'worktree':
            removeTree(resource.path, id);
            runQuietly(id, 'git', [...gitSafety, '-C', resource.repository, 'worktree', 'prune'], {
                timeout: 30_000,
            });
            return;
        case 'buildah-build':
            endBuildahBuild(resource, id);
            return;
        case 'cleanup-command':
            runCleanupCommand(resource, id);
    }
}
/** Those that are not known to be gone already. */
function foldersInBuckets(resources) {
    const known = resources.flatMap((resource) => (resource.kind === 'bucket-folder' ? [resource] : []));
    const gone = new Set(known.flatMap(({ url, gone: isGone }) => (isGone ? [url] : [])));
    return [...new Set(known.map(({ url }) => url))].filter((url) => !gone.has(url));
}
/** Many addresses in one call, which takes seconds; one that is not there may keep it from the others, which then come one by one. */
function removeBucketFolders(urls, id) {
    const deadline = Date.now() + bucketLimitMs;
    for (let at = 0; at < urls.length; at += urlsAtOnce) {
        const part = urls.slice(at, at + urlsAtOnce);
        if (removeAtOnce(part, id, deadline))
            continue;
        for (const url of part)
            removeAtOnce([url], id, deadline);
    }
}
const urlsAtOnce = 100;
const bucketLimitMs = 300_000;
function removeAtOnce(urls, id, deadline) {
    const leftMs = deadline - Date.now();
    if (leftMs <= 0)
        return false;
    const [command, ...words] = removeFromBucket();
    return runQuietly(id, command, [...words, ...urls], { timeout: leftMs, env: cloudEnvironment() });
}
/** A build may leave folders that their owner may not write to (Go's module cache) or look into. Throws the system's error for another's. */
function removeTree(path, id) {
    try {
        (0,external_node_fs_.rmSync)(path, { recursive: true, force: true, maxRetries: 3 });
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) !== 'EACCES')
            throw error;
        runQuietly(id, 'chmod', ['-R', 'u+rwX', '--', path]);
        (0,external_node_fs_.rmSync)(path, { recursive: true, force: true });
    }
}
/** Unless the run has done so itself: the folder goes with it. */
function runCleanupCommand({ work, cwd, command, args, env, timeoutMs }, id) {
    if (!(0,external_node_fs_.existsSync)(work))
        return;
    runQuietly(id, command, args, {
        cwd: (0,external_node_fs_.existsSync)(cwd) ? cwd : work,
        env,
        timeout: Math.min(timeoutMs, 60_000),
        killSignal: 'SIGKILL',
    });
}
/** While no other run builds in the same storage: what is left there is then of builds that were killed. */
function endBuildahBuild({ root, runRoot, temporaryDir }, id) {
    if (hasProcessWith(root))
        return;
    const storage = ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'];
    runQuietly(id, 'buildah', [...storage, 'rm', '--all']);
    // In a user name space its files have ids that only the same name space may remove.
    const remove = ['rm', '-rf', '--', temporaryDir];
    if (process.getuid?.() === 0)
        (0,external_node_fs_.rmSync)(temporaryDir, { recursive: true, force: true });
    else
        runQuietly(id, 'buildah', ['unshare', ...remove]);
}
/** Whether `argument` is a word of some process's command line. */
function hasProcessWith(argument) {
    const word = Buffer.from(`\0${argument}\0`);
    return (0,external_node_fs_.readdirSync)('/proc').some((name) => {
        try {
            return /^\d+$/.test(name) && (0,external_node_fs_.readFileSync)(`/proc/${name}/cmdline`).includes(word);
        }
        catch {
            return false;
        }
    });
}

;// CONCATENATED MODULE: ./lib/host/session.js


const stoppingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/**
 * Does a job with a run of its own, and removes all that it made: at its end, on an error, and on a signal, which ends the job
 * with a SnapgateError `interrupted`. A second signal does not wait for the job.
 */
async function withRun(options, job) {
    const controller = new AbortController();
    const run = openRun(options.workDir, options.cacheDir, options.log, controller.signal);
    options.onOpen?.(run.dir);
    const interrupted = new Promise((_, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
    });
    interrupted.catch(() => { });
    const stop = (signal) => {
        if (controller.signal.aborted) {
            closeOrSay(run.dir, run.log);
            process.exit(75);
        }
        controller.abort(interruption(signal));
    };
    for (const signal of stoppingSignals)
        process.on(signal, stop);
    try {
        return await Promise.race([job(run), interrupted]);
    }
    finally {
        if (!controller.signal.aborted)
            controller.abort(interruption('the end of the run'));
        closeOrSay(run.dir, run.log);
        for (const signal of stoppingSignals)
            process.off(signal, stop);
    }
}
function interruption(by) {
    return new host_error/* SnapgateError */.yA('interrupted', `interrupted by ${by}`, 'Nothing was left behind; run it again.');
}

// EXTERNAL MODULE: ./lib/host/version.js
var version = __webpack_require__(1410);
// EXTERNAL MODULE: external "node:worker_threads"
var external_node_worker_threads_ = __webpack_require__(5919);
;// CONCATENATED MODULE: ./lib/pages/page-set.js
/** What x86-64 calls a page, and what an engine counts in. */
const pageBytes = 4096;
/** The set as runs of at most `maxCount` consecutive pages, ascending: one read each. */
function* runsOf(pages, maxCount) {
    let index = 0;
    while (index < pages.length) {
        const first = pages[index] ?? 0;
        let count = 1;
        while (count < maxCount && pages[index + count] === first + count)
            count += 1;
        yield { first, count };
        index += count;
    }
}
/** @param page of `pageBytes` */
function isZeroPage(page) {
    return Buffer.compare(page, zeroPage) === 0;
}
const zeroPage = new Uint8Array(pageBytes);

;// CONCATENATED MODULE: ./lib/pages/whole-io.js

/** Fills `into` from `position` of a file on. Returns how many bytes there were: fewer than asked for where the file ends before. */
function readUpTo(fd, into, position) {
    let done = 0;
    while (done < into.length) {
        const count = (0,external_node_fs_.readSync)(fd, into, done, into.length - done, position + done);
        if (count === 0)
            break;
        done += count;
    }
    return done;
}
/** Fills `into` from `position` of a file on. Throws where the file ends before. */
function readFully(fd, into, position) {
    if (readUpTo(fd, into, position) < into.length)
        throw new Error('a memory file or process ended before its pages were read');
}
/** Writes all of `content` at `position` of a file. */
function writeFully(fd, content, position) {
    let done = 0;
    while (done < content.length)
        done += (0,external_node_fs_.writeSync)(fd, content, done, content.length - done, position + done);
}

;// CONCATENATED MODULE: ./lib/pages/compare-spans.js



/** What blocks are compared as: a page of x86-64, one of arm with 16 KiB, one of arm with 64 KiB, a huge page. */
const granularities = [4096, 16_384, 65_536, 2_097_152];
/** What is looked at at a time: an aligned block of the largest size, in which all others lie. */
const windowBytes = Math.max(...granularities);
const windowPages = windowBytes / pageBytes;
/** What one thread takes at a time: little enough for two to end together, and to notice an abort. */
const spanBytes = 16 * 1024 * 1024;
/** The body of a worker thread: takes spans until there are no more. */
function serveComparison() {
    const comparison = workerData;
    const compareNext = createSpanComparer(comparison);
    while (compareNext()) { }
}
/** Compares the next span that no thread has taken; false: there is none. */
function createSpanComparer(shared) {
    const compareWindow = createWindowComparer(shared);
    return () => {
        const from = Atomics.add(shared.spans, 0, 1) * spanBytes;
        if (from >= shared.bytes)
            return false;
        const to = Math.min(from + spanBytes, shared.bytes);
        if (hasData(shared.data, from, to))
            for (let at = from; at < to; at += windowBytes)
                compareWindow(at);
        Atomics.add(shared.spans, 1, 1);
        return true;
    };
}
/** Two of them stay in a core's own cache between the read and the comparison; larger ones took a third longer, smaller ones too. */
const chunkBytes = 128 * 1024;
const chunkPages = chunkBytes / pageBytes;
const zeros = Buffer.alloc(chunkBytes);
/** Bits of a page's state. */
const changed = 1;
const notZero = 2;
function createWindowComparer(shared) {
    const before = Buffer.alloc(chunkBytes);
    const after = Buffer.alloc(chunkBytes);
    const states = new Uint8Array(windowPages);
    const load = createLoader(shared, before, after);
    return (from) => {
        states.fill(0);
        let differs = false;
        let isZero = true;
        for (let page = 0; page < windowPages; page += chunkPages) {
            if (!load(from + page * pageBytes))
                continue;
            const chunk = states.subarray(page, page + chunkPages);
            if (Buffer.compare(before, after) !== 0) {
                differs = true;
                markPages(chunk, before, after);
            }
            else {
                // None of its pages changed, so that they matter to larger blocks alone, which the first that is not zero decides.
                isZero &&= Buffer.compare(after, zeros) === 0;
                if (!isZero)
                    chunk.fill(notZero);
            }
        }
        if (!differs)
            return;
        for (const [index, blockBytes] of granularities.entries())
            countBlocks(states, blockBytes / pageBytes, shared.counts, 2 * index);
        setBits(states, shared.bits, from / pageBytes);
    };
}
/** Fills the buffers with the chunk at `offset`, zeros in holes and behind the end; false: both files have nothing but a hole there. */
function createLoader({ before: first, after: second, data, bytes }, before, after) {
    const read = (from, to, into) => {
        readFully(first, before.subarray(into, into + to - from), from);
        readFully(second, after.subarray(into, into + to - from), from);
    };
    return (offset) => {
        const end = Math.min(offset + chunkBytes, bytes);
        let index = firstEndingBehind(data, offset / pageBytes);
        let filled = false;
        for (; index < data.length; index += 2) {
            const from = Math.max(offset, (data[index] ?? 0) * pageBytes);
            const to = Math.min(end, (data[index + 1] ?? 0) * pageBytes);
            if (from >= to)
                break;
            if (!filled && to - from < chunkBytes) {
                before.fill(0);
                after.fill(0);
            }
            filled = true;
            read(from, to, from - offset);
        }
        return filled;
    };
}
function hasData(data, from, to) {
    const next = data[firstEndingBehind(data, from / pageBytes)];
    return next !== undefined && next * pageBytes < to;
}
/** Where in the pairs the first one is that ends behind `page`. */
function firstEndingBehind(data, page) {
    let low = 0;
    let high = data.length / 2;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((data[2 * middle + 1] ?? 0) > page)
            high = middle;
        else
            low = middle + 1;
    }
    return 2 * low;
}
function markPages(states, before, after) {
    for (let index = 0; index < states.length; index += 1) {
        const from = index * pageBytes;
        const to = from + pageBytes;
        const differs = before.compare(after, from, to, from, to) !== 0;
        const isZero = after.compare(zeros, 0, pageBytes, from, to) === 0;
        states[index] = (differs ? changed : 0) | (isZero ? 0 : notZero);
    }
}
function countBlocks(states, pages, counts, into) {
    let changedBlocks = 0;
    let zeroedBlocks = 0;
    for (let from = 0; from < states.length; from += pages) {
        let state = 0;
        for (let page = from; page < from + pages; page += 1)
            state |= states[page] ?? 0;
        if ((state & changed) === 0)
            continue;
        changedBlocks += 1;
        if ((state & notZero) === 0)
            zeroedBlocks += 1;
    }
    Atomics.add(counts, into, changedBlocks);
    Atomics.add(counts, into + 1, zeroedBlocks);
}
function setBits(states, bits, firstPage) {
    for (const [index, state] of states.entries()) {
        if ((state & changed) === 0)
            continue;
        const word = (firstPage + index) >>> 5;
        bits[word] = (bits[word] ?? 0) | (1 << (index & 31));
    }
}

;// CONCATENATED MODULE: ./lib/pages/compare-threads.js






/** As many as there are processors, up to four: then they wait for the memory. */
function defaultThreads() {
    return { count: Math.min((0,external_node_os_.availableParallelism)(), 4), program: workerProgram };
}
/** Works on the comparison until it is done; no thread is left then, nor after an error or the end of the run. */
async function compareInThreads(run, shared, threads) {
    const count = Math.min(threads.count, Math.ceil(dataBytesOf(shared) / threadBytes));
    run.signal.throwIfAborted();
    if (count > 1)
        await compareWithWorkers(run, shared, count - 1, threads.program);
    else
        await compareHere(shared, run.signal);
    const done = Atomics.load(shared.spans, 1);
    const all = Math.ceil(shared.bytes / spanBytes);
    if (done !== all)
        throw new Error(`${done} of its ${all} parts were compared`);
}
/** Beside the entry's folder in dist/, above this one's in src/. */
const workerProgram = (0,external_node_path_.join)(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../compare-worker.ts' : '../compare-worker/index.js');
/** Less than this is compared before a second thread has started. */
const threadBytes = 64 * 1024 * 1024;
function dataBytesOf({ data }) {
    let pages = 0;
    for (let index = 0; index < data.length; index += 2)
        pages += (data[index + 1] ?? 0) - (data[index] ?? 0);
    return pages * pageBytes;
}
/** Span by span, so that an abort and the ends of other threads are noticed. */
async function compareHere(shared, signal) {
    const compareNext = createSpanComparer(shared);
    while (compareNext()) {
        await (0,promises_.setImmediate)();
        signal.throwIfAborted();
    }
}
async function compareWithWorkers(run, shared, workerCount, program) {
    const { promise: aborted, reject } = Promise.withResolvers();
    const abort = () => reject(run.signal.reason);
    run.signal.addEventListener('abort', abort, { once: true });
    const stop = new AbortController();
    const workers = Array.from({ length: workerCount }, () => startWorker(program, shared));
    const here = compareHere(shared, stop.signal);
    try {
        await Promise.race([aborted, Promise.all([here, ...workers.map(compare_threads_endOf)])]);
    }
    finally {
        run.signal.removeEventListener('abort', abort);
        stop.abort();
        // Before the files are closed that they read.
        await Promise.allSettled([here, ...workers.map((worker) => worker.terminate())]);
    }
}
/** With nothing of this thread's environment: it needs none. */
function startWorker(program, shared) {
    return new external_node_worker_threads_.Worker(program, { workerData: shared, env: {}, argv: [], execArgv: [] });
}
function compare_threads_endOf(worker) {
    return new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', (code) => code === 0 ? resolve() : reject(new Error(`a thread ended with status ${code}`)));
    });
}

;// CONCATENATED MODULE: ./lib/pages/data-extents.js




/** As many as a memory of 64 GiB has where every second page is written. */
const maxExtents = 8 * 1024 * 1024;
const answerMs = 60_000;
/**
 * Where a file has data, ascending and apart, as lseek(2) with SEEK_DATA and SEEK_HOLE tells; all else are holes. Node has no such call.
 * Perl hands it through, and is of every Debian's essential packages. GNU tar, which is too, asks only where st_blocks is less than the
 * length (its ST_IS_SPARSE): a file that was allocated ahead, or whose extents take many blocks themselves, would have no holes.
 *
 * Extents are of the file system's blocks, 4 KiB on ext4, XFS and tmpfs; also of what is in the page cache alone. A file without holes is
 * one extent, and so is one on a file system that does not know of holes.
 *
 * @throws SnapgateError `host` where it cannot be told; the system's error where the file is not there
 */
async function dataExtents(run, path) {
    run.signal.throwIfAborted();
    const file = (0,external_node_path_.resolve)(path);
    const fd = openFile(file);
    try {
        return await extentsOf(run, file, fd);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
/** 3 and 4 are SEEK_DATA and SEEK_HOLE, 6 is ENXIO: no data from there on (Linux's fs.h and errno-base.h). */
const program = `
my $end = 0;
while (defined(my $data = sysseek(STDIN, $end, 3))) {
  $end = sysseek(STDIN, $data, 4) // die "SEEK_HOLE: $!\\n";
  print $data + 0, ' ', $end, "\\n";
}
die "SEEK_DATA: $!\\n" if $! != 6;
`;
/** What would change how perl runs or writes. */
const environment = {
    PERL5OPT: undefined,
    PERL5LIB: undefined,
    PERL5DB: undefined,
    PERLIO: undefined,
    PERL_UNICODE: undefined,
    LC_ALL: 'C',
};
async function extentsOf(run, file, fd) {
    const child = startProcess(run, 'perl', ['-e', program], {
        stdio: [fd, 'pipe', 'pipe'],
        detached: true,
        env: environment,
    });
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null)
        throw new Error('perl has no pipes');
    const said = [];
    stderr.on('data', (chunk) => said.length < 16 && said.push(chunk));
    const exit = waitForExit(child);
    exit.catch(() => { });
    const stop = () => killGroup(child);
    const timer = setTimeout(stop, answerMs);
    run.signal.addEventListener('abort', stop, { once: true });
    try {
        const extents = await readExtents(file, stdout, (0,external_node_fs_.fstatSync)(fd).size);
        const { code, signal } = await exit;
        run.signal.throwIfAborted();
        if (signal !== null)
            throw unreadable(file, `no answer within ${answerMs} ms`);
        if (code !== 0)
            throw unreadable(file, Buffer.concat(said).toString('utf8'));
        return extents;
    }
    finally {
        clearTimeout(timer);
        stop();
        run.signal.removeEventListener('abort', stop);
        await exit.catch(() => { });
    }
}
/** Never waits for the other end of a pipe. */
function openFile(file) {
    const fd = openRead(file);
    if ((0,external_node_fs_.fstatSync)(fd).isFile())
        return fd;
    (0,external_node_fs_.closeSync)(fd);
    throw notAFile(file);
}
function openRead(file) {
    try {
        return (0,external_node_fs_.openSync)(file, external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            throw error;
        throw unreadable(file, (0,host_error/* messageOf */.bD)(error));
    }
}
const space = 0x20;
const newline = 0x0a;
const zero = 0x30;
/** Lines of two decimal numbers: where data begins, and where it ends. What was added since the length was asked is left out. */
async function readExtents(file, lines, wholeBytes) {
    const extents = [];
    let value = 0;
    let offset = 0;
    let end = 0;
    for await (const chunk of lines) {
        for (const byte of chunk) {
            if (byte !== space && byte !== newline) {
                value = value * 10 + (byte - zero);
                continue;
            }
            if (byte === space)
                offset = value;
            else {
                if (offset < end || value <= offset)
                    throw unreadable(file, `data from ${offset} to ${value}`);
                end = value;
                if (offset < wholeBytes)
                    extents.push({ offset, bytes: Math.min(end, wholeBytes) - offset });
                if (extents.length > maxExtents)
                    throw tooScattered(file);
            }
            value = 0;
        }
    }
    return extents;
}
function tooScattered(path) {
    return new host_error/* SnapgateError */.yA('host', `${path} has more than the ${maxExtents} extents of data that are read`, 'It is no memory of 64 GiB or less in pages of 4 KiB: check what it is.');
}
function notAFile(path) {
    return new host_error/* SnapgateError */.yA('host', `${path} is not a file`, 'Name the file that holds the memory or the disk.');
}
function unreadable(path, said) {
    const lines = said
        .split('\n')
        .filter((line) => line !== '')
        .slice(-10);
    return new host_error/* SnapgateError */.yA('host', `it cannot be told where ${path} has data`, `The file has to be one that this user may read, and perl has to be there: ${packageOf('perl')}.`, { details: { title: 'why', lines } });
}

;// CONCATENATED MODULE: ./lib/pages/extent-pages.js


/**
 * The pages that have a byte of an extent in them, as pairs of page numbers, from and to (exclusive), ascending and apart. The extents may
 * be in any order, and of several files. Shared, so that no thread needs a copy.
 */
function pagesOfExtents(extents) {
    const pairs = new Uint32Array(new SharedArrayBuffer(extents.length * 8));
    let length = 0;
    for (const { offset, bytes } of extents.toSorted((a, b) => a.offset - b.offset)) {
        const from = Math.floor(offset / pageBytes);
        const to = Math.ceil((offset + bytes) / pageBytes);
        const end = pairs[length - 1] ?? -1;
        if (from <= end)
            pairs[length - 1] = Math.max(to, end);
        else {
            pairs[length] = from;
            pairs[length + 1] = to;
            length += 2;
        }
    }
    return pairs.subarray(0, length);
}
/** The pages in which a file has data, as runs of at most `maxCount`, ascending. The errors are those of `dataExtents`. */
async function dataRuns(run, path, maxCount) {
    return runsOfPairs(pagesOfExtents(await dataExtents(run, path)), maxCount);
}
/** Such pairs as runs of at most `maxCount` pages, ascending. */
function* runsOfPairs(pairs, maxCount) {
    for (let index = 0; index < pairs.length; index += 2) {
        const to = pairs[index + 1] ?? 0;
        for (let first = pairs[index] ?? 0; first < to; first += maxCount)
            yield { first, count: Math.min(maxCount, to - first) };
    }
}
/** Such pairs as single pages. */
function pageSetOfPairs(pairs) {
    let count = 0;
    for (let index = 0; index < pairs.length; index += 2)
        count += (pairs[index + 1] ?? 0) - (pairs[index] ?? 0);
    const pages = new Uint32Array(count);
    let length = 0;
    for (let index = 0; index < pairs.length; index += 2)
        for (let page = pairs[index] ?? 0; page < (pairs[index + 1] ?? 0); page += 1) {
            pages[length] = page;
            length += 1;
        }
    return pages;
}

;// CONCATENATED MODULE: ./lib/pages/file-pair.js


/**
 * Opens both for the time of `work`, whose unexpected errors are about reading them, but for a full disk.
 *
 * @param flags the first is opened with; the second is only read
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
async function withFilePair(run, before, after, work, flags = 'r') {
    run.signal.throwIfAborted();
    const files = [];
    try {
        const first = file_pair_openFile(before, flags);
        files.push(first);
        const second = file_pair_openFile(after, 'r');
        files.push(second);
        const stats = [(0,external_node_fs_.fstatSync)(first), (0,external_node_fs_.fstatSync)(second)];
        const paths = [before, after];
        checkLengths(paths, stats);
        return await work({ paths, before: first, after: second, stats, bytes: stats[0].size });
    }
    catch (error) {
        run.signal.throwIfAborted();
        if (error instanceof host_error/* SnapgateError */.yA || (0,host_error/* errnoOf */.UQ)(error) === 'ENOSPC')
            throw error;
        throw brokenOff(before, after, error);
    }
    finally {
        for (const file of files)
            (0,external_node_fs_.closeSync)(file);
    }
}
/** No memory is larger, and hardly a disk; the bits of its pages take 256 MiB. */
const maxBytes = 4 * 1024 ** 4;
function file_pair_openFile(path, flags) {
    try {
        // To open a pipe would wait for its other end.
        if (!(0,external_node_fs_.statSync)(path).isFile())
            throw new Error('it is not a file');
        return (0,external_node_fs_.openSync)(path, flags);
    }
    catch (error) {
        throw new host_error/* SnapgateError */.yA('host', `${path} cannot be read: ${(0,host_error/* messageOf */.bD)(error)}`, 'Name a file that holds a memory or a disk, and that this user may read.', { cause: error });
    }
}
function checkLengths([before, after], [{ size: bytes }, { size: other }]) {
    if (bytes !== other)
        throw new host_error/* SnapgateError */.yA('host', `${before} has ${bytes} bytes and ${after} ${other}`, 'Only files of the same length are compared: two memories, or two raw disks, of one guest.');
    if (bytes > maxBytes)
        throw new host_error/* SnapgateError */.yA('host', `${before} and ${after} have ${bytes} bytes, more than the ${maxBytes} that are compared`, 'Check that they are memories or raw disks.');
}
function brokenOff(before, after, cause) {
    return new host_error/* SnapgateError */.yA('host', `comparing ${before} with ${after} broke off: ${(0,host_error/* messageOf */.bD)(cause)}`, 'Check that neither file is being written to, and that the disk they are on has no errors (dmesg).', { cause });
}

;// CONCATENATED MODULE: ./lib/pages/compare-files.js






/**
 * Compares two memory or disk files of the same length from end to end, in one pass. Where both have holes nothing is read, a hole of one
 * is zeros. The cost follows the data and not the differences; the memory it takes is a MiB for each thread, a bit for each page of the files, and
 * four bytes for each that differs.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
async function comparePages(run, before, after, threads = defaultThreads()) {
    return await withFilePair(run, before, after, async (pair) => comparisonOf(await compareOpen(run, pair, threads)));
}
async function compareOpen(run, pair, threads) {
    const { before, after, bytes, paths, stats } = pair;
    const extents = paths.map((path, index) => compare_files_extentsOf(run, path, stats[index] ?? stats[0]));
    const data = pagesOfExtents((await Promise.all(extents)).flat());
    const shared = {
        before,
        after,
        bytes,
        data,
        spans: new Int32Array(new SharedArrayBuffer(8)),
        counts: new Int32Array(new SharedArrayBuffer(granularities.length * 8)),
        bits: bitsFor(bytes),
    };
    await compareInThreads(run, shared, threads);
    return shared;
}
/** Where as much is stored as the file is long, it has no holes worth a look. */
async function compare_files_extentsOf(run, path, { size, blocks }) {
    return blocks * 512 >= size ? [{ offset: 0, bytes: size }] : await dataExtents(run, path);
}
function bitsFor(bytes) {
    return new Uint32Array(new SharedArrayBuffer(Math.ceil(bytes / pageBytes / 32) * 4));
}
function comparisonOf({ bytes, counts, bits }) {
    const blocks = granularities.map((blockBytes, index) => ({
        blockBytes,
        changed: counts[2 * index] ?? 0,
        zeroed: counts[2 * index + 1] ?? 0,
    }));
    return { bytes, blocks, changed: pagesOf(bits, counts[0] ?? 0) };
}
/** @param count of the bits that are set */
function pagesOf(bits, count) {
    const pages = new Uint32Array(count);
    let length = 0;
    for (let index = 0; index < bits.length; index += 1) {
        for (let left = bits[index] ?? 0; left !== 0; left &= left - 1) {
            pages[length] = index * 32 + (31 - Math.clz32(left & -left));
            length += 1;
        }
    }
    return pages;
}

;// CONCATENATED MODULE: ./lib/pages/page-frames.js


const framePages = 1024;
const levelOne = { params: { [external_node_zlib_.constants.ZSTD_c_compressionLevel]: 1 } };
function createPageFrames() {
    let buffer = new Uint8Array(64 * pageBytes);
    let pages = 0;
    let bytes = 0;
    const flush = () => {
        if (pages > 0)
            bytes += (0,external_node_zlib_.zstdCompressSync)(buffer.subarray(0, pages * pageBytes), levelOne).length;
        pages = 0;
    };
    return {
        add(page) {
            if (pages * pageBytes === buffer.length)
                buffer = doubled(buffer);
            buffer.set(page, pages * pageBytes);
            pages += 1;
            if (pages === framePages)
                flush();
        },
        finish() {
            flush();
            return bytes;
        },
    };
}
function doubled(buffer) {
    const larger = new Uint8Array(buffer.length * 2);
    larger.set(buffer);
    return larger;
}

;// CONCATENATED MODULE: ./lib/inspect/windows.js



/** Windows of `windowBytes`, aligned, with anything in them. */
function* windowsOf(extents) {
    let offset = -1;
    let parts = [];
    for (const extent of extents) {
        const end = extent.offset + extent.bytes;
        for (let from = extent.offset; from < end;) {
            const start = from - (from % windowBytes);
            const to = Math.min(end, start + windowBytes);
            if (start !== offset && parts.length > 0)
                yield { offset, parts };
            if (start !== offset)
                [offset, parts] = [start, []];
            parts.push({ offset: from, bytes: to - from });
            from = to;
        }
    }
    if (parts.length > 0)
        yield { offset, parts };
}
const progressEveryBytes = 256 * 1024 * 1024;
const restEveryBytes = 16 * 1024 * 1024;
/** Lets signals through, and says how far it is; called with what was read since. Rejects when the run is ended. */
function createPace(run, what, totalBytes) {
    let done = 0;
    let [rested, told] = [0, 0];
    return async (bytes) => {
        done += bytes;
        if (done - told >= progressEveryBytes) {
            told = done;
            run.log.detail(`${what}: ${(0,units/* formatBytes */.z3)(done)} of ${(0,units/* formatBytes */.z3)(totalBytes)}`);
        }
        if (done - rested < restEveryBytes)
            return;
        rested = done;
        await (0,promises_.setImmediate)();
        run.signal.throwIfAborted();
    };
}

;// CONCATENATED MODULE: ./lib/inspect/compare-images.js





/** What differs between two images of the same length. What is a hole in both is not read; what changed is read a second time. */
async function compareImages(run, before, after) {
    const { blocks, changed } = await comparePages(run, before.file, after.file);
    const frames = createPageFrames();
    const buffer = Buffer.alloc(windowBytes);
    const pace = createPace(run, `changes of ${after.path}`, changed.length * pageBytes);
    for (const { first, count } of runsOf(changed, windowPages)) {
        const pages = buffer.subarray(0, count * pageBytes);
        after.read(first * pageBytes, pages);
        for (let at = 0; at < pages.length; at += pageBytes) {
            const page = pages.subarray(at, at + pageBytes);
            if (!isZeroPage(page))
                frames.add(page);
        }
        await pace(pages.length);
    }
    return {
        kind: 'comparison',
        before: before.path,
        after: after.path,
        lengthBytes: after.lengthBytes,
        blocks: blocks.map(({ blockBytes, changed: differ, zeroed }) => ({
            blockBytes,
            changedBytes: differ * blockBytes,
            zeroedBytes: zeroed * blockBytes,
        })),
        compressedBytes: frames.finish(),
        notes: [],
    };
}

;// CONCATENATED MODULE: ./lib/inspect/extents.js

/*
 * Extents are ascending and apart everywhere here.
 */
function bytesOf(extents) {
    return extents.reduce((sum, { bytes }) => sum + bytes, 0);
}
/** Extents grown to whole pages, no further than a size: a file system with blocks of 1 KiB has data in parts of pages. */
function wholePages(extents, size) {
    return merged(extents.map(({ offset, bytes }) => {
        const from = offset - (offset % pageBytes);
        return {
            offset: from,
            bytes: Math.min(size, Math.ceil((offset + bytes) / pageBytes) * pageBytes) - from,
        };
    }));
}
/** What either has. */
function unionOf(one, other) {
    return merged(inOrder(one, other));
}
/** The parts of extents that lie in a range. */
function* within(extents, offset, bytes) {
    const end = offset + bytes;
    for (let index = firstBehind(extents, offset); index < extents.length; index += 1) {
        const extent = extents[index];
        if (extent === undefined || extent.offset >= end)
            return;
        const from = Math.max(offset, extent.offset);
        yield { offset: from, bytes: Math.min(end, extent.offset + extent.bytes) - from };
    }
}
/** How many bytes both have. */
function sharedBytes(one, other) {
    return bytesOf(one) + bytesOf(other) - bytesOf(unionOf(one, other));
}
/** Ascending extents, where neighbours and overlaps become one. */
function merged(extents) {
    const result = [];
    for (const { offset, bytes } of extents) {
        if (bytes <= 0)
            continue;
        const last = result.at(-1);
        if (last !== undefined && last.offset + last.bytes >= offset)
            last.bytes = Math.max(last.bytes, offset + bytes - last.offset);
        else
            result.push({ offset, bytes });
    }
    return result;
}
function* inOrder(one, other) {
    let [a, b] = [0, 0];
    while (a < one.length || b < other.length) {
        const [first, second] = [one[a], other[b]];
        if (second === undefined || (first !== undefined && first.offset <= second.offset)) {
            if (first !== undefined)
                yield first;
            a += 1;
        }
        else {
            yield second;
            b += 1;
        }
    }
}
/** Index of the first extent that ends behind an offset. */
function firstBehind(extents, offset) {
    let low = 0;
    let high = extents.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        const extent = extents[middle];
        if (extent !== undefined && extent.offset + extent.bytes > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

;// CONCATENATED MODULE: ./lib/inspect/unfit.js

/** The error of a file that is not what it should be. */
function unfit(path, what, remedy, cause) {
    return new host_error/* SnapgateError */.yA('record', `${path} ${what}`, remedy, { cause });
}
/** Does something with a path that a person gave; what the system says of it becomes a sentence. */
function naming(path, work) {
    try {
        return work();
    }
    catch (error) {
        throw readable(path, error);
    }
}
/** The sentence for a system's error; any other error stays as it is. */
function readable(path, error) {
    const code = (0,host_error/* errnoOf */.UQ)(error);
    if (error instanceof host_error/* SnapgateError */.yA || code === undefined)
        return error;
    if (code === 'ENOENT' || code === 'ENOTDIR')
        return unfit(path, 'is not there', 'Check the path.', error);
    if (code === 'EACCES' || code === 'EPERM')
        return unfit(path, `cannot be read (${code})`, 'Run it as a user who may read it: files of a VMM often belong to root.', error);
    return unfit(path, `cannot be read (${code})`, 'Check the path and the file system.', error);
}

;// CONCATENATED MODULE: ./lib/inspect/image-file.js








/** The largest file of ext4; page numbers are 32 bits wide. */
const maxImageBytes = 2 ** 44;
/**
 * Opens a file that holds a memory or a disk as it is.
 *
 * @throws SnapgateError `record` for what is no file, cannot be read, or has no length in whole pages
 */
async function openImageFile(run, cwd, path) {
    const file = (0,external_node_path_.resolve)(cwd, path);
    const fd = openPlainFile(file, path);
    try {
        const { size, blocks } = (0,external_node_fs_.fstatSync)(fd);
        checkLength(path, size);
        const extents = wholePages(await dataExtents(run, file), size);
        return {
            path,
            file,
            lengthBytes: size,
            allocatedBytes: blocks * 512,
            extents,
            read: (offset, into) => readData(fd, path, extents, offset, into),
            close: () => (0,external_node_fs_.closeSync)(fd),
        };
    }
    catch (error) {
        (0,external_node_fs_.closeSync)(fd);
        throw error;
    }
}
/** Opens a regular file to be read. Anything else is refused, and never waited for. @param path as it was given */
function openPlainFile(file, path) {
    const fd = naming(path, () => (0,external_node_fs_.openSync)(file, external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK));
    if ((0,external_node_fs_.fstatSync)(fd).isFile())
        return fd;
    (0,external_node_fs_.closeSync)(fd);
    throw unfit(path, 'is no file', 'Name a file, or the folder of a build of e2b.');
}
function checkLength(path, size) {
    if (size === 0)
        throw unfit(path, 'is empty', 'Check that what wrote it has come to its end.');
    if (size > maxImageBytes)
        throw unfit(path, `has ${(0,units/* formatExactBytes */.Uv)(size)}, more than the 16 TiB that are read`, 'Check what it is.');
    if (size % pageBytes === 0)
        return;
    throw unfit(path, `has ${(0,units/* formatExactBytes */.Uv)(size)}, no multiple of ${pageBytes}: it is neither a memory nor a disk, or cut short`, 'Name a memory file, a Diff, a raw disk, a qcow2 image, or the folder of a build of e2b. A file that was copied in part must be copied again.');
}
function readData(fd, path, extents, offset, into) {
    let end = 0;
    for (const part of within(extents, offset, into.length)) {
        const from = part.offset - offset;
        into.fill(0, end, from);
        readWhole(fd, path, part.offset, into.subarray(from, from + part.bytes));
        end = from + part.bytes;
    }
    into.fill(0, end);
}
function readWhole(fd, path, offset, into) {
    if (naming(path, () => readUpTo(fd, into, offset)) < into.length)
        throw unfit(path, 'became shorter while it was read', 'Inspect it when nothing writes to it any more.');
}

;// CONCATENATED MODULE: ./lib/e2b/build-id.js
/** Of whatever is zero and stored nowhere. */
const zeroBuildId = '00000000-0000-0000-0000-000000000000';
/** 16 bytes of a header as e2b writes the id of a build in the name of its folder. */
function buildIdOf(bytes) {
    const hex = Buffer.from(bytes).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
/** Whether a text is the id of a build as the tools take it and name folders by: nothing in it leads out of a folder. */
function isBuildId(text) {
    return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text);
}

;// CONCATENATED MODULE: ./lib/host/lz4-block.js
/** Thrown for bytes that are no LZ4: a clause that follows the name of what should be. */
class Lz4Error extends Error {
}
/**
 * Decodes one block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) into `out` from `begin` on, where what precedes it is
 * history; the end of what was written.
 *
 * @throws Lz4Error for a broken block, and one that holds more than there is room for
 */
function decodeLz4Block(data, out, begin) {
    let from = 0;
    let to = begin;
    const longer = (length) => {
        let total = length;
        for (let byte = 255; byte === 255; from += 1) {
            if (from >= data.length)
                throw new Lz4Error('has a block that ends too soon');
            byte = data[from] ?? 0;
            total += byte;
        }
        return total;
    };
    while (from < data.length) {
        const token = data[from] ?? 0;
        from += 1;
        const literals = token >>> 4 === 15 ? longer(15) : token >>> 4;
        if (literals > data.length - from || literals > out.length - to)
            throw new Lz4Error('has a block with literals past its end');
        copyForward(data, from, out, to, literals);
        from += literals;
        to += literals;
        if (from === data.length)
            return to;
        const offset = (data[from] ?? 0) | ((data[from + 1] ?? 0) << 8);
        from += 2;
        const length = ((token & 15) === 15 ? longer(15) : token & 15) + 4;
        if (from > data.length)
            throw new Lz4Error('has a block that ends too soon');
        if (offset === 0 || offset > to || length > out.length - to)
            throw new Lz4Error('has a block with a match outside of it');
        repeat(out, to, offset, length);
        to += length;
    }
    throw new Lz4Error('has a block without its last literals');
}
/** Below this, a loop is quicker than the call. */
const shortCopy = 48;
function copyForward(data, from, out, to, length) {
    if (length > shortCopy)
        out.set(data.subarray(from, from + length), to);
    else
        for (let index = 0; index < length; index += 1)
            out[to + index] = data[from + index] ?? 0;
}
/** Copies `length` bytes from `offset` back, which may be fewer: the copy then repeats them. */
function repeat(out, to, offset, length) {
    const from = to - offset;
    if (length <= shortCopy) {
        for (let index = 0; index < length; index += 1)
            out[to + index] = out[from + index] ?? 0;
        return;
    }
    for (let copied = 0; copied < length;) {
        const count = Math.min(offset + copied, length - copied);
        out.copyWithin(to + copied, from, from + count);
        copied += count;
    }
}

;// CONCATENATED MODULE: ./lib/e2b/byte-source.js

function byte_source_bytesInMemory(bytes) {
    return { length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
/** Part of an open file. A file that shrinks meanwhile gives fewer bytes than were asked for. */
function bytesInFile(fd, length) {
    return {
        length,
        read(offset, count) {
            const bytes = new Uint8Array(count);
            return bytes.subarray(0, readUpTo(fd, bytes, offset));
        },
    };
}

;// CONCATENATED MODULE: ./lib/e2b/little-endian.js
/** Thrown for bytes that are no header. Whoever knows the file says which. */
class FormatError extends Error {
}
/**
 * @param chunks views that each hold until the next is asked for
 * @param length bytes in all of them
 */
function readLittleEndian(chunks, length) {
    let chunk = new Uint8Array();
    let words = new DataView(chunk.buffer);
    let at = 0;
    let behind = 0;
    /** The bytes at hand are at least `count`, and begin at `at`. */
    const need = (count) => {
        if (chunk.length - at >= count)
            return;
        if (count > length - behind - at)
            throw new FormatError('is cut short');
        behind += at;
        chunk = withMore(chunk.subarray(at), count, chunks);
        words = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
        at = 0;
    };
    /** Position of the next `count` bytes. It may change `words`, and so has a line of its own. */
    const skip = (count) => {
        need(count);
        at += count;
        return at - count;
    };
    const u8 = () => {
        const position = skip(1);
        return words.getUint8(position);
    };
    const uvarint = () => readUvarint(u8);
    return {
        remaining: () => length - behind - at,
        u8,
        u32() {
            const position = skip(4);
            return words.getUint32(position, true);
        },
        i32() {
            const position = skip(4);
            return words.getInt32(position, true);
        },
        size(what) {
            const position = skip(8);
            const value = words.getUint32(position, true) + words.getUint32(position + 4, true) * 2 ** 32;
            if (!Number.isSafeInteger(value))
                throw new FormatError(`gives ${what} as more than 2^53`);
            return value;
        },
        bytes(count) {
            const position = skip(count);
            return chunk.slice(position, position + count);
        },
        view(count) {
            const position = skip(count);
            return new DataView(chunk.buffer, chunk.byteOffset + position, count);
        },
        uvarint,
        varint() {
            const value = uvarint();
            return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
        },
        end() {
            const left = length - behind - at;
            if (left > 0)
                throw new FormatError(`has ${left} bytes after its end`);
            for (let next = chunks.next(); next.done !== true; next = chunks.next())
                if (next.value.length > 0)
                    throw new FormatError('has bytes after its end');
        },
    };
}
/** What is left of a chunk together with as many as make `count` bytes. */
function withMore(rest, count, chunks) {
    const parts = [Uint8Array.from(rest)];
    let total = rest.length;
    while (total < count) {
        const next = chunks.next();
        if (next.done === true)
            throw new FormatError('is cut short');
        if (next.value.length === 0)
            continue;
        total += next.value.length;
        // The last one needs no copy by itself, but the next call of the chunks' may overwrite it.
        parts.push(Uint8Array.from(next.value));
    }
    return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : joined(parts, total);
}
function joined(parts, total) {
    const all = new Uint8Array(total);
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}
function readUvarint(u8) {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
        const byte = u8();
        value += (byte % 128) * factor;
        if (byte < 128) {
            if (!Number.isSafeInteger(value))
                break;
            return value;
        }
    }
    throw new FormatError('has a number of more than 53 bits');
}
const little_endian_chunkBytes = 1024 * 1024;
/** A source from `start` on, in chunks. */
function* chunksOf(source, start) {
    for (let at = start; at < source.length; at += little_endian_chunkBytes)
        yield source.read(at, Math.min(little_endian_chunkBytes, source.length - at));
}

;// CONCATENATED MODULE: ./lib/e2b/frame-table.js

const compressions = ['none', 'zstd', 'lz4'];
/** As many as e2b takes: 2 TiB in frames of 2 MiB. */
const maxFrames = 1024 * 1024;
/** u64 and u64 offsets, i32 and i32 sizes. */
const frameEntryBytes = 24;
/** Far above the 2 MiB that e2b cuts data into; a frame is in memory whole. */
const maxFrameBytes = 64 * 1024 * 1024;
/** @throws FormatError for a table that is no table, or whose frames are not in order */
function readFrameTable(reader) {
    const type = reader.u32();
    const count = reader.u32();
    if (type === 0 && count > 0)
        throw new FormatError('has frames of data that is not compressed');
    const compression = compressions[type];
    if (compression === undefined)
        throw new FormatError(`has data of an unknown compression, ${type}`);
    if (count > maxFrames || count > reader.remaining() / frameEntryBytes)
        throw new FormatError(`says that it has ${count} frames, more than it could hold`);
    return count === 0 ? undefined : readFrames(reader, compression, count);
}
function readFrames(reader, compression, count) {
    const [rawOffsets, storedOffsets] = [new Float64Array(count), new Float64Array(count)];
    const [rawSizes, storedSizes] = [new Int32Array(count), new Int32Array(count)];
    let [rawEnd, storedEnd] = [0, 0];
    for (let index = 0; index < count; index += 1) {
        const rawOffset = reader.size('the offset of a frame');
        const storedOffset = reader.size('the offset of a frame');
        const [raw, stored] = [reader.i32(), reader.i32()];
        if (raw <= 0 || stored <= 0 || raw > maxFrameBytes || stored > 2 * maxFrameBytes)
            throw new FormatError(`has a frame of ${raw} bytes, stored as ${stored}`);
        if (rawOffset < rawEnd || storedOffset < storedEnd)
            throw new FormatError(`has frames that overlap or are not in order, number ${index}`);
        rawOffsets[index] = rawOffset;
        storedOffsets[index] = storedOffset;
        rawSizes[index] = raw;
        storedSizes[index] = stored;
        [rawEnd, storedEnd] = [rawOffset + raw, storedOffset + stored];
    }
    const frame = (index) => ({
        rawOffsetBytes: rawOffsets[index] ?? 0,
        rawBytes: rawSizes[index] ?? 0,
        storedOffsetBytes: storedOffsets[index] ?? 0,
        storedBytes: storedSizes[index] ?? 0,
    });
    const find = (offset) => {
        const found = frame(lastNotBehind(rawOffsets, offset));
        return offset >= found.rawOffsetBytes && offset < found.rawOffsetBytes + found.rawBytes
            ? found
            : undefined;
    };
    return { compression, count, frame, find };
}
/** Index of the last offset that is not behind `offset`; 0 where all are. */
function lastNotBehind(offsets, offset) {
    let low = 0;
    let high = offsets.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((offsets[middle] ?? 0) > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return Math.max(0, low - 1);
}

;// CONCATENATED MODULE: ./lib/e2b/xxhash32.js
/*
 * xxHash32 with seed 0, which LZ4 frames are checked with
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
 */
const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;
const stripeBytes = 16;
function xxhash32(bytes) {
    const hash = createXxhash32();
    hash.update(bytes);
    return hash.digest();
}
function createXxhash32() {
    const lanes = Int32Array.of(prime1 + prime2, prime2, 0, -prime1);
    const held = new Uint8Array(stripeBytes);
    let heldBytes = 0;
    let total = 0;
    return {
        update(bytes) {
            total += bytes.length;
            let rest = bytes;
            if (heldBytes > 0) {
                const taken = Math.min(stripeBytes - heldBytes, rest.length);
                held.set(rest.subarray(0, taken), heldBytes);
                heldBytes += taken;
                rest = rest.subarray(taken);
                if (heldBytes < stripeBytes)
                    return;
                addStripes(lanes, held);
            }
            const whole = rest.length - (rest.length % stripeBytes);
            addStripes(lanes, rest.subarray(0, whole));
            held.set(rest.subarray(whole));
            heldBytes = rest.length - whole;
        },
        digest: () => finish(lanes, total, held.subarray(0, heldBytes)),
    };
}
/** `bytes` is a multiple of 16 long. */
function addStripes(lanes, bytes) {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let [a = 0, b = 0, c = 0, d = 0] = lanes;
    for (let at = 0; at < bytes.length; at += stripeBytes) {
        a = round(a, words.getInt32(at, true));
        b = round(b, words.getInt32(at + 4, true));
        c = round(c, words.getInt32(at + 8, true));
        d = round(d, words.getInt32(at + 12, true));
    }
    lanes.set([a, b, c, d]);
}
function round(lane, word) {
    return Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);
}
function finish(lanes, total, tail) {
    const [a = 0, b = 0, c = 0, d = 0] = lanes;
    let hash = total >= stripeBytes ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0 : prime5 | 0;
    hash = (hash + total) | 0;
    const words = new DataView(tail.buffer, tail.byteOffset, tail.length);
    let at = 0;
    for (; at + 4 <= tail.length; at += 4)
        hash = Math.imul(rotate((hash + Math.imul(words.getInt32(at, true), prime3)) | 0, 17), prime4);
    for (; at < tail.length; at += 1)
        hash = Math.imul(rotate((hash + Math.imul(tail[at] ?? 0, prime5)) | 0, 11), prime1);
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
}
function rotate(value, by) {
    return (value << by) | (value >>> (32 - by));
}

;// CONCATENATED MODULE: ./lib/e2b/lz4-frame.js


/*
 * Reader of LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), as far as e2b writes them:
 * one frame, no dictionary. It is here because no decoder on npm in plain JavaScript both verifies the checksums of a frame and lets the
 * caller bound what it puts out before it is in memory.
 */
const magic = 0x184d2204;
const blockSizes = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];
/** How far back a match may reach, over blocks too where they are linked. */
const historyBytes = 65_536;
const storedFlag = 0x8000_0000;
/** A writer fills its blocks but for the last, and those before a flush; what is cut much finer takes long to read, and holds little. */
const minMeanBlockBytes = 4096;
const sparedBlocks = 16;
/** No LZ4 block grows more than this many times: what claims to is not one. */
const maxLz4Expansion = 255;
/**
 * The content of the one frame in `source` from `start` to its end, block by block; each is a view that holds until the next is asked for.
 *
 * @param limit bytes of content; one more is an error
 * @throws Lz4Error for a broken frame, a wrong checksum, bytes after the frame, and more than `limit`
 */
function* decodeLz4Frame(source, start, limit) {
    const reader = createReader(source, start);
    const frame = readDescriptor(reader);
    const content = createXxhash32();
    const out = new Uint8Array(historyBytes + Math.min(frame.maxBlockBytes, limit));
    let history = 0;
    let total = 0;
    let blocksLeft = sparedBlocks + limit / minMeanBlockBytes;
    for (let size = reader.u32(); size !== 0; size = reader.u32()) {
        blocksLeft -= 1;
        if (blocksLeft < 0)
            throw new Lz4Error('is cut into too many blocks');
        const data = readBlock(reader, frame, size);
        const end = size >= storedFlag ? store(data, out, history) : decodeLz4Block(data, out, history);
        const block = out.subarray(history, end);
        if (block.length === 0)
            throw new Lz4Error('has an empty block');
        total += block.length;
        if (total > limit)
            throw new Lz4Error(`holds more than the ${limit} bytes that it should`);
        if (frame.contentChecksum)
            content.update(block);
        yield block;
        history = frame.linked ? keepHistory(out, end) : 0;
    }
    if (frame.contentChecksum && reader.u32() !== content.digest())
        throw new Lz4Error('does not match its checksum');
    if (frame.contentBytes !== undefined && frame.contentBytes !== total)
        throw new Lz4Error(`holds ${total} bytes, and says ${frame.contentBytes}`);
    if (reader.remaining() > 0)
        throw new Lz4Error(`has ${reader.remaining()} bytes after its end`);
}
/** The whole content of a frame whose size is known. */
function decodeWholeLz4Frame(frame, bytes) {
    const content = new Uint8Array(bytes);
    let at = 0;
    for (const block of decodeLz4Frame(frame, 0, bytes)) {
        content.set(block, at);
        at += block.length;
    }
    if (at !== bytes)
        throw new Lz4Error(`holds ${at} bytes in place of ${bytes}`);
    return content;
}
function createReader(source, start) {
    let at = start;
    const take = (count) => {
        if (count > source.length - at)
            throw new Lz4Error('is cut short');
        const bytes = source.read(at, count);
        if (bytes.length < count)
            throw new Lz4Error('is cut short');
        at += count;
        return bytes;
    };
    return { remaining: () => source.length - at, take, u32: () => u32At(take(4), 0) };
}
function readDescriptor(reader) {
    if (reader.u32() !== magic)
        throw new Lz4Error('is no LZ4 frame');
    const [flags = 0, sizes = 0] = reader.take(2);
    if (flags >>> 6 !== 1 || (flags & 0b11) !== 0 || (sizes & 0b1000_1111) !== 0)
        throw new Lz4Error('has a descriptor of another version, or a dictionary');
    const size = (flags & 0b1000) === 0 ? new Uint8Array() : reader.take(8);
    const described = Uint8Array.of(flags, sizes, ...size);
    if (reader.take(1)[0] !== ((xxhash32(described) >>> 8) & 0xff))
        throw new Lz4Error('has a descriptor that does not match its checksum');
    const maxBlockBytes = blockSizes[sizes >>> 4] ?? 0;
    if (maxBlockBytes === 0)
        throw new Lz4Error('has blocks of an unknown size');
    return {
        linked: (flags & 0b10_0000) === 0,
        blockChecksums: (flags & 0b1_0000) !== 0,
        contentChecksum: (flags & 0b100) !== 0,
        contentBytes: size.length === 0 ? undefined : u32At(size, 0) + u32At(size, 4) * 2 ** 32,
        maxBlockBytes,
    };
}
function readBlock(reader, frame, size) {
    const bytes = size % storedFlag;
    if (bytes > frame.maxBlockBytes)
        throw new Lz4Error(`has a block of ${bytes} bytes`);
    const data = reader.take(bytes);
    if (frame.blockChecksums && reader.u32() !== xxhash32(data))
        throw new Lz4Error('has a block that does not match its checksum');
    return data;
}
function store(data, out, at) {
    if (data.length > out.length - at)
        throw new Lz4Error('has a block larger than it should be');
    out.set(data, at);
    return at + data.length;
}
/** Moves the last 64 KiB before `end` to the front, where the next block's matches find them; how many there are. */
function keepHistory(out, end) {
    const kept = Math.min(end, historyBytes);
    out.copyWithin(0, end - kept, end);
    return kept;
}
function u32At(bytes, at) {
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

;// CONCATENATED MODULE: ./lib/e2b/mapping.js


/** Unit of every offset and length in a mapping, whatever the block size of the image. */
const mappingUnit = 4096;
/** Largest page number that a header can hold: 16 TiB. */
const maxPage = 0xffff_ffff;
function allocateColumns(count) {
    return {
        offsets: new Uint32Array(count),
        lengths: new Uint32Array(count),
        storage: new Uint32Array(count),
        builds: new Uint16Array(count),
    };
}
/**
 * @throws FormatError for ranges that are empty, overlap, are not in order, or lie outside the image
 */
function makeMapping(columns, facts) {
    const gaps = checkOrder(columns, facts.virtualPages);
    const { offsets } = columns;
    const count = offsets.length + (facts.gapsAreZero ? gaps : 0);
    return {
        count,
        ranges: () => rangesFrom(columns, facts, 0, facts.virtualPages),
        buildIds: () => namesOf(columns, facts),
        *within(offsetBytes, lengthBytes) {
            const [from, to] = [offsetBytes, offsetBytes + lengthBytes];
            for (const range of rangesFrom(columns, facts, Math.floor(from / mappingUnit), to / mappingUnit)) {
                const begin = Math.max(from, range.offsetBytes);
                const end = Math.min(to, range.offsetBytes + range.lengthBytes);
                if (end <= begin)
                    continue;
                yield {
                    offsetBytes: begin,
                    lengthBytes: end - begin,
                    buildId: range.buildId,
                    storageOffsetBytes: range.buildId === zeroBuildId ? 0 : range.storageOffsetBytes + begin - range.offsetBytes,
                };
            }
        },
    };
}
function namesOf({ builds }, facts) {
    const names = new Set();
    for (const build of new Set(builds))
        names.add(facts.builds[build] ?? zeroBuildId);
    names.delete(zeroBuildId);
    return names;
}
/** How many gaps there are between the entries, and before and behind them. */
function checkOrder({ offsets, lengths, builds }, virtualPages) {
    let end = 0;
    let gaps = 0;
    for (let index = 0; index < builds.length; index += 1) {
        const offset = offsets[index] ?? 0;
        const length = lengths[index] ?? 0;
        if (length === 0)
            throw new FormatError(`has an empty range, number ${index}`);
        if (offset < end)
            throw new FormatError(`has ranges that overlap or are not in order, number ${index}`);
        if (offset + length > virtualPages)
            throw new FormatError(`has a range outside the image, number ${index}`);
        if (offset > end)
            gaps += 1;
        end = offset + length;
    }
    return end < virtualPages ? gaps + 1 : gaps;
}
/** The ranges that overlap the pages from `first` to before `end`, whole. */
function* rangesFrom({ offsets, lengths, storage, builds }, facts, first, end) {
    let index = mapping_firstBehind(offsets, lengths, first);
    let last = index === 0 ? 0 : (offsets[index - 1] ?? 0) + (lengths[index - 1] ?? 0);
    for (; index < offsets.length; index += 1) {
        const offset = offsets[index] ?? 0;
        if (facts.gapsAreZero && offset > last && last < end)
            yield mapping_zeros(last, offset - last);
        if (offset >= end)
            return;
        const length = lengths[index] ?? 0;
        last = offset + length;
        yield {
            offsetBytes: offset * mappingUnit,
            lengthBytes: length * mappingUnit,
            buildId: facts.builds[builds[index] ?? 0] ?? zeroBuildId,
            storageOffsetBytes: (storage[index] ?? 0) * mappingUnit,
        };
    }
    if (facts.gapsAreZero && last < facts.virtualPages && last < end)
        yield mapping_zeros(last, facts.virtualPages - last);
}
function mapping_zeros(page, count) {
    return {
        offsetBytes: page * mappingUnit,
        lengthBytes: count * mappingUnit,
        buildId: zeroBuildId,
        storageOffsetBytes: 0,
    };
}
/** Index of the first entry that ends behind a page. */
function mapping_firstBehind(offsets, lengths, page) {
    let low = 0;
    let high = offsets.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((offsets[middle] ?? 0) + (lengths[middle] ?? 0) > page)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
/** As many as two bytes tell apart, less the one that e2b keeps for zeros. */
const maxBuilds = 65_535;

;// CONCATENATED MODULE: ./lib/e2b/header.js










const metadataBytes = 64;
const rangeBytes = 40;
/** Of a frame besides its blocks, and besides the 255th part that blocks may grow by: their sizes and checksums take less than that. */
const lz4SpareBytes = 1024;
const minBlockBytes = 4096;
const maxBlockBytes = 1024 ** 3;
/**
 * Half of what e2b takes, so that the worst of them is read in a second: 3 million ranges of 40 bytes, or all that format 5 may have at 16
 * bytes each.
 */
const maxUncompressedBytes = 128 * 1024 * 1024;
/** A header that cannot be compressed is somewhat larger than what it holds. */
const maxHeaderBytes = maxUncompressedBytes + 4 * 1024 * 1024;
/** As many ranges as e2b takes of format 5; in memory they are 14 bytes each. */
const maxRanges = 8 * 1024 * 1024;
/** 16-byte id, i64 size, SHA-256, and a table of no frames. */
const minBuildBytes = 16 + 8 + 32 + 8;
const incompleteFlag = 1;
/**
 * Reads a header that is in memory.
 *
 * @param where what it is called in the error: a path, or an address
 * @throws SnapgateError `record` for what is no header, or lies beyond the bounds of one
 */
function parseHeader(bytes, where) {
    return header_naming(where, () => readHeader(bytesInMemory(bytes)));
}
/** As `parseHeader`, of a file, of which no more than some MiB are in memory at a time. */
function readHeaderFile(path) {
    return header_naming(path, () => {
        // A FIFO would be waited for.
        const fd = (0,external_node_fs_.openSync)(path, external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK);
        try {
            const stat = (0,external_node_fs_.fstatSync)(fd);
            if (!stat.isFile())
                throw new FormatError('is no file');
            return readHeader(bytesInFile(fd, stat.size));
        }
        finally {
            (0,external_node_fs_.closeSync)(fd);
        }
    });
}
function header_naming(where, read) {
    try {
        return read();
    }
    catch (error) {
        if (error instanceof FormatError || error instanceof Lz4Error)
            throw brokenHeader(where, error);
        const code = (0,host_error/* errnoOf */.UQ)(error);
        if (code === undefined)
            throw error;
        throw new host_error/* SnapgateError */.yA('record', `${where} cannot be read (${code})`, 'A layer is a folder with memfile.header, rootfs.ext4.header and the data of both: check that the build has come to its end.', { cause: error });
    }
}
function brokenHeader(where, cause) {
    return new host_error/* SnapgateError */.yA('record', `${where} is no header of an e2b layer: it ${cause.message}`, 'Formats 1 to 5 are known. Check that the file is whole, and was written by the tools of e2b.', { cause });
}
function readHeader(source) {
    if (source.length < metadataBytes)
        throw new FormatError(`has ${source.length} bytes only`);
    if (source.length > maxHeaderBytes)
        throw new FormatError(`has ${source.length} bytes, and could have ${maxHeaderBytes}`);
    const reader = readLittleEndian(chunksOf(source, 0), source.length);
    const metadata = readMetadata(reader);
    if (metadata.format <= 3)
        return { ...metadata, incomplete: false, builds: new Map(), mapping: readOldMapping(reader, metadata) };
    return readCompressedPart(source, reader, metadata);
}
function readMetadata(reader) {
    const format = reader.view(8).getUint16(0, true);
    if (format < 1 || format > 5)
        throw new FormatError(`has format ${format}, which is not known`);
    const blockBytes = reader.size('its block size');
    if (blockBytes < minBlockBytes || blockBytes > maxBlockBytes || !Number.isInteger(Math.log2(blockBytes)))
        throw new FormatError(`has blocks of ${blockBytes} bytes`);
    const virtualBytes = reader.size('the size of its image');
    if (virtualBytes > maxPage * mappingUnit)
        throw new FormatError(`has an image of ${virtualBytes} bytes, more than 16 TiB`);
    const generation = reader.size('its generation');
    const [buildId, baseBuildId] = [buildIdOf(reader.bytes(16)), buildIdOf(reader.bytes(16))];
    return { format, blockBytes, virtualBytes, generation, buildId, baseBuildId };
}
/** Formats 1 to 3: ranges to the end of the file. */
function readOldMapping(reader, metadata) {
    const count = reader.remaining() / rangeBytes;
    if (!Number.isInteger(count))
        throw new FormatError('is cut short');
    const mapping = readRanges(reader, count, metadata);
    reader.end();
    return mapping;
}
/** Formats 4 and 5: an LZ4 frame with the builds and then the ranges. */
function readCompressedPart(source, outer, metadata) {
    const flags = outer.u8();
    const bytes = outer.u32();
    const start = metadataBytes + 5;
    if (bytes > maxUncompressedBytes)
        throw new FormatError(`would be ${bytes} bytes when it is decompressed, and could be ${maxUncompressedBytes}`);
    if (bytes > maxLz4Expansion * (source.length - start))
        throw new FormatError(`says that ${source.length - start} bytes become ${bytes}`);
    if (source.length - start > bytes + bytes / 255 + lz4SpareBytes)
        throw new FormatError(`says that ${source.length - start} bytes are only ${bytes}`);
    const reader = readLittleEndian(decodeLz4Frame(source, start, bytes), bytes);
    const builds = readBuilds(reader);
    const mapping = metadata.format === 4 ? readRanges(reader, reader.u32(), metadata) : readColumns(reader, metadata);
    reader.end();
    return { ...metadata, incomplete: (flags & incompleteFlag) !== 0, builds, mapping };
}
function readBuilds(reader) {
    const count = reader.u32();
    if (count > maxBuilds || count > reader.remaining() / minBuildBytes)
        throw new FormatError(`says that it has ${count} builds, more than it could hold`);
    const builds = new Map();
    for (let index = 0; index < count; index += 1) {
        const id = buildIdOf(reader.bytes(16));
        const rawBytes = reader.size("the size of a build's data");
        // A checksum of the whole data, which is not read whole here.
        reader.bytes(32);
        if (builds.has(id))
            throw new FormatError(`has the build ${id} twice`);
        builds.set(id, { rawBytes, frames: readFrameTable(reader) });
    }
    return builds;
}
function virtualPagesOf({ virtualBytes }) {
    return Math.ceil(virtualBytes / mappingUnit);
}
/** Records of 40 bytes. None at all: the layer holds the whole image. */
function readRanges(reader, count, metadata) {
    checkCount(count, reader.remaining() / rangeBytes);
    if (count === 0)
        return wholeImage(metadata);
    const columns = allocateColumns(count);
    const builds = createBuildTable(Math.min(count, maxBuilds));
    for (let index = 0; index < count;) {
        const records = Math.min(recordsAtOnce, count - index);
        const view = reader.view(records * rangeBytes);
        for (let at = 0; at < view.byteLength; at += rangeBytes, index += 1) {
            columns.offsets[index] = pageAt(view, at, 'offset');
            columns.lengths[index] = pageAt(view, at + 8, 'length');
            columns.builds[index] = builds.indexAt(view, at + 16);
            columns.storage[index] = pageAt(view, at + 32, 'place in the data');
        }
    }
    const virtualPages = virtualPagesOf(metadata);
    return makeMapping(columns, { builds: builds.names, virtualPages, gapsAreZero: false });
}
const recordsAtOnce = 4096;
function wholeImage(metadata) {
    const virtualPages = virtualPagesOf(metadata);
    const columns = allocateColumns(virtualPages === 0 ? 0 : 1);
    columns.lengths[0] = virtualPages;
    return makeMapping(columns, { builds: [metadata.buildId], virtualPages, gapsAreZero: false });
}
function checkCount(count, possible) {
    if (count > possible || count > maxRanges)
        throw new FormatError(`says that it has ${count} ranges, more than it could hold`);
}
/** A u64 of bytes as a number of pages. */
function pageAt(view, at, what) {
    const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (low % mappingUnit !== 0)
        throw new FormatError(`has a range whose ${what} is no multiple of 4096`);
    if (high >= mappingUnit)
        throw new FormatError(`has a range whose ${what} is beyond 16 TiB`);
    return high * 2 ** 20 + low / mappingUnit;
}
/**
 * Names of builds by index. Ids as text are ten times as slow to make as to compare: a table of them by hash, where each is made once. The
 * hash has multipliers of its own each time, lest ids be chosen to meet in it.
 *
 * @param count of ids at most; one more is a FormatError
 */
function createBuildTable(count) {
    const names = [];
    const mask = 2 ** Math.ceil(Math.log2(2 * count)) - 1;
    const slots = new Uint32Array(mask + 1);
    const ids = new Int32Array(4 * count);
    const [first, second] = [randomOdd(), randomOdd()];
    const slotOf = (view, at) => {
        let hash = 0;
        for (let word = 0; word < 16; word += 4) {
            hash = Math.imul(hash ^ view.getInt32(at + word), first);
            hash = Math.imul(hash ^ (hash >>> 15), second);
            hash ^= hash >>> 13;
        }
        return hash & mask;
    };
    return {
        names,
        indexAt(view, at) {
            let slot = slotOf(view, at);
            for (let used = slots[slot]; used; used = slots[slot]) {
                if (sameId(ids, used - 1, view, at))
                    return used - 1;
                slot = (slot + 1) & mask;
            }
            if (names.length >= count)
                throw new FormatError(`has ranges of more than ${count} builds`);
            const index = names.push(buildIdOf(new Uint8Array(view.buffer, view.byteOffset + at, 16))) - 1;
            for (let word = 0; word < 4; word += 1)
                ids[4 * index + word] = view.getInt32(at + 4 * word);
            slots[slot] = index + 1;
            return index;
        },
    };
}
function randomOdd() {
    return (0,external_node_crypto_.randomInt)(2 ** 31) * 2 + 1;
}
function sameId(ids, index, view, at) {
    for (let word = 0; word < 4; word += 1)
        if (ids[4 * index + word] !== view.getInt32(at + 4 * word))
            return false;
    return true;
}
/** Format 5: a table of ids, then the four columns one after another, in variable-length numbers of pages. */
function readColumns(reader, metadata) {
    const builds = readIdTable(reader);
    const count = reader.u32();
    checkCount(count, reader.remaining() / 4);
    const columns = allocateColumns(count);
    const { offsets, lengths, storage } = columns;
    let offset = 0;
    for (let index = 0; index < count; index += 1) {
        offset += reader.uvarint();
        offsets[index] = checkedPage(offset, 'offset');
    }
    for (let index = 0; index < count; index += 1)
        lengths[index] = checkedPage(reader.uvarint(), 'length');
    let place = 0;
    for (let index = 0; index < count; index += 1) {
        place += reader.varint();
        storage[index] = checkedPage(place, 'place in the data');
    }
    for (let index = 0; index < count; index += 1) {
        const build = reader.uvarint();
        if (build >= builds.length)
            throw new FormatError(`has a range of build ${build} of ${builds.length}`);
        columns.builds[index] = build;
    }
    return makeMapping(columns, { builds, virtualPages: virtualPagesOf(metadata), gapsAreZero: true });
}
function readIdTable(reader) {
    const count = reader.u32();
    if (count > maxBuilds || count > reader.remaining() / 16)
        throw new FormatError(`says that it has ${count} builds, more than it could hold`);
    const ids = Array.from({ length: count }, () => buildIdOf(reader.bytes(16)));
    if (ids.includes(zeroBuildId))
        throw new FormatError('gives what is zero as a build');
    return ids;
}
function checkedPage(page, what) {
    if (page >= 0 && page <= maxPage)
        return page;
    throw new FormatError(`has a range whose ${what} is beyond 16 TiB`);
}

;// CONCATENATED MODULE: ./lib/e2b/layer.js






/** What a build has layers of. */
const artifacts = ['memfile', 'rootfs.ext4'];
const suffixes = { none: '', zstd: '.zstd', lz4: '.lz4' };
function dataFileName(artifact, compression) {
    return `${artifact}${suffixes[compression]}`;
}
function headerFileName(artifact) {
    return `${artifact}.header`;
}
/**
 * Reads the header of a build's memory or disk, and holds the data file against it.
 *
 * @param dir the build's folder, `<storage>/templates/<build id>`
 * @param header where it has been read already
 * @throws SnapgateError `record` for a header that is none, and for data that is missing or shorter than the header says
 */
function readLayer(dir, artifact, header = readHeaderFile((0,external_node_path_.join)(dir, headerFileName(artifact)))) {
    const own = header.builds.get(header.buildId);
    const compression = own?.frames?.compression ?? 'none';
    const path = (0,external_node_path_.join)(dir, dataFileName(artifact, compression));
    const storedBytes = fileBytes(path);
    const mapped = mappedTo(header, header.buildId);
    const rawBytes = rawBytesOf(own, storedBytes ?? 0);
    checkData(path, header, mapped, storedBytes);
    return {
        artifact,
        headerPath: (0,external_node_path_.join)(dir, headerFileName(artifact)),
        header,
        dataPath: storedBytes === undefined ? undefined : path,
        compression,
        ownBytes: mapped.bytes,
        rawBytes,
        storedBytes: storedBytes ?? 0,
    };
}
function fileBytes(path) {
    try {
        const stat = (0,external_node_fs_.statSync)(path);
        return stat.isFile() ? stat.size : undefined;
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            return undefined;
        throw error;
    }
}
/**
 * Where what a header maps to a build ends in that build's data file, in bytes as they are stored; 0: it maps nothing to it.
 *
 * @param mapped where it has been counted already
 */
function storedEnd(header, buildId, mapped) {
    const last = lastFrame(header.builds.get(buildId));
    if (last !== undefined)
        return last.storedOffsetBytes + last.storedBytes;
    return (mapped ?? mappedTo(header, buildId)).endBytes;
}
function lastFrame(build) {
    return build?.frames?.frame(build.frames.count - 1);
}
/** What a header maps to a build. */
function mappedTo({ mapping }, buildId) {
    let bytes = 0;
    let endBytes = 0;
    for (const range of mapping.ranges()) {
        if (range.buildId !== buildId)
            continue;
        bytes += range.lengthBytes;
        endBytes = Math.max(endBytes, range.storageOffsetBytes + range.lengthBytes);
    }
    return { bytes, endBytes };
}
/** As inspect-build counts: what the header says, else the file. */
function rawBytesOf(own, storedBytes) {
    if (own === undefined)
        return storedBytes;
    if (own.frames === undefined || own.rawBytes > 0)
        return own.rawBytes;
    let bytes = 0;
    for (let index = 0; index < own.frames.count; index += 1)
        bytes += own.frames.frame(index).rawBytes;
    return bytes;
}
function checkData(path, header, mapped, storedBytes) {
    const { bytes, endBytes } = mapped;
    if (bytes === 0)
        return;
    if (storedBytes === undefined)
        throw brokenData(`${path} is not there, and should hold ${(0,units/* formatBytes */.z3)(bytes)} of the layer`);
    const needed = storedEnd(header, header.buildId, mapped);
    if (storedBytes < needed)
        throw brokenData(`${path} has ${(0,units/* formatExactBytes */.Uv)(storedBytes)}, and its header maps ${(0,units/* formatExactBytes */.Uv)(needed)}`);
    const last = lastFrame(header.builds.get(header.buildId));
    const rawEnd = last === undefined ? storedBytes : last.rawOffsetBytes + last.rawBytes;
    if (rawEnd < endBytes)
        throw brokenData(`${path} holds ${(0,units/* formatExactBytes */.Uv)(rawEnd)} before compression, and its header maps ${(0,units/* formatExactBytes */.Uv)(endBytes)}`);
}
/** The error of a layer whose data is not what its header says. */
function brokenData(message, cause) {
    return new host_error/* SnapgateError */.yA('record', message, 'The build did not come to its end, or was copied in part: make it again, or copy the whole folder.', { cause });
}
/** The folder of another build of the same storage. @throws SnapgateError `record` for what is no id */
function buildFolder(templates, buildId) {
    if (isBuildId(buildId))
        return (0,external_node_path_.join)(templates, buildId);
    throw new host_error/* SnapgateError */.yA('record', `${JSON.stringify(buildId.slice(0, 80))} is not the id of a build`, 'The tools of e2b name builds by a UUID in lower case.');
}

;// CONCATENATED MODULE: ./lib/e2b/chain.js



/** A chain longer than that is no chain of pauses any more, but a loop that renames itself. */
const maxLayers = 10_000;
/** Of all headers of a chain together, at 14 bytes each in memory: as many as a memory of 64 GiB has pages of 4 KiB. */
const chain_maxRanges = 16 * 1024 ** 2;
/**
 * A layer and all that its image is stored by, nearest first: the builds that its header names, then those that theirs name.
 *
 * @param dir folder of the build
 * @param layerOf layer of any other build, asked for once; undefined where there is none, and it is left out
 * @throws SnapgateError `record` for layers that go round in a circle, and for a header that is none
 */
function readChain(dir, artifact, layerOf) {
    const first = readLayer(dir, artifact);
    const chain = [first];
    const seen = new Set([first.header.buildId, zeroBuildId]);
    let ranges = first.header.mapping.count;
    for (let index = 0; index < chain.length; index += 1) {
        const layer = chain[index];
        if (layer === undefined)
            break;
        for (const id of namedBuilds(layer)) {
            if (seen.has(id))
                continue;
            seen.add(id);
            const next = layerOf(id);
            if (next === undefined)
                continue;
            if (chain.length >= maxLayers)
                throw endless(layer);
            ranges += next.header.mapping.count;
            if (ranges > chain_maxRanges)
                throw tooMany(layer);
            chain.push(next);
        }
    }
    refuseLoops(chain);
    return chain;
}
function namedBuilds({ header }) {
    const names = header.mapping.buildIds();
    names.add(header.baseBuildId);
    names.delete(header.buildId);
    return names;
}
/** A layer is made of what was there before it: one that is below itself was tampered with. */
function refuseLoops(chain) {
    const layers = new Map(chain.map((layer) => [layer.header.buildId, layer]));
    const above = new Map([...layers.keys()].map((id) => [id, []]));
    const left = new Map();
    for (const [id, layer] of layers) {
        // What is not there leads nowhere.
        const below = [...namedBuilds(layer)].filter((name) => above.has(name));
        for (const name of below)
            above.get(name)?.push(id);
        left.set(id, below.length);
    }
    const free = [...left].filter(([, count]) => count === 0).map(([id]) => id);
    for (let id = free.pop(); id !== undefined; id = free.pop()) {
        left.delete(id);
        for (const user of above.get(id) ?? []) {
            const count = (left.get(user) ?? 0) - 1;
            left.set(user, count);
            if (count === 0)
                free.push(user);
        }
    }
    const stuck = chain.find(({ header }) => left.has(header.buildId));
    if (stuck !== undefined)
        throw endless(stuck);
}
function tooMany({ headerPath }) {
    return new host_error/* SnapgateError */.yA('record', `the headers below ${headerPath} map more than ${chain_maxRanges} ranges together`, 'No chain of snapshots is so scattered: check where the headers come from.');
}
function endless({ headerPath, header }) {
    return new host_error/* SnapgateError */.yA('record', `${headerPath}: the layers below ${header.buildId} lead back to it`, 'A layer names only builds that are older: one of the headers was changed, or copied under another id.');
}

;// CONCATENATED MODULE: ./lib/pages/distinct-pages.js

/** 64 GiB of pages; the table is 512 MiB then, and the one that it grew from half of that. */
const maxRemembered = 16 * 1024 * 1024;
const wordsPerKey = 4;
/**
 * Pages by the first 128 bits of their SHA-256, 16 bytes each: two different pages that were taken for one would be a collision of it, which
 * nobody can make on purpose, and which among 16 million pages is less likely than 1 in 10^24. The table grows with what is distinct.
 *
 * @param limit how many are remembered
 */
function createDistinctPages(limit = maxRemembered) {
    let table = new Uint32Array(1024 * wordsPerKey);
    let count = 0;
    let overflown = false;
    return {
        add(page) {
            const key = keyOf(page);
            const place = placeOf(table, key);
            if (holds(table, place))
                return false;
            if (count >= limit) {
                overflown = true;
                return true;
            }
            table.set(key, place);
            count += 1;
            if (count * wordsPerKey > table.length / 2)
                table = grown(table);
            return true;
        },
        exact: () => !overflown,
    };
}
function keyOf(page) {
    const digest = (0,external_node_crypto_.hash)('sha256', page, 'buffer');
    const key = new Uint32Array(wordsPerKey);
    for (let word = 0; word < wordsPerKey; word += 1)
        key[word] = digest.readUInt32LE(word * 4);
    // All zero marks a free place.
    if (key.every((word) => word === 0))
        key[0] = 1;
    return key;
}
/** Where a key is, or would be: the first free place after where it belongs. */
function placeOf(table, key) {
    const mask = table.length / wordsPerKey - 1;
    for (let slot = (key[0] ?? 0) & mask;; slot = (slot + 1) & mask) {
        const place = slot * wordsPerKey;
        if (!holds(table, place) || sameKey(table, place, key))
            return place;
    }
}
function holds(table, place) {
    return table[place] !== 0 || table[place + 1] !== 0 || table[place + 2] !== 0 || table[place + 3] !== 0;
}
function sameKey(table, place, key) {
    return (table[place] === key[0] &&
        table[place + 1] === key[1] &&
        table[place + 2] === key[2] &&
        table[place + 3] === key[3]);
}
function grown(table) {
    const larger = new Uint32Array(table.length * 2);
    for (let place = 0; place < table.length; place += wordsPerKey) {
        const key = table.subarray(place, place + wordsPerKey);
        if (holds(table, place))
            larger.set(key, placeOf(larger, key));
    }
    return larger;
}

;// CONCATENATED MODULE: ./lib/e2b/build-data.js







/**
 * @param frames of compressed data; undefined: the file is the data
 * @throws SnapgateError `record` for what is no file
 */
function openBuildData(path, frames) {
    const fd = openDataFile(path);
    const close = () => (0,external_node_fs_.closeSync)(fd);
    if (frames === undefined)
        return { read: (offset, into) => readStored(fd, path, offset, into), close };
    const decode = createFrameCache((frame) => decodeFrame(fd, path, frames, frame));
    return { read: (offset, into) => readFramed(path, frames, decode, offset, into), close };
}
/** A FIFO is not waited for. */
function openDataFile(path) {
    const fd = (0,external_node_fs_.openSync)(path, external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK);
    if ((0,external_node_fs_.fstatSync)(fd).isFile())
        return fd;
    (0,external_node_fs_.closeSync)(fd);
    throw brokenData(`${path} is no file`);
}
function readStored(fd, path, offset, into) {
    if (readUpTo(fd, into, offset) < into.length)
        throw brokenData(`${path} ends before byte ${offset + into.length}`);
}
function readFramed(path, frames, decode, offset, into) {
    let filled = 0;
    while (filled < into.length) {
        const frame = frames.find(offset + filled);
        if (frame === undefined)
            throw brokenData(`${path}: no frame holds byte ${offset + filled} of the data`);
        const from = offset + filled - frame.rawOffsetBytes;
        const part = decode(frame).subarray(from, from + into.length - filled);
        into.set(part, filled);
        filled += part.length;
    }
}
/** Frames are read in order, or nearly: a few of them are enough. */
const keptFrames = 4;
function createFrameCache(decode) {
    const kept = new Map();
    return (frame) => {
        const content = kept.get(frame.rawOffsetBytes) ?? decode(frame);
        kept.delete(frame.rawOffsetBytes);
        kept.set(frame.rawOffsetBytes, content);
        const oldest = kept.keys().next();
        if (kept.size > keptFrames && oldest.done !== true)
            kept.delete(oldest.value);
        return content;
    };
}
function decodeFrame(fd, path, { compression }, frame) {
    const stored = new Uint8Array(frame.storedBytes);
    readStored(fd, path, frame.storedOffsetBytes, stored);
    try {
        if (compression === 'lz4')
            return decodeWholeLz4Frame(byte_source_bytesInMemory(stored), frame.rawBytes);
        const content = (0,external_node_zlib_.zstdDecompressSync)(stored, { maxOutputLength: frame.rawBytes });
        if (content.length === frame.rawBytes)
            return content;
        throw new Error(`it holds ${content.length} bytes in place of ${frame.rawBytes}`);
    }
    catch (error) {
        throw brokenData(`${path}: the frame at byte ${frame.storedOffsetBytes} cannot be decompressed: ${(0,host_error/* messageOf */.bD)(error)}`, error);
    }
}

;// CONCATENATED MODULE: ./lib/inspect/content-tally.js


/** @param seen pages that count as seen before; several tallies may share it */
function createContentTally(seen = createDistinctPages()) {
    const pages = { zero: 0, duplicate: 0, distinct: 0 };
    return {
        add(page) {
            const kind = isZeroPage(page) ? 'zero' : seen.add(page) ? 'distinct' : 'duplicate';
            pages[kind] += 1;
            return kind;
        },
        finish: () => ({
            dataBytes: (pages.zero + pages.duplicate + pages.distinct) * pageBytes,
            zeroBytes: pages.zero * pageBytes,
            duplicateBytes: pages.duplicate * pageBytes,
            distinctBytes: pages.distinct * pageBytes,
            duplicatesExact: seen.exact(),
        }),
    };
}

;// CONCATENATED MODULE: ./lib/inspect/layer-content.js







/** Data that unpacks to more is not read: no memory compresses like that, and a hostile file would take hours. */
const maxExpansion = 64;
const alwaysReadBytes = 1024 ** 3;
/**
 * What pages a layer's data has, before compression. Holes of it are not read.
 *
 * @param seen pages of the layers below
 * @returns undefined: more than `maxExpansion` times what is stored
 */
async function layerContent(run, layer, seen) {
    const tally = createContentTally(seen);
    if (layer.dataPath === undefined)
        return tally.finish();
    const frames = layer.header.builds.get(layer.header.buildId)?.frames;
    const extents = frames === undefined ? await fileExtents(run, layer.dataPath, layer.storedBytes) : frameExtents(frames);
    const bytes = bytesOf(extents);
    if (bytes > Math.max(alwaysReadBytes, layer.storedBytes * maxExpansion))
        return undefined;
    const data = openBuildData(layer.dataPath, frames);
    try {
        const pace = createPace(run, layer.dataPath, bytes);
        const buffer = Buffer.alloc(windowBytes);
        for (const { parts } of windowsOf(extents)) {
            for (const part of parts) {
                data.read(part.offset, buffer.subarray(0, part.bytes));
                const whole = Math.ceil(part.bytes / pageBytes) * pageBytes;
                buffer.fill(0, part.bytes, whole);
                for (let at = 0; at < whole; at += pageBytes)
                    tally.add(buffer.subarray(at, at + pageBytes));
                await pace(part.bytes);
            }
        }
        return tally.finish();
    }
    finally {
        data.close();
    }
}
async function fileExtents(run, path, size) {
    return wholePages(await dataExtents(run, path), size);
}
function frameExtents(frames) {
    return merged(Array.from({ length: frames.count }, (_, index) => {
        const { rawOffsetBytes, rawBytes } = frames.frame(index);
        return { offset: rawOffsetBytes, bytes: rawBytes };
    }));
}

;// CONCATENATED MODULE: ./lib/inspect/needed-bytes.js


/** By build, that of zeros included. A mapping of 8 million ranges takes 64 MiB meanwhile. */
function neededBytes(mapping) {
    const counts = new Map();
    for (const { buildId } of mapping.ranges())
        counts.set(buildId, (counts.get(buildId) ?? 0) + 1);
    const columns = new Map([...counts].map(([id, count]) => [id, { ranges: new BigUint64Array(count), filled: 0, mappedBytes: 0 }]));
    for (const { buildId, lengthBytes, storageOffsetBytes } of mapping.ranges()) {
        const column = columns.get(buildId);
        if (column === undefined)
            continue;
        column.mappedBytes += lengthBytes;
        // Pages in 32 bits each: sorted as one number they are sorted by their offset.
        column.ranges[column.filled] =
            (BigInt(storageOffsetBytes / mappingUnit) << 32n) | BigInt(lengthBytes / mappingUnit);
        column.filled += 1;
    }
    return new Map([...columns].map(([id, { ranges, mappedBytes }]) => [
        id,
        {
            mappedBytes,
            ...(id === zeroBuildId ? { neededBytes: 0, endBytes: 0 } : unionOfRanges(ranges.sort())),
        },
    ]));
}
function unionOfRanges(ranges) {
    let [pages, end] = [0, 0];
    for (const range of ranges) {
        const from = Number(range >> 32n);
        const to = from + Number(range & 0xffffffffn);
        pages += Math.max(0, to - Math.max(from, end));
        end = Math.max(end, to);
    }
    return { neededBytes: pages * mappingUnit, endBytes: end * mappingUnit };
}

;// CONCATENATED MODULE: ./lib/inspect/inspect-build.js











/**
 * What a build of e2b is stored by: its own layer, and all layers of the same storage that it needs. A layer below that is not there, or is
 * broken, is told of and left out.
 *
 * @param path `<storage>/templates/<build id>`; the layers below are the folders beside it
 */
async function inspectBuild(run, cwd, path) {
    const dir = (0,external_node_path_.resolve)(cwd, path);
    const present = artifacts.filter((artifact) => (0,external_node_fs_.existsSync)((0,external_node_path_.join)(dir, headerFileName(artifact))));
    if (present.length === 0)
        throw unfit(path, 'is a folder without memfile.header and rootfs.ext4.header', 'Name the folder of a build of e2b, STORAGE/templates/BUILD-ID, or a file.');
    const notes = [];
    const inspected = [];
    let buildId = (0,external_node_path_.basename)(dir);
    for (const artifact of present) {
        const chain = readBelow(dir, artifact);
        buildId = chain.top.header.buildId;
        inspected.push(await inspectArtifact(run, chain, notes));
    }
    if (buildId !== (0,external_node_path_.basename)(dir))
        notes.push(`The folder is called ${(0,external_node_path_.basename)(dir)}, and its header is of ${buildId}.`);
    return { kind: 'e2b', path, buildId, artifacts: inspected, notes };
}
function readBelow(dir, artifact) {
    const missing = new Map();
    const layers = readChain(dir, artifact, (id) => {
        const found = layerOrReason(buildFolder((0,external_node_path_.dirname)(dir), id), artifact);
        if (typeof found !== 'string')
            return found;
        missing.set(id, found);
        return undefined;
    });
    const [top, ...below] = layers;
    if (top === undefined)
        throw new Error('a chain without its first layer');
    return { top, layers: [top, ...below.toSorted(byGeneration)], missing };
}
function byGeneration(one, other) {
    return other.header.generation - one.header.generation;
}
/** A layer, or why it cannot be read. */
function layerOrReason(folder, artifact) {
    const headerPath = (0,external_node_path_.join)(folder, headerFileName(artifact));
    if (!(0,external_node_fs_.existsSync)(headerPath))
        return `there is no ${headerPath}`;
    try {
        return readLayer(folder, artifact);
    }
    catch (error) {
        if (error instanceof host_error/* SnapgateError */.yA)
            return error.message;
        throw error;
    }
}
async function inspectArtifact(run, { top, layers, missing }, notes) {
    const { header, artifact } = top;
    const needed = neededBytes(header.mapping);
    const contents = await contentsOf(run, layers);
    const stored = layers.map((layer) => storedLayer(layer, needed.get(layer.header.buildId), contents.get(layer)));
    const absent = [...missing].map(([id, reason]) => missingLayer(id, reason, needed.get(id)));
    notes.push(...notesOf(top, layers, needed));
    for (const { buildId, content } of stored)
        if (content === undefined)
            notes.push(`${artifact} of ${buildId} unpacks to far more than it is stored as: its pages were not read.`);
    return {
        artifact,
        virtualBytes: header.virtualBytes,
        zeroBytes: needed.get(zeroBuildId)?.mappedBytes ?? 0,
        layers: [...stored, ...absent],
    };
}
/** From the bottom up: what a layer has that is below it already is the layer's duplicate. */
async function contentsOf(run, layers) {
    const seen = createDistinctPages();
    const contents = new Map();
    for (const layer of layers.toReversed())
        contents.set(layer, await layerContent(run, layer, seen));
    return contents;
}
function storedLayer(layer, needed = nothing, content) {
    const { header, compression, ownBytes, rawBytes, storedBytes } = layer;
    return {
        state: 'present',
        buildId: header.buildId,
        generation: header.generation,
        headerFormat: header.format,
        blockBytes: header.blockBytes,
        compression,
        ownBytes,
        rawBytes,
        storedBytes,
        mappedBytes: needed.mappedBytes,
        neededBytes: needed.neededBytes,
        deadBytes: Math.max(0, rawBytes - needed.neededBytes),
        ...(content === undefined ? {} : { content }),
    };
}
function missingLayer(buildId, reason, needed = nothing) {
    const { mappedBytes, neededBytes: bytes } = needed;
    return { state: 'missing', buildId, reason, mappedBytes, neededBytes: bytes };
}
const nothing = { mappedBytes: 0, neededBytes: 0, endBytes: 0 };
/** What is wrong with the image as the inspected header has it. */
function notesOf({ header, artifact }, layers, needed) {
    const notes = [];
    if (header.incomplete)
        notes.push(`${artifact}.header was written while the build was uploaded: what it needs may not be there.`);
    const mappedBytes = [...needed.values()].reduce((sum, each) => sum + each.mappedBytes, 0);
    if (mappedBytes < header.virtualBytes)
        notes.push(`${artifact}.header maps ${(0,units/* formatExactBytes */.Uv)(header.virtualBytes - mappedBytes)} of the image to nothing.`);
    for (const layer of layers) {
        const { endBytes } = needed.get(layer.header.buildId) ?? nothing;
        if (endBytes > layer.rawBytes)
            notes.push(`${artifact} of ${layer.header.buildId} has ${(0,units/* formatExactBytes */.Uv)(layer.rawBytes)}, and the inspected header needs ${(0,units/* formatExactBytes */.Uv)(endBytes)}: the build cannot be resumed.`);
    }
    return notes;
}

;// CONCATENATED MODULE: ./lib/inspect/qcow2-header.js




/** `QFI` and 0xfb, big-endian. */
const qcow2Magic = 0x5146_49fb;
const oldHeaderBytes = 72;
const headerBytes = 104;
const backingFormatExtension = 0xe279_2aca;
const maxNameBytes = 1023;
const maxClusterBytes = 2 ** 21;
/** As much as QEMU reads. */
const maxL1Bytes = 32 * 1024 * 1024;
const offsetMask = 0x00fffffffffffe00n;
const corruptBit = 1n << 1n;
const externalDataBit = 1n << 2n;
/** Whether a file begins as an image does. @param path as it was given @throws SnapgateError `record` for what cannot be read */
function hasQcow2Magic(file, path = file) {
    const fd = openPlainFile(file, path);
    try {
        const head = Buffer.alloc(4);
        return naming(path, () => readUpTo(fd, head, 0)) === 4 && head.readUInt32BE(0) === qcow2Magic;
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
/** @param file for people too @throws SnapgateError `record` */
function readQcow2Header(file) {
    const fd = openPlainFile(file, file);
    try {
        const cluster = Buffer.alloc(Math.min(maxClusterBytes, (0,external_node_fs_.fstatSync)(fd).size));
        const read = naming(file, () => readUpTo(fd, cluster, 0));
        const header = parseQcow2Header(cluster.subarray(0, read), file);
        checkTables(fd, file, header);
        return header;
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
/** QEMU takes what lies behind the end of a file for zeros: of a file that was cut short it would say that little was written. */
function checkTables(fd, file, { l1, clusterBytes }) {
    const { size } = (0,external_node_fs_.fstatSync)(fd);
    if (l1.count * 8 > maxL1Bytes)
        throw broken(file, `has a table of ${l1.count} entries`);
    if (l1.offset + l1.count * 8 > size)
        throw broken(file, 'ends before its first table does');
    const table = Buffer.alloc(l1.count * 8);
    naming(file, () => readUpTo(fd, table, l1.offset));
    for (let at = 0; at < table.length; at += 8) {
        const offset = Number(table.readBigUInt64BE(at) & offsetMask);
        if (offset !== 0 && offset + clusterBytes > size)
            throw broken(file, 'ends before its tables do');
    }
}
/** @param head the first cluster, or what there is of it */
function parseQcow2Header(head, where) {
    const version = head.length < oldHeaderBytes ? 0 : head.readUInt32BE(4);
    if (head.length < (version === 3 ? headerBytes : oldHeaderBytes))
        throw broken(where, `ends within its header, after ${head.length} bytes`);
    if (head.readUInt32BE(0) !== qcow2Magic || (version !== 2 && version !== 3))
        throw broken(where, `is no qcow2 image of version 2 or 3`);
    const clusterBits = head.readUInt32BE(20);
    if (clusterBits < 9 || clusterBits > 21)
        throw broken(where, `has clusters of 2^${clusterBits} bytes`);
    const incompatible = version === 3 ? head.readBigUInt64BE(72) : 0n;
    refuseUnread(where, head.readUInt32BE(32), incompatible);
    const virtualBytes = Number(head.readBigUInt64BE(24));
    if (!Number.isSafeInteger(virtualBytes))
        throw broken(where, `says that its disk has ${virtualBytes} bytes`);
    return {
        l1: { count: head.readUInt32BE(36), offset: Number(head.readBigUInt64BE(40)) },
        clusterBytes: 2 ** clusterBits,
        virtualBytes,
        snapshots: head.readUInt32BE(60),
        corrupt: (incompatible & corruptBit) !== 0n,
        backing: backingOf(head, where, version === 3 ? head.readUInt32BE(100) : oldHeaderBytes),
    };
}
function refuseUnread(where, encryption, incompatible) {
    if (encryption !== 0)
        throw unfit(where, 'is encrypted', 'Inspect it where its key is, decrypted by qemu-img convert.');
    if ((incompatible & externalDataBit) !== 0n)
        throw unfit(where, 'keeps its data in another file', 'Images with an external data file are not read: inspect the data file, as a raw image.');
}
function backingOf(head, where, extensionsAt) {
    const offset = Number(head.readBigUInt64BE(8));
    if (offset === 0)
        return undefined;
    const length = head.readUInt32BE(16);
    if (length > maxNameBytes || offset + length > head.length)
        throw broken(where, 'names a backing file outside its first cluster');
    return {
        name: head.toString('utf8', offset, offset + length),
        format: backingFormatOf(head, extensionsAt),
    };
}
/** Extensions are a type, a length and as many bytes, to the next multiple of 8. */
function backingFormatOf(head, start) {
    for (let at = start; at + 8 <= head.length;) {
        const type = head.readUInt32BE(at);
        const length = head.readUInt32BE(at + 4);
        if (type === 0 || length > head.length - at - 8)
            return undefined;
        if (type === backingFormatExtension)
            return head.toString('latin1', at + 8, at + 8 + length);
        at += 8 + Math.ceil(length / 8) * 8;
    }
    return undefined;
}
function broken(where, what) {
    return unfit(where, what, 'qemu-img check says what else is wrong with it. A file that was copied in part must be copied again.');
}

;// CONCATENATED MODULE: ./lib/inspect/qcow2-map.js




/** A disk of 64 GiB of which every second cluster is written. */
const qcow2_map_maxExtents = 512 * 1024;
const maxLineBytes = 4096;
const qcow2_map_answerMs = 120_000;
const lineSchema = classic_schemas/* object */.Ikc({
    start: classic_schemas/* int */.Whr().nonnegative(),
    length: classic_schemas/* int */.Whr().nonnegative(),
    present: classic_schemas/* boolean */.zMY(),
    data: classic_schemas/* boolean */.zMY(),
    offset: classic_schemas/* int */.Whr().nonnegative().optional(),
});
/**
 * What one image holds itself, as `qemu-img map` says. QEMU is told to open that file and nothing below it, whatever its header names, and
 * without a lock: the image may be in use.
 *
 * @param file absolute path
 */
async function ownExtents(run, file) {
    const node = { driver: 'qcow2', file: { driver: 'file', filename: file }, backing: null };
    const lines = createLineReader();
    const args = ['map', '--force-share', '--output=json', `json:${JSON.stringify(node)}`];
    const { code, tail, timedOut } = await runCommand(run, 'qemu-img', args, {
        timeoutMs: qcow2_map_answerMs,
        onStdout: lines.add,
    });
    if (code !== 0)
        throw new host_error/* SnapgateError */.yA('record', timedOut ? `qemu-img took too long to map ${file}` : `qemu-img cannot map ${file}`, `Its last lines say why; qemu-img check says what else is wrong with the image.`, { details: { title: 'last lines of qemu-img', lines: tail.slice(-10) } });
    return lines.finish(file);
}
/** Reads the map while it comes: an extent a line. */
function createLineReader() {
    const data = [];
    const zero = [];
    let held = '';
    let wrong;
    let fileEndBytes = 0;
    const take = (line) => {
        const text = line.replace(/^\[/, '').replace(/[,\]]+$/, '');
        if (text === '')
            return;
        const extent = lineSchema.safeParse(qcow2_map_parseJson(text));
        if (!extent.success) {
            wrong ??= text;
            return;
        }
        const { start, length, present, data: hasData, offset } = extent.data;
        if (!present)
            return;
        (hasData ? data : zero).push({ offset: start, bytes: length });
        if (hasData && offset !== undefined)
            fileEndBytes = Math.max(fileEndBytes, offset + length);
    };
    return {
        add(chunk) {
            if (wrong !== undefined || data.length + zero.length > qcow2_map_maxExtents)
                return;
            const lines = (held + chunk.toString('latin1')).split('\n');
            held = lines.pop() ?? '';
            if (held.length > maxLineBytes)
                wrong = held.slice(0, 200);
            for (const line of lines)
                take(line.trim());
        },
        finish(file) {
            take(held.trim());
            if (data.length + zero.length > qcow2_map_maxExtents)
                throw qcow2_map_tooScattered(file);
            if (wrong !== undefined)
                throw notUnderstood(wrong);
            return { data: merged(data), zero: merged(zero), fileEndBytes };
        },
    };
}
function qcow2_map_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
function qcow2_map_tooScattered(file) {
    return new host_error/* SnapgateError */.yA('record', `${file} has more than ${qcow2_map_maxExtents} extents of its own`, 'An image that is scattered like that is not read: qemu-img convert makes one of it whose clusters lie together.');
}
function notUnderstood(line) {
    return new host_error/* SnapgateError */.yA('host', 'qemu-img map says something that is not understood', `QEMU 6.1 or later is needed, of the Debian package: ${packageOf('qemu-img')}`, { details: { title: 'what it said', lines: [line.slice(0, 200)] } });
}

;// CONCATENATED MODULE: ./lib/inspect/inspect-chain.js









const maxDepth = 64;
/**
 * What each image of a chain holds, and what of it the images above hide. What a header names below it is opened only where it is a plain
 * file; anything else that QEMU would open for it is refused.
 */
async function inspectChain(run, cwd, path) {
    const walk = { run, path, links: [], seen: new Set(), notes: [] };
    await follow(walk, { file: (0,external_node_path_.resolve)(cwd, path), format: 'qcow2' });
    const { links, notes } = walk;
    return { kind: 'qcow2', path, virtualBytes: links[0]?.virtualBytes ?? 0, layers: layersOf(links), notes };
}
async function follow(walk, { file, format }) {
    const { run, links, notes } = walk;
    const stats = statFile(file);
    refuseEndless(walk, file, stats);
    if (format === 'raw') {
        links.push(await readRaw(run, file, stats));
        return;
    }
    const header = readQcow2Header(file);
    const { virtualBytes, clusterBytes, backing } = header;
    const own = await ownExtents(run, file);
    // Once it is mapped: an image that is in use grows, and would look as if it was cut short.
    const facts = factsOf(file, statFile(file));
    links.push({ ...facts, format, virtualBytes, clusterBytes, own });
    noteHeader(file, header, notes);
    // The last cluster may be there in part.
    if (own.fileEndBytes >= facts.fileBytes + clusterBytes)
        notes.push(`${file} has ${(0,units/* formatExactBytes */.Uv)(facts.fileBytes)}, and data up to ${(0,units/* formatExactBytes */.Uv)(own.fileEndBytes)}: it was cut short, or copied in part.`);
    const below = backing === undefined ? undefined : locateBelow(file, backing, notes);
    if (below !== undefined)
        await follow(walk, below);
}
/** Of a regular file that can be read; anything else is refused, and never waited for. */
function statFile(file) {
    const fd = openPlainFile(file, file);
    try {
        return (0,external_node_fs_.fstatSync)(fd);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
function refuseEndless({ seen, path }, file, { dev, ino }) {
    const identity = `${dev}:${ino}`;
    if (seen.has(identity))
        throw unfit(file, 'is below itself', 'The backing files go round in a circle: qemu-img rebase -u sets them right.');
    if (seen.size >= maxDepth)
        throw unfit(path, `has more than ${maxDepth} images below it`, 'qemu-img commit or rebase makes a chain shorter.');
    seen.add(identity);
}
/** A raw image holds its data; its holes are zero and cost nothing. */
async function readRaw(run, file, stats) {
    const facts = factsOf(file, stats);
    const own = { data: await dataExtents(run, file), zero: [], fileEndBytes: 0 };
    return { ...facts, format: 'raw', virtualBytes: facts.fileBytes, clusterBytes: undefined, own };
}
function factsOf(file, { size, blocks }) {
    return { path: file, fileBytes: size, allocatedBytes: blocks * 512 };
}
function noteHeader(file, { snapshots, corrupt }, notes) {
    if (corrupt)
        notes.push(`${file} is marked as corrupt: qemu-img check says what is wrong.`);
    if (snapshots > 0)
        notes.push(`${file} has ${snapshots} internal snapshots: what they alone hold is part of its file and not of these figures.`);
}
/** undefined: it is not there, which is noted. */
function locateBelow(above, { name, format }, notes) {
    // As QEMU's path_has_protocol: a colon before the first slash.
    if (/^[^/]*:/.test(name) || name === '')
        throw unfit(above, `has the backing file ${JSON.stringify(name)}, which is no path`, 'Only files are read, never what a protocol or a JSON specification leads to. qemu-img rebase -u names a file in its place.');
    const file = (0,external_node_path_.resolve)((0,external_node_path_.dirname)(above), name);
    if (!(0,external_node_fs_.existsSync)(file)) {
        notes.push(`${above} has the backing file ${file}, which is not there: what is below is not told.`);
        return undefined;
    }
    if (format !== undefined && format !== 'qcow2' && format !== 'raw')
        throw unfit(above, `has a backing file of the format ${JSON.stringify(format.slice(0, 40))}`, 'Chains of qcow2 and raw images are read.');
    if (format !== undefined)
        return { file, format };
    const found = hasQcow2Magic(file) ? 'qcow2' : 'raw';
    notes.push(`${above} does not say what format its backing file has: ${file} was taken for ${found}.`);
    return { file, format: found };
}
/** From the top down: what is held above, or lies behind the end of one above, is hidden. */
function layersOf(links) {
    let above = [];
    let endBytes = Number.POSITIVE_INFINITY;
    return links.map(({ own: { data, zero }, clusterBytes, ...link }) => {
        const own = unionOf(data, zero);
        endBytes = Math.min(endBytes, link.virtualBytes);
        const inside = [...within(own, 0, endBytes)];
        const visibleBytes = bytesOf(inside) - sharedBytes(inside, above);
        above = unionOf(above, own);
        return {
            ...link,
            ...(clusterBytes === undefined ? {} : { clusterBytes }),
            ownBytes: bytesOf(own),
            dataBytes: bytesOf(data),
            zeroBytes: bytesOf(zero),
            shadowedBytes: bytesOf(own) - visibleBytes,
            visibleBytes,
        };
    });
}

;// CONCATENATED MODULE: ./lib/inspect/block-tally.js


/** Counts blocks of all sizes; a block is written or changed when any page of it is. */
function createBlockTally() {
    const tallies = granularities.map((blockBytes) => ({
        pages: blockBytes / pageBytes,
        blockBytes,
        written: 0,
        changed: 0,
        zeroed: 0,
        zero: 0,
    }));
    return {
        add(window) {
            for (const tally of tallies) {
                for (let first = 0; first < windowPages; first += tally.pages) {
                    const written = anyOf(window.written, first, tally.pages);
                    if (!written)
                        continue;
                    const changed = anyOf(window.changed, first, tally.pages);
                    const zero = allZero(window, first, tally.pages);
                    tally.written += 1;
                    if (changed)
                        tally.changed += 1;
                    if (zero)
                        tally.zero += 1;
                    if (changed && zero)
                        tally.zeroed += 1;
                }
            }
        },
        finish: () => tallies.map(({ blockBytes, written, changed, zeroed, zero }) => ({
            blockBytes,
            writtenBytes: written * blockBytes,
            changedBytes: changed * blockBytes,
            zeroedBytes: zeroed * blockBytes,
            zeroBytes: zero * blockBytes,
        })),
    };
}
function anyOf(flags, first, count) {
    for (let page = first; page < first + count; page += 1)
        if (flags[page] === 1)
            return true;
    return false;
}
/** Written pages are in memory: they are asked first, so that the rest is read only where all of them are zero. */
function allZero({ written, isZero }, first, count) {
    for (const wanted of [1, 0])
        for (let page = first; page < first + count; page += 1)
            if (written[page] === wanted && !isZero(page))
                return false;
    return true;
}

;// CONCATENATED MODULE: ./lib/inspect/inspect-diff.js







/**
 * What a Diff wrote: its data, against what was there before. Of the parent no more is read than what was written, but for a block
 * whose written part is all zero.
 */
async function inspectDiff(run, diff, parent) {
    const blocks = createBlockTally();
    const content = createContentTally();
    const frames = createPageFrames();
    const buffers = { before: Buffer.alloc(windowBytes), after: Buffer.alloc(windowBytes) };
    const pace = createPace(run, diff.path, bytesOf(diff.extents));
    for (const window of windowsOf(diff.extents)) {
        readParts(window, parent.view, buffers.before);
        readParts(window, diff, buffers.after);
        const pages = inspect_diff_pagesOf(window, buffers, parent.view);
        blocks.add(pages);
        forEachWritten(pages, (page) => {
            const after = inspect_diff_pageAt(buffers.after, page);
            const kind = content.add(after);
            if (kind !== 'zero' && pages.changed[page] === 1)
                frames.add(after);
        });
        await pace(bytesOf(window.parts));
    }
    const { dataBytes, ...rest } = content.finish();
    return {
        kind: 'diff',
        path: diff.path,
        parents: [...parent.paths],
        lengthBytes: diff.lengthBytes,
        allocatedBytes: diff.allocatedBytes,
        writtenBytes: dataBytes,
        ...rest,
        blocks: blocks
            .finish()
            .map((block) => ({ ...block, unchangedBytes: block.writtenBytes - block.changedBytes })),
        compressedBytes: frames.finish(),
        notes: diff.extents.length === 1 && dataBytes === diff.lengthBytes ? [noHoles] : [],
    };
}
const noHoles = 'It has no holes, so that every page counts as written. A Diff that was copied without its holes (cp --sparse=never, most archives) looks like that.';
function readParts({ offset, parts }, view, into) {
    for (const part of parts)
        view.read(part.offset, into.subarray(part.offset - offset, part.offset - offset + part.bytes));
}
function inspect_diff_pagesOf(window, { before, after }, below) {
    const [written, changed] = [new Uint8Array(windowPages), new Uint8Array(windowPages)];
    for (const { offset, bytes } of window.parts) {
        const first = (offset - window.offset) / pageBytes;
        for (let page = first; page < first + bytes / pageBytes; page += 1) {
            written[page] = 1;
            if (!inspect_diff_pageAt(before, page).equals(inspect_diff_pageAt(after, page)))
                changed[page] = 1;
        }
    }
    const isZero = remembered((page) => {
        if (written[page] === 1)
            return isZeroPage(inspect_diff_pageAt(after, page));
        const at = window.offset + page * pageBytes;
        if (at >= below.lengthBytes)
            return true;
        const content = Buffer.alloc(pageBytes);
        below.read(at, content);
        return isZeroPage(content);
    });
    return { written, changed, isZero };
}
/** Blocks of several sizes ask for the same pages. */
function remembered(tell) {
    const known = new Map();
    return (page) => {
        const found = known.get(page) ?? tell(page);
        known.set(page, found);
        return found;
    };
}
function forEachWritten({ written }, visit) {
    written.forEach((flag, page) => {
        if (flag === 1)
            visit(page);
    });
}
function inspect_diff_pageAt(window, page) {
    return window.subarray(page * pageBytes, (page + 1) * pageBytes);
}

;// CONCATENATED MODULE: ./lib/inspect/inspect-image.js






/** What is in a memory or a raw disk by itself. Its holes are not read. */
async function inspectImage(run, file) {
    const tally = createContentTally();
    const frames = createPageFrames();
    const buffer = Buffer.alloc(windowBytes);
    const pace = createPace(run, file.path, bytesOf(file.extents));
    let [huge, hugeNonZero] = [0, 0];
    for (const { parts } of windowsOf(file.extents)) {
        let nonZero = 0;
        for (const { offset, bytes } of parts) {
            const read = buffer.subarray(0, bytes);
            file.read(offset, read);
            for (let at = 0; at < bytes; at += pageBytes) {
                const page = read.subarray(at, at + pageBytes);
                if (tally.add(page) === 'zero')
                    continue;
                frames.add(page);
                nonZero += 1;
            }
            await pace(bytes);
        }
        huge += 1;
        if (nonZero > 0)
            hugeNonZero += 1;
    }
    const content = tally.finish();
    return {
        kind: 'image',
        path: file.path,
        lengthBytes: file.lengthBytes,
        allocatedBytes: file.allocatedBytes,
        holeBytes: file.lengthBytes - content.dataBytes,
        ...content,
        compressedBytes: frames.finish(),
        hugeBytes: huge * windowBytes,
        hugeNonZeroBytes: hugeNonZero * windowBytes,
        notes: content.dataBytes < file.lengthBytes ? [wholeAssumed] : [],
    };
}
/** Nothing in a sparse file tells a memory from a Diff. */
const wholeAssumed = 'Holes are taken for zeros. Those of a Diff of Firecracker are not: name what it was taken after with --parent.';

;// CONCATENATED MODULE: ./lib/inspect/overlay.js

/** A Diff over what it was taken after: its data where it has any, what is below elsewhere. */
function overlay(below, diff) {
    return {
        lengthBytes: diff.lengthBytes,
        extents: unionOf(below.extents, diff.extents),
        read(offset, into) {
            let end = offset;
            for (const part of within(diff.extents, offset, into.length)) {
                if (part.offset > end)
                    below.read(end, into.subarray(end - offset, part.offset - offset));
                end = part.offset + part.bytes;
                diff.read(part.offset, into.subarray(part.offset - offset, end - offset));
            }
            if (end < offset + into.length)
                below.read(end, into.subarray(end - offset));
        },
    };
}

;// CONCATENATED MODULE: ./lib/inspect/record.js



/** Bumped when a reader of the old version would misread the new one. */
const inspectionVersion = 1;
const bytes = classic_schemas/* int */.Whr().nonnegative();
/** Paths as they were given, or as an image names them: whatever a file system takes. */
const path = classic_schemas/* string */.YjP().max(8192);
/** One line each: what was assumed, and what could not be told. */
const notes = classic_schemas/* array */.YOg(classic_schemas/* string */.YjP().max(10_000)).max(1000);
/** Pages of a file with their content: disjoint parts that add up to `dataBytes`. */
const contentSchema = classic_schemas/* strictObject */.rej({
    /** Pages of 4 KiB with data in them, which holes are not. */
    dataBytes: bytes,
    /** Those that are all zero: what a zero filter saves. */
    zeroBytes: bytes,
    /** Those that are not zero and have the content of one before: what a deduplication by 4 KiB saves besides. */
    duplicateBytes: bytes,
    /** Those that are neither: what is left. */
    distinctBytes: bytes,
    /** False: there were more distinct pages than are remembered, and some duplicates count as distinct. */
    duplicatesExact: classic_schemas/* boolean */.zMY(),
});
const imageSchema = classic_schemas/* strictObject */.rej({
    kind: classic_schemas/* literal */.euz('image'),
    path,
    lengthBytes: bytes,
    /** Of the file system's blocks that the file takes. */
    allocatedBytes: bytes,
    holeBytes: bytes,
    ...contentSchema.shape,
    /** The pages that are not zero, in order, in frames of 1,024 pages, under zstd level 1. */
    compressedBytes: bytes,
    /** Aligned blocks of 2 MiB with data in them × 2 MiB, and those of them that are not all zero. */
    hugeBytes: bytes,
    hugeNonZeroBytes: bytes,
    notes,
});
const blockChangesSchema = classic_schemas/* strictObject */.rej({
    blockBytes: bytes,
    /** Blocks whose content differs × their size: what a store of such blocks keeps. */
    changedBytes: bytes,
    /** Those of them that are all zero afterwards. */
    zeroedBytes: bytes,
});
const record_comparisonSchema = classic_schemas/* strictObject */.rej({
    kind: classic_schemas/* literal */.euz('comparison'),
    before: path,
    after: path,
    lengthBytes: bytes,
    blocks: classic_schemas/* array */.YOg(blockChangesSchema),
    /** Changed pages of 4 KiB that are not zero, as `compressedBytes` of an image. */
    compressedBytes: bytes,
    notes,
});
const diffSchema = classic_schemas/* strictObject */.rej({
    kind: classic_schemas/* literal */.euz('diff'),
    path,
    /** What it is laid over, the lowest first. */
    parents: classic_schemas/* array */.YOg(path),
    lengthBytes: bytes,
    allocatedBytes: bytes,
    /** Pages that the file has data of: what was written. `writtenBytes` is their sum. */
    ...contentSchema.omit({ dataBytes: true }).shape,
    writtenBytes: bytes,
    blocks: classic_schemas/* array */.YOg(blockChangesSchema.extend({
        /** Blocks of which any part was written × their size. */
        writtenBytes: bytes,
        /** Those of them that are all zero afterwards, and those whose content is the parent's. */
        zeroBytes: bytes,
        unchangedBytes: bytes,
    })),
    /** Changed pages of 4 KiB that are not zero, as `compressedBytes` of an image. */
    compressedBytes: bytes,
    notes,
});
const buildId = classic_schemas/* string */.YjP().max(36);
const storedLayerSchema = classic_schemas/* strictObject */.rej({
    state: classic_schemas/* literal */.euz('present'),
    buildId,
    generation: bytes,
    headerFormat: classic_schemas/* int */.Whr(),
    blockBytes: bytes,
    compression: classic_schemas/* enum */.k5n(compressions),
    /** Bytes of the image that the layer's own header maps to its own data. */
    ownBytes: bytes,
    /** The layer's data before compression, and as it is stored. */
    rawBytes: bytes,
    storedBytes: bytes,
    /** Bytes of the inspected image that are read from the layer's data. */
    mappedBytes: bytes,
    /** Bytes of the data, before compression, that the inspected header maps, each once; and those that it does not. */
    neededBytes: bytes,
    deadBytes: bytes,
    /** Pages of the data as in an image; duplicates are of pages before, in this layer or in one below. Absent: not read. */
    content: contentSchema.optional(),
});
const missingLayerSchema = classic_schemas/* strictObject */.rej({
    state: classic_schemas/* literal */.euz('missing'),
    buildId,
    /** Why it could not be read. */
    reason: classic_schemas/* string */.YjP().max(10_000),
    mappedBytes: bytes,
    neededBytes: bytes,
});
const artifactSchema = classic_schemas/* strictObject */.rej({
    artifact: classic_schemas/* enum */.k5n(artifacts),
    virtualBytes: bytes,
    /** Of the image: mapped to nothing that is stored. */
    zeroBytes: bytes,
    /** The inspected layer first, then those that it is stored by. */
    layers: classic_schemas/* array */.YOg(classic_schemas/* discriminatedUnion */.gMt('state', [storedLayerSchema, missingLayerSchema])),
});
const buildSchema = classic_schemas/* strictObject */.rej({
    kind: classic_schemas/* literal */.euz('e2b'),
    path,
    buildId,
    artifacts: classic_schemas/* array */.YOg(artifactSchema),
    notes,
});
const diskLayerSchema = classic_schemas/* strictObject */.rej({
    path,
    format: classic_schemas/* enum */.k5n(['qcow2', 'raw']),
    /** Of the disk as a guest sees it, and of the file. */
    virtualBytes: bytes,
    fileBytes: bytes,
    allocatedBytes: bytes,
    clusterBytes: bytes.optional(),
    /** Bytes of the disk that the layer holds: data, and clusters that say that they are zero. */
    ownBytes: bytes,
    dataBytes: bytes,
    zeroBytes: bytes,
    /** Own bytes that a layer above holds too, or that lie behind the end of one: nobody reads them through the chain. */
    shadowedBytes: bytes,
    visibleBytes: bytes,
});
const chainSchema = classic_schemas/* strictObject */.rej({
    kind: classic_schemas/* literal */.euz('qcow2'),
    path,
    virtualBytes: bytes,
    /** The inspected image first, then those below it. */
    layers: classic_schemas/* array */.YOg(diskLayerSchema),
    notes,
});
const itemSchema = classic_schemas/* discriminatedUnion */.gMt('kind', [
    imageSchema,
    record_comparisonSchema,
    diffSchema,
    buildSchema,
    chainSchema,
]);
/** What `snapgate inspect` tells. Bytes are whole numbers, nothing is rounded. */
const inspectionSchema = classic_schemas/* strictObject */.rej({
    schema: classic_schemas/* literal */.euz('snapgate/inspection'),
    version: classic_schemas/* literal */.euz(inspectionVersion),
    snapgate: classic_schemas/* string */.YjP().max(500),
    items: classic_schemas/* array */.YOg(itemSchema),
});

;// CONCATENATED MODULE: ./lib/inspect/inspect.js














/**
 * Tells what is in files that are there already. What a path is, its content says: a folder is a build of e2b, a file that begins as a qcow2
 * is the top of a chain, and any other file is an image. Each image after the first is also compared with the one before it. With a parent
 * all paths are Diffs, each over the parent and those before it.
 *
 * @throws SnapgateError `record` for what is not there, cannot be read, or is not what it should be; `host` where a tool is missing
 */
async function inspectPaths(run, request) {
    const items = request.parent === undefined
        ? await inspectEach(run, request)
        : await inspectDiffs(run, request, request.parent);
    return { schema: 'snapgate/inspection', version: inspectionVersion, snapgate: version/* version */.r, items };
}
async function inspectEach(run, { cwd, paths }) {
    const items = [];
    const open = [];
    try {
        for (const path of paths) {
            const kind = identify(cwd, path);
            if (kind === 'build')
                items.push(await inspectBuild(run, cwd, path));
            else if (kind === 'qcow2')
                items.push(await inspectChain(run, cwd, path));
            else {
                const before = open.at(-1);
                const file = await openImageFile(run, cwd, path);
                open.push(file);
                if (before !== undefined)
                    requireSameLength(before, file, oneAtATime);
                items.push(await inspectImage(run, file));
                if (before !== undefined)
                    items.push(await compareImages(run, before, file));
            }
        }
        return items;
    }
    finally {
        for (const file of open)
            file.close();
    }
}
const oneAtATime = 'Images that are given together are compared: name two of the same length, or one at a time.';
async function inspectDiffs(run, { cwd, paths }, parentPath) {
    const open = [];
    const openNext = async (path) => {
        if (identify(cwd, path) !== 'image')
            throw unfit(path, 'is no memory file', 'With --parent, name Diffs of Firecracker and the memory file that they were taken after.');
        const file = await openImageFile(run, cwd, path);
        open.push(file);
        return file;
    };
    try {
        const base = await openNext(parentPath);
        let parent = { view: base, paths: [parentPath] };
        const items = [];
        for (const path of paths) {
            const diff = await openNext(path);
            requireSameLength(base, diff, 'A Diff is as long as the memory that it was taken of: check that they belong together.');
            items.push(await inspectDiff(run, diff, parent));
            parent = { view: overlay(parent.view, diff), paths: [...parent.paths, path] };
        }
        return items;
    }
    finally {
        for (const file of open)
            file.close();
    }
}
function requireSameLength(one, other, remedy) {
    if (one.lengthBytes === other.lengthBytes)
        return;
    throw unfit(other.path, `has ${(0,units/* formatExactBytes */.Uv)(other.lengthBytes)}, and ${one.path} has ${(0,units/* formatExactBytes */.Uv)(one.lengthBytes)}`, remedy);
}
function identify(cwd, path) {
    const file = (0,external_node_path_.resolve)(cwd, path);
    if (naming(path, () => (0,external_node_fs_.statSync)(file)).isDirectory())
        return 'build';
    if (/\.header$/.test(path))
        throw unfit(path, 'is the header of a layer', 'Name the folder that it lies in: STORAGE/templates/BUILD-ID.');
    return hasQcow2Magic(file, path) ? 'qcow2' : 'image';
}

;// CONCATENATED MODULE: ./lib/measure/alike.js

/** The fields in which two machines, engines or kernels differ; one that is not known yet does not. */
function differentFields(one, other) {
    return fingerprintSchema
        .keyof()
        .options.filter((field) => one[field] !== undefined && other[field] !== undefined && one[field] !== other[field]);
}
/** What a scenario is besides its name. */
const definition = ['run', 'settleMs', 'check', 'from', 'repeat', 'timeoutMs'];
/** The first difference: one that `other` lacks is named before one that is new there, and both before one that has changed. */
function differentScenario(one, other) {
    const names = [...new Set([...one, ...other].map(({ name }) => name))];
    const pairs = names.map((name) => ({
        name,
        one: one.find((each) => each.name === name),
        other: other.find((each) => each.name === name),
    }));
    const lonely = pairs.find((pair) => pair.one === undefined || pair.other === undefined);
    if (lonely !== undefined)
        return lonely;
    for (const pair of pairs) {
        const field = definition.find((each) => pair.one?.[each] !== pair.other?.[each]);
        if (field !== undefined)
            return { ...pair, field };
    }
    return undefined;
}
/** A value of a record in a sentence: quoted, and not without end. */
function quoted(value) {
    if (value === undefined)
        return 'not given';
    const text = JSON.stringify(value);
    return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

;// CONCATENATED MODULE: ./lib/stats/median.js
/** The middle value, or the mean of the two in the middle; NaN for none. */
function median(values) {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? Number.NaN;
    if (sorted.length % 2 === 1)
        return upper;
    return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
function mean(values) {
    return values.reduce((sum, value) => sum + value, 0) / values.length;
}
/** Of a sample: divided by n − 1. NaN for fewer than two values. */
function variance(values) {
    if (values.length < 2)
        return Number.NaN;
    const center = mean(values);
    return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}

;// CONCATENATED MODULE: ./lib/measure/summarize.js


/** One side's numbers for a scenario and metric; undefined when nothing was measured after the warm-up. */
function summarizeSide(measurement, scenario, metric) {
    const values = measurement.boots.map((boot) => valuesOf(boot, scenario, metric));
    const bootMedians = values.filter((ofBoot) => ofBoot.length > 0).map(median);
    if (bootMedians.length === 0)
        return undefined;
    const samples = values.reduce((sum, ofBoot) => sum + ofBoot.length, 0);
    return { median: median(bootMedians), bootMedians, samples };
}
/** The metrics that any cycle after the warm-up has, in their usual order. */
function measuredMetrics(measurement) {
    const samples = measurement.boots.flatMap((boot) => boot.samples).filter((sample) => !sample.warmup);
    return contract/* metricNames */.Zv.filter((metric) => samples.some((sample) => sample.metrics[metric] !== undefined));
}
function valuesOf(boot, scenario, metric) {
    const counts = (sample) => !sample.warmup && sample.scenario === scenario;
    return boot.samples.filter(counts).flatMap((sample) => sample.metrics[metric] ?? []);
}
/** A scenario that repeats is a sum: the median of each of its parts, in the order they ran; empty where there is no sample. */
function partMedians(measurement, scenario, metric) {
    const samples = measurement.boots
        .flatMap((boot) => boot.samples)
        .filter((sample) => sample.scenario === scenario && !sample.warmup);
    const parts = samples[0]?.parts ?? [];
    return parts.map((_, index) => median(samples.flatMap((sample) => sample.parts?.[index]?.[metric] ?? [])));
}
/** Wall time from power-on until a guest was settled; undefined where none booted. */
function medianReadyMs(measurement) {
    const times = measurement.boots.map((boot) => boot.readyMs);
    return times.length === 0 ? undefined : median(times);
}
/** An engine that knows of no agent gives one time, of the whole boot. */
function hasAgent({ bootMs, readyMs }) {
    return bootMs !== readyMs;
}

;// CONCATENATED MODULE: ./lib/gate/comparable.js



/**
 * What keeps head from being compared with a base, if anything does: another fingerprint, other scenarios, or some that are defined in
 * another way. `reason` is one sentence without its full stop: what differs, with both values. It quotes the records. Throws nothing.
 */
function incomparable(base, head) {
    if (base === undefined)
        return undefined;
    const found = fingerprintDifference(base.fingerprint, head.fingerprint) ??
        scenarioDifference(base.scenarios, head.scenarios);
    return found && { state: 'not-comparable', reason: found.difference };
}
/**
 * Throws SnapgateError('record') unless the two sides were measured alike: the same fingerprint, the same scenarios, defined the
 * same. Names the field and both values.
 */
function requireComparable(base, head) {
    requireEqualFingerprints(base.fingerprint, head.fingerprint);
    requireSameScenarios(base.scenarios, head.scenarios);
}
const ofEngine = ['engine', 'engineVersion', 'machine'];
/**
 * Which engine measures is asked for, as a base that is named is: one that does not fit the other is a mistake, and no matter of chance as
 * another processor is.
 *
 * @throws SnapgateError `record` with all fields that differ, where one of the engine does
 */
function requireSameEngine(base, head) {
    const fields = differentFields(base.fingerprint, head.fingerprint);
    if (fields.some((field) => ofEngine.includes(field)))
        requireEqualFingerprints(base.fingerprint, head.fingerprint);
}
function requireEqualFingerprints(base, head) {
    const found = fingerprintDifference(base, head);
    if (found === undefined)
        return;
    const { difference, remedy } = found;
    throw new host_error/* SnapgateError */.yA('record', `base and head cannot be compared: ${difference}`, remedy);
}
/** Throws SnapgateError('record') unless the scenarios of both sides have the same names and mean the same. */
function requireSameScenarios(base, head) {
    const found = scenarioDifference(base, head);
    if (found)
        throw new host_error/* SnapgateError */.yA('record', found.difference, found.remedy);
}
/** Throws SnapgateError('record') when there is nothing to decide by: no cycle at all, or no cycle with a metric that gates. */
function requireMeasured(measurement, gated) {
    const found = measuredTooLittle(measurement, gated);
    if (found)
        throw new host_error/* SnapgateError */.yA('record', found.difference, found.remedy);
}
/** No cycle at all, or none with a metric that gates. */
function measuredTooLittle(measurement, gated) {
    const measured = measuredMetrics(measurement);
    if (measured.length === 0)
        return {
            difference: `the ${measurement.side} measurement has no cycle after its warm-up`,
            remedy: 'Give it more time-budget, or measure it again.',
        };
    const missing = gated.find((metric) => !measured.includes(metric));
    if (missing === undefined)
        return undefined;
    return {
        difference: `the metric ${missing} gates, but the ${measurement.side} measurement does not have it`,
        remedy: `Take it out of metrics and of gate: in snapgate.yml. Measured are: ${measured.join(', ')}.`,
    };
}
function fingerprintDifference(base, head) {
    const fields = differentFields(base, head);
    if (fields.length === 0)
        return undefined;
    return {
        difference: fields
            .map((field) => `${field} is ${quoted(base[field])} on base and ${quoted(head[field])} on head`)
            .join('; '),
        remedy: 'Measure both sides in the same job, on the same machine and with the same inputs.',
    };
}
function scenarioDifference(base, head) {
    const found = differentScenario(base, head);
    if (found === undefined)
        return undefined;
    const { name, one: ofBase, other: ofHead, field } = found;
    if (field !== undefined)
        return {
            difference: `scenario ${quoted(name)} is not the same on both sides: ${field} is ${quoted(ofBase?.[field])} on base and ${quoted(ofHead?.[field])} on head`,
            remedy: 'Measure both sides with the same snapgate.yml.',
        };
    const [has, lacks] = ofBase === undefined ? ['head', 'base'] : ['base', 'head'];
    return {
        difference: `scenario ${quoted(name)} was measured on ${has} but not on ${lacks}`,
        remedy: 'Measure both sides with the same scenarios: they change what the others find.',
    };
}

;// CONCATENATED MODULE: ./lib/stats/student.js
/**
 * Student's t distribution, for any degrees of freedom ≥ 0.5, fractions included (Welch's are).
 * Upper tail P(T > t), for t ≥ 0: half the regularised incomplete beta function at df / (df + t²), which is DLMF 8.17 and
 * Abramowitz & Stegun 26.7.1.
 */
function studentUpperTail(t, degrees) {
    if (t === Number.POSITIVE_INFINITY)
        return 0;
    return regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}
/** The t that a share `probability` (between 0 and 1) of the distribution lies below. Accurate to 1e-9, relative. */
function studentQuantile(probability, degrees) {
    if (!(probability > 0 && probability < 1 && degrees > 0))
        throw new RangeError(`no quantile at ${probability}, ${degrees} degrees of freedom`);
    if (probability === 0.5)
        return 0;
    if (probability < 0.5)
        return -studentQuantile(1 - probability, degrees);
    return findTail(1 - probability, degrees);
}
/** The tail falls strictly: Newton's steps, each kept inside a bracket that every step narrows, find the one t. */
function findTail(tail, degrees) {
    let high = 1;
    while (studentUpperTail(high, degrees) > tail)
        high *= 2;
    let low = high === 1 ? 0 : high / 2;
    const density = densityOf(degrees);
    let t = (low + high) / 2;
    for (let step = 0; step < 200; step += 1) {
        const excess = studentUpperTail(t, degrees) - tail;
        if (excess > 0)
            low = t;
        else
            high = t;
        const newton = t + excess / density(t);
        const next = newton > low && newton < high ? newton : (low + high) / 2;
        if (Math.abs(next - t) <= t * 1e-14)
            return next;
        t = next;
    }
    return t;
}
/** Density of the distribution (Abramowitz & Stegun 26.7.2). */
function densityOf(degrees) {
    const peak = Math.exp(logGamma((degrees + 1) / 2) - logGamma(degrees / 2)) / Math.sqrt(degrees * Math.PI);
    return (t) => peak * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
}
/** I_x(a, b). The fraction converges fast below (a + 1) / (a + b + 2); above it the symmetry 1 − I_{1−x}(b, a) is used. */
function regularizedBeta(x, a, b) {
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    if (x > (a + 1) / (a + b + 2))
        return 1 - regularizedBeta(1 - x, b, a);
    const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
    return (front / a) * betaFraction(x, a, b);
}
/** Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method from the front. */
function betaFraction(x, a, b) {
    const tiny = 1e-300;
    const nonZero = (value) => (Math.abs(value) < tiny ? tiny : value);
    let c = 1;
    let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
    let result = d;
    for (let m = 1; m <= 10_000; m += 1) {
        const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
        const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
        let factor = 1;
        for (const numerator of [even, odd]) {
            d = 1 / nonZero(1 + numerator * d);
            c = nonZero(1 + numerator / c);
            factor = c * d;
            result *= factor;
        }
        if (Math.abs(factor - 1) < 1e-16)
            break;
    }
    return result;
}
/** Coefficients of Lanczos's approximation with g = 7, n = 9 (P. Godfrey, 2001): 15 digits for arguments above 0.5. */
const lanczos = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
function logGamma(z) {
    if (z < 0.5)
        return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
    const shifted = z - 1;
    const base = shifted + 7.5;
    const sum = lanczos.reduce((total, coefficient, index) => (index === 0 ? coefficient : total + coefficient / (shifted + index)), 0);
    return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}

;// CONCATENATED MODULE: ./lib/stats/planning.js

/**
 * How many boots a side would bring half the interval's width under `distance`, if the spread stays as it is: a guess to tell
 * people, not part of any decision. `now` is the boots of the smaller side. undefined when `most` would not do.
 */
function bootsToResolve(test, now, distance, alpha, most) {
    const enough = (boots) => {
        const error = test.standardError * Math.sqrt(now / boots);
        return studentQuantile(1 - alpha / 2, 2 * (boots - 1)) * error <= distance;
    };
    if (!(distance > 0) || most <= now || !enough(most))
        return undefined;
    // More boots only narrow the interval, so the smallest number that is enough can be halved for.
    let [low, high] = [now + 1, most];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (enough(middle))
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

;// CONCATENATED MODULE: ./lib/gate/thresholds.js

/** What `min-growth` is for a metric of time, whose default in bytes says nothing about it. */
const minGrowthMs = 50;
/** What holds for one scenario and metric: snapgate.yml's own word on it, else the general thresholds and caps. */
function thresholdsFor(config, scenario, metric) {
    // A scenario may be called `constructor`.
    const own = Object.hasOwn(config.overrides, scenario) ? config.overrides[scenario]?.[metric] : undefined;
    const defaults = {
        ...config.defaults,
        minGrowth: isTimeMetric(metric) ? minGrowthMs : config.defaults.minGrowth,
        max: config.caps[metric],
    };
    const thresholds = { ...defaults, ...own };
    const gatesGrowth = own !== undefined || config.gatedMetrics.includes(metric);
    return { thresholds, gatesGrowth, gates: gatesGrowth || thresholds.max !== undefined };
}
/** Every metric that has a verdict in some scenario of these. */
function gatingMetrics(config, scenarios, metrics) {
    return metrics.filter((metric) => scenarios.some((scenario) => thresholdsFor(config, scenario, metric).gates));
}
/**
 * Whether a number is past a limit. At the limit it is not, and a limit in percent is rarely a number that floating point has: 0.9 % as it is
 * written and 9 pages more on 1,000 differ in their last bit.
 */
function isAbove(value, limit) {
    return value - limit > Math.abs(limit) * roundingError;
}
/** Of a quotient and of a percentage that was read, relative; a byte more on any guest's memory is far above it. */
const roundingError = Number.EPSILON * 8;

;// CONCATENATED MODULE: ./lib/gate/decide.js





/** Chance of a false alarm over all rows that gate together. */
const alpha = 0.05;
/** More boots than this are not proposed to anyone. */
const mostBoots = 100;
/**
 * The verdict of a row that gates, by the first rule that holds: a cap that is exceeded; no base, or the same image twice; too
 * little measured; an established growth past the limits; a fail ruled out; a warning; not enough to say.
 */
function decide(evidence) {
    return overCap(evidence) ?? withoutGrowth(evidence) ?? byGrowth(evidence);
}
/** Whether a change is established at all, for better or worse: its interval excludes none even after the correction. */
function improves(evidence) {
    const { contrast, established, applied, identicalImages } = evidence;
    if (contrast === undefined || !established || identicalImages || !applied.gatesGrowth)
        return false;
    return contrast.difference.value < -applied.thresholds.minGrowth;
}
function overCap({ applied, head, metric }) {
    const { max } = applied.thresholds;
    if (max === undefined || head === undefined || !isAbove(head.median, max))
        return undefined;
    return {
        verdict: 'fail',
        reason: `${formatAmount(metric, head.median)} is above the cap of ${formatAmount(metric, max)}.`,
    };
}
function withoutGrowth(evidence) {
    const { applied, head, hasBase, base, metric, identicalImages, noVerdict } = evidence;
    const { max } = applied.thresholds;
    if (head === undefined || (applied.gatesGrowth && hasBase && base === undefined)) {
        const side = head === undefined ? 'head' : 'base';
        return {
            verdict: 'inconclusive',
            reason: `Not measured on ${side}: no cycle of it was finished; more time-budget would decide.`,
        };
    }
    const within = max === undefined ? '' : `Within the cap of ${formatAmount(metric, max)}`;
    if (!applied.gatesGrowth)
        return { verdict: 'pass', reason: `${within}.` };
    if (noVerdict) {
        const why = `${noVerdictClause(noVerdict)}.`;
        return { verdict: 'inconclusive', reason: within ? `${within}; ${why}` : capitalized(why) };
    }
    if (!hasBase)
        return { verdict: 'pass', reason: within ? `${within}; no base.` : 'No base to compare with.' };
    if (!identicalImages)
        return undefined;
    return { verdict: 'pass', reason: 'Both images are the same bytes: nothing can have grown.' };
}
function capitalized(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
function byGrowth(evidence) {
    const { contrast, metric } = evidence;
    if (contrast?.differenceTest === undefined)
        return tooFewBoots(evidence);
    const found = describeChange(metric, contrast);
    return (failed(evidence, contrast, found) ??
        warned(evidence, contrast, found) ??
        passed(evidence, contrast, found) ?? {
        verdict: 'inconclusive',
        reason: undecided(evidence, contrast, found),
    });
}
function tooFewBoots({ contrast, metric }) {
    const found = contrast === undefined ? '' : `${describeChange(metric, contrast)}, but `;
    return {
        verdict: 'inconclusive',
        reason: `${found}fewer than two boots on a side give no interval; set boots to 3 or more.`,
    };
}
function failed(evidence, contrast, found) {
    const { failAbove, minGrowth } = evidence.applied.thresholds;
    if (!grewPast(evidence, contrast, failAbove))
        return undefined;
    const floor = formatAmount(evidence.metric, minGrowth);
    return {
        verdict: 'fail',
        reason: `${found} is established, above ${formatThreshold(failAbove)} and above ${floor}.`,
    };
}
function warned(evidence, contrast, found) {
    const { warnAbove } = evidence.applied.thresholds;
    if (warnAbove === undefined || !grewPast(evidence, contrast, warnAbove))
        return undefined;
    return {
        verdict: 'warn',
        reason: `${found} is established and above the warning at ${formatThreshold(warnAbove)}.`,
    };
}
/** From a base of 0 any growth is past any ratio: the absolute floor alone decides. */
function grewPast({ established, applied }, contrast, ratio) {
    const relative = contrast.growth?.value ?? Number.POSITIVE_INFINITY;
    const { minGrowth } = applied.thresholds;
    return established && isAbove(relative, ratio) && isAbove(contrast.difference.value, minGrowth);
}
function passed(evidence, contrast, found) {
    const { applied, metric } = evidence;
    const { failAbove, minGrowth } = applied.thresholds;
    if (improves(evidence)) {
        const less = formatAmount(metric, -contrast.difference.value);
        return { verdict: 'pass', reason: `${found} is established: ${less} less than base.` };
    }
    const growthHigh = contrast.growth?.high;
    if (growthHigh !== undefined && !isAbove(growthHigh, failAbove))
        return { verdict: 'pass', reason: `Growth above ${formatThreshold(failAbove)} is ruled out.` };
    const differenceHigh = contrast.difference.high;
    if (differenceHigh === undefined || isAbove(differenceHigh, minGrowth))
        return undefined;
    const high = formatChange(metric, differenceHigh);
    return {
        verdict: 'pass',
        reason: `At most ${high}, and a fail needs more than ${formatAmount(metric, minGrowth)}.`,
    };
}
function undecided(evidence, contrast, found) {
    const { failAbove, minGrowth } = evidence.applied.thresholds;
    const why = evidence.established
        ? `${found} is established, but whether it is past the limits is not`
        : excludesNone(contrast)
            ? `${found} may still be chance among the rows that gate`
            : `${found} is not told from chance`;
    const more = boots(evidence, contrast);
    const limits = `${formatThreshold(failAbove)} and ${formatAmount(evidence.metric, minGrowth)}`;
    return more === undefined
        ? `${why}; it lies too near the limits (${limits}) for more boots to decide.`
        : `${why}; about ${more} more ${more === 1 ? 'boot' : 'boots'} a side would decide.`;
}
function excludesNone({ growth, difference }) {
    const { low, high } = growth ?? difference;
    return low !== undefined && high !== undefined && (low > 0 || high < 0);
}
/** Of the ways to a decision the nearest: told from none where that fails, below the ratio or the floor where that passes. */
function boots(evidence, contrast) {
    const now = Math.min(evidence.base?.bootMedians.length ?? 0, evidence.head?.bootMedians.length ?? 0);
    const { failAbove, minGrowth } = evidence.applied.thresholds;
    const { ratioTest, differenceTest, growth, difference } = contrast;
    const tries = [];
    if (differenceTest) {
        tries.push(bootsToResolve(differenceTest, now, minGrowth - difference.value, alpha, mostBoots));
        const relative = growth?.value ?? Number.POSITIVE_INFINITY;
        const fails = isAbove(relative, failAbove) && isAbove(difference.value, minGrowth);
        const test = ratioTest ?? differenceTest;
        if (fails && !evidence.established)
            tries.push(bootsToResolve(test, now, Math.abs(test.difference), alpha, mostBoots));
    }
    if (ratioTest && growth) {
        const room = Math.log1p(failAbove) - Math.log1p(growth.value);
        tries.push(bootsToResolve(ratioTest, now, room, alpha, mostBoots));
    }
    const needed = tries.filter((boot) => boot !== undefined);
    return needed.length === 0 ? undefined : Math.min(...needed) - now;
}
/** `+38.2 % (+33.0 % … +44.1 %)`, or the difference where the base is 0. */
function describeChange(metric, { growth, difference }) {
    return growth === undefined
        ? withInterval(difference, (value) => formatChange(metric, value))
        : withInterval(growth, units/* formatGrowth */.T9);
}
function withInterval({ value, low, high }, format) {
    if (low === undefined || high === undefined)
        return format(value);
    return `${format(value)} (${format(low)} … ${format(high)})`;
}

;// CONCATENATED MODULE: ./lib/stats/welch.js


/** undefined when a side has fewer than two values: there is no spread to judge by. */
function welchTest(a, b) {
    if (a.length < 2 || b.length < 2)
        return undefined;
    // In units of the largest value, since a record may hold numbers whose squares are not finite.
    const unit = largest(a, b) || 1;
    const [partA, partB] = [partOf(a, unit), partOf(b, unit)];
    const difference = mean(b) - mean(a);
    const standardError = Math.sqrt(partA + partB) * unit;
    if (standardError <= unit * welch_roundingError) {
        const none = Math.abs(difference) <= unit * welch_roundingError;
        return { difference, standardError: 0, degrees: Number.POSITIVE_INFINITY, pValue: none ? 1 : 0 };
    }
    const degrees = (partA + partB) ** 2 / (partA ** 2 / (a.length - 1) + partB ** 2 / (b.length - 1));
    const pValue = 2 * studentUpperTail(Math.abs(difference) / standardError, degrees);
    return { difference, standardError, degrees, pValue };
}
/** Half the width of the two-sided interval of this confidence (0.95) about the difference. */
function halfWidth(test, confidence) {
    if (test.standardError === 0)
        return 0;
    return studentQuantile((1 + confidence) / 2, test.degrees) * test.standardError;
}
/** Equal values may differ in their last bits after a logarithm or a mean, relative to the largest; that is no spread. */
const welch_roundingError = Number.EPSILON * 8;
function largest(a, b) {
    return Math.max(...a.map(Math.abs), ...b.map(Math.abs));
}
/** A sample's part in the variance of the difference of the means. */
function partOf(values, unit) {
    return variance(values.map((value) => value / unit)) / values.length;
}

;// CONCATENATED MODULE: ./lib/stats/contrast.js


/** Confidence of every interval that is shown. */
const confidence = 0.95;
/**
 * Estimates are of the medians over boots, which is what is shown beside them. Intervals are Welch's, over boots, on logarithms
 * for the growth and on the plain numbers for the difference, and are widened to hold the estimate where a stray boot has
 * pulled the mean away from the median. Where a boot has 0 there is no logarithm: the growth's interval is then the difference's
 * over the base's median.
 */
function contrastSides(base, head) {
    const baseMedian = median(base);
    const value = median(head) - baseMedian;
    const differenceTest = welchTest(base, head);
    const difference = intervalOf(value, differenceTest, (bound) => bound);
    const positive = [...base, ...head].every((each) => each > 0);
    const ratioTest = positive ? welchTest(base.map(Math.log), head.map(Math.log)) : undefined;
    return {
        growth: growthOf(value / baseMedian, ratioTest, difference, baseMedian),
        difference,
        pValue: (ratioTest ?? differenceTest)?.pValue,
        ratioTest,
        differenceTest,
    };
}
function growthOf(value, ratioTest, difference, baseMedian) {
    if (!(baseMedian > 0))
        return undefined;
    if (ratioTest)
        return intervalOf(value, ratioTest, Math.expm1);
    const { low, high } = difference;
    return low === undefined || high === undefined
        ? { value }
        : { value, low: low / baseMedian, high: high / baseMedian };
}
function intervalOf(value, test, scale) {
    if (test === undefined)
        return { value };
    if (test.standardError === 0)
        return { value, low: value, high: value };
    const half = halfWidth(test, confidence);
    return {
        value,
        low: Math.min(value, scale(test.difference - half)),
        high: Math.max(value, scale(test.difference + half)),
    };
}

;// CONCATENATED MODULE: ./lib/stats/holm.js
/**
 * Holm's step-down correction: which of several tests may be called established so that the chance of even one false alarm
 * among all of them stays at `alpha`. The answer is in the order of the input. (S. Holm, Scand. J. Statist. 6, 1979.)
 */
function holmEstablished(pValues, alpha) {
    const order = pValues.map((_, index) => index).sort((a, b) => at(pValues, a) - at(pValues, b));
    const firstMiss = order.findIndex((test, rank) => at(pValues, test) > alpha / (pValues.length - rank));
    const kept = new Set(firstMiss === -1 ? order : order.slice(0, firstMiss));
    return pValues.map((_, index) => kept.has(index));
}
function at(values, index) {
    return values[index] ?? Number.NaN;
}

;// CONCATENATED MODULE: ./lib/gate/facts.js






function gatherFacts(pair, config) {
    const { head, noVerdict } = pair;
    const base = noVerdict === undefined ? pair.base : undefined;
    const identicalImages = base !== undefined && sameImage(base.image, head.image);
    const measured = new Set([base, head].flatMap((side) => (side ? measuredMetrics(side) : [])));
    const metrics = contract/* metricNames */.Zv.filter((metric) => measured.has(metric));
    const facts = head.scenarios.flatMap(({ name: scenario }) => metrics.map((metric) => ({
        scenario,
        metric,
        applied: thresholdsFor(config, scenario, metric),
        ...numbersOf(base, head, scenario, metric),
        hasBase: base !== undefined,
        noVerdict,
        identicalImages,
    })));
    return { pair, identicalImages, facts };
}
/**
 * Several rows are several chances of a false alarm, of one comparison or of a whole matrix: only those that gate by growth count, and
 * Holm's correction is over all that are given here.
 */
function establishedFacts(facts) {
    const tested = facts.filter((fact) => fact.applied.gatesGrowth && fact.contrast?.pValue !== undefined);
    const pValues = tested.map((fact) => fact.contrast?.pValue ?? 1);
    const established = holmEstablished(pValues, alpha);
    return new Set(tested.filter((fact, index) => established[index] && facts_excludesNone(fact.contrast)));
}
/** The metrics that each measured side must have, for their rows gate. */
function metricsThatGate(head, config) {
    const scenarios = head.scenarios.map((scenario) => scenario.name);
    const overridden = Object.values(config.overrides).flatMap((metrics) => metricNamesOf(metrics));
    const named = [...config.gatedMetrics, ...metricNamesOf(config.caps), ...overridden];
    return gatingMetrics(config, scenarios, named);
}
function metricNamesOf(record) {
    return contract/* metricNames */.Zv.filter((metric) => record[metric] !== undefined);
}
function sameImage(base, head) {
    // What a builder makes twice of the same need not be the same guest.
    if (!('rootfsSha256' in base) || !('rootfsSha256' in head))
        return false;
    const fields = ['rootfsSha256', 'kernelSha256', 'initrdSha256', 'init'];
    return fields.every((field) => base[field] === head[field]);
}
function numbersOf(base, head, scenario, metric) {
    const ofBase = base && summarizeSide(base, scenario, metric);
    const ofHead = summarizeSide(head, scenario, metric);
    const contrast = ofBase && ofHead && contrastSides(ofBase.bootMedians, ofHead.bootMedians);
    return { base: ofBase, head: ofHead, contrast };
}
/** The interval that is shown must say it too; it is wider than the test's where a stray boot pulls mean and median apart. */
function facts_excludesNone(contrast) {
    const interval = contrast?.growth ?? contrast?.difference;
    if (interval?.low === undefined || interval.high === undefined)
        return false;
    return interval.low > 0 || interval.high < 0;
}

;// CONCATENATED MODULE: ./lib/gate/headline.js




/** Scenarios or entries that are named in one list. */
const mostNamed = 5;
/** One line of plain text. The scenarios' names in it are the user's, and so may be the reason: escape before showing. */
function headlineOf(verdict, rows, sides) {
    const { noVerdict } = sides;
    if (noVerdict && verdict !== 'fail')
        return noVerdictClause(noVerdict);
    const deciding = rows.filter((row) => row.verdict === verdict).sort(byWeight);
    const first = deciding[0];
    const improved = rows
        .filter((row) => row.improved)
        .sort(byWeight)
        .toReversed();
    if (verdict === 'pass' || first === undefined)
        return headline_passed(deciding, improved, sides, rows);
    const change = `${changeOf(first)} ${limitOf(first, verdict)}${andOf(deciding)}`;
    const state = noVerdict ? `; ${outcomeWords[noVerdict.state]}` : '';
    return `${change}${improvedToo(improved)}${state}`;
}
/** Names as many as a line bears: `a, b and 3 more`. */
function listed(names) {
    const shown = names.slice(0, mostNamed).join(', ');
    const rest = names.length - mostNamed;
    return rest > 0 ? `${shown} and ${rest} more` : shown;
}
function headline_passed(deciding, improved, { hasBase, identicalImages }, rows) {
    if (identicalImages)
        return 'no change: both images are the same bytes';
    if (!hasBase)
        return withoutBase(rows);
    const [best] = improved;
    if (best)
        return `${changeOf(best)} (improved)${andOf(improved)}`;
    return noGrowth(deciding);
}
function withoutBase(rows) {
    const capped = rows.some((row) => row.thresholds.max !== undefined && row.gates);
    return capped
        ? 'within all caps (no base to compare with)'
        : 'no base to compare with, and no caps to hold';
}
function noGrowth(rows) {
    const limits = [...new Set(rows.map((row) => row.thresholds.failAbove))];
    const limit = limits.length === 1 && limits[0] !== undefined ? formatThreshold(limits[0]) : 'the limits';
    return `no growth above ${limit}`;
}
/** Beside what is worse: as loud, for it is as true. */
function improvedToo(improved) {
    const names = improved.map((row) => `${row.scenario} ${row.growth ? (0,units/* formatGrowth */.T9)(row.growth.value) : formatChange(row.metric, row.difference?.value ?? 0)}`);
    return names.length === 0 ? '' : `; improved: ${listed(names)}`;
}
function changeOf(row) {
    const label = `${metricLabels[row.metric]} of ${row.scenario}`;
    if (isOverCap(row))
        return `${label} ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`;
    if (row.growth)
        return `${label} ${(0,units/* formatGrowth */.T9)(row.growth.value)} per cycle`;
    return row.difference
        ? `${label} from ${formatAmount(row.metric, row.base?.median ?? 0)} to ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`
        : label;
}
function limitOf(row, verdict) {
    const { failAbove, warnAbove, max } = row.thresholds;
    if (verdict === 'inconclusive')
        return '(not enough to decide)';
    if (max !== undefined && isOverCap(row))
        return `(cap ${formatAmount(row.metric, max)})`;
    if (verdict === 'warn' && warnAbove !== undefined)
        return `(warns above +${formatThreshold(warnAbove)})`;
    return `(fails above +${formatThreshold(failAbove)})`;
}
function andOf(rows) {
    const names = [...new Set(rows.map((row) => row.scenario))].slice(1);
    return names.length === 0 ? '' : `; also ${listed(names)}`;
}
function isOverCap({ thresholds, head }) {
    return thresholds.max !== undefined && head !== undefined && isAbove(head.median, thresholds.max);
}
/** Largest growth first. */
function byWeight(a, b) {
    return weight(b) - weight(a);
}
function weight(row) {
    return row.growth?.value ?? (row.difference ? Math.sign(row.difference.value) * 1e6 : 0);
}

;// CONCATENATED MODULE: ./lib/gate/compare.js





/**
 * Head against base. Throws SnapgateError('record') when the two cannot be compared or a metric that gates was not measured.
 * Without a base only the caps decide. With `noVerdict` a base was asked for and there is none to compare with: rows that gate by growth
 * are then inconclusive, and a base that is given all the same is only named.
 */
function compareMeasurements(base, head, config, meta) {
    const { noVerdict } = meta;
    const compared = noVerdict === undefined ? base : undefined;
    if (compared)
        requireComparable(compared, head);
    const gated = metricsThatGate(head, config);
    requireMeasured(head, gated);
    if (compared)
        requireMeasured(compared, gated);
    const gathered = gatherFacts({ base, head, noVerdict }, config);
    return concludePair(gathered, establishedFacts(gathered.facts), meta);
}
/** The comparison of one pair, once it is known which of its changes are established. */
function concludePair({ pair, identicalImages, facts }, established, meta) {
    const { base, head, noVerdict } = pair;
    const rows = gatingFirst(rowsOf(facts, established));
    const verdict = noVerdict ? verdictWithout(rows) : overallVerdict(rows);
    const hasBase = base !== undefined;
    return {
        schema: 'snapgate/comparison',
        version: comparisonVersion,
        snapgate: meta.snapgate,
        createdAt: meta.now,
        verdict,
        headline: headlineOf(verdict, rows, { hasBase, identicalImages, noVerdict }),
        ...(base === undefined ? {} : { base: base.subject }),
        head: head.subject,
        fingerprint: head.fingerprint,
        ...(noVerdict === undefined ? {} : { noVerdict }),
        identicalImages,
        boots: { base: base?.boots.length ?? 0, head: head.boots.length },
        rows,
        notes: compare_notesOf(base, head),
    };
}
/**
 * One row that fails makes the whole fail; else one that cannot tell makes the whole inconclusive, which is stronger than a
 * warning because it may change the exit status; else a warning; else a pass. The same holds for the comparisons of a matrix.
 */
function overallVerdict(judged) {
    const order = ['fail', 'inconclusive', 'warn'];
    return order.find((verdict) => judged.some((each) => each.verdict === verdict)) ?? 'pass';
}
/** With nothing to compare with, no run of rows that are all within their caps is a pass. */
function verdictWithout(rows) {
    return overallVerdict(rows) === 'fail' ? 'fail' : 'inconclusive';
}
function rowsOf(facts, established) {
    return facts
        .filter((fact) => fact.applied.gates || fact.base !== undefined || fact.head !== undefined)
        .map((fact) => rowOf(fact, established.has(fact)));
}
function rowOf(facts, established) {
    const { scenario, metric, applied, base, head, contrast } = facts;
    const evidence = { ...facts, established };
    const decision = applied.gates ? decide(evidence) : undefined;
    const { failAbove, warnAbove, minGrowth, max } = applied.thresholds;
    return {
        scenario,
        metric,
        gates: applied.gates,
        ...(base === undefined ? {} : { base }),
        ...(head === undefined ? {} : { head }),
        ...(contrast?.growth === undefined ? {} : { growth: contrast.growth }),
        ...(contrast === undefined ? {} : { difference: contrast.difference }),
        thresholds: {
            failAbove,
            minGrowth,
            ...(warnAbove === undefined ? {} : { warnAbove }),
            ...(max === undefined ? {} : { max }),
        },
        ...(decision === undefined ? {} : { verdict: decision.verdict }),
        improved: improves(evidence),
        reason: decision?.reason ?? 'Does not gate.',
    };
}
function gatingFirst(rows) {
    return [...rows.filter((row) => row.gates), ...rows.filter((row) => !row.gates)];
}
/** A note of both sides stands once; one side's says whose it is. */
function compare_notesOf(base, head) {
    const ofBase = base?.notes ?? [];
    const shared = head.notes.filter((note) => ofBase.includes(note));
    const own = (side, notes) => notes.filter((note) => !shared.includes(note)).map((note) => `${side}: ${note}`);
    return [...new Set([...shared, ...own('base', ofBase), ...own('head', head.notes)])];
}

;// CONCATENATED MODULE: ./lib/job/compare.js







/** Decides from two stored measurements; boots nothing. */
function compareFiles(basePath, headPath, config) {
    const base = readMeasurement(readRecordFile(basePath), basePath);
    const head = readMeasurement(readRecordFile(headPath), headPath);
    return { comparison: compare_decide(base, head, config), base, head };
}
/** The verdict on two measurements of now; `noVerdict` says why there is no base although one was asked for. */
function compare_decide(base, head, config, noVerdict) {
    const meta = { snapgate: version/* version */.r, now: new Date().toISOString() };
    return compareMeasurements(base, head, config, noVerdict === undefined ? meta : { ...meta, noVerdict });
}
/** @throws SnapgateError `record` for a file that is not there or too large to be a record. */
function readRecordFile(path) {
    try {
        if ((0,external_node_fs_.statSync)(path).size <= maxRecordBytes)
            return (0,external_node_fs_.readFileSync)(path, 'utf8');
    }
    catch (error) {
        const code = (0,host_error/* errnoOf */.UQ)(error);
        const what = code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read (${code ?? error})`;
        throw new host_error/* SnapgateError */.yA('record', what, recordRemedy, { cause: error });
    }
    throw new host_error/* SnapgateError */.yA('record', `${path} is larger than ${(0,units/* formatBytes */.z3)(maxRecordBytes)}, too large to be a record`, recordRemedy);
}
const recordRemedy = 'Name a comparison.json or measurement-*.json that snapgate wrote.';

;// CONCATENATED MODULE: ./lib/engine/need-built.js
/** The guest of an engine's own builder, which no other engine boots. */
function needBuilt(image, builder) {
    if (image.kind === 'built' && image.builder === builder)
        return image;
    throw new Error(`a guest that is not of the builder ${builder} is not for this engine`);
}

;// CONCATENATED MODULE: ./lib/engine/vm/full-disk.js

/**
 * The work's result; where it failed for want of room below `dir`, an error that says so.
 *
 * @param meansFull knows further errors that say it in other words, of the engine's own program
 */
async function explainFullDisk(dir, work, meansFull = () => false) {
    try {
        return await work();
    }
    catch (error) {
        throw isFull(error) || meansFull(error) ? fullDiskError(dir, error) : error;
    }
}
/** The host has no room left for what a guest or snapgate writes below `dir`. */
function fullDiskError(dir, cause) {
    return new host_error/* SnapgateError */.yA('host', `the disk of this machine is full at ${dir}, where the guest's memory and disk are kept`, 'Free some of it, set `work-dir` to a larger file system, or lower `memory-size`.', { cause });
}
function isFull(error) {
    if (!(error instanceof host_error/* SnapgateError */.yA))
        return (0,host_error/* errnoOf */.UQ)(error) === 'ENOSPC';
    return error.code === 'host' && (error.details?.lines ?? []).some((line) => line.includes('No space left'));
}

;// CONCATENATED MODULE: ./lib/engine/command/environment.js
/** The commands of the user's, by what they are called in their environment, in the documentation and in errors. */
const commandNames = ['prepare', 'resume', 'pause', 'cleanup', 'version'];
const ofAll = commandNames;
const ofMachine = ['prepare', 'resume', 'pause', 'cleanup'];
const ofCycle = ['resume', 'pause'];
/**
 * Everything that a command is told by snapgate, beside the environment of the run without its tokens. docs/engine-command.md has the same
 * table.
 */
const variables = {
    SNAPGATE_COMMAND: {
        of: ofAll,
        holds: 'which command this is: `prepare`, `resume`, `pause`, `cleanup` or `version`',
    },
    SNAPGATE_CHECKOUT: {
        of: ofAll,
        holds: 'the checkout of the side that is measured, where the command runs too',
    },
    SNAPGATE_ID: {
        of: ofMachine,
        holds: 'a name for this boot, of letters, digits and dashes, that no other machine on the host has',
    },
    SNAPGATE_WORK: {
        of: ofMachine,
        holds: 'folder for sockets, pids and logs; empty before `prepare` and before each `resume`, and removed after `cleanup`',
    },
    SNAPGATE_OUT: {
        of: ofMachine,
        holds: 'folder for the snapshot; empty before `prepare` and before each `resume`',
    },
    SNAPGATE_PARENT: {
        of: ofCycle,
        holds: 'the folder of the snapshot to resume, as `SNAPGATE_OUT` was left; not to be written to',
    },
    SNAPGATE_PARENT_MEMFILE: {
        of: ofCycle,
        holds: 'file with the whole memory of that snapshot, also where `SNAPGATE_PARENT` has but a diff; not to be written to',
    },
    SNAPGATE_PARENT_ROOTFS: {
        of: ofCycle,
        holds: 'the same for its disk; empty without `rootfs-file`',
    },
    SNAPGATE_MEMFILE: {
        of: ofMachine,
        holds: 'name of the memory file to leave in `SNAPGATE_OUT`: the input `memfile`',
    },
    SNAPGATE_ROOTFS_FILE: {
        of: ofMachine,
        holds: 'name of the disk file to leave there: the input `rootfs-file`; empty where the disk is not measured',
    },
    SNAPGATE_FORMAT: { of: ofMachine, holds: 'how those files are to be laid out: the input `format`' },
    SNAPGATE_MEMORY_BYTES: { of: ofMachine, holds: "the guest's memory in bytes: the input `memory-size`" },
    SNAPGATE_MEMORY_MIB: { of: ofMachine, holds: 'the same in MiB' },
    SNAPGATE_VCPUS: { of: ofMachine, holds: 'its virtual processors: the input `vcpus`' },
    SNAPGATE_ROOTFS: {
        of: ['prepare'],
        holds: "ext4 of the image source, with snapgate's agent in it: a copy of this boot's own in `SNAPGATE_WORK`; empty without an image source",
    },
    SNAPGATE_KERNEL: { of: ['prepare'], holds: 'kernel for it, not to be written to' },
    SNAPGATE_INITRD: { of: ['prepare'], holds: 'initial RAM disk for it, not to be written to; may be empty' },
    SNAPGATE_KERNEL_ARGS: {
        of: ['prepare'],
        holds: "what the image needs on the kernel's command line, such as `root=` and `init=`",
    },
    SNAPGATE_READY_COMMAND: {
        of: ['prepare'],
        holds: 'command that must exit 0 in the guest before it counts as ready: the input `ready-command`; empty if not given',
    },
    SNAPGATE_BOOT_TIMEOUT_S: {
        of: ['prepare'],
        holds: 'limit of the boot, in whole seconds: the input `boot-timeout`',
    },
    SNAPGATE_SCENARIO: { of: ofCycle, holds: 'name of the scenario' },
    SNAPGATE_RUN: {
        of: ['resume'],
        holds: 'what to run in the resumed guest, as root in its shell; may be empty',
    },
    SNAPGATE_CHECK: {
        of: ['pause'],
        holds: 'what must exit 0 in the guest before it is paused, as root in its shell; may be empty',
    },
    SNAPGATE_RUN_TIMEOUT_S: {
        of: ofCycle,
        holds: 'limit of `SNAPGATE_RUN` and of `SNAPGATE_CHECK`, in whole seconds',
    },
    SNAPGATE_RUN_ID: {
        of: ofAll,
        holds: 'mark of this run of snapgate: a process that has it in its environment does not outlive the run',
    },
};
/**
 * The variables of one command: all of them, for a shell that refuses unset ones; a value that is not for this command is left out.
 *
 */
function environmentOf(command, values) {
    const names = variableNames().filter((name) => name !== 'SNAPGATE_RUN_ID');
    const given = {
        ...values,
        SNAPGATE_COMMAND: command,
    };
    return Object.fromEntries(names.map((name) => [name, isFor(name, command) ? String(given[name] ?? '') : '']));
}
/** What all commands of a run are told alike. */
function settingsValues(settings) {
    return {
        SNAPGATE_MEMFILE: settings.memfile,
        SNAPGATE_ROOTFS_FILE: settings.rootfsFile ?? '',
        SNAPGATE_FORMAT: settings.format,
    };
}
function variableNames() {
    return Object.keys(variables).filter(isVariable);
}
function isVariable(name) {
    return Object.hasOwn(variables, name);
}
function isFor(name, command) {
    const { of } = variables[name];
    return of.includes(command);
}

;// CONCATENATED MODULE: ./lib/image/busybox.js




/**
 * The host's static busybox, checked: it goes into every guest and initrd.
 *
 * @throws SnapgateError `host` where there is none, or one that is not static or lacks one of `applets`
 */
async function resolveBusybox(run, applets, path = '/bin/busybox') {
    const content = readBusybox(path);
    if (isDynamic(content))
        throw busybox_unfit(path, 'is not statically linked');
    const offered = new Set((await mustRun(run, path, ['--list'], { timeoutMs: 10_000 })).split('\n'));
    const missing = applets.filter((applet) => !offered.has(applet));
    if (missing.length > 0)
        throw busybox_unfit(path, `lacks ${missing.join(', ')}`);
    return { path, sizeBytes: content.length, sha256: (0,external_node_crypto_.createHash)('sha256').update(content).digest('hex') };
}
function readBusybox(path) {
    try {
        return (0,external_node_fs_.readFileSync)(path);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            throw busybox_unfit(path, 'is not there');
        throw error;
    }
}
/** An ELF program header of type PT_INTERP (3) names a dynamic linker (elf(5), 64-bit little-endian). */
function isDynamic(elf) {
    if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46)
        return true;
    const offset = Number(elf.readBigUInt64LE(0x20));
    const size = elf.readUInt16LE(0x36);
    const count = elf.readUInt16LE(0x38);
    if (offset + size * count > elf.length)
        return true;
    return Array.from({ length: count }, (_, index) => elf.readUInt32LE(offset + index * size)).includes(3);
}
function busybox_unfit(path, why) {
    return new host_error/* SnapgateError */.yA('host', `${path}, which snapgate puts into guests, ${why}`, `Install a static one: ${packageOf('busybox')}.`);
}

// EXTERNAL MODULE: external "node:stream/promises"
var external_node_stream_promises_ = __webpack_require__(6466);
;// CONCATENATED MODULE: ./lib/image/file-hash.js



/** SHA-256 of a file's content, or of a part of it, in hex; the file is streamed. */
async function sha256OfFile(path, part) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    if (part?.bytes === 0)
        return hash.digest('hex');
    const range = part && { start: part.start, end: part.start + part.bytes - 1 };
    await (0,external_node_stream_promises_.pipeline)((0,external_node_fs_.createReadStream)(path, { ...range, highWaterMark: 1024 * 1024 }), hash);
    return hash.digest('hex');
}

;// CONCATENATED MODULE: ./lib/image/initrd.js







/**
 * What a guest's disk, channel and file system need. Built-in ones are fine. `pci`: virtio_mmio is for QEMU's microvm machine. `mmio`: as
 * little as Firecracker's guest can do with, since each module is memory that the guest has written.
 */
const wantedModules = {
    pci: ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'virtio_console', 'ext4'],
    mmio: ['virtio_mmio', 'virtio_blk', 'vmw_vsock_virtio_transport', 'ext4'],
    any: ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'virtio_console', 'vmw_vsock_virtio_transport', 'ext4'],
};
/** Applets that the initrd's /init calls. */
const initrdApplets = ['cat', 'insmod', 'mkdir', 'mount', 'reboot', 'sh', 'sleep', 'switch_root', 'umount'];
/** Said on the console, for the engine to recognise, where no virtio disk appears in time. */
const noDiskMarker = 'snapgate: no disk';
/** Said on the console where the disk holds nothing that this kernel can mount, or no init. */
const noRootMarker = 'snapgate: no root';
/**
 * The initrd to boot `kernel` with: `none`, a path, or `auto`: a static busybox and exactly the modules that the kernel needs to find its disk and
 * the agent's channel on such devices. undefined: boot without one (as `auto` does for a kernel without modules at hand, whose drivers must be built in).
 *
 * @throws SnapgateError `image` for a path that is not there, `host` for missing tools
 */
async function resolveInitrd(run, spec, kernel, devices = 'pci') {
    if (spec === 'none')
        return undefined;
    if (spec !== 'auto')
        return givenInitrd(spec);
    const base = modulesBase(kernel);
    if (base === undefined)
        return undefined;
    const modules = await listModules(run, base, kernel.version, wantedModules[devices]);
    const busybox = await resolveBusybox(run, initrdApplets);
    const key = await initrd_keyOf(busybox.sha256, modules);
    const cached = (0,external_node_path_.join)(run.cacheDir, `initrd-${key}.cpio`);
    if (!(0,external_node_fs_.existsSync)(cached))
        await buildInitrd(run, busybox.path, modules, cached);
    return { path: cached, sha256: await sha256OfFile(cached) };
}
async function givenInitrd(path) {
    if (!(0,external_node_fs_.existsSync)(path)) {
        throw new host_error/* SnapgateError */.yA('image', `there is no initrd at ${path}`, 'Give initrd: the path of a file, auto, or none.');
    }
    return { path, sha256: await sha256OfFile(path) };
}
/** Folder above lib/modules/VERSION: next to an unpacked kernel, else the host's own for a kernel that the host has installed. */
function modulesBase(kernel) {
    if (kernel.modulesDir !== undefined)
        return kernel.modulesDir;
    return (0,external_node_fs_.existsSync)((0,external_node_path_.join)('/lib/modules', kernel.version, 'modules.dep')) ? '/' : undefined;
}
/** Files of the wanted modules and what they depend on, in the order to load them in. */
async function listModules(run, base, version, wanted) {
    const files = [];
    for (const name of wanted) {
        const args = ['-d', base, '-S', version, '--show-depends', name];
        const result = await runCommand(run, 'modprobe', args, { timeoutMs: 30_000 });
        // A module that this kernel does not have at all is not an error: the boot will tell.
        if (result.code !== 0)
            continue;
        for (const line of result.stdout.split('\n')) {
            const path = /^insmod (\S+)/.exec(line)?.[1];
            if (path !== undefined && !files.includes(path))
                files.push(path);
        }
    }
    return files;
}
async function initrd_keyOf(busyboxSha256, modules) {
    const hash = (0,external_node_crypto_.createHash)('sha256').update(`${busyboxSha256}\n${initScript([])}\n`);
    for (const module of modules)
        hash.update(`${(0,external_node_path_.basename)(module)} ${await sha256OfFile(module)}\n`);
    return hash.digest('hex').slice(0, 32);
}
async function buildInitrd(run, busybox, modules, target) {
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'initrd-'));
    try {
        const root = (0,external_node_path_.join)(dir, 'root');
        for (const folder of ['bin', 'dev', 'proc', 'sys', 'newroot', 'modules'])
            (0,external_node_fs_.mkdirSync)((0,external_node_path_.join)(root, folder), { recursive: true });
        (0,external_node_fs_.copyFileSync)(busybox, (0,external_node_path_.join)(root, 'bin/busybox'));
        (0,external_node_fs_.symlinkSync)('busybox', (0,external_node_path_.join)(root, 'bin/sh'));
        const names = [];
        for (const module of modules)
            names.push(await unpackModule(run, module, (0,external_node_path_.join)(root, 'modules')));
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(root, 'init'), initScript(names), { mode: 0o755 });
        const archive = (0,external_node_path_.join)(dir, 'initrd.cpio');
        await packCpio(run, root, archive);
        await publish(run, archive, target);
    }
    finally {
        (0,external_node_fs_.rmSync)(dir, { recursive: true, force: true });
    }
}
/** Decompressed, since a kernel may lack the decompressor that the distribution's modprobe has; the file's name. */
async function unpackModule(run, module, folder) {
    const name = (0,external_node_path_.basename)(module).replace(/\.(xz|zst|gz)$/, '');
    const command = { '.xz': 'xz', '.zst': 'zstd', '.gz': 'gzip' }[/\.(?:xz|zst|gz)$/.exec(module)?.[0] ?? ''];
    if (command === undefined)
        (0,external_node_fs_.copyFileSync)(module, (0,external_node_path_.join)(folder, name));
    else {
        const chunks = [];
        await mustRun(run, command, ['-dcq', module], {
            onStdout: (chunk) => chunks.push(chunk),
            timeoutMs: 30_000,
        });
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(folder, name), Buffer.concat(chunks));
    }
    return name;
}
/** A cpio that depends on names, modes and contents alone: sorted, times fixed, owner 0, inodes renumbered. */
async function packCpio(run, root, archive) {
    const paths = (0,external_node_fs_.readdirSync)(root, { recursive: true, encoding: 'utf8' })
        .map((path) => (0,external_node_path_.join)(root, path))
        .sort();
    for (const path of paths)
        normalise(path);
    await mustRun(run, 'cpio', ['--create', '--quiet', '--reproducible', '--format=newc', '--owner=+0:+0', `--file=${archive}`], { cwd: root, input: `${paths.map((path) => (0,external_node_path_.relative)(root, path)).join('\n')}\n`, timeoutMs: 60_000 });
}
/** The caller's umask and the clock leave no trace. */
function normalise(path) {
    const stat = (0,external_node_fs_.lstatSync)(path);
    if (!stat.isSymbolicLink())
        (0,external_node_fs_.chmodSync)(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
    (0,external_node_fs_.lutimesSync)(path, 0, 0);
}
/** Into the cache by one rename, so that a concurrent run sees all of it or nothing. */
async function publish(run, file, target) {
    const temporary = `${target}.${run.id}`;
    run.ledger.add({ kind: 'path', path: temporary });
    (0,external_node_fs_.copyFileSync)(file, temporary);
    (0,external_node_fs_.renameSync)(temporary, target);
}
/**
 * The initrd's /init. It honours root=, rw/ro and init= as a kernel without an initrd would. The disk may take a moment to appear; without
 * one the guest says so and ends, rather than panic some seconds later.
 */
function initScript(modules) {
    return `#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs -o mode=0755 devtmpfs /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
exec </dev/console >/dev/console 2>&1
${modules.map((name) => `$bb insmod /modules/${name}\n`).join('')}
root=/dev/vda
mode=rw
init=/sbin/init
for word in $($bb cat /proc/cmdline); do
  case $word in
    root=/dev/*) root=\${word#root=} ;;
    ro | rw) mode=$word ;;
    init=*) init=\${word#init=} ;;
  esac
done

end() {
  echo "$1"
  $bb sleep 1
  $bb reboot -f
}

tries=0
until [ -b "$root" ]; do
  tries=$((tries + 1))
  [ "$tries" -gt 100 ] && end "${noDiskMarker}: $root did not appear; the kernel may lack virtio drivers"
  $bb sleep 0.1
done
$bb mount -t ext4 -o "$mode" "$root" /newroot || end "${noRootMarker}: $root is not an ext4 that this kernel can mount"
$bb umount /sys
$bb umount /proc
[ -d /newroot/dev ] || $bb mkdir /newroot/dev
$bb mount -o move /dev /newroot/dev
exec $bb switch_root /newroot "$init" "$@"
`;
}

;// CONCATENATED MODULE: ./lib/engine/vm/guest-failure.js


const panicPattern = /^(?:<\d>)?(?:\[[ \d.]+(?:\]\[ *[CT]\d+)?\] )?Kernel panic - not syncing: ?(.*)$/;
/** Whether the console's lines hold a kernel panic, and what it said. */
function findPanic(lines) {
    for (const line of lines) {
        const match = panicPattern.exec(line);
        if (match)
            return match[1] ?? '';
    }
    return undefined;
}
/** What a guest's console says of its end, the likeliest cause first; undefined where it says nothing of it. */
function consoleError(end) {
    const panic = findPanic(end.console);
    if (panic !== undefined)
        return panicError(end, panic);
    if (end.console.some((line) => line.includes(noDiskMarker)))
        return noDiskError(end);
    if (end.console.some((line) => line.includes(noRootMarker)))
        return noRootError(end);
    return undefined;
}
/** The error of a guest that is still there but does not do what it should. */
function guestError(message, remedy, console) {
    return new host_error/* SnapgateError */.yA('guest', message, remedy, { details: consoleDetails(console) });
}
/** An error of the guest's that knows neither what the machine was there for nor its console (the channel's), with both; any other as it is. */
function withConsole(error, activity, console) {
    if (!(error instanceof host_error/* SnapgateError */.yA) || error.code !== 'guest' || error.details !== undefined)
        return error;
    return new host_error/* SnapgateError */.yA('guest', `${activity}, ${error.message}`, error.remedy, {
        details: consoleDetails(console),
        cause: error,
    });
}
/** A guest's words for use in a sentence: short, and nothing in it that Markdown, HTML or a terminal would act on. */
function plainWords(text, maxChars = 120) {
    const plain = text.replace(/[^A-Za-z0-9 .,:;!()/@=+-]/g, '?').trim();
    return plain.length > maxChars ? `${plain.slice(0, maxChars)}...` : plain;
}
function panicError(end, said) {
    const remedy = panicRemedies.find(([pattern]) => pattern.test(said))?.[1];
    return guestError(`the guest's kernel panicked ${end.activity}: ${plainWords(said)}`, remedy ?? 'The console below says what the kernel did last.', end.console);
}
const panicRemedies = [
    [
        /Unable to mount root fs|No working init/,
        'The kernel found no root disk or no init on it: check `kernel` (virtio-pci and virtio-blk built in, or `initrd: auto`) and the image.',
    ],
    [
        /Attempted to kill init/,
        "The image's init could not be run, or came to its end: the console below may say why.",
    ],
    [/Out of memory|deadlocked on memory/, 'The guest ran out of memory: raise `memory-size`.'],
];
function noDiskError(end) {
    return guestError(`the guest's kernel found no disk ${end.activity}`, 'The kernel lacks virtio-blk, or the bus that its disk is on: use `kernel: auto`, or one with both, built in or as modules in the initrd.', end.console);
}
function noRootError(end) {
    return guestError(`the guest's kernel could not start from its disk ${end.activity}`, 'Its disk is no ext4 that this kernel mounts, or holds no init: try `kernel: auto`, and check the image.', end.console);
}
function consoleDetails(lines) {
    return { title: 'console of the guest, last 40 lines', lines: lines.slice(-40) };
}

;// CONCATENATED MODULE: ./lib/engine/command/failure.js





/** The error of a command that did not exit 0; undefined where it did. */
function failureOf(ended) {
    const { command, status, signal, limitMs } = ended;
    if (limitMs !== undefined)
        return commandError(ended, `did not end within ${(0,units/* formatDuration */.a3)(limitMs)}, and was ended`, 'Let what is to stay run in the background (`&`), or raise `command-timeout`.');
    if (status === 0)
        return undefined;
    // A command says by snapgate's own status that it was the guest's command that failed.
    if (status === host_error/* exitCodes */.hS.scenario && (command === 'resume' || command === 'pause'))
        return commandError(ended, `says that \`${command === 'resume' ? 'run' : 'check'}\` failed in the guest (exit status ${status})`, 'Its last lines are the end of its output; try it in the guest.', 'scenario');
    return commandError(ended, endOf({ code: status, signal }), remedyOf(ended));
}
/** The error of a command that exited 0 and did not do what it should. */
function brokenPromise(ended, what, remedy) {
    return commandError(ended, `exited 0, but ${what}`, remedy);
}
/** What an error is where this user was refused something that the commands have left below `dir`; other errors are as they were. */
function accessFailure(error, dir) {
    const errno = (0,host_error/* errnoOf */.UQ)(error);
    if (errno !== 'EACCES' && errno !== 'EPERM')
        return error;
    const path = error instanceof Error && 'path' in error ? String(error.path) : '';
    if (!path.startsWith(`${dir}/`))
        return error;
    return new host_error/* SnapgateError */.yA('guest', `what the commands left at ${plainWords((0,external_node_path_.relative)(dir, path))} cannot be read or removed (${errno})`, 'Let them leave files of the user that they run as; what belongs to another, as after `sudo`, the cleanup-command has to remove, or to give to this user.', { cause: error });
}
function commandError(ended, what, remedy, code = 'guest') {
    const { command, scenario, lines } = ended;
    const name = `${command}-command`;
    const place = scenario === undefined ? '' : `, in a cycle of ${plainWords(scenario)},`;
    return new host_error/* SnapgateError */.yA(code, `${name}${place} ${what}`, remedy, {
        details: {
            title: `last lines of ${name}`,
            lines: lines.length === 0 ? [`(${name} put nothing out)`] : lines,
        },
    });
}
function remedyOf({ status, lines }) {
    if (status === 126 || status === 127)
        return 'A command that was not found, or may not be executed. It runs in the checkout of each side: what only the head has is not there for the base; "$GITHUB_WORKSPACE"/… names the head\'s.';
    const why = lines.length === 0 ? 'It said nothing.' : 'Its last lines say why.';
    return `${why} It runs in the checkout of each side, without the tokens of the workflow.`;
}

;// CONCATENATED MODULE: ./lib/engine/command/folder-state.js




/** A snapshot is some files; more than this is a mistake, such as a SNAPGATE_OUT in which something was unpacked. */
const maxEntries = 10_000;
/** @throws RangeError for a folder of more than 10,000 entries */
function readFolderState(dir) {
    const found = new Map();
    const look = (at) => {
        const stat = (0,external_node_fs_.lstatSync)((0,external_node_path_.join)(dir, at), { bigint: true });
        const mark = [stat.dev, stat.ino, stat.mode, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
        found.set(at, mark);
        if (found.size > maxEntries)
            throw new RangeError(`more than ${maxEntries} files`);
        if (stat.isDirectory())
            for (const name of (0,external_node_fs_.readdirSync)((0,external_node_path_.join)(dir, at)))
                look((0,external_node_path_.join)(at, name));
    };
    look('.');
    return found;
}
/** A path that differs between two looks at a folder, fit for a sentence: a file before the folder that it was in, which has changed with it. */
function firstDifference(before, after) {
    const paths = [...before.keys(), ...after.keys()];
    const differing = paths.filter((each) => before.get(each) !== after.get(each));
    const [path] = differing.toSorted((one, other) => depthOf(other) - depthOf(one));
    return path === undefined ? undefined : plainWords(path);
}
/** 0 of the folder itself. */
function depthOf(path) {
    return path === '.' ? 0 : path.split('/').length;
}
/**
 * Refuses a snapshot of more files than one has: each is looked at in every cycle.
 *
 * @throws SnapgateError `guest` that names the command
 */
function folder_state_checkFolder(ended, dir) {
    try {
        readFolderState(dir);
    }
    catch (error) {
        if (!(error instanceof RangeError))
            throw error;
        const remedy = 'Leave there what a snapshot consists of, and nothing else.';
        throw brokenPromise(ended, `left ${error.message} in SNAPGATE_OUT`, remedy);
    }
}

;// CONCATENATED MODULE: ./lib/pages/page-tally.js


const hugePages = 512;
function createPageTally() {
    const frame = createPageFrames();
    let written = 0;
    let changed = 0;
    let zeroed = 0;
    let huge = 0;
    let lastHuge = -1;
    const addPage = (page, before, after) => {
        written += 1;
        const block = Math.floor(page / hugePages);
        if (block !== lastHuge)
            huge += 1;
        lastHuge = block;
        if (Buffer.compare(before, after) === 0)
            return false;
        changed += 1;
        if (isZeroPage(after))
            zeroed += 1;
        else
            frame.add(after);
        return true;
    };
    return {
        add: (first, before, after) => changedRuns(first, before, after, addPage),
        finish: () => ({
            writtenBytes: written * pageBytes,
            changedBytes: changed * pageBytes,
            zeroedBytes: zeroed * pageBytes,
            compressedBytes: frame.finish(),
            hugeBytes: huge * hugePages * pageBytes,
        }),
    };
}
function changedRuns(first, before, after, addPage) {
    const runs = [];
    let start;
    const pages = after.length / pageBytes;
    for (let index = 0; index < pages; index += 1) {
        const from = index * pageBytes;
        const to = from + pageBytes;
        const differs = addPage(first + index, before.subarray(from, to), after.subarray(from, to));
        if (differs)
            start ??= first + index;
        else if (start !== undefined) {
            runs.push({ first: start, count: first + index - start });
            start = undefined;
        }
    }
    if (start !== undefined)
        runs.push({ first: start, count: first + pages - start });
    return runs;
}

;// CONCATENATED MODULE: ./lib/pages/tally-pages.js



/** A MiB of each side at a time. */
const runPages = 256;
/** Counts the pages of `runs`, ascending and of at most `runPages` each: nothing else is read. */
async function tallyPages(runs, sides) {
    const tally = createPageTally();
    const [before, after] = [Buffer.alloc(runPages * pageBytes), Buffer.alloc(runPages * pageBytes)];
    let done = 0;
    for (const { first, count } of runs) {
        const length = count * pageBytes;
        sides.readAfter(first, after.subarray(0, length));
        sides.readBefore(first, before.subarray(0, length));
        const changed = tally.add(first, before.subarray(0, length), after.subarray(0, length));
        if (sides.onChanged)
            for (const part of changed)
                sides.onChanged(part.first, contentOf(part, first, after));
        done += count;
        if (done < runPages * 4)
            continue;
        done = 0;
        // Another guest of this process may be waiting to be timed.
        await (0,promises_.setImmediate)();
        sides.signal?.throwIfAborted();
    }
    return tally.finish();
}
function contentOf({ first, count }, base, content) {
    const from = (first - base) * pageBytes;
    return content.subarray(from, from + count * pageBytes);
}

;// CONCATENATED MODULE: ./lib/pages/file-diff.js






/**
 * What changed from one memory or raw disk file to another of the same length. One pass over the data of both, and the pages that differ
 * a second time.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
async function diffOfFiles(run, before, after) {
    const { changed } = await comparePages(run, before, after);
    const { writtenBytes: _, ...diff } = await withFilePair(run, before, after, (pair) => tallyRuns(run, pair, runsOf(changed, runPages), false));
    return diff;
}
/**
 * What a sparse diff of a memory or disk says against the whole file that it is a diff of: its data are the pages that were written, its
 * holes are what stayed. Nothing else is read: the cost follows the data.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
async function diffOfSparse(run, parent, diff, { pages, merge = false } = {}) {
    const compare = async (pair) => {
        const runs = pages === undefined ? await dataRuns(run, diff, runPages) : runsOf(pages, runPages);
        return tallyRuns(run, pair, runs, merge);
    };
    return await withFilePair(run, parent, diff, compare, merge ? 'r+' : 'r');
}
function tallyRuns(run, pair, runs, merge) {
    return tallyPages(runs, {
        readBefore: (first, into) => readPages(pair, pair.before, first, into),
        readAfter: (first, into) => readPages(pair, pair.after, first, into),
        ...(merge && { onChanged: (first, content) => writePages(pair, first, content) }),
        signal: run.signal,
    });
}
/** The last page may be cut off by the file's end: what is not there is zeros. */
function readPages({ bytes }, file, first, into) {
    const offset = first * pageBytes;
    const there = Math.min(into.length, bytes - offset);
    readFully(file, into.subarray(0, there), offset);
    into.fill(0, there);
}
function writePages({ before, bytes }, first, content) {
    const offset = first * pageBytes;
    writeFully(before, content.subarray(0, bytes - offset), offset);
}

;// CONCATENATED MODULE: ./lib/engine/metrics.js

/** The metrics that an engine can give with these settings: any other is absent from its measurements. */
function metricsOf(settings) {
    if (settings.kind === 'e2b')
        return contract/* metricNames */.Zv;
    if (settings.kind !== 'command')
        return contract/* metricNames */.Zv.filter((name) => !name.endsWith('.storedBytes'));
    const disk = settings.rootfsFile !== undefined;
    return metricsOfFormat(settings.format).filter((name) => disk || !name.startsWith('rootfs.'));
}
/** What is known of the pages of a memory, as metrics of it: what is not known is left out. */
function memoryMetrics(diff) {
    const metrics = {};
    for (const [field, bytes] of Object.entries(diff))
        if (isField(field))
            metrics[memoryNames[field]] = bytes;
    return metrics;
}
/** A field of PageDiff without a metric of its name does not compile. */
const memoryNames = {
    writtenBytes: 'memfile.writtenBytes',
    changedBytes: 'memfile.changedBytes',
    zeroedBytes: 'memfile.zeroedBytes',
    compressedBytes: 'memfile.compressedBytes',
    hugeBytes: 'memfile.hugeBytes',
};
function isField(name) {
    return Object.hasOwn(memoryNames, name);
}
function metricsOfFormat(format) {
    switch (format) {
        case 'raw':
            return ofWholeImages;
        case 'sparse-diff':
            return contract/* metricNames */.Zv.filter((name) => !name.endsWith('.storedBytes') && name !== 'stateBytes');
        case 'e2b':
            return contract/* metricNames */.Zv.filter((name) => name !== 'stateBytes');
    }
}
const times = ['resumeMs', 'pauseMs'];
/** Which pages were written and left the same, two whole images do not tell, and so not which huge pages were touched either. Of a disk, it is the blocks that changed. */
const ofWholeImages = [
    'memfile.changedBytes',
    'memfile.zeroedBytes',
    'memfile.compressedBytes',
    'rootfs.writtenBytes',
    ...times,
];

;// CONCATENATED MODULE: ./lib/engine/command/left-files.js







/**
 * Size of a file that a command has left.
 *
 * @throws SnapgateError `guest` that names the command, unless it is an ordinary file of its own, of a size that can be
 */
function checkLeftFile(ended, dir, expected) {
    const { name } = expected;
    const { size } = checkOwnFile(ended, dir, name, expected.parentDir);
    const problem = sizeProblem(size, expected);
    if (problem === undefined)
        return size;
    const what = `left ${plainWords(name)} of ${(0,units/* formatBytes */.z3)(size)} (${size} B)${problem.why}`;
    throw brokenPromise(ended, what, problem.remedy);
}
/** @throws SnapgateError `guest` that names the command, unless it is an ordinary file, and another than the parent's */
function checkOwnFile(ended, dir, name, parentDir) {
    const shown = plainWords(name);
    const stat = statOf(dir, name);
    if (stat === undefined)
        throw brokenPromise(ended, `left no file ${shown} in SNAPGATE_OUT, which holds ${namesIn(dir)}`, 'Let it write there, or say by `memfile` and `rootfs-file` what the files are called.');
    if (!stat.isFile() || !isWithin(dir, name))
        throw brokenPromise(ended, `left ${left_files_kindOf(stat)} at ${shown} in SNAPGATE_OUT, not a file`, 'Copy what it leads to: a snapshot has to be whole, and its folder is all that is kept of it.');
    if (isSameFile(stat, parentDir && (0,external_node_path_.join)(parentDir, name)))
        throw brokenPromise(ended, `left the parent's own file as ${shown}: a link to it, and not what the guest's memory or disk is now`, 'Let it save the guest anew; `cp --reflink=auto` makes a cheap copy, which is fine.');
    return stat;
}
function sizeProblem(size, { bytes, minBytes, maxBytes, input }) {
    if (size < minBytes)
        return {
            why: `, and the guest has ${(0,units/* formatBytes */.z3)(minBytes)} of memory`,
            remedy: `Let it write all of the guest's memory, uncompressed; a guest of another size needs \`memory-size\`.`,
        };
    if (size === 0 || size % pageBytes !== 0)
        return {
            why: `, which is not a number of pages`,
            remedy: `\`${input}\` is compared page by page: it must be the plain content, without a header, uncompressed.`,
        };
    if (size > maxBytes)
        return {
            why: `, more than ${(0,units/* formatBytes */.z3)(maxBytes)}`,
            remedy: `\`${input}\` must be the plain content of the guest's memory or disk; check \`memory-size\`.`,
        };
    if (bytes !== undefined && size !== bytes)
        return {
            why: `, and the parent's has ${(0,units/* formatBytes */.z3)(bytes)} (${bytes} B)`,
            remedy: 'Two snapshots of one guest are of one size: the command may have been cut short, or saves in another way.',
        };
    return undefined;
}
function statOf(dir, name) {
    try {
        return (0,external_node_fs_.lstatSync)((0,external_node_path_.join)(dir, name), { throwIfNoEntry: false });
    }
    catch (error) {
        // A file where a folder of the name should be.
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOTDIR' || (0,host_error/* errnoOf */.UQ)(error) === 'ELOOP')
            return undefined;
        throw error;
    }
}
/** Whether no folder on the way to it is a symbolic link. */
function isWithin(dir, name) {
    return (0,external_node_fs_.lstatSync)(dir).isDirectory() && (0,external_node_fs_.realpathSync)((0,external_node_path_.join)(dir, name)) === (0,external_node_path_.join)((0,external_node_fs_.realpathSync)(dir), name);
}
function isSameFile(stat, parentPath) {
    const parent = parentPath === undefined ? undefined : (0,external_node_fs_.lstatSync)(parentPath, { throwIfNoEntry: false });
    return parent !== undefined && parent.dev === stat.dev && parent.ino === stat.ino;
}
function left_files_kindOf(stat) {
    if (stat.isSymbolicLink())
        return 'a symbolic link';
    if (stat.isDirectory())
        return 'a folder';
    if (stat.isFIFO())
        return 'a FIFO';
    if (stat.isSocket())
        return 'a socket';
    return stat.isFile() ? 'a file behind a symbolic link' : 'a device';
}
/** The first names in a folder, for an error. */
function namesIn(dir) {
    const names = (0,external_node_fs_.lstatSync)(dir, { throwIfNoEntry: false })?.isDirectory() ? (0,external_node_fs_.readdirSync)(dir) : [];
    if (names.length === 0)
        return 'nothing';
    const shown = names.slice(0, 8).map((name) => plainWords(name, 40));
    return names.length > shown.length
        ? `${shown.join(', ')} and ${names.length - shown.length} more`
        : shown.join(', ');
}

;// CONCATENATED MODULE: ./lib/engine/command/snapshot.js



/** The folder that the commands have left. */
const leftDirOf = ({ dir }) => (0,external_node_path_.join)(dir, 'snapshot');
/** The whole memory of a snapshot; undefined where it is layers. */
function memoryPathOf(snapshot, { format, memfile }) {
    if (format === 'e2b')
        return undefined;
    return format === 'raw' ? (0,external_node_path_.join)(leftDirOf(snapshot), memfile) : (0,external_node_path_.join)(snapshot.dir, 'memory');
}
/** The whole disk of a snapshot; undefined where it is layers, or is not measured. */
function diskPathOf(snapshot, { format, rootfsFile }) {
    if (rootfsFile === undefined || format === 'e2b')
        return undefined;
    return format === 'raw' ? (0,external_node_path_.join)(leftDirOf(snapshot), rootfsFile) : (0,external_node_path_.join)(snapshot.dir, 'disk');
}
/** Puts the folder that the commands have left into the snapshot's, in place of the one before it. */
function replaceLeft(snapshot, outDir) {
    (0,external_node_fs_.rmSync)(leftDirOf(snapshot), { recursive: true, force: true });
    (0,external_node_fs_.renameSync)(outDir, leftDirOf(snapshot));
}
/** A copy in `dir`, by reflink where the file system can; holes stay holes. */
async function copySnapshot(run, snapshot, dir) {
    // Not the folder, but what is in it.
    await copyFiles(run, `${snapshot.dir}/.`, dir);
    return { ...snapshot, dir };
}
async function copyFiles(run, from, to) {
    await mustRun(run, 'cp', ['-a', '--reflink=auto', '--sparse=always', '--', from, to]);
}

;// CONCATENATED MODULE: ./lib/engine/command/measure-images.js





const largestDiskBytes = 1024 ** 4;
/** Checks the files of formats whose files are as long as what they are of. */
function checkImages({ memfile, rootfsFile }, left) {
    const { guestBytes, parent } = left;
    const parentDir = parent && leftDirOf(parent);
    const memoryBytes = checkLeftFile(left.ended, left.dir, {
        name: memfile,
        input: 'memfile',
        bytes: parent?.memoryBytes,
        minBytes: guestBytes,
        // Whatever else a machine maps beside its memory, and a hole below 4 GiB.
        maxBytes: guestBytes * 2 + 4 * 1024 ** 3,
        parentDir,
    });
    if (rootfsFile === undefined)
        return { memoryBytes, diskBytes: undefined };
    const diskBytes = checkLeftFile(left.ended, left.dir, {
        name: rootfsFile,
        input: 'rootfs-file',
        bytes: parent?.diskBytes,
        minBytes: 0,
        maxBytes: largestDiskBytes,
        parentDir,
    });
    return { memoryBytes, diskBytes };
}
/** Of two whole images only what changed is known, and neither what was written nor how many huge pages were touched; of a disk, that has to do. */
async function measureWhole(run, settings, parent, dir) {
    const { memory, disk } = pairsOf(settings, parent, dir);
    const { hugeBytes: _, ...diff } = await diffOfFiles(run, memory.before, memory.after);
    const ofDisk = disk && (await diffOfFiles(run, disk.before, disk.after));
    return {
        metrics: {
            ...memoryMetrics(diff),
            ...(ofDisk && { 'rootfs.writtenBytes': ofDisk.changedBytes }),
        },
        notes: [],
    };
}
/** What a diff holds was written, its holes were not. With `advance` the whole images become those of the next snapshot. */
async function measureDiffs(run, settings, parent, dir, advance) {
    const { memory, disk } = pairsOf(settings, parent, dir);
    const diff = await diffOfSparse(run, memory.before, memory.after, { merge: advance });
    const ofDisk = disk && (await diffOfSparse(run, disk.before, disk.after, { merge: advance }));
    return {
        metrics: {
            ...memoryMetrics(diff),
            ...(ofDisk && { 'rootfs.writtenBytes': ofDisk.writtenBytes }),
        },
        notes: [],
    };
}
function pairsOf(settings, parent, dir) {
    const [memoryPath, diskPath] = [memoryPathOf(parent, settings), diskPathOf(parent, settings)];
    if (memoryPath === undefined)
        throw new Error('a snapshot of layers has no whole image');
    const memory = { before: memoryPath, after: (0,external_node_path_.join)(dir, settings.memfile) };
    if (diskPath === undefined || settings.rootfsFile === undefined)
        return { memory, disk: undefined };
    return { memory, disk: { before: diskPath, after: (0,external_node_path_.join)(dir, settings.rootfsFile) } };
}

;// CONCATENATED MODULE: ./lib/e2b/layer-changes.js

/**
 * Where a layer's image may differ from its parent's: whatever the two headers do not map to the same place of the same build. That is
 * what the layer stores itself, what it has given back as zeros, and what it has found to be like some other layer. Ascending; no data
 * is read, so that the cost of a comparison follows the layer and not the image.
 */
function* differentlyMapped(layer, parent) {
    const before = createCursor(parent.mapping.ranges());
    let open;
    for (const range of layer.mapping.ranges()) {
        const end = range.offsetBytes + range.lengthBytes;
        for (let at = range.offsetBytes; at < end;) {
            const piece = before.pieceAt(at, end);
            const differs = piece.range === undefined || !sameStorage(range, piece.range, at);
            if (differs && open !== undefined && open.offset + open.bytes === at)
                open.bytes += piece.endBytes - at;
            else if (differs) {
                if (open !== undefined)
                    yield open;
                open = { offset: at, bytes: piece.endBytes - at };
            }
            at = piece.endBytes;
        }
    }
    if (open !== undefined)
        yield open;
}
function createCursor(ranges) {
    let current = ranges.next();
    return {
        pieceAt(offset, limit) {
            while (current.done !== true && current.value.offsetBytes + current.value.lengthBytes <= offset)
                current = ranges.next();
            if (current.done === true)
                return { range: undefined, endBytes: limit };
            const range = current.value;
            if (range.offsetBytes > offset)
                return { range: undefined, endBytes: Math.min(limit, range.offsetBytes) };
            return { range, endBytes: Math.min(limit, range.offsetBytes + range.lengthBytes) };
        },
    };
}
function sameStorage(one, other, at) {
    return one.buildId === other.buildId && layer_changes_placeOf(one, at) === layer_changes_placeOf(other, at);
}
/** Zeros are the same wherever they are said to be stored. */
function layer_changes_placeOf(range, at) {
    return range.buildId === zeroBuildId ? 0 : range.storageOffsetBytes + at - range.offsetBytes;
}

;// CONCATENATED MODULE: ./lib/e2b/layered-image.js






/**
 * Nothing is opened before it is read.
 *
 * @param folderOf folder of any other build that the layer is stored by
 */
function openLayeredImage(layer, folderOf) {
    const { header } = layer;
    const dir = (0,external_node_path_.dirname)(layer.headerPath);
    const open = new Map();
    const dataOf = (buildId) => {
        const known = open.get(buildId);
        if (known !== undefined)
            return known;
        const opened = openDataOf(layer, buildId, buildId === header.buildId ? dir : folderOf(buildId));
        open.set(buildId, opened);
        return opened;
    };
    return {
        layer,
        read(offset, into) {
            const beyond = Math.max(0, Math.min(into.length, offset + into.length - header.virtualBytes));
            into.fill(0, into.length - beyond);
            if (beyond < into.length)
                readMapped(layer, dataOf, offset, into.subarray(0, into.length - beyond));
        },
        close() {
            for (const data of open.values())
                data.close();
        },
    };
}
function readMapped({ header, headerPath }, dataOf, offset, into) {
    let end = offset;
    for (const range of header.mapping.within(offset, into.length)) {
        if (range.offsetBytes > end)
            break;
        const part = into.subarray(range.offsetBytes - offset, range.offsetBytes - offset + range.lengthBytes);
        if (range.buildId === zeroBuildId)
            part.fill(0);
        else
            dataOf(range.buildId).read(range.storageOffsetBytes, part);
        end = range.offsetBytes + range.lengthBytes;
    }
    if (end < offset + into.length)
        throw brokenData(`${headerPath} maps byte ${end} of its image to nothing`);
}
function openDataOf({ header, artifact, headerPath }, buildId, dir) {
    const frames = framesOf(header, buildId, artifact, dir);
    const path = (0,external_node_path_.join)(dir, dataFileName(artifact, frames?.compression ?? 'none'));
    if ((0,external_node_fs_.existsSync)(path))
        return openBuildData(path, frames);
    throw brokenData(`${path} is not there, and ${headerPath} maps a part of its image to it`);
}
/** A header below format 4 says nothing of how others are stored, and one above may have lost it: the build's own says it then. */
function framesOf(header, buildId, artifact, dir) {
    const said = header.builds.get(buildId);
    if (said !== undefined)
        return said.frames;
    const path = (0,external_node_path_.join)(dir, headerFileName(artifact));
    if (buildId === header.buildId || !(0,external_node_fs_.existsSync)(path))
        return undefined;
    return readHeaderFile(path).builds.get(buildId)?.frames;
}

;// CONCATENATED MODULE: ./lib/e2b/diff-layers.js




/**
 * As `diffLayers`, of the images of two layers.
 *
 * @param folderOf folder of any other build that the two are stored by
 */
async function diffBuilds(layer, parent, folderOf, signal) {
    const [image, before] = [openLayeredImage(layer, folderOf), openLayeredImage(parent, folderOf)];
    try {
        return await diffLayers(image, before, signal);
    }
    finally {
        image.close();
        before.close();
    }
}
/**
 * Counts the pages of an image against its parent's, where they may differ at all. `writtenBytes` are the pages that were looked at: with
 * what the layer holds itself, also what it has given back as zeros. Rejects with the signal's reason when that is aborted.
 */
function diffLayers(image, parent, signal) {
    return tallyPages(diff_layers_runsOf(differentlyMapped(image.layer.header, parent.layer.header)), {
        readBefore: (first, into) => parent.read(first * pageBytes, into),
        readAfter: (first, into) => image.read(first * pageBytes, into),
        signal,
    });
}
/** Extents of whole pages, cut into runs as long as are compared at a time. */
function* diff_layers_runsOf(extents) {
    for (const { offset, bytes } of extents) {
        const end = (offset + bytes) / pageBytes;
        for (let first = offset / pageBytes; first < end; first += runPages)
            yield { first, count: Math.min(runPages, end - first) };
    }
}

;// CONCATENATED MODULE: ./lib/engine/command/measure-layers.js










/** Checks the layers that prepare, or of a parent pause, has left; the sizes of their images. */
function checkLayers({ rootfsFile }, left) {
    const { ended, guestBytes } = left;
    const memory = checkLayer(left, 'memfile');
    if (memory.header.virtualBytes < guestBytes)
        throw brokenPromise(ended, `left a memfile of ${(0,units/* formatBytes */.z3)(memory.header.virtualBytes)}, and the guest has ${(0,units/* formatBytes */.z3)(guestBytes)} of memory`, 'A guest of another size needs `memory-size`.');
    const disk = rootfsFile === undefined ? undefined : checkLayer(left, 'rootfs.ext4');
    return { memoryBytes: memory.header.virtualBytes, diskBytes: disk?.header.virtualBytes };
}
/** What the layers that pause has left, and that were checked, hold themselves, and how their image differs from the parent's. */
async function measureLayers(run, { rootfsFile }, parent, outDir, advance) {
    const memory = readLayer(outDir, 'memfile');
    const disk = rootfsFile === undefined ? undefined : readLayer(outDir, 'rootfs.ext4');
    const before = readLayer(leftDirOf(parent), 'memfile');
    const changes = await compareMemory(run, parent, memory, before);
    if (advance)
        keepLayers(parent, before.header.buildId);
    return {
        metrics: {
            ...memoryMetrics({ ...changes.diff, writtenBytes: memory.ownBytes }),
            'memfile.storedBytes': memory.storedBytes,
            ...(disk && { 'rootfs.writtenBytes': disk.ownBytes, 'rootfs.storedBytes': disk.storedBytes }),
        },
        notes: changes.notes,
    };
}
/** Images of layers that come later are stored in these too. */
function keepLayers(parent, buildId) {
    (0,external_node_fs_.mkdirSync)((0,external_node_path_.join)(parent.dir, 'layers'), { recursive: true });
    (0,external_node_fs_.renameSync)(leftDirOf(parent), (0,external_node_path_.join)(parent.dir, 'layers', buildId));
}
function checkLayer({ ended, dir, parent }, artifact) {
    const parentDir = parent && leftDirOf(parent);
    checkOwnFile(ended, dir, headerFileName(artifact), parentDir);
    const layer = readLeftLayer(ended, dir, artifact);
    if (layer.dataPath !== undefined)
        checkOwnFile(ended, dir, (0,external_node_path_.basename)(layer.dataPath), parentDir);
    const before = parentDir === undefined ? undefined : readLayer(parentDir, artifact).header;
    const { buildId, virtualBytes, incomplete } = layer.header;
    const lie = (what) => brokenPromise(ended, `left a layer of ${artifact} ${what}`, 'Let it store the build to its end, as one of its own.');
    if (incomplete)
        throw lie('that was not stored to the end');
    if (before?.buildId === buildId)
        throw lie(`that is of the parent's build, ${buildId}`);
    if (before !== undefined && before.virtualBytes !== virtualBytes)
        throw lie(`of ${(0,units/* formatBytes */.z3)(virtualBytes)}, and the parent's has ${(0,units/* formatBytes */.z3)(before.virtualBytes)}`);
    return layer;
}
function readLeftLayer(ended, outDir, artifact) {
    try {
        return readLayer(outDir, artifact);
    }
    catch (error) {
        if (!(error instanceof host_error/* SnapgateError */.yA))
            throw error;
        throw brokenPromise(ended, `left a layer of ${artifact} that cannot be read: ${error.message}`, error.remedy);
    }
}
/** A build that is in none of the snapshots of this boot. */
class UnknownBuild extends Error {
}
/** What changed can be told where the layers that both images are read from are all of this boot's snapshots. */
async function compareMemory(run, { dir }, layer, parent) {
    const folderOf = (buildId) => {
        const folder = (0,external_node_path_.join)(dir, 'layers', buildId);
        if (buildId === parent.header.buildId)
            return leftDirOf({ dir });
        if ((0,external_node_fs_.existsSync)(folder))
            return folder;
        throw new UnknownBuild(buildId);
    };
    try {
        return { diff: await diffBuilds(layer, parent, folderOf, run.signal), notes: [] };
    }
    catch (error) {
        if (!(error instanceof UnknownBuild))
            throw error;
        const note = `which pages changed is not known: layers of build ${error.message} are in no snapshot of the boot`;
        return { diff: {}, notes: [note] };
    }
}

;// CONCATENATED MODULE: ./lib/engine/command/formats.js



/** @throws SnapgateError `guest` that names the command, unless it has left what the format takes, and not too much beside it */
function checkLeft(settings, left) {
    const sizes = settings.format === 'e2b' ? checkLayers(settings, left) : checkImages(settings, left);
    folder_state_checkFolder(left.ended, left.dir);
    return sizes;
}
/**
 * Compares what pause has left in `dir`, and what was checked, with the parent's. With `advance` what is kept beside the commands' own files
 * is brought up to date, before those are taken over.
 */
async function measureLeft(run, settings, parent, dir, advance) {
    switch (settings.format) {
        case 'raw':
            return measureWhole(run, settings, parent, dir);
        case 'sparse-diff':
            return measureDiffs(run, settings, parent, dir, advance);
        case 'e2b':
            return measureLayers(run, settings, parent, dir, advance);
    }
}

;// CONCATENATED MODULE: ./lib/host/shell.js

/** What a command line of the user's runs in: `bash -euo pipefail` where there is bash, as in a workflow's `run:`, else `sh -eu`. */
function userShell() {
    return hasCommand('bash')
        ? { command: 'bash', argumentsFor: (line) => ['-euo', 'pipefail', '-c', line] }
        : { command: 'sh', argumentsFor: (line) => ['-eu', '-c', line] };
}

// EXTERNAL MODULE: external "node:string_decoder"
var external_node_string_decoder_ = __webpack_require__(6193);
;// CONCATENATED MODULE: ./lib/host/last-lines.js

/** How many lines of a command's output an error shows. */
const shownLines = 40;
const longestLine = 2000;
/** Parts output into lines, of which none is longer than 2,000 characters, and keeps the last forty. */
function keepLastLines(onLine) {
    const decoder = new external_node_string_decoder_.StringDecoder('utf8');
    const last = [];
    let rest = '';
    const take = (line) => {
        const shown = line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
        if (shown === '')
            return;
        last.push(shown);
        if (last.length > shownLines)
            last.shift();
        onLine(shown);
    };
    return {
        push(chunk) {
            const parts = (rest + decoder.write(chunk)).split(/\r?\n|\r/);
            rest = (parts.pop() ?? '').slice(0, longestLine + 1);
            for (const part of parts)
                take(part);
        },
        end() {
            take(rest + decoder.end());
            rest = '';
            return last;
        },
    };
}

;// CONCATENATED MODULE: ./lib/engine/command/output-log.js


const pollMs = 200;
/** The file is emptied when it has grown past this: a loop that prints must not fill the disk. */
const output_log_keptBytes = 8 * 1024 * 1024;
const readBytes = 1024 * 1024;
/** Lines of one command that go to the run's log. */
const loggedLines = 5_000;
/** Makes the file, and shows what comes into it, line by line, as detail. */
function openOutputLog(path, log) {
    const fd = (0,external_node_fs_.openSync)(path, 'ax+', 0o600);
    const buffer = Buffer.alloc(readBytes);
    let position = 0;
    let current;
    const follow = () => {
        const { size } = (0,external_node_fs_.fstatSync)(fd);
        // `> /dev/stderr` opens the file anew, and empties it.
        if (size < position)
            position = 0;
        position = Math.max(position, size - readBytes);
        while (position < size) {
            const count = (0,external_node_fs_.readSync)(fd, buffer, 0, Math.min(readBytes, size - position), position);
            if (count === 0)
                break;
            current?.push(buffer.subarray(0, count));
            position += count;
        }
        if (size <= output_log_keptBytes)
            return;
        // Whoever writes appends: at the new end.
        (0,external_node_fs_.ftruncateSync)(fd, 0);
        position = 0;
    };
    const timer = setInterval(follow, pollMs).unref();
    return {
        fd,
        begin: () => {
            follow();
            current = keepLastLines(limitedLog(log));
        },
        lines: () => {
            follow();
            return [...(current?.end() ?? [])];
        },
        close: () => {
            clearInterval(timer);
            (0,external_node_fs_.closeSync)(fd);
        },
    };
}
function limitedLog(log) {
    let count = 0;
    return (line) => {
        count += 1;
        if (count <= loggedLines)
            log.detail(line);
        else if (count === loggedLines + 1)
            log.detail('(snapgate: more of its output is not shown)');
    };
}

;// CONCATENATED MODULE: ./lib/engine/command/machine.js










const workDirOf = (home) => (0,external_node_path_.join)(home.dir, 'work');
const outDirOf = (home) => (0,external_node_path_.join)(home.dir, 'out');
/**
 * Makes a boot's folder. From here on whoever closes the run ends the boot's machine too, by the cleanup-command, if there is one then.
 * Short, since sockets' paths are: 107 bytes.
 */
function openHome({ run, settings }, checkout, values) {
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'b-'));
    const own = {
        ...values,
        SNAPGATE_ID: `snapgate-${run.id.slice(0, 8)}-${dir.slice(-6)}`,
        SNAPGATE_CHECKOUT: checkout,
        SNAPGATE_WORK: (0,external_node_path_.join)(dir, 'work'),
        SNAPGATE_OUT: (0,external_node_path_.join)(dir, 'out'),
    };
    const home = { dir, checkout, values: own };
    if (settings.cleanup !== undefined) {
        const shell = userShell();
        run.ledger.add({
            kind: 'cleanup-command',
            work: workDirOf(home),
            cwd: checkout,
            command: shell.command,
            args: shell.argumentsFor(settings.cleanup),
            env: environmentOf('cleanup', own),
            timeoutMs: settings.timeoutMs,
        });
    }
    return home;
}
/**
 * Gives `use` a machine of the boot's, and ends it: by the cleanup-command, and by SIGKILL to all that its commands have left running.
 * `measure` then finds in the boot's `out` what they have left, and nobody writes to it any more. Folders are removed in the end.
 *
 * @throws SnapgateError `guest` or `scenario` where a command fails, the first of them, or leaves what this user may not read or remove
 */
async function withMachine(commands, home, use, measure) {
    const { run } = commands;
    const [work, out] = [workDirOf(home), outDirOf(home)];
    for (const dir of [work, out])
        (0,external_node_fs_.mkdirSync)(dir, { mode: 0o700 });
    const output = openOutputLog((0,external_node_path_.join)(home.dir, 'output'), run.log);
    const close = () => {
        output.close();
        (0,external_node_fs_.rmSync)((0,external_node_path_.join)(home.dir, 'output'), { force: true });
        // What is still there is for whoever closes the run, which is over.
        if (run.signal.aborted)
            return;
        for (const dir of [work, out])
            removeTree(dir, run.id);
    };
    let measured;
    try {
        measured = await measure(await useAndEnd(commands, home, output, use));
    }
    catch (error) {
        closeAfter(close, run, home);
        throw accessFailure(error, home.dir);
    }
    try {
        close();
    }
    catch (error) {
        throw accessFailure(error, home.dir);
    }
    return measured;
}
/** The first error is what is said. */
function closeAfter(close, run, home) {
    try {
        close();
    }
    catch (error) {
        run.log.warning(`${(0,host_error/* messageOf */.bD)(accessFailure(error, home.dir))}, after another error`);
    }
}
async function useAndEnd(commands, home, output, use) {
    const { run, settings } = commands;
    const machine = {
        command: (name, values, scenario) => mustEndWell(commands, home, output, { name, line: settings[name], values, scenario }),
    };
    let used;
    try {
        used = await use(machine);
    }
    catch (error) {
        await cleanUp(commands, home, output).catch((second) => {
            if (!run.signal.aborted)
                run.log.warning(`${(0,host_error/* messageOf */.bD)(second)}, after another command had failed`);
        });
        throw error;
    }
    await cleanUp(commands, home, output);
    return used;
}
/** The cleanup-command, and then whatever is left. */
async function cleanUp(commands, home, output) {
    commands.run.signal.throwIfAborted();
    const line = commands.settings.cleanup;
    try {
        if (line !== undefined)
            await mustEndWell(commands, home, output, { name: 'cleanup', line, values: {} });
    }
    finally {
        if (!commands.run.signal.aborted)
            endMarkedProcesses('SNAPGATE_WORK', workDirOf(home));
    }
}
async function mustEndWell(commands, home, output, step) {
    const ended = await runStep(commands, home, output, step);
    const failure = failureOf(ended);
    if (failure !== undefined)
        throw failure;
    return ended;
}
async function runStep({ run, settings }, home, output, { name, line, values, scenario }) {
    run.signal.throwIfAborted();
    output.begin();
    const shell = userShell();
    const begin = performance.now();
    const child = startProcess(run, shell.command, shell.argumentsFor(line), {
        cwd: home.checkout,
        env: environmentOf(name, { ...home.values, ...values }),
        stdio: ['ignore', output.fd, output.fd],
        // A group of its own, which is what the limit ends; what it has started before is not in it.
        detached: true,
    });
    let limitMs;
    const stop = () => killGroup(child);
    const timer = setTimeout(() => {
        limitMs = settings.timeoutMs;
        stop();
    }, settings.timeoutMs);
    run.signal.addEventListener('abort', stop, { once: true });
    try {
        const { code: status, signal } = await waitForExit(child);
        run.signal.throwIfAborted();
        return {
            command: name,
            scenario,
            status,
            signal,
            limitMs,
            tookMs: performance.now() - begin,
            lines: output.lines(),
        };
    }
    finally {
        clearTimeout(timer);
        run.signal.removeEventListener('abort', stop);
    }
}

// EXTERNAL MODULE: ./lib/host/printable.js
var printable = __webpack_require__(2469);
;// CONCATENATED MODULE: ./lib/host/memory.js


/** MemAvailable of proc(5)'s meminfo, in bytes: it counts what the page cache would give back. */
function availableMemoryBytes() {
    const match = /^MemAvailable: +(\d+) kB$/m.exec((0,external_node_fs_.readFileSync)('/proc/meminfo', 'latin1'));
    return match === null ? (0,external_node_os_.freemem)() : Number(match[1]) * 1024;
}

;// CONCATENATED MODULE: ./lib/image/commands.js
/** Commands that making any image calls: the agent's busybox, and the tools of the guest's file system. */
const imageCommands = ['busybox', 'mke2fs', 'debugfs', 'fakeroot'];
/** What only `kernel: auto` and `initrd: auto` call. */
const autoCommands = ['cpio', 'modprobe'];
/** What only some sources call: compressed tars and kernel modules. */
const archiveCommands = (/* unused pure expression or super */ null && (['xz', 'zstd']));

;// CONCATENATED MODULE: ./lib/engine/host-checks.js




const freeMemoryBytes = 1024 ** 3;
/** Whether nothing is missing that measuring takes. */
function allOk(checks) {
    return checks.every(({ ok, required }) => ok || !required);
}
/** Whether a command is there, and the package that has it. */
function commandCheck(name, required) {
    const ok = hasCommand(name);
    return {
        what: name,
        ok,
        found: ok ? 'installed' : 'not installed, or not on the PATH',
        remedy: ok ? undefined : packageOf(name),
        required,
    };
}
/** Whether guests run under KVM. @param found what was seen where they do */
function kvmCheck(device, verdict, found, required) {
    return {
        what: device,
        ok: verdict.ok,
        found: verdict.ok ? found : verdict.reason,
        remedy: verdict.ok ? undefined : verdict.remedy,
        required,
    };
}
/** What making an image of snapgate's own takes. */
function imageChecks() {
    return [
        ...imageCommands.map((name) => commandCheck(name, true)),
        ...autoCommands.map((name) => commandCheck(name, false)),
    ];
}
/** A warning only: what the guests really need is checked where their size is known. */
function memoryCheck() {
    const free = availableMemoryBytes();
    const ok = free >= freeMemoryBytes;
    return {
        what: 'memory',
        ok,
        found: `${(0,units/* formatBytes */.z3)(free)} available`,
        remedy: ok ? undefined : 'Two guests of 512 MiB want more than 1 GiB: free some, or lower `memory-size`.',
        required: false,
    };
}

;// CONCATENATED MODULE: ./lib/engine/command/probe.js







const longestVersion = 200;
const versionLimitMs = 60_000;
const probe_keptBytes = 4096;
/** What can be known before a guest is booted: whether the version-command works, and what reading their files takes. Only the commands know what they need. */
async function probeCommands(run, settings, checkout) {
    const version = await probe_readVersion(run, settings, checkout);
    const checks = [shellCheck(), version.check, ...readerChecks(settings)];
    const ok = allOk(checks);
    const identity = {
        engine: 'command',
        version: version.text,
        accelerator: 'unknown',
        machine: 'command',
    };
    return { ok, checks, identity: ok ? identity : undefined, fallback: undefined };
}
/** What stands for the commands where they name no version: hex, 12 digits. */
function hashOfCommands({ prepare, resume, pause, cleanup }) {
    return (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify([prepare, resume, pause, cleanup ?? null]))
        .digest('hex')
        .slice(0, 12);
}
function shellCheck() {
    const found = `${userShell().command} runs the commands`;
    return { what: 'shell', ok: true, found, remedy: undefined, required: true };
}
/** Where a file has data, perl tells; layers say it themselves. */
function readerChecks({ format }) {
    return format === 'e2b' ? [] : [commandCheck('perl', true)];
}
async function probe_readVersion(run, settings, checkout) {
    if (settings.version === undefined) {
        const text = `commands ${hashOfCommands(settings)}`;
        return { text, check: versionCheck(true, `not given: ${text} stands for it`) };
    }
    const timeoutMs = Math.min(settings.timeoutMs, versionLimitMs);
    const ended = await runVersion(run, settings.version, checkout, timeoutMs);
    const { code, timedOut, tail, head } = ended;
    const text = (0,printable/* printable */.g)(head.trim().split(/\r?\n/, 1)[0] ?? '', longestVersion).trim();
    if (code === 0)
        return { text, check: text === '' ? versionCheck(false, 'printed nothing') : versionCheck(true, text) };
    const how = timedOut ? `did not end within ${(0,units/* formatDuration */.a3)(timeoutMs)}` : endOf(ended);
    const said = tail.at(-1) ?? text;
    return {
        text,
        check: versionCheck(false, said === '' ? how : `${how}: ${(0,printable/* printable */.g)(said, longestVersion)}`),
    };
}
function versionCheck(ok, found) {
    const remedy = 'Let version-command print the version of what runs the guests in one line, or leave it out.';
    return { what: 'version-command', ok, found, remedy: ok ? undefined : remedy, required: true };
}
/** The first of what it prints is all that is kept. */
async function runVersion(run, line, checkout, timeoutMs) {
    const shell = userShell();
    const chunks = [];
    let bytes = 0;
    const result = await runCommand(run, shell.command, shell.argumentsFor(line), {
        cwd: checkout,
        env: environmentOf('version', { SNAPGATE_CHECKOUT: checkout }),
        timeoutMs,
        onStdout: (chunk) => {
            if (bytes < probe_keptBytes)
                chunks.push(chunk.subarray(0, probe_keptBytes - bytes));
            bytes += chunk.length;
        },
    });
    return { ...result, head: Buffer.concat(chunks).toString('utf8') };
}

;// CONCATENATED MODULE: ./lib/engine/command/run-cycle.js







/** Resumes `parent`, runs the scenario, pauses, and says what the files that are left tell. */
async function runCycle(commands, parent, scenario, advance) {
    const { run, settings } = commands;
    const begin = performance.now();
    const before = readFolderState(leftDirOf(parent));
    const values = cycleValues(commands, parent, scenario);
    const { metrics, notes } = await withMachine(commands, parent.home, async (machine) => {
        const resumed = await machine.command('resume', values, scenario.name);
        if (scenario.settleMs > 0)
            await (0,promises_.setTimeout)(scenario.settleMs, undefined, { signal: run.signal });
        return { resumed, paused: await machine.command('pause', values, scenario.name) };
    }, async ({ resumed, paused }) => {
        const dir = outDirOf(parent.home);
        checkLeft(settings, { ended: paused, dir, guestBytes: parent.memoryBytes, parent });
        checkParent(paused, before, parent);
        const measured = await measureLeft(run, settings, parent, dir, advance);
        if (advance)
            replaceLeft(parent, dir);
        return { ...measured, metrics: { ...measured.metrics, ...run_cycle_times(scenario, resumed, paused) } };
    });
    return {
        next: parent,
        metrics,
        cycleMs: performance.now() - begin,
        notes: [...notes, ...run_cycle_notesOf(scenario, metrics)],
    };
}
function cycleValues({ settings }, parent, scenario) {
    return {
        SNAPGATE_PARENT: leftDirOf(parent),
        SNAPGATE_PARENT_MEMFILE: memoryPathOf(parent, settings) ?? '',
        SNAPGATE_PARENT_ROOTFS: diskPathOf(parent, settings) ?? '',
        SNAPGATE_SCENARIO: scenario.name,
        SNAPGATE_RUN: scenario.run ?? '',
        SNAPGATE_CHECK: scenario.check ?? '',
        SNAPGATE_RUN_TIMEOUT_S: Math.ceil(scenario.timeoutMs / 1000),
    };
}
/** A command's time is the VMM's only where it has nothing to do in the guest. */
function run_cycle_times(scenario, resumed, paused) {
    return {
        ...(scenario.run === undefined && { resumeMs: resumed.tookMs }),
        ...(scenario.check === undefined && { pauseMs: paused.tookMs }),
    };
}
function checkParent(ended, before, parent) {
    const changed = firstDifference(before, readFolderState(leftDirOf(parent)));
    if (changed === undefined)
        return;
    throw brokenPromise(ended, `it, or resume-command, has changed ${changed} in SNAPGATE_PARENT`, 'A snapshot is resumed again and compared with: let the machine have a copy of what it writes to (`cp --reflink=auto`), in SNAPGATE_OUT or SNAPGATE_WORK.');
}
function run_cycle_notesOf(scenario, metrics) {
    if (metrics['memfile.changedBytes'] !== 0)
        return [];
    return [
        `a cycle of ${plainWords(scenario.name)} changed nothing in the guest's memory, which is not likely: check that pause-command saves it anew`,
    ];
}

;// CONCATENATED MODULE: ./lib/engine/command/engine.js











/**
 * The engine of the user's own commands: they boot, resume and pause whatever they like, and the files that they leave are measured.
 * docs/engine-command.md is the contract.
 *
 * @param checkout absolute path where the version-command runs
 */
function createCommandEngine(run, settings, checkout) {
    const commands = { run, settings };
    let report;
    return {
        probe: () => {
            report ??= probeCommands(run, settings, checkout);
            return report;
        },
        build: async ({ checkout: ofSide, rootfs }) => ({
            kind: 'built',
            builder: 'command',
            checkout: ofSide,
            sha256: sha256Of([
                settings.prepare,
                settings.resume,
                settings.pause,
                settings.cleanup,
                hashesOf(rootfs),
            ]),
            rootfs,
        }),
        prepare: async (image, options, dir) => {
            const built = needBuilt(image, 'command');
            const home = openHome(commands, built.checkout, guestValues(settings, options));
            return explainFullDisk(dir, () => prepare(commands, home, built, options, dir));
        },
        fork: (snapshot, dir) => explainFullDisk(dir, () => copySnapshot(run, snapshot, dir)),
        cycle: (parent, scenario, { advance }) => explainFullDisk(parent.dir, () => runCycle(commands, parent, scenario, advance)),
    };
}
function hashesOf(rootfs) {
    return rootfs === undefined ? [] : [rootfs.rootfsSha256, rootfs.kernelSha256, rootfs.initrdSha256];
}
function sha256Of(value) {
    return (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(value)).digest('hex');
}
function guestValues(settings, { memoryBytes, vcpus }) {
    return {
        ...settingsValues(settings),
        SNAPGATE_MEMORY_BYTES: memoryBytes,
        SNAPGATE_MEMORY_MIB: memoryBytes / 1024 ** 2,
        SNAPGATE_VCPUS: vcpus,
    };
}
async function prepare(commands, home, image, options, dir) {
    const { run, settings } = commands;
    return withMachine(commands, home, async (machine) => machine.command('prepare', await prepareValues(run, home, image, options)), async (ended) => {
        const outDir = outDirOf(home);
        const { memoryBytes: guestBytes } = options;
        const sizes = checkLeft(settings, { ended, dir: outDir, guestBytes, parent: undefined });
        replaceLeft({ dir }, outDir);
        await keepWhole(run, settings, dir);
        // How far the guest was when is the command's to know: it ends when the guest is settled and saved.
        const times = { bootMs: ended.tookMs, readyMs: ended.tookMs, settled: true };
        return { snapshot: { dir, home, ...sizes }, ...times };
    });
}
/** The image is in the cache, and a machine writes to its disk: it gets a copy. */
async function prepareValues(run, home, { rootfs }, { readyCommand, bootTimeoutMs }) {
    const ready = {
        SNAPGATE_READY_COMMAND: readyCommand ?? '',
        SNAPGATE_BOOT_TIMEOUT_S: Math.ceil(bootTimeoutMs / 1000),
    };
    if (rootfs === undefined)
        return ready;
    const copy = (0,external_node_path_.join)(workDirOf(home), 'rootfs.ext4');
    await copyFiles(run, rootfs.rootfsPath, copy);
    (0,external_node_fs_.chmodSync)(copy, 0o600);
    return {
        ...ready,
        SNAPGATE_ROOTFS: copy,
        SNAPGATE_KERNEL: rootfs.kernelPath,
        SNAPGATE_INITRD: rootfs.initrdPath ?? '',
        SNAPGATE_KERNEL_ARGS: rootfs.kernelArgs.join(' '),
    };
}
/** The images that the diffs of a chain are applied to. What prepare leaves is no diff. */
async function keepWhole(run, settings, dir) {
    if (settings.format !== 'sparse-diff')
        return;
    const [memory, disk] = [memoryPathOf({ dir }, settings), diskPathOf({ dir }, settings)];
    const left = leftDirOf({ dir });
    if (memory !== undefined)
        await copyFiles(run, (0,external_node_path_.join)(left, settings.memfile), memory);
    if (disk !== undefined)
        await copyFiles(run, (0,external_node_path_.join)(left, settings.rootfsFile ?? ''), disk);
}

// EXTERNAL MODULE: external "node:perf_hooks"
var external_node_perf_hooks_ = __webpack_require__(643);
;// CONCATENATED MODULE: ./lib/engine/e2b/measure-layer.js








/**
 * What a build stores, in bytes: of its headers, its data files, and where there is a parent, of the pages that differ from it.
 *
 * @throws SnapgateError `record` for a build that lacks a file, or whose files do not fit each other
 */
async function measureBuild(store, buildId, parentId, signal) {
    await store.need(buildId, 'snapfile');
    const memfile = await fetchOwn(store, buildId, 'memfile');
    const rootfs = await fetchOwn(store, buildId, 'rootfs.ext4');
    const changes = parentId === undefined ? {} : await measure_layer_compareMemory(store, memfile, parentId, signal);
    return {
        ...memoryMetrics({ ...changes, writtenBytes: memfile.ownBytes }),
        'memfile.storedBytes': memfile.storedBytes,
        'rootfs.writtenBytes': rootfs.ownBytes,
        'rootfs.storedBytes': rootfs.storedBytes,
        stateBytes: measure_layer_fileBytes((0,external_node_path_.join)(store.folderOf(buildId), 'snapfile')),
    };
}
/** A layer with its data, its header held against the build that was asked for. */
async function fetchOwn(store, buildId, artifact) {
    const header = await fetchHeader(store, buildId, artifact);
    if (header.buildId !== buildId)
        throw brokenData(`its ${headerFileName(artifact)} is of build ${header.buildId}`);
    if (header.incomplete)
        throw brokenData(`its ${artifact} was not stored to the end`);
    await fetchData(store, header, buildId, artifact);
    return readLayer(store.folderOf(buildId), artifact, header);
}
async function fetchHeader(store, buildId, artifact) {
    const name = headerFileName(artifact);
    await store.need(buildId, name);
    return readHeaderFile((0,external_node_path_.join)(store.folderOf(buildId), name));
}
/** Of the layer itself, or of one that its image is stored by; a layer without data may have no file. */
async function fetchData(store, header, buildId, artifact) {
    const said = header.builds.get(buildId);
    const own = said === undefined && buildId !== header.buildId ? await fetchHeader(store, buildId, artifact) : header;
    const endBytes = storedEnd(own, buildId);
    if (endBytes === 0)
        return;
    const data = own.builds.get(buildId);
    // A table that is cut to what a header needs does not say where the data ends.
    const maxBytes = Math.max(endBytes, data?.rawBytes ?? 0, own.virtualBytes);
    await store.needData(buildId, dataFileName(artifact, data?.frames?.compression ?? 'none'), maxBytes);
}
async function measure_layer_compareMemory(store, layer, parentId, signal) {
    const { artifact, header } = layer;
    const parentHeader = await fetchHeader(store, parentId, artifact);
    for (const id of measure_layer_readBuilds(header, parentHeader))
        await fetchData(store, header, id, artifact);
    for (const id of measure_layer_readBuilds(parentHeader, header))
        await fetchData(store, parentHeader, id, artifact);
    await fetchData(store, parentHeader, parentId, artifact);
    const parent = readLayer(store.folderOf(parentId), artifact, parentHeader);
    return await diffBuilds(layer, parent, store.folderOf, signal);
}
/** Builds that `header`'s image is read from where it may differ from the other's. */
function measure_layer_readBuilds(header, other) {
    const ids = new Set();
    for (const { offset, bytes } of differentlyMapped(header, other))
        for (const range of header.mapping.within(offset, bytes))
            ids.add(range.buildId);
    ids.delete(zeroBuildId);
    return ids;
}
function measure_layer_fileBytes(path) {
    const bytes = (0,external_node_fs_.statSync)(path, { throwIfNoEntry: false })?.size;
    if (bytes !== undefined && bytes > 0)
        return bytes;
    throw brokenData(`${path} is ${bytes === undefined ? 'not there' : 'empty'}`);
}

;// CONCATENATED MODULE: ./lib/engine/e2b/metadata.js




const metadata_version = classic_schemas/* string */.YjP().regex(/^[\w.+-]{1,100}$/);
const metadataSchema = classic_schemas/* object */.Ikc({
    template: classic_schemas/* object */.Ikc({ kernel_version: metadata_version.optional(), firecracker_version: metadata_version.optional() })
        .optional(),
});
const metadata_maxBytes = 16 * 1024 * 1024;
/** What a build's metadata.json says of what it runs with. @throws SnapgateError `record` for one that is missing or none */
function readVersions(path) {
    const { kernel_version: kernel, firecracker_version: firecracker } = metadata_readMetadata(path).template ?? {};
    return {
        ...(firecracker === undefined ? {} : { engineVersion: `Firecracker ${firecracker}` }),
        ...(kernel === undefined ? {} : { kernelVersion: kernel }),
    };
}
function metadata_readMetadata(path) {
    try {
        if ((0,external_node_fs_.statSync)(path).size > metadata_maxBytes)
            throw new Error('it has more than 16 MiB');
        return metadataSchema.parse(JSON.parse((0,external_node_fs_.readFileSync)(path, 'utf8')));
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            throw brokenData(`${path} is not there`, error);
        throw brokenData(`${path} is not the metadata of a build: ${(0,host_error/* messageOf */.bD)(error).slice(0, 200)}`, error);
    }
}

;// CONCATENATED MODULE: ./lib/engine/vm/kvm-probe/device.js


const kvmDevice = '/dev/kvm';
/** What to do where there is no device. */
const kvmMissing = 'Use a machine with (nested) virtualisation: on GitHub, the Linux runners have it. `sudo modprobe kvm_intel` or `kvm_amd` on your own.';
/** What to do where this user may not open it. */
const kvmForbidden = 'sudo usermod -aG kvm "$USER" and log in again; in a job: echo \'KERNEL=="kvm", MODE="0666"\' | sudo tee /etc/udev/rules.d/99-kvm.rules && sudo udevadm control --reload && sudo udevadm trigger --name-match=kvm';
/** What to do where it is there and does not work; without a full stop. */
const noNesting = 'The host may lack nested virtualisation: use a runner whose machine type has it';
/** Whether the device opens; undefined: it does. @param broken what to do about any other failure than that it is missing, or forbidden */
function checkDevice(device, broken = `${noNesting}.`) {
    try {
        (0,external_node_fs_.closeSync)((0,external_node_fs_.openSync)(device, 'r+'));
        return undefined;
    }
    catch (error) {
        const errno = (0,host_error/* errnoOf */.UQ)(error);
        if (errno === 'ENOENT')
            return { ok: false, reason: `there is no ${device}`, remedy: kvmMissing };
        if (errno === 'EACCES' || errno === 'EPERM')
            return { ok: false, reason: `this user may not open ${device}`, remedy: kvmForbidden };
        return { ok: false, reason: `${device} does not open (${errno})`, remedy: broken };
    }
}

;// CONCATENATED MODULE: ./lib/engine/e2b/infra.js



/** The tools, by the names of their folders in a checkout of e2b's infra. */
const toolNames = ['create-build', 'resume-build'];
/** Where the tools' sources are, and where they expect to be started: relative paths of theirs begin there. */
function orchestratorOf(infra) {
    return (0,external_node_path_.join)(infra, 'packages/orchestrator');
}
/**
 * The checkout of e2b's infra that a folder is in, or is.
 * @throws SnapgateError `usage` where there is none
 */
function needInfra(start, name) {
    const found = findInfra(start);
    if (found !== undefined)
        return found;
    throw new host_error/* SnapgateError */.yA('usage', `${name}: ${start} is no checkout of e2b's infra, and in none: it has no packages/orchestrator/cmd/create-build`, 'Check out e2b-dev/infra, and give its path as e2b-infra; or give a folder of built tools as e2b-tools.');
}
function findInfra(start) {
    for (let dir = start;; dir = (0,external_node_path_.dirname)(dir)) {
        if ((0,external_node_fs_.existsSync)((0,external_node_path_.join)(orchestratorOf(dir), 'cmd/create-build')))
            return dir;
        if ((0,external_node_path_.dirname)(dir) === dir)
            return undefined;
    }
}
/**
 * What a path that the user wrote is for one side: a path within the checkout is within each side's own, any other is the same for both.
 *
 * @param checkout absolute path that a relative path starts at
 */
function pathForSide(path, checkout, sideCheckout) {
    const whole = (0,external_node_path_.resolve)(checkout, path);
    const within = (0,external_node_path_.relative)(checkout, whole);
    return (0,external_node_path_.isAbsolute)(within) || /^\.\.(\/|$)/.test(within) ? whole : (0,external_node_path_.join)(sideCheckout, within);
}

// EXTERNAL MODULE: ./lib/guest/protocol.js
var protocol = __webpack_require__(6134);
;// CONCATENATED MODULE: ./lib/guest/agent.js

/** The static busybox that everything of snapgate's in a guest runs on: an image may have no shell at all. */
const guestBusybox = `${protocol/* guestDir */.ed}/busybox`;
/** Sourced before each command where the image declares an environment (`docker exec` gives it too). */
const guestEnvironmentPath = `${protocol/* guestDir */.ed}/environment`;
/** Runs the agent where its channel is vsock, which no shell can open; see vsock-relay/relay.S. */
const guestVsockRelay = `${protocol/* guestDir */.ed}/vsock`;
/** Applets that the scripts of this folder call; a busybox without one of them is refused. */
const agentApplets = [
    'base64',
    'chown',
    'env',
    'hostname',
    'ifconfig',
    'ln',
    'mkdir',
    'mkfifo',
    'mknod',
    'mount',
    'nsenter',
    'rm',
    'setsid',
    'sh',
    'sleep',
    'start-stop-daemon',
    'stat',
    'tail',
    'unshare',
];
/** What a command may take to start in a busy guest: its limit counts from there, since nothing can be ended before. */
const startSeconds = 15;
/** What a command is said to have put out where a process that it left behind keeps its output open. */
const heldOutput = Buffer.from('(snapgate: the command left a process behind that holds its output open, so it is not shown)\n').toString('base64');
/**
 * The agent, run as `busybox sh agent <systemd|init|none>`. Where there is a virtio-vsock device and no port it becomes the relay, which runs it again
 * with `relayed` and its channel open. Between commands it blocks in one read. What a command costs in processes is part of
 * what is measured, hence the economy:
 *
 * - `started` says its own process group through fd 5 and becomes the command's shell in place (three execs, one process);
 * - `supervise` is the time limit: it waits in `read -t`, where `timeout` would leave a watcher that wakes each second;
 * - fds 5 and 6 are unlinked FIFOs of devtmpfs: the disk never hears of them;
 * - fd 3, the port or the relay's socket, is the main process's alone: when that is killed the host hears of it, whatever a command still does;
 * - the pipeline is a foreground one: a background job of a shell without job control would have SIGINT and SIGQUIT ignored for good.
 *
 * A command that leaves a process behind keeps it; only its group is killed, and only at the limit.
 */
const agentScript = `#!${guestBusybox} sh
bb=${guestBusybox}
kind=$1
cd /
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root SHELL=/bin/sh TERM=dumb

# Name and device number of the port, or that there is a vsock, from the sysfs mounted at $1.
find_port() {
  for name in "$1"/class/virtio-ports/*/name; do
    { read -r found <"$name"; } 2>/dev/null || continue
    [ "$found" = ${protocol/* agentPort */.Hl} ] || continue
    port=\${name%/name}
    read -r numbers <"$port/dev" && echo "\${port##*/} $numbers"
    return
  done
  for device in "$1"/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio*; do
    [ ! -e "$device" ] || echo vsock
  done
}

# Where the image's own init has yet to mount sysfs, it is seen in a mount namespace that ends with this process.
if [ "$kind" = find-port ]; then
  $bb mount -t sysfs sysfs ${protocol/* guestDir */.ed}/mnt && find_port ${protocol/* guestDir */.ed}/mnt
  exit
fi

look() {
  if [ -d /sys/bus/virtio ]; then find_port /sys; else $bb unshare -m $bb sh ${protocol/* guestDir */.ed}/agent find-port; fi
}

open_port() {
  tries=0
  while [ "$tries" -lt 600 ]; do
    set -- $(look)
    [ "$1" != vsock ] || exec ${guestVsockRelay} $bb sh ${protocol/* guestDir */.ed}/agent "$kind" relayed
    if [ -n "$2" ]; then
      [ -c "/dev/$1" ] || $bb mknod -m 600 "/dev/$1" c "\${2%:*}" "\${2#*:}"
      { exec 3<>"/dev/$1"; } 2>/dev/null && return 0
    fi
    tries=$((tries + 1))
    $bb sleep 0.1
  done
  echo 'snapgate: no virtio-serial port ${protocol/* agentPort */.Hl}, and no vsock' >/dev/console
  exit 1
}

open_pipe() {
  $bb rm -f /dev/.snapgate.pipe
  $bb mkfifo -m 600 /dev/.snapgate.pipe
}

started='
echo "$2 pid $$" >&5
{ echo 0 >/proc/self/oom_score_adj; } 2>/dev/null
if [ -f ${guestEnvironmentPath} ]; then . ${guestEnvironmentPath}; fi
exec "$0" -c "$1" 5>&-
'

# Reads the command's output on fd 0; leaves its last part, in base64, and the exit status in one line on fd 5.
supervise() {
  exec 7<&0 </dev/null 3>&-
  { $bb tail -c ${protocol/* tailBytes */.ow} <&7 5>&- 6>&- | $bb base64 -w 0 5>&- 7<&-; echo " $id"; } >&6 &
  exec 7<&-
  group=
  status=
  wait=${startSeconds}
  while [ -z "$status" ] && read -r -t "$wait" of what value <&5; do
    case "$of $what" in
      "$id pid") group=$value wait=$limit ;;
      "$id exit") status=$value ;;
    esac
  done
  if [ -z "$status" ]; then
    status=137
    [ -n "$group" ] && kill -9 "-$group" 2>/dev/null
  fi
  output=${heldOutput}
  while read -r -t 2 text of <&6; do
    [ "$text $of" = "$id " ] && output=- && break
    [ "$of" = "$id" ] && output=$text && break
  done
  echo "$id result $status $output" >&5
}

run_command() {
  program=$($bb base64 -d <<END
$code
END
)
  shell=/bin/sh
  set -- -c "$started" "$shell" "$program" "$id"
  [ -x "$shell" ] || set -- -c "$busybox_started" "$bb" "$program" "$id"
  {
    exec 3>&-
    $bb setsid $bb sh "$@" </dev/null 2>&1 6>&-
    echo "$id exit $?" >&5
  } | supervise
  while read -r of what status output <&5; do
    [ "$of $what" = "$id result" ] && break
  done
  printf 'snapgate ${protocol/* agentProtocol */.k} done %s %s %s\\n' "$id" "$status" "$output" >&3
}

busybox_started=\${started%exec*}'exec "$0" sh -c "$1" 5>&-'
{ echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null
[ "$2" = relayed ] || open_port
open_pipe && exec 5<>/dev/.snapgate.pipe
open_pipe && exec 6<>/dev/.snapgate.pipe
$bb rm -f /dev/.snapgate.pipe
printf 'snapgate ${protocol/* agentProtocol */.k} hello %s\\n' "$kind" >&3
while :; do
  if read -r word id limit code <&3; then
    [ "$word" = run ] && run_command
  else
    # Nobody at the other end: the kernel answers at once, and a loop without a pause would spin.
    $bb sleep 1
  fi
done
`;
const agentUnitName = 'snapgate-agent.service';
/**
 * Started by symlink and by `systemd.wants=`. No [Install] section: the presets of a first boot leave such a unit alone. A degraded system starts it
 * like any other. Its commands get SIGPIPE as a shell's children do.
 */
const agentUnit = `[Unit]
Description=snapgate agent

[Service]
Type=simple
ExecStart=${guestBusybox} sh ${protocol/* guestDir */.ed}/agent systemd
Restart=no
StandardInput=null
StandardOutput=null
StandardError=null
OOMScoreAdjust=-1000
IgnoreSIGPIPE=no
TasksMax=infinity
`;
/** Shell line that starts the agent in the background, for the inits that are not systemd. `start-stop-daemon -b` leaves SIGINT alone, which `&` does not. */
function startAgentLine(kind) {
    return `$bb start-stop-daemon -S -b -p ${protocol/* guestDir */.ed}/no-such-pid -x $bb -- sh ${protocol/* guestDir */.ed}/agent ${kind}`;
}

;// CONCATENATED MODULE: ./lib/guest/init.js


/** Path of the entrypoint script in the guest. */
const entrypointPath = `${protocol/* guestDir */.ed}/entrypoint`;
const head = `#!${guestBusybox} sh
bb=${guestBusybox}
`;
/** /dev is mounted by the initrd, or by a kernel with CONFIG_DEVTMPFS_MOUNT; this is for neither. */
const mountDev = `[ "$($bb stat -c %d /)" != "$($bb stat -c %d /dev)" ] || $bb mount -t devtmpfs devtmpfs /dev
`;
/** `init=` for an image with an init of its own that is not systemd: starts the agent, then becomes that init (PID 1). */
function wrapperScript(init) {
    return `${head}${mountDev}${startAgentLine('init')}
exec ${quoteWord(init)} "$@"
`;
}
/**
 * For images whose ENTRYPOINT is an init (s6-overlay's /init must be PID 1): the mounts that a container engine would have made, the
 * agent, then the entrypoint in place.
 */
function entrypointInitScript() {
    return `${head}${mountDev}${containerMounts}${startAgentLine('init')}
exec $bb sh ${entrypointPath} run
`;
}
/**
 * A minimal PID 1 for images without an init: mounts, agent, ENTRYPOINT, and then it reaps: a shell that waits collects every
 * orphan on the way.
 */
function minimalInitScript(startsEntrypoint) {
    const entrypoint = startsEntrypoint
        ? `$bb start-stop-daemon -S -b -p ${protocol/* guestDir */.ed}/no-such-pid -x $bb -- sh ${entrypointPath} supervise\n`
        : `echo 'snapgate: the image names no ENTRYPOINT or CMD; the guest idles'\n`;
    return `${head}${mountDev}${containerMounts}${startAgentLine('none')}
${entrypoint}while :; do
  $bb sleep 1000000000 &
  wait $!
done
`;
}
const containerMounts = `[ -e /proc/self ] || $bb mount -t proc -o nosuid,nodev,noexec proc /proc
[ -e /sys/kernel ] || $bb mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
$bb mkdir -p /dev/pts /dev/shm /dev/mqueue
$bb mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
$bb mount -t tmpfs -o nosuid,nodev,noexec,size=64m,mode=1777 shm /dev/shm
$bb mount -t mqueue -o nosuid,nodev,noexec mqueue /dev/mqueue 2>/dev/null
$bb mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup 2>/dev/null
$bb ln -sf /proc/self/fd /dev/fd
$bb ln -sf /proc/self/fd/0 /dev/stdin
$bb ln -sf /proc/self/fd/1 /dev/stdout
$bb ln -sf /proc/self/fd/2 /dev/stderr
[ -s /etc/hostname ] || $bb hostname localhost
$bb ifconfig lo 127.0.0.1 up
`;
/**
 * Runs ENTRYPOINT + CMD as a container engine would. `supervise`: says on the console when it ends; `run`: becomes it. The user is
 * looked up in the image's own /etc/passwd and /etc/group at boot; with a numeric one that is not listed, the group is 0. A user has all
 * the groups that list it, unless the image names one: then that alone.
 */
function entrypointScript(container) {
    const [name = '', group = ''] = container.user.split(':');
    return `${head}mode=$1
user=${quoteWord(name)}
group=${quoteWord(group)}
directory=${quoteWord(container.workingDir || '/')}
${lookupUser}
become() {
  cd "$directory" || exit 126
  exec $bb env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "HOSTNAME=$($bb hostname)" "HOME=$home" ${container.env.map(quoteWord).join(' ')} ${commandLine(container)}
}

start() {
  [ -d "$directory" ] || { $bb mkdir -p "$directory" && $bb chown "$uid:$gid" "$directory"; }
  case "$uid,$gid,$known,$group" in
    0,0,*) exec $bb sh ${entrypointPath} become ;;
    *,yes,) exec $bb start-stop-daemon -S -p ${protocol/* guestDir */.ed}/no-such-pid -c "$uid:$gid" -x $bb -- sh ${entrypointPath} become ;;
    *) exec $bb nsenter -S "$uid" -G "$gid" $bb sh ${entrypointPath} become ;;
  esac
}

case $mode in
  become) become ;;
  run) start ;;
esac
(start) </dev/null >/dev/console 2>&1
echo "snapgate: the image's ENTRYPOINT ended with exit status $?; the guest goes on" >/dev/console
`;
}
/** Sets uid, gid, home, known (whether /etc/passwd lists the user). An unknown name ends the entrypoint, as in a container engine. */
const lookupUser = `uid=0
gid=0
home=/root
known=no
case $user in *[!0-9]*) numeric=no ;; *) numeric=yes ;; esac
if [ -z "$user" ] || [ "$user" = 0 ]; then
  user=0
elif [ "$numeric" = yes ]; then
  uid=$user
  home=/
fi
if [ -r /etc/passwd ]; then
  while IFS=: read -r entry _ entry_uid entry_gid _ entry_home _; do
    if [ "$entry" = "$user" ] || [ "$entry_uid" = "$user" ]; then
      uid=$entry_uid gid=$entry_gid home=\${entry_home:-/} known=yes
      break
    fi
  done </etc/passwd
fi
if [ "$known" = no ] && [ "$numeric" = no ]; then
  [ "$user" = root ] || { echo "snapgate: /etc/passwd lists no user $user, which the image wants to run as" >/dev/console; exit 126; }
fi
case $group in
  '') ;;
  *[!0-9]*)
    found=
    if [ -r /etc/group ]; then
      while IFS=: read -r entry _ entry_gid _; do
        [ "$entry" = "$group" ] && found=$entry_gid && break
      done </etc/group
    fi
    [ -n "$found" ] || { echo "snapgate: /etc/group lists no group $group, which the image wants to run as" >/dev/console; exit 126; }
    gid=$found
    ;;
  *) gid=$group ;;
esac
`;
/** `docker exec` gives the image's ENV to what it runs: so does the agent. Names that a shell cannot hold are left out. */
function environmentScript(env) {
    return env
        .filter((entry) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(entry) && !/^(IFS|OPTIND|PS[1-4]|_|PWD)=/.test(entry))
        .map((entry) => `export ${quoteWord(entry)}\n`)
        .join('');
}

/** The words that the image is started with; empty where it names none. */
function commandWords(container) {
    return [...container.entrypoint, ...container.cmd];
}
function commandLine(container) {
    return commandWords(container).map(quoteWord).join(' ');
}
/** One word for a POSIX shell, whatever it holds. */
function quoteWord(word) {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

;// CONCATENATED MODULE: ./lib/guest/channel.js




const helloKinds = ['systemd', 'init', 'none'];
/** A command longer than this does not fit in a line once it is in base64. */
const maxCommandBytes = 48 * 1024 - 256;
/** What the agent may need beyond a command's limit on a slow host: to notice, to collect the output, to be scheduled. */
const graceMs = 20_000;
const doneSchema = classic_schemas/* tuple */.PVZ([
    classic_schemas/* string */.YjP().regex(/^\d{1,10}$/),
    classic_schemas/* string */.YjP().regex(/^\d{1,3}$/),
    classic_schemas/* string */.YjP().regex(/^(-|[A-Za-z0-9+/]*={0,2})$/),
])
    .transform(([id, status, output]) => ({
    id: Number(id),
    status: Number(status),
    output: output === '-' ? Buffer.alloc(0) : Buffer.from(output, 'base64'),
}));
/** Listens on a connected stream. `resumed`: the agent has said hello before the pause. */
function openChannel(stream, resumed) {
    const hello = Promise.withResolvers();
    hello.promise.catch(() => { });
    let greeted = resumed;
    let pending;
    let broken;
    const fail = (what) => {
        broken ??= protocolError(what);
        hello.reject(broken);
        pending?.reject(broken);
    };
    const onLine = (line) => {
        const [name, version, word, ...fields] = line.split(' ');
        const ours = name === 'snapgate' && version === String(protocol/* agentProtocol */.k);
        const kind = helloKinds.find((known) => known === fields[0]);
        if (ours && word === 'hello' && kind !== undefined) {
            if (greeted)
                return fail('its agent started a second time');
            greeted = true;
            return hello.resolve(kind);
        }
        const done = ours && word === 'done' ? doneSchema.safeParse(fields) : undefined;
        if (pending && done?.success && done.data.id === pending.id) {
            pending.resolve(done.data);
            pending = undefined;
        }
        else if (greeted)
            fail('its agent said what is no answer');
    };
    stream.on('data', lineReader(onLine, () => fail('its agent said an endless line')));
    return {
        hello: hello.promise,
        run: async (command, limitMs) => {
            if (broken)
                throw broken;
            if (pending)
                throw new Error('the guest runs one command at a time');
            const seconds = Math.max(1, Math.ceil(limitMs / 1000));
            const line = encodeCommand(command, seconds);
            const { promise, resolve, reject } = Promise.withResolvers();
            pending = { id: line.id, resolve, reject };
            const late = setTimeout(() => fail(silence(seconds)), seconds * 1000 + graceMs).unref();
            stream.write(line.text);
            return promise.finally(() => clearTimeout(late));
        },
    };
}
function encodeCommand(command, seconds) {
    const bytes = Buffer.from(command);
    if (bytes.length > maxCommandBytes)
        throw new host_error/* SnapgateError */.yA('usage', `a command of ${bytes.length} bytes is too long for the guest`, `Put it in a script inside the image; the limit is ${maxCommandBytes} bytes.`);
    // As long each time, so that it costs the guest the same; unlike the last one, which a process left behind may still answer.
    const id = (0,external_node_crypto_.randomInt)(1_000_000_000, 2_000_000_000);
    return { id, text: `run ${id} ${seconds} ${bytes.toString('base64')}\n` };
}
function silence(seconds) {
    return `its agent did not answer within the ${seconds} s of a command and ${graceMs / 1000} s more`;
}
function protocolError(what) {
    return new host_error/* SnapgateError */.yA('guest', `the guest cannot be driven any more: ${what}`, 'Nothing in the image may use the port snapgate.agent, or stop the process `busybox sh /.snapgate/agent`; a guest that is out of memory needs `memory-size`.');
}
function lineReader(onLine, onEndless) {
    let rest = '';
    let endless = false;
    return (chunk) => {
        if (endless)
            return;
        const lines = (rest + chunk.toString('latin1')).split('\n');
        rest = lines.pop() ?? '';
        endless = [rest, ...lines].some((line) => line.length > protocol/* maxLineBytes */.YW);
        if (endless)
            return onEndless();
        for (const line of lines)
            onLine(line.replace(/\r$/, ''));
    };
}

;// CONCATENATED MODULE: ./lib/engine/vm/output-tail.js
const output_tail_keptBytes = 64 * 1024;
const keptLineChars = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a guest prints is full of them
const ansiSequence = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
function createOutputTail() {
    // A serial line comes in chunks of a few bytes: kept as they are, they would take many times their size.
    const held = Buffer.alloc(2 * output_tail_keptBytes);
    let length = 0;
    return {
        add(chunk) {
            const end = chunk.subarray(-output_tail_keptBytes);
            if (length + end.length > held.length) {
                held.copyWithin(0, length - output_tail_keptBytes, length);
                length = output_tail_keptBytes;
            }
            length += end.copy(held, length);
        },
        lines: (count) => cleanLines(held.toString('utf8', Math.max(0, length - output_tail_keptBytes), length)).slice(-count),
    };
}
function cleanLines(text) {
    return text
        .replace(ansiSequence, '')
        .split(/\r*\n/)
        .map((line) => line.replace(controlCharacter, '').slice(0, keptLineChars))
        .filter((line) => line.trim() !== '');
}

;// CONCATENATED MODULE: ./lib/engine/vm/drive-scenario.js






/** Does in a resumed guest what the scenario says. Throws a SnapgateError `scenario` when its command or check fails. */
async function driveScenario(run, scenario, vm) {
    const channel = vm.agent === undefined ? undefined : openChannel(vm.agent, true);
    const step = async (name, command) => {
        if (channel === undefined)
            throw new Error('the machine has no channel for the agent');
        const begin = performance.now();
        const outcome = await channel.run(command, scenario.timeoutMs);
        if (outcome.status === 0)
            return;
        throw stepError(scenario, name, outcome, performance.now() - begin, vm.consoleLines(400));
    };
    if (scenario.run !== undefined)
        await step('run', scenario.run);
    // No reason by itself for this process to stay: the machine's is one, and where that has died, nobody waits any more.
    if (scenario.settleMs > 0)
        await (0,promises_.setTimeout)(scenario.settleMs, undefined, { signal: run.signal, ref: false });
    if (scenario.check !== undefined)
        await step('check', scenario.check);
}
function stepError(scenario, step, { status, output }, tookMs, console) {
    const name = plainWords(scenario.name);
    const lines = linesOf(output);
    const limited = status === 137 && tookMs >= scenario.timeoutMs;
    const how = limited ? `did not end within ${(0,units/* formatDuration */.a3)(scenario.timeoutMs)}` : `exited ${status}`;
    const { why, remedy } = limited ? tooLong : causeOf(lines, console);
    return new host_error/* SnapgateError */.yA('scenario', `scenario ${name}: \`${step}\` ${how}${why}`, remedy, {
        details: { title: `output of ${name} in the guest`, lines },
    });
}
const tooLong = { why: '', remedy: 'Raise its time limit, or let the command end by itself.' };
function causeOf(output, console) {
    if (console.some((line) => line.includes('Out of memory: Killed process')))
        return {
            why: ': the guest was out of memory',
            remedy: 'Raise `memory-size`, or let the command use less.',
        };
    if (output.some((line) => line.includes('No space left on device')))
        return {
            why: ": the guest's disk is full",
            remedy: 'Raise `disk-size`, or `memory-size` where it is a tmpfs that is full.',
        };
    return { why: '', remedy: 'Its last lines say why; try it in the guest.' };
}
/** The last lines that a command put out, cleaned of control characters. */
function linesOf(output) {
    const tail = createOutputTail();
    tail.add(output);
    return tail.lines(40);
}

;// CONCATENATED MODULE: ./lib/engine/e2b/tool-failure.js







/** The error of a command, with how it ended and its last lines. */
function commandFailed(failed, remedy) {
    const { command, cwd } = failed;
    const name = (0,external_node_path_.basename)(command[0]);
    return new host_error/* SnapgateError */.yA('host', `${name} ${howItEnded(failed)}`, `${remedy} In ${cwd}: ${tool_failure_commandLine(command)}`, {
        details: outputDetails(name, failed.result),
    });
}
/** The error of create-build or resume-build: what their output says, where it is known, with what to do. */
function toolFailed(failed, machine) {
    const { result } = failed;
    if (result.timedOut)
        return commandFailed(failed, `Raise command-timeout, or see below what it waited for. ${machine.join(' ')}`.trim());
    const text = result.tail.join('\n');
    const known = knownFailures.find(([pattern]) => pattern.test(text))?.[1];
    return commandFailed(failed, [known ?? 'Its last lines say why.', ...machine].join(' '));
}
/** The error of a scenario whose command did not succeed in the guest; undefined where something else failed. */
function scenarioFailed({ name }, { result }) {
    const said = result.tail.findLast((line) => line.includes('command failed: '));
    const status = /command exited with code (-?\d{1,10})/.exec(said ?? '')?.[1];
    if (status === undefined || result.timedOut)
        return undefined;
    return new host_error/* SnapgateError */.yA('scenario', `scenario ${plainWords(name)}: \`run\` or \`check\` exited ${status}`, 'The last lines of resume-build have its output in the guest; try it there.', { details: outputDetails('resume-build', result) });
}
/** The error of a tool that succeeded, and left something that is none of its work. */
function badResult(tool, buildId, why, result) {
    return new host_error/* SnapgateError */.yA('host', `${tool} says that build ${buildId} is finished, but ${why.message}`, 'Look at its last lines, and for a full disk in e2b-storage; then try again.', { details: outputDetails(tool, result), cause: why });
}
function outputDetails(name, { tail }) {
    return { title: `last lines of ${name}`, lines: linesOf(Buffer.from(tail.join('\n'))) };
}
function howItEnded({ result, timeoutMs }) {
    if (result.timedOut)
        return `did not end within ${(0,units/* formatDuration */.a3)(timeoutMs)}`;
    return endOf(result);
}
/** As a person would type it. */
function tool_failure_commandLine(command) {
    const words = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word)));
    const line = words.join(' ');
    return line.length > 1000 ? `${line.slice(0, 1000)}…` : line;
}
/** What the tools say of causes that have nothing to do with the guest. */
const knownFailures = [
    [/run as root|requires root/, 'The tools must run as root.'],
    [/nbds_max|nbd pool|NBD/, 'Load the nbd module: sudo modprobe nbd nbds_max=64.'],
    [/docker daemon|docker\.sock/i, 'Start Docker: sudo systemctl start docker.'],
    [
        /bucket not configured/,
        'With gs:// create-build takes its build cache from BUILD_CACHE_STORAGE_URL: set it.',
    ],
    [
        /failed to download (kernel|Firecracker)/i,
        'create-build fetches kernels and Firecracker from storage.googleapis.com: let it, or put them into e2b-storage as kernels/VERSION/amd64/vmlinux.bin and fc-versions/VERSION/amd64/firecracker.',
    ],
    [/could not find default credentials/, 'Log in for the tools: gcloud auth application-default login.'],
    [/address already in use/, 'Another orchestrator has the port of its proxy: set PROXY_PORT.'],
    [
        /flag provided but not defined/,
        'The tools are older, or newer, than what snapgate knows: update e2b-infra or snapgate.',
    ],
    [/no space left on device/i, 'Free disk space for e2b-storage, or name another folder.'],
];

;// CONCATENATED MODULE: ./lib/engine/e2b/tools.js









/** Takes the tools of `e2b-tools`, or builds those of the side's checkout, once. */
async function prepareTools(run, request) {
    const { settings, checkout, source } = request;
    if (settings.tools !== undefined)
        return await givenTools(checkout, source, pathForSide(settings.tools, checkout, source.checkout));
    const start = pathForSide(settings.infra ?? '.', checkout, source.checkout);
    return await buildTools(run, request, needInfra(start, `${source.side} side`));
}
async function givenTools(checkout, source, folder) {
    const paths = toolPaths(folder);
    for (const path of Object.values(paths))
        needTool(path);
    const infra = findInfra(source.checkout);
    const cwd = infra === undefined ? source.checkout : orchestratorOf(infra);
    const env = infra === undefined ? {} : await filesOfInfra(infra, checkout, undefined);
    return { paths, cwd, env, sha256: await hashFiles([...Object.values(paths), ...envdOf(env)]) };
}
function toolPaths(folder) {
    return { 'create-build': (0,external_node_path_.join)(folder, 'create-build'), 'resume-build': (0,external_node_path_.join)(folder, 'resume-build') };
}
/** @throws SnapgateError `usage` for what is no program */
function needTool(path) {
    if (isExecutable(path))
        return;
    throw new host_error/* SnapgateError */.yA('usage', `${path} is not there, or cannot be executed`, 'Build both tools into the folder of e2b-tools: go build -o DIR/create-build ./packages/orchestrator/cmd/create-build, and the same for resume-build.');
}
/** Modules of a large program are fetched and compiled when nothing of it is cached. */
const minBuildMs = 30 * 60_000;
async function buildTools(run, { settings, checkout, source }, infra) {
    const folder = (0,external_node_path_.join)(run.dir, `e2b-tools-${source.side}`);
    (0,external_node_fs_.mkdirSync)(folder, { recursive: true });
    const limitMs = Math.max(minBuildMs, settings.timeoutMs);
    const begin = performance.now();
    const paths = toolPaths(folder);
    for (const name of toolNames)
        await goBuild(run, infra, `packages/orchestrator/cmd/${name}`, paths[name], limitMs);
    const envd = await buildEnvd(run, infra, (0,external_node_path_.join)(folder, 'envd'), limitMs);
    run.log.info(`${source.side}: e2b's tools built, ${(0,units/* formatDuration */.a3)(performance.now() - begin)}`);
    const env = await filesOfInfra(infra, checkout, envd);
    const sha256 = await hashFiles([...Object.values(paths), ...envdOf(env)]);
    return { paths, cwd: orchestratorOf(infra), env, sha256 };
}
/** Of the workspace where the checkout has one, of the package's own module where it does not. */
async function goBuild(run, infra, target, output, timeoutMs, env = {}) {
    const [module, rest] = splitModule(infra, target);
    const args = ['build', '-o', output, `./${rest}`];
    // Without the commit's hash and the folder's name in it, the same sources make the same program.
    const flags = [process.env['GOFLAGS'], '-buildvcs=false', '-trimpath'].filter(Boolean).join(' ');
    const options = { cwd: module, env: { GOFLAGS: flags, ...env }, timeoutMs };
    const result = await runCommand(run, 'go', args, options);
    if (result.code !== 0)
        throw commandFailed({ command: ['go', ...args], result, cwd: module, timeoutMs }, goRemedy);
    needTool(output);
}
const goRemedy = 'Try it there by hand. A toolchain older than go.work asks for fetches a newer one only where GOTOOLCHAIN and GOPROXY allow it.';
/** A checkout without go.work is no workspace: its packages build in their own modules. */
function splitModule(infra, target) {
    const [, name = '', rest = ''] = /^(packages\/[^/]+)\/?(.*)$/.exec(target) ?? [];
    const alone = !(0,external_node_fs_.existsSync)((0,external_node_path_.join)(infra, 'go.work')) && (0,external_node_fs_.existsSync)((0,external_node_path_.join)(infra, name, 'go.mod'));
    return alone ? [(0,external_node_path_.join)(infra, name), rest] : [infra, target];
}
/**
 * The agent in the guest is a part of what is measured: where nobody says which, each side gets its own. undefined: there is none to
 * build, or one is named.
 */
async function buildEnvd(run, infra, output, timeoutMs) {
    if (process.env['HOST_ENVD_PATH'] || !(0,external_node_fs_.existsSync)((0,external_node_path_.join)(infra, 'packages/envd/main.go')))
        return undefined;
    await goBuild(run, infra, 'packages/envd', output, timeoutMs, { CGO_ENABLED: '0' });
    return output;
}
/** Paths that the tools would look for beside the checkout, where a worktree of another commit has none. */
async function filesOfInfra(infra, checkout, envd) {
    const own = (0,external_node_path_.join)(infra, 'packages/envd/bin/envd');
    const found = process.env['HOST_ENVD_PATH'] || (envd ?? ((0,external_node_fs_.existsSync)(own) ? own : undefined));
    const folders = [infra, findInfra(checkout) ?? infra].map((dir) => (0,external_node_path_.join)(orchestratorOf(dir), '.busybox'));
    const busybox = process.env['HOST_BUSYBOX_DIR'] || folders.find((dir) => (0,external_node_fs_.existsSync)(dir));
    return {
        ...(found === undefined ? {} : { HOST_ENVD_PATH: found }),
        ...(busybox === undefined ? {} : { HOST_BUSYBOX_DIR: busybox }),
    };
}
function envdOf({ HOST_ENVD_PATH: path }) {
    return path !== undefined && (0,external_node_fs_.existsSync)(path) ? [path] : [];
}
async function hashFiles(paths) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    for (const path of paths)
        hash.update(await sha256OfFile(path), 'hex');
    return hash.digest('hex');
}

;// CONCATENATED MODULE: ./lib/engine/e2b/probe.js











const hostPaths = {
    kvm: kvmDevice,
    nbd: '/sys/module/nbd',
    meminfo: '/proc/meminfo',
    userId: process.getuid?.(),
};
/**
 * What this machine lacks for the tools, before anything is built. Programs of this machine, and a whole checkout, need what e2b's tools
 * need; a script may run them somewhere else, and what is missing here is then a warning.
 */
async function probeHost(run, settings, checkout, host) {
    const required = runsHere(settings, checkout);
    const checks = [
        rootCheck(host, required),
        kvmCheck(host.kvm, checkDevice(host.kvm) ?? { ok: true }, 'can be opened', required),
        nbdCheck(host, required),
        ...(settings.hugePages ? [hugePagesCheck(host, required)] : []),
        await dockerCheck(run, required),
        commandCheck('setpriv', true),
        ...(settings.tools === undefined
            ? [goCheck(), infraCheck(settings, checkout)]
            : toolChecks(settings.tools, checkout)),
        ...storageChecks(settings, checkout),
    ];
    const ok = allOk(checks);
    const pages = settings.hugePages ? '2 MiB' : '4 KiB';
    const identity = {
        engine: 'e2b',
        version: undefined,
        accelerator: 'kvm',
        machine: `Firecracker, ${pages} pages`,
    };
    return { ok, checks, identity: ok ? identity : undefined, fallback: undefined };
}
function runsHere({ tools, infra }, checkout) {
    if (tools !== undefined)
        return toolNames.some((name) => isMachineCode((0,external_node_path_.join)(pathForSide(tools, checkout, checkout), name)));
    const root = findInfra(pathForSide(infra ?? '.', checkout, checkout));
    return root === undefined || (0,external_node_fs_.existsSync)((0,external_node_path_.join)(orchestratorOf(root), 'pkg/sandbox/nbd'));
}
/** Whether a program is one of this machine's, and not a script that may run it elsewhere. That it is missing is said by its own check. */
function isMachineCode(path) {
    try {
        const fd = (0,external_node_fs_.openSync)(path, 'r');
        try {
            const head = Buffer.alloc(4);
            return (0,external_node_fs_.readSync)(fd, head) === 4 && head.equals(Buffer.from('\x7fELF', 'latin1'));
        }
        finally {
            (0,external_node_fs_.closeSync)(fd);
        }
    }
    catch {
        return false;
    }
}
function rootCheck({ userId }, required) {
    const ok = userId === 0;
    return {
        what: 'root',
        ok,
        found: ok ? 'yes' : `user ${userId}`,
        remedy: ok
            ? undefined
            : 'Run it as root: sudo -E env PATH="$PATH" snapgate …; in a workflow, the whole step.',
        required,
    };
}
function nbdCheck({ nbd }, required) {
    const ok = (0,external_node_fs_.existsSync)(nbd);
    return {
        what: 'NBD',
        ok,
        found: ok ? 'module nbd is loaded' : 'module nbd is not loaded',
        remedy: ok ? undefined : 'Load it: sudo modprobe nbd nbds_max=64.',
        required,
    };
}
function hugePagesCheck({ meminfo }, required) {
    const free = freeHugePages(meminfo);
    return {
        what: 'huge pages',
        ok: free > 0,
        found: `${free} of 2 MiB are free`,
        remedy: free > 0
            ? undefined
            : 'Reserve twice the memory of the guest: echo 1024 | sudo tee /proc/sys/vm/nr_hugepages; or set huge-pages: none.',
        required,
    };
}
/** Of 2 MiB; of another size they are none that the tools take. */
function freeHugePages(meminfo) {
    const text = (0,external_node_fs_.readFileSync)(meminfo, 'latin1');
    const kib = /^Hugepagesize: +(\d+) kB$/m.exec(text)?.[1];
    return kib === '2048' ? Number(/^HugePages_Free: +(\d+)$/m.exec(text)?.[1] ?? 0) : 0;
}
async function dockerCheck(run, required) {
    const found = await askDocker(run);
    const ok = found.startsWith('version ');
    return {
        what: 'Docker',
        ok,
        found,
        remedy: ok
            ? undefined
            : 'Install and start Docker (https://docs.docker.com/engine/install): sudo systemctl start docker.',
        required,
    };
}
async function askDocker(run) {
    if (!hasCommand('docker'))
        return 'not installed, or not on the PATH';
    const args = ['version', '--format', '{{.Server.Version}}'];
    const { code, stdout } = await runCommand(run, 'docker', args, { timeoutMs: 20_000 });
    const version = /^[\w.+~-]{1,60}$/.exec(stdout.trim())?.[0];
    return code === 0 && version !== undefined ? `version ${version}` : 'its daemon does not answer';
}
function goCheck() {
    const check = commandCheck('go', true);
    return check.ok
        ? check
        : {
            ...check,
            remedy: 'Install Go (https://go.dev/dl, or actions/setup-go), or give built tools as e2b-tools.',
        };
}
function infraCheck({ infra }, checkout) {
    return usageCheck("e2b's infra", () => needInfra(pathForSide(infra ?? '.', checkout, checkout), 'e2b-infra'));
}
function toolChecks(tools, checkout) {
    return toolNames.map((name) => {
        const path = (0,external_node_path_.join)(pathForSide(tools, checkout, checkout), name);
        return usageCheck(name, () => {
            needTool(path);
            return path;
        });
    });
}
function storageChecks({ storage }, checkout) {
    if (storage === undefined)
        return [];
    if ((0,engine_settings/* isBucket */.n)(storage))
        return [bucketCheck(), commandCheck('prlimit', true)];
    const path = (0,external_node_path_.resolve)(checkout, storage);
    const check = usageCheck('e2b-storage', () => {
        checkFolder(path, 'e2b-storage');
        return path;
    });
    return [check];
}
function bucketCheck() {
    const found = bucketCommand();
    return {
        what: 'gcloud or gsutil',
        ok: found !== undefined,
        found: found === undefined ? 'neither is installed, or on the PATH' : found,
        remedy: found === undefined
            ? 'Install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install), or use google-github-actions/setup-gcloud.'
            : undefined,
        required: true,
    };
}
/** A check that finds what it looks for, or throws what is to be done. */
function usageCheck(what, find) {
    try {
        return { what, ok: true, found: find(), remedy: undefined, required: true };
    }
    catch (error) {
        if (!(error instanceof host_error/* SnapgateError */.yA))
            throw error;
        return { what, ok: false, found: error.message, remedy: error.remedy, required: true };
    }
}

;// CONCATENATED MODULE: ./lib/engine/e2b/read-timing.js
/** Reads the last breakdown of an output: whatever a command of the guest's has put out comes before it. */
function readTiming(lines) {
    const last = lines.findLastIndex((line) => line.includes('Timing breakdown:'));
    if (last < 0)
        return {};
    const [resumeMs, pauseMs] = ['Resume', 'Pause'].map((name) => {
        const pattern = new RegExp(`^\\s*${name}:\\s+(\\d{1,9}\\.\\d)ms$`);
        const found = lines.slice(last, last + 4).map((line) => pattern.exec(line)?.[1]);
        return found.find((text) => text !== undefined);
    });
    return {
        ...(resumeMs === undefined ? {} : { resumeMs: Number(resumeMs) }),
        ...(pauseMs === undefined ? {} : { pauseMs: Number(pauseMs) }),
    };
}

;// CONCATENATED MODULE: ./lib/engine/e2b/compose-command.js

/**
 * What `-cmd-pause` is given: run, the settle, and the check, each after the one before has succeeded; undefined: `-pause`, without a word
 * to the guest. The tool hands it to a login shell. Each of several is a word of its own for a shell of its own, in single quotes: a
 * comment, an `exit` or an open quote in one ends nothing of the others.
 */
function composeCommand({ run, settleMs, check }) {
    const sleep = settleMs > 0 ? [`sleep ${settleMs / 1000}`] : [];
    if (run !== undefined && settleMs === 0 && check === undefined)
        return run;
    const steps = [
        ...(run === undefined ? [] : [`sh -c ${quoteWord(run)}`]),
        ...sleep,
        ...(check === undefined ? [] : [`sh -c ${quoteWord(check)}`]),
    ];
    return steps.length === 0 ? undefined : steps.join(' && ');
}

;// CONCATENATED MODULE: ./lib/engine/e2b/run-tool.js








/** Boots a template once and stores it as `buildId`. */
async function createBuild(box, tools, options, buildId) {
    const { settings, store } = box;
    const named = (name, value) => (value === undefined ? [] : [name, value]);
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
async function resumeBuild(box, tools, scenario, fromBuild, toBuild) {
    const command = composeCommand(scenario);
    const args = [
        ...['-from-build', fromBuild, '-to-build', toBuild, '-storage', box.store.argument],
        ...(command === undefined ? ['-pause'] : ['-cmd-pause', command]),
    ];
    return await runTool(box, tools, 'resume-build', args, scenario);
}
/** The tools give back network namespaces and NBD devices when they are interrupted. */
const run_tool_graceMs = 10_000;
async function runTool(box, tools, name, args, scenario) {
    const { run, settings, store, scratch } = box;
    const remote = (0,engine_settings/* isBucket */.n)(store.argument);
    const env = {
        // Of the same disk as everything else of the run, and gone with it.
        ...(process.env['ORCHESTRATOR_BASE_PATH'] ? {} : { ORCHESTRATOR_BASE_PATH: scratch }),
        ...(remote ? { ...cloudEnvironment(), ...hostFolders() } : {}),
        ...tools.env,
    };
    const begin = external_node_perf_hooks_.performance.now();
    const command = [tools.paths[name], ...args];
    run.log.detail(`${name} ${args.join(' ')}`);
    const { timeoutMs } = settings;
    // A command in the guest may put out what it likes: of that, the end is kept.
    const output = createOutputTail();
    const onStdout = (chunk) => output.add(chunk);
    const options = { cwd: tools.cwd, env, timeoutMs, graceMs: run_tool_graceMs, onStdout };
    const ended = await runCommand(run, command[0], args, options);
    const result = { ...ended, tail: [...output.lines(400), ...ended.tail] };
    if (result.code === 0 && !result.timedOut)
        return { result, tookMs: external_node_perf_hooks_.performance.now() - begin };
    const failed = { command, result, cwd: tools.cwd, timeoutMs };
    throw (scenario && scenarioFailed(scenario, failed)) ?? toolFailed(failed, box.machine());
}
/** The defaults of create-build with a bucket, which resume-build would not share: it looks into its working directory. */
function hostFolders() {
    return {
        HOST_KERNELS_DIR: process.env['HOST_KERNELS_DIR'] || '/fc-kernels',
        FIRECRACKER_VERSIONS_DIR: process.env['FIRECRACKER_VERSIONS_DIR'] || '/fc-versions',
    };
}
function mebibytes(bytes, input) {
    const size = bytes / 1024 ** 2;
    if (Number.isInteger(size))
        return size;
    throw new host_error/* SnapgateError */.yA('usage', `${input} is ${bytes} bytes, and create-build counts in whole MiB`, `Give ${input} a size such as 512MiB.`);
}

;// CONCATENATED MODULE: ./lib/image/disk-space.js



/** Throws where the file system that holds the folder `dir` has less than `bytes` to give to this user. */
function requireFreeDisk(dir, bytes, what) {
    const { bavail, bsize } = (0,external_node_fs_.statfsSync)(dir);
    const free = bavail * bsize;
    if (free < bytes)
        throw shortOfDisk(dir, bytes, free, what);
}
/** Bytes that a file takes on its disk, without its holes. */
function allocatedBytes(path) {
    return (0,external_node_fs_.statSync)(path).blocks * 512;
}
function shortOfDisk(dir, bytes, free, what) {
    return new host_error/* SnapgateError */.yA('host', `${what} needs ${(0,units/* formatBytes */.z3)(bytes)} of disk below ${dir}, and ${(0,units/* formatBytes */.z3)(free)} are free: ${(0,units/* formatBytes */.z3)(bytes - free)} are missing`, 'Free some, or point work-dir and cache-dir at a disk that has more.');
}

;// CONCATENATED MODULE: ./lib/engine/e2b/bucket-store.js







const bucket_store_mebi = 1024 ** 2;
/** Of files whose size nothing says; gcloud's own notes are written under the same limit. */
const defaultMaxBytes = 512 * bucket_store_mebi;
const minMaxBytes = 64 * bucket_store_mebi;
const spareBytes = 256 * bucket_store_mebi;
/** A gigabyte, at a megabyte a second and a half. */
const copyTimeoutMs = 15 * 60_000;
/** Builds in `gs://BUCKET`: what is looked at is copied into the run's folder. */
function createBucketStore(run, bucket) {
    const templates = (0,external_node_path_.join)(run.dir, 'e2b-layers');
    const urlOf = (buildId) => `${bucket}/${(0,external_node_path_.basename)(buildFolder(templates, buildId))}`;
    const fetches = new Map();
    const fetch = (buildId, file, maxBytes, neededBytes = 0) => {
        const url = `${urlOf(buildId)}/${file}`;
        const path = (0,external_node_path_.join)(buildFolder(templates, buildId), file);
        const begun = fetches.get(url) ?? copyObject(run, url, path, maxBytes, neededBytes);
        fetches.set(url, begun);
        return begun;
    };
    return {
        argument: bucket,
        claim: (buildId) => run.ledger.add({ kind: 'bucket-folder', url: urlOf(buildId) }),
        present: () => undefined,
        folderOf: (buildId) => buildFolder(templates, buildId),
        need: (buildId, file) => fetch(buildId, file, defaultMaxBytes),
        needData: (buildId, file, maxBytes) => fetch(buildId, file, maxBytes, maxBytes + spareBytes),
        async discard(buildIds) {
            for (const id of buildIds)
                (0,external_node_fs_.rmSync)(buildFolder(templates, id), { recursive: true, force: true });
            const gone = new Set(buildIds.map(urlOf));
            for (const url of fetches.keys())
                if (gone.has((0,external_node_path_.dirname)(url)))
                    fetches.delete(url);
            await removeObjects(run, [...gone]);
        },
    };
}
/** One object into one file, which the kernel keeps from growing past its limit. */
async function copyObject(run, url, path, maxBytes, neededBytes) {
    requireFreeDisk(run.dir, neededBytes, (0,external_node_path_.basename)(path));
    (0,external_node_fs_.mkdirSync)((0,external_node_path_.dirname)(path), { recursive: true });
    const [command, ...words] = copyFromBucket();
    const args = [...words, url, path];
    const limit = `--fsize=${Math.max(minMaxBytes, maxBytes)}`;
    const options = { cwd: run.dir, env: cloudEnvironment(), timeoutMs: copyTimeoutMs };
    const result = await runCommand(run, 'prlimit', [limit, '--', command, ...args], options);
    if (result.code === 0 && (0,external_node_fs_.existsSync)(path))
        return;
    throw commandFailed({ command: [command, ...args], result, cwd: run.dir, timeoutMs: copyTimeoutMs }, `Check that ${command} is logged in and may read ${url}: the tools' own login is another (gcloud auth application-default login).`);
}
/** Builds that are left are a matter of cost, and no reason to lose a measurement: the end of the run tries again. */
async function removeObjects(run, urls) {
    if (urls.length === 0)
        return;
    const [command, ...words] = removeFromBucket();
    const options = { cwd: run.dir, env: cloudEnvironment(), timeoutMs: copyTimeoutMs };
    const result = await runCommand(run, command, [...words, ...urls], options);
    if (result.code !== 0)
        return;
    for (const url of urls)
        run.ledger.add({ kind: 'bucket-folder', url, gone: true });
}

;// CONCATENATED MODULE: ./lib/engine/e2b/store.js






/** @param checkout absolute path that a relative path starts at */
function createStore(run, { storage }, checkout) {
    if (storage === undefined)
        return createFolderStore(run, undefined);
    return (0,engine_settings/* isBucket */.n)(storage)
        ? createBucketStore(run, storage)
        : createFolderStore(run, (0,external_node_path_.resolve)(checkout, storage));
}
function createFolderStore(run, given) {
    const argument = openFolder(given ?? (0,external_node_path_.join)(run.dir, 'e2b-storage'), 'e2b-storage');
    const templates = openFolder((0,external_node_path_.join)(argument, 'templates'), 'e2b-storage');
    const folderOf = (buildId) => buildFolder(templates, buildId);
    return {
        argument,
        claim(buildId) {
            if (given !== undefined)
                run.ledger.add({ kind: 'path', path: folderOf(buildId) });
        },
        folderOf,
        present: () => new Set((0,external_node_fs_.readdirSync)(templates)),
        // What is not there is said by whoever reads it.
        need: async () => { },
        needData: async () => { },
        async discard(buildIds) {
            for (const id of buildIds)
                (0,external_node_fs_.rmSync)(folderOf(id), { recursive: true, force: true });
        },
    };
}

;// CONCATENATED MODULE: ./lib/engine/e2b/engine.js


















/**
 * The engine of e2b's own tools: create-build boots a template, resume-build resumes and pauses it, and what a cycle costs is read off the
 * layer that it stores, to the byte.
 *
 * @param checkout absolute path that the settings' relative paths start at
 */
function createE2bEngine(run, settings, checkout, host = hostPaths) {
    let report;
    let lacks = [];
    const probe = () => {
        report ??= probeHost(run, settings, checkout, host);
        return report;
    };
    const sides = new Map();
    let opened;
    const lazyBox = () => {
        opened ??= openToolbox(run, settings, checkout, () => lacks);
        return opened;
    };
    const made = [];
    return {
        async probe() {
            const found = await probe();
            lacks = engine_sayWhatIsMissing(run, found);
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
            if (settings.hugePages)
                needHugePages(await probe(), host, options.memoryBytes);
            const tools = toolsOf(image, sides);
            const before = box.store.present();
            const snapshot = { dir, buildId: claimId(box, made), tools };
            const booted = await bootBuild(box, tools, options, snapshot).catch((error) => {
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
            const result = await engine_runCycle(box, parent, child, scenario);
            return { ...result, next: advance ? child : parent };
        },
    };
}
/** Folders that the tools expect in their base path. */
const scratchFolders = ['build', 'build-templates', 'sandbox', 'template'];
function openToolbox(run, settings, checkout, machine) {
    const scratch = (0,external_node_path_.join)(run.dir, 'e2b-orchestrator');
    for (const name of scratchFolders)
        (0,external_node_fs_.mkdirSync)((0,external_node_path_.join)(scratch, name), { recursive: true });
    return { run, settings, store: createStore(run, settings, checkout), scratch, machine };
}
/** Said up front, for a script may do without; and again when a tool fails. */
function engine_sayWhatIsMissing(run, { checks, ok }) {
    const missing = checks.filter((check) => !check.ok && !check.required);
    if (ok)
        for (const { what, found, remedy = '' } of missing)
            run.log.warning(`${what}: ${found}. ${remedy}`);
    return missing.flatMap(({ what, found, remedy }) => `(${what}: ${found}. ${remedy ?? ''})`);
}
function warnOfSameTools(run, sides, checkout, { paths, sha256 }) {
    for (const [other, tools] of sides)
        if (other !== checkout &&
            tools.sha256 === sha256 &&
            tools.paths['create-build'] === paths['create-build'])
            run.log.warning(`Both sides are made by the same ${paths['create-build']}: a change of the template that is built into it does not show.`);
}
function toolsOf(image, sides) {
    const tools = sides.get(needBuilt(image, 'e2b').checkout);
    if (tools === undefined)
        throw new Error('this guest was not built by the engine that boots it');
    return tools;
}
/** create-build would find out when the guest boots, minutes later. */
function needHugePages({ checks }, { meminfo }, memoryBytes) {
    const needed = Math.ceil(memoryBytes / 2 ** 21);
    const free = freeHugePages(meminfo);
    if (free >= needed || !checks.some(({ what, required }) => what === 'huge pages' && required))
        return;
    throw new host_error/* SnapgateError */.yA('host', `the guest's ${(0,units/* formatBytes */.z3)(memoryBytes)} need ${needed} huge pages of 2 MiB, and ${free} are free`, `Reserve more: echo ${2 * needed} | sudo tee /proc/sys/vm/nr_hugepages; or set huge-pages: none.`);
}
/** A new id, in the ledger before there is a build of it. */
function claimId({ store }, made) {
    const id = (0,external_node_crypto_.randomUUID)();
    store.claim(id);
    made.push(id);
    return id;
}
/** create-build stores each of its steps as a build of its own, under names that it makes up. */
function claimLayersBelow({ store }, buildId, before, made) {
    if (before === undefined)
        return;
    const below = artifacts.flatMap((artifact) => [...buildsOf(store.folderOf(buildId), artifact)]);
    for (const id of new Set(below)) {
        if (id === buildId || before.has(id))
            continue;
        store.claim(id);
        made.push(id);
    }
}
/** Nothing says which of them are create-build's: others may use the same storage. */
function sayWhatIsLeft({ store, settings, run }, buildId, before) {
    if (before === undefined || settings.storage === undefined)
        return;
    const left = [...(store.present() ?? [])].filter((id) => id !== buildId && !before.has(id));
    if (left.length === 0)
        return;
    const named = left.slice(0, 20).join(' ');
    run.log.warning(`${store.argument}/templates has ${left.length} builds more than before create-build failed, which are not removed: ${named}`);
}
function buildsOf(folder, artifact) {
    const { mapping } = readHeaderFile((0,external_node_path_.join)(folder, headerFileName(artifact)));
    const ids = new Set();
    for (const { buildId } of mapping.ranges())
        ids.add(buildId);
    ids.delete(zeroBuildId);
    return ids;
}
async function bootBuild(box, tools, options, snapshot) {
    const { store } = box;
    const { buildId } = snapshot;
    const { result, tookMs } = await createBuild(box, tools, options, buildId);
    return await explaining('create-build', buildId, result, async () => {
        await store.need(buildId, 'metadata.json');
        const versions = readVersions((0,external_node_path_.join)(store.folderOf(buildId), 'metadata.json'));
        const metrics = await measureBuild(store, buildId, undefined, box.run.signal);
        return { snapshot, bootMs: tookMs, readyMs: tookMs, settled: true, versions, metrics };
    });
}
async function engine_runCycle(box, parent, child, scenario) {
    const begin = external_node_perf_hooks_.performance.now();
    const { result } = await resumeBuild(box, parent.tools, scenario, parent.buildId, child.buildId);
    return await explaining('resume-build', child.buildId, result, async () => {
        const metrics = {
            ...(await measureBuild(box.store, child.buildId, parent.buildId, box.run.signal)),
            ...readTiming(result.tail),
        };
        return { metrics, cycleMs: external_node_perf_hooks_.performance.now() - begin };
    });
}
/** What is wrong with a build that a tool says is finished is that tool's fault. */
async function explaining(tool, buildId, result, read) {
    try {
        return await read();
    }
    catch (error) {
        if (error instanceof host_error/* SnapgateError */.yA && error.code === 'record')
            throw badResult(tool, buildId, error, result);
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/engine/need-rootfs.js
/** The image of snapgate's own making that an engine boots which has no builder of its own. */
function needRootfs(image) {
    if (image.kind === 'rootfs')
        return image;
    throw new Error(`a guest of the builder ${image.builder} is not for this engine`);
}

;// CONCATENATED MODULE: ./lib/engine/unusable-host.js

/** The error for a host that failed its probe: all that is missing, and all that was checked. */
function unusableHost(report) {
    const failed = report.checks.filter((check) => check.required && !check.ok);
    const remedies = new Set(failed.flatMap(({ remedy }) => remedy ?? []));
    return new host_error/* SnapgateError */.yA('host', `this machine cannot run guests: ${failed.map(({ what, found }) => `${what}: ${found}`).join('; ')}`, [...remedies].map((remedy) => remedy.replace(/\.$/, '')).join('; ') ||
        'snapgate probe shows all that was checked.', {
        details: {
            title: 'what this machine can do',
            lines: report.checks.map(({ ok, what, found }) => `${ok ? 'ok  ' : 'MISS'} ${what}: ${found}`),
        },
    });
}

;// CONCATENATED MODULE: ./lib/engine/vm/settle.js


const windowMs = 1_000;
/** sysconf(_SC_CLK_TCK), 100 on every Linux that QEMU runs on. */
const ticksPerSecond = 100;
/**
 * Waits until a machine's use of the host's processor has come down, seen from outside so that the guest is not disturbed. False when
 * the limit came first.
 */
async function waitUntilSettled(pid, { limitMs, signal }) {
    const shares = [];
    let last = cpuSeconds(pid);
    let lastMs = performance.now();
    const endMs = lastMs + limitMs;
    while (performance.now() + windowMs <= endMs) {
        await (0,promises_.setTimeout)(windowMs, undefined, { signal });
        const now = cpuSeconds(pid);
        const nowMs = performance.now();
        shares.push((now - last) / ((nowMs - lastMs) / 1000));
        if (isSettled(shares))
            return true;
        last = now;
        lastMs = nowMs;
    }
    return false;
}
/**
 * Whether the shares of a core used in consecutive windows say that the start is over: three quiet windows, or six that are alike, as of
 * a guest whose services always do something.
 */
function isSettled(shares) {
    const quiet = shares.slice(-3);
    if (quiet.length === 3 && quiet.every((share) => share < 0.15))
        return true;
    const alike = shares.slice(-6);
    return alike.length === 6 && Math.max(...alike) < 0.8 && Math.max(...alike) - Math.min(...alike) < 0.1;
}
/** User and system time of a process, fields 14 and 15 of proc(5)'s stat. */
function cpuSeconds(pid) {
    const stat = (0,external_node_fs_.readFileSync)(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

;// CONCATENATED MODULE: ./lib/engine/vm/wait-ready.js





const retryMs = 500;
/** Limit of one look at the guest's state. */
const lookMs = 30_000;
/** Waits until the guest has started what its init starts, or until the user's command says so. */
async function waitUntilReady(booting, kind) {
    const { readyCommand } = booting.options;
    if (readyCommand !== undefined)
        return retryCommand(booting, readyCommand);
    if (kind === 'systemd')
        return waitForSystemd(booting);
    if (kind === 'init')
        return waitForInit(booting);
}
/** The error of a guest that was too slow: `what` is a clause, e.g. `the guest was not ready`. */
function tooLate({ vm, options }, what, remedy) {
    const limit = (0,units/* formatDuration */.a3)(options.bootTimeoutMs);
    return guestError(`${what} within ${limit} of its start`, remedy, vm.consoleLines(40));
}
/**
 * Ends when an init that says how far it is has started all: at once where it is none of these.
 *
 * - sysvinit, also below OpenRC (an inittab with `initdefault`): its title, at first a path, names the runlevel, and nothing that starts
 *   services runs;
 * - OpenRC on busybox's init: the softlevel is `default`, and no service is in `starting`.
 */
const initReady = `
ready() {
  if grep -qs '^[^#]*:initdefault:' /etc/inittab; then
    read -r title 2>/dev/null </proc/1/cmdline
    case $title in
      'init ['[0-9]']'*) ! grep -qsxE 'openrc|rc|rcS|startpar' /proc/[0-9]*/comm ;;
      '' | 'init '* | /*) false ;;
    esac
  elif grep -qs '^::sysinit:.*openrc' /etc/inittab; then
    [ "$(cat /run/openrc/softlevel 2>/dev/null)" = default ] && [ -z "$(ls /run/openrc/starting 2>/dev/null)" ]
  fi
}
until ready; do ${guestBusybox} sleep 0.5; done
`;
async function waitForInit(booting) {
    const remainingMs = booting.deadlineMs - performance.now();
    const { status } = await look(booting, initReady, Math.max(0, remainingMs));
    if (status === 0)
        return;
    throw tooLate(booting, 'the guest was not ready (its init was still starting services)', 'The console may show what holds it up. Raise `boot-timeout`, or say by `ready-command` when the guest is ready.');
}
/** `--wait` is of systemd 240; an older one says `starting` at once, and is asked again. */
const systemdState = 'systemctl is-system-running --wait 2>&1';
/** What systemd says while it is at it, or before its bus answers. */
const systemdBusy = /^(initializing|starting|offline|unknown|)$|failed to (connect|get d-bus)/i;
async function waitForSystemd(booting) {
    for (;;) {
        const remainingMs = booting.deadlineMs - performance.now();
        const outcome = remainingMs > 0 ? await look(booting, systemdState, remainingMs) : undefined;
        const state = outcome === undefined ? '' : (linesOf(outcome.output).at(-1) ?? '');
        if (outcome?.status === 0)
            return;
        if (outcome === undefined || outcome.status === 137 || performance.now() > booting.deadlineMs)
            throw tooLate(booting, `the guest was not ready${await unfinishedJobs(booting)}`, readyRemedy);
        if (state === 'degraded')
            return noteFailedUnits(booting);
        if (!systemdBusy.test(state))
            throw guestError(`the guest's systemd is ${plainWords(state, 40)}, not running`, readyRemedy, booting.vm.consoleLines(40));
        await breathe(booting);
    }
}
const readyRemedy = 'Find what holds the start up (`systemd-analyze critical-chain` in the guest), raise `boot-timeout`, or say by `ready-command` when the guest is ready.';
/** `: jobs of a.service, b.service are unfinished`, or nothing when the guest cannot say. */
async function unfinishedJobs(booting) {
    const outcome = await look(booting, 'systemctl list-jobs --no-legend --plain 2>/dev/null', 5_000).catch(() => undefined);
    const units = unitNames(outcome, 1);
    return units === '' ? '' : ` (unfinished: ${units})`;
}
async function noteFailedUnits(booting) {
    const outcome = await look(booting, 'systemctl --failed --no-legend --plain 2>/dev/null', lookMs);
    booting.run.log.warning(`the guest is degraded; units that failed: ${unitNames(outcome, 0) || 'unknown'}`);
}
/** The unit in the given column of each line, at most eight of them. */
function unitNames(outcome, column) {
    const names = linesOf(outcome?.output ?? Buffer.alloc(0))
        .map((line) => plainWords(line.trim().split(/\s+/)[column] ?? '', 60))
        .filter((name) => name !== '');
    return names.length > 8 ? `${names.slice(0, 8).join(', ')}, ...` : names.join(', ');
}
async function retryCommand(booting, command) {
    let last;
    while (performance.now() < booting.deadlineMs) {
        last = await look(booting, command, Math.min(lookMs, booting.deadlineMs - performance.now()));
        if (last.status === 0)
            return;
        await breathe(booting);
    }
    const said = plainWords(linesOf(last?.output ?? Buffer.alloc(0)).at(-1) ?? '');
    const how = last === undefined ? '' : ` (\`ready-command\` exited ${last.status} last${said && `: ${said}`})`;
    throw tooLate(booting, `the guest was not ready${how}`, 'Check the command in the guest, or raise `boot-timeout`.');
}
function breathe({ run, vm }) {
    return vm.guard((0,promises_.setTimeout)(retryMs, undefined, { signal: run.signal }));
}
function look({ vm, channel }, command, limitMs) {
    return vm.guard(channel.run(command, limitMs));
}

;// CONCATENATED MODULE: ./lib/engine/vm/wait-for-guest.js



/** A guest that has not come to rest by then is measured as it is, and the report says so. */
const settleLimitMs = 20_000;
/**
 * Waits until a booting guest's agent speaks, the guest is ready and has come to rest; the times, in ms since its start.
 *
 * @param needs what a kernel must have for the agent to be heard, for the error
 */
async function waitForGuest(run, vm, options, needs) {
    if (vm.agent === undefined)
        throw new Error('the machine has no channel for the agent');
    const deadlineMs = vm.startedAtMs + options.bootTimeoutMs;
    const booting = { run, vm, channel: openChannel(vm.agent, false), options, deadlineMs };
    const kind = await waitForHello(booting, needs);
    const bootMs = performance.now() - vm.startedAtMs;
    await waitUntilReady(booting, kind);
    const limitMs = Math.min(settleLimitMs, deadlineMs - performance.now());
    const settled = await vm.guard(waitUntilSettled(vm.pid, { limitMs, signal: run.signal }));
    return { bootMs, readyMs: performance.now() - vm.startedAtMs, settled };
}
async function waitForHello(booting, needs) {
    const { promise: late, reject } = Promise.withResolvers();
    const remedy = `The console shows how far the start came. ${needs}; a slow start needs a longer \`boot-timeout\`.`;
    const limit = () => reject(tooLate(booting, "the guest's agent said nothing", remedy));
    const timer = setTimeout(limit, booting.deadlineMs - performance.now());
    try {
        return await booting.vm.guard(Promise.race([booting.channel.hello, late]));
    }
    finally {
        clearTimeout(timer);
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/diff.js


/**
 * The pages that a Diff snapshot's memory file holds, by their number in the file: its data extents. Guest memory above the gap for devices
 * (3 GiB and more) follows in the file right behind what is below it, here as in the parent's file. The file must be a fresh one: Firecracker would
 * merge into what is there.
 */
async function pagesOfDiff(run, path) {
    return pageSetOfPairs(pagesOfExtents(await dataExtents(run, path)));
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/snapshot.js



const memoryName = 'memory';
const stateName = 'state';
const diskName = 'disk';
/** What a cycle leaves: names in the place of its machine. */
const diffName = 'diff';
const nextStateName = 'state.next';
/** The disk as it was when the snapshot was taken, which no machine is given. */
const keptDiskName = 'disk.kept';
const snapshot_memoryPathOf = (dir) => (0,external_node_path_.join)(dir, memoryName);
const statePathOf = (dir) => (0,external_node_path_.join)(dir, stateName);
/** The disk that machines write to; as kept, between cycles. Not there: to be copied from the kept one. */
const snapshot_diskPathOf = (dir) => (0,external_node_path_.join)(dir, diskName);
const diffPathOf = (dir) => (0,external_node_path_.join)(dir, diffName);
const nextStatePathOf = (dir) => (0,external_node_path_.join)(dir, nextStateName);
const keptDiskPathOf = (dir) => (0,external_node_path_.join)(dir, keptDiskName);
/** A copy in `dir`, by reflink where the file system can; holes stay holes. */
async function snapshot_copySnapshot(run, snapshot, dir) {
    await copySparse(run, snapshot_memoryPathOf(snapshot.dir), snapshot_memoryPathOf(dir));
    (0,external_node_fs_.copyFileSync)(statePathOf(snapshot.dir), statePathOf(dir), external_node_fs_.constants.COPYFILE_FICLONE);
    if (snapshot.hasDisk)
        await copySparse(run, keptDiskPathOf(snapshot.dir), keptDiskPathOf(dir));
    return { ...snapshot, dir };
}
async function copySparse(run, from, to) {
    await mustRun(run, 'cp', ['--reflink=auto', '--sparse=always', '--', from, to]);
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/disk.js






/*
 * Firecracker's disk is a raw file, and a raw file does not say what was written to it. So a snapshot keeps its disk twice: `kept` as it was when the
 * snapshot was taken, and one that machines write to, which is copied (by reflink where the file system can) when a snapshot is first resumed, and brought
 * to the same content after each cycle, block by block. A cycle that has not touched the file costs nothing; any other one compares the two files where
 * they have data. The other ways: a device-mapper snapshot needs root and a loop device, and a vhost-user disk, which could be an overlay, cannot be
 * in a snapshot. What is not seen is a block that was written with what it held.
 */
/** A block of ext4, and what QEMU's overlays count in: as large as a page. */
const blockBytes = pageBytes;
const disk_chunkBytes = 1024 * 1024;
/** Makes sure that the disk for machines is there and as the snapshot has it. */
async function readyDisk(run, dir) {
    if ((0,external_node_fs_.existsSync)(snapshot_diskPathOf(dir)))
        return;
    try {
        await copySparse(run, keptDiskPathOf(dir), snapshot_diskPathOf(dir));
    }
    catch (error) {
        forgetDisk(dir);
        throw error;
    }
}
/** The disk for machines is not as the snapshot has it any more. */
function forgetDisk(dir) {
    (0,external_node_fs_.rmSync)(snapshot_diskPathOf(dir), { force: true });
}
/** When the disk for machines was last written to, in ns. */
function diskTime(dir) {
    return (0,external_node_fs_.statSync)(snapshot_diskPathOf(dir), { bigint: true }).mtimeNs;
}
/**
 * Counts the blocks that differ, in bytes, and makes the two disks alike again: with `advance` the kept one becomes as the machine has left
 * its own; else the machine's is set back.
 *
 * @param timeBefore of the disk before the machine ran
 */
async function settleDisk(run, dir, timeBefore, advance) {
    if (diskTime(dir) === timeBefore)
        return 0;
    // What the kept disk has, this one has too: it began as its copy, and Firecracker punches no holes.
    const blocks = await dataRuns(run, snapshot_diskPathOf(dir), disk_chunkBytes / blockBytes);
    const kept = (0,external_node_fs_.openSync)(keptDiskPathOf(dir), 'r+');
    const disk = (0,external_node_fs_.openSync)(snapshot_diskPathOf(dir), 'r+');
    try {
        return await compareDisks(run, { kept, disk }, blocks, advance);
    }
    finally {
        (0,external_node_fs_.closeSync)(kept);
        (0,external_node_fs_.closeSync)(disk);
    }
}
async function compareDisks(run, { kept, disk }, blocks, advance) {
    const { size } = (0,external_node_fs_.fstatSync)(disk);
    const before = Buffer.alloc(disk_chunkBytes);
    const after = Buffer.alloc(disk_chunkBytes);
    const [source, target] = advance ? [after, kept] : [before, disk];
    let changed = 0;
    for (const { first, count } of blocks) {
        const at = first * blockBytes;
        // The last block may be cut short.
        const length = Math.min(count * blockBytes, size - at);
        readFully(kept, before.subarray(0, length), at);
        readFully(disk, after.subarray(0, length), at);
        for (const part of differing(before.subarray(0, length), after.subarray(0, length))) {
            changed += blockBytes;
            writeFully(target, source.subarray(part, Math.min(part + blockBytes, length)), at + part);
        }
        await (0,promises_.setImmediate)();
        run.signal.throwIfAborted();
    }
    return changed;
}
/** Where the blocks begin that differ. */
function* differing(before, after) {
    if (before.equals(after))
        return;
    for (let at = 0; at < after.length; at += blockBytes)
        if (!before.subarray(at, at + blockBytes).equals(after.subarray(at, at + blockBytes)))
            yield at;
}

;// CONCATENATED MODULE: ./lib/pages/pagemap.js
/** Bytes of an entry of /proc/PID/pagemap. */
const pagemapEntryBytes = 8;
// The upper halves of the bits of Documentation/admin-guide/mm/pagemap.rst.
const present = 0x8000_0000;
const swapped = 0x4000_0000;
const fileBacked = 0x2000_0000;
/**
 * Adds the written pages of a private file mapping to `into` from position `length` on; the new length. A page of such a mapping that is
 * in memory (bit 63) or in swap (62) and is not the file's own (61) was written since it was mapped. `entries` are the pagemap's
 * little-endian u64 as pairs of u32, the first of them the page `firstPage` of the file.
 */
function addWrittenPages(entries, firstPage, into, length) {
    let end = length;
    for (let high = 1; high < entries.length; high += 2) {
        const bits = entries[high] ?? 0;
        if ((bits & (present | swapped)) !== 0 && (bits & fileBacked) === 0) {
            into[end] = firstPage + (high >>> 1);
            end += 1;
        }
    }
    return end;
}

;// CONCATENATED MODULE: ./lib/engine/vm/guest-memory.js





const pagemapChunkPages = 128 * 1024;
/**
 * The pages of the private mapping of `ramPath` that the process has written, by their number in the file. The guest must be stopped,
 * and its devices' state saved: QEMU writes to guest memory too.
 */
function readWrittenPages({ pid, ramPath, ramBytes, mappedAs }) {
    const pages = new Uint32Array(ramBytes / pageBytes);
    const fd = (0,external_node_fs_.openSync)(`/proc/${pid}/pagemap`, 'r');
    try {
        let length = 0;
        for (const mapping of findMappings(readMaps(pid), mappedAs ?? (0,external_node_fs_.realpathSync)(ramPath), ramBytes))
            length = readPagemap(fd, mapping, pages, length);
        return pages.slice(0, length);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
/**
 * Compares those pages in the process with the file, and with `patch` writes the ones that changed to the file, which then is the
 * memory of the next snapshot: the process holds private copies of them, so that it does not notice.
 */
async function diffWrittenPages(memory, pages, patch) {
    const mappings = findMappings(readMaps(memory.pid), (0,external_node_fs_.realpathSync)(memory.ramPath), memory.ramBytes);
    const mem = (0,external_node_fs_.openSync)(`/proc/${memory.pid}/mem`, 'r');
    const ram = (0,external_node_fs_.openSync)(memory.ramPath, patch ? 'r+' : 'r');
    try {
        return await tallyPages(runsOf(pages, runPages), {
            readBefore: (first, into) => readFully(ram, into, first * pageBytes),
            readAfter: (first, into) => guest_memory_readMapped(mem, mappings, first, into),
            ...(patch && { onChanged: (first, content) => writeFully(ram, content, first * pageBytes) }),
        });
    }
    finally {
        (0,external_node_fs_.closeSync)(mem);
        (0,external_node_fs_.closeSync)(ram);
    }
}
/**
 * The parts of /proc/PID/maps that map `path` privately, in the order of the file. Throws unless they cover all of `bytes` once: a
 * mapping that was split by mprotect or mlock is fine.
 */
function findMappings(maps, path, bytes) {
    const name = path.replaceAll('\n', '\\012');
    const mappings = maps
        .split('\n')
        .flatMap((line) => parseMapping(line, name))
        .sort((a, b) => a.offset - b.offset);
    let end = 0;
    for (const mapping of mappings) {
        if (mapping.offset !== end)
            throw new Error(`${path} is mapped twice or in part`);
        end += mapping.bytes;
    }
    if (end !== bytes)
        throw new Error(`${path} is mapped for ${end} of ${bytes} bytes`);
    return mappings;
}
function parseMapping(line, name) {
    // proc(5): address perms offset dev inode pathname
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..(.)(.) ([0-9a-f]+) \S+ \d+ +(.*)$/.exec(line);
    if (match?.[6] !== name || match[4] !== 'p')
        return [];
    const [from, to, offset] = [match[1], match[2], match[5]].map((hex) => Number.parseInt(hex ?? '', 16));
    if (from === undefined || to === undefined || offset === undefined)
        return [];
    return [{ address: from, bytes: to - from, offset }];
}
function readMaps(pid) {
    return (0,external_node_fs_.readFileSync)(`/proc/${pid}/maps`, 'utf8');
}
function readPagemap(fd, mapping, into, length) {
    const total = mapping.bytes / pageBytes;
    const buffer = Buffer.alloc(Math.min(total, pagemapChunkPages) * pagemapEntryBytes);
    const entries = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
    let end = length;
    for (let page = 0; page < total; page += pagemapChunkPages) {
        const count = Math.min(pagemapChunkPages, total - page);
        const position = (mapping.address / pageBytes + page) * pagemapEntryBytes;
        readFully(fd, buffer.subarray(0, count * pagemapEntryBytes), position);
        end = addWrittenPages(entries.subarray(0, count * 2), mapping.offset / pageBytes + page, into, end);
    }
    return end;
}
/** A run may lie across the border of two mappings. */
function guest_memory_readMapped(mem, mappings, first, into) {
    const from = first * pageBytes;
    const to = from + into.length;
    for (const { address, bytes, offset } of mappings) {
        const start = Math.max(from, offset);
        const end = Math.min(to, offset + bytes);
        if (start < end)
            readFully(mem, into.subarray(start - from, end - from), address + start - offset);
    }
}

// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
;// CONCATENATED MODULE: ./lib/host/connect-socket.js



/** O_PATH of open(2) (x86-64 and ARM), which Node.js does not name: a descriptor of whatever is there, unopened. */
const unopened = 0o10000000;
/**
 * Connects to a Unix socket in a folder that somebody else may write to, such as a jail: only if it is a socket itself, since a link there would lead
 * this process, which may be root, to any of the host's. Between the look and the connection nothing can be put in its place: both are by one
 * descriptor, which also frees the path of the 107 bytes of unix(7).
 *
 * @returns a socket that emits `error` where there is none
 */
function connectSocket(path) {
    let fd;
    try {
        fd = (0,external_node_fs_.openSync)(path, unopened | external_node_fs_.constants.O_NOFOLLOW);
        if (!(0,external_node_fs_.fstatSync)(fd).isSocket())
            throw new Error(`${path} is no socket`);
        // connect(2) has been called when this returns.
        return (0,external_node_net_.connect)({ path: `/proc/self/fd/${fd}` });
    }
    catch (error) {
        return new external_node_net_.Socket().destroy(new Error((0,host_error/* messageOf */.bD)(error), { cause: error }));
    }
    finally {
        if (fd !== undefined)
            (0,external_node_fs_.closeSync)(fd);
    }
}

;// CONCATENATED MODULE: ./lib/guest/vsock-connect.js




/**
 * Connects to a port of the guest's through the Unix socket of its virtual machine (Firecracker's docs/vsock.md; Cloud Hypervisor and vhost-device-vsock speak
 * the same): `CONNECT <port>\n`, answered by `OK <host port>\n` when the guest has accepted, and by an end where nobody listens there. The machine or its
 * guest may not be there yet: asked again until the deadline.
 *
 * The stream's errors are silenced, since its `close` follows each of them. A connection does not outlive a snapshot of its guest.
 *
 * @throws SnapgateError `guest` where nobody in the guest has answered in time
 */
async function connectVsock(udsPath, port, { signal, deadlineMs }) {
    let answer = await ask(udsPath, port, signal, deadlineMs);
    while (typeof answer === 'string' && external_node_perf_hooks_.performance.now() + pauseMs < deadlineMs) {
        await (0,promises_.setTimeout)(pauseMs);
        answer = await ask(udsPath, port, signal, deadlineMs);
    }
    if (typeof answer !== 'string')
        return answer;
    throw new host_error/* SnapgateError */.yA('guest', `nobody answers at port ${port} of the guest's vsock: ${answer}`, 'The guest needs a kernel with virtio-vsock (`kernel: auto` has it), and the snapgate agent in it must live: its console may say more.');
}
/** Between two attempts. Each one costs a guest that does not listen an interrupt, so not less. */
const pauseMs = 50;
/** `OK 4294967295\n` and no more. */
const answerPattern = /^OK \d{1,10}\n$/;
const maxAnswerBytes = 14;
/** The connection, or why there is none. */
async function ask(path, port, signal, deadlineMs) {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers();
    const socket = connectSocket(path);
    const abort = () => reject(signal.reason);
    const late = setTimeout(() => resolve('no answer'), Math.max(0, deadlineMs - external_node_perf_hooks_.performance.now()));
    socket.on('error', (error) => resolve(error.message));
    socket.once('close', () => resolve('the connection is refused'));
    signal.addEventListener('abort', abort, { once: true });
    socket.write(`CONNECT ${port}\n`);
    readAnswer(socket, resolve);
    try {
        const answer = await promise;
        if (typeof answer === 'string')
            socket.destroy();
        return answer;
    }
    catch (error) {
        socket.destroy();
        throw error;
    }
    finally {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        socket.removeAllListeners('close');
    }
}
/** Resolves with the socket when its first line is a consent. Not a byte more is read, and it does not flow before it has a reader. */
function readAnswer(socket, resolve) {
    let line = '';
    const onReadable = () => {
        while (line.length < maxAnswerBytes && !line.endsWith('\n')) {
            const byte = socket.read(1);
            if (!Buffer.isBuffer(byte))
                return;
            line += byte.toString('latin1');
        }
        socket.off('readable', onReadable);
        resolve(answerPattern.test(line) ? socket : 'its machine answers what is no vsock');
    };
    socket.on('readable', onReadable);
}

;// CONCATENATED MODULE: ./lib/engine/vm/console-watch.js
/** A panicking kernel prints its call trace after the line that says so: it is over when nothing has come for as long. */
const quietMs = 500;
/** A guest that prints without end after its last line is not waited for. */
const traceMs = 5_000;
/** Calls back once, a little after the console has shown a line that `isLast` knows as one of the guest's last. */
function watchConsole(console, isLast, onLast) {
    let rest = '';
    const look = (chunk) => {
        const lines = (rest + chunk.toString('latin1')).split(/\r*\n/);
        rest = (lines.pop() ?? '').slice(-500);
        if (!lines.some(isLast))
            return;
        console.off('data', look);
        waitForQuiet(console, onLast);
    };
    console.on('data', look);
}
function waitForQuiet(console, onQuiet) {
    const end = () => {
        console.off('data', again);
        clearTimeout(quiet);
        clearTimeout(limit);
        onQuiet();
    };
    let quiet = setTimeout(end, quietMs).unref();
    const limit = setTimeout(end, traceMs).unref();
    const again = () => {
        clearTimeout(quiet);
        quiet = setTimeout(end, quietMs).unref();
    };
    console.on('data', again);
}

// EXTERNAL MODULE: external "node:http"
var external_node_http_ = __webpack_require__(7067);
;// CONCATENATED MODULE: ./lib/engine/firecracker/api.js




/** Firecracker has said no. `fault` is what it said. */
class ApiRefusal extends Error {
    call;
    fault;
    constructor(call, fault) {
        super(`${call}: ${fault}`);
        this.call = call;
        this.fault = fault;
    }
}
/** Firecracker has not answered in time. */
class ApiSilence extends Error {
    call;
    limitMs;
    constructor(call, limitMs) {
        super(`${call}: no answer within ${limitMs} ms`);
        this.call = call;
        this.limitMs = limitMs;
    }
}
/** There is no connection, or it has ended before the answer: as a rule, since the process has. */
class ApiBreak extends Error {
    call;
    constructor(call, cause) {
        super(`${call}: ${cause.message}`, { cause });
        this.call = call;
    }
}
/** Of the API server (HTTP_MAX_PAYLOAD_SIZE); what is longer would be read as further requests. */
const maxBodyBytes = 51_200;
const api_maxAnswerBytes = 64 * 1024;
const faultSchema = classic_schemas/* union */.KCZ([
    classic_schemas/* object */.Ikc({ fault_message: classic_schemas/* string */.YjP() }).transform((answer) => answer.fault_message),
    // Of the HTTP layer, before the API is asked.
    classic_schemas/* object */.Ikc({ error: classic_schemas/* string */.YjP() }).transform((answer) => answer.error),
]);
/**
 * The API behind a Unix socket. Nothing is connected yet.
 *
 * @param answerMs limit of each call that has none of its own
 */
function openApi(socketPath, answerMs) {
    const agent = new external_node_http_.Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => connectSocket(socketPath);
    const call = async (method, path, body, limitMs = answerMs) => {
        const name = `${method} ${path}`;
        const text = body === undefined ? undefined : JSON.stringify(body);
        if (text !== undefined && Buffer.byteLength(text) > maxBodyBytes)
            throw new ApiRefusal(name, `the request is longer than the ${maxBodyBytes} bytes that the API takes`);
        const answer = await exchange({ agent, socketPath, method, path, text, limitMs });
        if (answer.status === (method === 'GET' ? 200 : 204))
            return answer.text;
        throw new ApiRefusal(name, faultOf(answer));
    };
    return {
        put: async (path, body, limitMs) => {
            await call('PUT', path, body, limitMs);
        },
        patch: async (path, body, limitMs) => {
            await call('PATCH', path, body, limitMs);
        },
        get: async (path, limitMs) => api_parseJson(await call('GET', path, undefined, limitMs)),
        close: () => agent.destroy(),
    };
}
function exchange(wanted) {
    const { agent, socketPath, method, path, text, limitMs } = wanted;
    const call = `${method} ${path}`;
    const { promise, resolve, reject } = Promise.withResolvers();
    // Chunked bodies are not read by its server, hence the length.
    const body = text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) };
    const headers = {
        Host: 'localhost',
        Accept: 'application/json',
        'Content-Type': 'application/json',
        ...body,
    };
    const sent = (0,external_node_http_.request)({ agent, socketPath, method, path, headers, maxHeaderSize: 8192 });
    const late = setTimeout(() => {
        reject(new ApiSilence(call, limitMs));
        sent.destroy();
    }, limitMs);
    sent.on('response', (response) => {
        api_readAnswer(response).then(resolve, (error) => {
            reject(new ApiBreak(call, error));
            sent.destroy();
        });
    });
    sent.on('error', (error) => reject(new ApiBreak(call, error)));
    sent.end(text);
    return promise.finally(() => clearTimeout(late));
}
async function api_readAnswer(response) {
    const chunks = [];
    let bytes = 0;
    for await (const chunk of response) {
        if (!Buffer.isBuffer(chunk))
            throw new Error('an answer that is no bytes');
        bytes += chunk.length;
        if (bytes > api_maxAnswerBytes)
            throw new Error(`an answer of more than ${api_maxAnswerBytes} bytes`);
        chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
function faultOf({ status, text }) {
    const fault = faultSchema.safeParse(api_parseJson(text));
    return fault.success ? fault.data : `an answer with status ${status}: ${plainWords(text, 200)}`;
}
function api_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/errors.js






const engineQemu = '`engine: qemu` measures without KVM.';
const sameVersion = 'Snapshots are only loaded by the version that took them, and are not changed by hand: measure again, with one Firecracker, on a disk that keeps what it is given.';
const snapgateBug = 'This is a mistake of snapgate, or a Firecracker that is not what it says: please report it with these lines.';
/**
 * The words of Firecracker's errors (`fault_message`, its log, its stderr) that are known, from the sources of 1.7 to 1.16 and from trying;
 * the first that fits counts.
 */
const knownErrors = [
    {
        pattern: /Error creating KVM object: .*\(os error 13\)/s,
        code: 'host',
        what: 'may not open /dev/kvm',
        remedy: `${kvmForbidden}. ${engineQemu}`,
    },
    {
        pattern: /Error creating KVM object: .*\(os error 2\)/s,
        code: 'host',
        what: 'found no /dev/kvm',
        remedy: `${kvmMissing} ${engineQemu}`,
    },
    {
        pattern: /Error creating KVM object: /,
        code: 'host',
        what: 'could not open /dev/kvm',
        remedy: `Its last lines say why; \`snapgate probe --engine firecracker\` tries it. ${engineQemu}`,
    },
    {
        pattern: /Missing KVM capabilities: /,
        code: 'host',
        what: "lacks capabilities of this machine's KVM",
        remedy: `It needs a KVM of Linux 5.10 or later, not one in software: use another machine. ${engineQemu}`,
    },
    {
        pattern: /invalid KVM API version/,
        code: 'host',
        what: 'found something at /dev/kvm that is no KVM',
        remedy: `Use a machine with (nested) virtualisation. ${engineQemu}`,
    },
    {
        pattern: /Cannot allocate memory \(os error 12\)/,
        code: 'host',
        what: "could not get the guest's memory",
        remedy: 'Lower `memory-size`, or use a machine with more memory.',
    },
    {
        pattern: /Invalid Elf magic number/,
        code: 'image',
        what: 'cannot boot this kernel, which is no ELF',
        remedy: 'It boots an uncompressed vmlinux, not a bzImage: use `kernel: auto`, or name a vmlinux.',
    },
    {
        pattern: /Invalid program header size|Invalid ELF class|Unsupported ELF/i,
        code: 'image',
        what: 'cannot boot this kernel, which is no 64-bit ELF',
        remedy: 'Use `kernel: auto`, or name a vmlinux for x86-64.',
    },
    {
        pattern: /Cannot load kernel due to invalid memory configuration or invalid kernel image|Cannot load initrd/,
        code: 'image',
        what: "could not load the guest's kernel or initrd",
        remedy: 'They may need more room: raise `memory-size`. Else check `kernel` and `initrd`: `auto` works.',
    },
    {
        pattern: /The (kernel|initrd) file cannot be opened/,
        code: 'image',
        what: "could not open the guest's kernel or initrd",
        remedy: 'Check `kernel` and `initrd`, and that this user may read them.',
    },
    {
        pattern: /kernel command line is invalid|Invalid cmdline|longer than the \d+ bytes that the API/,
        code: 'image',
        what: "does not take the kernel's command line",
        remedy: 'It holds 2,048 bytes of ASCII at most, with what Firecracker adds: shorten the entrypoint that it names.',
    },
    {
        pattern: /The number of vCPUs must be/,
        code: 'usage',
        what: 'does not take this number of processors',
        remedy: 'Set `vcpus` to 32 or less.',
    },
    {
        pattern: /The memory size \(MiB\) is either 0/,
        code: 'usage',
        what: 'does not take this size of memory',
        remedy: 'Set `memory-size` to whole MiB.',
    },
    {
        pattern: /Cannot restore hugetlbfs backed snapshot by mapping the memory file/,
        code: 'usage',
        what: 'restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
        remedy: 'Leave huge-pages out: memfile.hugeBytes says what 2 MiB pages would store of the same cycle.',
    },
    {
        pattern: /Invalid data version/,
        code: 'host',
        what: 'cannot load a snapshot that another version took',
        remedy: sameVersion,
    },
    {
        pattern: /CRC64 validation failed|File too short to contain CRC|smaller than CRC length/,
        code: 'host',
        what: "found the snapshot's state file damaged",
        remedy: sameVersion,
    },
    {
        pattern: /Magic value does not match arch/,
        code: 'host',
        what: "found a state file that is none of this processor's architecture",
        remedy: sameVersion,
    },
    {
        pattern: /bitcode serialization|serialization\/deserialization|Snapshot size exceeds limit/,
        code: 'host',
        what: "cannot read the snapshot's state file: it is damaged, or of another version",
        remedy: sameVersion,
    },
    {
        pattern: /Total sum of memory regions exceeds|Failed to load guest memory: /,
        code: 'host',
        what: "could not map the snapshot's memory file: it is missing or too short",
        remedy: sameVersion,
    },
    {
        pattern: /save\/restore unavailable while running/,
        code: 'internal',
        what: 'was asked for a snapshot of a guest that runs',
        remedy: snapgateBug,
    },
    {
        pattern: /Loading a microVM snapshot not allowed after configuring boot-specific resources/,
        code: 'internal',
        what: 'was asked to load a snapshot into a machine that was set up to boot',
        remedy: snapgateBug,
    },
    {
        pattern: /not supported (before|after) starting the microVM/,
        code: 'internal',
        what: 'was asked for something at the wrong time',
        remedy: snapgateBug,
    },
    {
        pattern: /deserializing the json body|Invalid request method and\/or path|Request payload with size/,
        code: 'internal',
        what: 'does not know what it was asked for',
        remedy: `Another version may: 1.7 to 1.16 were tried. ${snapgateBug}`,
    },
    {
        pattern: /Cannot get dirty bitmap/,
        code: 'host',
        what: "cannot tell the guest's dirty pages",
        remedy: `The KVM of this machine does not log them: use another machine. ${engineQemu}`,
    },
    {
        pattern: /Failed to open the API socket|Error binding to the host-side Unix socket|SUN_LEN/,
        code: 'host',
        what: 'could not make its sockets',
        remedy: 'Set `work-dir` to a folder on a local file system.',
    },
    {
        pattern: /Error manipulating the backing file|Invalid block config/,
        code: 'host',
        what: "could not open the guest's disk",
        remedy: 'Its last lines say why. Set `work-dir` to a folder on a local file system.',
    },
    {
        pattern: /KVM failed to emulate an instruction|KVM_EXIT_INTERNAL_ERROR|KVM_EXIT_FAIL_ENTRY|Failure during vcpu run/,
        code: 'host',
        what: "was let down by this machine's KVM, which cannot run this guest",
        remedy: `The host may lack nested virtualisation: use another machine. ${engineQemu}`,
    },
    {
        pattern: /Seccomp error: |seccomp filter/,
        code: 'host',
        what: 'could not set up its system call filter',
        remedy: 'Use a release binary of Firecracker, and a host that allows seccomp.',
    },
];
/** What a Firecracker's exit status means (FcExitCode in src/vmm/src/lib.rs); 0 is the guest's own end. */
const exitStatuses = {
    1: { what: 'gave up', remedy: 'Its last lines say why.' },
    2: { what: 'met what it does not expect', remedy: 'Its last lines say why.' },
    134: { what: 'panicked', remedy: 'Its last lines say why; another version may not.' },
    148: {
        what: 'made a system call that its filter forbids',
        remedy: 'Use a release binary: one built for another C library makes other calls than its filter knows.',
    },
    149: {
        what: 'was ended by SIGBUS',
        remedy: 'The disk below `work-dir` may be full, or a memory file was cut short while it was mapped.',
    },
    150: { what: 'was ended by SIGSEGV', remedy: 'Its last lines may say why; another version may not.' },
    151: { what: 'made a file larger than it may (SIGXFSZ)', remedy: 'Raise the limit: ulimit -f unlimited.' },
    152: { what: 'found its configuration bad', remedy: snapgateBug },
    153: { what: 'does not take its arguments', remedy: snapgateBug },
    154: {
        what: 'used more processor time than it may (SIGXCPU)',
        remedy: 'Raise the limit: ulimit -t unlimited.',
    },
    155: { what: 'was ended by SIGPIPE', remedy: 'Its last lines may say why.' },
    156: { what: 'was ended by SIGHUP', remedy: 'Something ended it from outside: leave its process alone.' },
    157: { what: 'was ended by SIGILL', remedy: 'This processor lacks what the binary was built for.' },
};
const noRoom = /No space left on device \(os error 28\)/;
/** The sentence for words that Firecracker said, where they are known. */
function knownError(said, where) {
    if (noRoom.test(said))
        return fullDiskError(where.dir);
    const known = knownErrors.find(({ pattern }) => pattern.test(said));
    if (known === undefined)
        return undefined;
    return new host_error/* SnapgateError */.yA(known.code, `${where.activity}, Firecracker ${known.what}`, known.remedy, {
        details: { title: 'what Firecracker said', lines: errors_linesOf(said, where.log) },
    });
}
/** The error of a call that was refused. */
function refusalError({ call, fault }, where) {
    const known = knownError(fault, where);
    if (known !== undefined)
        return known;
    return new host_error/* SnapgateError */.yA('host', `Firecracker refused ${call} ${where.activity}: ${plainWords(fault)}`, 'Its last lines may say more; `snapgate probe --engine firecracker` checks what this machine can do.', { details: { title: 'what Firecracker said', lines: errors_linesOf(fault, where.log) } });
}
/** What was said in an answer, then the end of the log; the log alone where that is what was said. */
function errors_linesOf(said, log) {
    return log.length > 0 && said === log.join('\n') ? log.slice(-40) : [said, ...log.slice(-39)];
}
/** The error of a call that was not answered. */
function silenceError({ call, limitMs }, where) {
    return new host_error/* SnapgateError */.yA('host', `Firecracker did not answer ${call} within ${(0,units/* formatDuration */.a3)(limitMs)} ${where.activity}`, 'The machine may be overloaded, or its disk too slow for a snapshot: give snapgate fewer guests at a time, or a faster `work-dir`.', { details: { title: "the end of Firecracker's log", lines: where.log.slice(-40) } });
}
const endTitle = 'last lines of Firecracker and of the console';
/** The error that says why a Firecracker ended, the likeliest cause first. */
function machineEndError(end) {
    const said = consoleError(end);
    if (said !== undefined)
        return said;
    if (end.code === 0)
        return guestEndError(end);
    const known = knownError(end.log.join('\n'), end);
    if (known !== undefined)
        return known;
    const status = end.code === null ? undefined : exitStatuses[end.code];
    const remedy = status?.remedy ??
        'Its last lines say why. SIGKILL usually means that memory ran out; `snapgate probe --engine firecracker` checks what this machine can do.';
    const what = status === undefined ? endOf(end) : `${status.what} (exit status ${end.code})`;
    return new host_error/* SnapgateError */.yA('host', `Firecracker ${what} ${end.activity}`, remedy, {
        details: {
            title: endTitle,
            lines: [...end.log, ...end.console].slice(-40),
        },
    });
}
/** Lines of a kernel that ends, by itself or because it was told to. Firecracker has no way to power off: its process stays. */
const endLines = /reboot: (Power down|System halted|Restarting system)/;
/** Whether a line of the console is the last of a guest that is not coming back. */
function isEndLine(line) {
    return endLines.test(line);
}
/** The error of a guest that reset its machine, or shut itself down. */
function guestEndError(end) {
    const words = end.console.map((line) => endLines.exec(line)?.[1]).findLast((word) => word !== undefined);
    if (words === undefined && end.console.length === 0)
        return guestError(`the machine reset itself ${end.activity}, before its kernel had said anything`, 'The kernel and its initrd may need more room: raise `memory-size`. Else check `kernel`.', end.console);
    const what = words === 'Power down' || words === 'System halted' ? 'powered itself off' : 'rebooted';
    return guestError(`the guest ${what} ${end.activity}`, 'A guest has to stay up until it is paused; the console below may say what ended it.', end.console);
}
/** An error as one line of a table of checks: its sentence, and where that is only an exit status, the last thing that was said. */
function saidOf({ message, details }) {
    const last = details?.title === endTitle ? details.lines.at(-1) : undefined;
    return last === undefined ? message : `${message}: ${plainWords(last)}`;
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/machine-log.js


/** What the log may take on the disk. */
const maxLogBytes = 16 * 1024 ** 2;
const tailBytes = 64 * 1024;
/** Opens it once, before Firecracker starts: a jailed one whose guest has broken out may put a link to any file of the host in its place. */
function openMachineLog(path) {
    let fd = (0,external_node_fs_.openSync)(path, external_node_fs_.constants.O_RDWR | external_node_fs_.constants.O_NOFOLLOW);
    return {
        bound: () => {
            if (fd !== undefined && (0,external_node_fs_.fstatSync)(fd).blocks * 512 > maxLogBytes)
                (0,external_node_fs_.ftruncateSync)(fd, 0);
        },
        lines: () => (fd === undefined ? [] : lastLines(fd)),
        close: () => {
            if (fd !== undefined)
                (0,external_node_fs_.closeSync)(fd);
            fd = undefined;
        },
    };
}
function lastLines(fd) {
    const tail = createOutputTail();
    const buffer = Buffer.alloc(tailBytes);
    const count = (0,external_node_fs_.readSync)(fd, buffer, 0, tailBytes, Math.max(0, (0,external_node_fs_.fstatSync)(fd).size - tailBytes));
    tail.add(buffer.subarray(0, count));
    return tail.lines(30);
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/place.js




/** Names of what a Firecracker makes in its place. */
const socketName = 'api.sock';
const vsockName = 'vsock';
const logName = 'firecracker.log';
/** Logs to a file from its first line on: what is on stdout is then the guest's alone. */
const firecrackerArguments = [
    ...['--api-sock', socketName],
    ...['--log-path', logName, '--level', 'Info', '--show-level'],
];
/** Makes a place in the snapshot's folder `dir`: on the same file system, since files are linked into it. */
function openPlace({ binary, jailer }, dir, id) {
    return jailer === undefined ? plainPlace(binary, dir, id) : jail(binary, jailer, dir, id);
}
function plainPlace(binary, dir, id) {
    const root = (0,external_node_path_.join)(dir, `vm-${id}`);
    (0,external_node_fs_.mkdirSync)(root, { mode: 0o700 });
    return {
        root,
        command: [binary, '--id', id, ...firecrackerArguments],
        mappedAs: (name) => (0,external_node_path_.join)((0,external_node_fs_.realpathSync)(root), name),
        link: (path) => (0,external_node_fs_.linkSync)(path, (0,external_node_path_.join)(root, (0,external_node_path_.basename)(path))),
        bring: (path) => (0,external_node_path_.resolve)(path),
        touch: (name) => (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(root, name), '', { mode: 0o600 }),
        take: (name, path) => takeFile((0,external_node_path_.join)(root, name), path),
        remove: () => (0,external_node_fs_.rmSync)(root, { recursive: true, force: true }),
    };
}
/** Users of this kind are nobody else's (Debian Policy, 9.2.2), and there are as many in a user namespace of 65,536. */
const firstJailUid = 65_000;
const jailUids = 500;
/**
 * The jailer enters a chroot and becomes a user of its own, which clears the signal that setpriv has set for the end of snapgate. So it runs
 * in a process namespace whose first process, a shell, keeps that signal: when the shell ends, the kernel ends all that is in there.
 */
function jail(binary, jailer, dir, id) {
    const base = (0,external_node_path_.join)(dir, `jail-${id}`);
    // As the jailer makes it: BASE/NAME OF THE BINARY/ID/root.
    const root = (0,external_node_path_.join)(base, (0,external_node_path_.basename)((0,external_node_fs_.realpathSync)(binary)), id, 'root');
    (0,external_node_fs_.mkdirSync)(root, { recursive: true, mode: 0o700 });
    const uid = firstJailUid + (0,external_node_crypto_.randomInt)(jailUids);
    const own = (path) => (0,external_node_fs_.lchownSync)(path, uid, uid);
    const inner = [
        ...[jailer, '--id', id, '--exec-file', binary, '--uid', String(uid), '--gid', String(uid)],
        ...['--chroot-base-dir', base, '--', ...firecrackerArguments],
    ];
    // A shell gives what it starts with & an empty input of its own.
    const wait = 'exec 3<&0; "$@" <&3 3<&- & wait "$!"';
    return {
        root,
        command: ['unshare', '--pid', '--fork', '--kill-child=KILL', '--', 'sh', '-c', wait, 'sh', ...inner],
        // In a mount namespace of its own, whose root the kernel names paths from.
        mappedAs: (name) => `/${name}`,
        link: (path) => {
            // Where no jailed process can put something else in its place.
            own(path);
            (0,external_node_fs_.linkSync)(path, (0,external_node_path_.join)(root, (0,external_node_path_.basename)(path)));
        },
        bring: (path, name) => {
            (0,external_node_fs_.copyFileSync)(path, (0,external_node_path_.join)(root, name), external_node_fs_.constants.COPYFILE_EXCL | external_node_fs_.constants.COPYFILE_FICLONE);
            own((0,external_node_path_.join)(root, name));
            return name;
        },
        touch: (name) => {
            (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(root, name), '', { mode: 0o600 });
            own((0,external_node_path_.join)(root, name));
        },
        take: (name, path) => takeFile((0,external_node_path_.join)(root, name), path),
        remove: () => (0,external_node_fs_.rmSync)(base, { recursive: true, force: true }),
    };
}
/** It is looked at where it is then, which nobody else writes to. */
function takeFile(from, path) {
    (0,external_node_fs_.renameSync)(from, path);
    if ((0,external_node_fs_.lstatSync)(path).isFile())
        return;
    (0,external_node_fs_.rmSync)(path, { recursive: true });
    throw new host_error/* SnapgateError */.yA('host', `Firecracker left something at ${(0,external_node_path_.basename)(from)} that is no file`, 'Nothing of it was used. No Firecracker does that: a guest may have broken out of its virtual machine.');
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/machine.js

















/** How long Firecracker may take until its API is there. */
const startMs = 15_000;
/** From the end of the agent to the end of a guest that shuts itself down. */
const shutdownMs = 3_000;
/** How long the guest may take to close its end of the agent's connection. */
const hangUpMs = 1_000;
/** Starts a Firecracker without a machine in it; resolves when its API answers. */
async function startMachine(run, host, spec) {
    run.signal.throwIfAborted();
    const startedAtMs = external_node_perf_hooks_.performance.now();
    const place = openPlace(host, spec.dir, `snapgate-${(0,external_node_crypto_.randomUUID)()}`);
    place.touch(logName);
    const ownLog = openMachineLog((0,external_node_path_.join)(place.root, logName));
    const stdio = [spec.serialInput ?? 'ignore', 'pipe', 'pipe'];
    const [command, ...args] = place.command;
    const child = startProcess(run, command, args, { stdio, detached: true, cwd: place.root });
    const api = openApi((0,external_node_path_.join)(place.root, socketName), host.answerMs);
    const machine = watchMachine({ run, spec, place, ownLog, child, api, startedAtMs });
    try {
        await machine.guard(waitForApi(api, host));
        return machine;
    }
    catch (error) {
        await machine.close();
        throw error;
    }
}
function watchMachine(started) {
    const { run, spec, place, ownLog, child, api, startedAtMs } = started;
    const serial = child.stdout ?? external_node_stream_.Readable.from([]);
    const console = createOutputTail();
    const stderr = createOutputTail();
    serial.on('data', (chunk) => console.add(chunk));
    child.stderr?.on('data', (chunk) => stderr.add(chunk));
    const exit = waitForExit(child);
    const log = () => [...ownLog.lines(), ...stderr.lines(40)].slice(-40);
    const ended = watchEnd({ ...started, serial, console, log, exit });
    const guard = async (work) => {
        try {
            return await Promise.race([work.catch((error) => ended.clarify(error)), ended.failure]);
        }
        catch (error) {
            throw withConsole(error, spec.activity, console.lines(40));
        }
    };
    const agents = [];
    const logWatch = setInterval(() => ownLog.bound(), 1_000).unref();
    const machine = {
        get pid() {
            return child.pid === undefined ? -1 : innermost(child.pid);
        },
        api,
        place,
        serial,
        agent: undefined,
        startedAtMs,
        consoleLines: (count) => console.lines(count),
        guard,
        connectAgent: async (deadlineMs) => {
            const signal = AbortSignal.any([run.signal, ended.signal]);
            const path = (0,external_node_path_.join)(place.root, vsockName);
            const agent = await guard(connectVsock(path, protocol/* agentVsockPort */.ZP, { signal, deadlineMs }));
            agents.push(agent);
            agent.once('close', () => ended.agentClosed(agent));
            return { ...machine, agent };
        },
        hangUp: async () => {
            for (const agent of agents.splice(0))
                await guard(hangUpOn(agent, () => ended.release(agent)));
        },
        close: async () => {
            ended.expect();
            clearInterval(logWatch);
            api.close();
            for (const agent of agents.splice(0))
                agent.destroy();
            killGroup(child);
            await exit.catch(() => { });
            ownLog.close();
            place.remove();
        },
    };
    return machine;
}
function watchEnd(watched) {
    const { run, spec, child, serial, console, log, exit } = watched;
    const { promise: failure, reject } = Promise.withResolvers();
    failure.catch(() => { });
    const over = new AbortController();
    const released = new Set();
    let expected = false;
    const fail = (error) => {
        if (expected)
            return;
        reject(error);
        over.abort(error);
    };
    const { activity, dir } = spec;
    const explain = (code, signal) => machineEndError({ activity, dir, console: console.lines(400), log: log(), code, signal });
    const isLast = (line) => findPanic([line]) !== undefined || isEndLine(line);
    watchConsole(serial, isLast, () => fail(explain(0, null)));
    const abort = () => {
        fail(run.signal.reason);
        killGroup(child);
    };
    run.signal.addEventListener('abort', abort, { once: true });
    exit
        .then(({ code, signal }) => fail(explain(code, signal)))
        .catch(fail)
        .finally(() => run.signal.removeEventListener('abort', abort));
    return {
        failure,
        signal: over.signal,
        expect: () => {
            expected = true;
            over.abort();
        },
        release: (agent) => released.add(agent),
        agentClosed: (agent) => {
            // A guest that shuts down ends its agent first: wait for the better explanation.
            if (!released.has(agent))
                setTimeout(() => fail(agentGone(spec, console.lines(40))), shutdownMs).unref();
        },
        clarify: async (error) => {
            const where = { activity, dir, log: log() };
            if (error instanceof ApiRefusal)
                throw refusalError(error, where);
            if (error instanceof ApiSilence)
                throw silenceError(error, where);
            if (!(error instanceof host_error/* SnapgateError */.yA))
                await Promise.race([failure, (0,promises_.setTimeout)(1_000)]);
            throw error instanceof ApiBreak ? brokenError(error, spec, log()) : error;
        },
    };
}
function agentGone(spec, lines) {
    return guestError(`the snapgate agent in the guest ended ${spec.activity}`, 'Something in the guest ended it, as a shutdown does, or it could not fork for want of memory: the console may say what. Leave the process alone, or raise `memory-size`.', lines);
}
function brokenError({ call, message }, spec, lines) {
    return new host_error/* SnapgateError */.yA('host', `the API of Firecracker broke off at ${call} ${spec.activity}, and its process lives`, 'Its last lines may say why: something that is no Firecracker may answer in its place.', { details: { title: 'last lines of Firecracker', lines: [message, ...lines].slice(0, 40) } });
}
/** Asks until it answers: the socket is made a little after the start. */
async function waitForApi(api, host) {
    const deadlineMs = external_node_perf_hooks_.performance.now() + Math.min(startMs, host.answerMs);
    for (;;) {
        try {
            await api.get('/version', Math.max(1, deadlineMs - external_node_perf_hooks_.performance.now()));
            return;
        }
        catch (error) {
            if (!(error instanceof ApiBreak))
                throw error;
            if (external_node_perf_hooks_.performance.now() > deadlineMs)
                throw new ApiSilence(error.call, startMs);
            await (0,promises_.setTimeout)(5);
        }
    }
}
async function hangUpOn(agent, release) {
    release();
    if (agent.closed)
        return;
    const closed = new Promise((resolve) => agent.once('close', () => resolve()));
    agent.end();
    // Whatever the guest still says is not waited for.
    agent.resume();
    await Promise.race([closed, (0,promises_.setTimeout)(hangUpMs, undefined, { ref: false })]);
    agent.destroy();
}
/** The process that has the guest: the started one, or what it has started, as in a jail: unshare, a shell and the jailer, which becomes Firecracker. */
function innermost(pid) {
    const child = Number(childrenOf(pid).split(' ')[0]);
    return child > 0 ? innermost(child) : pid;
}
/** By number; none of a process that is gone. */
function childrenOf(pid) {
    try {
        return (0,external_node_fs_.readFileSync)(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    }
    catch {
        return '';
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/version.js


/** The first release whose memory snapshots and request bodies are what this engine sends: 1.7 dropped the target version of a snapshot. */
const oldestMinor = 7;
/** Reads `Firecracker v1.16.1`, or only `1.16.1`; undefined for anything else. What follows the three numbers is a builder's own. */
function parseVersion(text) {
    const match = /(?:^|\bv)(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/.exec(text.trim());
    if (match === null)
        return undefined;
    const [, major, minor, patch] = match.map(Number);
    if (major === undefined || minor === undefined || patch === undefined)
        return undefined;
    return { major, minor, patch };
}
/** Why this engine does not drive a release; undefined where it does. Releases newer than any that is known are tried. */
function refusedVersion({ major, minor }) {
    if (major === 1 && minor >= oldestMinor)
        return undefined;
    return major > 1
        ? 'its API is of a major version that snapgate does not know'
        : `it is older than 1.${oldestMinor}.0, the oldest that snapgate drives`;
}
/** Dirty pages are tracked after a load only where this says so; the name changed, and the old one is deprecated (CHANGELOG of 1.13). */
function trackingField({ minor }) {
    return minor >= 13 ? 'track_dirty_pages' : 'enable_diff_snapshots';
}
/** PVH kernels are entered by their ELF note since 1.12; before, any ELF is entered in 64-bit mode. */
function bootsPvh({ minor }) {
    return minor >= 12;
}
/** Where a guest's memory is no more in one piece: the gap for devices below 4 GiB begins there. */
const oneRegionBytes = 3 * 1024 ** 3;
/** @throws SnapgateError `usage` for a guest whose Diff snapshots this release writes to the wrong places */
function requireSoundDiffs({ minor }, memoryBytes) {
    if (minor >= 15 || memoryBytes <= oneRegionBytes)
        return;
    throw new host_error/* SnapgateError */.yA('usage', `Firecracker before 1.15 writes corrupt Diff snapshots of guests over 3 GiB, and this guest has ${(0,units/* formatBytes */.z3)(memoryBytes)}`, 'Lower `memory-size`, or use Firecracker 1.15 or later.');
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/resume.js






/** Loads a snapshot, whose disk for machines is ready, into a fresh Firecracker, dirty pages tracked; the guest is paused. The caller closes it. */
async function loadSnapshot(run, host, snapshot, { activity, serialInput }) {
    const { dir, hasDisk } = snapshot;
    const machine = await startMachine(run, host, { dir, activity, serialInput });
    try {
        for (const path of [snapshot_memoryPathOf(dir), statePathOf(dir), ...(hasDisk ? [snapshot_diskPathOf(dir)] : [])])
            machine.place.link(path);
        const load = {
            snapshot_path: stateName,
            mem_backend: { backend_type: 'File', backend_path: memoryName },
            resume_vm: false,
            // Not stored in a snapshot: without it the next Diff would be guessed from the page cache.
            [trackingField(host.version)]: true,
        };
        await machine.guard(machine.api.put('/snapshot/load', load));
        return machine;
    }
    catch (error) {
        await machine.close();
        throw error;
    }
}
/** Takes a Diff into the machine's place, of a guest that is paused: the files `diff` and `state.next`. */
async function takeDiff(machine, { memoryBytes }, host) {
    const create = { snapshot_type: 'Diff', snapshot_path: nextStateName, mem_file_path: diffName };
    await machine.guard(machine.api.put('/snapshot/create', create, snapshotLimitMs(host, memoryBytes)));
}
/** A whole memory may be written and synchronised to a slow disk: 20 MB/s. */
function snapshotLimitMs({ answerMs }, memoryBytes) {
    return answerMs + memoryBytes / 20_000;
}
/** Pages of the memory file that the machine's process has private copies of. */
function writtenByProcess(machine, { dir, memoryBytes }) {
    try {
        return readWrittenPages({
            pid: machine.pid,
            ramPath: snapshot_memoryPathOf(dir),
            ramBytes: memoryBytes,
            mappedAs: machine.place.mappedAs(memoryName),
        });
    }
    catch (error) {
        return { unreadable: (0,host_error/* errnoOf */.UQ)(error) ?? (0,host_error/* messageOf */.bD)(error) };
    }
}
/** Lets a paused guest run; ms since the start of its process. */
async function resume(machine) {
    await machine.guard(machine.api.patch('/vm', { state: 'Resumed' }));
    return external_node_perf_hooks_.performance.now() - machine.startedAtMs;
}
async function pause(machine) {
    await machine.guard(machine.api.patch('/vm', { state: 'Paused' }));
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/self-check.js
/**
 * A sentence on how the two disagree, without its full stop; undefined where they agree.
 *
 * They agree to the page but for one thing: Firecracker marks the whole rings of each active virtqueue as dirty when it loads a snapshot (`Queue::initialize` in
 * src/vmm/src/devices/virtio/queue.rs, since 1.10: it then writes to them through a pointer) and after it has taken one (`mark_virtio_queue_memory_dirty`), whether
 * anything is written there or not. The Diff of a guest that was loaded and not resumed, the floor, holds exactly those pages. What Firecracker and the host do write
 * (VMGenID and VMClock on load, kvmclock, the vsock's reset on a snapshot, used rings) is in both counts.
 */
function disagreement({ diff, pagemap, floor }) {
    if ('unreadable' in pagemap)
        return `Firecracker's Diff could not be held against the pagemap of its process: ${pagemap.unreadable}`;
    const missing = without(pagemap, diff);
    const unexplained = without(without(diff, pagemap), floor);
    if (missing.length === 0 && unexplained.length === 0)
        return undefined;
    return [
        `Firecracker's Diff holds ${diff.length} pages, and its process has written ${pagemap.length}`,
        ...(missing.length === 0
            ? []
            : [`${missing.length} that it has written are not in the Diff (${some(missing)})`]),
        ...(unexplained.length === 0
            ? []
            : [`${unexplained.length} in the Diff were not written and are no rings (${some(unexplained)})`]),
    ].join('; ');
}
/** Both ascending. */
function without(pages, others) {
    const left = new Uint32Array(pages.length);
    let length = 0;
    let at = 0;
    for (const page of pages) {
        while (at < others.length && (others[at] ?? 0) < page)
            at += 1;
        if (others[at] === page)
            continue;
        left[length] = page;
        length += 1;
    }
    return left.subarray(0, length);
}
const shownPages = 5;
function some(pages) {
    const shown = [...pages.subarray(0, shownPages)].map((page) => `0x${page.toString(16)}`);
    return `pages ${shown.join(', ')}${pages.length > shownPages ? ', …' : ''}`;
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/floor.js








/**
 * What Firecracker itself writes in a cycle, or says that it has: a Diff of the snapshot loaded and not resumed. Rings of active
 * virtqueues, VMGenID, VMClock, kvmclock, vsock's reset. In a process that has loaded, not the one that has booted: 1.7 does not clear
 * its bitmaps after a Full.
 */
async function measureFloor(run, host, snapshot) {
    if (snapshot.hasDisk)
        await readyDisk(run, snapshot.dir);
    const loaded = { ...snapshot, floor: new Uint32Array() };
    const machine = await loadSnapshot(run, host, loaded, { activity: 'while its own floor was measured' });
    try {
        await takeDiff(machine, loaded, host);
        machine.place.take(diffName, diffPathOf(snapshot.dir));
        const pages = await pagesOfDiff(run, diffPathOf(snapshot.dir));
        // Every page of the Diff is the floor's: only what was written and is not in it can disagree.
        const disagrees = disagreement({ diff: pages, pagemap: writtenByProcess(machine, loaded), floor: pages });
        const said = `Firecracker itself writes ${pages.length} pages (${(0,units/* formatBytes */.z3)(pages.length * pageBytes)}) in a cycle without the guest running`;
        if (disagrees !== undefined)
            run.log.warning(`before the guest has run: ${disagrees}`);
        return {
            pages,
            notes: [said, ...(disagrees === undefined ? [] : [`before the guest has run: ${disagrees}`])],
        };
    }
    finally {
        await machine.close();
        (0,external_node_fs_.rmSync)(diffPathOf(snapshot.dir), { force: true });
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/boot.js












const kernelNeeds = 'A kernel needs virtio-mmio, virtio-blk and virtio-vsock (`kernel: auto` has them)';
/** Boots the image and pauses it when it has settled: the base snapshot, in `dir`. */
async function bootToSnapshot(run, host, image, options, dir) {
    await copySparse(run, image.rootfsPath, snapshot_diskPathOf(dir));
    const machine = await powerOn(run, host, {
        dir,
        memoryBytes: options.memoryBytes,
        vcpus: options.vcpus,
        kernelPath: image.kernelPath,
        initrdPath: image.initrdPath,
        bootArgs: ['console=ttyS0', 'reboot=k', 'panic=-1', ...image.kernelArgs].join(' '),
        hasDisk: true,
        activity: 'while it booted',
    });
    try {
        const vm = await connectBooting(machine, options);
        const times = await waitForGuest(run, vm, options, kernelNeeds);
        await machine.hangUp();
        const parts = await takeBase(machine, host, dir, options.memoryBytes, true);
        await machine.close();
        const { pages, notes } = await measureFloor(run, host, parts);
        return { snapshot: { ...parts, floor: pages }, notes, ...times };
    }
    finally {
        await machine.close();
    }
}
/** Where the guest does not listen in time, its console says how far its start came. */
async function connectBooting(machine, { bootTimeoutMs }) {
    const deadlineMs = machine.startedAtMs + bootTimeoutMs;
    try {
        return await machine.connectAgent(deadlineMs);
    }
    catch (error) {
        if (!(error instanceof host_error/* SnapgateError */.yA) || error.code !== 'guest' || external_node_perf_hooks_.performance.now() + 1_000 < deadlineMs)
            throw error;
        const limit = (0,units/* formatDuration */.a3)(bootTimeoutMs);
        const console = machine.consoleLines(40);
        if (console.length > 0)
            throw guestError(`the guest's agent said nothing within ${limit} of its start`, `The console shows how far the start came. ${kernelNeeds}; a slow start needs a longer \`boot-timeout\`.`, console);
        throw guestError(`the guest's kernel said nothing within ${limit} of its start`, 'It may have no serial console (`kernel: auto` has one); or the KVM of this machine, one in software, does not run it: use another machine, or `engine: qemu`.', console);
    }
}
/** Starts a machine that boots. The caller closes it. */
async function powerOn(run, host, spec) {
    const memoryMib = spec.memoryBytes / 1024 ** 2;
    if (!Number.isInteger(memoryMib))
        throw new host_error/* SnapgateError */.yA('usage', `Firecracker takes whole MiB of memory, and not ${(0,units/* formatBytes */.z3)(spec.memoryBytes)} (${spec.memoryBytes} bytes)`, 'Set `memory-size` to whole MiB.');
    requireSoundDiffs(host.version, spec.memoryBytes);
    const { dir, activity, serialInput } = spec;
    const machine = await startMachine(run, host, { dir, activity, serialInput });
    try {
        await machine.guard(configure(machine, spec, memoryMib));
        return machine;
    }
    catch (error) {
        await machine.close();
        throw error;
    }
}
/** The guest gets what it needs and no more: each further device is more state to save and more rings that are dirty in each Diff. */
async function configure({ api, place }, spec, memoryMib) {
    const { vcpus, kernelPath, initrdPath, bootArgs } = spec;
    await api.put('/machine-config', {
        vcpu_count: vcpus,
        mem_size_mib: memoryMib,
        smt: false,
        track_dirty_pages: true,
    });
    await api.put('/boot-source', {
        kernel_image_path: place.bring(kernelPath, 'kernel'),
        boot_args: bootArgs,
        ...(initrdPath === undefined ? {} : { initrd_path: place.bring(initrdPath, 'initrd') }),
    });
    if (spec.hasDisk) {
        place.link(snapshot_diskPathOf(spec.dir));
        await api.put('/drives/root', {
            drive_id: 'root',
            path_on_host: diskName,
            is_root_device: true,
            is_read_only: false,
        });
        await api.put('/vsock', { guest_cid: 3, uds_path: vsockName });
    }
    await api.put('/actions', { action_type: 'InstanceStart' });
}
/** Pauses a guest that was booted, and takes the Full snapshot that its chain begins with, in `dir`. */
async function takeBase(machine, host, dir, memoryBytes, hasDisk) {
    await pause(machine);
    const create = { snapshot_type: 'Full', snapshot_path: stateName, mem_file_path: memoryName };
    await machine.guard(machine.api.put('/snapshot/create', create, snapshotLimitMs(host, memoryBytes)));
    machine.place.take(stateName, statePathOf(dir));
    machine.place.take(memoryName, snapshot_memoryPathOf(dir));
    if (hasDisk)
        (0,external_node_fs_.renameSync)(snapshot_diskPathOf(dir), keptDiskPathOf(dir));
    return { dir, memoryBytes, hasDisk };
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/errors.js
var errors = __webpack_require__(961);
;// CONCATENATED MODULE: ./lib/host/publish.js



/**
 * Renames a whole folder into place. What is in it is on the disk before, so that a power cut leaves no files there that are empty and trusted for good.
 * Where another run was first, what it has put there stays, and the folder where it was.
 */
function publish_publish(dir, path) {
    for (const item of (0,external_node_fs_.readdirSync)(dir, { recursive: true, withFileTypes: true }))
        if (item.isFile() || item.isDirectory())
            settle((0,external_node_path_.join)(item.parentPath, item.name));
    settle(dir);
    try {
        (0,external_node_fs_.renameSync)(dir, path);
    }
    catch (error) {
        if (!['ENOTEMPTY', 'EEXIST'].includes((0,host_error/* errnoOf */.UQ)(error) ?? ''))
            throw error;
    }
}
function settle(path) {
    const fd = (0,external_node_fs_.openSync)(path, 'r');
    try {
        (0,external_node_fs_.fsyncSync)(fd);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/release.js







/** Names the address that releases are below, for a mirror of them: `BASE/v1.12.1/firecracker-v1.12.1-x86_64.tgz` and its `.sha256.txt`. */
const releasesVariable = 'SNAPGATE_FIRECRACKER_RELEASES';
const releases = 'https://github.com/firecracker-microvm/firecracker/releases/download';
const maxArchiveBytes = 256 * 1024 ** 2;
const maxBinaryBytes = 128 * 1024 ** 2;
const maxChecksumBytes = 4096;
const limitMs = 300_000;
const maxRedirects = 5;
/**
 * The binary of a release, its jailer beside it: from the runner's tool cache (as @actions/tool-cache lays it out), from snapgate's own cache, or
 * downloaded into that, its checksum verified.
 *
 * @param version three numbers, such as `1.12.1`
 * @throws SnapgateError `host` where there is no such release, no network, or the archive is not what its checksum says
 */
async function releaseBinary(run, version) {
    if (process.arch !== 'x64')
        throw new host_error/* SnapgateError */.yA('host', `releases of Firecracker are fetched for x86-64, and this machine is ${process.arch}`, 'Run this on an x86-64 machine.');
    const dir = (0,external_node_path_.join)(run.cacheDir, `firecracker-${version}-x86_64`);
    const known = findInToolCache(version) ?? findIn(dir, version);
    if (known !== undefined)
        return known;
    run.log.info(`downloading Firecracker ${version}`);
    const temporary = (0,external_node_path_.join)(run.cacheDir, `tmp-firecracker-${run.id}-${(0,external_node_crypto_.randomUUID)()}`);
    run.ledger.add({ kind: 'path', path: temporary });
    (0,external_node_fs_.mkdirSync)(temporary, { recursive: true, mode: 0o700 });
    try {
        await fetchRelease(run, version, temporary);
        publish_publish(temporary, dir);
    }
    finally {
        (0,external_node_fs_.rmSync)(temporary, { recursive: true, force: true });
    }
    const binary = findIn(dir, version);
    if (binary !== undefined)
        return binary;
    throw new Error(`the release in ${dir} is gone`);
}
const folderOf = (version) => `release-v${version}-x86_64`;
const fileOf = (name, version) => `${name}-v${version}-x86_64`;
/** `DIR/firecracker/1.12.1/x64`, whole where `x64.complete` stands beside it. */
function findInToolCache(version) {
    const root = process.env['RUNNER_TOOL_CACHE'];
    if (root === undefined || root === '')
        return undefined;
    const dir = (0,external_node_path_.join)(root, 'firecracker', version, 'x64');
    return (0,external_node_fs_.existsSync)(`${dir}.complete`) ? findIn(dir, version) : undefined;
}
/** As the archive has it, with its folder or without, or under its bare name. */
function findIn(dir, version) {
    const name = fileOf('firecracker', version);
    const paths = [(0,external_node_path_.join)(dir, folderOf(version), name), (0,external_node_path_.join)(dir, name), (0,external_node_path_.join)(dir, 'firecracker')];
    return paths.find((path) => (0,external_node_fs_.existsSync)(path));
}
async function fetchRelease(run, version, dir) {
    const archive = `${fileOf('firecracker', version)}.tgz`;
    const address = `${baseAddress()}/v${version}/${archive}`;
    const checksum = await fetchChecksum(run, `${address}.sha256.txt`, version);
    const path = (0,external_node_path_.join)(dir, archive);
    const found = await fetchFile(run, address, version, path);
    if (found !== checksum)
        throw new host_error/* SnapgateError */.yA('host', `${address} has the SHA-256 ${found}, and its checksum file says ${checksum}`, 'Nothing of it was used. Try again; if it stays so, ask whoever runs the mirror.');
    const members = ['firecracker', 'jailer'].map((name) => `${folderOf(version)}/${fileOf(name, version)}`);
    const unpack = ['tar', '--extract', '--gzip', '--no-same-owner', `--directory=${dir}`, `--file=${path}`];
    await mustRun(run, 'prlimit', [`--fsize=${maxBinaryBytes}`, '--', ...unpack, '--', ...members], {
        timeoutMs: limitMs,
    });
    for (const member of members)
        makeExecutable((0,external_node_path_.join)(dir, member), address);
    (0,external_node_fs_.rmSync)(path);
}
/** Not what a link in the archive leads to. */
function makeExecutable(path, address) {
    if (!(0,external_node_fs_.lstatSync)(path).isFile())
        throw new host_error/* SnapgateError */.yA('host', `${(0,external_node_path_.basename)(path)} in ${address} is no file`, 'Nothing of it was used. Ask whoever runs the mirror.');
    (0,external_node_fs_.chmodSync)(path, 0o755);
}
function baseAddress() {
    const given = process.env[releasesVariable];
    if (given === undefined || given === '')
        return releases;
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url !== undefined && isSafe(url))
        return given.replace(/\/+$/, '');
    throw new host_error/* SnapgateError */.yA('usage', `${releasesVariable} is no address that a binary is fetched from`, 'Give one that begins with https://, with no user or password in it, which would be in logs.');
}
/** Plain HTTP only to this machine, where a test or a proxy of the user's listens. Addresses are printed: none with a password. */
function isSafe({ protocol, hostname, username, password }) {
    if (username !== '' || password !== '')
        return false;
    return (protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)));
}
/** `HASH  NAME`, one line. */
async function fetchChecksum(run, address, version) {
    const chunks = [];
    await fetchInto(run, address, version, maxChecksumBytes, (chunk) => chunks.push(chunk));
    const checksum = /^([0-9a-f]{64})(?:\s|$)/i.exec(Buffer.concat(chunks).toString('latin1').trim())?.[1];
    if (checksum !== undefined)
        return checksum.toLowerCase();
    throw new host_error/* SnapgateError */.yA('host', `${address} holds no SHA-256`, 'Ask whoever runs the mirror.');
}
/** Writes the file; its SHA-256. */
async function fetchFile(run, address, version, path) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    const fd = (0,external_node_fs_.openSync)(path, 'wx', 0o600);
    try {
        await fetchInto(run, address, version, maxArchiveBytes, (chunk) => {
            hash.update(chunk);
            for (let at = 0; at < chunk.length;)
                at += (0,external_node_fs_.writeSync)(fd, chunk, at);
        });
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
    return hash.digest('hex');
}
async function fetchInto(run, address, version, maxBytes, onChunk) {
    const late = AbortSignal.timeout(limitMs);
    try {
        const response = await release_follow(address, AbortSignal.any([run.signal, late]));
        if (response.status === 404)
            throw noRelease(address, version);
        if (!response.ok || response.body === null)
            throw refused(address, `the answer is ${response.status}`);
        let bytes = 0;
        for await (const chunk of response.body) {
            bytes += chunk.length;
            if (bytes > maxBytes)
                throw refused(address, `it is larger than ${(0,units/* formatBytes */.z3)(maxBytes)}`);
            onChunk(chunk);
        }
    }
    catch (error) {
        run.signal.throwIfAborted();
        if (error instanceof host_error/* SnapgateError */.yA || (0,host_error/* errnoOf */.UQ)(error) === 'ENOSPC')
            throw error;
        if (late.aborted)
            throw refused(address, `it took longer than ${(0,units/* formatDuration */.a3)(limitMs)}`);
        throw refused(address, reasonOf(error));
    }
}
/** GitHub sends on to where it stores files. Each address is looked at before it is asked. */
async function release_follow(address, signal) {
    let at = new URL(address);
    for (let hop = 0; hop < maxRedirects; hop += 1) {
        if (!isSafe(at))
            throw refused(address, `it leads to ${at.origin}`);
        const response = await fetch(at, { signal, redirect: 'manual' });
        const next = response.headers.get('location');
        if (response.status < 300 || response.status > 399 || next === null)
            return response;
        await response.body?.cancel();
        at = new URL(next, at);
    }
    throw refused(address, `it leads on more than ${maxRedirects} times`);
}
/** What fetch throws says `fetch failed`, and why in its cause. */
function reasonOf(error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return (0,host_error/* errnoOf */.UQ)(cause) ?? (0,host_error/* messageOf */.bD)(cause);
}
function noRelease(address, version) {
    return new host_error/* SnapgateError */.yA('host', `there is no release ${version} of Firecracker for x86-64 at ${address}`, 'https://github.com/firecracker-microvm/firecracker/releases has them all.');
}
function refused(address, why) {
    return new host_error/* SnapgateError */.yA('host', `${address} cannot be fetched: ${why}`, `Check the network and its proxy; or put Firecracker into the image of the runner and give firecracker-binary, or a mirror's address in ${releasesVariable}.`);
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/binary.js







/**
 * The Firecracker that the settings name: a path below the checkout, a command on the PATH, or a release.
 *
 * @throws SnapgateError `host` where there is none, or none that this engine drives
 */
async function findFirecracker(run, settings, checkout) {
    const path = settings.version === undefined
        ? findBinary(settings.binary, checkout)
        : await releaseBinary(run, settings.version);
    return askVersion(run, path, 'Firecracker');
}
/** The jailer of a Firecracker: the one beside it that is named alike, or else on the PATH. Of the same release, since the two are made for each other. */
async function findJailer(run, firecracker) {
    const path = (0,external_node_fs_.realpathSync)(firecracker.path);
    const beside = (0,external_node_path_.join)((0,external_node_path_.dirname)(path), (0,external_node_path_.basename)(path).replace('firecracker', 'jailer'));
    const found = beside !== path && isExecutable(beside) ? beside : findCommand('jailer');
    if (found === undefined)
        throw new host_error/* SnapgateError */.yA('host', `there is no jailer beside ${path}, nor on the PATH`, 'Put the jailer of the same release there: its archive holds both.');
    const jailer = await askVersion(run, found, 'the jailer');
    const differs = ['major', 'minor', 'patch'].some((part) => jailer.version[part] !== firecracker.version[part]);
    if (!differs)
        return jailer;
    throw new host_error/* SnapgateError */.yA('host', `${found} says ${jailer.said}, and ${path} says ${firecracker.said}`, 'Use a Firecracker and a jailer of the same release.');
}
function findBinary(name, checkout) {
    const path = name.includes('/') ? (0,external_node_path_.resolve)(checkout, name) : findCommand(name);
    if (path !== undefined && isExecutable(path))
        return path;
    const there = path !== undefined && (0,external_node_fs_.existsSync)(path);
    throw new host_error/* SnapgateError */.yA('host', there ? `${path} cannot be run` : `there is no ${name}${name.includes('/') ? '' : ' on the PATH'}`, there
        ? 'chmod +x makes it a program for its owner.'
        : 'Give firecracker-version, such as 1.12.1, for a release that is downloaded, or firecracker-binary, the path of one.');
}
const binary_answerMs = 10_000;
async function askVersion(run, path, what) {
    const { code, stdout, tail } = await runCommand(run, path, ['--version'], { timeoutMs: binary_answerMs });
    const said = plainWords(stdout.slice(0, 200).split('\n')[0] ?? '', 60);
    const version = code === 0 ? parseVersion(said) : undefined;
    if (version === undefined)
        throw new host_error/* SnapgateError */.yA('host', `${path} does not say which ${what} it is`, 'Name a binary of a release: `--version` must print its version.', { details: { title: `last lines of ${(0,external_node_path_.basename)(path)} --version`, lines: tail.slice(-10) } });
    const refused = refusedVersion(version);
    if (refused === undefined)
        return { path, version, said };
    throw new host_error/* SnapgateError */.yA('host', `${path} says ${said}: ${refused}`, 'Use a release of Firecracker from 1.7.0 on.');
}

;// CONCATENATED MODULE: ./lib/engine/vm/qemu-command.js
/** Of engine qemu, and of the probe of KVM where Firecracker cannot boot its guest. */
const qemuCommand = 'qemu-system-x86_64';
/** The machine of every guest of QEMU's; part of the fingerprint, since it decides what the devices dirty. */
const defaultMachine = 'q35';

;// CONCATENATED MODULE: ./lib/engine/vm/kvm-probe/guest.js
/** Exit status of QEMU when the guest did all that it should: its word 0x10, as isa-debug-exit encodes it. */
const probePassedStatus = 33;
/** The I/O port that the guest leaves by. */
const probeExitPort = 0xf4;
/** guest.elf in base64: what guest.S says how to build. A test builds it and compares. */
const probeGuestBase64 = [
    'f0VMRgEBAQAAAAAAAAAAAAIAAwABAAAAAAAQADQAAABYAgAAAAAAADQAIAACACgABQAEAAEAAACAAAAAAAAQAAAAEAC0AQAAtAEAAAcA',
    'AAAQAAAABAAAAKQBAAAkARAAJAEQABQAAAAUAAAABAAAAAQAAAAAAAAAAAAAAAAAAAD6/LwAYCAAxwUAACAAAxAgAMcFABAgAAMgIAC4',
    'gwAAAL8AICAAuQACAACJBwUAACAAg8cI4vQPIOANIAYAAA8i4LgAACAADyLYuYAAAMAPMg0AAQAADzC4MwABgA8iwA8BFVgBEADqbQAQ',
    'AAgAuBAAAACO2I7AjtC/YAEQALgeARAAZolHMMHoEGaJRza4oAEQAA8BGDH2zIP+AXV3uQEBAMAx0rgAEAAADzAPAfgPAfgPMj0AEAAA',
    'dVq4AQAAAA+iD7rhGnMyDyDgSA0AAAQADyLgMckPAdCDyAMPAdG4AwAAADHSvwAwIABID64nuAMAAAAx0kgPri+5gJaYAP/JdfwPINgP',
    'Iti6+AMAALBL7rAQ5vS4qgEQAA8BGA8L/8ZIzwAABAAAAAQAAAASAAAAWGVuAAAAEAAAAAAAAAAAAAAAAAAAAAAA//8AAACarwD//wAA',
    'AJLPABcAQAEQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAACOAAAAAAAAAAAAAD8A',
    'YAEQAAAAAAAAAAAAAAAAAAAAAC5zaHN0cnRhYgAudGV4dAAubm90ZS5wdmgALmRhdGEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAsAAAABAAAABgAAAAAAEACAAAAAIgEAAAAAAAAAAAAAAQAAAAAAAAARAAAABwAAAAIAAAAkARAApAEAABQA',
    'AAAAAAAAAAAAAAQAAAAAAAAAGwAAAAEAAAADAAAAQAEQAMABAAB0AAAAAAAAAAAAAAAQAAAAAAAAAAEAAAADAAAAAAAAAAAAAAA0AgAA',
    'IQAAAAAAAAAAAAAAAQAAAAAAAAA=',
].join('');

;// CONCATENATED MODULE: ./lib/engine/vm/kvm-probe/boots.js







/** A working KVM needs a tenth of it, an emulated one minutes. */
const boots_limitMs = 1_000;
async function probeKvm(run, device = kvmDevice) {
    return checkDevice(device, brokenRemedy) ?? (await bootsGuest(run, 'kvm', 'host'));
}
/** Whether the probe's guest runs to its end under an accelerator with a CPU model. */
async function bootsGuest(run, accelerator, cpu) {
    const kernel = (0,external_node_path_.join)(run.dir, `kvm-probe-${accelerator}.elf`);
    (0,external_node_fs_.writeFileSync)(kernel, Buffer.from(probeGuestBase64, 'base64'), { mode: 0o600 });
    try {
        const result = await runCommand(run, qemuCommand, probeArguments(kernel, accelerator, cpu), {
            timeoutMs: boots_limitMs,
            // Where QEMU may leave a core file.
            cwd: run.dir,
        });
        if (result.code === probePassedStatus)
            return { ok: true };
        const said = result.tail.find((line) => /error|fail|could not/i.test(line)) ?? result.tail.at(-1);
        return { ok: false, reason: failure(result, said), remedy: brokenRemedy };
    }
    finally {
        (0,external_node_fs_.rmSync)(kernel, { force: true });
    }
}
const brokenRemedy = `${noNesting}, or \`accel: tcg\`, which works everywhere, slower.`;
function failure(result, said) {
    if (result.timedOut)
        return `a tiny guest did not come to its end under KVM within ${boots_limitMs / 1000} s`;
    if (result.code === 0)
        return 'a tiny guest crashed under KVM';
    return `QEMU ${endOf(result)} under KVM${said === undefined ? '' : `: ${plainWords(said.replace(/^qemu-system-x86_64: /, ''))}`}`;
}
function probeArguments(kernel, accelerator, cpu) {
    return [
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-m', '64M'],
        ...['-machine', `${defaultMachine},usb=off,sata=off,smbus=off,vmport=off`],
        ...['-accel', accelerator, '-cpu', cpu, '-kernel', kernel],
        ...['-device', `isa-debug-exit,iobase=${probeExitPort},iosize=1`],
    ];
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/kvm-guest.js

/** The sizes of elf(5)'s headers. */
const elf32 = { header: 52, program: 32 };
const elf64 = { header: 64, program: 56 };
/** The guest of ../vm/kvm-probe/guest.S as a 64-bit ELF, which is all that Firecracker loads; its code stays what it is. */
function kvmGuest64() {
    const source = Buffer.from(probeGuestBase64, 'base64');
    const programs = source.readUInt16LE(44);
    const contentAt = elf64.header + programs * elf64.program;
    const content = source.subarray(elf32.header + programs * elf32.program);
    const moved = contentAt - (elf32.header + programs * elf32.program);
    const file = Buffer.alloc(contentAt + content.length);
    writeHeader(file, source.readUInt32LE(24), programs);
    for (let index = 0; index < programs; index += 1)
        moveProgram(source, elf32.header + index * elf32.program, file, elf64.header + index * elf64.program, moved);
    content.copy(file, contentAt);
    return file;
}
function writeHeader(file, entry, programs) {
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
    // ET_EXEC, EM_X86_64, version 1.
    file.writeUInt16LE(2, 16);
    file.writeUInt16LE(62, 18);
    file.writeUInt32LE(1, 20);
    file.writeBigUInt64LE(BigInt(entry), 24);
    file.writeBigUInt64LE(BigInt(elf64.header), 32);
    file.writeUInt16LE(elf64.header, 52);
    file.writeUInt16LE(elf64.program, 54);
    file.writeUInt16LE(programs, 56);
}
/** Elf32_Phdr is type, offset, vaddr, paddr, filesz, memsz, flags, align; Elf64_Phdr has the flags behind the type. */
function moveProgram(source, from, file, to, moved) {
    const field = (index) => source.readUInt32LE(from + index * 4);
    file.writeUInt32LE(field(0), to);
    file.writeUInt32LE(field(6), to + 4);
    const wide = [field(1) + moved, field(2), field(3), field(4), field(5), field(7)];
    wide.forEach((value, index) => {
        file.writeBigUInt64LE(BigInt(value), to + 8 + index * 8);
    });
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/kvm-probe.js













/** A working KVM needs ten milliseconds, an emulated one minutes. */
const kvm_probe_limitMs = 5_000;
const remedy = 'Firecracker needs KVM, and has no way to emulate. The host may lack nested virtualisation: use a machine whose type has it, or `engine: qemu`, which works everywhere, slower.';
/**
 * Whether guests run under KVM here: by a tiny one in Firecracker itself, or, where that is too old to boot it, in a QEMU if there is one.
 */
async function proveKvm(run, host, device) {
    const closed = checkDevice(device);
    if (closed !== undefined)
        return { verdict: { ...closed, remedy: `${closed.remedy} ${remedy}` }, found: '' };
    if (bootsPvh(host.version))
        return { verdict: await kvm_probe_bootsGuest(run, host), found: 'boots a guest' };
    if (hasCommand(qemuCommand))
        return { verdict: await probeKvm(run, device), found: 'boots a guest, in QEMU' };
    return { verdict: { ok: true }, found: 'opens; whether a guest boots only an image will tell' };
}
async function kvm_probe_bootsGuest(run, host) {
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'kvm-'));
    const kernelPath = (0,external_node_path_.join)(dir, 'kernel.elf');
    (0,external_node_fs_.writeFileSync)(kernelPath, kvmGuest64(), { mode: 0o600 });
    try {
        const said = await firstWord(run, host, dir, kernelPath);
        return said === 'K' ? { ok: true } : { ok: false, reason: said, remedy };
    }
    catch (error) {
        run.signal.throwIfAborted();
        if (!(error instanceof host_error/* SnapgateError */.yA))
            throw error;
        // An end before its word is the guest's: a triple fault.
        const reason = error.code === 'guest' ? 'a tiny guest crashed under KVM' : saidOf(error);
        return { ok: false, reason, remedy: error.code === 'guest' ? remedy : error.remedy };
    }
    finally {
        (0,external_node_fs_.rmSync)(dir, { recursive: true, force: true });
    }
}
/** `K`, or why it was not said. */
async function firstWord(run, host, dir, kernelPath) {
    const machine = await powerOn(run, host, {
        dir,
        memoryBytes: 64 * 1024 ** 2,
        vcpus: 1,
        kernelPath,
        initrdPath: undefined,
        bootArgs: 'console=ttyS0',
        hasDisk: false,
        activity: 'in the test of /dev/kvm',
    });
    try {
        // It ends right after its word.
        const heard = () => machine.consoleLines(400).includes('K');
        const end = machine.guard((0,promises_.setTimeout)(kvm_probe_limitMs, false, { signal: run.signal })).catch((error) => {
            if (heard())
                return true;
            throw error;
        });
        const listening = Promise.withResolvers();
        machine.serial.on('data', () => heard() && listening.resolve(true));
        if (heard() || (await Promise.race([end, listening.promise])))
            return 'K';
        return `a tiny guest did not come to its end under KVM within ${(0,units/* formatDuration */.a3)(kvm_probe_limitMs)}`;
    }
    finally {
        await machine.close();
    }
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/probe.js











const probe_answerMs = 60_000;
/** What this host can do. Takes a tenth of a second; longer where a release is downloaded, or KVM does not work. */
async function probe_probeHost(run, settings, checkout, options) {
    const others = [
        ...neededCommands(settings).map((name) => commandCheck(name, true)),
        ...imageChecks(),
        memoryCheck(),
    ];
    const binary = await attempt('Firecracker', () => findFirecracker(run, settings, checkout));
    const jailer = settings.jailer && binary.value !== undefined ? await checkJailer(run, binary.value) : undefined;
    const found = [binary.check, ...(jailer?.checks ?? [])];
    // Nothing is started without setpriv and what else is needed.
    const ready = allOk([...found, ...others]);
    const started = binary.value !== undefined && ready
        ? await startOnce(run, hostOf(binary.value, jailer?.path, options.answerMs))
        : undefined;
    const kvm = started?.host === undefined ? [] : [await checkKvm(run, started.host, options.device ?? kvmDevice)];
    const checks = [...found, ...(started?.checks ?? []), ...kvm, ...others];
    const ok = started?.host !== undefined && allOk(checks);
    return {
        report: { ok, checks, identity: ok ? identityOf(started.host) : undefined, fallback: undefined },
        host: ok ? started.host : undefined,
    };
}
/** Perl reads where a Diff has data, in each cycle; a release is an archive that is unpacked. */
function neededCommands({ version }) {
    return ['setpriv', 'perl', ...(version === undefined ? [] : ['tar', 'prlimit'])];
}
function hostOf({ path, version, said }, jailer, limitMs = probe_answerMs) {
    return { binary: path, version, said, jailer, answerMs: limitMs };
}
/** Starts it without a machine, and lets it say over its API what it is: a fake of one says so. */
async function startOnce(run, host) {
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'start-'));
    try {
        const machine = await startMachine(run, host, { dir, activity: 'in a test of its start' });
        try {
            const about = aboutSchema.parse(await machine.guard(machine.api.get('/')));
            const said = plainWords(`${about.app_name} v${about.vmm_version}`, 60);
            return { host: { ...host, said }, checks: [] };
        }
        finally {
            await machine.close();
        }
    }
    catch (error) {
        run.signal.throwIfAborted();
        if (!(error instanceof host_error/* SnapgateError */.yA) && !(error instanceof errors/* ZodError */.G))
            throw error;
        const known = error instanceof host_error/* SnapgateError */.yA ? error : undefined;
        const found = known === undefined ? 'its API does not say what it is' : saidOf(known);
        const remedy = known?.remedy ?? 'Use a binary of a release.';
        return {
            host: undefined,
            checks: [{ what: 'Firecracker starts', ok: false, found, remedy, required: true }],
        };
    }
    finally {
        (0,external_node_fs_.rmSync)(dir, { recursive: true, force: true });
    }
}
const aboutSchema = classic_schemas/* object */.Ikc({ app_name: classic_schemas/* string */.YjP(), vmm_version: classic_schemas/* string */.YjP() });
function identityOf({ said, jailer }) {
    const machine = jailer === undefined ? 'microVM' : 'microVM, jailed';
    return { engine: 'firecracker', version: said, accelerator: 'kvm', machine };
}
async function attempt(what, find) {
    try {
        const value = await find();
        const found = `${value.said}, ${value.path}`;
        return { value, check: { what, ok: true, found, remedy: undefined, required: true } };
    }
    catch (error) {
        if (!(error instanceof host_error/* SnapgateError */.yA) || error.code === 'interrupted')
            throw error;
        const { message, remedy } = error;
        return { value: undefined, check: { what, ok: false, found: message, remedy, required: true } };
    }
}
async function checkJailer(run, firecracker) {
    const isRoot = process.getuid?.() === 0;
    const root = {
        what: 'root, for the jailer',
        ok: isRoot,
        found: isRoot ? 'yes' : 'this user is not root',
        remedy: isRoot
            ? undefined
            : 'Run it as root (sudo), or leave `jailer` out: what is measured is the same.',
        required: true,
    };
    const { value, check } = await attempt('jailer', () => findJailer(run, firecracker));
    return { path: value?.path, checks: [root, check, commandCheck('unshare', true)] };
}
async function checkKvm(run, host, device) {
    const { verdict, found } = await proveKvm(run, host, device);
    return kvmCheck(device, verdict, found, true);
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/run-cycle.js










/**
 * Resumes `parent` in a fresh process, lets `drive` do with the guest what it wants, pauses it, takes a Diff into a fresh file and says what
 * it holds. An error of `drive` leaves the parent as it was; no process is left in any case.
 */
async function run_cycle_runCycle(run, host, parent, options, drive) {
    const begin = external_node_perf_hooks_.performance.now();
    const measure = async () => {
        const timeBefore = parent.hasDisk ? await openDisk(run, parent.dir) : undefined;
        const machine = await loadSnapshot(run, host, parent, options);
        const guest = await runGuest(run, machine, host, parent, drive).finally(() => machine.close());
        const settled = await run_cycle_settle(run, parent, guest.counts.diff, timeBefore, options);
        return { ...guest, metrics: { ...settled, ...guest.metrics } };
    };
    try {
        const measured = await explainFullDisk(parent.dir, measure);
        if (options.advance)
            (0,external_node_fs_.renameSync)(nextStatePathOf(parent.dir), statePathOf(parent.dir));
        return { ...measured, cycleMs: external_node_perf_hooks_.performance.now() - begin };
    }
    catch (error) {
        if (parent.hasDisk)
            forgetDisk(parent.dir);
        throw error;
    }
    finally {
        for (const path of [diffPathOf(parent.dir), nextStatePathOf(parent.dir)])
            (0,external_node_fs_.rmSync)(path, { force: true });
    }
}
async function openDisk(run, dir) {
    await readyDisk(run, dir);
    return diskTime(dir);
}
async function runGuest(run, machine, host, parent, drive) {
    const resumeMs = await resume(machine);
    await machine.guard(drive(machine));
    await machine.hangUp();
    const begin = external_node_perf_hooks_.performance.now();
    await pause(machine);
    await takeDiff(machine, parent, host);
    const pauseMs = external_node_perf_hooks_.performance.now() - begin;
    machine.place.take(diffName, diffPathOf(parent.dir));
    machine.place.take(nextStateName, nextStatePathOf(parent.dir));
    const diff = await machine.guard(pagesOfDiff(run, diffPathOf(parent.dir)));
    const counts = { diff, pagemap: writtenByProcess(machine, parent), floor: parent.floor };
    const disagrees = disagreement(counts);
    if (disagrees !== undefined)
        run.log.warning(disagrees);
    const stateBytes = (0,external_node_fs_.statSync)(nextStatePathOf(parent.dir)).size;
    return {
        counts,
        metrics: { stateBytes, resumeMs, pauseMs },
        notes: disagrees === undefined ? [] : [disagrees],
    };
}
/** Compares what the cycle left with the parent, and with `advance` makes the parent of it. The machine must have ended. */
async function run_cycle_settle(run, { dir }, pages, timeBefore, { advance }) {
    const diff = await diffOfSparse(run, snapshot_memoryPathOf(dir), diffPathOf(dir), { pages, merge: advance });
    const disk = timeBefore === undefined
        ? {}
        : { 'rootfs.writtenBytes': await settleDisk(run, dir, timeBefore, advance) };
    return { ...memoryMetrics(diff), ...disk };
}

;// CONCATENATED MODULE: ./lib/engine/firecracker/engine.js









/** How long a resumed guest's agent may take to answer a connection. */
const connectMs = 30_000;
/**
 * The engine on Firecracker: `Full` for the base snapshot, a `Diff` for every cycle, whose data extents are the written pages. They are held against
 * the pagemap of its process in each cycle. The host is probed once.
 *
 * @param checkout absolute path that a relative path of the binary starts at
 */
function createFirecrackerEngine(run, settings, checkout, options = {}) {
    let probed;
    const probe = () => {
        probed ??= probe_probeHost(run, settings, checkout, options);
        return probed;
    };
    const needHost = async () => {
        const { report, host } = await probe();
        if (host === undefined)
            throw unusableHost(report);
        return host;
    };
    return {
        probe: async () => (await probe()).report,
        prepare: async (image, guest, dir) => {
            const host = await needHost();
            return explainFullDisk(dir, () => bootToSnapshot(run, host, needRootfs(image), guest, dir));
        },
        fork: (snapshot, dir) => explainFullDisk(dir, () => snapshot_copySnapshot(run, snapshot, dir)),
        cycle: async (parent, scenario, { advance }) => {
            const host = await needHost();
            const activity = `in a cycle of ${plainWords(scenario.name)}`;
            const speaks = scenario.run !== undefined || scenario.check !== undefined;
            const drive = async (machine) => {
                // A connection costs the guest something: none where nothing is said.
                const vm = speaks ? await machine.connectAgent(performance.now() + connectMs) : machine;
                await driveScenario(run, scenario, vm);
            };
            const outcome = await run_cycle_runCycle(run, host, parent, { advance, activity }, drive);
            const { metrics, cycleMs, notes } = outcome;
            return { next: parent, metrics, cycleMs, notes };
        },
    };
}

;// CONCATENATED MODULE: ./lib/engine/identity-words.js
/**
 * An engine for people: `qemu (QEMU 7.2.22), tcg, machine q35`. What a builder chooses, and how commands of the user's run a guest, shows
 * when one is built: it is left out. Not escaped.
 */
function identityWords({ engine, version, accelerator, machine }) {
    return [
        version === undefined ? engine : `${engine} (${version})`,
        ...(accelerator === 'unknown' ? [] : [accelerator]),
        ...(machine === engine ? [] : [`machine ${machine}`]),
    ].join(', ');
}

;// CONCATENATED MODULE: ./lib/engine/qemu/qcow2.js

/*
 * Just enough of QEMU's docs/interop/qcow2.txt to make an empty overlay and to list what was written to one, without starting
 * qemu-img twice a cycle.
 */
/** Granularity of the disk's diff: a block of ext4. */
const clusterBytes = 4096;
const sectorBytes = 512;
const clusterBits = 12;
const qcow2_magic = 0x5146_49fb;
const qcow2_headerBytes = 104;
const qcow2_backingFormatExtension = 0xe279_2aca;
const l2Entries = clusterBytes / 8;
const firstL1Cluster = 3;
/** What one refcount block of 16-bit counts covers. */
const maxClusters = clusterBytes / 2;
const qcow2_offsetMask = 0x00fffffffffffe00n;
const zeroFlag = 1n;
/**
 * Makes `path` an overlay of `bytes` bytes in which nothing is written yet; what is not is read from `backing`. A last part of a sector
 * counts as one: QEMU would leave it out.
 */
function createOverlay(path, bytes, backing) {
    const l1Size = Math.ceil(bytes / (clusterBytes * l2Entries));
    const clusters = firstL1Cluster + Math.ceil((l1Size * 8) / clusterBytes);
    if (clusters > maxClusters)
        throw new RangeError(`a disk of ${bytes} bytes is too large for an overlay`);
    const file = Buffer.alloc(clusters * clusterBytes);
    qcow2_writeHeader(file, Math.ceil(bytes / sectorBytes) * sectorBytes, l1Size, backing);
    file.writeBigUInt64BE(BigInt(2 * clusterBytes), clusterBytes);
    for (let cluster = 0; cluster < clusters; cluster += 1)
        file.writeUInt16BE(1, 2 * clusterBytes + cluster * 2);
    (0,external_node_fs_.writeFileSync)(path, file, { mode: 0o600 });
}
/** What was written to an overlay of this module's making, ascending; clusters that were zeroed count. */
function writtenExtents(path) {
    const fd = (0,external_node_fs_.openSync)(path, 'r');
    try {
        const header = readAt(fd, 0, qcow2_headerBytes);
        if (header.readUInt32BE(0) !== qcow2_magic || header.readUInt32BE(20) !== clusterBits)
            throw new Error(`${path} is not an overlay of ${clusterBytes}-byte clusters`);
        const l1 = readAt(fd, Number(header.readBigUInt64BE(40)), header.readUInt32BE(36) * 8);
        return mergeClusters(writtenClusters(fd, l1));
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
function qcow2_writeHeader(file, bytes, l1Size, backing) {
    const name = Buffer.from(backing.path);
    const nameOffset = qcow2_headerBytes + 24;
    if (name.length > 1023)
        throw new RangeError(`the path of the disk is too long: ${backing.path}`);
    file.writeUInt32BE(qcow2_magic, 0);
    file.writeUInt32BE(3, 4);
    file.writeBigUInt64BE(BigInt(nameOffset), 8);
    file.writeUInt32BE(name.length, 16);
    file.writeUInt32BE(clusterBits, 20);
    file.writeBigUInt64BE(BigInt(bytes), 24);
    file.writeUInt32BE(l1Size, 36);
    file.writeBigUInt64BE(BigInt(firstL1Cluster * clusterBytes), 40);
    file.writeBigUInt64BE(BigInt(clusterBytes), 48);
    file.writeUInt32BE(1, 56);
    file.writeUInt32BE(4, 96);
    file.writeUInt32BE(qcow2_headerBytes, 100);
    file.writeUInt32BE(qcow2_backingFormatExtension, qcow2_headerBytes);
    file.writeUInt32BE(backing.format.length, qcow2_headerBytes + 4);
    file.write(backing.format, qcow2_headerBytes + 8, 'latin1');
    name.copy(file, nameOffset);
}
function* writtenClusters(fd, l1) {
    for (let index = 0; index < l1.length / 8; index += 1) {
        const table = Number(l1.readBigUInt64BE(index * 8) & qcow2_offsetMask);
        if (table === 0)
            continue;
        const l2 = readAt(fd, table, clusterBytes);
        for (let entry = 0; entry < l2Entries; entry += 1)
            if ((l2.readBigUInt64BE(entry * 8) & (qcow2_offsetMask | zeroFlag)) !== 0n)
                yield index * l2Entries + entry;
    }
}
function mergeClusters(clusters) {
    const extents = [];
    for (const cluster of clusters) {
        const offset = cluster * clusterBytes;
        const last = extents.at(-1);
        if (last && last.offset + last.bytes === offset)
            last.bytes += clusterBytes;
        else
            extents.push({ offset, bytes: clusterBytes });
    }
    return extents;
}
function readAt(fd, position, bytes) {
    const buffer = Buffer.alloc(bytes);
    // A table at the end of the file may be sparse or cut short: what is not there is zero.
    (0,external_node_fs_.readSync)(fd, buffer, 0, bytes, position);
    return buffer;
}

;// CONCATENATED MODULE: ./lib/engine/qemu/snapshot.js



const ramPathOf = (dir) => (0,external_node_path_.join)(dir, 'ram');
const snapshot_statePathOf = (dir) => (0,external_node_path_.join)(dir, 'state');
const qemu_snapshot_diskPathOf = (dir) => (0,external_node_path_.join)(dir, 'disk.qcow2');
/** A copy in `dir`, by reflink where the file system can; the holes of the memory file stay holes. */
async function qemu_snapshot_copySnapshot(run, snapshot, dir) {
    await mustRun(run, 'cp', [
        '--reflink=auto',
        '--sparse=always',
        '--',
        ramPathOf(snapshot.dir),
        ramPathOf(dir),
    ]);
    (0,external_node_fs_.copyFileSync)(snapshot_statePathOf(snapshot.dir), snapshot_statePathOf(dir), external_node_fs_.constants.COPYFILE_FICLONE);
    if (snapshot.machine.diskBytes > 0)
        (0,external_node_fs_.copyFileSync)(qemu_snapshot_diskPathOf(snapshot.dir), qemu_snapshot_diskPathOf(dir), external_node_fs_.constants.COPYFILE_FICLONE);
    return { ...snapshot, dir };
}

;// CONCATENATED MODULE: ./lib/engine/qemu/arguments.js


/** Descriptors that QEMU inherits; the first three are the standard ones. */
const inherited = { qmp: 3, serial: 4, agent: 5, state: 6 };
/**
 * QEMU's command line. Paths go in as JSON, where a comma or a colon means nothing. The guest gets what it needs and no more: each
 * further device is more state to save and more rings for the guest to dirty.
 */
function qemuArguments(spec) {
    return [
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
        ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
        ...['-machine', `${defaultMachine},usb=off,sata=off,smbus=off,vmport=off,memory-backend=mem`],
        ...['-accel', spec.accelerator === 'tcg' ? 'tcg,tb-size=256' : 'kvm'],
        ...['-cpu', spec.cpu ?? (spec.accelerator === 'tcg' ? 'max' : 'host')],
        ...['-smp', String(spec.vcpus), '-m', `${spec.ram.bytes}B`],
        ...['-object', memoryObject(spec)],
        // An aid for 32-bit Windows that writes to the guest's memory at each resume.
        ...['-global', 'apic-common.vapic=off'],
        // The clock that a pause stops: a guest that was paused for an hour must not have an hour's timers to run.
        ...['-rtc', 'base=utc,clock=vm'],
        // Without it the state's first section depends on names that no other part of the state needs.
        ...['-global', 'migration.send-configuration=off'],
        ...['-chardev', `socket,id=qmp,fd=${inherited.qmp}`, '-mon', 'chardev=qmp,mode=control'],
        ...['-chardev', `socket,id=serial,fd=${inherited.serial}`, '-device', 'isa-serial,chardev=serial'],
        ...(spec.agent ? agentDevices() : []),
        ...(spec.diskPath === undefined ? [] : diskDevices(spec.diskPath)),
        ...(spec.boot === undefined ? [] : bootArguments(spec.boot)),
        ...(spec.statePath === undefined ? [] : ['-incoming', 'defer']),
    ];
}
function memoryObject({ ram }) {
    return JSON.stringify({
        'qom-type': 'memory-backend-file',
        id: 'mem',
        size: ram.bytes,
        'mem-path': ram.path,
        share: ram.shared,
        merge: false,
        dump: false,
    });
}
function agentDevices() {
    return [
        ...['-chardev', `socket,id=agent,fd=${inherited.agent}`],
        ...['-device', 'virtio-serial-pci,disable-legacy=on,max_ports=2'],
        ...['-device', `virtserialport,chardev=agent,name=${protocol/* agentPort */.Hl},id=agent,nr=1`],
    ];
}
function diskDevices(path) {
    const node = {
        driver: 'qcow2',
        'node-name': 'root',
        cache: { direct: false, 'no-flush': true },
        discard: 'ignore',
        file: { driver: 'file', filename: path },
    };
    return [
        ...['-blockdev', JSON.stringify(node)],
        // Neither discards nor write-zeroes, as Firecracker: what a guest zeroes is then written and counted.
        ...['-device', 'virtio-blk-pci,disable-legacy=on,drive=root,discard=off,write-zeroes=off'],
    ];
}
function bootArguments(boot) {
    return [
        ...['-kernel', boot.kernelPath],
        ...(boot.initrdPath === undefined ? [] : ['-initrd', boot.initrdPath]),
        ...(boot.commandLine === undefined ? [] : ['-append', boot.commandLine]),
    ];
}

;// CONCATENATED MODULE: ./lib/engine/qemu/qmp.js

/** QEMU answered a command with an error. */
class QmpError extends Error {
    command;
    constructor(command, description) {
        super(`QEMU refused ${command}: ${description}`);
        this.name = 'QmpError';
        this.command = command;
    }
}
/** QEMU is trusted more than a guest, but not with our memory: its longest honest answer (query-commands) is 30 KiB. */
const qmp_maxLineBytes = 4 * 1024 * 1024;
const messageSchema = classic_schemas/* union */.KCZ([
    classic_schemas/* object */.Ikc({ QMP: classic_schemas/* unknown */.L5J() }),
    classic_schemas/* object */.Ikc({ return: classic_schemas/* unknown */.L5J(), id: classic_schemas/* number */.aig().optional() }),
    classic_schemas/* object */.Ikc({ error: classic_schemas/* object */.Ikc({ class: classic_schemas/* string */.YjP(), desc: classic_schemas/* string */.YjP() }), id: classic_schemas/* number */.aig().optional() }),
    classic_schemas/* object */.Ikc({ event: classic_schemas/* string */.YjP(), data: classic_schemas/* record */.g1P(classic_schemas/* string */.YjP(), classic_schemas/* unknown */.L5J()).default({}) }),
]);
/** Speaks QMP on a connected stream and leaves negotiation mode at once. */
function connectQmp(stream) {
    const pending = new Map();
    const listeners = [];
    let lastId = 0;
    let ended;
    const end = (error) => {
        ended ??= error;
        for (const { reject } of pending.values())
            reject(ended);
        pending.clear();
    };
    const handle = (line) => {
        const message = messageSchema.parse(JSON.parse(line));
        if ('event' in message)
            for (const listener of listeners)
                listener({ name: message.event, data: message.data });
        else if (!('QMP' in message))
            qmp_settle(pending, message);
    };
    stream.on('data', lineSplitter(handle, (error) => stream.destroy(error)));
    stream.on('error', end);
    for (const event of ['end', 'close'])
        stream.on(event, () => end(new Error('QEMU closed its control connection')));
    const execute = (command, args = {}) => {
        if (ended)
            return Promise.reject(ended);
        lastId += 1;
        const id = lastId;
        return new Promise((resolve, reject) => {
            pending.set(id, { command, resolve, reject });
            stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
        });
    };
    execute('qmp_capabilities').catch(() => { });
    return { execute, onEvent: (listener) => void listeners.push(listener) };
}
function qmp_settle(pending, message) {
    const call = message.id === undefined ? undefined : pending.get(message.id);
    if (call === undefined || message.id === undefined)
        return;
    pending.delete(message.id);
    if ('error' in message)
        call.reject(new QmpError(call.command, message.error.desc));
    else
        call.resolve(message.return);
}
function lineSplitter(onLine, onError) {
    let rest = '';
    return (chunk) => {
        rest += chunk.toString('utf8');
        if (rest.length > qmp_maxLineBytes)
            return onError(new Error('QEMU sent an endless line on its control connection'));
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        try {
            for (const line of lines)
                if (line.trim() !== '')
                    onLine(line);
        }
        catch (error) {
            onError(new Error('QEMU sent what is not QMP', { cause: error }));
        }
    };
}

;// CONCATENATED MODULE: ./lib/engine/qemu/vm-end.js




/** The error that says why a machine ended, the likeliest cause first. */
function vmEndError(end) {
    const said = consoleError(end);
    if (said !== undefined)
        return said;
    return end.shutdown === undefined ? qemuExitError(end) : shutdownError(end, end.shutdown);
}
function shutdownError(end, reason) {
    if (end.boots && reason === 'guest-reset' && end.console.length === 0)
        return silentResetError(end);
    const what = reason === 'guest-reset' ? 'rebooted' : 'powered itself off';
    return guestError(`the guest ${what} ${end.activity}`, 'A guest has to stay up until it is paused; the console below may say what ended it.', end.console);
}
/** A kernel that has no room to unpack itself resets the machine, without a word. */
function silentResetError(end) {
    return guestError(`the machine reset itself ${end.activity}, before its kernel had said anything`, 'The kernel and its initrd may need more room: raise `memory-size`. Else check `kernel`.', end.console);
}
function qemuExitError(end) {
    if (end.code === 127 && end.stderr.some((line) => line.startsWith('setpriv: failed to execute')))
        return new host_error/* SnapgateError */.yA('host', `the command ${qemuCommand} is not on this machine`, `Install it: ${packageOf(qemuCommand)}.`);
    return new host_error/* SnapgateError */.yA('host', `QEMU ${endOf(end)} ${end.activity}`, 'Its last lines say why; `snapgate probe` checks what this machine can do. SIGKILL usually means that memory ran out, SIGBUS that the disk below `work-dir` is full.', {
        details: {
            title: 'last lines of QEMU and of the console',
            lines: [...end.stderr, ...end.console].slice(-40),
        },
    });
}

;// CONCATENATED MODULE: ./lib/engine/qemu/vm.js














/** How long QEMU may take to answer or to quit when the guest is stopped. */
const qemuAnswerMs = 60_000;
/** From the end of the agent to the end of a guest that shuts itself down. */
const vm_shutdownMs = 3_000;
/** QEMU misses the description that only a migration ends with. */
const saidAtEachResume = 'Expected vmdescription section';
/** Starts a machine that boots. */
async function startVm(run, spec) {
    run.signal.throwIfAborted();
    const stateFd = spec.statePath === undefined ? undefined : (0,external_node_fs_.openSync)(spec.statePath, 'r');
    try {
        const startedAtMs = external_node_perf_hooks_.performance.now();
        const stdio = ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', spec.agent ? 'pipe' : 'ignore'];
        if (stateFd !== undefined)
            stdio[inherited.state] = stateFd;
        const child = startProcess(run, qemuCommand, qemuArguments(spec), { stdio, detached: true });
        return watchVm(run, spec, child, startedAtMs);
    }
    finally {
        if (stateFd !== undefined)
            (0,external_node_fs_.closeSync)(stateFd);
    }
}
/** Starts a machine from saved memory and state; resolves when its processors run, with the ms since the start. */
async function resumeVm(run, spec) {
    const vm = await startVm(run, spec);
    try {
        const running = new Promise((resolve) => {
            vm.qmp.onEvent(({ name }) => {
                if (name === 'RESUME')
                    resolve(external_node_perf_hooks_.performance.now() - vm.startedAtMs);
            });
        });
        await vm.guard(vm.qmp.execute('migrate-incoming', { uri: `fd:${inherited.state}` }));
        return { vm, resumeMs: await vm.guard(withLimit(running, qemuAnswerMs, 'resume the guest')) };
    }
    catch (error) {
        await vm.close();
        throw error;
    }
}
function watchVm(run, spec, child, startedAtMs) {
    const serial = pipeOf(child, inherited.serial);
    const agent = spec.agent ? pipeOf(child, inherited.agent) : undefined;
    const qmp = connectQmp(pipeOf(child, inherited.qmp));
    const console = createOutputTail();
    const stderr = createOutputTail();
    serial.on('data', (chunk) => console.add(chunk));
    serial.on('error', () => { });
    agent?.on('error', () => { });
    child.stderr?.on('data', (chunk) => stderr.add(chunk));
    const exit = waitForExit(child);
    const ended = vm_watchEnd({ run, spec, child, exit, qmp, serial, console, stderr });
    const guard = async (work) => {
        // A connection that breaks because QEMU died: the reason of its death says more.
        const patient = work.catch((error) => waitBriefly(ended.failure, error));
        try {
            return await Promise.race([patient, ended.failure]);
        }
        catch (error) {
            throw withConsole(error, spec.activity, console.lines(40));
        }
    };
    return {
        pid: child.pid ?? -1,
        qmp,
        serial,
        agent,
        startedAtMs,
        consoleLines: (count) => console.lines(count),
        guard,
        pause: (statePath) => guard(pauseAndSave(qmp, statePath)),
        finish: async () => {
            ended.expect();
            qmp.execute('quit').catch(() => { });
            const end = await withLimit(exit, qemuAnswerMs, 'write its disk and quit');
            run.signal.throwIfAborted();
            if (end.code !== 0)
                throw ended.explain(end);
        },
        close: async () => {
            ended.expect();
            await quit(child, qmp, exit);
        },
    };
}
function vm_watchEnd(watched) {
    const { run, spec, child, exit, qmp, serial, console, stderr } = watched;
    const { promise: failure, reject } = Promise.withResolvers();
    failure.catch(() => { });
    let expected = false;
    let shutdown;
    const fail = (error) => {
        if (!expected)
            reject(error);
    };
    qmp.onEvent(({ name, data }) => {
        if (name === 'SHUTDOWN' && data['guest'] === true)
            shutdown = String(data['reason']);
        // QEMU stops a guest whose disk it cannot grow.
        if (name === 'BLOCK_IO_ERROR' && data['nospace'] === true)
            fail(fullDiskError((0,external_node_path_.dirname)(spec.ram.path)));
        // A guest that shuts down ends its agent first: wait for the better explanation.
        if (name === 'VSERPORT_CHANGE' && data['open'] === false)
            setTimeout(() => fail(vm_agentGone(spec, console.lines(40))), vm_shutdownMs).unref();
    });
    const explain = ({ code, signal }) => vmEndError({
        activity: spec.activity,
        boots: spec.boot !== undefined,
        console: console.lines(400),
        stderr: stderr.lines(40).filter((line) => !line.includes(saidAtEachResume)),
        shutdown,
        code,
        signal,
    });
    const panics = (line) => findPanic([line]) !== undefined;
    watchConsole(serial, panics, () => fail(explain({ code: null, signal: null })));
    const abort = () => {
        fail(run.signal.reason);
        killGroup(child);
    };
    run.signal.addEventListener('abort', abort, { once: true });
    exit
        .then((end) => fail(explain(end)))
        .catch(fail)
        .finally(() => run.signal.removeEventListener('abort', abort));
    return { failure, expect: () => (expected = true), explain };
}
function vm_agentGone(spec, lines) {
    return guestError(`the snapgate agent in the guest ended ${spec.activity}`, 'Something in the guest ended it, as a shutdown does, or it could not fork for want of memory: the console may say what. Leave the process alone, or raise `memory-size`.', lines);
}
async function pauseAndSave(qmp, statePath) {
    const begin = external_node_perf_hooks_.performance.now();
    const stopped = qmp.execute('stop');
    const saved = qmp.execute('xen-save-devices-state', { filename: statePath });
    await withLimit(Promise.all([stopped, saved]), qemuAnswerMs, 'pause the guest');
    return external_node_perf_hooks_.performance.now() - begin;
}
async function quit(child, qmp, exit) {
    const done = exit.catch(() => { });
    qmp.execute('quit').catch(() => { });
    const timer = setTimeout(() => killGroup(child), 5_000);
    await done;
    clearTimeout(timer);
}
/** Gives `failure` a moment to explain `error`, else throws `error` itself. */
async function waitBriefly(failure, error) {
    if (error instanceof host_error/* SnapgateError */.yA)
        throw error;
    const { promise, reject } = Promise.withResolvers();
    const timer = setTimeout(() => reject(error), 1_000);
    try {
        return await Promise.race([promise, failure]);
    }
    finally {
        clearTimeout(timer);
    }
}
async function withLimit(work, limitMs, what) {
    const { promise, reject } = Promise.withResolvers();
    const late = () => reject(new host_error/* SnapgateError */.yA('host', `QEMU did not ${what} within ${limitMs / 1000} s`, 'The machine may be overloaded: give snapgate fewer guests at a time.'));
    const timer = setTimeout(late, limitMs);
    try {
        return await Promise.race([work, promise]);
    }
    finally {
        clearTimeout(timer);
    }
}
function pipeOf(child, fd) {
    const stream = child.stdio[fd];
    if (stream instanceof external_node_stream_.Duplex)
        return stream;
    throw new Error(`descriptor ${fd} of the child is not a socket`);
}

;// CONCATENATED MODULE: ./lib/engine/qemu/boot.js






const boot_kernelNeeds = 'A kernel needs virtio-pci and virtio-console (`kernel: auto` has them)';
/** Boots the image and pauses it when it has settled: the base snapshot, in `dir`. */
async function boot_bootToSnapshot(run, accelerator, image, options, dir) {
    const { vm, machine } = await boot_powerOn(run, accelerator, image, options, dir);
    try {
        const times = await waitForGuest(run, vm, options, boot_kernelNeeds);
        await vm.pause(snapshot_statePathOf(dir));
        await vm.finish();
        return { snapshot: { dir, machine }, ...times };
    }
    finally {
        await vm.close();
    }
}
/** Starts the image on a new machine whose memory and disk are files in `dir`. The caller closes it. */
async function boot_powerOn(run, accelerator, image, options, dir) {
    const diskBytes = (0,external_node_fs_.statSync)(image.rootfsPath).size;
    const { memoryBytes: ramBytes, vcpus } = options;
    makeRam(ramPathOf(dir), ramBytes);
    createOverlay(qemu_snapshot_diskPathOf(dir), diskBytes, { path: (0,external_node_path_.resolve)(image.rootfsPath), format: 'raw' });
    const parts = { accelerator, vcpus, agent: true };
    const vm = await startVm(run, {
        ...parts,
        ram: { path: ramPathOf(dir), bytes: ramBytes, shared: true },
        diskPath: qemu_snapshot_diskPathOf(dir),
        boot: {
            kernelPath: image.kernelPath,
            initrdPath: image.initrdPath,
            commandLine: kernelCommandLine(image.kernelArgs, accelerator),
        },
        activity: 'while it booted',
    });
    return { vm, machine: { ...parts, ramBytes, diskBytes } };
}
/** The image's own arguments last: they win. A panic ends the machine at once, which -no-reboot turns into QEMU's exit. */
function kernelCommandLine(imageArgs, accelerator) {
    // On a busy host TCG's timer tick can come too late for the kernel's test of it, which then panics.
    const timer = accelerator === 'tcg' ? ['no_timer_check'] : [];
    return ['console=ttyS0', 'panic=-1', ...timer, ...imageArgs].join(' ');
}
function makeRam(path, bytes) {
    const fd = (0,external_node_fs_.openSync)(path, 'wx', 0o600);
    try {
        (0,external_node_fs_.ftruncateSync)(fd, bytes);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}

;// CONCATENATED MODULE: ./lib/engine/qemu/full-disk.js




/** The work's result; where it failed for want of room, which QEMU says in words of its own, an error that says so. */
function explainQemuFullDisk(dir, work) {
    return explainFullDisk(dir, work, (error) => mayBeFull(error) && isUsedUp(dir));
}
function mayBeFull(error) {
    // xen-save-devices-state says no more than `An IO error has occurred`.
    if (error instanceof QmpError)
        return error.message.includes('IO error');
    // The memory file is sparse: where it cannot grow, the write to memory fails.
    return error instanceof host_error/* SnapgateError */.yA && error.code === 'host' && error.message.includes('SIGBUS');
}
function isUsedUp(dir) {
    const { bavail, bsize } = (0,external_node_fs_.statfsSync)(dir);
    return bavail * bsize < 1024 * 1024;
}

;// CONCATENATED MODULE: ./lib/engine/qemu/probe.js











/** What this host can do. Takes a tenth of a second, or a second more where KVM does not work. */
async function qemu_probe_probeHost(run, accel, device = kvmDevice) {
    const qemu = await findQemu(run);
    const kvm = 'failure' in qemu || accel === 'tcg' ? undefined : await probeKvm(run, device);
    const checks = [
        ...qemuChecks(qemu),
        ...['qemu-img', 'setpriv'].map((name) => commandCheck(name, true)),
        ...imageChecks(),
        ...(kvm === undefined ? [] : [kvmCheck(kvmDevice, kvm, 'boots a guest', accel === 'kvm')]),
        memoryCheck(),
    ];
    const ok = allOk(checks);
    const accelerator = kvm?.ok === true ? 'kvm' : 'tcg';
    return {
        ok,
        checks,
        identity: ok && !('failure' in qemu)
            ? { engine: 'qemu', version: `QEMU ${qemu.version}`, accelerator, machine: defaultMachine }
            : undefined,
        fallback: accel === 'auto' && kvm?.ok === false ? `emulating (TCG), since ${kvm.reason}` : undefined,
    };
}
const qemu_probe_answerMs = 10_000;
const versionSchema = classic_schemas/* object */.Ikc({
    qemu: classic_schemas/* object */.Ikc({ major: classic_schemas/* int */.Whr(), minor: classic_schemas/* int */.Whr(), micro: classic_schemas/* int */.Whr() }),
});
const commandsSchema = classic_schemas/* array */.YOg(classic_schemas/* object */.Ikc({ name: classic_schemas/* string */.YjP() }));
const install = packageOf(qemuCommand);
async function findQemu(run) {
    if (!hasCommand(qemuCommand))
        return { failure: 'not installed, or not on the PATH', remedy: install };
    // Which starts it; its own check says so, with what to do.
    if (!hasCommand('setpriv'))
        return { failure: 'not tried without setpriv', remedy: undefined };
    return askQemu(run);
}
/** Asks a QEMU without a machine what it is. */
async function askQemu(run) {
    const args = ['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none'];
    const monitor = ['-chardev', `socket,id=qmp,fd=${inherited.qmp}`, '-mon', 'chardev=qmp,mode=control'];
    const child = startProcess(run, qemuCommand, [...args, ...monitor], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        detached: true,
    });
    const stderr = createOutputTail();
    child.stderr?.on('data', (chunk) => stderr.add(chunk));
    const exit = waitForExit(child).catch(() => undefined);
    const timer = setTimeout(() => killGroup(child), qemu_probe_answerMs);
    try {
        return await readFacts(child.stdio[inherited.qmp]);
    }
    catch {
        killGroup(child);
        await exit;
        const said = plainWords((stderr.lines(1)[0] ?? '').replace(`${qemuCommand}: `, ''));
        return { failure: `does not start${said && `: ${said}`}`, remedy: install };
    }
    finally {
        clearTimeout(timer);
        killGroup(child);
        await exit;
    }
}
async function readFacts(stream) {
    if (!(stream instanceof external_node_stream_.Duplex))
        throw new Error('QEMU has no control connection');
    const qmp = connectQmp(stream);
    const { qemu } = versionSchema.parse(await qmp.execute('query-version'));
    const commands = commandsSchema.parse(await qmp.execute('query-commands'));
    return {
        version: `${qemu.major}.${qemu.minor}.${qemu.micro}`,
        recent: qemu.major > 6 || (qemu.major === 6 && qemu.minor >= 2),
        savesDevices: commands.some(({ name }) => name === 'xen-save-devices-state'),
    };
}
function qemuChecks(qemu) {
    if ('failure' in qemu)
        return [{ what: 'QEMU', ok: false, found: qemu.failure, remedy: qemu.remedy, required: true }];
    return [
        {
            what: 'QEMU',
            ok: qemu.recent,
            found: qemu.version,
            remedy: qemu.recent
                ? undefined
                : 'QEMU 6.2 or later is needed: Debian 12, Ubuntu 22.04 and later have it.',
            required: true,
        },
        {
            what: 'QEMU saves the state of devices',
            ok: qemu.savesDevices,
            found: qemu.savesDevices ? 'xen-save-devices-state' : 'built without xen-save-devices-state',
            remedy: qemu.savesDevices ? undefined : `Use the QEMU of Debian or Ubuntu: ${install}`,
            required: true,
        },
    ];
}

;// CONCATENATED MODULE: ./lib/engine/qemu/run-cycle.js










/**
 * Resumes `parent` in a fresh process, lets `drive` do with the guest what it wants, pauses it and says what was written. An error of
 * `drive` leaves the parent as it was; no process is left in any case.
 */
async function qemu_run_cycle_runCycle(run, parent, options, drive) {
    const begin = external_node_perf_hooks_.performance.now();
    const files = { state: (0,external_node_path_.join)(parent.dir, 'state.next'), overlay: (0,external_node_path_.join)(parent.dir, 'cycle.qcow2') };
    const measure = async () => {
        const memory = await measureMemory(run, parent, options, drive, files);
        const disk = parent.machine.diskBytes > 0 ? await measureDisk(run, options, files.overlay) : {};
        return { ...memory, ...disk };
    };
    try {
        const metrics = await explainQemuFullDisk(parent.dir, measure);
        if (options.advance)
            (0,external_node_fs_.renameSync)(files.state, snapshot_statePathOf(parent.dir));
        return { metrics, cycleMs: external_node_perf_hooks_.performance.now() - begin };
    }
    finally {
        for (const path of Object.values(files))
            (0,external_node_fs_.rmSync)(path, { force: true });
    }
}
async function measureMemory(run, parent, { advance, activity }, drive, files) {
    const { machine, dir } = parent;
    const { ramBytes, diskBytes, ...parts } = machine;
    const ram = { path: ramPathOf(dir), bytes: ramBytes, shared: false };
    const disk = diskBytes > 0 ? { diskPath: files.overlay } : {};
    if (diskBytes > 0)
        createOverlay(files.overlay, diskBytes, { path: qemu_snapshot_diskPathOf(dir), format: 'qcow2' });
    const spec = { ...parts, ...disk, ram, statePath: snapshot_statePathOf(dir), activity };
    const { vm, resumeMs } = await resumeVm(run, spec);
    try {
        await vm.guard(drive(vm));
        const pauseMs = await vm.pause(files.state);
        const diff = await vm.guard(diffMemory({ pid: vm.pid, ramPath: ram.path, ramBytes }, advance));
        await vm.finish();
        return {
            ...memoryMetrics(diff),
            stateBytes: (0,external_node_fs_.statSync)(files.state).size,
            resumeMs,
            pauseMs,
        };
    }
    finally {
        await vm.close();
    }
}
async function diffMemory(memory, patch) {
    return diffWrittenPages(memory, readWrittenPages(memory), patch);
}
/** Counts the cycle's disk blocks, and moves them into the snapshot's own overlay: the chain of files stays two long. */
async function measureDisk(run, { advance }, overlay) {
    const extents = writtenExtents(overlay);
    if (advance && extents.length > 0)
        await mustRun(run, 'qemu-img', ['commit', '-q', '-d', '-t', 'unsafe', '-f', 'qcow2', overlay]);
    return { 'rootfs.writtenBytes': extents.reduce((sum, { bytes }) => sum + bytes, 0) };
}

;// CONCATENATED MODULE: ./lib/engine/qemu/engine.js









/**
 * The engine on a stock QEMU: exact written and changed pages at a cost that follows the dirty pages and not the guest's memory, as an
 * ordinary user. The host is probed once.
 */
function createQemuEngine(run, { accel }) {
    let report;
    const probe = () => {
        report ??= qemu_probe_probeHost(run, accel);
        return report;
    };
    return {
        probe,
        prepare: async (image, options, dir) => {
            const accelerator = acceleratorOf(await probe());
            return explainQemuFullDisk(dir, () => boot_bootToSnapshot(run, accelerator, needRootfs(image), options, dir));
        },
        fork: (snapshot, dir) => explainQemuFullDisk(dir, () => qemu_snapshot_copySnapshot(run, snapshot, dir)),
        cycle: async (parent, scenario, { advance }) => {
            const activity = `in a cycle of ${plainWords(scenario.name)}`;
            const drive = (vm) => driveScenario(run, scenario, vm);
            return { next: parent, ...(await qemu_run_cycle_runCycle(run, parent, { advance, activity }, drive)) };
        },
    };
}
function acceleratorOf(report) {
    const accelerator = report.identity?.accelerator;
    if (accelerator === 'kvm' || accelerator === 'tcg')
        return accelerator;
    throw unusableHost(report);
}

;// CONCATENATED MODULE: ./lib/job/engine.js






/**
 * The engine that a run measures with.
 *
 * @param checkout absolute path that the settings' relative paths start at
 */
function createEngine(run, settings, checkout) {
    switch (settings.kind) {
        case 'qemu':
            return createQemuEngine(run, settings);
        case 'firecracker':
            return createFirecrackerEngine(run, settings, checkout);
        case 'e2b':
            return createE2bEngine(run, settings, checkout);
        case 'command':
            return createCommandEngine(run, settings, checkout);
    }
}
/** The engine, proven to work on this host. */
async function openEngine(run, config, checkout) {
    const engine = createEngine(run, config.measure.engine, checkout);
    const report = await engine.probe();
    if (!report.ok || !report.identity)
        throw unusableHost(report);
    run.log.info(`engine: ${identityWords(report.identity)}`);
    if (report.fallback)
        run.log.warning(report.fallback);
    return { engine, report, identity: report.identity };
}

;// CONCATENATED MODULE: ./lib/job/files.js




/** Everything that is written into output-dir. */
const recordNames = [
    'measurement.json',
    'measurement-base.json',
    'measurement-head.json',
    'comparison.json',
    'matrix.json',
    'report.md',
];
/**
 * Checks early that records can be written, and leaves no trace of it: a folder that is there before the images are built may get into one.
 *
 * @throws SnapgateError `host` where they cannot
 */
function checkOutputDir(dir) {
    refuseLink((0,external_node_path_.resolve)(dir));
    for (const name of recordNames)
        refuseLink((0,external_node_path_.join)((0,external_node_path_.resolve)(dir), name));
    checkFolder(dir, 'output-dir');
}
function writeRecord(dir, name, record) {
    return writeText(dir, name, `${JSON.stringify(record, null, 2)}\n`);
}
function writeText(dir, name, text) {
    const path = (0,external_node_path_.join)(dir, name);
    refuseLink((0,external_node_path_.resolve)(dir));
    try {
        writeNew(path, text);
        return path;
    }
    catch (error) {
        throw new host_error/* SnapgateError */.yA('host', `${path} cannot be written (${(0,host_error/* errnoOf */.UQ)(error) ?? error})`, 'Make room and make it writable, or name another output-dir.', { cause: error });
    }
}
/** output-dir lies in the checkout by default, and a commit may hold a symlink there that leads to any file of the runner. */
function refuseLink(path) {
    if (!isLink(path))
        return;
    throw new host_error/* SnapgateError */.yA('host', `${path} is a symlink, and records are not written through one`, 'Remove it, or name another output-dir: the folder itself, not a link to it.');
}
/** What cannot be looked at cannot be written either, which says so itself. */
function isLink(path) {
    try {
        return (0,external_node_fs_.lstatSync)(path).isSymbolicLink();
    }
    catch {
        return false;
    }
}
function writeNew(path, text) {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = external_node_fs_.constants;
    const file = (0,external_node_fs_.openSync)(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
    try {
        (0,external_node_fs_.writeFileSync)(file, text);
    }
    finally {
        (0,external_node_fs_.closeSync)(file);
    }
}

;// CONCATENATED MODULE: ./lib/image/cache.js





/**
 * The folder of a cache entry, made by `make` where there is none. Any number of runs may ask at once: an entry appears whole or not at
 * all, and of two that are made at the same time one stays. What is in it must not be written to.
 */
async function cached(run, request, make) {
    const name = `${request.kind}-${request.key}`;
    const path = (0,external_node_path_.join)(contentDir(run), name);
    claimEntry(run, name);
    if (isThere(path))
        return path;
    const temporary = newTemporary(run);
    (0,external_node_fs_.mkdirSync)(temporary, { mode: 0o700 });
    try {
        await make(temporary);
        makeReadOnly(temporary);
        publish_publish(temporary, path);
    }
    finally {
        (0,external_node_fs_.rmSync)(temporary, { recursive: true, force: true });
    }
    evictEntries(run, request.limitBytes);
    return path;
}
/** Says that this run uses an entry, until its clean-up. */
function claimEntry(run, name) {
    const dir = (0,external_node_path_.join)(contentDir(run), usersDir, run.id);
    (0,external_node_fs_.mkdirSync)(contentDir(run), { recursive: true });
    if (!(0,external_node_fs_.existsSync)(dir))
        run.ledger.add({ kind: 'path', path: dir });
    (0,external_node_fs_.mkdirSync)(dir, { recursive: true });
    (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(dir, name), '');
}
/** Runs other than this one that use an entry. */
function isUsedByOthers(run, name) {
    return users(run).some((id) => id !== run.id && (0,external_node_fs_.existsSync)((0,external_node_path_.join)(contentDir(run), usersDir, id, name)));
}
function contentDir(run) {
    return (0,external_node_path_.join)(run.cacheDir, 'content');
}
const usersDir = 'users';
const temporaryPrefix = 'tmp-';
/** A claim older than this is of a run whose clean-up never came. */
const claimLimitMs = 7 * 24 * 3600e3;
/** True for an entry that is there; it is then the one used last. */
function isThere(path) {
    try {
        const now = new Date();
        (0,external_node_fs_.utimesSync)(path, now, now);
        return true;
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            return false;
        throw error;
    }
}
function newTemporary(run) {
    const path = (0,external_node_path_.join)(contentDir(run), `${temporaryPrefix}${run.id}-${(0,external_node_crypto_.randomUUID)()}`);
    run.ledger.add({ kind: 'path', path });
    return path;
}
/** As an entry never changes. */
function makeReadOnly(dir) {
    for (const item of (0,external_node_fs_.readdirSync)(dir, { recursive: true, withFileTypes: true }))
        if (item.isFile())
            (0,external_node_fs_.chmodSync)((0,external_node_path_.join)(item.parentPath, item.name), 0o444);
}
/** Removes the entries used longest ago until the rest fits the limit. */
function evictEntries(run, limitBytes) {
    removeAbandoned(contentDir(run), (name) => name.startsWith(temporaryPrefix));
    removeAbandoned((0,external_node_path_.join)(contentDir(run), usersDir), () => true);
    const entries = (0,external_node_fs_.readdirSync)(contentDir(run))
        .filter((name) => name !== usersDir && !name.startsWith(temporaryPrefix))
        .flatMap((name) => describe(run, name))
        .sort((a, b) => a.usedMs - b.usedMs);
    let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const entry of entries) {
        if (total <= limitBytes)
            return;
        if (!isUsed(run, entry.name) && evict(run, entry.name))
            total -= entry.bytes;
    }
}
/** Of runs whose clean-up never came, since their work-dir is gone with its ledger: after a power cut, on a new runner. */
function removeAbandoned(dir, isOfRun) {
    for (const name of (0,external_node_fs_.readdirSync)(dir).filter(isOfRun))
        if (!isRecent((0,external_node_path_.join)(dir, name)))
            (0,external_node_fs_.rmSync)((0,external_node_path_.join)(dir, name), { recursive: true, force: true });
}
function describe(run, name) {
    const path = (0,external_node_path_.join)(contentDir(run), name);
    try {
        return [{ name, bytes: allocated(path), usedMs: (0,external_node_fs_.statSync)(path).mtimeMs }];
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            return [];
        throw error;
    }
}
/** Disk that a folder takes, without the holes of its files. */
function allocated(dir) {
    const names = (0,external_node_fs_.readdirSync)(dir, { recursive: true, encoding: 'utf8' });
    return names.reduce((sum, name) => sum + (0,external_node_fs_.lstatSync)((0,external_node_path_.join)(dir, name)).blocks * 512, 0);
}
/**
 * Moved aside first, and looked at again: a run that claimed it in between gets it back. Whoever claims after the move finds no entry
 * and makes its own.
 */
function evict(run, name) {
    const path = (0,external_node_path_.join)(contentDir(run), name);
    const aside = newTemporary(run);
    try {
        (0,external_node_fs_.renameSync)(path, aside);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === 'ENOENT')
            return true;
        throw error;
    }
    const claimed = isUsed(run, name);
    if (claimed)
        publish_publish(aside, path);
    (0,external_node_fs_.rmSync)(aside, { recursive: true, force: true });
    return !claimed;
}
function isUsed(run, name) {
    return users(run).some((id) => (0,external_node_fs_.existsSync)((0,external_node_path_.join)(contentDir(run), usersDir, id, name)));
}
/** Ids of the runs whose claims still count. */
function users(run) {
    const dir = (0,external_node_path_.join)(contentDir(run), usersDir);
    if (!(0,external_node_fs_.existsSync)(dir))
        return [];
    return (0,external_node_fs_.readdirSync)(dir).filter((id) => isRecent((0,external_node_path_.join)(dir, id)));
}
function isRecent(path) {
    const stat = (0,external_node_fs_.statSync)(path, { throwIfNoEntry: false });
    return stat !== undefined && Date.now() - stat.mtimeMs < claimLimitMs;
}

;// CONCATENATED MODULE: ./lib/image/checkout-path.js



/**
 * The real path of what an input names in a checkout. It must be there, readable, and within the checkout even after symlinks; only
 * where `absolute` allows it may a path that is given absolute lie elsewhere.
 */
function resolveCheckoutPath(checkout, path, what, absolute) {
    const full = placeInCheckout(checkout, path, what, absolute);
    if (!(0,external_node_fs_.existsSync)(full))
        throw new host_error/* SnapgateError */.yA('image', (0,external_node_path_.isAbsolute)(path) ? `${what}: there is no ${path}` : `${what}: ${path} is not in ${checkout}`, 'Check the path: a relative one is below the checkout of the side, and base and head each have their own.');
    const real = (0,external_node_fs_.realpathSync)(full);
    // What lies in the checkout is whatever a commit made of it, and may be a symlink; elsewhere it is the user's own.
    if (isInCheckout(full, checkout) && !checkout_path_isWithin(real, (0,external_node_fs_.realpathSync)(checkout)))
        throw checkout_path_leavesCheckout(path, what);
    requireReadable(real, what);
    return real;
}
/** The same for a file that need not be there yet. */
function placeInCheckout(checkout, path, what, absolute) {
    if (path === '' || path.includes('\0'))
        throw new host_error/* SnapgateError */.yA('usage', `${what} is not a path`, 'Give a path relative to the checkout.');
    const full = (0,external_node_path_.isAbsolute)(path) ? (0,external_node_path_.join)(path) : (0,external_node_path_.join)(checkout, path);
    if (isInCheckout(full, checkout) || ((0,external_node_path_.isAbsolute)(path) && absolute === 'allowed'))
        return full;
    throw checkout_path_leavesCheckout(path, what);
}
/** By its name alone; the checkout may itself be given by a symlink, and the path without it. */
function isInCheckout(full, checkout) {
    return checkout_path_isWithin(full, (0,external_node_path_.join)(checkout)) || checkout_path_isWithin(full, (0,external_node_fs_.realpathSync)(checkout));
}
function checkout_path_isWithin(path, folder) {
    const root = folder.endsWith(external_node_path_.sep) ? folder.slice(0, -1) : folder;
    return path === root || path.startsWith(`${root}${external_node_path_.sep}`);
}
function requireReadable(path, what) {
    try {
        (0,external_node_fs_.accessSync)(path, external_node_fs_.constants.R_OK);
    }
    catch (error) {
        throw new host_error/* SnapgateError */.yA('image', `${what}: ${path} is not readable to this user`, 'Change its permissions (chmod a+r), or run snapgate as its owner.', { cause: error });
    }
}
function checkout_path_leavesCheckout(path, what) {
    return new host_error/* SnapgateError */.yA('usage', `${what}: ${path} leads out of the checkout`, 'Name something within the repository. Only rootfs, image, kernel and initrd may lie elsewhere, given as absolute paths.');
}

;// CONCATENATED MODULE: ./lib/image/buildah-storage.js





const buildah_storage_name = 'buildah';
const oldPrefix = `${buildah_storage_name}-old-`;
/**
 * A storage of our own for buildah, in the cache: a build that is killed leaves a working container, which must not stay among the
 * user's. The vfs driver mounts nothing, so nothing can stay mounted.
 *
 * @param limitBytes disk that the layers of earlier builds may take
 */
async function openBuildahStorage(run, limitBytes) {
    const dir = (0,external_node_path_.join)(run.cacheDir, buildah_storage_name);
    const root = (0,external_node_path_.join)(dir, 'storage');
    const temporaryDir = (0,external_node_path_.join)(dir, 'tmp', run.id);
    const runRoot = (0,external_node_path_.join)(run.dir, buildah_storage_name);
    claimEntry(run, buildah_storage_name);
    // Once in a run, or the second side would not find the layers that it shares with the first.
    if (!(0,external_node_fs_.existsSync)(runRoot)) {
        run.ledger.add({ kind: 'buildah-build', root, runRoot, temporaryDir });
        await renew(run, dir, limitBytes);
    }
    for (const path of [root, temporaryDir, runRoot])
        (0,external_node_fs_.mkdirSync)(path, { recursive: true });
    return { options: ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'], temporaryDir };
}
/**
 * Starts anew where builds were killed, and where the layers have outgrown the limit: vfs keeps a whole copy of the files for each. The
 * old storage is moved aside at once, so that a run that begins at this moment does not lose what it is making.
 */
async function renew(run, dir, limitBytes) {
    if (!(0,external_node_fs_.existsSync)(dir))
        return;
    const usedBytes = await folderBytes(run, dir);
    if (isUsedByOthers(run, buildah_storage_name))
        return;
    if (usedBytes > limitBytes)
        run.log.info(`the layers of earlier builds take ${(0,units/* formatBytes */.z3)(usedBytes)}: they are removed`);
    else if (!hasLeftovers(dir))
        return;
    (0,external_node_fs_.renameSync)(dir, (0,external_node_path_.join)(run.cacheDir, `${oldPrefix}${run.id}`));
    for (const old of (0,external_node_fs_.readdirSync)(run.cacheDir).filter((entry) => entry.startsWith(oldPrefix)))
        await removeStorage(run, (0,external_node_path_.join)(run.cacheDir, old));
}
/** Working containers and temporary folders, where the clean-up of a killed build never came. */
function hasLeftovers(dir) {
    const containers = (0,external_node_path_.join)(dir, 'storage/vfs-containers/containers.json');
    if ((0,external_node_fs_.existsSync)(containers) && (0,external_node_fs_.readFileSync)(containers, 'utf8').includes('"id"'))
        return true;
    const temporary = (0,external_node_path_.join)(dir, 'tmp');
    return (0,external_node_fs_.existsSync)(temporary) && (0,external_node_fs_.readdirSync)(temporary).length > 0;
}
/** In a user name space it holds files of other ids, and always folders that their owner may not look into. */
async function removeStorage(run, path) {
    if (process.getuid?.() === 0)
        (0,external_node_fs_.rmSync)(path, { recursive: true, force: true });
    else
        await runCommand(run, 'buildah', ['unshare', 'rm', '-rf', '--', path]);
}
/** As far as this user may look. */
async function folderBytes(run, path) {
    const { stdout } = await runCommand(run, 'du', ['-sk', '--', path]);
    return Number.parseInt(stdout, 10) * 1024;
}

;// CONCATENATED MODULE: ./lib/image/logged-command.js




/** Builds may take this long, whatever the time budget says. */
const logged_command_limitMs = 2 * 3600e3;
/**
 * Runs a build, which must exit 0; each line of its output, stdout and stderr as they come, goes to the log as detail.
 *
 * @throws SnapgateError `image` with the last 40 lines
 */
async function runLogged(run, command, logged) {
    const lines = keepLastLines((line) => run.log.detail(line));
    // The shell joins stderr to stdout, and is then replaced by the command.
    const result = await runCommand(run, 'sh', ['-c', 'exec "$@" 2>&1', 'sh', command, ...logged.args], {
        cwd: logged.cwd,
        env: logged.env ?? {},
        timeoutMs: logged_command_limitMs,
        onStdout: lines.push,
    });
    const details = { title: `${logged.what}, last ${shownLines} lines`, lines: lines.end() };
    if (result.timedOut)
        throw new host_error/* SnapgateError */.yA('image', `${logged.what} did not end within ${(0,units/* formatDuration */.a3)(logged_command_limitMs)}`, logged.remedy, { details });
    if (result.code !== 0)
        throw new host_error/* SnapgateError */.yA('image', `${logged.what} failed (exit status ${result.code ?? result.signal})`, logged.remedy, { details });
}

;// CONCATENATED MODULE: ./lib/image/container-engine.js






/** `docker` where a daemon answers, else `buildah` where it is installed; else a SnapgateError that says what each lacks. */
async function findBuilder(run) {
    const docker = await container_engine_askVersion(run, 'docker', ['version', '--format', '{{.Server.Version}}']);
    if (docker === 'answers')
        return 'docker';
    const buildah = await container_engine_askVersion(run, 'buildah', ['--version']);
    if (buildah === 'answers')
        return 'buildah';
    throw new host_error/* SnapgateError */.yA('host', `no builder for the Dockerfile: docker ${docker}, buildah ${buildah}`, 'Start the docker daemon and let this user reach it, or: sudo apt-get install -y --no-install-recommends buildah');
}
/**
 * Builds a Dockerfile with the builder's own cache of layers, so that two sides share what they have in common. Nothing is tagged: what
 * stays is the builder's cache.
 *
 * @throws SnapgateError `image` with the last lines of the build
 */
async function buildDockerfile(run, build) {
    const engine = await findBuilder(run);
    const idFile = (0,external_node_path_.join)(build.scratch, 'image-id');
    const { storage, env, args } = engine === 'docker' ? await dockerSetup(run) : await buildahSetup(run, build.cacheLimitBytes);
    run.log.info(`building ${build.what} with ${engine}`);
    const built = runLogged(run, engine, {
        what: `the ${engine} build of ${build.what}`,
        remedy: `Its last lines say why. Try it by hand: ${engine} build -f ${build.source.dockerfile} ${build.source.context}`,
        args: [...storage, 'build', ...args, ...buildArgs(build, idFile)],
        cwd: build.context,
        env,
    });
    await built.catch((error) => {
        throw lacksIds(error) ?? error;
    });
    return { engine, storage, id: (0,external_node_fs_.readFileSync)(idFile, 'utf8').trim() };
}
/** An image by its name or id in docker's storage or, failing that, in buildah's (which is podman's too). Nothing is pulled. */
async function findLocalImage(run, reference) {
    // A name that begins with a dash would be taken for an option.
    if (!/^[A-Za-z0-9][\x21-\x7e]*$/.test(reference))
        return undefined;
    const docker = await container_engine_ask(run, 'docker', ['image', 'inspect', '--format', '{{.Id}}', reference]);
    if (docker !== undefined)
        return { engine: 'docker', storage: [], id: docker };
    const format = '{{.FromImageID}}';
    const buildah = await container_engine_ask(run, 'buildah', ['inspect', '--type', 'image', '--format', format, reference]);
    return buildah === undefined ? undefined : { engine: 'buildah', storage: [], id: buildah };
}
/** Writes an image as an archive to `folder`, and returns its path. */
async function saveImage(run, image, folder) {
    const name = 'image.tar';
    // Relative, because a colon in a path would be taken for the start of a tag.
    const args = image.engine === 'docker'
        ? ['save', '--output', name, image.id]
        : ['push', '--quiet', image.id.replace(/^sha256:/, ''), `oci-archive:${name}`];
    await mustRun(run, image.engine, [...image.storage, ...args], { cwd: folder, env: { TMPDIR: folder } });
    return (0,external_node_path_.join)(folder, name);
}
/**
 * The builder must be the daemon's own, which has the same name as the context: what another makes (docker/setup-buildx-action
 * selects one) is not among the daemon's images.
 */
async function dockerSetup(run) {
    const context = (await container_engine_ask(run, 'docker', ['context', 'show'])) ?? 'default';
    return {
        storage: [],
        env: { BUILDX_BUILDER: context, BUILDKIT_PROGRESS: 'plain', BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
        // The classic builder keeps the container of a step that fails.
        args: ['--force-rm'],
    };
}
async function buildahSetup(run, cacheLimitBytes) {
    const { options, temporaryDir } = await openBuildahStorage(run, cacheLimitBytes);
    return { storage: options, env: { TMPDIR: temporaryDir }, args: ['--isolation', 'chroot', '--layers'] };
}
/** The error of a rootless buildah whose user has no ids to give to the files of an image; undefined for any other. */
function lacksIds(error) {
    if (!(error instanceof host_error/* SnapgateError */.yA) || !error.details)
        return undefined;
    const { details } = error;
    const says = (pattern) => details.lines.some((line) => pattern.test(line));
    // The warning alone harms nobody: a build may do without other ids.
    if (!says(/no subuid ranges|no UID ranges/i) || !says(/not permitted|invalid argument/i))
        return undefined;
    return new host_error/* SnapgateError */.yA('host', `${error.message}: this user has no range of ids in /etc/subuid and /etc/subgid, which buildah needs without root`, 'Give it one: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER". Or use docker, or run as root.', { cause: error, details });
}
function buildArgs({ source, dockerfile, context }, idFile) {
    return [
        `--iidfile=${idFile}`,
        `--file=${dockerfile}`,
        ...Object.entries(source.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
        ...(source.target === undefined ? [] : [`--target=${source.target}`]),
        context,
    ];
}
async function container_engine_askVersion(run, command, args) {
    const result = await askQuietly(run, command, args);
    if (result === undefined)
        return 'is not installed';
    if (result.code === 0)
        return 'answers';
    return `does not answer (${result.tail.at(-1) ?? `exit status ${result.code}`})`;
}
async function container_engine_ask(run, command, args) {
    const result = await askQuietly(run, command, args);
    return result?.code === 0 ? result.stdout.trim() : undefined;
}
/** undefined where there is no such command. */
async function askQuietly(run, command, args) {
    try {
        return await runCommand(run, command, args, { timeoutMs: 20_000 });
    }
    catch (error) {
        if (error instanceof host_error/* SnapgateError */.yA)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/image/disk-content.js


/** What a disk image holds, passing over its zeros, of which it mostly consists. */
function readDiskContent(path) {
    const fd = (0,external_node_fs_.openSync)(path, 'r');
    try {
        return hashDisk(fd, (0,external_node_fs_.fstatSync)(fd).size);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
const disk_content_chunkBytes = 1024 ** 2;
const disk_content_blockBytes = 4096;
const disk_content_zeros = Buffer.alloc(disk_content_chunkBytes);
function hashDisk(fd, sizeBytes) {
    const hash = (0,external_node_crypto_.createHash)('sha256').update(`disk ${sizeBytes}\n`);
    const chunk = Buffer.alloc(disk_content_chunkBytes);
    let usedBytes = 0;
    for (let start = 0; start < sizeBytes; start += disk_content_chunkBytes) {
        const data = chunk.subarray(0, (0,external_node_fs_.readSync)(fd, chunk, 0, disk_content_chunkBytes, start));
        if (isZero(data))
            continue;
        for (let at = 0; at < data.length; at += disk_content_blockBytes) {
            const block = data.subarray(at, at + disk_content_blockBytes);
            if (isZero(block))
                continue;
            usedBytes += block.length;
            hash.update(`${start + at}\n`).update(block);
        }
    }
    return { sha256: hash.digest('hex'), usedBytes };
}
function isZero(data) {
    return data.equals(disk_content_zeros.subarray(0, data.length));
}

;// CONCATENATED MODULE: ./lib/image/crc32c.js
/** The CRC that ext4 puts on its metadata: Castagnoli's polynomial, reflected, without the final inversion. */
function crc32c(seed, data) {
    let crc = seed >>> 0;
    for (const byte of data)
        crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
    return crc >>> 0;
}
const table = Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1)
        value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value >>> 0;
});

;// CONCATENATED MODULE: ./lib/image/ext4-times.js


/**
 * Gives every inode of a file system made by `mke2fs -d` its modification time as access and change time too, which mke2fs takes
 * from the folder and nobody can set there, and the root directory its own attributes, which mke2fs passes over.
 * Layouts: https://docs.kernel.org/filesystems/ext4/ (super block, group descriptors, inode table).
 */
function normaliseInodes(path, root) {
    const fd = (0,external_node_fs_.openSync)(path, 'r+');
    try {
        const layout = readLayout(fd);
        for (let group = 0; group < layout.groups; group += 1)
            normaliseGroup(fd, layout, group, root);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
const metadataCsum = 0x400;
const csumSeed = 0x2000;
const sixtyFourBit = 0x80;
const inodeUninit = 1;
const rootInode = 2;
function readLayout(fd) {
    const block = ext4_times_readAt(fd, 1024, 1024);
    const blockBytes = 1024 << block.readUInt32LE(24);
    const blocks = block.readUInt32LE(4);
    const firstBlock = block.readUInt32LE(20);
    const groups = Math.ceil((blocks - firstBlock) / block.readUInt32LE(32));
    const incompat = block.readUInt32LE(96);
    const descriptorBytes = incompat & sixtyFourBit ? block.readUInt16LE(254) : 32;
    const seed = incompat & csumSeed ? block.readUInt32LE(624) : crc32c(0xffff_ffff, block.subarray(104, 120));
    return {
        blockBytes,
        groups,
        inodesPerGroup: block.readUInt32LE(40),
        inodeBytes: block.readUInt16LE(88),
        descriptors: ext4_times_readAt(fd, groups * descriptorBytes, (firstBlock + 1) * blockBytes),
        descriptorBytes,
        checksumSeed: block.readUInt32LE(100) & metadataCsum ? seed : undefined,
    };
}
function normaliseGroup(fd, layout, group, root) {
    const descriptor = layout.descriptors.subarray(group * layout.descriptorBytes);
    if (descriptor.readUInt16LE(18) & inodeUninit)
        return;
    const used = layout.inodesPerGroup - descriptor.readUInt16LE(28);
    const high = layout.descriptorBytes >= 64 ? descriptor.readUInt32LE(40) : 0;
    const start = (high * 2 ** 32 + descriptor.readUInt32LE(8)) * layout.blockBytes;
    const inodes = ext4_times_readAt(fd, used * layout.inodeBytes, start);
    for (let index = 0; index < used; index += 1) {
        const inode = inodes.subarray(index * layout.inodeBytes, (index + 1) * layout.inodeBytes);
        if (inode.readUInt16LE(0) === 0)
            continue;
        const number = group * layout.inodesPerGroup + index + 1;
        if (number === rootInode)
            setAttributes(inode, root);
        copyTimes(inode);
        if (layout.checksumSeed !== undefined)
            setChecksum(inode, number, layout.checksumSeed);
    }
    (0,external_node_fs_.writeSync)(fd, inodes, 0, inodes.length, start);
}
function setAttributes(inode, { mode, uid, gid, mtime }) {
    inode.writeUInt16LE(0o040000 | mode, 0);
    inode.writeUInt16LE(uid & 0xffff, 2);
    inode.writeUInt16LE(gid & 0xffff, 24);
    inode.writeUInt16LE(uid >>> 16, 120);
    inode.writeUInt16LE(gid >>> 16, 122);
    inode.writeUInt32LE(mtime, 16);
}
function copyTimes(inode) {
    const mtime = inode.readUInt32LE(16);
    inode.writeUInt32LE(mtime, 8);
    inode.writeUInt32LE(mtime, 12);
    if (inode.length >= 160) {
        // Fractions of ctime, mtime and atime; then the creation time with its own.
        inode.fill(0, 132, 144);
        inode.writeUInt32LE(mtime, 144);
        inode.writeUInt32LE(0, 148);
    }
}
function setChecksum(inode, number, seed) {
    const hasHigh = inode.length > 128 && inode.readUInt16LE(128) >= 4;
    inode.writeUInt16LE(0, 124);
    if (hasHigh)
        inode.writeUInt16LE(0, 130);
    const id = Buffer.alloc(4);
    id.writeUInt32LE(number);
    const checksum = crc32c(crc32c(crc32c(seed, id), inode.subarray(100, 104)), inode);
    inode.writeUInt16LE(checksum & 0xffff, 124);
    if (hasHigh)
        inode.writeUInt16LE(checksum >>> 16, 130);
}
function ext4_times_readAt(fd, bytes, position) {
    const data = Buffer.alloc(bytes);
    const read = (0,external_node_fs_.readSync)(fd, data, 0, bytes, position);
    if (read < bytes)
        throw new Error(`the file system ends at byte ${position + read}`);
    return data;
}

;// CONCATENATED MODULE: ./lib/image/tar-error.js


/** What is wrong with an archive, said where it is not known which archive it is: see `naming`. */
class ArchiveProblem extends Error {
    remedy;
    constructor(message, remedy) {
        super(message);
        this.name = 'ArchiveProblem';
        this.remedy = remedy;
    }
}
function damagedTar(what) {
    return new ArchiveProblem(`is damaged: ${what}`, 'Make or download it again.');
}
/** An entry that no honest archive holds, or one that a Linux file system cannot. */
function refusedEntry(path, why) {
    return new ArchiveProblem(`holds an entry that is refused: ${quoteName(path)} ${why}`, 'Leave it out.');
}
/** The error for people: `name` says which archive, e.g. `the tar rootfs.tar`. Errors of another kind stay as they are. */
function tar_error_naming(name, error) {
    if (!(error instanceof ArchiveProblem))
        return error;
    return new host_error/* SnapgateError */.yA('image', `${name} ${error.message}`, error.remedy, { cause: error });
}
/** A name of raw bytes (latin1) for people: as UTF-8, quoted, not longer than a line. */
function quoteName(path) {
    const text = Buffer.from(path, 'latin1').toString('utf8');
    return (0,printable/* printable */.g)(JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text));
}

;// CONCATENATED MODULE: ./lib/image/file-tree.js




function newFileTree(name, contentDir, limitBytes) {
    return { name, root: newDirectory(0o755, 0), contentDir, limitBytes, liveBytes: 0, files: 1, named: 0 };
}
/** Puts a member of an archive into the tree, in place of what has its name; where its content goes, if it has any. */
function addEntry(tree, entry, layer) {
    const parts = splitPath(entry.path);
    const name = parts.pop();
    if (name === undefined) {
        if (entry.kind === 'directory')
            file_tree_setAttributes(tree, tree.root, entry);
        return undefined;
    }
    const parent = directoryAt(tree, parts, layer, entry.path);
    if (entry.kind === 'hardlink') {
        addHardLink(tree, parent, name, entry, layer);
        return undefined;
    }
    const before = parent.children.get(name);
    if (entry.kind === 'directory' && before?.file.kind === 'directory') {
        file_tree_setAttributes(tree, before.file, entry);
        before.layer = layer;
        return undefined;
    }
    if (before)
        removeSlot(tree, parent, name);
    const isKept = entry.kind === 'file' && tree.liveBytes + entry.storedBytes <= file_tree_keptBytes(tree);
    const contentPath = isKept ? (0,external_node_path_.join)(tree.contentDir, String(tree.named)) : undefined;
    const file = newFile(entry, entry.kind, contentPath);
    parent.children.set(name, { file, layer });
    countName(tree);
    tree.liveBytes += occupied(file);
    tree.files += 1;
    refuseBomb(tree);
    return contentPath === undefined ? undefined : openSink(contentPath, entry.sizeBytes);
}
/** True where a file of the tree has lost its content, because there was too much of it all at the time. */
function isIncomplete(tree) {
    const files = Array.from(walkTree(tree.root), ({ file }) => file);
    return files.some((file) => file.kind === 'file' && file.contentPath === undefined);
}
/** Contents past it are counted, so that an error can say what the image needs, and not kept. */
function file_tree_keptBytes({ limitBytes }) {
    return 2 * limitBytes;
}
/** Removes what layers below `layer` put at `path`: the meaning of a whiteout (OCI image specification, layer.md). */
function whiteOut(tree, path, layer) {
    const parts = splitPath(path);
    const name = parts.pop();
    const parent = existingDirectory(tree, parts);
    const slot = name === undefined ? undefined : parent?.children.get(name);
    if (!parent || !slot || name === undefined)
        return;
    if (slot.layer < layer)
        removeSlotBelow(tree, parent, name, slot, layer);
    else
        removeLower(tree, slot.file, layer);
}
/** Empties a directory of what layers below `layer` put there: the meaning of an opaque whiteout. */
function whiteOutContents(tree, path, layer) {
    const directory = existingDirectory(tree, splitPath(path));
    if (directory)
        removeLower(tree, directory, layer);
}
/** Removes what is at `path`, whichever layer put it there. */
function removePath(tree, path) {
    whiteOut(tree, path, Number.POSITIVE_INFINITY);
}
/** Every name of the tree with its file, parents first, in the order of the bytes of the names. */
function* walkTree(directory, prefix = '') {
    for (const name of [...directory.children.keys()].sort()) {
        const file = directory.children.get(name)?.file;
        if (!file)
            continue;
        const path = `${prefix}/${name}`;
        yield { path, file };
        if (file.kind === 'directory')
            yield* walkTree(file, path);
    }
}
function refuseBomb(tree) {
    if (tree.liveBytes <= 16 * tree.limitBytes)
        return;
    throw tooMuch(tree, `files of ${(0,units/* formatBytes */.z3)(tree.liveBytes)} or more`);
}
function countName(tree) {
    tree.named += 1;
    if (tree.named > tree.limitBytes / 1024)
        throw tooMuch(tree, `${tree.named} files or more`);
}
function tooMuch(tree, what) {
    return new ArchiveProblem(`holds ${what}: far too much for a disk of ${(0,units/* formatBytes */.z3)(tree.limitBytes)}`, 'Check that it is what you mean, and raise disk-size.');
}
/** Longest path of an entry, which leaves room for the folder it is laid out in below PATH_MAX (4,096). */
const pathLimit = 3000;
const hopLimit = 40;
function splitPath(path) {
    if (path.length > pathLimit)
        throw pathTooLong(path);
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    for (const part of parts) {
        if (part === '..')
            throw refusedEntry(path, 'leads out of the archive');
        if (part.length > 255 || part.includes('\0'))
            throw refusedEntry(path, 'has a name that no file can have');
    }
    return parts;
}
function pathTooLong(path) {
    return refusedEntry(path, `has a path of more than ${pathLimit} bytes`);
}
/** The directory at `parts`, through symlinks that stay within the tree; made where there is none. */
function directoryAt(tree, parts, layer, path) {
    const make = (parent, name) => {
        const file = newDirectory(0o755, parent.mtime);
        parent.children.set(name, { file, layer });
        countName(tree);
        tree.files += 1;
        tree.liveBytes += occupied(file);
        return file;
    };
    const found = file_tree_follow(tree, parts, make);
    if (!found)
        throw refusedEntry(path, 'lies below something that is not a folder');
    return found;
}
function existingDirectory(tree, parts) {
    return file_tree_follow(tree, parts, () => undefined);
}
/** Walks `parts` as a kernel would that is confined to the tree; undefined where they end at something other than a folder. */
function file_tree_follow(tree, parts, missing) {
    const left = [...parts];
    const trail = [{ directory: tree.root, pathBytes: 0 }];
    let hops = 0;
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const { directory, pathBytes } = trail.at(-1) ?? { directory: tree.root, pathBytes: 0 };
        if (name === '' || name === '.')
            continue;
        if (name === '..') {
            if (trail.length > 1)
                trail.pop();
            continue;
        }
        // Symlinks can lead deeper than any path that is written out.
        if (pathBytes > pathLimit)
            throw pathTooLong(parts.join('/'));
        const next = directory.children.get(name)?.file ?? missing(directory, name);
        if (next?.kind === 'directory')
            trail.push({ directory: next, pathBytes: pathBytes + name.length + 1 });
        else if (next?.kind === 'symlink' && hops < hopLimit) {
            hops += 1;
            left.unshift(...next.link.split('/'));
            if (next.link.startsWith('/'))
                trail.length = 1;
        }
        else
            return undefined;
    }
    return trail.at(-1)?.directory;
}
/** Most names of one file in an ext4 (EXT4_LINK_MAX). */
const linkLimit = 65_000;
function addHardLink(tree, parent, name, entry, layer) {
    const parts = splitPath(entry.link);
    const last = parts.pop();
    const file = last === undefined ? undefined : existingDirectory(tree, parts)?.children.get(last)?.file;
    if (!file || file.kind === 'directory')
        throw refusedEntry(entry.path, `is a hard link to ${quoteName(entry.link)}, which is not in the archive before it`);
    if (parent.children.get(name)?.file === file)
        return;
    if (file.links >= linkLimit)
        throw refusedEntry(entry.path, `is a hard link to a file with ${linkLimit} names`);
    countName(tree);
    file.links += 1;
    if (parent.children.has(name))
        removeSlot(tree, parent, name);
    parent.children.set(name, { file, layer });
}
function removeSlot(tree, parent, name) {
    const file = parent.children.get(name)?.file;
    parent.children.delete(name);
    if (!file)
        return;
    for (const child of [...file.children.keys()])
        removeSlot(tree, file, child);
    file.links -= 1;
    if (file.links > 0)
        return;
    tree.liveBytes -= occupied(file);
    tree.files -= 1;
    if (file.contentPath !== undefined)
        (0,external_node_fs_.rmSync)(file.contentPath, { force: true });
}
function removeLower(tree, directory, layer) {
    for (const [name, slot] of [...directory.children]) {
        if (slot.layer < layer)
            removeSlotBelow(tree, directory, name, slot, layer);
        else if (slot.file.kind === 'directory')
            removeLower(tree, slot.file, layer);
    }
}
/** A directory of a lower layer may hold entries of this one, which stay. */
function removeSlotBelow(tree, parent, name, slot, layer) {
    if (slot.file.kind === 'directory')
        removeLower(tree, slot.file, layer);
    if (slot.file.children.size === 0)
        removeSlot(tree, parent, name);
}
/** Largest file of an ext4: 2^32 blocks of 4 KiB, less one. */
const fileLimitBytes = (2 ** 32 - 1) * 4096;
function newFile(entry, kind, contentPath) {
    const { sizeBytes, storedBytes } = entry;
    if (sizeBytes > fileLimitBytes)
        throw refusedEntry(entry.path, `is ${(0,units/* formatBytes */.z3)(sizeBytes)} long, more than a file can be`);
    const link = kind === 'symlink' ? checkedTarget(entry) : '';
    const device = kind === 'character' || kind === 'block' ? deviceOf(entry) : { major: 0, minor: 0 };
    const attributes = attributesOf(entry);
    return {
        kind,
        ...attributes,
        ...device,
        sizeBytes,
        storedBytes,
        link,
        contentPath,
        children: new Map(),
        links: 1,
    };
}
/** Linux has 12 bits for the major number of a device, and 20 for the minor one. */
function deviceOf({ path, major, minor }) {
    if (major >= 0 && major < 2 ** 12 && minor >= 0 && minor < 2 ** 20)
        return { major, minor };
    throw refusedEntry(path, `is the device ${major}:${minor}, which is none`);
}
function newDirectory(mode, mtime) {
    return {
        kind: 'directory',
        mode,
        uid: 0,
        gid: 0,
        mtime,
        xattrs: noXattrs,
        major: 0,
        minor: 0,
        sizeBytes: 0,
        storedBytes: 0,
        link: '',
        contentPath: undefined,
        children: new Map(),
        links: 1,
    };
}
function checkedTarget(entry) {
    const isFine = entry.link.length > 0 && entry.link.length < 4096 && !entry.link.includes('\0');
    if (!isFine)
        throw refusedEntry(entry.path, 'is a symlink with a target that none can have');
    return entry.link;
}
function file_tree_setAttributes(tree, directory, entry) {
    tree.liveBytes -= occupied(directory);
    Object.assign(directory, attributesOf(entry));
    tree.liveBytes += occupied(directory);
}
/** An ext4 inode holds 32-bit ids, and times whose 32 bits reach from 1970 to 2038. */
function attributesOf(entry) {
    const { mode, uid, gid } = entry;
    for (const id of [uid, gid])
        if (!(id >= 0 && id < 0xffff_ffff))
            throw refusedEntry(entry.path, `belongs to the id ${id}, which is none`);
    const mtime = Math.min(Math.max(entry.mtime, 0), 0x7fff_ffff);
    return { mode, uid, gid, mtime, xattrs: xattrsOf(entry) };
}
/** What one block of an ext4 has for extended attributes: 4096 bytes less the header and the end mark. */
const xattrLimitBytes = 4096 - 32 - 4;
/** The ones that mean something on another machine; `trusted.overlay.*` is the bookkeeping of a container engine. */
function xattrsOf({ path, xattrs }) {
    const kept = [...xattrs].filter(([key]) => /^(user|security|trusted|system\.posix_acl_)[\x21-\x7e]*$/.test(key) &&
        !key.startsWith('trusted.overlay.'));
    if (kept.length === 0)
        return noXattrs;
    if (xattrBytes(kept) > xattrLimitBytes)
        throw refusedEntry(path, 'has more extended attributes than an ext4 can hold');
    return new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}
const noXattrs = new Map();
/**
 * Each is an entry of 16 bytes, its name after `user.` or the like, and its value, both padded to four bytes
 * (https://docs.kernel.org/filesystems/ext4/, extended attributes).
 */
function xattrBytes(xattrs) {
    const padded = (bytes) => Math.ceil(bytes / 4) * 4;
    const nameBytes = (key) => key.length - key.indexOf('.') - 1;
    return xattrs.reduce((sum, [key, value]) => sum + 16 + padded(nameBytes(key)) + padded(value.length), 0);
}
/** What an inode of 256 bytes has for extended attributes besides its fields; more go to a block of their own. */
const inodeXattrBytes = 256 - 128 - 32 - 8;
/** Bytes of disk blocks that a file takes. */
function occupied(file) {
    const content = file.kind === 'directory' ? 4096 : Math.ceil(file.storedBytes / 4096) * 4096;
    return content + (xattrBytes([...file.xattrs]) > inodeXattrBytes ? 4096 : 0);
}
function openSink(path, sizeBytes) {
    const fd = (0,external_node_fs_.openSync)(path, 'wx', 0o600);
    return {
        write: (chunk, position) => {
            for (let done = 0; done < chunk.length;)
                done += (0,external_node_fs_.writeSync)(fd, chunk, done, chunk.length - done, position + done);
        },
        close: () => {
            (0,external_node_fs_.ftruncateSync)(fd, sizeBytes);
            (0,external_node_fs_.closeSync)(fd);
        },
    };
}

;// CONCATENATED MODULE: ./lib/image/tree-layout.js


/**
 * Lays a tree out as a folder, in one order whatever order it came in, and returns what `fakeroot -i` reads: the ownership, modes and
 * devices that its files are to seem to have. On the disk they are ours, and devices are empty files, so no privilege is needed.
 */
function layOutTree(tree, dir) {
    const first = new Map();
    const states = [];
    (0,external_node_fs_.mkdirSync)(dir, { mode: 0o700 });
    for (const { path, file } of walkTree(tree.root)) {
        const earlier = first.get(file);
        if (earlier !== undefined) {
            (0,external_node_fs_.linkSync)(hostPath(dir, earlier), hostPath(dir, path));
            continue;
        }
        first.set(file, path);
        create(file, hostPath(dir, path));
        states.push(fakerootState(file, hostPath(dir, path)));
    }
    // Last, because every name made in a folder changes its time.
    for (const [file, path] of first)
        (0,external_node_fs_.lutimesSync)(hostPath(dir, path), file.mtime, file.mtime);
    return `${states.join('\n')}\n`;
}
function create(file, path) {
    if (file.kind === 'directory')
        (0,external_node_fs_.mkdirSync)(path, { mode: 0o700 });
    else if (file.kind === 'symlink')
        (0,external_node_fs_.symlinkSync)(Buffer.from(file.link, 'latin1'), path);
    else if (file.contentPath !== undefined)
        (0,external_node_fs_.renameSync)(file.contentPath, path);
    else
        (0,external_node_fs_.writeFileSync)(path, '', { mode: 0o600, flag: 'wx' });
}
const formatBits = {
    fifo: 0o010000,
    character: 0o020000,
    directory: 0o040000,
    block: 0o060000,
    file: 0o100000,
    symlink: 0o120000,
};
/** One line of fakeroot's state (fakeroot's `faked.c`, `save_database`): hexadecimal device, decimal inode, octal mode. */
function fakerootState(file, path) {
    const { dev, ino, nlink } = (0,external_node_fs_.lstatSync)(path, { bigint: true });
    const mode = formatBits[file.kind] | file.mode;
    const isDevice = file.kind === 'character' || file.kind === 'block';
    const rdev = isDevice ? deviceNumber(file.major, file.minor) : 0n;
    return `dev=${dev.toString(16)},ino=${ino},mode=${mode.toString(8)},uid=${file.uid},gid=${file.gid},nlink=${nlink},rdev=${rdev}`;
}
/** glibc's makedev(3). */
function deviceNumber(major, minor) {
    const high = BigInt(major);
    const low = BigInt(minor);
    return (((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn));
}
function hostPath(dir, path) {
    return Buffer.concat([Buffer.from(dir), Buffer.from(path, 'latin1')]);
}

;// CONCATENATED MODULE: ./lib/image/ext4.js









/** Seconds since 1970 that stand wherever a tool would write "now": 2024-01-01. */
const fixedTime = 1_704_067_200;
/** What the file system tools are run with: no clock, no locale, and none of the host's configuration. */
const ext4Environment = {
    LC_ALL: 'C',
    TZ: 'UTC',
    E2FSPROGS_FAKE_TIME: String(fixedTime),
    E2FSCK_TIME: String(fixedTime),
    SOURCE_DATE_EPOCH: String(fixedTime),
    MKE2FS_CONFIG: '/dev/null',
    E2FSCK_CONFIG: '/dev/null',
};
/**
 * Makes the file at `path` an ext4 of `diskSizeBytes` that holds the tree. The same tree gives the same bytes, wherever and whenever,
 * with the same e2fsprogs; no privilege is needed. `scratch` is a folder on the same disk as the tree's contents.
 */
async function makeExt4(run, tree, path, diskSizeBytes, scratch) {
    if (tree.liveBytes > diskSizeBytes || isIncomplete(tree))
        throw tooLarge(tree, diskSizeBytes);
    const folder = (0,external_node_path_.join)(scratch, 'layout');
    const state = (0,external_node_path_.join)(scratch, 'fakeroot-state');
    (0,external_node_fs_.writeFileSync)(state, layOutTree(tree, folder));
    (0,external_node_fs_.writeFileSync)(path, '', { flag: 'wx' });
    (0,external_node_fs_.truncateSync)(path, diskSizeBytes);
    const inodes = inodeCount(tree.files, diskSizeBytes);
    const args = ['-i', state, '--', 'mke2fs', ...formatArgs(inodes), '-d', folder, path];
    const made = await runCommand(run, 'fakeroot', args, { env: ext4Environment });
    if (made.code !== 0)
        throw mke2fsError(made, tree, diskSizeBytes);
    (0,external_node_fs_.rmSync)(folder, { recursive: true });
    await setXattrs(run, tree, path, (0,external_node_path_.join)(scratch, 'xattrs'));
    normaliseInodes(path, tree.root);
}
/**
 * Copies an ext4 (sparse), checks and repairs the copy, and grows it to `diskSizeBytes`. One that is larger is an error that names
 * both sizes.
 */
async function adoptExt4(run, source, path, diskSizeBytes) {
    const { size } = (0,external_node_fs_.statSync)(source);
    if (size > diskSizeBytes)
        throw new host_error/* SnapgateError */.yA('image', `the ext4 ${source} is ${(0,units/* formatBytes */.z3)(size)} (${size} bytes) large, and disk-size is ${(0,units/* formatBytes */.z3)(diskSizeBytes)} (${diskSizeBytes} bytes)`, `Raise disk-size to ${Math.ceil(size / mebibyte)}MiB or more, or shrink the file system (resize2fs).`);
    await mustRun(run, 'cp', ['--sparse=always', '--reflink=auto', '--no-preserve=all', '--', source, path]);
    await checkFileSystem(run, path, source);
    if (size === diskSizeBytes)
        return;
    (0,external_node_fs_.truncateSync)(path, diskSizeBytes);
    await mustRun(run, 'resize2fs', [path], { env: ext4Environment });
    await checkFileSystem(run, path, source);
}
/** Exit status of e2fsck(8): 0 clean, 1 corrected; 4 and above are left uncorrected. */
async function checkFileSystem(run, path, source) {
    const result = await runCommand(run, 'e2fsck', ['-f', '-y', path], { env: ext4Environment });
    if (result.code === 0 || result.code === 1)
        return;
    const details = { title: 'last lines of e2fsck', lines: result.tail.slice(-40) };
    if (result.tail.some((line) => line.includes('unsupported feature')))
        throw new host_error/* SnapgateError */.yA('image', `the ext4 ${source} has features that e2fsck of this machine does not know`, 'Make it without them (mke2fs -O ^NAME), or use a newer e2fsprogs here.', { details });
    throw new host_error/* SnapgateError */.yA('image', `the ext4 ${source} is damaged beyond what e2fsck repairs`, 'Make it again, or run e2fsck -f on it.', { details });
}
/** A fixed id: of the file system and as the seed of its directory hashes. */
const fixedId = '736e6170-6761-4e7e-8000-000000000001';
/** All features are named, so that the defaults of a host's e2fsprogs do not change what a guest writes. Nothing is left to a lazy
 * initialisation, which would be a guest's kernel writing in the background. */
function formatArgs(inodes) {
    const features = [
        'has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file',
        'dir_nlink,extra_isize,metadata_csum',
    ].join(',');
    const extended = `hash_seed=${fixedId},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0`;
    const sizes = ['-b', '4096', '-I', '256', '-N', String(inodes), '-m', '0'];
    return [
        '-q',
        '-F',
        '-t',
        'ext4',
        '-O',
        `none,${features}`,
        ...sizes,
        '-U',
        fixedId,
        '-L',
        'rootfs',
        '-E',
        extended,
    ];
}
/** One inode for 16 KiB of disk, as mke2fs does it; more, in steps, where the tree needs them. */
function inodeCount(files, diskSizeBytes) {
    const step = 16_384;
    const wanted = Math.max(diskSizeBytes / 16_384, files * 1.25 + 1024);
    return Math.ceil(wanted / step) * step;
}
const mebibyte = 1024 ** 2;
/** What the tree takes on an ext4: contents, inodes, the journal, and maps; a little more than it will be. */
function ext4_neededBytes(tree) {
    const contents = isIncomplete(tree) ? Math.max(tree.liveBytes, file_tree_keptBytes(tree)) : tree.liveBytes;
    const journal = contents < 1024 * mebibyte ? 16 * mebibyte : 64 * mebibyte;
    return contents * 1.02 + inodeCount(tree.files, contents) * 256 + journal;
}
function tooLarge(tree, diskSizeBytes) {
    const needed = Math.max(ext4_neededBytes(tree), diskSizeBytes + mebibyte);
    const step = 64 * mebibyte;
    const enough = Math.ceil((needed * 1.1) / step) * 64;
    return new host_error/* SnapgateError */.yA('image', `${tree.name} needs about ${(0,units/* formatBytes */.z3)(needed)} as a disk, and disk-size is ${(0,units/* formatBytes */.z3)(diskSizeBytes)}`, `Raise disk-size to ${enough}MiB or more, or make the image smaller.`);
}
function mke2fsError(made, tree, diskSizeBytes) {
    const says = (pattern) => made.tail.some((line) => pattern.test(line));
    if (says(/Could not allocate (block|inode)|not enough/i) && !says(/No space left on device/))
        return tooLarge(tree, diskSizeBytes);
    return new host_error/* SnapgateError */.yA('host', `mke2fs could not make an ext4 of ${tree.name}`, 'Its last lines say why.', {
        details: { title: 'last lines of mke2fs', lines: made.tail.slice(-40) },
    });
}
/** mke2fs takes xattrs from the folder, where `security.capability` needs root; so they are set afterwards, by debugfs. */
async function setXattrs(run, tree, path, dir) {
    const commands = [];
    const values = new Map();
    (0,external_node_fs_.mkdirSync)(dir);
    const seen = new Set();
    for (const { path: name, file } of [{ path: '/', file: tree.root }, ...walkTree(tree.root)]) {
        if (seen.has(file))
            continue;
        seen.add(file);
        for (const [key, value] of file.xattrs) {
            // debugfs takes a command a line.
            if (/[\n\r\0]/.test(name))
                throw tar_error_naming(tree.name, refusedEntry(name, 'has an extended attribute, and a line break in its path'));
            // Labels of SELinux are on every file, and few.
            const text = value.toString('latin1');
            const valuePath = values.get(text) ?? (0,external_node_path_.join)(dir, String(values.size));
            if (!values.has(text))
                (0,external_node_fs_.writeFileSync)(valuePath, value);
            values.set(text, valuePath);
            commands.push(`ea_set -f ${[valuePath, name, key].map(quote).join(' ')}`);
        }
    }
    if (commands.length > 0)
        await runDebugfs(run, tree, path, commands, (0,external_node_path_.dirname)(dir));
}
/** One word for debugfs. */
function quote(word) {
    return `"${word.replaceAll('"', '""')}"`;
}
async function runDebugfs(run, tree, path, commands, dir) {
    const script = (0,external_node_path_.join)(dir, 'debugfs-commands');
    (0,external_node_fs_.writeFileSync)(script, Buffer.from(`${commands.join('\n')}\n`, 'latin1'));
    const result = await runCommand(run, 'debugfs', ['-w', '-f', script, path], {
        env: ext4Environment,
        onStdout: () => { },
    });
    const complaints = result.tail.filter((line) => !/^debugfs \d/.test(line));
    if (result.code === 0 && complaints.length === 0)
        return;
    if (complaints.some((line) => /No space left|Could not allocate/.test(line)))
        throw tooLarge(tree, tree.limitBytes);
    throw new host_error/* SnapgateError */.yA('host', `the extended attributes of ${tree.name} could not be set`, 'The last lines of debugfs say why.', { details: { title: 'last lines of debugfs', lines: complaints.slice(-40) } });
}

;// CONCATENATED MODULE: ./lib/guest/vsock-relay/relay.js
/** relay.elf in base64, for x86-64 alone: what relay.S says how to build. A test builds it and compares. */
const vsockRelayBase64 = [
    'f0VMRgIBAQAAAAAAAAAAAAIAPgABAAAA6ABAAAAAAABAAAAAAAAAAKgDAAAAAAAAAAAAAEAAOAADAEAABAADAAEAAAAFAAAAAAAAAAAA',
    'AAAAAEAAAAAAAAAAQAAAAAAAjgMAAAAAAACOAwAAAAAAAAAQAAAAAAAAAQAAAAYAAAAAAAAAAAAAAAAQQAAAAAAAABBAAAAAAAAAAAAA',
    'AAAAAAAQAAAAAAAAABAAAAAAAABR5XRkBgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAL8B',
    'AAAAvgEACAAx0kG6EBBAALg1AAAADwWFwA+IEwIAAL8oAAAAvgEACAAx0rgpAAAADwWJw4XAD4j2AQAAid++UANAALoQAAAAuDEAAAAP',
    'BYXAD4jbAQAAid++BAAAALgyAAAADwWFwA+IxQEAALg5AAAADwWFwA+ItgEAAA+EYQEAAIs8JRQQQAC4AwAAAA8FRIskJRAQQABmxwQl',
    'BBBAAAEARIkkJQgQQAC9/////4nouQEAAAAx0oXtD0jDD0jKiQQlABBAAGaJDCUMEEAAvwAQQAC+AgAAALr/////uAcAAAAPBYXAeMYP',
    'twQlDhBAAKgBdW+oOA+FYAEAAA+3BCUGEEAAhe0PiLgAAABmhcB0nYnvvhgQQAC66A8AADHADwWFwA+OiAAAAEG9GBBAAEGJxkSJ50SJ',
    '7kSJ8kG6AEAAAEUxwEUxybgsAAAADwWFwA+IBgEAAEEBxUEpxnXU6Uv///9Eiee+GBBAALroDwAAMcAPBYXAD47gAAAAQb0YEEAAQYnG',
    'ie9Eie5EifJBugBAAABFMcBFMcm4LAAAAA8FhcB4DUEBxUEpxnXZ6f3+//+J77gDAAAADwW9/////+nq/v//qDh1aYnfMfYx0kG6AAAI',
    'ALggAQAADwWJxenM/v//vwEAAAC+CQAAALidAAAADwWLPCUUEEAAvgMAAAC4IQAAAA8FvwMAAAC+AgAAADHSuEgAAAAPBUiLBCRIjXQk',
    'EEiLPkiNVMQQuDsAAAAPBb9gA0AAvgEBAAC4AgAAAA8Fice+bQNAALohAAAAuAEAAAAPBb8BAAAA6wIx/7jnAAAADwUoAAAAZgMAAP//',
    '//8AAAAAL2Rldi9jb25zb2xlAHNuYXBnYXRlOiBubyB2c29jayBmb3IgdGhlIGFnZW50CgAuc2hzdHJ0YWIALnRleHQALmJzcwAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAsAAAABAAAABgAAAAAA',
    'AADoAEAAAAAAAOgAAAAAAAAApgIAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAARAAAACAAAAAMAAAAAAAAAABBAAAAAAAAAEAAA',
    'AAAAAAAQAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAjgMAAAAAAAAWAAAAAAAAAAAA',
    'AAAAAAAAAQAAAAAAAAAAAAAAAAAAAA==',
].join('');

;// CONCATENATED MODULE: ./lib/image/debugfs.js



/** Paths of the caller's own making only: debugfs parts words at spaces and knows no other quoting. */
const plainPath = /^\/[A-Za-z0-9._/@+-]*$/;
/** Looks at `paths` in one debugfs; an absent path has no entry in the answer. */
async function lookUp(run, rootfsPath, paths) {
    const asked = [...new Set(paths)].filter((path) => plainPath.test(path));
    const { stdout } = await debugfs(run, rootfsPath, asked.map((path) => `stat ${path}`));
    const entries = new Map();
    for (const [command, answer] of splitAnswers(stdout.split('\n'))) {
        const path = command.slice('stat '.length);
        const entry = parseEntry(answer);
        if (entry?.type === 'symlink' && entry.target === '')
            entries.set(path, { ...entry, target: await readContent(run, rootfsPath, path) });
        else if (entry)
            entries.set(path, entry);
    }
    return entries;
}
/** Where a path ends when all symlinks are followed inside the image; undefined where it dangles, loops, or its name is not a plain one. */
async function resolvePath(run, rootfsPath, path) {
    let current = path;
    // 40 is Linux's own limit (MAXSYMLINKS).
    for (let hops = 0; hops < 40; hops += 1) {
        const entry = (await lookUp(run, rootfsPath, [current])).get(current);
        if (entry?.type !== 'symlink')
            return entry && { path: current, entry };
        current = joinTarget(current, entry.target);
    }
    return undefined;
}
/** More than any file has that is read here. */
const textLimitBytes = 1024 ** 2;
/** Text of a small file, symlinks followed; undefined where there is no such file. */
async function readTextFile(run, rootfsPath, path) {
    const found = await resolvePath(run, rootfsPath, path);
    if (found?.entry.type !== 'file' || found.entry.sizeBytes > textLimitBytes)
        return undefined;
    return readContent(run, rootfsPath, found.path);
}
async function readContent(run, rootfsPath, path) {
    const { stdout } = await debugfs(run, rootfsPath, [`cat ${path}`]);
    return stdout.slice(stdout.indexOf('\n') + 1);
}
/** Fields of the superblock as `stats -h` names them. */
async function readSuperblock(run, rootfsPath) {
    const { stdout } = await debugfs(run, rootfsPath, ['stats -h']);
    return new Map(stdout.split('\n').flatMap((line) => {
        const match = /^([A-Z][^:]+):\s+(.*)$/.exec(line);
        return match ? [[match[1] ?? '', match[2] ?? '']] : [];
    }));
}
/**
 * Runs a script that changes the file system. debugfs exits 0 whatever happened: any line that is not one of its known good ones is an error.
 *
 * @throws SnapgateError `image`
 */
async function editFileSystem(run, rootfsPath, script, cwd) {
    const { tail } = await debugfs(run, rootfsPath, script, { write: true, cwd });
    const bad = tail.filter((line) => !/^debugfs[: ]|^Allocated inode: \d+$|^Setting current time to /.test(line));
    if (bad.length === 0)
        return;
    throw new host_error/* SnapgateError */.yA('image', `the guest's files could not be put into ${rootfsPath}: ${bad[0]}`, 'If the file system is full, raise disk-size; if it is damaged, run `e2fsck -f` on it.', { details: { title: 'last lines of debugfs', lines: bad.slice(-20) } });
}
async function debugfs(run, rootfsPath, script, options = {}) {
    const result = await runCommand(run, 'debugfs', [...(options.write ? ['-w'] : []), '-f', '-', '--', (0,external_node_path_.resolve)(rootfsPath)], {
        input: `${script.join('\n')}\n`,
        timeoutMs: 120_000,
        env: { LC_ALL: 'C', DEBUGFS_PAGER: '__none__', PAGER: 'cat' },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    if (result.code === 0 && !result.tail.some((line) => /while trying to open|Filesystem not open/.test(line)))
        return result;
    throw new host_error/* SnapgateError */.yA('image', `${rootfsPath} cannot be read as an ext4 file system`, 'Give a rootfs that is an ext4 image of the whole file system, without a partition table, or a tar or folder to make one from.', { details: { title: 'last lines of debugfs', lines: result.tail.slice(-20) } });
}
/** With -f, debugfs echoes each command as `debugfs: COMMAND` before its answer. */
function splitAnswers(lines) {
    const answers = [];
    for (const line of lines) {
        const command = /^debugfs: (.*)$/.exec(line)?.[1];
        if (command !== undefined)
            answers.push([command.trim(), []]);
        else
            answers.at(-1)?.[1].push(line);
    }
    return answers;
}
function parseEntry(answer) {
    const first = /^Inode: \d+\s+Type: (.+?)\s+Mode:\s+(\d+)/.exec(answer[0] ?? '');
    if (!first)
        return undefined;
    switch (first[1]) {
        case 'regular':
            return { type: 'file', mode: Number.parseInt(first[2] ?? '0', 8), sizeBytes: sizeOf(answer) };
        case 'directory':
            return { type: 'directory' };
        case 'symlink':
            return { type: 'symlink', target: linkTarget(answer) };
        default:
            return { type: 'other' };
    }
}
function sizeOf(answer) {
    const size = answer.map((line) => /\bSize: (\d+)$/.exec(line)?.[1]).find((found) => found !== undefined);
    return Number(size);
}
/** `Fast link dest: "…"`; empty for a target of 60 bytes and more, which is the content of a block. */
function linkTarget(answer) {
    const line = answer.find((candidate) => candidate.startsWith('Fast link dest: "'));
    return line === undefined ? '' : line.slice('Fast link dest: "'.length, -1);
}
function joinTarget(link, target) {
    const parent = link.slice(0, link.lastIndexOf('/'));
    const joined = target.startsWith('/') ? target : `${parent}/${target}`;
    // `..` is left to debugfs, which walks it as the kernel would, through symlinked folders too.
    return joined.replace(/\/{2,}/g, '/');
}

;// CONCATENATED MODULE: ./lib/image/init-kind.js


/** The kernel's own order (init/main.c), without its /bin/sh; then /init, which some images boot by. */
const initPaths = ['/sbin/init', '/etc/init', '/bin/init', '/init'];
const systemdPaths = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'];
/**
 * Finds the init of an ext4, following symlinks inside of it.
 *
 * - busybox links an `init` into every image that it is installed in (Alpine's, its own); it is the image's init only where something
 *   tells it what to start;
 * - a systemd that nothing links to as init counts only where the image names no ENTRYPOINT or CMD: it may be there as a dependency.
 */
async function findInit(run, rootfsPath, container) {
    const words = container === undefined ? [] : commandWords(container);
    for (const path of initPaths) {
        const found = await executableAt(run, rootfsPath, path);
        const isEntrypoint = words[0] === path;
        if (found === undefined)
            continue;
        if (found.endsWith('/systemd'))
            return { kind: 'systemd', path };
        if (isEntrypoint || !found.endsWith('/busybox') || (await isBusyboxInitSetUp(run, rootfsPath)))
            return { kind: 'init', path, isEntrypoint };
    }
    if (words.length > 0)
        return { kind: 'none' };
    for (const path of systemdPaths)
        if (await executableAt(run, rootfsPath, path))
            return { kind: 'systemd', path };
    return { kind: 'none' };
}
/** By an inittab (Alpine has one in every image, which starts an OpenRC that containers lack), else by init's default, /etc/init.d/rcS. */
async function isBusyboxInitSetUp(run, rootfsPath) {
    const inittab = await readTextFile(run, rootfsPath, '/etc/inittab');
    if (inittab === undefined)
        return (await executableAt(run, rootfsPath, '/etc/init.d/rcS')) !== undefined;
    if (!inittab.includes('/sbin/openrc'))
        return true;
    return (await executableAt(run, rootfsPath, '/sbin/openrc')) !== undefined;
}
async function executableAt(run, rootfsPath, path) {
    const found = await resolvePath(run, rootfsPath, path);
    return found?.entry.type === 'file' && (found.entry.mode & 0o111) !== 0 ? found.path : undefined;
}

;// CONCATENATED MODULE: ./lib/image/inject.js












/**
 * Puts the agent and what starts it into an ext4, in place and without root. Equal input gives equal bytes.
 *
 * @param container what the container image says of its start; undefined where the rootfs never was one
 * @throws SnapgateError `image`: no ext4, damaged, or without room; `host`: no usable busybox
 */
async function injectGuest(run, rootfsPath, container) {
    const busybox = await resolveBusybox(run, agentApplets);
    const superblock = await readSuperblock(run, rootfsPath);
    inject_checkFileSystem(rootfsPath, superblock);
    checkRoom(superblock, busybox);
    const init = await findInit(run, rootfsPath, container);
    await writeFiles(run, rootfsPath, busybox, guestFiles(init, container));
    return { init: init.kind, kernelArgs: kernelArgsOf(init) };
}
/** Changes whenever `injectGuest` would write something else: part of the key that images are cached by. */
async function guestFilesSha256(run) {
    const busybox = await resolveBusybox(run, agentApplets);
    const container = { entrypoint: ['/e'], cmd: [], env: ['E=e'], workingDir: '/', user: 'u:g' };
    const inits = [
        { kind: 'systemd', path: '/lib/systemd/systemd' },
        { kind: 'init', path: '/init', isEntrypoint: false },
        { kind: 'init', path: '/init', isEntrypoint: true },
        { kind: 'none' },
    ];
    const everything = inits.map((init) => [guestFiles(init, container), kernelArgsOf(init)]);
    return (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify([busybox.sha256, everything]))
        .digest('hex');
}
/** Mount points of the kernel's file systems, and what a program may expect. Made here so that no boot has to. */
const commonFolders = ['/dev', '/proc', '/sys', '/run', '/tmp', protocol/* guestDir */.ed, `${protocol/* guestDir */.ed}/mnt`];
function guestFiles(init, container) {
    const files = [
        script('agent', agentScript),
        { path: guestVsockRelay, mode: 0o755, content: Buffer.from(vsockRelayBase64, 'base64') },
    ];
    if (container && container.env.length > 0)
        files.push({ path: guestEnvironmentPath, mode: 0o644, content: environmentScript(container.env) });
    switch (init.kind) {
        case 'systemd':
            return systemdFiles(files);
        case 'init':
            files.push(script('init', init.isEntrypoint && container ? entrypointInitScript() : wrapperScript(init.path)));
            break;
        case 'none':
            files.push(script('init', minimalInitScript(container !== undefined && commandWords(container).length > 0)));
    }
    if (container)
        files.push({ path: entrypointPath, mode: 0o755, content: entrypointScript(container) });
    return { folders: commonFolders, files, links: [] };
}
function systemdFiles(files) {
    const units = '/etc/systemd/system';
    const wants = `${units}/multi-user.target.wants`;
    return {
        folders: [...commonFolders, '/etc', '/etc/systemd', units, wants],
        files: [...files, { path: `${units}/${agentUnitName}`, mode: 0o644, content: agentUnit }],
        links: [{ path: `${wants}/${agentUnitName}`, target: `${units}/${agentUnitName}` }],
    };
}
function script(name, content) {
    return { path: `${protocol/* guestDir */.ed}/${name}`, mode: 0o755, content };
}
function kernelArgsOf(init) {
    const root = ['root=/dev/vda', 'rw'];
    // systemd.wants: also where the default target does not pull in multi-user.target (systemd-debug-generator(8)).
    if (init.kind === 'systemd')
        return [...root, `init=${init.path}`, `systemd.wants=${agentUnitName}`];
    return [...root, `init=${protocol/* guestDir */.ed}/init`];
}
function inject_checkFileSystem(rootfsPath, superblock) {
    const state = superblock.get('Filesystem state') ?? 'unknown';
    const isDirty = /needs_recovery/.test(superblock.get('Filesystem features') ?? '');
    if (state === 'clean' && !isDirty)
        return;
    throw new host_error/* SnapgateError */.yA('image', `the file system ${rootfsPath} is not clean (${isDirty ? 'its journal was not replayed' : `state: ${state}`})`, `Unmount it where it is in use, then run: e2fsck -f ${rootfsPath}`);
}
/** Besides the files: some blocks of directories, and slack for what the guest writes as it boots. */
const slackBytes = 256 * 1024;
const inodesNeeded = 32;
function checkRoom(superblock, busybox) {
    const blockBytes = Number(superblock.get('Block size'));
    const diskBytes = Number(superblock.get('Block count')) * blockBytes;
    const freeBytes = Number(superblock.get('Free blocks')) * blockBytes;
    const neededBytes = busybox.sizeBytes + slackBytes;
    const freeInodes = Number(superblock.get('Free inodes'));
    if (freeBytes >= neededBytes && freeInodes >= inodesNeeded)
        return;
    if (freeBytes >= neededBytes)
        throw new host_error/* SnapgateError */.yA('image', `the guest's disk has ${freeInodes} free inodes where snapgate's guest agent needs ${inodesNeeded}`, 'Make the file system with more inodes (mke2fs -N), or raise disk-size.');
    const step = 16 * 1024 ** 2;
    throw new host_error/* SnapgateError */.yA('image', `the guest's disk of ${(0,units/* formatBytes */.z3)(diskBytes)} has ${(0,units/* formatBytes */.z3)(freeBytes)} free where snapgate's guest agent needs ${(0,units/* formatBytes */.z3)(neededBytes)}`, `Raise disk-size to ${Math.ceil((diskBytes + neededBytes + step / 2) / step) * 16}MiB or more.`);
}
async function writeFiles(run, rootfsPath, busybox, wanted) {
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'inject-'));
    try {
        (0,external_node_fs_.copyFileSync)(busybox.path, (0,external_node_path_.join)(dir, 'busybox'));
        wanted.files.forEach((file, index) => {
            (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(dir, String(index)), file.content);
        });
        const sources = [
            { path: guestBusybox, mode: 0o755, source: 'busybox' },
            ...wanted.files.map((file, index) => ({ path: file.path, mode: file.mode, source: String(index) })),
        ];
        const paths = [...wanted.folders, ...sources, ...wanted.links].map((item) => typeof item === 'string' ? item : item.path);
        const present = await lookUp(run, rootfsPath, paths);
        await editFileSystem(run, rootfsPath, editScript(wanted, sources, present), dir);
    }
    finally {
        (0,external_node_fs_.rmSync)(dir, { recursive: true, force: true });
    }
}
/** 2020-01-01: any fixed time will do but 0, which debugfs takes for the clock's. */
const inject_fixedTime = '@1577836800';
function editScript(wanted, sources, present) {
    const removeOld = (path) => (present.has(path) ? [`rm ${path}`] : []);
    return [
        `set_current_time ${inject_fixedTime}`,
        ...wanted.folders.flatMap((path) => present.has(path) ? [] : [`mkdir ${path}`, ...setInode(path, path === '/tmp' ? 0o41777 : 0o40755)]),
        ...sources.flatMap(({ path, mode, source }) => [
            ...removeOld(path),
            // `write` takes a name in the current folder, not a path.
            `cd ${parentOf(path)}`,
            `write ${source} ${path.slice(path.lastIndexOf('/') + 1)}`,
            ...setInode(path, 0o100000 | mode),
        ]),
        ...wanted.links.flatMap(({ path, target }) => [
            ...removeOld(path),
            `symlink ${path} ${target}`,
            ...setInode(path, 0o120777),
        ]),
    ];
}
function setInode(path, mode) {
    const fields = [
        ['mode', `0${mode.toString(8)}`],
        ['uid', '0'],
        ['gid', '0'],
        ['atime', inject_fixedTime],
        ['ctime', inject_fixedTime],
        ['mtime', inject_fixedTime],
        ['crtime', inject_fixedTime],
    ];
    return fields.map(([field, value]) => `set_inode_field ${path} ${field} ${value}`);
}
function parentOf(path) {
    return path.slice(0, path.lastIndexOf('/')) || '/';
}

;// CONCATENATED MODULE: ./lib/image/distribution-kernel.js





/** The distributions' metapackages of a kernel for virtual machines. */
const metapackages = {
    debian: 'linux-image-cloud-amd64',
    ubuntu: 'linux-image-virtual',
};
/**
 * The newest kernel for virtual machines of the host's own distribution, from the cache or from its packages; no root needed.
 *
 * @param limitBytes of all cached kernels; the least recently used ones go, never this one
 * @throws SnapgateError `host`: neither packages nor a cached kernel, an unknown distribution, not x86-64
 */
async function resolveDistributionKernel(run, limitBytes) {
    checkArchitecture();
    const folder = (0,external_node_path_.join)(run.cacheDir, 'kernels');
    (0,external_node_fs_.mkdirSync)(folder, { recursive: true });
    const entry = await currentEntry(run, folder);
    const now = new Date();
    (0,external_node_fs_.utimesSync)(entry, now, now);
    dropOldEntries(folder, entry, limitBytes);
    return openEntry(entry);
}
function checkArchitecture() {
    if (process.arch === 'x64')
        return;
    throw new host_error/* SnapgateError */.yA('host', `kernel: auto works on x86-64 hosts; this one is ${process.arch}`, 'Give kernel: the path of a kernel.');
}
/** Folder of the newest kernel; where apt has nothing to offer, of the one used last. */
async function currentEntry(run, folder) {
    const meta = metapackage();
    const packages = (await findPackages(run, meta)) ?? (await refreshed(run, () => findPackages(run, meta)));
    if (packages === undefined)
        return usedLast(run, folder, `apt knows no ${meta}`);
    const entry = (0,external_node_path_.join)(folder, entryName(packages));
    if ((0,external_node_fs_.existsSync)(entry))
        return entry;
    run.log.info(`downloading ${packages[0]?.name} ${packages[0]?.version}`);
    const dir = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'kernel-'));
    try {
        const isHere = (await download(run, packages, dir)) || (await refreshed(run, () => again(run, meta, dir)));
        if (!isHere)
            return usedLast(run, folder, `apt could not download ${packages[0]?.name}`);
        return await unpack(run, dir, entry);
    }
    finally {
        (0,external_node_fs_.rmSync)(dir, { recursive: true, force: true });
    }
}
function metapackage() {
    const release = (0,external_node_fs_.readFileSync)('/etc/os-release', 'utf8');
    const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
    const id = ids.find((candidate) => Object.hasOwn(metapackages, candidate));
    const meta = id === undefined ? undefined : metapackages[id];
    if (meta !== undefined)
        return meta;
    throw new host_error/* SnapgateError */.yA('host', 'kernel: auto takes the kernel from packages of Debian or Ubuntu, and this host is neither', 'Give kernel: the path of a kernel.');
}
/** The image package that the metapackage stands for, and its modules where they are apart; undefined where apt does not know. */
async function findPackages(run, meta) {
    const image = (await dependencies(run, meta)).find((name) => /^linux-image-\d/.test(name));
    if (image === undefined)
        return undefined;
    const modules = (await dependencies(run, image)).filter((name) => /^linux-modules-\d/.test(name));
    const versions = await Promise.all([image, ...modules].map((name) => candidate(run, name)));
    const packages = versions.filter((found) => found !== undefined);
    return packages.length === versions.length ? packages : undefined;
}
async function dependencies(run, name) {
    const result = await apt(run, 'apt-cache', ['depends', '--important', name]);
    return [...result.stdout.matchAll(/^ +\|?(?:Pre)?Depends: (\S+)$/gm)].map((match) => match[1] ?? '');
}
async function candidate(run, name) {
    const result = await apt(run, 'apt-cache', ['show', '--no-all-versions', name]);
    const version = /^Version: (\S+)$/m.exec(result.stdout)?.[1];
    return version === undefined ? undefined : { name, version };
}
async function download(run, packages, dir) {
    const wanted = packages.map(({ name, version }) => `${name}=${version}`);
    const result = await apt(run, 'apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...wanted], dir);
    if (result.code === 0)
        return true;
    for (const line of result.tail.slice(-5))
        run.log.detail(line);
    return false;
}
async function again(run, meta, dir) {
    const packages = await findPackages(run, meta);
    return packages !== undefined && (await download(run, packages, dir));
}
/** Tries once more after `apt-get update`, where this user may run it. */
async function refreshed(run, retry) {
    const isRoot = process.getuid?.() === 0;
    run.log.info('updating the package lists of apt');
    const [command, args] = isRoot ? ['apt-get', ['update']] : ['sudo', ['-n', 'apt-get', 'update']];
    if (!isRoot && !(0,external_node_fs_.existsSync)('/usr/bin/sudo'))
        return undefined;
    const result = await apt(run, command, args);
    return result.code === 0 ? await retry() : undefined;
}
function apt(run, command, args, cwd = '/') {
    return runCommand(run, command, args, { cwd, env: { LC_ALL: 'C' }, timeoutMs: 300_000 });
}
function usedLast(run, folder, why) {
    const newest = listEntries(folder)[0];
    if (newest !== undefined) {
        run.log.warning(`${why}: the kernel used last is taken from the cache`);
        return newest.path;
    }
    throw new host_error/* SnapgateError */.yA('host', `no kernel to boot guests with: ${why}`, 'Run: sudo apt-get update. Or give kernel: the path of a kernel.');
}
function entryName(packages) {
    return packages
        .map(({ name, version }) => `${name}_${version.replaceAll(/[^A-Za-z0-9.+~-]/g, '-')}`)
        .join('+');
}
/** Unpacks beside the entry and renames: a concurrent run sees the whole entry or none, and whoever comes second takes the first's. */
async function unpack(run, packagesDir, entry) {
    const temporary = `${entry}.${run.id}`;
    run.ledger.add({ kind: 'path', path: temporary });
    (0,external_node_fs_.mkdirSync)(temporary);
    try {
        for (const name of (0,external_node_fs_.readdirSync)(packagesDir))
            await mustRun(run, 'dpkg-deb', ['-x', (0,external_node_path_.join)(packagesDir, name), temporary], { timeoutMs: 120_000 });
        // Where /usr is merged, packages ship usr/lib/modules, and kmod looks in lib/modules.
        if (!(0,external_node_fs_.existsSync)((0,external_node_path_.join)(temporary, 'lib')))
            (0,external_node_fs_.symlinkSync)('usr/lib', (0,external_node_path_.join)(temporary, 'lib'));
        await mustRun(run, 'depmod', ['-b', temporary, moduleVersion(temporary)], { timeoutMs: 120_000 });
        publish_publish(temporary, entry);
        return entry;
    }
    finally {
        (0,external_node_fs_.rmSync)(temporary, { recursive: true, force: true });
    }
}
function moduleVersion(dir) {
    const versions = (0,external_node_fs_.readdirSync)((0,external_node_path_.join)(dir, 'lib/modules'));
    if (versions[0] !== undefined && versions.length === 1)
        return versions[0];
    throw new Error(`expected one kernel's modules in ${dir}, found ${versions.length}`);
}
function openEntry(entry) {
    return { path: (0,external_node_path_.join)(entry, 'boot', `vmlinuz-${moduleVersion(entry)}`), modulesDir: entry };
}
/** Whole entries (not those that are being unpacked), the one used last first. */
function listEntries(folder) {
    return (0,external_node_fs_.readdirSync)(folder)
        .filter((name) => /^linux-image-.*_/.test(name) && !/\.[0-9a-f-]{36}$/.test(name))
        .map((name) => (0,external_node_path_.join)(folder, name))
        .map((path) => ({ path, usedMs: (0,external_node_fs_.statSync)(path).mtimeMs }))
        .sort((a, b) => b.usedMs - a.usedMs);
}
/** A kernel used within the last day may be in use by another run. */
const keptMs = 24 * 3600 * 1000;
function dropOldEntries(folder, current, limitBytes) {
    let totalBytes = 0;
    for (const { path, usedMs } of listEntries(folder)) {
        totalBytes += distribution_kernel_folderBytes(path);
        if (totalBytes <= limitBytes || path === current || Date.now() - usedMs < keptMs)
            continue;
        (0,external_node_fs_.rmSync)(path, { recursive: true, force: true });
    }
}
function distribution_kernel_folderBytes(path) {
    return (0,external_node_fs_.readdirSync)(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, entry) => sum + (0,external_node_fs_.statSync)((0,external_node_path_.join)(entry.parentPath, entry.name)).size, 0);
}

;// CONCATENATED MODULE: ./lib/image/kernel.js





/**
 * The kernel to boot guests with: a path, or `auto`: the distribution's own for virtual machines, unpacked into the cache and never installed.
 *
 * @param limitBytes of all cached kernels together; the least recently used ones go first
 * @throws SnapgateError `image` for a path that is no kernel, `host` where there is none to be had
 */
async function resolveKernel(run, spec, limitBytes) {
    const kernel = spec === 'auto' ? await distributionKernel(run, limitBytes) : await givenKernel(spec);
    run.log.info(`kernel ${kernel.version}`);
    return kernel;
}
async function distributionKernel(run, limitBytes) {
    const found = await resolveDistributionKernel(run, limitBytes);
    return {
        path: found.path,
        version: kernelVersion(found.path),
        sha256: await sha256OfFile(found.path),
        modulesDir: found.modulesDir,
    };
}
async function givenKernel(path) {
    const version = kernelVersion(path);
    return { path, version, sha256: await sha256OfFile(path), modulesDir: undefined };
}
/**
 * The release that a kernel says of itself, else its file's name.
 *
 * @throws SnapgateError `image` where the file is neither a bzImage nor an ELF
 */
function kernelVersion(path) {
    const content = readKernel(path);
    // The x86 boot protocol: `HdrS` at 0x202; the version string lies at 0x200 + the u16 at 0x20e.
    if (content.length > 0x210 && content.toString('latin1', 0x202, 0x206) === 'HdrS')
        return kernel_firstWord(content, 0x200 + content.readUInt16LE(0x20e)) ?? (0,external_node_path_.basename)(path);
    if (content.length > 4 && content.readUInt32BE(0) === 0x7f454c46) {
        const banner = 'Linux version ';
        const at = content.indexOf(banner, 0, 'latin1');
        return (at < 0 ? undefined : kernel_firstWord(content, at + banner.length)) ?? (0,external_node_path_.basename)(path);
    }
    throw new host_error/* SnapgateError */.yA('image', `${path}, given as the kernel, is neither a bzImage nor an ELF`, kernel_remedy);
}
const kernel_remedy = 'Give kernel: the path of a bzImage (vmlinuz) or of an uncompressed vmlinux, or auto.';
function readKernel(path) {
    try {
        return (0,external_node_fs_.readFileSync)(path);
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === undefined)
            throw error;
        throw new host_error/* SnapgateError */.yA('image', `the kernel ${path} cannot be read: ${(0,host_error/* errnoOf */.UQ)(error)}`, kernel_remedy, {
            cause: error,
        });
    }
}
/** It reaches reports: only what a release may hold, and bounded. */
function kernel_firstWord(content, offset) {
    return /^[A-Za-z0-9][A-Za-z0-9._+~-]*/.exec(content.toString('latin1', offset, offset + 128))?.[0];
}

;// CONCATENATED MODULE: ./lib/image/build-command.js



/**
 * Runs the project's own build in a checkout, without this process's tokens. SOURCE_DATE_EPOCH is set where the caller has not, for
 * builders that can be reproducible.
 *
 * @throws SnapgateError `image` with the last lines of the build
 */
async function runBuildCommand(run, command, checkout, what) {
    const shell = userShell();
    run.log.info(`building ${what} with build-command`);
    await runLogged(run, shell.command, {
        what: `the build-command of ${what}`,
        remedy: 'Its last lines say why. It runs in the checkout of the side, without the tokens of the workflow.',
        args: shell.argumentsFor(command),
        cwd: checkout,
        env: { SOURCE_DATE_EPOCH: process.env['SOURCE_DATE_EPOCH'] ?? String(fixedTime) },
    });
}

// EXTERNAL MODULE: ./node_modules/zod/v4/core/errors.js
var core_errors = __webpack_require__(7428);
;// CONCATENATED MODULE: ./lib/image/stream-command.js



/**
 * Runs a command and passes its stdout to `use`, which must read it to its end. It fails where the command does, even where `use`
 * was content.
 */
async function streamCommand(run, streamed, use) {
    run.signal.throwIfAborted();
    const { child, stdout, requireSuccess } = start(run, streamed);
    const stop = () => killGroup(child);
    run.signal.addEventListener('abort', stop, { once: true });
    try {
        const result = await use(stdout);
        await requireSuccess();
        return result;
    }
    catch (error) {
        // What the command says of its broken output tells more than what was made of it.
        if (stdout.readableEnded)
            await requireSuccess();
        throw error;
    }
    finally {
        stop();
        run.signal.removeEventListener('abort', stop);
    }
}
function start(run, { command, args, env, input, failure }) {
    const child = startProcess(run, command, args, {
        stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        detached: true,
        ...(env && { env }),
    });
    const { stdin, stdout, stderr } = child;
    if (!stdout || !stderr)
        throw new Error(`a pipe from ${command} is missing`);
    const exit = waitForExit(child);
    exit.catch(() => { });
    const lines = stream_command_keepLastLines(stderr);
    if (input && stdin)
        (0,external_node_stream_.pipeline)(input, stdin, () => { });
    const requireSuccess = async () => {
        const { code } = await exit;
        run.signal.throwIfAborted();
        if (code === 127 && lines().some((line) => line.startsWith('setpriv: failed to execute')))
            throw missing(command);
        if (code !== 0)
            throw failure(lines());
    };
    return { child, stdout, requireSuccess };
}
const stream_command_keptBytes = 64 * 1024;
const keptLines = 40;
function stream_command_keepLastLines(stream) {
    let tail = Buffer.alloc(0);
    stream.on('data', (chunk) => {
        tail = Buffer.concat([tail, chunk]).subarray(-stream_command_keptBytes);
    });
    return () => tail
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .slice(-keptLines);
}
function missing(command) {
    return new host_error/* SnapgateError */.yA('host', `the command ${command} is not on this machine`, `Install it: ${packageOf(command)}.`);
}

;// CONCATENATED MODULE: ./lib/image/decompress.js






/**
 * Reads a part of a file, decompressed (gzip, zstd, xz) where its first bytes say that it is compressed, and passes it to `use`, which
 * must read it to its end: some damage is told only there.
 */
async function withContent(run, part, use) {
    const format = compressionOf(await readStart(part, 6));
    const raw = openPart(part);
    try {
        if (format === 'none')
            return await use(raw);
        if (format === 'gzip')
            return await withGunzip(part.path, raw, use);
        return await withCommand(run, part.path, format, raw, use);
    }
    finally {
        raw.destroy();
    }
}
/** The first bytes of a part, fewer where it is shorter. */
async function readStart(part, bytes) {
    const file = await (0,external_node_fs_promises_.open)(part.path);
    try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, Math.min(bytes, part.bytes), part.start);
        return buffer.subarray(0, bytesRead);
    }
    finally {
        await file.close();
    }
}
function compressionOf(start) {
    if (start.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b])))
        return 'gzip';
    if (start.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])) || isSkippable(start))
        return 'zstd';
    if (start.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])))
        return 'xz';
    return 'none';
}
/** A frame that pzstd writes first: 0x184D2A50 to 5F (RFC 8878, 3.1.2). */
function isSkippable(start) {
    return start.length >= 4 && start.readUInt32LE(0) >>> 4 === 0x184d2a5;
}
function openPart({ path, start, bytes }) {
    if (bytes === 0)
        return external_node_stream_.Readable.from([]);
    return (0,external_node_fs_.createReadStream)(path, { start, end: start + bytes - 1, highWaterMark: 1024 ** 2 });
}
async function withGunzip(path, raw, use) {
    const content = (0,external_node_stream_.pipeline)(raw, (0,external_node_zlib_.createGunzip)({ chunkSize: 256 * 1024 }), () => { });
    try {
        return await use(content);
    }
    catch (error) {
        throw damaged(error, path);
    }
    finally {
        content.destroy();
    }
}
/** Node has no decoder for xz, and its one for zstd ends after the first frame (24.21), of which a file may have many. */
function withCommand(run, path, command, raw, use) {
    const failure = (lines) => new host_error/* SnapgateError */.yA('image', `the archive ${path} is damaged: ${command} cannot read it`, decompress_again, {
        details: { title: `last lines of ${command}`, lines },
    });
    return streamCommand(run, { command, args: ['-dcq'], input: raw, failure }, use);
}
const decompress_again = 'Make or download it again.';
/** zlib's errors (`Z_DATA_ERROR`, an end too soon) as ours; others as they are. */
function damaged(error, path) {
    const code = (0,host_error/* errnoOf */.UQ)(error) ?? '';
    if (!/^(Z_|ERR_STREAM_PREMATURE_CLOSE)/.test(code))
        return error;
    return new host_error/* SnapgateError */.yA('image', `the archive ${path} is damaged: its gzip data end or break off (${code})`, decompress_again, { cause: error });
}

;// CONCATENATED MODULE: ./lib/image/byte-reader.js
function openByteReader(stream) {
    const chunks = stream[Symbol.asyncIterator]();
    let current = Buffer.alloc(0);
    let position = 0;
    async function fill() {
        while (current.length === 0) {
            const next = await chunks.next();
            if (next.done)
                return false;
            current = next.value;
        }
        return true;
    }
    async function forward(count, sink) {
        let left = count;
        while (left > 0 && (await fill())) {
            const piece = current.subarray(0, left);
            current = current.subarray(piece.length);
            left -= piece.length;
            position += piece.length;
            sink(piece);
        }
        return count - left;
    }
    return {
        get position() {
            return position;
        },
        forward,
        async read(count) {
            const pieces = [];
            await forward(count, (piece) => pieces.push(piece));
            return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
        },
    };
}

;// CONCATENATED MODULE: ./lib/image/tar-header.js

const tar_header_blockBytes = 512;
/** Parses a header block (POSIX.1-2001 pax, "ustar Interchange Format"; GNU tar's `tar.h`); undefined for a block of zeros, the end. */
function tar_header_parseHeader(block, position) {
    if (block.every((byte) => byte === 0))
        return undefined;
    if (checksumOf(block) !== number(block, 148, 8))
        throw damagedTar(`no tar header at byte ${position}`);
    const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
    const prefix = isPosix ? tar_header_text(block, 345, 155) : '';
    const name = tar_header_text(block, 0, 100);
    const field = (start, length) => wholeNumber(number(block, start, length), position);
    const sizeBytes = field(124, 12);
    if (sizeBytes < 0)
        throw damagedTar(`a negative size in the header at byte ${position}`);
    return {
        name: prefix === '' ? name : `${prefix}/${name}`,
        mode: field(100, 8) & 0o7777,
        uid: field(108, 8),
        gid: field(116, 8),
        sizeBytes,
        mtime: field(136, 12),
        type: String.fromCharCode(block.readUInt8(156)),
        link: tar_header_text(block, 157, 100),
        major: number(block, 329, 8),
        minor: number(block, 337, 8),
    };
}
/** Bytes that a member of this size takes in the archive. */
function padded(bytes) {
    return Math.ceil(bytes / tar_header_blockBytes) * tar_header_blockBytes;
}
/** A number field: octal digits, or base 256 with the top bit set (GNU); NaN for anything else. */
function number(block, start, length) {
    const field = block.subarray(start, start + length);
    const first = field[0] ?? 0;
    if ((first & 0x80) === 0) {
        const digits = tar_header_text(block, start, length).trim();
        return digits === '' ? 0 : Number.parseInt(digits, 8);
    }
    let value = first & 0x40 ? -1 : 0;
    for (const [index, byte] of field.entries())
        value = index === 0 ? value * 64 + (byte & 0x3f) : value * 256 + byte;
    return value;
}
function wholeNumber(value, position) {
    if (!Number.isSafeInteger(value))
        throw damagedTar(`a number that is none in the header at byte ${position}`);
    return value;
}
function tar_header_text(block, start, length) {
    const field = block.toString('latin1', start, start + length);
    const end = field.indexOf('\0');
    return end === -1 ? field : field.slice(0, end);
}
function checksumOf(block) {
    let sum = 8 * 0x20;
    for (let index = 0; index < tar_header_blockBytes; index += 1)
        if (index < 148 || index >= 156)
            sum += block[index] ?? 0;
    return sum;
}

;// CONCATENATED MODULE: ./lib/image/tar-pax.js

/** Parses `LENGTH KEY=VALUE\n` records. GNU.sparse.offset and .numbytes repeat (format 0.0) and are joined with commas. */
function parsePax(data) {
    const records = new Map();
    let start = 0;
    while (start < data.length && data[start] !== 0) {
        const space = data.indexOf(0x20, start);
        const length = Number(data.toString('latin1', start, Math.max(space, start)));
        const end = start + length;
        if (space === -1 || !Number.isSafeInteger(length) || end > data.length || end <= space)
            throw damagedTar('an extended header that cannot be read');
        addRecord(records, data.toString('latin1', space + 1, end - 1));
        start = end;
    }
    return records;
}
/** The xattrs among the records, as `tar --xattrs` and the container tools write them. */
function tar_pax_xattrsOf(records) {
    const prefix = 'SCHILY.xattr.';
    const found = [...records].filter(([key]) => key.startsWith(prefix));
    return new Map(found.map(([key, value]) => [key.slice(prefix.length), Buffer.from(value, 'latin1')]));
}
function addRecord(records, record) {
    const equals = record.indexOf('=');
    if (equals === -1)
        throw damagedTar('an extended header record without a value');
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    const before = records.get(key);
    const repeats = key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes';
    records.set(key, repeats && before !== undefined ? `${before},${value}` : value);
}

;// CONCATENATED MODULE: ./lib/image/tar-sparse.js


const piecesLimit = 1_000_000;
/** The old GNU format: four pieces in the header, more in extension blocks. */
async function oldSparseLayout(header, reader) {
    const numbers = numbersAt(header, 386, 4);
    let more = header[482] === 1;
    while (more) {
        const block = await reader.read(tar_header_blockBytes);
        if (block.length < tar_header_blockBytes || numbers.length > 2 * piecesLimit)
            throw damagedTar('a sparse map without an end');
        numbers.push(...numbersAt(block, 0, 21));
        more = block[504] === 1;
    }
    return layoutOf(numbers, number(header, 483, 12));
}
/** True for pax format 1.0, whose map stands in front of the data. */
function sparseInData(pax) {
    return pax.get('GNU.sparse.major') === '1';
}
/** The pax formats: 0.0 and 0.1 from the records alone; 1.0 from `map`, as far as it was read (undefined while it is not whole). */
function paxSparseLayout(pax, map) {
    const size = Number(pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size'));
    if (map !== undefined)
        return layoutInData(map, size);
    const joined = pax.get('GNU.sparse.map');
    if (joined !== undefined)
        return layoutOf(split(joined), size);
    const offsets = pax.get('GNU.sparse.offset');
    const lengths = split(pax.get('GNU.sparse.numbytes') ?? '');
    if (offsets === undefined)
        return undefined;
    return layoutOf(split(offsets).flatMap((offset, index) => [offset, lengths[index] ?? Number.NaN]), size);
}
function layoutInData(map, size) {
    const lines = map.split('\n');
    const count = Number(lines[0]);
    if (!(count <= piecesLimit))
        throw damagedTar('a sparse map that cannot be read');
    if (lines.length < 2 * count + 2)
        return undefined;
    return layoutOf(lines.slice(1, 2 * count + 1).map(Number), size);
}
function layoutOf(numbers, sizeBytes) {
    const pieces = [];
    let end = 0;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
        const offset = numbers[index] ?? Number.NaN;
        const bytes = numbers[index + 1] ?? Number.NaN;
        if (!(offset >= end && bytes >= 0 && offset + bytes <= sizeBytes))
            throw damagedTar('a sparse map that makes no sense');
        end = offset + bytes;
        pieces.push({ offset, bytes });
    }
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
        throw damagedTar('a sparse file without a size');
    return { sizeBytes, pieces };
}
/** Pairs of 12-byte numbers, up to the first empty one. */
function numbersAt(block, start, pairs) {
    const numbers = [];
    for (let index = 0; index < pairs && block[start + index * 24] !== 0; index += 1) {
        numbers.push(number(block, start + index * 24, 12), number(block, start + index * 24 + 12, 12));
    }
    return numbers;
}
function split(text) {
    return text.split(',').map(Number);
}

;// CONCATENATED MODULE: ./lib/image/tar-reader.js





/**
 * Reads a tar (v7, ustar, pax, GNU with long names and sparse files) to the end of its stream, calling `visit` for each member in
 * order; a member whose visit returns no sink is passed over. True where the archive has an end mark: without one it may have been
 * cut short between two members. `name` is for errors, e.g. `the tar rootfs.tar`.
 *
 * @throws SnapgateError `image` for an archive that is damaged or cut short, and for an ArchiveProblem of `visit`
 */
async function readTar(stream, name, visit) {
    const reader = openByteReader(stream);
    try {
        const hasEnd = await readMembers(reader, visit);
        await readTrailer(reader);
        return hasEnd;
    }
    catch (error) {
        throw tar_error_naming(name, error);
    }
}
/** All extended headers of one member, and all global ones of an archive, may have this many bytes: an xattr has at most 64 KiB. */
const metaLimitBytes = 4 * 1024 ** 2;
async function readMembers(reader, visit) {
    let globals = new Map();
    let locals = new Map();
    const left = { globals: metaLimitBytes, locals: metaLimitBytes };
    for (;;) {
        const found = await tar_reader_readHeader(reader);
        if (typeof found === 'boolean')
            return found;
        const { header, block } = found;
        if (header.type === 'g') {
            left.globals -= header.sizeBytes;
            globals = new Map([...globals, ...(await readMeta(reader, header, left.globals))]);
        }
        else if ('xLK'.includes(header.type)) {
            left.locals -= header.sizeBytes;
            locals = new Map([...locals, ...(await readMeta(reader, header, left.locals))]);
        }
        else {
            await readMember(reader, header, block, new Map([...globals, ...locals]), visit);
            locals = new Map();
            left.locals = metaLimitBytes;
        }
    }
}
/** Archivers pad the end with some blocks of zeros. It is read, because a decompressor tells damage only at the end of its data. */
const trailerLimitBytes = 64 * 1024 ** 2;
async function readTrailer(reader) {
    const bytes = await reader.forward(trailerLimitBytes, () => { });
    if (bytes === trailerLimitBytes)
        throw new ArchiveProblem('is no tar, or one whose end mark is followed by 64 MiB and more', 'Give a tar; a file system such as an ext4 must not be compressed.');
}
const tar_reader_kinds = {
    '0': 'file',
    '\0': 'file',
    '7': 'file',
    S: 'file',
    '1': 'hardlink',
    '2': 'symlink',
    '3': 'character',
    '4': 'block',
    '5': 'directory',
    D: 'directory',
    '6': 'fifo',
};
/** A header; else whether the archive ends there with its mark, a block of zeros. */
async function tar_reader_readHeader(reader) {
    const position = reader.position;
    const block = await reader.read(tar_header_blockBytes);
    if (block.length === 0 && position > 0)
        return false;
    if (block.length < tar_header_blockBytes)
        throw damagedTar(`it ends at byte ${position + block.length}`);
    const header = tar_header_parseHeader(block, position);
    return header ? { header, block } : true;
}
async function readMember(reader, header, block, pax, visit) {
    if (header.type === 'V')
        return skip(reader, padded(header.sizeBytes));
    const stored = storedBytes(header, pax);
    const inData = sparseInData(pax) ? await inDataLayout(reader, pax) : undefined;
    const sparse = header.type === 'S' ? await oldSparseLayout(block, reader) : (inData?.layout ?? paxSparseLayout(pax));
    const bodyBytes = stored - (inData?.bytes ?? 0);
    const bytes = { sizeBytes: sparse?.sizeBytes ?? stored, storedBytes: bodyBytes };
    const entry = { ...entryOf(header, pax, bytes), position: reader.position };
    const sink = visit(entry);
    const layout = sparse ?? { sizeBytes: stored, pieces: [{ offset: 0, bytes: stored }] };
    await copyBody(reader, layout, bodyBytes, entry.kind === 'file' ? sink : undefined);
}
async function inDataLayout(reader, pax) {
    const before = reader.position;
    const layout = await paxSparseLayoutInData(reader, pax);
    return { layout, bytes: reader.position - before };
}
/** pax sparse format 1.0: the map stands in front of the data, decimal numbers on lines, padded to a block. */
async function paxSparseLayoutInData(reader, pax) {
    let text = '';
    for (let blocks = 0; blocks < 4096; blocks += 1) {
        text += (await reader.read(tar_header_blockBytes)).toString('latin1');
        const layout = paxSparseLayout(pax, text);
        if (layout)
            return layout;
    }
    throw damagedTar('a sparse map without an end');
}
async function copyBody(reader, layout, bodyBytes, sink) {
    const start = reader.position;
    try {
        for (const piece of sink ? layout.pieces : []) {
            let position = piece.offset;
            const copied = await reader.forward(piece.bytes, (chunk) => {
                sink?.write(chunk, position);
                position += chunk.length;
            });
            if (copied < piece.bytes)
                throw damagedTar(`it ends within a file, at byte ${reader.position}`);
        }
    }
    finally {
        sink?.close();
    }
    const left = padded(bodyBytes) - (reader.position - start);
    if (left < 0)
        throw damagedTar('a sparse map that does not fit its file');
    await skip(reader, left);
}
function entryOf(header, pax, bytes) {
    const path = pax.get('GNU.sparse.name') ?? pax.get('path') ?? header.name;
    const type = header.type === '0' && path.endsWith('/') ? '5' : header.type;
    const kind = tar_reader_kinds[type];
    if (!kind)
        throw refusedEntry(path, `is of the unknown type ${JSON.stringify(header.type)}`);
    return {
        path,
        kind,
        mode: header.mode,
        uid: whole(pax.get('uid'), header.uid),
        gid: whole(pax.get('gid'), header.gid),
        mtime: whole(pax.get('mtime'), header.mtime),
        ...(kind === 'file' ? bytes : { sizeBytes: 0, storedBytes: 0 }),
        link: pax.get('linkpath') ?? header.link,
        major: header.major,
        minor: header.minor,
        xattrs: tar_pax_xattrsOf(pax),
    };
}
/** Links and devices have no body, whatever their size field says (POSIX: "no data blocks"). */
function storedBytes(header, pax) {
    if ('123456'.includes(header.type))
        return 0;
    const stored = whole(pax.get('size'), header.sizeBytes);
    if (stored < 0)
        throw damagedTar('a negative size');
    return stored;
}
function whole(text, otherwise) {
    if (text === undefined || text === '')
        return otherwise;
    const value = Math.floor(Number(text));
    if (!Number.isSafeInteger(value))
        throw damagedTar('an extended header with a number that is none');
    return value;
}
/** Records of a pax header (`x`, `g`), or GNU's long name (`L`) or link target (`K`) as the record that it stands for. */
async function readMeta(reader, header, leftBytes) {
    if (leftBytes < 0)
        throw damagedTar('extended headers of more than 4 MiB');
    const padding = await reader.read(padded(header.sizeBytes));
    if (padding.length < header.sizeBytes)
        throw damagedTar('it ends within an extended header');
    const data = padding.subarray(0, header.sizeBytes);
    if (header.type === 'L')
        return new Map([['path', textOf(data)]]);
    if (header.type === 'K')
        return new Map([['linkpath', textOf(data)]]);
    return parsePax(data);
}
function textOf(data) {
    const name = data.toString('latin1');
    const end = name.indexOf('\0');
    return end === -1 ? name : name.slice(0, end);
}
async function skip(reader, bytes) {
    const skipped = await reader.forward(bytes, () => { });
    if (skipped < bytes)
        throw damagedTar(`it ends within a member, at byte ${reader.position}`);
}

;// CONCATENATED MODULE: ./lib/image/image-archive.js













/**
 * Flattens the container image archive at `path` into a tree: `docker save` (manifest.json) or an OCI layout in a tar (index.json),
 * compressed or not, with layers plain, gzip or zstd. Returns what the image says of its process.
 * https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, layer.md)
 */
async function flattenArchive(run, path, tree, scratch) {
    const archive = await openArchive(run, path, tree, scratch);
    const image = (await readDockerManifest(archive)) ?? (await readOciIndex(archive));
    if (!image)
        throw archiveError(archive, 'it has neither a manifest.json nor an index.json', 'A tar of a root file system is rootfs:, not image:.');
    const config = await readJson(archive, image.config, configSchema);
    checkPlatform(archive, config);
    for (const [index, name] of image.layers.entries())
        await applyLayer(run, archive, name, tree, index + 1);
    return containerConfigOf(config);
}
async function openArchive(run, path, tree, scratch) {
    const { name } = tree;
    const plain = await decompressed(run, path, tree, scratch);
    const members = new Map();
    await withContent(run, wholeFile(plain), (content) => readTar(content, name, (entry) => {
        const member = image_archive_normalise(entry.path);
        if (entry.kind === 'file')
            members.set(member, { part: { path: plain, start: entry.position, bytes: entry.storedBytes } });
        // Old versions of docker save link equal layers: to a path within the archive, or beside the link.
        if (entry.kind === 'hardlink')
            members.set(member, { link: image_archive_normalise(entry.link) });
        if (entry.kind === 'symlink')
            members.set(member, { link: image_archive_normalise(`${member}/../${entry.link}`) });
        return undefined;
    }));
    return { name, members };
}
async function decompressed(run, path, tree, scratch) {
    if (compressionOf(await readStart(wholeFile(path), 6)) === 'none')
        return path;
    const plain = (0,external_node_path_.join)(scratch, 'archive.tar');
    await withContent(run, wholeFile(path), (content) => (0,external_node_stream_promises_.pipeline)(image_archive_bounded(content, tree), (0,external_node_fs_.createWriteStream)(plain)));
    return plain;
}
/** An archive may hold more than the image comes to in the end, as layers replace files of others; but not without end. */
async function* image_archive_bounded(content, { name, limitBytes }) {
    let left = 4 * limitBytes;
    for await (const chunk of content) {
        left -= chunk.length;
        if (left < 0)
            throw new host_error/* SnapgateError */.yA('image', `${name} unpacks to more than ${(0,units/* formatBytes */.z3)(4 * limitBytes)}: far too much for a disk of ${(0,units/* formatBytes */.z3)(limitBytes)}`, 'Check that it is what you mean, and raise disk-size.');
        yield chunk;
    }
}
function wholeFile(path) {
    return { path, start: 0, bytes: (0,external_node_fs_.statSync)(path).size };
}
function image_archive_normalise(path) {
    const parts = [];
    for (const part of path.split('/')) {
        if (part === '..')
            parts.pop();
        else if (part !== '' && part !== '.')
            parts.push(part);
    }
    return parts.join('/');
}
function findPart(archive, name) {
    let member = archive.members.get(image_archive_normalise(name));
    for (let hops = 0; member && 'link' in member && hops < 8; hops += 1)
        member = archive.members.get(member.link);
    return member && 'part' in member ? member.part : undefined;
}
function mustFindPart(archive, name) {
    const part = findPart(archive, name);
    if (!part)
        throw archiveError(archive, `it lacks its ${quoteName(name)}`, 'Save it again.');
    return part;
}
const jsonLimitBytes = 8 * 1024 ** 2;
async function readJson(archive, name, schema) {
    const part = mustFindPart(archive, name);
    if (part.bytes > jsonLimitBytes)
        throw archiveError(archive, `its ${quoteName(name)} is too long`, 'Save it again.');
    const data = await readStart(part, part.bytes);
    checkDigest(archive, name, (0,external_node_crypto_.createHash)('sha256').update(data).digest('hex'));
    try {
        return schema.parse(JSON.parse(data.toString('utf8')));
    }
    catch (error) {
        const why = error instanceof errors/* ZodError */.G ? core_errors/* prettifyError */.S1(error).replaceAll('\n', ' ') : String(error);
        throw archiveError(archive, `its ${quoteName(name)} cannot be read: ${(0,printable/* printable */.g)(why, 300)}`, 'Save it again.');
    }
}
/** A blob is named by its hash. */
function checkDigest(archive, name, sha256) {
    const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(image_archive_normalise(name))?.[1];
    if (named !== undefined && named !== sha256)
        throw archiveError(archive, `its ${quoteName(name)} is not what its name says`, 'Save or download it again.');
}
const dockerManifestSchema = classic_schemas/* array */.YOg(classic_schemas/* object */.Ikc({ Config: classic_schemas/* string */.YjP(), RepoTags: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()).nullish(), Layers: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()) }));
async function readDockerManifest(archive) {
    if (!findPart(archive, 'manifest.json'))
        return undefined;
    const images = await readJson(archive, 'manifest.json', dockerManifestSchema);
    const [image, ...others] = images;
    if (!image)
        throw archiveError(archive, 'it holds no image', 'Save it again.');
    if (others.length > 0) {
        const tags = images.flatMap((each) => each.RepoTags ?? []);
        throw severalImages(archive, tags);
    }
    return { config: image.Config, layers: image.Layers };
}
const descriptorSchema = classic_schemas/* object */.Ikc({
    digest: classic_schemas/* string */.YjP().regex(/^[a-z0-9]+:[0-9a-f]+$/),
    mediaType: classic_schemas/* string */.YjP().optional(),
    platform: classic_schemas/* object */.Ikc({ os: classic_schemas/* string */.YjP().optional(), architecture: classic_schemas/* string */.YjP().optional() }).optional(),
    annotations: classic_schemas/* record */.g1P(classic_schemas/* string */.YjP(), classic_schemas/* string */.YjP()).optional(),
});
/** An index has manifests, a manifest has a config and layers. */
const manifestSchema = classic_schemas/* object */.Ikc({
    manifests: classic_schemas/* array */.YOg(descriptorSchema).optional(),
    config: descriptorSchema.optional(),
    layers: classic_schemas/* array */.YOg(descriptorSchema).optional(),
});
async function readOciIndex(archive) {
    if (!findPart(archive, 'index.json'))
        return undefined;
    let manifest = await readJson(archive, 'index.json', manifestSchema);
    for (let depth = 0; manifest.manifests && depth < 4; depth += 1)
        manifest = await readJson(archive, blobName(chooseManifest(archive, manifest.manifests)), manifestSchema);
    if (!manifest.config || !manifest.layers)
        throw archiveError(archive, 'its manifest names no layers', 'Save it again.');
    return { config: blobName(manifest.config), layers: manifest.layers.map(blobName) };
}
/** The one for this machine; attestations, which are beside it, have the platform `unknown`. */
function chooseManifest(archive, manifests) {
    const fitting = manifests.filter(({ platform }) => platform === undefined || (platform.os === 'linux' && platform.architecture === ociArchitecture()));
    const [chosen] = fitting;
    if (!chosen)
        throw archiveError(archive, `it has no image for linux/${ociArchitecture()}`, 'Save it for this platform.');
    // One image with two names is in the index twice.
    if (fitting.some(({ digest }) => digest !== chosen.digest)) {
        const names = fitting.map(({ annotations, digest }) => annotations?.['org.opencontainers.image.ref.name'] ?? digest);
        throw severalImages(archive, names);
    }
    return chosen;
}
function blobName({ digest }) {
    return `blobs/${digest.replace(':', '/')}`;
}
function ociArchitecture() {
    return process.arch === 'x64' ? 'amd64' : process.arch;
}
function checkPlatform(archive, { os, architecture }) {
    const isLinux = os === undefined || os === 'linux';
    if (isLinux && (architecture === undefined || architecture === ociArchitecture()))
        return;
    throw archiveError(archive, `its image is for ${JSON.stringify(`${os ?? 'linux'}/${architecture ?? 'any'}`)}, and this machine is linux/${ociArchitecture()}`, 'Build it for this platform.');
}
const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';
async function applyLayer(run, archive, name, tree, layer) {
    const part = mustFindPart(archive, name);
    checkDigest(archive, name, await sha256OfFile(part.path, part));
    await withContent(run, part, async (content) => {
        await readTar(content, `layer ${quoteName(name)} of ${archive.name}`, (entry) => {
            const slash = entry.path.lastIndexOf('/');
            const folder = entry.path.slice(0, slash + 1);
            const last = entry.path.slice(slash + 1);
            if (!last.startsWith(whiteoutPrefix))
                return addEntry(tree, entry, layer);
            if (last === opaqueMarker)
                whiteOutContents(tree, folder, layer);
            // Others that begin so are aufs's own bookkeeping.
            else if (!last.startsWith('.wh..wh.'))
                whiteOut(tree, folder + last.slice(whiteoutPrefix.length), layer);
            return undefined;
        });
    });
}
const configSchema = classic_schemas/* object */.Ikc({
    os: classic_schemas/* string */.YjP().optional(),
    architecture: classic_schemas/* string */.YjP().optional(),
    config: classic_schemas/* object */.Ikc({
        Entrypoint: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()).nullish(),
        Cmd: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()).nullish(),
        Env: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()).nullish(),
        WorkingDir: classic_schemas/* string */.YjP().nullish(),
        User: classic_schemas/* string */.YjP().nullish(),
    })
        .nullish(),
});
function containerConfigOf({ config }) {
    return {
        entrypoint: config?.Entrypoint ?? [],
        cmd: config?.Cmd ?? [],
        env: config?.Env ?? [],
        workingDir: config?.WorkingDir ?? '',
        user: config?.User ?? '',
    };
}
function severalImages(archive, names) {
    return archiveError(archive, `it holds several images: ${names
        .slice(0, 20)
        .map((name) => JSON.stringify(name))
        .join(', ')}`, 'Save one of them alone.');
}
function archiveError({ name }, why, remedy) {
    return new host_error/* SnapgateError */.yA('image', `${name} cannot be used: ${why}`, remedy);
}

;// CONCATENATED MODULE: ./lib/image/folder.js


/**
 * Reads a folder as a tar, in the order of its names, with hard links, devices, holes and extended attributes. GNU tar does it, because
 * node cannot read extended attributes. Sockets are left out, as by every archiver.
 *
 * @param latest seconds since 1970: times after it are given as it, for a stream that does not tell when a checkout was made
 */
function readFolder(run, path, use, latest) {
    const clamp = latest === undefined ? [] : [`--mtime=@${latest}`, '--clamp-mtime'];
    const args = [...tarArgs, ...clamp, '-C', path, '-cf', '-', '.'];
    // TAR_OPTIONS would add to the options.
    const env = { LC_ALL: 'C', TAR_OPTIONS: '' };
    return streamCommand(run, { command: 'tar', args, env, failure: (lines) => folder_unreadable(path, lines) }, use);
}
/**
 * The same bytes for the same folder: its names sorted, no times of reading or of change, and no process ids, which the later formats
 * of sparse files have in their names.
 */
const tarArgs = [
    '--format=posix',
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
    '--sort=name',
    '--numeric-owner',
    '--sparse',
    '--sparse-version=0.0',
    '--xattrs',
    '--xattrs-include=*',
];
function folder_unreadable(path, lines) {
    return new host_error/* SnapgateError */.yA('image', `the folder ${path} could not be read`, 'All its files must be readable to this user. Build it under fakeroot into a tar, or run as root.', { details: { title: 'last lines of tar', lines } });
}

;// CONCATENATED MODULE: ./lib/image/stamps.js



/**
 * Takes out of a tree what only says when and by what it was built: times after `fixedTime` become that, so that a build of the same
 * sources tomorrow is the same image. Python's compiled files carry the time of their source, and are kept true to it: else the
 * guest would compile them again in every cycle.
 */
function normaliseTimes(tree) {
    normaliseDirectory(tree.root, new Set());
}
/** Removes what container engines leave to say "this is a container", which a guest is not: systemd looks for them. */
function removeContainerMarks(tree) {
    for (const path of ['.dockerenv', 'run/.containerenv'])
        removePath(tree, path);
}
function normaliseDirectory(directory, seen) {
    for (const [name, { file }] of directory.children) {
        if (file.kind === 'directory')
            normaliseDirectory(file, seen);
        else if (!seen.has(file)) {
            seen.add(file);
            if (file.mtime > fixedTime && name.endsWith('.py'))
                fixCompiled(directory, name.slice(0, -3), file.mtime);
            file.mtime = Math.min(file.mtime, fixedTime);
        }
    }
    directory.mtime = Math.min(directory.mtime, fixedTime);
}
/** `__pycache__/NAME.*.pyc` (PEP 3147) of a source whose time changes. */
function fixCompiled(directory, module, mtime) {
    const compiled = directory.children.get('__pycache__')?.file.children ?? new Map();
    for (const [name, { file }] of compiled) {
        const isOfModule = name.startsWith(`${module}.`) && name.endsWith('.pyc');
        if (isOfModule && file.contentPath !== undefined)
            fixCompiledFile(file.contentPath, mtime);
    }
}
/** PEP 552: magic, flags (zero where the source's time is what counts), time and size of the source, four bytes each. */
function fixCompiledFile(path, mtime) {
    const fd = (0,external_node_fs_.openSync)(path, 'r+');
    try {
        const header = Buffer.alloc(16);
        const isWhole = (0,external_node_fs_.readSync)(fd, header, 0, 16, 0) === 16;
        if (!isWhole || header.readUInt32LE(4) !== 0 || header.readUInt32LE(8) !== mtime)
            return;
        header.writeUInt32LE(fixedTime, 8);
        (0,external_node_fs_.writeSync)(fd, header, 8, 4, 8);
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}

;// CONCATENATED MODULE: ./lib/image/rootfs-path.js












/** What lies at a path: an ext4, a tar (plain, gzip, zstd, xz) or a folder, told by its content and not by its name. */
async function readRootfsPath(run, path) {
    const stat = (0,external_node_fs_.statSync)(path);
    if (stat.isDirectory())
        return folderContent(run, path);
    if (!stat.isFile())
        throw unknownRootfs(path, 'neither a file nor a folder');
    const start = await readStart({ path, start: 0, bytes: stat.size }, 2048);
    if (isExt(start))
        return ext4Content(path);
    const compression = compressionOf(start);
    if (compression !== 'none' || isTar(start))
        return tarContent(run, path, stat.size, compression);
    throw unknownRootfs(path, rootfs_path_nameOf(start));
}
async function folderContent(run, path) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    let bytes = 0;
    const count = async (content) => {
        for await (const chunk of content) {
            hash.update(chunk);
            bytes += chunk.length;
        }
    };
    // `normaliseTimes` makes later times equal.
    await readFolder(run, path, count, fixedTime);
    const description = `the folder ${path}`;
    return {
        key: `folder:${hash.digest('hex')}`,
        description,
        expectedBytes: bytes,
        form: {
            kind: 'tree',
            fill: async (tree) => {
                await readFolder(run, path, (content) => readTar(content, description, (entry) => addEntry(tree, owned(entry), 0)));
                refuseEmpty(tree);
                normaliseTimes(tree);
                return undefined;
            },
        },
    };
}
/** In a checkout all files are the runner's user's; in the guest they are root's. */
function owned(entry) {
    const own = (id, mine) => (id === mine ? 0 : id);
    return { ...entry, uid: own(entry.uid, process.getuid?.()), gid: own(entry.gid, process.getgid?.()) };
}
async function ext4Content(path) {
    return {
        key: `ext4:${await sha256OfFile(path)}`,
        description: `the ext4 ${path}`,
        expectedBytes: allocatedBytes(path),
        form: { kind: 'ext4', path },
    };
}
async function tarContent(run, path, bytes, compression) {
    const description = `the tar ${path}`;
    return {
        key: `tar:${await sha256OfFile(path)}`,
        description,
        // Root file systems compress to a third or so.
        expectedBytes: compression === 'none' ? bytes : bytes * 3,
        form: {
            kind: 'tree',
            fill: async (tree) => {
                const hasEnd = await withContent(run, { path, start: 0, bytes }, (content) => readTar(content, description, (entry) => addEntry(tree, entry, 0)));
                // A compressed file has an end mark of its own.
                if (!hasEnd && compression === 'none')
                    throw tar_error_naming(description, damagedTar('it has no end mark'));
                refuseEmpty(tree);
                refuseImageArchive(tree, path);
                return undefined;
            },
        },
    };
}
function refuseEmpty(tree) {
    if (tree.files > 1)
        return;
    throw new host_error/* SnapgateError */.yA('image', `${tree.name} holds no files`, 'Check that whatever fills it has run. A file system such as an ext4 must not be compressed.');
}
/** `docker save` also writes a tar; unpacked as a root file system it would boot nothing. */
function refuseImageArchive({ root }, path) {
    const has = (name) => root.children.has(name);
    if (has('usr') || has('bin') || has('sbin') || !(has('manifest.json') || has('oci-layout')))
        return;
    throw new host_error/* SnapgateError */.yA('image', `rootfs: ${path} is a container image archive, not a root file system`, `Give it as image: ${path}.`);
}
/** The magic number of ext2, 3 and 4 in the super block at byte 1024. */
function isExt(start) {
    return start.length >= 1082 && start.readUInt16LE(1080) === 0xef53;
}
function isTar(start) {
    return (start.toString('latin1', 257, 262) === 'ustar' || /^[0-7]{6}\0 $/.test(start.toString('latin1', 148, 156)));
}
function rootfs_path_nameOf(start) {
    const begins = (text) => start.toString('latin1', 0, text.length) === text;
    if (start.length === 0)
        return 'empty';
    if (begins('QFI\xfb'))
        return 'a qcow2 image (convert it with qemu-img convert -O raw, and give the root file system in it)';
    if (begins('hsqs'))
        return 'a squashfs (unpack it, and give the folder)';
    if (begins('XFSB'))
        return 'an XFS file system';
    if (begins('BZh'))
        return 'compressed with bzip2';
    if (start.toString('latin1', 0x202, 0x206) === 'HdrS')
        return 'a kernel';
    if (start.length >= 512 && start.readUInt16LE(510) === 0xaa55)
        return 'a disk with partitions (give the root file system alone)';
    return 'none of these';
}
function unknownRootfs(path, what) {
    return new host_error/* SnapgateError */.yA('image', `rootfs: ${path} is ${what}`, 'Give an ext4, a tar (plain, gzip, zstd or xz), or a folder.');
}

;// CONCATENATED MODULE: ./lib/image/rootfs-source.js










/**
 * Finds or builds what an input names, in the checkout of one side.
 *
 * @param what for progress and errors: `the head image`
 * @param cacheLimitBytes disk that a builder's layers may take between builds
 */
async function resolveRootfs(run, source, checkout, what, cacheLimitBytes) {
    switch (source.kind) {
        case 'rootfs':
            return readRootfsPath(run, resolveCheckoutPath(checkout, source.path, 'rootfs', 'allowed'));
        case 'build-command':
            await runBuildCommand(run, source.command, checkout, what);
            return readRootfsPath(run, leftByBuild(checkout, source.path));
        case 'image':
            return imageContent(run, source.reference, checkout);
        case 'dockerfile':
            return dockerfileContent(run, source, checkout, what, cacheLimitBytes);
    }
}
/** True for an `image` that names a file, rather than an image in an engine: a folder may well be called like one. */
function isArchivePath(reference, checkout) {
    if (/^\.{0,2}\//.test(reference))
        return true;
    const path = (0,external_node_path_.join)(checkout, reference);
    return (0,external_node_fs_.existsSync)(path) && (0,external_node_fs_.statSync)(path).isFile();
}
function leftByBuild(checkout, path) {
    if ((0,external_node_fs_.existsSync)(placeInCheckout(checkout, path, 'rootfs', 'allowed')))
        return resolveCheckoutPath(checkout, path, 'rootfs', 'allowed');
    throw new host_error/* SnapgateError */.yA('image', `build-command ended well, but left no rootfs at ${path}`, 'It must leave an ext4, a tar or a folder at the path that rootfs names, relative to the checkout.');
}
async function imageContent(run, reference, checkout) {
    if (isArchivePath(reference, checkout))
        return archiveContent(run, resolveCheckoutPath(checkout, reference, 'image', 'allowed'));
    const image = await findLocalImage(run, reference);
    if (!image)
        throw new host_error/* SnapgateError */.yA('image', `image: ${JSON.stringify(reference)} is neither a file in ${checkout} nor an image in docker's or buildah's storage`, 'Pull or build it before (docker pull …): snapgate pulls nothing. Or give the path of a docker save or OCI archive.');
    return localImageContent(run, image, `the image ${reference}`, 'image', removeContainerMarks);
}
async function archiveContent(run, path) {
    if (!(0,external_node_fs_.statSync)(path).isFile())
        throw new host_error/* SnapgateError */.yA('image', `image: ${path} is not a file`, 'Give a docker save or OCI archive; a folder is rootfs:.');
    return {
        key: `archive:${await sha256OfFile(path)}`,
        description: `the image archive ${path}`,
        expectedBytes: (0,external_node_fs_.statSync)(path).size * 2,
        form: {
            kind: 'tree',
            fill: async (tree, scratch) => {
                const config = await flattenArchive(run, path, tree, scratch);
                removeContainerMarks(tree);
                return config;
            },
        },
    };
}
async function dockerfileContent(run, source, checkout, what, cacheLimitBytes) {
    const dockerfile = resolveCheckoutPath(checkout, source.dockerfile, 'dockerfile', 'refused');
    const context = resolveCheckoutPath(checkout, source.context, 'context', 'refused');
    const scratch = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'build-'));
    const image = await buildDockerfile(run, { source, dockerfile, context, what, scratch, cacheLimitBytes });
    const description = `${source.dockerfile}, built by ${image.engine}`;
    return localImageContent(run, image, description, 'dockerfile', (tree) => {
        removeContainerMarks(tree);
        normaliseTimes(tree);
    });
}
function localImageContent(run, image, description, kind, finish) {
    const fill = async (tree, scratch) => {
        const path = await saveImage(run, image, scratch);
        const config = await flattenArchive(run, path, tree, scratch);
        (0,external_node_fs_.rmSync)(path);
        finish(tree);
        return config;
    };
    return { key: `${kind}:${image.id}`, description, expectedBytes: 0, form: { kind: 'tree', fill } };
}

;// CONCATENATED MODULE: ./lib/image/lz4-legacy.js

/** Of the frame that `lz4 -l` writes and Linux kernels are in (lz4_Frame_format.md, "Legacy frame"). */
const lz4LegacyMagic = Buffer.from([0x02, 0x21, 0x4c, 0x18]);
/** What a block holds at most, decompressed. */
const lz4_legacy_blockBytes = 8 * 1024 ** 2;
/**
 * Decompresses a legacy LZ4 frame, a block of at most 8 MiB at a time. Each block's memory is used again for the next one.
 *
 * @throws Lz4Error where the data are damaged
 */
function* lz4LegacyBlocks(frame) {
    if (!frame.subarray(0, 4).equals(lz4LegacyMagic))
        throw new Lz4Error('is no legacy frame');
    const block = Buffer.allocUnsafe(lz4_legacy_blockBytes);
    let at = 4;
    while (at < frame.length) {
        if (frame.length - at < 4)
            throw new Lz4Error('is cut short');
        const bytes = frame.readUInt32LE(at);
        at += 4;
        // Frames may follow one another, each with its magic number.
        if (bytes === lz4LegacyMagic.readUInt32LE(0))
            continue;
        if (bytes > frame.length - at)
            throw new Lz4Error('has a block that is cut short');
        yield block.subarray(0, decodeLz4Block(frame.subarray(at, at + bytes), block, 0));
        at += bytes;
    }
}

;// CONCATENATED MODULE: ./lib/image/vmlinux.js










/**
 * Path of the uncompressed ELF (vmlinux) of a kernel, which is all that Firecracker boots: the file itself where it is one; else what a bzImage
 * holds, from the cache or unpacked into it.
 *
 * @param kernel `sha256`: of the file at `path`
 * @param limitBytes disk that images and unpacked kernels in the cache may take together
 * @throws SnapgateError `image` for another kind of file, a damaged one, or a compression that is not known; `host` for a missing command
 */
async function resolveVmlinux(run, kernel, limitBytes) {
    const { path } = kernel;
    if (isElf(await readPart(path, 0, elfHeaderBytes)))
        return path;
    const { offset, bytes } = findPayload(path, await readPart(path, 0, vmlinux_headerBytes));
    const key = kernel.sha256.slice(0, 40);
    const dir = await cached(run, { kind: 'vmlinux', key, limitBytes }, async (folder) => {
        const payload = await readPart(path, offset, bytes);
        if (payload.length < bytes)
            throw vmlinux_damaged(path, 'it is shorter than its header says');
        run.log.info(`unpacking the kernel ${path}`);
        await vmlinux_unpack(run, path, payload, (0,external_node_path_.join)(folder, vmlinuxName));
    });
    return (0,external_node_path_.join)(dir, vmlinuxName);
}
const vmlinuxName = 'vmlinux';
/** A vmlinux without debug information has some 60 MB. */
const maxVmlinuxBytes = 512 * 1024 ** 2;
const maxPayloadBytes = 256 * 1024 ** 2;
const elfHeaderBytes = 20;
/** A 64-bit little-endian ELF for x86-64: EI_CLASS, EI_DATA and e_machine of elf(5). */
function isElf(start) {
    return (start.length >= elfHeaderBytes &&
        start.readUInt32BE(0) === 0x7f454c46 &&
        start[4] === 2 &&
        start[5] === 1 &&
        start.readUInt16LE(18) === 62);
}
/** Up to and with payload_length (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"). */
const vmlinux_headerBytes = 0x250;
/** Where a bzImage has its compressed kernel. */
function findPayload(path, header) {
    if (header.length < vmlinux_headerBytes || header.toString('latin1', 0x202, 0x206) !== 'HdrS')
        throw new host_error/* SnapgateError */.yA('image', `the kernel ${path} is neither a bzImage nor an ELF for x86-64`, `Give kernel: the path of a bzImage (vmlinuz) or of an uncompressed vmlinux for x86-64, or auto.`);
    // payload_offset is since protocol 2.08 (Linux 2.6.26); 0 setup sectors are 4, for old times' sake.
    if (header.readUInt16LE(0x206) < 0x208)
        throw vmlinux_damaged(path, 'its boot protocol is older than 2.08');
    const setupSectors = header.readUInt8(0x1f1) || 4;
    const offset = (setupSectors + 1) * 512 + header.readUInt32LE(0x248);
    const bytes = header.readUInt32LE(0x24c);
    if (bytes < 8 || bytes > maxPayloadBytes)
        throw vmlinux_damaged(path, `its header tells of ${bytes} compressed bytes`);
    return { offset, bytes };
}
/** A part of a file, less of it where the file ends before. */
async function readPart(path, start, bytes) {
    try {
        const file = await (0,external_node_fs_promises_.open)(path);
        try {
            const available = Math.max(0, (await file.stat()).size - start);
            const { buffer, bytesRead } = await file.read({
                buffer: Buffer.alloc(Math.min(bytes, available)),
                position: start,
            });
            return buffer.subarray(0, bytesRead);
        }
        finally {
            await file.close();
        }
    }
    catch (error) {
        if ((0,host_error/* errnoOf */.UQ)(error) === undefined)
            throw error;
        const remedy = 'Give kernel: the path of a file that this user may read, or auto.';
        throw new host_error/* SnapgateError */.yA('image', `the kernel ${path} cannot be read: ${(0,host_error/* errnoOf */.UQ)(error)}`, remedy, {
            cause: error,
        });
    }
}
/** The dictionary of a kernel has 128 MiB at most (scripts/xz_wrap.sh). */
const xzArgs = ['-dcq', '--memlimit-decompress=256MiB'];
/** What the distributions use or have used: Debian LZ4 and xz, Ubuntu zstd, LZ4 and gzip, others LZMA. */
const formats = [
    { magic: Buffer.from([0x1f, 0x8b, 0x08]), decoder: ['gzip', '-dcq'], hasSize: false },
    { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), decoder: ['xz', ...xzArgs], hasSize: true },
    { magic: Buffer.from([0x5d, 0, 0]), decoder: ['xz', '--format=lzma', ...xzArgs], hasSize: true },
    { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), decoder: ['zstd', '-dcq'], hasSize: true },
    { magic: lz4LegacyMagic, decoder: 'lz4', hasSize: true },
];
async function vmlinux_unpack(run, path, payload, target) {
    const format = formats.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
    if (format === undefined)
        throw new host_error/* SnapgateError */.yA('image', `the kernel ${path} is compressed in a way that is not known here (${payload.toString('hex', 0, 6)})`, 'Give kernel: the path of its uncompressed vmlinux, or auto.');
    const size = payload.readUInt32LE(payload.length - 4);
    if (size > maxVmlinuxBytes)
        throw vmlinux_damaged(path, `it would have ${size} bytes`);
    requireFreeDisk(run.cacheDir, size, `unpacking the kernel ${path}`);
    const data = format.hasSize ? payload.subarray(0, -4) : payload;
    const written = await decode(run, path, format, data, (content) => writeKernel(path, content, size, target));
    if (written !== size)
        throw vmlinux_damaged(path, `it unpacks to ${written} bytes where its end says ${size}`);
}
async function decode(run, path, { decoder }, data, use) {
    if (decoder !== 'lz4') {
        const [command, ...args] = decoder;
        const failure = (lines) => vmlinux_damaged(path, `${command} cannot read it`, lines);
        return streamCommand(run, { command, args, input: external_node_stream_.Readable.from([data]), failure }, use);
    }
    try {
        return await use(lz4LegacyBlocks(data));
    }
    catch (error) {
        throw error instanceof Lz4Error ? vmlinux_damaged(path, `its LZ4 frame ${error.message}`) : error;
    }
}
/** Writes an ELF of at most `size` bytes; how many there were. */
async function writeKernel(path, content, size, target) {
    let written = 0;
    const fd = (0,external_node_fs_.openSync)(target, 'wx', 0o600);
    try {
        for await (const chunk of content) {
            if (written === 0 && !isElf(chunk))
                throw vmlinux_damaged(path, 'what it holds is no ELF for x86-64');
            if (written + chunk.length > size)
                throw vmlinux_damaged(path, `it unpacks to more bytes than the ${size} it tells of`);
            for (let at = 0; at < chunk.length;)
                at += (0,external_node_fs_.writeSync)(fd, chunk, at);
            written += chunk.length;
        }
        return written;
    }
    finally {
        (0,external_node_fs_.closeSync)(fd);
    }
}
function vmlinux_damaged(path, why, lines = []) {
    return new host_error/* SnapgateError */.yA('image', `the kernel ${path} cannot be unpacked: ${why}`, 'Give kernel: the path of another one or of its uncompressed vmlinux, or auto.', lines.length === 0 ? {} : { details: { title: 'last lines of its decompressor', lines } });
}

;// CONCATENATED MODULE: ./lib/image/build.js


















/**
 * Makes a bootable guest of what the inputs name, or takes it from the cache where it was made before from the same content.
 *
 * @throws SnapgateError `usage` and `image` for what the user gave, `host` for what this machine lacks
 */
async function buildImage(run, inputs, options) {
    await checkImageInputs(run, inputs, options.checkout);
    const kernelsBytes = options.cacheLimitBytes * shares.kernels;
    const kernel = await resolveKernel(run, fileSpec(inputs.kernel, options.checkout, 'kernel'), kernelsBytes);
    const initrdSpec = fileSpec(inputs.initrd, options.checkout, 'initrd');
    const initrd = await resolveInitrd(run, initrdSpec, kernel, inputs.devices);
    const kernelPath = inputs.devices === 'mmio'
        ? await resolveVmlinux(run, kernel, options.cacheLimitBytes * shares.disks)
        : kernel.path;
    const rootfs = await buildRootfs(run, inputs, options);
    return {
        kind: 'rootfs',
        ...rootfs,
        kernelPath,
        kernelVersion: kernel.version,
        kernelSha256: kernel.sha256,
        initrdPath: initrd?.path,
        initrdSha256: initrd?.sha256,
    };
}
/** The kernel that an image of these inputs boots with, without building it: what measurements are compared by. */
async function imageKernel(run, inputs, { checkout, cacheLimitBytes }) {
    const spec = fileSpec(inputs.kernel, checkout, 'kernel');
    const kernel = await resolveKernel(run, spec, cacheLimitBytes * shares.kernels);
    return { kernelVersion: kernel.version, kernelSha256: kernel.sha256 };
}
/** Checks what can be checked of the inputs before anything expensive: paths, the sizes of files, a builder for a Dockerfile. */
async function checkImageInputs(run, inputs, checkout) {
    fileSpec(inputs.kernel, checkout, 'kernel');
    fileSpec(inputs.initrd, checkout, 'initrd');
    checkDiskSize(inputs.diskSizeBytes);
    const source = inputs.rootfs;
    switch (source.kind) {
        case 'rootfs':
            resolveCheckoutPath(checkout, source.path, 'rootfs', 'allowed');
            return;
        case 'image':
            if (isArchivePath(source.reference, checkout))
                resolveCheckoutPath(checkout, source.reference, 'image', 'allowed');
            return;
        case 'dockerfile':
            resolveCheckoutPath(checkout, source.dockerfile, 'dockerfile', 'refused');
            resolveCheckoutPath(checkout, source.context, 'context', 'refused');
            await findBuilder(run);
            return;
        case 'build-command':
            if (source.command.trim() === '')
                throw new host_error/* SnapgateError */.yA('usage', 'build-command is empty', 'Give the command that builds the rootfs.');
            placeInCheckout(checkout, source.path, 'rootfs', 'allowed');
    }
}
/** What of the cache's limit is for guests' disks, for buildah's layers, and for kernels. */
const shares = { disks: 1 / 2, layers: 3 / 8, kernels: 1 / 8 };
/** Kept beside the ext4 in the cache. */
const recordSchema = classic_schemas/* object */.Ikc({
    rootfsSha256: classic_schemas/* string */.YjP(),
    rootfsBytes: classic_schemas/* number */.aig(),
    init: classic_schemas/* enum */.k5n(['systemd', 'init', 'none']),
    kernelArgs: classic_schemas/* array */.YOg(classic_schemas/* string */.YjP()),
});
/** Part of every key: counted up when the same content makes another disk than before. */
const formatVersion = 1;
const build_diskName = 'rootfs.ext4';
const recordName = 'rootfs.json';
async function buildRootfs(run, inputs, options) {
    const { checkout, cacheLimitBytes } = options;
    const [layersBytes, disksBytes] = [cacheLimitBytes * shares.layers, cacheLimitBytes * shares.disks];
    const what = `the ${options.side} image`;
    const content = await resolveRootfs(run, inputs.rootfs, checkout, what, layersBytes);
    const parts = [formatVersion, content.key, inputs.diskSizeBytes, await guestFilesSha256(run)];
    const key = (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
    let isNew = false;
    const dir = await cached(run, { kind: 'rootfs', key, limitBytes: disksBytes }, async (folder) => {
        isNew = true;
        run.log.info(`making the ${options.side} disk of ${content.description}`);
        await fillEntry(run, content, folder, inputs.diskSizeBytes);
    });
    if (!isNew)
        run.log.info(`the ${options.side} disk of ${content.description} is in the cache`);
    const record = recordSchema.parse(JSON.parse((0,external_node_fs_.readFileSync)((0,external_node_path_.join)(dir, recordName), 'utf8')));
    return { rootfsPath: (0,external_node_path_.join)(dir, build_diskName), ...record };
}
async function fillEntry(run, content, folder, diskSizeBytes) {
    const path = (0,external_node_path_.join)(folder, build_diskName);
    try {
        const container = await writeDisk(run, content, path, diskSizeBytes);
        const start = await injectGuest(run, path, container);
        const { sha256, usedBytes } = readDiskContent(path);
        const record = { rootfsSha256: sha256, rootfsBytes: usedBytes, ...start };
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(folder, recordName), JSON.stringify(record));
    }
    catch (error) {
        throw (0,host_error/* errnoOf */.UQ)(error) === 'ENOSPC' ? diskFull(content, run) : error;
    }
}
async function writeDisk(run, content, path, diskSizeBytes) {
    build_checkRoom(run, content, diskSizeBytes);
    if (content.form.kind === 'ext4') {
        await adoptExt4(run, content.form.path, path, diskSizeBytes);
        return undefined;
    }
    const scratch = (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(run.dir, 'rootfs-'));
    try {
        const tree = newFileTree(content.description, scratch, diskSizeBytes);
        const container = await content.form.fill(tree, scratch);
        await makeExt4(run, tree, path, diskSizeBytes, scratch);
        return container;
    }
    finally {
        (0,external_node_fs_.rmSync)(scratch, { recursive: true, force: true });
    }
}
/** The unpacked files are in the run's folder while the disk is made in the cache. */
function build_checkRoom(run, content, diskSizeBytes) {
    const files = Math.min(content.expectedBytes, diskSizeBytes);
    const disk = files + 64 * 1024 ** 2;
    const scratch = content.form.kind === 'tree' ? files : 0;
    const what = `making a disk of ${content.description}`;
    if ((0,external_node_fs_.statSync)(run.dir).dev === (0,external_node_fs_.statSync)(run.cacheDir).dev) {
        requireFreeDisk(run.dir, disk + scratch, what);
        return;
    }
    requireFreeDisk(run.dir, scratch, what);
    requireFreeDisk(run.cacheDir, disk, what);
}
function diskFull(content, run) {
    return new host_error/* SnapgateError */.yA('host', `the disk of ${run.dir} or of ${run.cacheDir} became full while a disk was made of ${content.description}`, 'Free some, or point work-dir and cache-dir at a disk that has more.');
}
const smallestDisk = 16 * 1024 ** 2;
const largestDisk = 1024 ** 4;
function checkDiskSize(bytes) {
    if (bytes >= smallestDisk && bytes <= largestDisk && bytes % 4096 === 0)
        return;
    throw new host_error/* SnapgateError */.yA('usage', `disk-size is ${(0,units/* formatBytes */.z3)(bytes)} (${bytes} bytes)`, `Give a multiple of 4 KiB from ${(0,units/* formatBytes */.z3)(smallestDisk)} to ${(0,units/* formatBytes */.z3)(largestDisk)}.`);
}
/** `auto` and `none` as they are; a path as the absolute path of the file. */
function fileSpec(spec, checkout, what) {
    if (spec === 'auto' || (spec === 'none' && what === 'initrd'))
        return spec;
    const path = resolveCheckoutPath(checkout, spec, what, 'allowed');
    if (!(0,external_node_fs_.statSync)(path).isFile())
        throw new host_error/* SnapgateError */.yA('image', `${what}: ${path} is not a file`, 'Give a file, or auto.');
    return path;
}

;// CONCATENATED MODULE: ./lib/measure/environment.js


/** Bumped when cycles are run or counted in another way: numbers of two protocols are never compared. */
const measuringProtocol = 1;
/** The machine that measured, for readers of the record. */
function readEnvironment() {
    return {
        os: osName(),
        hostKernel: (0,external_node_os_.release)(),
        cpu: cpuModel(),
        cores: (0,external_node_os_.availableParallelism)(),
        memoryBytes: (0,external_node_os_.totalmem)(),
        node: process.version,
    };
}
function kernelOf(image) {
    const { kernelVersion, kernelSha256 } = (image.kind === 'rootfs' ? image : image.rootfs) ?? unknownKernel;
    return { kernelVersion, kernelSha256 };
}
/** Of a guest that its engine makes: its builder chooses. */
const unknownKernel = { kernelVersion: undefined, kernelSha256: undefined };
/** What must be equal for two measurements to be compared, with what the boots have told. */
function fingerprintWith(expected, versions) {
    return {
        ...expected,
        engineVersion: versions.engineVersion ?? expected.engineVersion ?? unknown,
        kernelVersion: versions.kernelVersion ?? expected.kernelVersion ?? unknown,
        kernelSha256: expected.kernelSha256 ?? unknown,
    };
}
const unknown = 'unknown';
/** What must be equal for two measurements to be compared. */
function fingerprintOf(identity, image, guest) {
    return {
        engine: identity.engine,
        engineVersion: identity.version,
        accelerator: identity.accelerator,
        machine: identity.machine,
        kernelVersion: image.kernelVersion,
        kernelSha256: image.kernelSha256,
        memoryBytes: guest.memoryBytes,
        vcpus: guest.vcpus,
        hostCpu: cpuModel(),
        protocol: measuringProtocol,
    };
}
/** Scenarios as a record holds them: what is not given is absent. */
function scenariosRecord(scenarios) {
    return scenarios.map(({ run, check, ...rest }) => ({
        ...rest,
        ...(run === undefined ? {} : { run }),
        ...(check === undefined ? {} : { check }),
    }));
}
function cpuModel() {
    return (0,external_node_os_.cpus)()[0]?.model.trim() ?? 'unknown';
}
/** os-release(5): `Debian GNU/Linux 12 (bookworm)`. */
function osName() {
    try {
        const match = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec((0,external_node_fs_.readFileSync)('/etc/os-release', 'utf8'));
        return match?.[1]?.slice(0, 200) ?? 'Linux';
    }
    catch {
        return 'Linux';
    }
}

;// CONCATENATED MODULE: ./lib/measure/boot.js



/** One cold boot and all its cycles. */
async function measureBoot(job) {
    const startedAt = new Date();
    (0,external_node_fs_.mkdirSync)(job.dir, { recursive: true });
    try {
        const bootDir = makeDir(job.dir, 'base');
        const booted = await job.engine.prepare(job.image, guestOptions(job.config), bootDir);
        const { bootMs, readyMs, settled, metrics, versions = {} } = booted;
        const notes = new Set(booted.notes);
        const samples = await runCycles(job, booted.snapshot, startedAt.getTime(), notes);
        const times = { startedAt: startedAt.toISOString(), bootMs, readyMs, settled };
        const boot = { index: job.index, ...times, ...(metrics && { snapshot: metrics }), samples };
        return { boot, versions, notes: [...notes] };
    }
    finally {
        (0,external_node_fs_.rmSync)(job.dir, { recursive: true, force: true });
    }
}
function guestOptions(config) {
    const { memoryBytes, vcpus, bootTimeoutMs, readyCommand } = config;
    return { memoryBytes, vcpus, bootTimeoutMs, readyCommand };
}
async function runCycles(job, base, startedAtMs, notes) {
    const { config, engine } = job;
    const keepsBase = config.scenarios.some((scenario) => scenario.from === 'base');
    const chain = { tip: keepsBase ? await engine.fork(base, makeDir(job.dir, 'chain')) : base };
    const samples = [];
    for (let round = 0; round < config.warmup + config.cycles; round += 1) {
        job.onRound(round);
        for (const scenario of config.scenarios) {
            job.run.signal.throwIfAborted();
            const began = Date.now();
            const parts = await runScenario(engine, scenario, chain, base, notes);
            samples.push({
                scenario: scenario.name,
                round,
                warmup: round < config.warmup,
                position: samples.length,
                atMs: began - startedAtMs,
                cycleMs: Date.now() - began,
                metrics: sumMetrics(parts),
                ...(scenario.repeat > 1 ? { parts } : {}),
            });
        }
    }
    return samples;
}
async function runScenario(engine, scenario, chain, base, notes) {
    const parts = [];
    for (let part = 0; part < scenario.repeat; part += 1) {
        const advance = scenario.from === 'previous';
        const result = await engine.cycle(advance ? chain.tip : base, scenario, { advance });
        if (advance)
            chain.tip = result.next;
        for (const note of result.notes ?? [])
            notes.add(note);
        parts.push(result.metrics);
    }
    return parts;
}
/** Sum of each metric that every part has. */
function sumMetrics(parts) {
    const sums = {};
    for (const name of contract/* metricNames */.Zv) {
        const values = parts.map((part) => part[name]).filter((value) => value !== undefined);
        if (values.length === parts.length)
            sums[name] = values.reduce((sum, value) => sum + value, 0);
    }
    return sums;
}
function makeDir(parent, name) {
    const dir = (0,external_node_path_.join)(parent, name);
    (0,external_node_fs_.mkdirSync)(dir);
    return dir;
}

;// CONCATENATED MODULE: ./lib/measure/plan.js
/**
 * The order of all boots. Sides alternate, and which of them goes first alternates too (base, head, head, base, …), so that a
 * drift of the host hits both. With `parallel` the two boots of a pair run side by side.
 */
function planBoots(sides, boots, parallel) {
    const waves = [];
    for (let index = 0; index < boots; index += 1) {
        const pair = (index % 2 === 0 ? sides : sides.toReversed()).map((side) => ({ side, index }));
        if (parallel)
            waves.push(pair);
        else
            waves.push(...pair.map((boot) => [boot]));
    }
    return waves;
}
/**
 * Whether the next wave should still be started. A pair of boots is never torn: sides end with equally many. The first wave
 * always runs, so that there is something to say.
 */
function fitsBudget(waves, next, sides, clock) {
    const startsPair = bootsBefore(waves, next) % sides === 0;
    if (next === 0 || !startsPair)
        return true;
    const wavesOfPair = sides / (waves[next]?.length ?? 1);
    const perWaveMs = clock.spentMs / next;
    return clock.spentMs + perWaveMs * wavesOfPair <= clock.budgetMs;
}
function bootsBefore(waves, next) {
    return waves.slice(0, next).reduce((sum, wave) => sum + wave.length, 0);
}

;// CONCATENATED MODULE: ./lib/measure/measure.js









/** Boots × rounds × scenarios of all sides, interleaved; one measurement a side, in the order given. */
async function measureSides(run, request) {
    const boots = new Map(request.sides.map(({ side }) => [side, []]));
    const cut = await runWaves(run, request, (side, boot) => boots.get(side)?.push(boot));
    return request.sides.map((side) => toMeasurement(request, side, boots.get(side.side) ?? [], cut));
}
/** The note for boots that the time budget cut, or none. */
async function runWaves(run, request, onBoot) {
    const { config, sides } = request;
    const waves = planBoots(sides.map(({ side }) => side), config.boots, request.parallel);
    const startedMs = performance.now();
    for (const [next, wave] of waves.entries()) {
        const spentMs = performance.now() - startedMs;
        if (!fitsBudget(waves, next, sides.length, { spentMs, budgetMs: config.timeBudgetMs })) {
            const done = (next * wave.length) / sides.length;
            return `time-budget ${(0,units/* formatDuration */.a3)(config.timeBudgetMs)} ended after ${done} of ${config.boots} boots a side`;
        }
        const remaining = next === 0 ? '' : `, about ${(0,units/* formatDuration */.a3)((spentMs / next) * (waves.length - next))} to go`;
        await runWave(run, request, wave, remaining, onBoot);
    }
    return undefined;
}
async function runWave(run, request, wave, remaining, onBoot) {
    const { config } = request;
    // The first failure ends the run, and with it the other boot of the pair.
    await Promise.all(wave.map(async ({ side, index }) => {
        const name = `${side} boot ${index + 1} of ${config.boots}`;
        run.log.info(`${name}: starts${remaining}`);
        const measured = await measureOne(run, request, side, index, name);
        const { boot } = measured;
        run.log.info(`${name}: ${bootFact(boot)}, ${boot.samples.length} samples`);
        onBoot(side, measured);
    }));
}
function bootFact(boot) {
    const { bootMs, readyMs } = boot;
    return hasAgent(boot)
        ? `agent after ${(0,units/* formatDuration */.a3)(bootMs)}, settled after ${(0,units/* formatDuration */.a3)(readyMs)}`
        : `booted and saved in ${(0,units/* formatDuration */.a3)(bootMs)}`;
}
async function measureOne(run, request, side, index, name) {
    const image = request.sides.find((each) => each.side === side)?.image;
    if (!image)
        throw new Error(`no image for ${side}`);
    const rounds = request.config.warmup + request.config.cycles;
    try {
        return await measureBoot({
            run,
            engine: request.engine,
            image,
            config: request.config,
            index,
            dir: (0,external_node_path_.join)(run.dir, `${side}-boot-${index}`),
            onRound: (round) => run.log.detail(`${name}: round ${round + 1} of ${rounds}`),
        });
    }
    catch (error) {
        throw namingBoot(error, name);
    }
}
/** The same error, its sentence saying which guest it was. */
function namingBoot(error, name) {
    if (!(error instanceof host_error/* SnapgateError */.yA))
        return error;
    const { code, message, remedy, details, cause } = error;
    return new host_error/* SnapgateError */.yA(code, `${name}: ${message}`, remedy, {
        ...(details === undefined ? {} : { details }),
        ...(cause === undefined ? {} : { cause }),
    });
}
function toMeasurement(request, { side, subject, image }, measured, cut) {
    const { config, report } = request;
    const boots = measured.map(({ boot }) => boot);
    if (!report.identity)
        throw new Error('measured with an engine that its own probe refused');
    return {
        schema: 'snapgate/measurement',
        version: measurementVersion,
        snapgate: version/* version */.r,
        createdAt: new Date().toISOString(),
        side,
        subject,
        image: imageRecord(image),
        fingerprint: fingerprintWith(fingerprintOf(report.identity, kernelOf(image), config), versionsOf(side, measured)),
        environment: readEnvironment(),
        scenarios: scenariosRecord(config.scenarios),
        boots: boots.toSorted((a, b) => a.index - b.index),
        notes: measure_notesOf(report, side, measured, cut),
    };
}
function imageRecord(image) {
    if (image.kind === 'rootfs')
        return rootfsRecord(image);
    const { builder, sha256, rootfs } = image;
    return { builder, sha256, ...(rootfs === undefined ? {} : { rootfs: rootfsRecord(rootfs) }) };
}
function rootfsRecord(image) {
    return {
        rootfsSha256: image.rootfsSha256,
        rootfsBytes: image.rootfsBytes,
        kernelVersion: image.kernelVersion,
        kernelSha256: image.kernelSha256,
        ...(image.initrdSha256 === undefined ? {} : { initrdSha256: image.initrdSha256 }),
        init: image.init,
    };
}
function measure_notesOf(report, side, measured, cut) {
    const unsettled = measured.filter(({ boot }) => !boot.settled).map(({ boot }) => boot.index + 1);
    return [
        ...(report.fallback === undefined ? [] : [report.fallback]),
        ...(unsettled.length === 0
            ? []
            : [`${side}: still busy when its base snapshot was taken, boot ${unsettled.join(', ')}`]),
        ...(cut === undefined ? [] : [cut]),
        ...notesOfBoots(measured),
    ].map((note) => note.slice(0, 500));
}
/** Enough to see what they are about: a note a cycle would bury the report. */
const maxBootNotes = 8;
function notesOfBoots(measured) {
    const notes = [...new Set(measured.flatMap((boot) => boot.notes))];
    const more = notes.length - maxBootNotes;
    return more <= 0
        ? notes
        : [...notes.slice(0, maxBootNotes), `${more} more notes of this kind are left out`];
}
/** @throws SnapgateError `guest` where the boots of one side are not of the same versions */
function versionsOf(side, measured) {
    const [first, ...others] = measured.map(({ versions }) => versions);
    for (const field of ['engineVersion', 'kernelVersion']) {
        const other = others.find((versions) => versions[field] !== first?.[field]);
        if (other === undefined)
            continue;
        throw new host_error/* SnapgateError */.yA('guest', `${side}: ${field} is ${JSON.stringify(first?.[field])} in one boot and ${JSON.stringify(other[field])} in another`, 'Something changed what the engine boots while it was measured: measure again.');
    }
    return first ?? {};
}

;// CONCATENATED MODULE: ./lib/report/escape.js
/** Characters that a foreign string keeps at most. */
const maxForeignLength = 200;
/** A space that has no width: parts `@` from a name and `#` from a number, so that GitHub neither notifies nor links. */
const zeroWidthSpace = '\u200b';
/** What has no look of its own, or changes that of its neighbours: direction, joiners, fillers, lone surrogates; and the blank Braille. */
const unseen = /[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** One line of visible characters: controls and line breaks become a space, what is unseen is dropped. Cut at `limit` characters. */
function visibleText(text, limit = maxForeignLength) {
    const cleaned = text
        .slice(0, limit * 8)
        .replace(unseen, '')
        .replace(/[\p{Cc}\p{Z}\s]+/gu, ' ')
        .trim();
    const letters = Array.from(cleaned);
    return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : cleaned;
}
/**
 * A foreign name as a code span, in which GitHub sees no mention, reference, link, emoji or markup. The three characters that
 * could end the span, the table's cell or hide a marker are shown by look-alikes.
 */
function codeSpan(text, limit) {
    const shown = visibleText(text, limit).replaceAll('`', 'ˋ').replaceAll('|', '¦').replaceAll('<', '‹');
    return `\`${shown === '' ? '(empty)' : shown}\``;
}
/**
 * A foreign sentence as plain Markdown text: it may hold names of the user's or come from a file. Not for the start of a line,
 * where a digit or a dash could make a list.
 */
function prose(text, limit = 500) {
    return visibleText(text, limit)
        .replaceAll('|', '¦')
        .replace(/[\\`*_~[\]#!$]/g, '\\$&')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replace(unlinked, `$&${zeroWidthSpace}`);
}
/** The same as a paragraph of its own, which is neither a list nor a rule whatever it starts with. */
function paragraph(text, limit) {
    const shown = prose(text, limit);
    return /^[-+=\d]/.test(shown) ? `${zeroWidthSpace}${shown}` : shown;
}
/** A foreign sentence where GitHub reads HTML and no Markdown: a fold's title. */
function htmlText(text, limit = 200) {
    return visibleText(text, limit)
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('`', 'ˋ')
        .replace(unlinked, `$&${zeroWidthSpace}`);
}
/** Where GitHub would see a mention, a reference, an address or an emoji's name. */
const unlinked = /@|#(?=\d)|:(?=\/\/|[\w+\\-]+:)|(?<=mailto|xmpp):|www(?=\.)|\bGH(?=-\d)/gi;
/** Controls, format characters, spaces but the usual one, and what could end a fenced block or hold a marker. */
const unfitForLine = /[\p{C}\u2028\u2029]|(?! )\p{Z}|```|<!--/u;
/**
 * A word for a POSIX shell, on one line and safe to show: as it is where nothing in it is special, in single quotes, or through printf
 * where it holds what would not survive being shown. Exact but for NUL, which no argument can hold, and line breaks at the end.
 */
function shellWord(text) {
    if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text))
        return text;
    if (!unfitForLine.test(text))
        return `'${text.replaceAll("'", "'\\''")}'`;
    const shown = text.replaceAll('\0', '').replace(/[\p{C}'\\!`<]|(?! )\p{Z}/gu, octal);
    return `"$(printf '%b' '${shown}')"`;
}
/** The bytes of a character as printf's `%b` reads them (POSIX, printf). */
function octal(character) {
    return Array.from(Buffer.from(character), (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}

;// CONCATENATED MODULE: ./lib/report/wording.js







/** The mark and the word of a row's verdict; an improvement is said as loudly as a failure. */
function verdictWords(row) {
    if (row.verdict === undefined)
        return '–';
    return row.verdict === 'pass' && row.improved
        ? '🟢 improved'
        : `${outcomeMark(row.verdict)} ${row.verdict}`;
}
const marks = {
    pass: '🟢',
    warn: '🟡',
    fail: '🔴',
    inconclusive: '⚪',
    // Blue says that there is no verdict, neither good nor bad.
    'no-baseline': '🔵',
    'not-comparable': '🔵',
    accepted: '🟢',
};
function outcomeMark(outcome) {
    return marks[outcome];
}
/** What follows from there being no verdict; with the reason where the headline has another matter. */
function stateSentence(noVerdict, withReason) {
    const follows = noVerdict.state === 'no-baseline'
        ? 'Growth is judged once there is a baseline; caps hold already.'
        : 'Numbers taken under different conditions are not compared, so growth was not judged; caps hold all the same.';
    if (!withReason)
        return follows;
    const why = noVerdictClause(noVerdict);
    return `${why.charAt(0).toUpperCase()}${why.slice(1)}. ${follows}`;
}
/** The day of an acceptance, in UTC. */
function acceptedOn({ at }) {
    return at.slice(0, '2026-01-02'.length);
}
function sideAmount(metric, side) {
    return side === undefined ? '–' : formatAmount(metric, side.median);
}
/** To the byte, with the thousands parted: `2,580,480`; a half is possible, as a median of two. */
function exactAmount(metric, value) {
    if (value === undefined)
        return '–';
    const [digits, unit] = isTimeMetric(metric) ? [1, ' ms'] : [Number.isInteger(value) ? 0 : 1, ''];
    const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
    return `${value < 0 ? '−' : ''}${(0,units/* groupDigits */.K9)(whole)}${fraction === undefined ? '' : `.${fraction}`}${unit}`;
}
/** Like exactAmount, with a plus in front of growth. */
function exactChange(metric, value) {
    return value !== undefined && value > 0 ? `+${exactAmount(metric, value)}` : exactAmount(metric, value);
}
/**
 * Worth being seen and a sentence: anything but a pass, an improvement, and a pass whose number alone would say otherwise. Where there is
 * no verdict at all, that is said once and not for each row.
 */
function isNotable(row, noVerdict) {
    if (noVerdict && row.verdict === 'inconclusive')
        return row.head === undefined;
    if (row.verdict !== 'pass' || row.improved)
        return true;
    return row.growth !== undefined && isAbove(row.growth.value, row.thresholds.failAbove);
}
/** For sorting: the gravest first, then what improved; of equal ones the order they ran in. */
function bySeverity(a, b) {
    return severity(a) - severity(b);
}
function severity({ verdict, improved }) {
    const order = ['fail', 'inconclusive', 'warn', 'improved', 'pass', undefined];
    return order.indexOf(verdict === 'pass' && improved ? 'improved' : verdict);
}
/** `+38.2 % (+33.0 … +44.1)`; the absolute change where the base is 0. */
function growthWords({ growth, difference, metric }) {
    if (growth)
        return withBounds(growth, units/* formatGrowth */.T9, (text) => text.replace(' %', ''));
    return difference
        ? withBounds(difference, (value) => formatChange(metric, value), (text) => text)
        : '–';
}
function withBounds({ value, low, high }, format, short) {
    if (low === undefined || high === undefined)
        return format(value);
    return `${format(value)} (${short(format(low))} … ${short(format(high))})`;
}
/** `label (4f1c2d3)`, the commit once, not escaped. */
function subjectWords({ label, commit }) {
    const short = commit?.slice(0, 7);
    return short === undefined || label.includes(short) ? label : `${label} (${short})`;
}
/** What a measurement was taken with, one fact a line, not escaped: strings of it come from a record. */
function fingerprintFacts(fingerprint) {
    const acceleration = { kvm: 'KVM', tcg: 'TCG (emulation)', unknown: 'unknown' }[fingerprint.accelerator];
    return [
        ['engine', `${fingerprint.engine}, ${fingerprint.engineVersion}, ${fingerprint.machine}`],
        ['accelerator', acceleration],
        ['guest kernel', `${fingerprint.kernelVersion} (sha256 ${fingerprint.kernelSha256.slice(0, 12)})`],
        ['guest', `${(0,units/* formatBytes */.z3)(fingerprint.memoryBytes)} of memory, ${plural(fingerprint.vcpus, 'vCPU')}`],
        ['host processor', fingerprint.hostCpu],
        ['protocol', String(fingerprint.protocol)],
    ];
}
/** Boots, rounds and warm-up, as far as the record at hand says. */
function roundsFact({ comparison, head }) {
    const { base, head: ofHead } = comparison.boots;
    const both = comparison.base !== undefined && comparison.noVerdict === undefined;
    const boots = both ? `${base} of base, ${ofHead} of head` : `${ofHead} of head`;
    return head === undefined ? boots : `${boots}; each ${roundsOf(head)}`;
}
/** `5 rounds after 2 to warm up`, of the first boot. */
function roundsOf(measurement) {
    const samples = measurement.boots[0]?.samples ?? [];
    const count = (warmup) => new Set(samples.filter((sample) => sample.warmup === warmup).map((sample) => sample.round)).size;
    return `${plural(count(false), 'round')} after ${count(true)} to warm up`;
}
/** What pausing and the agent cost by themselves: part of every other number. */
function floorFact({ rows }) {
    const row = rows.find(({ scenario, metric }) => scenario === scenarios/* floorScenario */.Z && metric === 'memfile.writtenBytes');
    if (row?.head === undefined)
        return undefined;
    const base = row.base === undefined ? '' : `${sideAmount(row.metric, row.base)} on base, `;
    return `${base}${sideAmount(row.metric, row.head)} on head: an immediate pause, the agent's share included`;
}
/** A scenario that repeats is a sum: how its parts ran, from the first to the last. */
function repeatFacts(head) {
    const repeated = head?.scenarios.filter((scenario) => scenario.repeat > 1) ?? [];
    return repeated.map(({ name, repeat }) => {
        const parts = head && partMedians(head, name, 'memfile.writtenBytes');
        const [first, last] = [parts?.[0], parts?.[repeat - 1]];
        const shown = first === undefined || last === undefined
            ? ''
            : `; the first dirtied ${(0,units/* formatBytes */.z3)(first)} on head, the last ${(0,units/* formatBytes */.z3)(last)}`;
        return [name, `the sum of ${repeat} pauses in a row${shown}`];
    });
}
/** Wall time of a boot until it was settled, for people. */
function readyFact(measurement) {
    const ready = medianReadyMs(measurement);
    if (ready === undefined)
        return 'no boot';
    return measurement.boots.some(hasAgent)
        ? `settled ${(0,units/* formatDuration */.a3)(ready)} after power-on`
        : `booted and saved in ${(0,units/* formatDuration */.a3)(ready)}`;
}
/** The command that repeats the run, quoted for a shell: one line of visible characters. A commit is named, whatever name it was given by. */
function reproduceCommand({ comparison, reproduce }) {
    const { base, fingerprint, boots } = comparison;
    const commit = base?.commit === undefined ? [] : ['--base', `ref:${base.commit}`];
    const ofBase = reproduce?.includes('--base') ? [] : base === undefined ? ['--base', 'none'] : commit;
    const given = reproduce ?? [
        ...(fingerprint.engine === 'qemu' ? [] : ['--engine', fingerprint.engine]),
        '--memory-size',
        `${fingerprint.memoryBytes / 1024 ** 2}MiB`,
        '--vcpus',
        String(fingerprint.vcpus),
        '--boots',
        String(boots.head),
    ];
    return ['npx', 'snapgate', 'gate', ...ofBase, ...given].map(shellWord).join(' ');
}
function plural(count, noun, nouns = `${noun}s`) {
    return `${count} ${count === 1 ? noun : nouns}`;
}

;// CONCATENATED MODULE: ./lib/report/fit.js

const separator = '\n\n';
/**
 * Puts the parts together, as many as fit: whole, or cut after a row, never within one. What is left out is said at the end of the parts
 * that are not folded.
 */
function fit_fitParts(parts, limit) {
    const whole = assemble(parts.map((part) => shown(part, fit_rowsOf(part).length)));
    if (limit.lengthOf(whole) <= limit.most)
        return whole;
    const reserve = limit.lengthOf(limit.sayLeftOut([...new Set(parts.map(({ name }) => name))]));
    const kept = choose(parts, limit, limit.most - reserve - separator.length);
    const leftOut = parts.filter((part) => isShort(kept.get(part))).map(({ name }) => name);
    const said = leftOut.length === 0 ? [] : [limit.sayLeftOut([...new Set(leftOut)])];
    const textsOf = (group) => group.flatMap((part) => kept.get(part)?.text ?? []);
    return assemble([
        ...textsOf(parts.filter((part) => part.title === undefined)),
        ...said,
        ...textsOf(parts.filter((part) => part.title !== undefined)),
    ]);
}
function choose(parts, { lengthOf }, room) {
    const kept = new Map();
    let left = room;
    for (const part of parts.toSorted((a, b) => a.rank - b.rank)) {
        const fits = (text) => lengthOf(text) + separator.length <= left * (part.share ?? 1);
        const found = wholeOrCut(part, fits);
        if (found === undefined)
            continue;
        kept.set(part, found);
        left -= lengthOf(found.text) + separator.length;
    }
    return kept;
}
/** undefined where not even a row fits. */
function wholeOrCut(part, fits) {
    const all = fit_rowsOf(part).length;
    const whole = shown(part, all);
    if (fits(whole))
        return { text: whole, whole: true };
    const shorter = part.shorter?.find(fits);
    if (shorter !== undefined)
        return { text: shorter, whole: false };
    // A part grows with its rows, but for the last, which takes the words about the rest with it; that was tried just now.
    let [low, high] = [0, all - 1];
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (fits(shown(part, middle)))
            low = middle;
        else
            high = middle - 1;
    }
    return low > 0 ? { text: shown(part, low), whole: false } : undefined;
}
function isShort(kept) {
    return kept === undefined || !kept.whole;
}
function fit_rowsOf({ rows }) {
    return rows ?? [];
}
function shown(part, rows) {
    const { title, text, beyond = 0, noun = 'row' } = part;
    const rest = fit_rowsOf(part).length - rows + beyond;
    const more = rest > 0 ? `\n\nand ${plural(rest, `more ${noun}`)} in the JSON` : '';
    const body = `${[text, ...fit_rowsOf(part).slice(0, rows)].filter((line) => line !== '').join('\n')}${more}`;
    return title === undefined ? body : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
function assemble(texts) {
    return `${texts.filter((text) => text !== '').join(separator)}\n`;
}

;// CONCATENATED MODULE: ./lib/report/links.js


/** What an address of ours is made of: nothing that ends a link, a cell or a line. */
const plainAddress = /^https?:\/\/[\w.:-]+(?:\/[\w.~%/?=&#-]*)?$/;
/** A Markdown link; the text alone where there is no address, or one that is not a plain one. */
function links_link(text, url) {
    return url !== undefined && plainAddress.test(url) ? `[${text}](${url})` : text;
}
/** A side by its name, a link to its commit where both are known. */
function subjectLink(subject, repositoryUrl) {
    return linkCommit(subjectWords(subject), subject.commit, repositoryUrl);
}
/** A commit by its first digits, a link where the repository is known. */
function commitLink(commit, repositoryUrl) {
    return linkCommit(commit.slice(0, 7), commit, repositoryUrl);
}
/** The address of a commit. Not checked: show it by `link`. */
function commitUrl(commit, repositoryUrl) {
    return `${repositoryUrl.replace(/\/+$/, '')}/commit/${commit}`;
}
function linkCommit(text, commit, repositoryUrl) {
    const isKnown = commit !== undefined && repositoryUrl !== undefined;
    return links_link(codeSpan(text), isKnown ? commitUrl(commit, repositoryUrl) : undefined);
}

;// CONCATENATED MODULE: ./lib/report/bars.js
/** Bars of a side at most. */
const mostBars = 8;
/** Of the block elements (Unicode, U+2581 to U+2588), lowest first; nothing at all is a dot, so that it is seen. */
const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const bars_nothing = '·';
/**
 * A picture of a row in text: `▆▆▆▆▆ → █████`, a bar for the median of each boot, of both sides on one scale that starts at 0. Growth is the
 * step between the sides, noise the unevenness within one. A side of more than eight boots is shown by eight of them, from the lowest to
 * the highest, both included. Empty where nothing was measured.
 */
function bootBars({ base, head }) {
    const sides = [base, head].flatMap((side) => (side === undefined ? [] : [shownBoots(side)]));
    const largest = sides.flat().reduce((most, value) => Math.max(most, value), 0);
    return sides.map((side) => side.map((value) => barOf(value, largest)).join('')).join(' → ');
}
/** Whether the bars of a row are a choice of its boots. */
function leavesOutBoots({ base, head }) {
    return [base, head].some((side) => side !== undefined && side.bootMedians.length > mostBars);
}
function shownBoots({ bootMedians }) {
    if (bootMedians.length <= mostBars)
        return bootMedians;
    const sorted = bootMedians.toSorted((a, b) => a - b);
    const step = (sorted.length - 1) / (mostBars - 1);
    return Array.from({ length: mostBars }, (_, index) => sorted[Math.round(index * step)] ?? 0);
}
/** The nearest height, but never nothing for something. */
function barOf(value, largest) {
    if (!(value > 0))
        return bars_nothing;
    const height = Math.max(1, Math.round((value / largest) * heights.length));
    return heights[height - 1] ?? bars_nothing;
}

// EXTERNAL MODULE: ./node_modules/markdown-table/index.js
var markdown_table = __webpack_require__(735);
;// CONCATENATED MODULE: ./lib/report/markdown-table.js






/** No scenario of a snapgate.yml has a longer name; a record's may have. */
const longestName = 40;
/**
 * The rows that gate. Columns that would say nothing are left out: the metric where all are of one, the base's where there is none. A comment is
 * not much wider than seven narrow columns: where there are more, base and head share one.
 */
function gatingTable(shown) {
    const rows = shown.map(({ row }) => row);
    const hasBase = rows.some((row) => row.base !== undefined);
    const hasEntries = shown.some(({ entry }) => entry !== undefined);
    const several = severalMetrics(rows);
    const columns = [
        ...markdown_table_some(hasEntries, left('entry', ({ entry = '' }) => codeSpan(entry, longestName))),
        left('scenario', scenarioCell),
        ...markdown_table_some(several, left('metric', ({ row }) => metricLabels[row.metric])),
        ...sizeColumns(hasBase, hasEntries || several),
        ...markdown_table_some(hasBase, right('growth (95 % interval)', ({ row }) => unbroken(growthWords(row)))),
        ...markdown_table_some(shown.some(hasOwnVerdict), left('verdict', verdictCell)),
        // Last: where a table must scroll after all, it is the picture that is out of sight.
        left('each boot', ({ row }) => barsCell(row)),
    ];
    return tableLines(columns, shown);
}
function sizeColumns(hasBase, together) {
    const head = right('head', ({ row }) => unbroken(sideAmount(row.metric, row.head)));
    if (!hasBase)
        return [head];
    if (together)
        return [right('base → head', ({ row }) => unbroken(bothAmounts(row)))];
    return [right('base', ({ row }) => unbroken(sideAmount(row.metric, row.base))), head];
}
/** `2.50 → 3.50 MiB`, the unit once where both have it. */
function bothAmounts({ metric, base, head }) {
    const [ofBase, ofHead] = [sideAmount(metric, base), sideAmount(metric, head)];
    if (base === undefined)
        return ofHead;
    const [number = '', unit] = ofBase.split(' ');
    return `${unit === ofHead.split(' ')[1] ? number : ofBase} → ${ofHead}`;
}
/** Every metric of every scenario, to the byte. */
function metricsTable({ rows, noVerdict }) {
    const hasBase = rows.some((row) => row.base !== undefined);
    const columns = [
        left('scenario', (row) => codeSpan(row.scenario)),
        left('metric', (row) => codeSpan(row.metric)),
        ...markdown_table_some(hasBase, right('base', (row) => exactAmount(row.metric, row.base?.median))),
        right('head', (row) => exactAmount(row.metric, row.head?.median)),
        ...markdown_table_some(hasBase, right('difference', (row) => exactChange(row.metric, row.difference?.value))),
        ...markdown_table_some(hasBase, right('growth (95 % interval)', (row) => unbroken(growthWords(row)))),
        left('verdict', (row) => verdictCell({ row, noVerdict })),
    ];
    return tableLines(columns, rows);
}
function tableLines(columns, items) {
    const cells = items.map((item) => columns.map(({ cell }) => cell(item)));
    const titles = columns.map(({ title }) => title);
    const align = columns.map((column) => column.align);
    const lines = (0,markdown_table/* markdownTable */.Q)([titles, ...cells], { align, alignDelimiters: false }).split('\n');
    return { text: lines.slice(0, 2).join('\n'), rows: lines.slice(2) };
}
function left(title, cell) {
    return { title, align: 'l', cell };
}
function right(title, cell) {
    return { title, align: 'r', cell };
}
function severalMetrics(rows) {
    return new Set(rows.map((row) => row.metric)).size > 1;
}
function markdown_table_some(wanted, column) {
    return wanted ? [column] : [];
}
function scenarioCell({ row, standsForMore = 0 }) {
    const name = codeSpan(row.scenario, longestName);
    return standsForMore > 0 ? `${name} ${unbroken(`and ${standsForMore} more`)}` : name;
}
function barsCell(row) {
    const bars = bootBars(row);
    return bars === '' ? '–' : `\`${unbroken(bars)}\``;
}
/** Where there is no verdict at all, the headline of a comparison says so, and no cell. */
function hasOwnVerdict({ row, noVerdict, entry }) {
    return entry !== undefined || !isStateOnly(row, noVerdict);
}
function verdictCell({ row, noVerdict, entry }) {
    if (!isStateOnly(row, noVerdict))
        return unbroken(verdictWords(row));
    if (entry === undefined)
        return '–';
    return unbroken(`${outcomeMark(noVerdict.state)} ${outcomeWords[noVerdict.state]}`);
}
/** GitHub breaks a cell at its spaces before it lets a table scroll; a number is no place for that. */
function unbroken(text) {
    return text.replaceAll(' ', '\u00a0');
}
function isStateOnly(row, noVerdict) {
    return noVerdict !== undefined && row.verdict === 'inconclusive' && !isNotable(row, noVerdict);
}

;// CONCATENATED MODULE: ./lib/report/markdown-comparison.js







/** A table of up to so many rows shows them all, in the order they ran; of a longer one what changed, and the rest is folded. */
const mostUnfolded = 12;
/** Rows, reasons and notes that stand in one place at most. */
const mostRows = 50;
const mostReasons = 10;
const mostNotes = 20;
function markdown_comparison_comparisonParts(input) {
    const { comparison } = input;
    return [
        headingPart(comparison),
        ...openingParts(comparison, input),
        ...gatingParts(comparison),
        metricsPart(comparison),
        { ...listPart('how this was measured', howMeasured(input)), rank: 5, title: 'how this was measured' },
        {
            name: 'run it yourself',
            rank: 4,
            title: 'run it yourself',
            text: `\`\`\`sh\n${reproduceCommand(input)}\n\`\`\``,
        },
    ];
}
/** `### 🔴 snapgate: …`, shorter where the limit is very small. */
function headingPart(record) {
    const upTo = (limit) => `### ${outcomeMark(outcomeOf(record))} snapgate: ${prose(record.headline, limit)}`;
    return { name: 'headline', rank: 0, text: upTo(500), shorter: [upTo(150), upTo(30)] };
}
/** What a report says before any number: of what it is, where the numbers are from, who accepted them, and why there is no verdict. */
function openingParts(comparison, context) {
    const { accepted, noVerdict, verdict } = comparison;
    const state = noVerdict && paragraph(stateSentence(noVerdict, verdict === 'fail'), 1000);
    return paragraphs([
        sidesSentence(comparison, context.repositoryUrl),
        ...contextSentences(context, accepted),
        ...(state === undefined ? [] : [state]),
    ]);
}
function contextSentences({ provenance, remarks = [], repositoryUrl, runUrl }, accepted) {
    const run = runUrl === undefined ? '' : ` ${links_link('The run', runUrl)}.`;
    return [
        ...(accepted ? [acceptedSentence(accepted, repositoryUrl)] : []),
        ...remarks.map((remark) => paragraph(remark)),
        ...(provenance === undefined ? [] : [`${paragraph(provenance)}${run}`]),
    ];
}
function paragraphs(texts) {
    return texts.map((text) => ({ name: 'what was compared', rank: 1, text }));
}
function acceptedSentence(accepted, repositoryUrl) {
    const commit = commitLink(accepted.commit, repositoryUrl);
    return `Accepted by ${codeSpan(accepted.by)} on ${acceptedOn(accepted)} at ${commit}.`;
}
/** What was compared with what. */
function sidesSentence(comparison, repositoryUrl) {
    const { base, head, boots, noVerdict } = comparison;
    const ofHead = `Head ${subjectLink(head, repositoryUrl)}, ${plural(boots.head, 'boot')}`;
    if (base === undefined)
        return `${ofHead}; ${noVerdict?.state === 'no-baseline' ? 'no baseline yet' : 'no base'}.`;
    const ofBase = `base ${subjectLink(base, repositoryUrl)}, ${plural(boots.base, 'boot')}`;
    return noVerdict === undefined
        ? `${ofHead}, compared with ${ofBase}.`
        : `${ofHead}; not compared with ${ofBase}.`;
}
/** The table of the rows that gate, why any of them is not a plain pass, and folded what did not change. */
function gatingParts(comparison) {
    const rows = comparison.rows.filter((row) => row.gates);
    const notable = rows.filter((row) => isNotable(row, comparison.noVerdict));
    if (rows.length <= mostUnfolded || notable.length === rows.length)
        return [tablePart(comparison, rows), reasonPart(comparison, notable)];
    // With nothing to compare with hardly a row is notable, and the numbers are what there is to show.
    const compared = rows.some((row) => row.base !== undefined);
    const seen = compared ? notable : [...notable, ...quietOf(rows, notable)].slice(0, mostUnfolded);
    const quiet = quietOf(rows, seen);
    return [
        ...(seen.length > 0 ? [tablePart(comparison, seen)] : []),
        { name: 'what did not change', rank: 2, text: quietSentence(quiet, seen.length > 0) },
        reasonPart(comparison, notable),
        quietPart(comparison, quiet, compared),
    ];
}
function quietOf(rows, seen) {
    const shown = new Set(seen);
    return rows.filter((row) => !shown.has(row));
}
function quietSentence(quiet, others) {
    const [first, ...rest] = quiet;
    if (first === undefined)
        return '';
    const grown = rest.reduce((a, b) => ((b.growth?.value ?? 0) > (a.growth?.value ?? 0) ? b : a), first);
    const count = `${others ? 'The other' : 'All'} ${plural(quiet.length, 'row')}`;
    if (grown.growth === undefined)
        return `${count} ${quiet.length === 1 ? 'is' : 'are'} folded below.`;
    const most = `the most is ${codeSpan(grown.scenario)} with ${growthWords(grown)}`;
    return `${count} ${quiet.length === 1 ? 'passes' : 'pass'}: ${most}.`;
}
function tablePart(comparison, rows) {
    if (rows.length === 0)
        return { name: 'rows', rank: 2, text: 'No row gates.' };
    // A short table keeps the scenarios in the order they ran; a cut one must not lose what failed.
    const shown = rows.length > mostUnfolded ? rows.toSorted(bySeverity).slice(0, mostRows) : rows;
    const beyond = rows.length - shown.length;
    return { name: 'rows', rank: 2, ...markdown_comparison_linesOf(comparison, shown), beyond };
}
function quietPart(comparison, quiet, compared) {
    const title = compared
        ? `${plural(quiet.length, 'row')} without a change`
        : plural(quiet.length, 'more row');
    return { name: 'rows that are folded', rank: 6, title, ...markdown_comparison_linesOf(comparison, quiet) };
}
function markdown_comparison_linesOf({ noVerdict }, rows) {
    return gatingTable(rows.map((row) => ({ row, noVerdict })));
}
function reasonPart(comparison, notable) {
    const lines = reasonLines(comparison, notable);
    const beyond = notable.length - lines.length;
    return { ...listPart('reasons', lines), rank: 3, beyond, noun: 'reason' };
}
/** Why these rows are not plain passes, the gravest first. */
function reasonLines({ rows }, notable) {
    const several = severalMetrics(rows.filter((row) => row.gates));
    const shown = notable.toSorted(bySeverity).slice(0, mostReasons);
    return shown.map((row) => {
        const metric = several ? `, ${metricLabels[row.metric]}` : '';
        return `- ${codeSpan(row.scenario)}${metric}: ${prose(row.reason)}`;
    });
}
function listPart(name, lines) {
    const [first = '', ...rows] = lines;
    return { name, text: first, rows, noun: 'line' };
}
/** The longest and most detailed part, and so the first to be cut. */
function metricsPart(comparison) {
    const { text, rows } = metricsTable(comparison);
    const note = 'Medians over boots of the medians of each boot, per cycle. Sizes are in bytes.';
    return { name: 'all metrics', rank: 7, title: 'all metrics', text: `${note}\n\n${text}`, rows };
}
/** Facts as lines of a list. */
function howMeasured(input) {
    const { comparison, head } = input;
    const floor = floorFact(comparison);
    const facts = [
        ['boots', prose(roundsFact(input))],
        ...fingerprintFacts(comparison.fingerprint).map(([name, fact]) => [name, codeSpan(fact)]),
        ...(floor === undefined ? [] : [['floor', floor]]),
        ...repeatFacts(head).map(([name, fact]) => [codeSpan(name), fact]),
        ['each boot', barsFact(comparison)],
        ['snapgate', `${codeSpan(comparison.snapgate)}, ${codeSpan(comparison.createdAt)}`],
    ];
    return [...facts.map(([name, fact]) => `- ${name}: ${fact}`), ...noteLines(comparison.notes)];
}
function barsFact({ rows }) {
    const some = rows.some((row) => row.gates && leavesOutBoots(row));
    const choice = some ? `; of more than ${mostBars} boots, ${mostBars} from the lowest to the highest` : '';
    return `a bar for the median of each boot, both sides of a row on one scale from 0${choice}`;
}
function noteLines(notes) {
    const shown = notes.slice(0, mostNotes).map((note) => `- note: ${prose(note)}`);
    const rest = notes.length - shown.length;
    return rest > 0 ? [...shown, `- and ${plural(rest, 'more note')} in the JSON`] : shown;
}

;// CONCATENATED MODULE: ./lib/report/markdown-matrix.js






/** Rows of the table of all entries at most. */
const markdown_matrix_mostRows = 100;
function markdown_matrix_matrixParts(input) {
    const { matrix } = input;
    const compared = matrix.entries.flatMap(({ name, comparison }) => comparison ? [{ name, comparison }] : []);
    return [
        headingPart(matrix),
        ...missingParts(matrix),
        ...paragraphs([...sharedSides(compared, input), ...contextSentences(input, matrix.accepted)]),
        ...tableParts(compared),
        ...gravestFirst(compared).map((entry, index) => entryPart(entry, 4 + index, input)),
    ];
}
/** What was not measured stands before all numbers: they are not of the whole. */
function missingParts({ entries, allowMissing }) {
    const missing = entries.filter(({ comparison }) => comparison === undefined);
    if (missing.length === 0)
        return [];
    const text = `Not measured: ${missing.length} of ${plural(entries.length, 'entry', 'entries')}${allowMissing ? ', which is allowed' : ''}.\n`;
    const rows = missing.map((entry) => missingLine(entry, allowMissing));
    return [{ name: 'entries that were not measured', rank: 1, text, rows, noun: 'line', share: 0.5 }];
}
function missingLine({ name, missing = '' }, allowed) {
    return `- ${outcomeMark(allowed ? 'inconclusive' : 'fail')} ${codeSpan(name, 100)}: ${prose(missing)}`;
}
/** Said once where it is the same for all, as it is of one pull request; else each entry says its own. */
function sharedSides(compared, { repositoryUrl }) {
    const [first] = compared;
    if (first === undefined)
        return [];
    const sides = ({ comparison: { base, head } }) => JSON.stringify([base, head]);
    if (compared.some((each) => sides(each) !== sides(first)))
        return [];
    const { base, head, noVerdict } = first.comparison;
    const none = compared.every(({ comparison }) => comparison.noVerdict !== undefined);
    const ofHead = `Head ${subjectLink(head, repositoryUrl)}`;
    if (base === undefined)
        return [`${ofHead}; ${noVerdict?.state === 'no-baseline' ? 'no baseline yet' : 'no base'}.`];
    return [`${ofHead}${none ? '; not' : ','} compared with base ${subjectLink(base, repositoryUrl)}.`];
}
function tableParts(compared) {
    const all = compared.flatMap((entry) => gatingRows(entry).map((row) => shownRow(entry, row)));
    const rows = all.length <= mostUnfolded
        ? all
        : compared.flatMap(notableRows).toSorted((a, b) => bySeverity(a.row, b.row));
    if (rows.length === 0)
        return [];
    const shown = rows.slice(0, markdown_matrix_mostRows);
    return [{ name: 'rows', rank: 2, ...gatingTable(shown), beyond: rows.length - shown.length }];
}
/** What is not a plain pass of an entry, or one row that stands for all. */
function notableRows(entry) {
    const rows = gatingRows(entry);
    const notable = notableOf(entry.comparison);
    if (notable.length > 0)
        return notable.map((row) => shownRow(entry, row));
    const [most] = rows.toSorted((a, b) => (b.growth?.value ?? 0) - (a.growth?.value ?? 0));
    return most === undefined ? [] : [{ ...shownRow(entry, most), standsForMore: rows.length - 1 }];
}
function notableOf({ rows, noVerdict }) {
    return rows.filter((row) => row.gates && isNotable(row, noVerdict));
}
function gatingRows({ comparison }) {
    return comparison.rows.filter((row) => row.gates);
}
function shownRow({ name, comparison }, row) {
    return { row, entry: name, noVerdict: comparison.noVerdict };
}
/** Of passes those that improved. */
function gravestFirst(compared) {
    const improves = ({ comparison }) => comparison.rows.some((row) => row.improved);
    return compared.toSorted((a, b) => byGravity(outcomeOf(a.comparison), outcomeOf(b.comparison)) ||
        Number(improves(b)) - Number(improves(a)));
}
/** All of one entry. Where not all fits, each takes half of the room that is left at most. */
function entryPart({ name, comparison }, rank, context) {
    const { noVerdict } = comparison;
    const { text, rows } = metricsTable(comparison);
    const state = noVerdict === undefined ? [] : [prose(stateSentence(noVerdict, comparison.verdict === 'fail'), 1000)];
    const paragraphsAbove = [
        sidesSentence(comparison, context.repositoryUrl),
        ...state,
        [...reasonLines(comparison, notableOf(comparison)), ...howMeasured({ comparison })].join('\n'),
        text,
    ];
    return {
        name: 'details of entries',
        rank,
        share: 0.5,
        title: `${outcomeMark(outcomeOf(comparison))} ${htmlText(name, 100)}: ${htmlText(comparison.headline, 300)}`,
        text: paragraphsAbove.join('\n\n'),
        rows,
    };
}

;// CONCATENATED MODULE: ./lib/report/markdown-measurement.js







/** What one side's table shows: the numbers that people ask for, as far as they were measured. */
const shownMetrics = [
    'memfile.writtenBytes',
    'memfile.changedBytes',
    'rootfs.writtenBytes',
    'resumeMs',
    'pauseMs',
];
/** Scenarios in the table that is not folded. */
const markdown_measurement_mostRows = 50;
function markdown_measurement_measurementParts(measurement) {
    const facts = [
        ...fingerprintFacts(measurement.fingerprint).map(([name, fact]) => `- ${name}: ${codeSpan(fact)}`),
        ...repeatFacts(measurement).map(([name, fact]) => `- ${codeSpan(name)}: ${fact}`),
        ...noteLines(measurement.notes),
    ];
    const [first = '', ...rows] = facts;
    return [
        {
            name: 'headline',
            rank: 0,
            text: `### snapgate: measured ${codeSpan(subjectWords(measurement.subject))}`,
        },
        scenariosPart(measurement),
        { name: 'boots', rank: 1, text: bootsSentence(measurement) },
        markdown_measurement_metricsPart(measurement),
        {
            name: 'how this was measured',
            rank: 3,
            title: 'how this was measured',
            text: first,
            rows,
            noun: 'line',
        },
    ];
}
function bootsSentence(measurement) {
    const boots = plural(measurement.boots.length, 'boot');
    return `${boots}, ${readyFact(measurement)}; each ${roundsOf(measurement)}. Nothing was compared.`;
}
function scenariosPart(measurement) {
    const measured = measuredMetrics(measurement);
    const metrics = shownMetrics.filter((metric) => measured.includes(metric));
    const columns = [
        left('scenario', (name) => codeSpan(name)),
        ...metrics.map((metric) => right(metricLabels[metric], (name) => sideAmount(metric, summarizeSide(measurement, name, metric)))),
    ];
    const names = measurement.scenarios.map(({ name }) => name);
    const shown = names.slice(0, markdown_measurement_mostRows);
    return { name: 'rows', rank: 2, ...tableLines(columns, shown), beyond: names.length - shown.length };
}
function markdown_measurement_metricsPart(measurement) {
    const sides = measurement.scenarios.flatMap(({ name }) => contract/* metricNames */.Zv.flatMap((metric) => {
        const side = summarizeSide(measurement, name, metric);
        return side === undefined ? [] : [{ name, metric, median: side.median }];
    }));
    const columns = [
        left('scenario', ({ name }) => codeSpan(name)),
        left('metric', ({ metric }) => codeSpan(metric)),
        right('median per cycle (bytes)', ({ metric, median }) => exactAmount(metric, median)),
    ];
    return { name: 'all metrics', rank: 4, title: 'all metrics', ...tableLines(columns, sides) };
}

;// CONCATENATED MODULE: ./lib/report/markdown.js





/** GitHub refuses a comment above 65,536 characters; the rest is room for the hidden marker of whoever posts it. */
const maxMarkdownLength = 65_536 - 1024;
/** GitHub drops a step's summary above 1,024 KiB; the rest is room for what others of the step write. */
const maxSummaryBytes = 1024 * 1024 - 4096;
/** The pull request's comment. */
const markdown = {
    name: 'markdown',
    render: (input, options) => fit_fitParts(markdown_comparison_comparisonParts(input), commentLimit(options, input.runUrl)),
    renderMatrix: (input, options) => fit_fitParts(markdown_matrix_matrixParts(input), commentLimit(options, input.runUrl)),
    renderMeasurement: (measurement, options) => fit_fitParts(markdown_measurement_measurementParts(measurement), commentLimit(options, undefined)),
};
/** The job's summary: the report with all its details, as far as GitHub takes them. */
function summaryOf(input) {
    return fitParts(partsOf(input), summaryLimit);
}
/** The same for one side alone. */
function measurementSummary(measurement) {
    return fitParts(measurementParts(measurement), summaryLimit);
}
function partsOf(input) {
    return 'matrix' in input ? matrixParts(input) : comparisonParts(input);
}
function commentLimit({ limit = maxMarkdownLength } = {}, runUrl) {
    const where = runUrl === undefined ? 'The JSON' : links_link("The job's summary", runUrl);
    return { most: limit, lengthOf: (text) => text.length, sayLeftOut: (names) => leftOut(names, where) };
}
const summaryLimit = {
    most: maxSummaryBytes,
    lengthOf: Buffer.byteLength,
    sayLeftOut: (names) => leftOut(names, 'The JSON'),
};
function leftOut(names, where) {
    return `Cut or left out for length: ${names.join(', ')}. ${where} has all of it.`;
}

;// CONCATENATED MODULE: ./lib/job/aside.js





/**
 * Does `work`, which builds images from `checkouts`, without the records that an earlier run has left there: with them the same tree would
 * make another image. They are put back afterwards, however it ends; after a SIGKILL, by whoever closes the run.
 */
async function withRecordsAside(run, outputDir, checkouts, work) {
    const folder = realPath(outputDir);
    const checkout = checkouts.map(realPath).find((each) => aside_isWithin(folder, each));
    if (checkout === undefined)
        return await work();
    const moved = moveRecords(run, folder);
    const emptied = removeEmptied(folder, checkout);
    try {
        return await work();
    }
    finally {
        if (emptied)
            (0,external_node_fs_.mkdirSync)(folder, { recursive: true });
        for (const file of moved)
            putBack(file);
    }
}
function moveRecords(run, folder) {
    const files = recordNames
        .map((name) => ({ path: (0,external_node_path_.join)(folder, name), kept: (0,external_node_path_.join)(run.dir, 'records-aside', name) }))
        .filter(({ path }) => (0,external_node_fs_.lstatSync)(path, { throwIfNoEntry: false })?.isFile());
    for (const file of files) {
        run.ledger.add({ kind: 'moved', ...file });
        moveAway(file);
    }
    return files;
}
/** Removes the folder and those above it that hold nothing else: git knows no empty ones, and a run makes them. */
function removeEmptied(folder, checkout) {
    if (folder === checkout || !removeEmptyFolder(folder))
        return false;
    removeEmptied((0,external_node_path_.dirname)(folder), checkout);
    return true;
}
/** Also of what is not there. */
function realPath(path) {
    try {
        return (0,external_node_fs_.realpathSync)(path);
    }
    catch {
        return (0,external_node_path_.resolve)(path);
    }
}
function aside_isWithin(path, folder) {
    return path === folder || path.startsWith(`${folder}${external_node_path_.sep}`);
}

;// CONCATENATED MODULE: ./lib/job/base.js

/** Takes a stored measurement for the base where one will do, checks it out where not, or says why there is none. */
async function settleBase(run, base, wanted, storage) {
    switch (base.kind) {
        case 'none':
        case 'image':
            return { base, notes: [] };
        case 'measurement':
            requireSameEngine(base.measurement, wanted);
            return { base: comparableOnly(base, wanted), notes: [] };
        case 'commit':
            return await settleCommit(run, base, wanted, storage);
        case 'branch':
            return await settleBranch(base.branch, wanted, storage);
    }
}
function comparableOnly(base, wanted) {
    const noVerdict = incomparable(base.measurement, wanted);
    return noVerdict === undefined ? base : { kind: 'none', noVerdict };
}
async function settleCommit(run, base, wanted, storage) {
    const stored = await base_ask(storage, (store, query) => store.ofCommit(base.commit, query), wanted);
    if (storage !== undefined && stored?.kind === 'found')
        return taken(run, stored.measurement, storage);
    const notes = stored?.kind === 'unusable' ? [stored.reason] : [];
    if (!base.storedOnly)
        return { base: await base.checkOut(), notes };
    return await standIn(run, base, wanted, storage, stored);
}
/** With `base: cache`, the newest measurement of the branch where the commit itself has none: said aloud, for it is another commit. */
async function standIn(run, base, wanted, storage, ofCommit) {
    const latest = await latestOf(base.branch, wanted, storage);
    if (storage === undefined || latest?.kind !== 'found')
        return { base: nothingStored(base.subject.label, [ofCommit, latest], storage), notes: [] };
    const settled = taken(run, latest.measurement, storage);
    if (latest.measurement.subject.commit === base.commit)
        return settled;
    const note = `${base.subject.label} has no stored measurement; the newest of ${base.branch} stands in, so changes of others may show`;
    return { base: settled.base, notes: [note, ...settled.notes] };
}
async function settleBranch(branch, wanted, storage) {
    const latest = await latestOf(branch, wanted, storage);
    if (storage !== undefined && latest?.kind === 'found')
        return { base: { kind: 'measurement', measurement: latest.measurement }, notes: [] };
    return { base: nothingStored(`branch ${branch}`, [latest], storage), notes: [] };
}
function taken(run, measurement, { store }) {
    const note = `base was measured at ${measurement.createdAt} and comes from ${store.name}: it is not booted`;
    run.log.info(note);
    return { base: { kind: 'measurement', measurement }, notes: [note] };
}
function nothingStored(what, found, storage) {
    const unusable = found.find((each) => each?.kind === 'unusable');
    if (unusable !== undefined)
        return { kind: 'none', noVerdict: { state: 'not-comparable', reason: unusable.reason } };
    const where = storage === undefined ? 'no store is to be reached' : `${storage.store.name} has none`;
    const reason = `no measurement of ${what} is stored yet (${where}); a run on push or schedule stores one`;
    return { kind: 'none', noVerdict: { state: 'no-baseline', reason } };
}
async function latestOf(branch, wanted, storage) {
    if (branch === undefined)
        return undefined;
    return await base_ask(storage, (store, query) => store.latest(branch, query, wanted.commit), wanted);
}
async function base_ask(storage, question, { commit, ...wanted }) {
    if (storage === undefined)
        return undefined;
    return await question(storage.store, { ...wanted, measuringSha256: storage.measuringSha256 });
}

;// CONCATENATED MODULE: ./lib/job/gated-metrics.js




/**
 * Refuses to gate on what the engine cannot give, before anything is built or booted: the verdict would be none.
 *
 * @throws SnapgateError `usage` that names the first such metric
 */
function checkGatedMetrics({ gate, measure }) {
    const { engine } = measure;
    const given = metricsOf(engine);
    const scenarios = measure.scenarios.map(({ name }) => name);
    const missing = gatingMetrics(gate, scenarios, contract/* metricNames */.Zv).find((name) => !given.includes(name));
    if (missing === undefined)
        return;
    throw new host_error/* SnapgateError */.yA('usage', `${missing} gates, which engine ${gated_metrics_nameOf(engine)} cannot give`, gated_metrics_remedyOf(missing, engine, given));
}
function gated_metrics_nameOf(engine) {
    return engine.kind === 'command' ? `command with format ${engine.format}` : engine.kind;
}
function gated_metrics_remedyOf(missing, engine, given) {
    const [file] = missing.split('.');
    if (file === 'rootfs' && engine.kind === 'command' && engine.rootfsFile === undefined)
        return 'Give rootfs-file: the name, in a snapshot’s folder, of the file that holds the disk.';
    const instead = given.find((name) => name.startsWith(`${file}.`)) ?? given[0];
    const whole = engine.kind === 'command' && engine.format === 'raw'
        ? 'Whole files tell which pages changed, and not which were written and left the same. '
        : '';
    return `${whole}Set metrics: ${instead}, and have caps and thresholds of metrics that it can give: ${given.join(', ')}.`;
}

;// CONCATENATED MODULE: ./lib/job/preflight.js





/** Room for one guest's process beside its memory, and for its disk overlay and device state. */
const processOverheadBytes = 256 * 1024 ** 2;
const overlayBytes = 512 * 1024 ** 2;
function readHostResources(run) {
    const disk = (0,external_node_fs_.statfsSync)(run.dir);
    return {
        cores: (0,external_node_os_.availableParallelism)(),
        availableMemoryBytes: availableMemoryBytes(),
        freeDiskBytes: disk.bavail * disk.bsize,
    };
}
/**
 * How many guests run at the same time: two where both sides are measured and the machine has the cores, memory and disk for it, and the
 * engine's guests do not share what only one can have (a builder's network slots and devices, what commands of the user's call).
 *
 * @throws SnapgateError `host` where there is not even room for one, with what is short and by how much.
 */
function planLanes(config, sides, host) {
    const { kind } = config.engine;
    if (kind === 'e2b' || kind === 'command')
        return 1;
    const need = guestNeeds(config);
    const fits = (lanes) => host.availableMemoryBytes >= need.memoryBytes * lanes && host.freeDiskBytes >= need.diskBytes * lanes;
    if (sides === 2 && host.cores >= 2 * config.vcpus && fits(2))
        return 2;
    if (fits(1))
        return 1;
    throw shortOf(need, host);
}
function guestNeeds(config) {
    const keepsBase = config.scenarios.some((scenario) => scenario.from === 'base');
    const snapshots = keepsBase ? 2 : 1;
    // Firecracker's Diff is a file beside its parent's, and may be as large.
    const diffs = config.engine.kind === 'firecracker' ? 1 : 0;
    return {
        memoryBytes: config.memoryBytes + processOverheadBytes,
        diskBytes: config.memoryBytes * (snapshots + diffs) + overlayBytes,
    };
}
function shortOf(need, host) {
    const disk = host.freeDiskBytes < need.diskBytes;
    const what = disk
        ? `the run needs ${(0,units/* formatBytes */.z3)(need.diskBytes)} of free disk, and there are ${(0,units/* formatBytes */.z3)(host.freeDiskBytes)}`
        : `the guest needs ${(0,units/* formatBytes */.z3)(need.memoryBytes)} of free memory, and there are ${(0,units/* formatBytes */.z3)(host.availableMemoryBytes)}`;
    const remedy = disk
        ? `Free ${(0,units/* formatBytes */.z3)(need.diskBytes - host.freeDiskBytes)}, set work-dir to a larger file system, or lower memory-size.`
        : 'Lower memory-size, or use a runner with more memory.';
    return new host_error/* SnapgateError */.yA('host', what, remedy);
}

;// CONCATENATED MODULE: ./lib/job/side.js


/** Checks what can be checked of a side before anything expensive. */
async function checkSide(run, { inputs, checkout }) {
    if (inputs !== undefined)
        await checkImageInputs(run, inputs, checkout);
}
/** Builds one side, with its progress said. */
async function buildSide(run, config, engine, source) {
    const { side, checkout, subject } = source;
    const startedMs = performance.now();
    run.log.info(`${side}: building ${subject.label}`);
    const rootfs = await buildRootfsImage(run, config, source);
    const image = engine.build === undefined ? rootfs : await engine.build({ side, checkout, rootfs });
    if (image === undefined)
        throw new Error('an engine without a builder needs an image source');
    run.log.info(`${side}: ${side_describe(image)}, ${(0,units/* formatDuration */.a3)(performance.now() - startedMs)}`);
    return image;
}
async function buildRootfsImage(run, { cacheLimitBytes }, { side, inputs, checkout }) {
    return inputs && (await buildImage(run, inputs, { checkout, side, cacheLimitBytes }));
}
function side_describe(image) {
    if (image.kind === 'rootfs')
        return `image ${image.rootfsSha256.slice(0, 12)}, ${(0,units/* formatBytes */.z3)(image.rootfsBytes)}, kernel ${image.kernelVersion}`;
    const { builder, sha256, rootfs } = image;
    return [`guest of ${builder} ${sha256.slice(0, 12)}`, ...(rootfs ? [side_describe(rootfs)] : [])].join(', ');
}

;// CONCATENATED MODULE: ./lib/job/gate.js















/** The whole gate as a terminal has it: measures, decides, writes the records. */
async function runGate(run, request) {
    const { config, reproduce } = request;
    const pair = await measureGate(run, { ...request, decides: true });
    const report = { ...decidePair(config, pair), reproduce };
    return {
        report,
        files: writeGate(config, report),
        exitCode: exitCodeOf(report.comparison, config.gate),
    };
}
/** Builds and measures what has not been measured before: one side, both, or none. */
async function measureGate(run, request) {
    const { config, head, decides } = request;
    const measures = head.kind === 'image' || request.base.kind === 'image' || request.base.kind === 'commit';
    if (decides && measures)
        checkGatedMetrics(config);
    checkOutputDir(config.outputDir);
    const base = await settleEarly(run, request);
    if (head.kind === 'measurement' && (base.kind === 'measurement' || base.kind === 'none'))
        return storedPair(head.measurement, await settleBase(run, base, wantedOf(head.measurement), undefined));
    if (head.kind === 'image')
        await checkSide(run, head);
    if (base.kind === 'image')
        await checkSide(run, base);
    const engine = await openEngine(run, config, request.checkout);
    const wanted = await wantedFor(run, config, engine, head);
    const settled = await settleBase(run, base, wanted, request.storage);
    return await measurePair(run, config, engine, head, settled);
}
/** Verdict and report of a pair. */
function decidePair(config, pair) {
    const { base, head, noVerdict, notes } = pair;
    const comparison = compare_decide(base, head, config.gate, noVerdict);
    const noted = { ...comparison, notes: [...notes, ...comparison.notes] };
    return { comparison: noted, base, head };
}
/** Writes both measurements, the comparison and the report into `output-dir`. */
function writeGate({ outputDir }, report) {
    const dir = openFolder(outputDir, 'output-dir');
    const { base, head, comparison } = report;
    if (head === undefined)
        throw new Error('a gate has a head');
    return {
        baseMeasurement: base && writeRecord(dir, 'measurement-base.json', { ...base, side: 'base' }),
        headMeasurement: writeRecord(dir, 'measurement-head.json', { ...head, side: 'head' }),
        comparison: writeRecord(dir, 'comparison.json', comparison),
        report: writeText(dir, 'report.md', markdown.render(report)),
    };
}
/** Without a store there is nothing to wait for: what is wrong with the base's commit shows before an engine is tried. */
async function settleEarly(run, { base, storage }) {
    if (base.kind !== 'commit' || base.storedOnly || storage !== undefined)
        return base;
    run.signal.throwIfAborted();
    return await base.checkOut();
}
function storedPair(head, { base, notes }) {
    const noVerdict = base.kind === 'none' ? base.noVerdict : undefined;
    const measurement = base.kind === 'measurement' ? base.measurement : undefined;
    return { base: measurement, head, noVerdict, notes, baseIsNew: false };
}
function wantedOf({ fingerprint, scenarios, boots, subject }) {
    return { fingerprint, scenarios, boots: boots.length, commit: subject.commit };
}
/** What this machine would measure the head with, known from its kernel alone. */
async function wantedFor(run, config, engine, head) {
    if (head.kind === 'measurement')
        return wantedOf(head.measurement);
    const { checkout, inputs, subject } = head;
    const { cacheLimitBytes } = config;
    const kernel = inputs ? await imageKernel(run, inputs, { checkout, cacheLimitBytes }) : unknownKernel;
    return {
        fingerprint: fingerprintOf(engine.identity, kernel, config.measure),
        scenarios: scenariosRecord(config.measure.scenarios),
        boots: config.measure.boots,
        metrics: config.gate.gatedMetrics,
        commit: subject.commit,
    };
}
async function measurePair(run, config, engine, head, { base, notes }) {
    const toBuild = [
        ...(base.kind === 'image' ? [sourceOf('base', base)] : []),
        ...(head.kind === 'image' ? [sourceOf('head', head)] : []),
    ];
    const lanes = planLanes(config.measure, toBuild.length, readHostResources(run));
    const checkouts = toBuild.map(({ checkout }) => checkout);
    const built = await withRecordsAside(run, config.outputDir, checkouts, () => buildSides(run, config, engine.engine, toBuild));
    const differs = differenceOf(config, engine, built, [base, head]);
    const sides = differs === undefined ? built : built.filter(({ side }) => side === 'head');
    const parallel = lanes === 2;
    const measured = sides.length === 0 ? [] : await measureSides(run, { ...engine, config: config.measure, sides, parallel });
    const of = (side) => measured.find((each) => each.side === side);
    const ofHead = head.kind === 'measurement' ? head.measurement : of('head');
    if (ofHead === undefined)
        throw new Error('no measurement of head');
    const ofBase = base.kind === 'measurement' ? base.measurement : of('base');
    return {
        base: ofBase,
        head: ofHead,
        noVerdict: differs ?? incomparable(ofBase, ofHead) ?? (base.kind === 'none' ? base.noVerdict : undefined),
        notes,
        baseIsNew: of('base') !== undefined,
    };
}
function sourceOf(side, { subject, inputs, checkout }) {
    return { side, subject, inputs, checkout };
}
async function buildSides(run, config, engine, sources) {
    const sides = [];
    for (const source of sources) {
        sides.push({
            side: source.side,
            subject: source.subject,
            image: await buildSide(run, config, engine, source),
        });
    }
    return sides;
}
/** Numbers of two kernels are never compared: where each side brings its own, head alone is measured, and the report says so. */
function differenceOf(config, { identity }, built, given) {
    const scenarios = scenariosRecord(config.measure.scenarios);
    const known = given.flatMap((side) => (side.kind === 'measurement' ? [side.measurement] : []));
    const made = built.map(({ image }) => ({
        fingerprint: fingerprintOf(identity, kernelOf(image), config.measure),
        scenarios,
    }));
    const [one, other] = [...made, ...known];
    if (one === undefined || other === undefined)
        return undefined;
    return incomparable(one, other);
}

;// CONCATENATED MODULE: ./lib/job/measure.js








/** Builds and measures one image, and writes the record that a later gate can take for either side. */
async function runMeasure(run, { config, side, image }) {
    const { subject, inputs, checkout } = image;
    const source = { side, subject, inputs, checkout };
    checkOutputDir(config.outputDir);
    await checkSide(run, source);
    const engine = await openEngine(run, config, checkout);
    planLanes(config.measure, 1, readHostResources(run));
    const built = await withRecordsAside(run, config.outputDir, [checkout], () => buildSide(run, config, engine.engine, source));
    const sides = [{ side, subject, image: built }];
    const [measurement] = await measureSides(run, {
        ...engine,
        config: config.measure,
        sides,
        parallel: false,
    });
    if (!measurement)
        throw new Error('no measurement');
    const outputDir = openFolder(config.outputDir, 'output-dir');
    const text = markdown.renderMeasurement(measurement);
    return {
        measurement,
        file: writeRecord(outputDir, 'measurement.json', measurement),
        markdown: text,
        report: writeText(outputDir, 'report.md', text),
    };
}

;// CONCATENATED MODULE: ./lib/gate/read.js


/** Reads a comparison.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
function readComparison(text, where) {
    return parseRecord(text, where, {
        kind: 'comparison',
        name: 'snapgate/comparison',
        version: comparisonVersion,
        schema: comparisonSchema,
    });
}
/** Reads a matrix.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
function readMatrix(text, where) {
    return parseRecord(text, where, {
        kind: 'comparison of a matrix',
        name: 'snapgate/matrix',
        version: matrixVersion,
        schema: matrixSchema,
    });
}

;// CONCATENATED MODULE: ./lib/job/report.js




/** Shows a stored comparison, matrix or measurement; which of them it is, it says itself. */
function renderRecord(path, exporter) {
    const text = readRecordFile(path);
    switch (schemaOf(text, path)) {
        case 'snapgate/comparison':
            return exporter.render({ comparison: readComparison(text, path) });
        case 'snapgate/matrix':
            return exporter.renderMatrix({ matrix: readMatrix(text, path) });
        case 'snapgate/measurement':
            return exporter.renderMeasurement(readMeasurement(text, path));
        default:
            throw new host_error/* SnapgateError */.yA('record', `${path} is neither a comparison nor a measurement of snapgate`, recordRemedy);
    }
}
function schemaOf(text, path) {
    const record = report_parseJson(text, path);
    return typeof record === 'object' && record !== null && 'schema' in record ? record.schema : undefined;
}
function report_parseJson(text, path) {
    try {
        return JSON.parse(text);
    }
    catch (error) {
        const why = (0,host_error/* messageOf */.bD)(error);
        throw new host_error/* SnapgateError */.yA('record', `${path} is not JSON: ${why}`, recordRemedy, { cause: error });
    }
}

// EXTERNAL MODULE: ./lib/host/wrap.js
var wrap = __webpack_require__(3836);
;// CONCATENATED MODULE: ./lib/report/terminal-table.js
/** SGR codes of ECMA-48: on, and off again. */
const codes = {
    bold: [1, 22],
    dim: [2, 22],
    red: [31, 39],
    green: [32, 39],
    yellow: [33, 39],
    blue: [34, 39],
};
const coloured = (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`;
const terminal_table_plain = (_style, text) => text;
function paintOf(colour) {
    return colour ? coloured : terminal_table_plain;
}
function texts(...all) {
    return all.map((text) => ({ text }));
}
const gap = '  ';
/** A line for each row, the head's dimmed. */
function columns({ rows, align }, paint) {
    const widths = widthsOf(rows);
    return rows.map((row, index) => {
        const cells = row.map((cell, column) => {
            const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
            const text = cell.style === undefined ? cell.text : paint(cell.style, cell.text);
            return align[column] === 'r' ? padding + text : text + padding;
        });
        const line = cells.join(gap).trimEnd();
        return index === 0 ? paint('dim', line) : line;
    });
}
function widthOfTable(rows) {
    const widths = widthsOf(rows);
    return widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
}
function widthsOf(rows) {
    // Not by spreading into Math.max: a record may have more rows than a call has arguments.
    return (rows[0] ?? []).map((_, column) => rows.reduce((widest, row) => Math.max(widest, widthOf(row[column])), 0));
}
/** In characters; names are latin in practice, and a wide one costs its alignment only. */
function widthOf(cell) {
    return Array.from(cell?.text ?? '').length;
}

;// CONCATENATED MODULE: ./lib/report/inspection-table.js




/** What `inspect` prints: a part for each item, with sizes in units and to the byte. */
function inspectionTable({ items }, options) {
    const look = {
        paint: paintOf(options.colour),
        columns: options.columns ?? Number.POSITIVE_INFINITY,
    };
    return `${items.map((item) => itemLines(item, look).join('\n')).join('\n\n')}\n`;
}
function itemLines(item, look) {
    const lines = bodyOf(item, look);
    return [...lines, ...item.notes.flatMap((note) => wrapped(`note: ${(0,printable/* printable */.g)(note)}`, look))];
}
function bodyOf(item, look) {
    switch (item.kind) {
        case 'image':
            return imageLines(item, look);
        case 'comparison':
            return comparisonLines(item, look);
        case 'diff':
            return diffLines(item, look);
        case 'e2b':
            return buildLines(item, look);
        case 'qcow2':
            return chainLines(item, look);
    }
}
function imageLines(image, look) {
    const { dataBytes } = image;
    const exactly = image.duplicatesExact ? '' : ', or more';
    return [
        title(`${(0,printable/* printable */.g)(image.path)}: image of ${(0,units/* formatExactBytes */.Uv)(image.lengthBytes)}`, look),
        ...figures([
            { label: 'holes', bytes: image.holeBytes },
            { label: 'data', bytes: dataBytes, of: dataBytes },
            { label: '  zero', bytes: image.zeroBytes, of: dataBytes, remark: 'saved by a zero filter' },
            {
                label: '  duplicates',
                bytes: image.duplicateBytes,
                of: dataBytes,
                remark: `saved by a 4 KiB dedup${exactly}`,
            },
            { label: '  distinct', bytes: image.distinctBytes, of: dataBytes, remark: 'left after both' },
            { label: '  zstd', bytes: image.compressedBytes, of: dataBytes, remark: 'not zero, at level 1' },
            { label: '2 MiB blocks', bytes: image.hugeBytes, remark: 'with data in them' },
            { label: '  not zero', bytes: image.hugeNonZeroBytes },
            { label: 'on disk', bytes: image.allocatedBytes },
        ], look),
    ];
}
function comparisonLines(comparison, look) {
    const { before, after, lengthBytes, blocks, compressedBytes } = comparison;
    const rows = blocks.map(({ blockBytes, changedBytes, zeroedBytes }) => ({
        label: blockName(blockBytes),
        bytes: [changedBytes, changedBytes - zeroedBytes, zeroedBytes],
    }));
    return [
        title(`${(0,printable/* printable */.g)(after)} against ${(0,printable/* printable */.g)(before)}: ${(0,units/* formatExactBytes */.Uv)(lengthBytes)} each`, look),
        ...grid(['blocks of', 'changed', 'to data', 'to zero'], rows, look),
        ...compressedLine(compressedBytes),
    ];
}
function diffLines(diff, look) {
    const { path, parents, lengthBytes, blocks, compressedBytes, writtenBytes } = diff;
    const rows = blocks.map((block) => ({
        label: blockName(block.blockBytes),
        bytes: [block.writtenBytes, block.unchangedBytes, block.changedBytes, block.zeroedBytes, block.zeroBytes],
    }));
    const exactly = diff.duplicatesExact ? '' : ', or more';
    return [
        title(`${(0,printable/* printable */.g)(path)}: Diff over ${(0,printable/* printable */.g)(parents.join(', '))}, of ${(0,units/* formatExactBytes */.Uv)(lengthBytes)}`, look),
        ...grid(['blocks of', 'written', 'unchanged', 'changed', 'to zero', 'all zero'], rows, look),
        ...compressedLine(compressedBytes),
        ...figures([
            { label: 'written', bytes: writtenBytes, of: writtenBytes },
            { label: '  zero', bytes: diff.zeroBytes, of: writtenBytes, remark: 'saved by a zero filter' },
            {
                label: '  duplicates',
                bytes: diff.duplicateBytes,
                of: writtenBytes,
                remark: `saved by a 4 KiB dedup${exactly}`,
            },
            { label: '  distinct', bytes: diff.distinctBytes, of: writtenBytes, remark: 'left after both' },
            { label: 'on disk', bytes: diff.allocatedBytes },
        ], look),
    ];
}
function compressedLine(bytes) {
    return [`  changed to data, zstd level 1: ${(0,units/* formatExactBytes */.Uv)(bytes)}`];
}
function buildLines(build, look) {
    return [
        title(`${(0,printable/* printable */.g)(build.path)}: build of e2b, ${build.buildId}`, look),
        ...build.artifacts.flatMap((artifact) => ['', ...artifactLines(artifact, look)]),
    ];
}
function artifactLines({ artifact, virtualBytes, zeroBytes, layers }, look) {
    const stored = layers.filter((layer) => layer.state === 'present');
    const missing = layers.filter((layer) => layer.state === 'missing');
    const rows = stored.map((layer) => ({ heading: layerFacts(layer), label: '', bytes: layerBytes(layer) }));
    return [
        title(`${artifact}: ${(0,units/* formatExactBytes */.Uv)(virtualBytes)}`, look),
        `  zero, stored nowhere: ${(0,units/* formatExactBytes */.Uv)(zeroBytes)}`,
        ...grid(['', 'own', 'dead', 'zero', 'duplicates', 'stored'], withTotal(rows), look),
        ...missing.slice(0, shownMissing).flatMap((layer) => missingLines(layer, look)),
        ...(missing.length > shownMissing
            ? [`  and ${missing.length - shownMissing} more that are missing: --json has all`]
            : []),
    ];
}
const shownMissing = 50;
function layerFacts({ buildId, headerFormat, blockBytes, compression }) {
    return `${buildId}  format ${headerFormat}, ${blockName(blockBytes)}, ${compression === 'none' ? 'not compressed' : compression}`;
}
function layerBytes({ ownBytes, deadBytes, content, storedBytes }) {
    return [ownBytes, deadBytes, content?.zeroBytes, content?.duplicateBytes, storedBytes];
}
function missingLines({ buildId, reason, mappedBytes }, look) {
    const needed = mappedBytes === 0
        ? 'not there, and not needed'
        : `MISSING, ${(0,units/* formatExactBytes */.Uv)(mappedBytes)} of the image are read from it`;
    const text = `${buildId}  ${needed}: ${(0,printable/* printable */.g)(reason)}`;
    return wrapped(text, look, 2);
}
function chainLines({ path, virtualBytes, layers }, look) {
    const rows = layers.map((layer) => ({
        heading: `${(0,printable/* printable */.g)(layer.path)}  ${layer.format}${layer.clusterBytes === undefined ? '' : `, ${blockName(layer.clusterBytes)}`}`,
        label: '',
        bytes: [layer.ownBytes, layer.zeroBytes, layer.shadowedBytes, layer.visibleBytes, layer.allocatedBytes],
    }));
    return [
        title(`${(0,printable/* printable */.g)(path)}: disk of ${(0,units/* formatExactBytes */.Uv)(virtualBytes)}`, look),
        ...grid(['', 'own', 'zero', 'shadowed', 'visible', 'on disk'], withTotal(rows), look),
    ];
}
function withTotal(rows) {
    if (rows.length < 2)
        return [...rows];
    const sums = (rows[0]?.bytes ?? []).map((_, column) => sumOf(rows.map(({ bytes }) => bytes[column])));
    return [...rows, { heading: 'all together', label: '', bytes: sums }];
}
function sumOf(values) {
    return values.reduce((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
}
/** Each row in units, and below it to the byte. */
function grid(head, rows, { paint }) {
    const body = rows.flatMap(({ label, bytes }) => [
        texts(label, ...bytes.map(unitOf)),
        texts('', ...bytes.map(exactOf)),
    ]);
    const align = head.map((_, column) => (column === 0 ? 'l' : 'r')).join('');
    const [first = '', ...lines] = columns({ rows: [texts(...head), ...body], align }, paint);
    const shown = rows.flatMap(({ heading }, index) => [
        ...(heading === undefined ? [] : [heading]),
        lines[2 * index] ?? '',
        paint('dim', lines[2 * index + 1] ?? ''),
    ]);
    return [first, ...shown].map((line) => `  ${line}`);
}
function figures(rows, { paint }) {
    const label = Math.max(...rows.map((row) => row.label.length));
    const exact = Math.max(...rows.map(({ bytes }) => exactOf(bytes).length));
    return rows.map(({ label: name, bytes, of, remark }) => [
        `  ${name.padEnd(label)}  ${unitOf(bytes).padStart(8)}  ${exactOf(bytes).padStart(exact)}`,
        of === undefined ? '       ' : shareOf(bytes, of).padStart(7),
        remark === undefined ? '' : paint('dim', remark),
    ]
        .join('  ')
        .trimEnd());
}
function title(text, { paint }) {
    return paint('bold', text);
}
/** A paragraph whose further lines are indented. */
function wrapped(text, { columns }, indent = 0) {
    return (0,wrap/* wrap */.L)(text, { columns, indent, hanging: 4 });
}
function unitOf(bytes) {
    return bytes === undefined ? '–' : (0,units/* formatBytes */.z3)(bytes);
}
/** Every digit, in groups of three. */
function exactOf(bytes) {
    return bytes === undefined ? '–' : (0,units/* groupDigits */.K9)(bytes);
}
function shareOf(bytes, whole) {
    return whole === 0 ? '' : `${((100 * bytes) / whole).toFixed(1)} %`;
}
/** Block sizes are powers of two. */
function blockName(bytes) {
    const [unit, name] = bytes >= 1024 ** 2 ? [1024 ** 2, 'MiB'] : [1024, 'KiB'];
    return `${bytes / unit} ${name}`;
}

;// CONCATENATED MODULE: ./lib/report/json.js
/** The record itself: exact numbers, for later steps and other tools. */
const json = {
    name: 'json',
    render: ({ comparison }) => json_text(comparison),
    renderMatrix: ({ matrix }) => json_text(matrix),
    renderMeasurement: json_text,
};
function json_text(record) {
    return `${JSON.stringify(record, null, 2)}\n`;
}

;// CONCATENATED MODULE: ./lib/report/step-table.js


/** As the shell script titled its steps that this benchmark was at first: its users look for them. */
const stepTitles = {
    pause: 'Step 2: Immediate pause (baseline — no activity)',
    'idle-2s': 'Step 3: Resume + sleep 2s + pause (idle drift)',
    'idle-5s': 'Step 4: Resume + sleep 5s + pause (longer idle drift)',
    'write-64k': 'Step 5: Resume + write files via envd + pause',
    spawn: 'Step 6: Resume + start process via envd + pause',
    'pause-x10': 'Step 7: Multi-iteration pause benchmark (10x immediate pause)',
};
/**
 * The steps of each boot of engine e2b, with what each stored, to the byte; nothing for other engines. Scenarios of the user's own come
 * under their names.
 *
 * @param side what the measurement stands for here; it may have been stored as another
 */
function stepTable(measurement, side = measurement.side) {
    if (measurement.fingerprint.engine !== 'e2b')
        return [];
    const { boots, scenarios } = measurement;
    return boots.flatMap((boot) => [
        `${side}, boot ${boot.index + 1} of ${boots.length}`,
        step_table_title('Step 1: Build base template'),
        `  ${sizes(boot.snapshot ?? {})}`,
        ...scenarios.flatMap(({ name }) => stepLines(boot, name)),
        step_table_title('Done'),
    ]);
}
/** The steps of both sides. */
function stepTables(sides) {
    return ['base', 'head'].flatMap((side) => {
        const measurement = sides[side];
        return measurement === undefined ? [] : stepTable(measurement, side);
    });
}
function step_table_title(text) {
    return `=== ${text} ===`;
}
function stepLines({ samples }, scenario) {
    const known = Object.hasOwn(stepTitles, scenario) ? stepTitles[scenario] : undefined;
    const own = samples.filter((sample) => sample.scenario === scenario);
    return [step_table_title(known ?? visibleText(scenario, 60)), ...own.flatMap(sampleLines)];
}
function sampleLines({ round, warmup, metrics, parts = [] }) {
    const which = `round ${round + 1}${warmup ? ' (warm-up)' : ''}`;
    return [
        ...parts.map((part, index) => `  ${which}, pause ${index + 1}: ${sizes(part)}`),
        `  ${which}${parts.length > 0 ? `, all ${parts.length}` : ''}: ${sizes(metrics)}`,
    ];
}
function sizes(metrics) {
    return `memfile diff ${exact(metrics['memfile.writtenBytes'])}, rootfs diff ${exact(metrics['rootfs.writtenBytes'])}`;
}
function exact(bytes) {
    return bytes === undefined ? 'not told' : `${bytes} B (${(0,units/* formatBytes */.z3)(bytes)})`;
}

;// CONCATENATED MODULE: ./lib/report/terminal.js








/** The report for a person at a terminal, in aligned columns. */
function terminal_terminal(options) {
    const look = {
        paint: paintOf(options.colour),
        detail: options.detail ?? false,
        columns: options.columns ?? Number.POSITIVE_INFINITY,
    };
    return {
        name: 'terminal',
        render: (input) => renderComparison(input, look),
        renderMatrix: (input) => renderEntries(input, look),
        renderMeasurement: (measurement) => renderOneSide(measurement, look),
    };
}
function renderComparison(input, look) {
    const { comparison } = input;
    const { paint, detail } = look;
    const rows = comparison.rows.filter((row) => row.gates);
    const { noVerdict, notes } = comparison;
    return lines([
        headline(comparison, paint),
        '',
        ...terminal_gatingTable(rows.map((row) => ({ row, noVerdict })), look),
        ...terminal_paragraph(reasons(rows, noVerdict)),
        ...terminal_paragraph([
            ...(noVerdict ? [visibleText(stateSentence(noVerdict, comparison.verdict === 'fail'), 1000)] : []),
            ...contextLines(input, comparison),
        ]),
        '',
        ...sides(input).map((line) => paint('dim', line)),
        ...terminal_paragraph(stepTables(input)),
        ...(detail ? ['', ...allMetrics(comparison, paint), '', ...terminal_howMeasured(input)] : []),
        ...notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
        paint('dim', `again: ${reproduceCommand(input)}`),
    ]);
}
function renderEntries(input, look) {
    const { matrix } = input;
    const { paint, detail } = look;
    const compared = matrix.entries.flatMap(({ name, comparison }) => comparison === undefined ? [] : [{ name, comparison }]);
    const rows = compared.flatMap(({ name, comparison: { rows: all, noVerdict } }) => all.filter((row) => row.gates).map((row) => ({ row, noVerdict, entry: name })));
    return lines([
        headline(matrix, paint),
        ...terminal_paragraph(terminal_missingLines(matrix, paint)),
        '',
        ...terminal_gatingTable(rows, look),
        ...terminal_paragraph(contextLines(input, matrix)),
        ...compared.flatMap((entry) => entryLines(entry.name, entry.comparison, paint, detail)),
    ]);
}
function headline(record, paint) {
    const outcome = outcomeOf(record);
    const word = paint(outcomeStyles[outcome], paint('bold', terminal_firstWord(record)));
    return `${word}  ${paint('bold', visibleText(record.headline, 500))}`;
}
/** The headline itself says which state it is, or that it was accepted. */
function terminal_firstWord(record) {
    const outcome = outcomeOf(record);
    const hasState = outcome === 'no-baseline' || outcome === 'not-comparable';
    return hasState ? 'NO VERDICT' : record.verdict.toUpperCase();
}
function terminal_paragraph(text) {
    return text.length === 0 ? [] : ['', ...text];
}
function contextLines({ provenance, remarks = [] }, { accepted }) {
    const acceptance = accepted === undefined
        ? []
        : [
            `Accepted by ${visibleText(accepted.by)} on ${acceptedOn(accepted)} at ${accepted.commit.slice(0, 7)}.`,
        ];
    const foreign = [...remarks, ...(provenance === undefined ? [] : [provenance])];
    return [...acceptance, ...foreign.map((text) => visibleText(text, 500))];
}
function terminal_missingLines({ entries, allowMissing }, paint) {
    const missing = entries.filter(({ comparison }) => comparison === undefined);
    return missing.map(({ name, missing: why = '' }) => {
        const words = paint(allowMissing ? 'yellow' : 'red', 'not measured');
        return `${words}  ${visibleText(name, 100)}: ${visibleText(why, 500)}`;
    });
}
/** What an entry has of its own below the table of all. */
function entryLines(name, comparison, paint, detail) {
    const { rows, noVerdict, verdict, notes } = comparison;
    const gating = rows.filter((row) => row.gates);
    const state = noVerdict ? [visibleText(stateSentence(noVerdict, verdict === 'fail'), 1000)] : [];
    return [
        '',
        paint('bold', visibleText(`${name}: ${comparison.headline}`, 500)),
        ...reasons(gating, noVerdict),
        ...state,
        ...sides({ comparison }).map((line) => paint('dim', line)),
        ...(detail ? [...allMetrics(comparison, paint), ...terminal_howMeasured({ comparison })] : []),
        ...notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
    ];
}
const outcomeStyles = {
    pass: 'green',
    accepted: 'green',
    warn: 'yellow',
    fail: 'red',
    inconclusive: 'yellow',
    'no-baseline': 'blue',
    'not-comparable': 'blue',
};
/** The bars are what a narrow terminal can do without. */
function terminal_gatingTable(shown, { paint, columns: width }) {
    const withBars = tableOf(shown, true);
    return widthOfTable(withBars.rows) <= width
        ? columns(withBars, paint)
        : columns(tableOf(shown, false), paint);
}
function tableOf(shown, bars) {
    const several = new Set(shown.map(({ row }) => row.metric)).size > 1;
    const entries = shown.some(({ entry }) => entry !== undefined);
    const some = (wanted, cell) => (wanted ? [cell] : []);
    const head = [
        ...some(entries, { text: 'entry' }),
        ...texts('scenario'),
        ...some(several, { text: 'metric' }),
        ...texts('base', 'head', 'growth (95 %)', 'verdict'),
        ...some(bars, { text: 'each boot' }),
    ];
    const body = shown.map(({ row, noVerdict, entry = '' }) => [
        ...some(entries, { text: visibleText(entry, 60) }),
        ...texts(visibleText(row.scenario, 60)),
        ...some(several, { text: metricLabels[row.metric] }),
        ...texts(sideAmount(row.metric, row.base), sideAmount(row.metric, row.head), growthWords(row)),
        terminal_verdictCell(row, noVerdict),
        ...some(bars, { text: bootBars(row) }),
    ]);
    const align = `${entries ? 'l' : ''}l${several ? 'l' : ''}rrrl${bars ? 'l' : ''}`;
    return { rows: [head, ...body], align };
}
function terminal_verdictCell(row, noVerdict) {
    if (row.verdict === undefined)
        return { text: '–' };
    if (noVerdict && row.verdict === 'inconclusive' && !isNotable(row, noVerdict))
        return { text: outcomeWords[noVerdict.state], style: outcomeStyles[noVerdict.state] };
    const text = row.verdict === 'pass' && row.improved ? 'improved' : row.verdict;
    return { text, style: outcomeStyles[row.verdict] };
}
function reasons(rows, noVerdict) {
    const notable = rows.filter((row) => isNotable(row, noVerdict));
    return notable.map((row) => `${visibleText(row.scenario, 60)}: ${visibleText(row.reason, 500)}`);
}
function sides(input) {
    const { base, head, noVerdict } = input.comparison;
    const none = noVerdict?.state === 'no-baseline' ? 'none yet' : 'none';
    const not = noVerdict === undefined ? '' : ', not compared';
    return [
        `base   ${base === undefined ? none : `${visibleText(subjectWords(base))}${not}`}`,
        `head   ${visibleText(subjectWords(head))}`,
        `boots  ${roundsFact(input)}`,
    ];
}
function allMetrics({ rows, noVerdict }, paint) {
    const head = texts('scenario', 'metric', 'base', 'head', 'difference', 'growth (95 %)', 'verdict');
    const body = rows.map((row) => [
        ...texts(visibleText(row.scenario, 60), row.metric, exactAmount(row.metric, row.base?.median), exactAmount(row.metric, row.head?.median), exactChange(row.metric, row.difference?.value), growthWords(row)),
        terminal_verdictCell(row, noVerdict),
    ]);
    const unit = paint('dim', 'medians per cycle; sizes in bytes');
    return [unit, ...columns({ rows: [head, ...body], align: 'llrrrrl' }, paint)];
}
function terminal_howMeasured({ comparison, head }) {
    const floor = floorFact(comparison);
    return factLines([
        ...fingerprintFacts(comparison.fingerprint),
        ...(floor === undefined ? [] : [['floor', floor]]),
        ...repeatFacts(head),
    ]);
}
function factLines(facts) {
    return facts.map(([name, fact]) => `${visibleText(name, 60)}: ${visibleText(fact)}`);
}
function renderOneSide(measurement, { paint, detail }) {
    const metrics = measuredMetrics(measurement).filter((metric) => metric !== 'memfile.zeroedBytes');
    const head = texts('scenario', ...metrics.map((metric) => metricLabels[metric]));
    const body = measurement.scenarios.map(({ name }) => texts(visibleText(name, 60), ...metrics.map((metric) => sideAmount(metric, summarizeSide(measurement, name, metric)))));
    const boots = `${plural(measurement.boots.length, 'boot')}, ${readyFact(measurement)}; each ${roundsOf(measurement)}`;
    return lines([
        paint('bold', `measured ${visibleText(subjectWords(measurement.subject))}`),
        '',
        ...columns({ rows: [head, ...body], align: `l${'r'.repeat(metrics.length)}` }, paint),
        '',
        paint('dim', boots),
        ...terminal_paragraph(stepTable(measurement)),
        ...(detail
            ? ['', ...factLines([...fingerprintFacts(measurement.fingerprint), ...repeatFacts(measurement)])]
            : []),
        ...measurement.notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
    ]);
}
function lines(all) {
    return `${all.join('\n')}\n`;
}

// EXTERNAL MODULE: ./lib/cli/arguments.js + 1 modules
var cli_arguments = __webpack_require__(9199);
;// CONCATENATED MODULE: ./lib/cli/checkout.js






/**
 * The checkout that a person in some folder means. With most engines it is that folder. e2b's tools come from a checkout of their own, whose
 * commits are what is compared: that of `e2b-infra`, or the one that the folder is in, whole.
 */
async function locateCheckout(run, config, cwd) {
    const { engine } = config.measure;
    if (engine.kind !== 'e2b')
        return { config, checkout: cwd };
    const { infra, tools, storage } = engine;
    const start = infra === undefined ? cwd : (0,external_node_path_.resolve)(cwd, infra);
    const checkout = await wholeCheckout(run, findInfra(start) ?? start);
    const settings = {
        ...engine,
        infra: (0,external_node_path_.relative)(checkout, checkout_realPath(start)) || undefined,
        tools: tools === undefined ? undefined : (0,external_node_path_.resolve)(cwd, tools),
        storage: storage === undefined || (0,engine_settings/* isBucket */.n)(storage) ? storage : (0,external_node_path_.resolve)(cwd, storage),
    };
    return { config: { ...config, measure: { ...config.measure, engine: settings } }, checkout };
}
/** The work tree that a folder is in, for a commit's worktree has its folders below the same root; the folder itself where there is none. */
async function wholeCheckout(run, folder) {
    const path = checkout_realPath(folder);
    // A probe says what is missing, and does not fail over it.
    if (!['git', 'setpriv'].every(hasCommand))
        return path;
    return (await openGit(run, path).ask(['rev-parse', '--show-toplevel'])) ?? path;
}
/** As git gives paths; one that is not there is left for others to say. */
function checkout_realPath(path) {
    try {
        return (0,external_node_fs_.realpathSync)(path);
    }
    catch {
        return path;
    }
}

// EXTERNAL MODULE: ./lib/cli/log.js
var log = __webpack_require__(7804);
;// CONCATENATED MODULE: ./lib/cli/probe-table.js



/** What `probe` prints: a line for each check, and below the ones that failed what to type. */
function probeTable(report, color) {
    const width = Math.max(...report.checks.map(({ what }) => what.length));
    const lines = report.checks.flatMap(({ what, ok, required, found, remedy }) => {
        const mark = ok ? (0,log/* green */.wL)('ok  ', color) : required ? (0,log/* red */.wv)('FAIL', color) : (0,log/* yellow */.D9)('warn', color);
        const line = `${mark}  ${what.padEnd(width)}  ${(0,printable/* printable */.g)(found)}`;
        return ok || remedy === undefined ? [line] : [line, `      ${' '.repeat(width)}  → ${remedy}`];
    });
    return `${[...lines, '', conclusion(report)].join('\n')}\n`;
}
function conclusion({ ok, identity, fallback }) {
    if (!ok || !identity)
        return 'This machine cannot run guests yet: see the lines marked FAIL.';
    const ready = (0,printable/* printable */.g)(`Ready: ${identityWords(identity)}.`);
    return fallback === undefined ? ready : `${ready}\n${(0,printable/* printable */.g)(fallback)}`;
}

;// CONCATENATED MODULE: ./lib/cli/verbs.js


























/** Runs one verb of the command line. */
async function runVerb(command, terminal, display, log) {
    // A verb without the option has nothing to ask of a snapgate.yml, and must not fail over a wrong one.
    const file = takesConfig(command.verb)
        ? locateConfig(terminal.cwd, command.inputs['config'] ?? '')
        : undefined;
    const config = readConfig(command.inputs, file);
    return await perform[command.verb]({ command, config, terminal, display, log });
}
function takesConfig(verb) {
    return (0,cli_arguments/* inputsOf */.Vc)(verb).some(({ name }) => name === 'config');
}
const perform = {
    gate: (context) => withOwnRun(needsZstd(context), (run) => gate(run, context)),
    measure: (context) => withOwnRun(needsZstd(context), (run) => measure(run, context)),
    probe: (context) => withOwnRun(context, (run) => probe(run, context)),
    compare: async (context) => compare(context),
    report: async (context) => report(context),
    inspect: (context) => withOwnRun(needsZstd(context), (run) => inspect(run, context)),
};
/** An older node has none, and would find that out after the first boot. */
function needsZstd(context) {
    if (typeof external_node_zlib_.zstdCompressSync === 'function')
        return context;
    throw new host_error/* SnapgateError */.yA('host', `snapgate measures with Node 24, and this is ${process.version}`, 'Install Node 24. In a clone of snapgate, npm brings it: npm ci && npm run snapgate -- --help.');
}
async function gate(run, given) {
    const { command, terminal } = given;
    const { config, checkout } = await locateCheckout(run, withOutputDir(given), terminal.cwd);
    const subject = await describeHead(run, checkout);
    const sides = { checkout, inputs: config.image, buildsItself: buildsItself(config.measure.engine) };
    const head = await resolveHead(run, config.head, { ...sides, subject });
    const context = { ...sides, auto: undefined, branch: undefined };
    const base = await resolveBase(run, config.base, context);
    const reproduce = reproduceOptions(command.inputs, { hideText: false });
    const result = await runGate(run, { config, checkout, head, base, storage: undefined, reproduce });
    run.log.info(`report: ${result.files.report}`);
    return { exitCode: result.exitCode, output: exporterOf(given).render(result.report) };
}
async function measure(run, context) {
    const { config, checkout } = await locateCheckout(run, withOutputDir(context), context.terminal.cwd);
    const subject = await describeHead(run, checkout);
    const image = { kind: 'image', subject, inputs: requireImage(config), checkout };
    const result = await runMeasure(run, { config, side: 'head', image });
    run.log.info(`measurement: ${result.file}`);
    return { exitCode: 0, output: exporterOf(context).renderMeasurement(result.measurement) };
}
async function probe(run, { command, display, terminal, ...context }) {
    const { config, checkout } = await locateCheckout(run, context.config, terminal.cwd);
    const found = await createEngine(run, config.measure.engine, checkout).probe();
    const output = command.json ? `${JSON.stringify(found, null, 2)}\n` : probeTable(found, display.color);
    return { exitCode: found.ok ? 0 : host_error/* exitCodes */.hS.host, output };
}
function compare(context) {
    const [base = '', head = ''] = context.command.files;
    const { gate: gateConfig, outputDir } = withOutputDir(context);
    const { cwd } = context.terminal;
    const input = compareFiles((0,external_node_path_.resolve)(cwd, base), (0,external_node_path_.resolve)(cwd, head), gateConfig);
    const dir = openFolder(outputDir, 'output-dir');
    writeRecord(dir, 'comparison.json', input.comparison);
    context.log.info(`report: ${writeText(dir, 'report.md', markdown.render(input))}`);
    return {
        exitCode: exitCodeOf(input.comparison, gateConfig),
        output: exporterOf(context).render(input),
    };
}
function report(context) {
    const [path = ''] = context.command.files;
    return { exitCode: 0, output: renderRecord((0,external_node_path_.resolve)(context.terminal.cwd, path), exporterOf(context)) };
}
async function inspect(run, { command, display, terminal }) {
    const { files, parent, json: asJson } = command;
    const found = await inspectPaths(run, { cwd: terminal.cwd, paths: files, parent });
    const look = { colour: display.color, columns: columnsOf(terminal) };
    return {
        exitCode: 0,
        output: asJson ? `${JSON.stringify(found, null, 2)}\n` : inspectionTable(found, look),
    };
}
/** undefined: unknown, as of a file, and of a terminal that says 0. */
function columnsOf({ stdout }) {
    return stdout.columns || undefined;
}
function exporterOf({ command, display, terminal }) {
    const { format, verbose } = command;
    if (format === 'json')
        return json;
    return format === 'markdown'
        ? markdown
        : terminal_terminal({ colour: display.color, detail: verbose, columns: columnsOf(terminal) });
}
function withOutputDir({ config, terminal }) {
    return { ...config, outputDir: (0,external_node_path_.resolve)(terminal.cwd, config.outputDir) };
}
/** A run whose temporary files are on a disk: the system's /tmp is memory on many machines, and guests have GiBs. */
function withOwnRun(context, job) {
    const { config, log } = context;
    const { env, cwd } = context.terminal;
    const workDir = (0,external_node_path_.resolve)(cwd, config.workDir ?? env['TMPDIR'] ?? '/var/tmp');
    const caches = env['XDG_CACHE_HOME'] || (0,external_node_path_.join)((0,external_node_os_.homedir)(), '.cache');
    const cacheDir = (0,external_node_path_.resolve)(cwd, config.cacheDir ?? (0,external_node_path_.join)(caches, 'snapgate'));
    return withRun({ workDir, cacheDir, log }, job);
}


/***/ })

};
