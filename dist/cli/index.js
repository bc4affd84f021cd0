#!/usr/bin/env node
import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 181:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("buffer");

/***/ }),

/***/ 1421:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:child_process");

/***/ }),

/***/ 7598:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");

/***/ }),

/***/ 3024:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");

/***/ }),

/***/ 1455:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs/promises");

/***/ }),

/***/ 7067:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:http");

/***/ }),

/***/ 7030:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:net");

/***/ }),

/***/ 8161:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:os");

/***/ }),

/***/ 6760:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");

/***/ }),

/***/ 643:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:perf_hooks");

/***/ }),

/***/ 7075:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream");

/***/ }),

/***/ 6466:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream/promises");

/***/ }),

/***/ 6193:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:string_decoder");

/***/ }),

/***/ 8500:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:timers/promises");

/***/ }),

/***/ 5919:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");

/***/ }),

/***/ 8522:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:zlib");

/***/ }),

/***/ 932:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("process");

/***/ }),

/***/ 9069:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var _cli_main_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(8016);

await (0,_cli_main_js__WEBPACK_IMPORTED_MODULE_0__/* .main */ .iW)();

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 9199:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  Vc: () => (/* binding */ inputsOf),
  rG: () => (/* binding */ ownOptions),
  RM: () => (/* binding */ parseCommand),
  PB: () => (/* binding */ verbs)
});

// UNUSED EXPORTS: reportFormats

;// CONCATENATED MODULE: external "node:util"
const external_node_util_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:util");
// EXTERNAL MODULE: ./lib/config/inputs.js
var inputs = __nccwpck_require__(6097);
// EXTERNAL MODULE: ./lib/config/names.js
var names = __nccwpck_require__(9730);
// EXTERNAL MODULE: ./lib/host/error.js
var host_error = __nccwpck_require__(1924);
;// CONCATENATED MODULE: ./lib/cli/arguments.js




const verbs = [
    'gate',
    'measure',
    'bisect',
    'compare',
    'calibrate',
    'report',
    'inspect',
    'probe',
];
const reportFormats = ['terminal', 'markdown', 'json'];
/** How many files, or commits, each verb takes, at least and at most. */
const fileCounts = {
    gate: [0, 0, 'no files'],
    measure: [0, 0, 'no files'],
    bisect: [2, 2, 'two commits: GOOD BAD'],
    compare: [2, 2, 'two measurements: BASE.json HEAD.json'],
    calibrate: [0, 100, 'no files, or 1 to 100 measurements of one image: FILE.json...'],
    report: [1, 1, 'one record: FILE.json'],
    inspect: [1, 8, '1 to 8 paths: of memory files, disks, or folders of builds'],
    probe: [0, 0, 'no files'],
};
/** Options of a verb that are no inputs of the action. */
const ownOptions = {
    calibrate: {
        name: 'sample',
        placeholder: 'N',
        description: 'Number of cold boots to measure where no measurements are given: even, from twice --boots (4 at least) to 200. --boots and --max-boots are of the gates that are judged. [default: 12, or twice --boots]',
    },
    report: {
        name: 'format',
        placeholder: 'FORMAT',
        description: `Form of the report: ${reportFormats.join(', ')}. [default: terminal]`,
    },
    inspect: {
        name: 'parent',
        placeholder: 'PATH',
        description: 'Memory file that the first PATH is a Diff of; each further PATH is the Diff after the one before.',
    },
};
/** Reads a command line, without the program's name. */
function parseCommand(argv) {
    const [first, ...rest] = argv;
    if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
        return { kind: 'help', verb: rest[0] === undefined ? undefined : verbOf(rest[0]) };
    }
    if (first === '--version' || first === 'version')
        return { kind: 'version' };
    return parseVerb(verbOf(first), rest);
}
function inputsOf(verb) {
    return inputs/* inputs */.QL.filter((input) => input.verbs.includes(verb));
}
function verbOf(name) {
    const verb = verbs.find((each) => each === name);
    if (verb)
        return verb;
    const near = (0,names/* nearestName */.qb)(name, verbs);
    throw usage(`there is no verb ${(0,names/* quoteText */.ol)(name)}${near === undefined ? '' : `; did you mean ${near}?`}`, `Verbs: ${verbs.join(', ')}. snapgate --help says what they do.`);
}
function parseVerb(verb, argv) {
    const { values, positionals } = parseOptions(verb, argv);
    if (values['help'] === true)
        return { kind: 'help', verb };
    const [least, most, what] = fileCounts[verb];
    if (positionals.length < least || positionals.length > most) {
        throw usage(`${verb} takes ${what}; ${positionals.length} were given`, helpRemedy(verb));
    }
    return {
        kind: 'verb',
        verb,
        files: positionals,
        inputs: typedInputs(verb, values),
        json: values['json'] === true,
        verbose: values['verbose'] === true,
        format: verb === 'report' ? formatOf(values) : plainForm(values),
        parent: typeof values['parent'] === 'string' ? values['parent'] : undefined,
        sample: sampleOf(values),
    };
}
function parseOptions(verb, argv) {
    try {
        const { values, positionals } = (0,external_node_util_namespaceObject.parseArgs)({
            args: [...argv],
            options: optionsOf(verb),
            allowPositionals: true,
            strict: true,
        });
        return { values, positionals };
    }
    catch (error) {
        throw usage(`${verb}: ${complaint(verb, error)}`, helpRemedy(verb));
    }
}
/** Node's own words, but for the advice in them that is about another case. */
function complaint(verb, error) {
    const message = (0,host_error/* messageOf */.bD)(error);
    if ((0,host_error/* errnoOf */.UQ)(error) !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
        return message.split('\n')[0] ?? message;
    const name = /'(-{1,2}[^']*)'/.exec(message)?.[1] ?? '';
    const near = (0,names/* nearestName */.qb)(name.replace(/^-+/, ''), Object.keys(optionsOf(verb)));
    return `there is no option ${name}${near === undefined ? '' : `; did you mean --${near}?`}`;
}
function optionsOf(verb) {
    const own = inputsOf(verb).map(({ name, type }) => [name, { type: 'string', multiple: type === 'lines' }]);
    const special = ownOptions[verb];
    return {
        ...Object.fromEntries(own),
        ...(special === undefined ? {} : { [special.name]: { type: 'string' } }),
        json: { type: 'boolean' },
        verbose: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
    };
}
/** An option given several times (`--build-args A=1 --build-args B=2`) is its lines. */
function typedInputs(verb, values) {
    return Object.fromEntries(inputsOf(verb).flatMap(({ name }) => {
        const value = values[name];
        if (value === undefined || typeof value === 'boolean')
            return [];
        return [[name, Array.isArray(value) ? value.join('\n') : value]];
    }));
}
function plainForm(values) {
    return values['json'] === true ? 'json' : 'terminal';
}
/** Of the verb that has the option; elsewhere `--format` is an input of the engine. */
function formatOf(values) {
    const asked = values['format'] ?? plainForm(values);
    const format = reportFormats.find((each) => each === asked);
    if (format)
        return format;
    throw usage(`--format ${(0,names/* quoteText */.ol)(String(asked))} is not known`, `Formats: ${reportFormats.join(', ')}.`);
}
function sampleOf(values) {
    const text = values['sample'];
    if (text === undefined)
        return undefined;
    const sample = /^\d{1,3}$/.test(String(text)) ? Number(text) : Number.NaN;
    if (sample >= 4 && sample <= 200)
        return sample;
    throw usage(`--sample ${(0,names/* quoteText */.ol)(String(text))} is not a number from 4 to 200`, helpRemedy('calibrate'));
}
function helpRemedy(verb) {
    return `snapgate ${verb} --help lists its options.`;
}
function usage(what, remedy) {
    return new host_error/* SnapgateError */.yA('usage', what, remedy);
}


/***/ }),

/***/ 7804:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   $V: () => (/* binding */ createTerminalLog),
/* harmony export */   D9: () => (/* binding */ yellow),
/* harmony export */   r3: () => (/* binding */ dim),
/* harmony export */   wL: () => (/* binding */ green),
/* harmony export */   wv: () => (/* binding */ red)
/* harmony export */ });
/* harmony import */ var _host_printable_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(2469);
/* harmony import */ var _host_units_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(9933);


const eraseLine = '\r\u001b[2K';
/**
 * Progress on stderr. On a terminal details pass by in one line that is written over; in a file or a pipe they are left out
 * unless asked for.
 */
function createTerminalLog(screen, options) {
    const startedMs = performance.now();
    let transient = false;
    const clear = () => {
        if (transient)
            screen.write(eraseLine);
        transient = false;
    };
    const line = (text) => {
        clear();
        screen.write(`${text}\n`);
    };
    const stamp = () => dim(`[${(0,_host_units_js__WEBPACK_IMPORTED_MODULE_0__/* .formatDuration */ .a3)(performance.now() - startedMs).padStart(11)}]`, options.color);
    return {
        info: (message) => line(`${stamp()} ${(0,_host_printable_js__WEBPACK_IMPORTED_MODULE_1__/* .printable */ .g)(message)}`),
        warning: (message) => line(`${stamp()} ${yellow('warning:', options.color)} ${(0,_host_printable_js__WEBPACK_IMPORTED_MODULE_1__/* .printable */ .g)(message)}`),
        detail: (message) => {
            if (options.verbose)
                return line(`${stamp()} ${dim((0,_host_printable_js__WEBPACK_IMPORTED_MODULE_1__/* .printable */ .g)(message), options.color)}`);
            if (!screen.isTTY)
                return;
            const width = (screen.columns || 80) - 1;
            screen.write(eraseLine + dim((0,_host_printable_js__WEBPACK_IMPORTED_MODULE_1__/* .printable */ .g)(message, width - 1).slice(0, width), options.color));
            transient = true;
        },
        end: clear,
    };
}
function dim(text, color) {
    return paint(text, 2, color);
}
function yellow(text, color) {
    return paint(text, 33, color);
}
function red(text, color) {
    return paint(text, 31, color);
}
function green(text, color) {
    return paint(text, 32, color);
}
function paint(text, code, color) {
    return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}


/***/ }),

/***/ 8016:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  iW: () => (/* binding */ main)
});

// UNUSED EXPORTS: runCli, wantsColor

// EXTERNAL MODULE: ./lib/host/version.js
var version = __nccwpck_require__(1410);
// EXTERNAL MODULE: ./lib/cli/arguments.js + 1 modules
var cli_arguments = __nccwpck_require__(9199);
// EXTERNAL MODULE: ./lib/host/error.js
var host_error = __nccwpck_require__(1924);
// EXTERNAL MODULE: ./lib/host/printable.js
var printable = __nccwpck_require__(2469);
// EXTERNAL MODULE: ./lib/cli/log.js
var cli_log = __nccwpck_require__(7804);
;// CONCATENATED MODULE: ./lib/cli/errors.js



/** Says what went wrong: an expected error with what to do, an unexpected one with its stack. The exit status. */
function reportError(error, screen, { color, json }) {
    if (!(error instanceof host_error/* SnapgateError */.yA)) {
        const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
        screen.write(`${(0,cli_log/* red */.wv)('snapgate: this is a bug, please report it:', color)}\n${stack}\n`);
        json?.write(`${JSON.stringify({ error: { code: 'internal', message: String(error) } })}\n`);
        return host_error/* exitCodes */.hS.internal;
    }
    const { code, message, remedy, details } = error;
    if (details && details.lines.length > 0) {
        const body = details.lines.map((line) => (0,cli_log/* dim */.r3)(`  | ${(0,printable/* printable */.g)(line)}`, color));
        screen.write(`${(0,printable/* printable */.g)(details.title)}:\n${body.join('\n')}\n`);
    }
    screen.write(`${(0,cli_log/* red */.wv)('snapgate:', color)} ${(0,printable/* printable */.g)(message)}\n${(0,printable/* printable */.g)(remedy)}\n`);
    json?.write(`${JSON.stringify({ error: { code, message, remedy, details } })}\n`);
    return host_error/* exitCodes */.hS[code];
}

// EXTERNAL MODULE: ./lib/config/inputs.js
var inputs = __nccwpck_require__(6097);
// EXTERNAL MODULE: ./lib/config/scenarios.js
var scenarios = __nccwpck_require__(5601);
// EXTERNAL MODULE: ./lib/host/wrap.js
var wrap = __nccwpck_require__(3836);
;// CONCATENATED MODULE: ./lib/cli/help.js




const columns = 80;
const aboutVerb = {
    gate: 'build base and head, measure both, compare, decide',
    measure: 'build and measure one image; its record can be the base of a later gate',
    bisect: 'find the commit that an image grew with, by binary search between two',
    compare: 'decide from two stored measurements',
    calibrate: 'say what a gate makes of an image against itself, what it would find, and which settings fit',
    report: 'show a stored comparison, measurement, calibration or bisection',
    inspect: 'say what is in snapshots that are there: memory files, Diffs, builds of e2b, qcow2 chains',
    probe: 'say what this machine can do, and what to install or permit for the rest',
};
const synopsis = {
    gate: 'snapgate gate SOURCE [--base BASE] [OPTIONS]',
    measure: 'snapgate measure SOURCE [OPTIONS]',
    bisect: 'snapgate bisect GOOD BAD SOURCE [OPTIONS]',
    compare: 'snapgate compare BASE.json HEAD.json [OPTIONS]',
    calibrate: 'snapgate calibrate SOURCE|FILE.json... [OPTIONS]',
    report: 'snapgate report FILE.json [OPTIONS]',
    inspect: 'snapgate inspect PATH... [--parent PATH] [OPTIONS]',
    probe: 'snapgate probe [OPTIONS]',
};
const sources = [
    '',
    'SOURCE, on the command line or under defaults: in snapgate.yml, is one of',
    '  --dockerfile PATH',
    '  --image REFERENCE',
    '  --rootfs PATH',
    '  --build-command COMMAND --rootfs PATH',
    'There is none with --engine e2b, and need not be one with --engine command.',
];
const examples = {
    gate: [
        'snapgate gate --dockerfile guest/Dockerfile --base ref:main',
        'snapgate gate --rootfs new.ext4 --base rootfs:old.ext4 --scenarios pause',
        "snapgate gate --build-command 'make rootfs' --rootfs rootfs.tar --base ref:v1",
        'snapgate gate --dockerfile guest/Dockerfile --engine firecracker',
        'snapgate gate --engine e2b --memory-size 1GiB --base ref:main',
    ],
    measure: ['snapgate measure --rootfs rootfs.ext4 --boots 3 --output-dir nightly'],
    bisect: [
        'snapgate bisect v1.4.0 main --dockerfile guest/Dockerfile',
        "snapgate bisect HEAD~40 HEAD --build-command 'make rootfs' --rootfs rootfs.tar",
        'snapgate bisect 4f1c2d3 9a8b7c6 --dockerfile Dockerfile --scenarios idle-2s',
    ],
    compare: ['snapgate compare old/measurement.json new/measurement.json --fail-above 3%'],
    calibrate: [
        'snapgate calibrate --dockerfile guest/Dockerfile',
        'snapgate calibrate --rootfs rootfs.ext4 --sample 20 --fail-above 3%',
        'snapgate calibrate snapgate-report/measurement.json --max-boots 5',
    ],
    report: [
        'snapgate report snapgate-report/comparison.json --format markdown',
        'snapgate report snapgate-report/bisection.json',
    ],
    inspect: [
        'snapgate inspect snapshot/memfile',
        'snapgate inspect monday/memfile tuesday/memfile --json',
        'snapgate inspect diff-1 diff-2 --parent full/memfile',
        'snapgate inspect .local-build/templates/6f1c2a3e-8f0b-4c1d-9a67-2b7d5e0c4f18',
        'snapgate inspect overlay.qcow2',
    ],
    probe: ['snapgate probe', 'snapgate probe --accel kvm --json', 'snapgate probe --engine firecracker'],
};
const groupTitles = [
    ['image', 'The image, the same for both sides; relative paths start at the current folder'],
    ['base', 'The base'],
    ['engine', 'The engine'],
    ['measure', 'Measuring'],
    ['gate', 'The gate'],
    ['run', 'Files and folders'],
];
function helpText(verb) {
    return verb === undefined ? mainHelp() : verbHelp(verb);
}
function mainHelp() {
    return lines(...help_wrap('snapgate measures, on real microVMs, what a guest image dirties between a resume and the next pause, and says whether a change of the image made its snapshots grow.', 0), '', 'Usage: snapgate VERB [OPTIONS]', '', ...cli_arguments/* verbs */.PB.flatMap((verb) => entry(verb, aboutVerb[verb], 13)), '', 'Start with:', '  snapgate probe', '  snapgate gate --dockerfile Dockerfile --base ref:main', '', ...help_wrap("snapgate VERB --help lists the options of a verb. They have the names of the action's inputs.", 0), '', ...exitStatus);
}
function verbHelp(verb) {
    const own = (0,cli_arguments/* inputsOf */.Vc)(verb);
    const special = cli_arguments/* ownOptions */.rG[verb];
    return lines(...help_wrap(`snapgate ${verb}: ${aboutVerb[verb]}.`, 0), '', `Usage: ${synopsis[verb]}`, ...(own.some(({ group }) => group === 'image') ? sources : []), '', 'Examples:', ...examples[verb].map((example) => `  ${example}`), ...groupTitles.flatMap(([group, title]) => groupHelp(title, own.filter((input) => input.group === group))), '', 'Output', ...(special === undefined ? [] : entry(`--${special.name} ${special.placeholder}`, special.description)), ...entry('--json', 'The result, or the error, as one JSON object on stdout; progress stays on stderr.'), ...entry('-v, --verbose', aboutVerbose(verb, own)), ...entry('-h, --help', 'This text.'), ...unitHelp(own), ...(own.some(({ name }) => name === 'scenarios') ? scenarioHelp() : []), '', ...exitStatusOf(verb));
}
function groupHelp(title, specs) {
    if (specs.length === 0)
        return [];
    return ['', title, ...specs.flatMap((spec) => entry(`--${spec.name} ${spec.placeholder}`, describe(spec)))];
}
function describe({ description, default: standard }) {
    const text = description.replace(/`([^`]+)`/g, (_, name) => (isInput(name) ? `--${name}` : name));
    return standard === '' ? text : `${text} [default:${noBreak}${standard}]`;
}
function isInput(name) {
    return inputs/* inputs */.QL.some((input) => input.name === name);
}
/** Verbs that boot have a run to tell of; the others only their report. */
function aboutVerbose(verb, own) {
    if (verb === 'inspect')
        return 'Say how far it is, in a file or a pipe too.';
    return own.some(({ group }) => group === 'measure')
        ? 'Say details of the run: every round, build output, kernel and modules; every metric in the report.'
        : 'Every metric in the report, and what it was measured with.';
}
const units = [
    ['bytes', 'SIZE: 4096B, 256KiB, 1.5MiB, 2GiB, 10kB, 10MB, 1GB'],
    ['time', 'TIME: 500ms, 2s, 20min, 1h'],
    ['percent', 'PERCENT: 5%, 12.5%'],
];
function unitHelp(own) {
    const used = units.filter(([type]) => own.some((spec) => spec.type === type));
    return used.length === 0 ? [] : ['', 'Units', ...used.map(([, text]) => `  ${text}`)];
}
function scenarioHelp() {
    return [
        '',
        ...help_wrap(`Built-in scenarios: ${scenarios/* builtInScenarios */.$.map(({ name }) => name).join(', ')}. snapgate.yml adds your own.`, 0),
    ];
}
const exitStatus = [
    'Exit status',
    '  0 pass or warn, 1 fail, 2 inconclusive (with --inconclusive fail)',
    '  64 usage, 65 a record, 66 an image, 67 the base, 68 a guest, 69 this machine,',
    '  70 a bug of snapgate, 71 a scenario, 75 interrupted, 77 refused',
];
/** A verb that decides nothing has no verdict to exit with. */
function exitStatusOf(verb) {
    if (verb === 'calibrate')
        return exitStatus.with(1, '  0 done');
    if (verb === 'bisect')
        return exitStatus.with(1, '  0 found, or nothing grew; 2 likely, narrowed to several, or inconclusive');
    return (0,cli_arguments/* inputsOf */.Vc)(verb).some(({ group }) => group === 'gate')
        ? exitStatus
        : exitStatus.with(1, verb === 'probe' ? '  0 guests can run here' : '  0 done');
}
/** A name with its description beside it, or below it where the name is too long. */
function entry(name, description, indent = 28) {
    const wrapped = help_wrap(description, indent);
    const head = `  ${name}`;
    if (head.length + 2 > indent)
        return [head, ...wrapped];
    return [head + (wrapped[0] ?? '').slice(head.length), ...wrapped.slice(1)];
}
/** A space that `wrap` does not break a line at. */
const noBreak = '\u00a0';
function help_wrap(text, indent) {
    return (0,wrap/* wrap */.L)(text, { columns, indent }).map((line) => line.replaceAll(noBreak, ' '));
}
function lines(...text) {
    return `${text.join('\n')}\n`;
}

;// CONCATENATED MODULE: ./lib/cli/main.js





/** The command line as the shell sees it. */
async function main() {
    process.stdout.on('error', endOnClosedPipe);
    process.exitCode = await runCli(process.argv.slice(2), {
        stdout: process.stdout,
        stderr: process.stderr,
        env: process.env,
        cwd: process.cwd(),
    });
    // A handle that something left open must not keep a finished command alive.
    setTimeout(() => process.exit(), 2000).unref();
}
/** Runs one command line; its exit status. */
async function runCli(argv, terminal) {
    const { stdout, stderr, env } = terminal;
    const color = wantsColor(stderr, env);
    const wantsDetails = argv.includes('--verbose') || argv.includes('-v');
    const log = (0,cli_log/* createTerminalLog */.$V)(stderr, { verbose: wantsDetails, color });
    try {
        return await runCommandLine((0,cli_arguments/* parseCommand */.RM)(argv), terminal, log);
    }
    catch (error) {
        log.end();
        return reportError(error, stderr, { color, json: argv.includes('--json') ? stdout : undefined });
    }
}
async function runCommandLine(command, terminal, log) {
    switch (command.kind) {
        case 'help':
            terminal.stdout.write(helpText(command.verb));
            return 0;
        case 'version':
            terminal.stdout.write(`snapgate ${version/* version */.r}\n`);
            return 0;
        case 'verb': {
            // Help and errors of usage need not wait for all that a verb is made of.
            const { runVerb } = await Promise.all(/* import() */[__nccwpck_require__.e(689), __nccwpck_require__.e(498)]).then(__nccwpck_require__.bind(__nccwpck_require__, 7498));
            const color = wantsColor(terminal.stdout, terminal.env);
            const result = await runVerb(command, terminal, { color }, log);
            log.end();
            terminal.stdout.write(result.output);
            return result.exitCode;
        }
    }
}
/**
 * For each stream by itself: one of the two may be a file. https://no-color.org: any non-empty NO_COLOR means none.
 * https://force-color.org, but `0` and `false` mean none, as they do to Node.
 */
function wantsColor(screen, env) {
    if (env['NO_COLOR'])
        return false;
    const forced = env['FORCE_COLOR'];
    if (forced)
        return forced !== '0' && forced !== 'false';
    return screen.isTTY === true && env['TERM'] !== 'dumb';
}
/** `snapgate report … | head` is not an error. */
function endOnClosedPipe(error) {
    if ('code' in error && error.code === 'EPIPE')
        process.exit(0);
    throw error;
}


/***/ }),

/***/ 6097:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   He: () => (/* binding */ configFileNames),
/* harmony export */   QL: () => (/* binding */ inputs),
/* harmony export */   W2: () => (/* binding */ acceptScopes),
/* harmony export */   YN: () => (/* binding */ commentPolicies),
/* harmony export */   dS: () => (/* binding */ artifactPolicies)
/* harmony export */ });
/* unused harmony export modes */
/* harmony import */ var _engine_contract_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(3338);
/* harmony import */ var _engine_settings_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(3189);


/** What a run does on a runner: the whole gate, measurements alone, or the comment of a run whose token could not write it. */
const modes = ['gate', 'measure', 'comment'];
/** When a pull request gets a comment. */
const commentPolicies = ['auto', 'always', 'on-change', 'on-failure', 'never'];
/** How far an accepted growth reaches. */
const acceptScopes = ['pull-request', 'commit', 'size'];
const artifactPolicies = ['auto', 'always', 'never'];
const built = ['gate', 'measure', 'bisect', 'calibrate'];
const probed = ['gate', 'measure', 'bisect', 'calibrate', 'probe'];
const looking = ['gate', 'bisect', 'calibrate'];
const grown = ['gate', 'compare', 'bisect', 'calibrate'];
const gated = ['gate', 'compare', 'calibrate'];
const exiting = ['gate', 'compare'];
const everyRun = ['gate', 'measure', 'compare', 'calibrate'];
/** Every input, in the order of the documentation. action.yml, the README, the help and the command line all come from here. */
const inputs = [
    {
        ...text('mode', 'run', 'MODE'),
        description: 'What to do: `gate` measures both sides and decides (or decides on what a matrix has measured, with `entries`); `measure` measures and stores; `comment`, on `workflow_run`, tells the pull request what a run with a read-only token has measured.',
        default: 'gate',
        actionDefault: 'gate',
        choices: modes,
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('dockerfile', 'image', 'PATH', built),
        namesFile: true,
        description: 'Dockerfile that builds the guest image, relative to the checkout; one of four image sources.',
    },
    {
        ...text('context', 'image', 'PATH', built),
        namesFile: true,
        description: 'Build context of `dockerfile`, relative to the checkout.',
        default: '.',
    },
    {
        ...text('build-args', 'image', 'NAME=VALUE', built),
        mayHoldSecret: true,
        description: 'Build arguments of `dockerfile`, one `NAME=VALUE` a line.',
        type: 'lines',
    },
    {
        ...text('target', 'image', 'STAGE', built),
        description: 'Stage of `dockerfile` to build; the last one if not given.',
    },
    {
        ...text('image', 'image', 'REFERENCE', built),
        namesFile: true,
        description: 'Image in the local container engine, or a `docker save` or OCI archive on disk; one of four image sources.',
    },
    {
        ...text('rootfs', 'image', 'PATH', built),
        namesFile: true,
        description: 'ext4 file, tar (plain, gzip, zstd or xz) or folder; one of four image sources, and with `build-command` what that leaves.',
    },
    {
        ...text('build-command', 'image', 'COMMAND', built),
        mayHoldSecret: true,
        description: "The project's own build, run in each side's checkout, that leaves a rootfs at `rootfs`; one of four image sources.",
    },
    {
        ...text('kernel', 'image', 'PATH', built),
        namesFile: true,
        description: "Kernel to boot: a path, or `auto` for a distribution kernel from the host's packages.",
        default: 'auto',
    },
    {
        ...text('initrd', 'image', 'PATH', built),
        namesFile: true,
        description: 'Initial RAM disk: a path, `auto` for one with just the modules needed, or `none`.',
        default: 'auto',
    },
    {
        ...text('disk-size', 'image', 'SIZE', built),
        description: "Size of the guest's disk, with its unit.",
        type: 'bytes',
        default: '2GiB',
    },
    {
        ...text('base', 'base', 'BASE', ['gate']),
        description: 'What head is compared with: `auto` (the base commit of the pull request, from its stored measurement or built and measured in this job; on a push, what was stored last of the branch; on a terminal, where HEAD left the default branch), `cache` (a stored measurement or nothing), `ref:REF`, `image:REFERENCE`, `rootfs:PATH`, `measurement:FILE`, or `none` (absolute caps only).',
        default: 'auto',
        inFile: false,
    },
    {
        ...text('head', 'base', 'HEAD', ['gate']),
        description: 'What is judged: `checkout`, or as in `base` a `ref:REF`, `image:REFERENCE`, `rootfs:PATH` or `measurement:FILE`.',
        default: 'checkout',
        inFile: false,
    },
    {
        ...text('side', 'base', 'SIDE'),
        description: 'What `mode: measure` measures: `head`, `base`, or `both`, taking turns in one job, which is what a matrix wants.',
        choices: ['head', 'base', 'both'],
        default: 'head',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('baseline-branch', 'base', 'BRANCH'),
        description: 'Branch of this repository that keeps stored measurements and their history, for where caches are evicted; needs `contents: write` where it is written to. The cache keeps them if not given.',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('engine', 'engine', 'ENGINE', probed),
        description: "What boots, pauses and resumes the guests: `qemu`, `firecracker`, `e2b` (the tools of e2b's infra), or `command` (commands of your own).",
        choices: _engine_contract_js__WEBPACK_IMPORTED_MODULE_0__/* .engineNames */ .Ry,
        default: 'qemu',
    },
    {
        ...text('accel', 'engine', 'ACCEL', probed),
        description: 'How a guest of `qemu` runs: `kvm`, `tcg` (emulation), or `auto` for KVM where a tiny guest boots under it.',
        choices: ['auto', 'kvm', 'tcg'],
        default: 'auto',
    },
    {
        ...text('huge-pages', 'engine', 'none|2M', probed),
        description: 'Pages that back the memory of a guest of `e2b`: `2M`, as its tools have it if not given, or `none`. Other engines have `none`; their `memfile.hugeBytes` says what pages of 2 MiB would store.',
        choices: ['none', '2M'],
    },
    {
        ...text('firecracker-binary', 'engine', 'PATH', probed),
        description: "Firecracker's binary for `firecracker`: a path, or a name to be found on the PATH.",
        default: 'firecracker',
        inFile: false,
    },
    {
        ...text('firecracker-version', 'engine', 'VERSION', probed),
        description: "Release of Firecracker, such as `1.12.1`, that is taken from the runner's tool cache or downloaded, its checksum verified; with `e2b`, what `create-build` is given as `-firecracker`.",
    },
    {
        ...text('jailer', 'engine', 'true|false', probed),
        description: 'Whether `firecracker` runs under its jailer, which needs root: `true` or `false`.',
        type: 'flag',
        default: 'false',
    },
    {
        ...text('e2b-infra', 'engine', 'PATH', probed),
        namesFile: true,
        description: "Checkout of e2b's infra whose `create-build` and `resume-build` are built with Go, once a side; the side's own checkout if not given.",
    },
    {
        ...text('e2b-tools', 'engine', 'PATH', probed),
        namesFile: true,
        description: 'Folder that holds `create-build` and `resume-build`, in place of building them.',
    },
    {
        ...text('e2b-storage', 'engine', 'STORAGE', probed),
        description: 'Where the tools of `e2b` keep builds: a folder, or `gs://BUCKET`; a temporary folder if not given.',
        inFile: false,
    },
    {
        ...text('prepare-command', 'engine', 'COMMAND', probed),
        mayHoldSecret: true,
        description: 'With `command`: boots the guest of `SNAPGATE_CHECKOUT`, pauses it, and leaves a snapshot in `SNAPGATE_OUT`.',
    },
    {
        ...text('resume-command', 'engine', 'COMMAND', probed),
        mayHoldSecret: true,
        description: 'With `command`: resumes the snapshot in `SNAPGATE_PARENT` and does in the guest what `SNAPGATE_RUN` says.',
    },
    {
        ...text('pause-command', 'engine', 'COMMAND', probed),
        mayHoldSecret: true,
        description: 'With `command`: pauses the guest that `resume-command` has resumed, and leaves a snapshot in `SNAPGATE_OUT`.',
    },
    {
        ...text('cleanup-command', 'engine', 'COMMAND', probed),
        mayHoldSecret: true,
        description: 'With `command`: ends what the other commands have started, however they ended; run after `prepare-command`, after each pause, and after whatever failed.',
    },
    {
        ...text('version-command', 'engine', 'COMMAND', probed),
        mayHoldSecret: true,
        description: 'With `command`: prints in one line the version of what runs the guests; numbers of two versions are never compared.',
    },
    {
        ...text('memfile', 'engine', 'NAME', probed),
        description: "With `command`: name, in a snapshot's folder, of the file that holds the guest's memory.",
        default: 'memfile',
    },
    {
        ...text('rootfs-file', 'engine', 'NAME', probed),
        description: "With `command`: name, in a snapshot's folder, of the file that holds the guest's disk; the disk is not measured if not given.",
    },
    {
        ...text('format', 'engine', 'FORMAT', probed),
        description: "With `command`: how those files are laid out: `raw` (all of it), `sparse-diff` (holes where nothing was written since the parent), or `e2b` (`memfile.header` and `rootfs.ext4.header` beside the layers' data).",
        choices: _engine_settings_js__WEBPACK_IMPORTED_MODULE_1__/* .snapshotFormats */ .T,
        default: 'raw',
    },
    {
        ...text('command-timeout', 'engine', 'TIME', probed),
        description: 'With `command` and `e2b`: limit of each of its commands, with its unit.',
        type: 'time',
        default: '10min',
    },
    {
        ...text('memory-size', 'measure', 'SIZE', built),
        description: "The guest's memory, with its unit.",
        type: 'bytes',
        default: '512MiB',
    },
    {
        ...text('vcpus', 'measure', 'N', built),
        description: 'Number of virtual processors of the guest.',
        type: 'count',
        default: '1',
    },
    {
        ...text('boots', 'measure', 'N', built),
        description: 'Number of cold boots of each side before a gate first looks, 1 to 100; a measurement that is kept, or that nobody decides on yet, has as many as are given here, or 5. Where it is not given and ten measurements of the branch are stored, a gate first looks when this image usually can be decided on.',
        type: 'count',
        default: '2',
    },
    {
        ...text('max-boots', 'measure', 'N', looking),
        description: 'Number of cold boots of each side at which a gate that cannot decide stops, `boots` to 100: from `boots` on it looks after each pair, decides, or boots one pair more; `boots` where only that is given.',
        type: 'count',
        default: '10',
    },
    {
        ...text('cycles', 'measure', 'N', built),
        description: 'Number of measured rounds of all scenarios in each boot, 1 to 1000.',
        type: 'count',
        default: '10',
    },
    {
        ...text('warmup', 'measure', 'N', built),
        description: 'Number of rounds in each boot that are run first and dropped, 0 to 100.',
        type: 'count',
        default: '2',
    },
    {
        ...text('scenarios', 'measure', 'NAMES', built),
        description: 'Names of the scenarios to run, built-in or from snapgate.yml, or `all`.',
        type: 'names',
        default: 'all',
    },
    {
        ...text('ready-command', 'measure', 'COMMAND', built),
        mayHoldSecret: true,
        description: 'Command in the guest that must exit 0 before the guest counts as ready; the init is asked if not given.',
    },
    {
        ...text('boot-timeout', 'measure', 'TIME', built),
        description: 'Limit of each boot, from power-on to a settled guest, with its unit.',
        type: 'time',
        default: '3min',
    },
    {
        ...text('time-budget', 'measure', 'TIME', built),
        description: 'Limit of all measuring, with its unit; boots that do not fit are left out and the report says so. Of `snapgate bisect` it limits builds too.',
        type: 'time',
        default: '45min',
    },
    {
        ...text('metrics', 'gate', 'NAMES', grown),
        description: 'Names of the metrics that gate; the others are shown without a verdict.',
        type: 'names',
        default: 'memfile.writtenBytes',
    },
    {
        ...text('fail-above', 'gate', 'PERCENT', grown),
        description: 'Growth against base that fails when it is established and strictly above this, in percent.',
        type: 'percent',
        default: '5%',
    },
    {
        ...text('warn-above', 'gate', 'PERCENT', gated),
        description: 'Growth against base that warns when it is established and strictly above this, in percent; no warnings if not given.',
        type: 'percent',
    },
    {
        ...text('min-growth', 'gate', 'SIZE', grown),
        description: 'Growth in bytes per cycle that must be exceeded too before anything fails or warns, with its unit.',
        type: 'bytes',
        default: '256KiB',
    },
    {
        ...text('max-trend', 'gate', 'SIZE', gated),
        description: 'Growth in bytes from each cycle of a scenario to its next, with its unit: a guest that leaks more fails, whatever its base does, and one of which it is not ruled out does not pass; no limit if not given, but told all the same.',
        type: 'bytes',
    },
    {
        ...text('max-memfile-written', 'gate', 'SIZE', gated),
        description: 'Absolute cap of `memfile.writtenBytes` per cycle of any scenario, with its unit; no cap if not given.',
        type: 'bytes',
    },
    {
        ...text('max-memfile-changed', 'gate', 'SIZE', gated),
        description: 'Absolute cap of `memfile.changedBytes` per cycle of any scenario, with its unit; no cap if not given.',
        type: 'bytes',
    },
    {
        ...text('max-rootfs-written', 'gate', 'SIZE', gated),
        description: 'Absolute cap of `rootfs.writtenBytes` per cycle of any scenario, with its unit; no cap if not given.',
        type: 'bytes',
    },
    {
        ...text('max-drift', 'gate', 'PERCENT'),
        description: 'Growth over many commits of the branch, none of which failed, that fails when it is established and strictly above this, in percent; only told if not given. Steps up above `fail-above` are not counted, for those were decided on when they came; steps down count against it. Needs ten measurements of the branch, this one among them.',
        type: 'percent',
        actionOnly: true,
    },
    {
        ...text('drift-window', 'gate', 'TIME'),
        description: 'How far back `max-drift` looks, with its unit, from a day on.',
        type: 'time',
        default: '30d',
        actionOnly: true,
    },
    {
        ...text('drift-from', 'gate', 'REF'),
        description: 'Tag or commit that `max-drift` looks back to in place of `drift-window`, such as the last release; its measurement must be among those stored of the branch, else `max-drift` is inconclusive.',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('inconclusive', 'gate', 'pass|fail', exiting),
        description: 'What an inconclusive verdict does to the exit status: `pass` or `fail`.',
        choices: ['pass', 'fail'],
        default: 'pass',
    },
    {
        ...text('comment', 'github', 'WHEN'),
        description: 'When the pull request gets a comment: `auto` (always, but not where the token is known to be read-only), `always`, `on-change` (something grew or shrank), `on-failure`, `never`. A comment that is there is kept up to date by all but `never`.',
        choices: commentPolicies,
        default: 'auto',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('comment-key', 'github', 'KEY'),
        description: 'Name of the comment, so that several gates in one repository each keep their own.',
        default: 'default',
        actionDefault: 'default',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('pr-number', 'github', 'N'),
        description: 'Number of the pull request that gets the comment on a `workflow_dispatch`; none if not given.',
        type: 'count',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('github-token', 'github', 'TOKEN'),
        description: 'Token for the comment (`pull-requests: write`), the check (`checks: write`), and what others have stored (`actions: read`). Never reaches a build or a guest.',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
        default: '${{ github.token }}',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
        actionDefault: '${{ github.token }}',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('check', 'github', 'true|false'),
        description: 'Whether the head commit gets a check named `snapgate` (with `comment-key`: `snapgate: KEY`), which a branch protection can require; needs `checks: write`.',
        type: 'flag',
        default: 'true',
        actionDefault: 'true',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('accept-label', 'github', 'LABEL'),
        description: 'Label by which somebody with write permission accepts a growth of a pull request: its verdict is then `pass`.',
        default: 'snapshot-growth-accepted',
        actionDefault: 'snapshot-growth-accepted',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('accept-scope', 'github', 'SCOPE'),
        description: 'What a label accepts: the `size` that was shown when it was set (more needs it again), that `commit` alone, or the whole `pull-request`.',
        choices: acceptScopes,
        default: 'size',
        actionDefault: 'size',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('on-push', 'github', 'warn|fail'),
        description: 'What a verdict of `fail` does to the exit status on a `push` or `schedule`: `warn` or `fail`.',
        choices: ['warn', 'fail'],
        default: 'warn',
        actionDefault: 'warn',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('artifact', 'github', 'WHEN'),
        description: "When the measurements are uploaded as an artifact: `auto` (where another job needs them: a matrix's, or a pull request whose token is read-only), `always`, `never`.",
        choices: artifactPolicies,
        default: 'auto',
        actionDefault: 'auto',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('entry', 'github', 'NAME'),
        description: 'In `mode: measure`: the name of this entry of a matrix, under which its row stands.',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('shard', 'github', 'NAME'),
        description: 'In `mode: measure`: tells jobs apart that measure the same entry and side, whose boots are then put together.',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('entries', 'github', 'NAMES'),
        description: 'In `mode: gate`: measures nothing, but decides on the entries of these names that jobs of this run have measured; `all` for whatever there is.',
        type: 'names',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('allow-missing', 'github', 'true|false'),
        description: 'Whether an entry of `entries` that is missing or could not be measured is only said: `true` or `false` (the verdict is then `fail`).',
        type: 'flag',
        default: 'false',
        actionDefault: 'false',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('allow-forks', 'github', 'true|false'),
        description: 'Whether a self-hosted runner builds and boots the head of a fork: anybody can then run code on it. `true` or `false`.',
        type: 'flag',
        default: 'false',
        actionDefault: 'false',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('fail', 'github', 'true|false'),
        description: 'Whether a verdict fails the step and the check: `false` tells everything and blocks nobody, for a first week. Errors fail in any case.',
        type: 'flag',
        default: 'true',
        actionDefault: 'true',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('dry-run', 'github', 'true|false'),
        description: 'Whether to leave everything outside the job as it is: no comment, no check, nothing stored; the report is in the summary, and no verdict fails the step.',
        type: 'flag',
        default: 'false',
        actionDefault: 'false',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('install', 'run', 'true|false'),
        description: 'Whether to install the Debian packages that are missing and to open /dev/kvm to this user first, as root or by `sudo -n`: `true` or `false`. For runners that are made anew for each job.',
        type: 'flag',
        default: 'false',
        actionDefault: 'false',
        actionOnly: true,
        inFile: false,
    },
    {
        ...text('config', 'run', 'PATH', [...everyRun, 'bisect']),
        description: 'Path of snapgate.yml; `snapgate.yml` or `.github/snapgate.yml` if not given and there is one.',
        inFile: false,
    },
    {
        ...text('output-dir', 'run', 'PATH', [...everyRun, 'bisect']),
        description: 'Folder that receives the records (measurements, a comparison, a calibration, a bisection) and the report.',
        default: 'snapgate-report',
        actionDefault: 'snapgate-report',
        inFile: false,
    },
    {
        ...text('work-dir', 'run', 'PATH', built),
        description: "Folder for what is temporary, some GiB; the system's if not given.",
        inFile: false,
    },
    {
        ...text('cache-dir', 'run', 'PATH', built),
        description: "Folder for images and kernels kept between runs; the user's cache folder if not given.",
        inFile: false,
    },
    {
        ...text('cache-limit', 'run', 'SIZE', built),
        description: 'Size that the cache folder may keep of images, build layers, kernels and the measurements of `snapgate bisect` together, with its unit; what was used longest ago goes first.',
        type: 'bytes',
        default: '8GiB',
        actionDefault: '8GiB',
        inFile: false,
    },
];
/** Where snapgate.yml is looked for, in this order, when `config` is not given. */
const configFileNames = ['snapgate.yml', '.github/snapgate.yml'];
function text(name, group, placeholder, verbs = []) {
    return { name, group, placeholder, verbs, type: 'text', default: '', actionDefault: '', inFile: true };
}


/***/ }),

/***/ 9730:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   U0: () => (/* binding */ unknownName),
/* harmony export */   ol: () => (/* binding */ quoteText),
/* harmony export */   qb: () => (/* binding */ nearestName)
/* harmony export */ });
/* harmony import */ var _host_error_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1924);

/** `what "nmae" does not exist, did you mean "name"?`, with the list of what exists as the remedy. */
function unknownName(where, what, name, existing) {
    const near = nearestName(name, existing);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return new _host_error_js__WEBPACK_IMPORTED_MODULE_0__/* .SnapgateError */ .yA('usage', `${where}: no ${what} is called ${quoteText(name)}${hint}`, existing.length === 0 ? `There is no ${what} to name.` : `These exist: ${existing.join(', ')}.`);
}
/** The existing name at the smallest edit distance, if that is small enough to be a slip of the hand. */
function nearestName(name, existing) {
    const limit = name.length < 4 ? 1 : Math.min(3, Math.max(2, Math.floor(name.length / 3)));
    let nearest;
    let smallest = limit + 1;
    for (const candidate of existing) {
        const distance = editDistance(name.slice(0, 100).toLowerCase(), candidate.toLowerCase());
        if (distance < smallest) {
            smallest = distance;
            nearest = candidate;
        }
    }
    return nearest;
}
/** Quoted, cut at 60 characters, on one line: for showing a text of the user's in an error. */
function quoteText(text) {
    return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
/** Levenshtein distance: insertions, deletions and replacements of one character. */
function editDistance(a, b) {
    let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
    for (const [row, letter] of [...a].entries()) {
        const current = [row + 1];
        for (let column = 1; column <= b.length; column += 1) {
            const replaced = (previous[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
            current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
        }
        previous = current;
    }
    return previous[b.length] ?? 0;
}


/***/ }),

/***/ 5601:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   $: () => (/* binding */ builtInScenarios),
/* harmony export */   Z: () => (/* binding */ floorScenario)
/* harmony export */ });
/* harmony import */ var _guest_protocol_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(6134);

/** Limit of what a built-in scenario runs: a guest under emulation on a busy host is slow, not stuck. */
const builtInTimeoutMs = 60_000;
const nothing = {
    run: undefined,
    settleMs: 0,
    check: undefined,
    from: 'previous',
    repeat: 1,
    timeoutMs: builtInTimeoutMs,
};
/**
 * A new file of 64 KiB by dd, onto the disk by fsync so that the pause finds it there. The agent's folder is on the root file
 * system of every guest of snapgate's own making, and its busybox stands in where the image has no dd; /var/tmp is for the others.
 */
const write64k = `dir=${_guest_protocol_js__WEBPACK_IMPORTED_MODULE_0__/* .guestDir */ .ed}; [ -d $dir ] || dir=/var/tmp; dd=dd; command -v dd >/dev/null 2>&1 || dd="$dir/busybox dd"; $dd if=/dev/urandom of=$dir/write-64k bs=64k count=1 conv=fsync`;
/** One short-lived process: python3 where there is one, else a shell, else the agent's own. */
const spawn = `if command -v python3 >/dev/null 2>&1; then python3 -c 0; elif command -v sh >/dev/null 2>&1; then sh -c :; else ${_guest_protocol_js__WEBPACK_IMPORTED_MODULE_0__/* .guestDir */ .ed}/busybox sh -c :; fi`;
/** The scenarios that every run has unless told otherwise, in the order they run. */
const builtInScenarios = [
    { ...nothing, name: 'pause' },
    { ...nothing, name: 'idle-2s', settleMs: 2000 },
    { ...nothing, name: 'idle-5s', settleMs: 5000 },
    { ...nothing, name: 'write-64k', run: write64k },
    { ...nothing, name: 'spawn', run: spawn },
    { ...nothing, name: 'pause-x10', repeat: 10 },
];
/** The scenario whose dirtied bytes are the floor under all others: what pausing and the agent themselves cost. */
const floorScenario = 'pause';


/***/ }),

/***/ 3338:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Ry: () => (/* binding */ engineNames),
/* harmony export */   Zv: () => (/* binding */ metricNames),
/* harmony export */   ds: () => (/* binding */ accelerators)
/* harmony export */ });
/** Metrics of a cycle. An engine that cannot give one leaves it out: absent is never zero. */
const metricNames = [
    'memfile.writtenBytes',
    'memfile.changedBytes',
    'memfile.zeroedBytes',
    'memfile.compressedBytes',
    'memfile.hugeBytes',
    'memfile.storedBytes',
    'rootfs.writtenBytes',
    'rootfs.storedBytes',
    'stateBytes',
    'resumeMs',
    'pauseMs',
];
const engineNames = ['qemu', 'firecracker', 'e2b', 'command'];
/** How a guest runs: under the kernel's hypervisor, emulated, or as only the commands of the user's know. */
const accelerators = ['kvm', 'tcg', 'unknown'];


/***/ }),

/***/ 3189:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   T: () => (/* binding */ snapshotFormats),
/* harmony export */   n: () => (/* binding */ isBucket)
/* harmony export */ });
/** Whether a storage of e2b's tools is a bucket, the only remote kind that they take, and not a folder. */
function isBucket(storage) {
    return storage.startsWith('gs://');
}
/** How the files are laid out that the commands leave. */
const snapshotFormats = ['raw', 'sparse-diff', 'e2b'];


/***/ }),

/***/ 6134:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Hl: () => (/* binding */ agentPort),
/* harmony export */   YW: () => (/* binding */ maxLineBytes),
/* harmony export */   ZP: () => (/* binding */ agentVsockPort),
/* harmony export */   ed: () => (/* binding */ guestDir),
/* harmony export */   k: () => (/* binding */ agentProtocol),
/* harmony export */   ow: () => (/* binding */ tailBytes)
/* harmony export */ });
/** Name of the virtio-serial port; in the guest `/dev/virtio-ports/<name>`. */
const agentPort = 'snapgate.agent';
/** Where the agent listens on a guest whose channel is vsock. Below 1024: only root can take it (af_vsock.c, LAST_RESERVED_PORT). */
const agentVsockPort = 870;
/** Bumped when host and agent would misunderstand each other. */
const agentProtocol = 1;
/** Folder in the guest that holds everything of snapgate's. */
const guestDir = '/.snapgate';
/** Longest line, in bytes, either way; a longer one from a guest is an error. */
const maxLineBytes = 64 * 1024;
/** Bytes of a command's output that the agent keeps and sends: its end. */
const tailBytes = 4096;
/*
 * The channel is lines of ASCII, each ended by one LF; fields are parted by one space.
 *
 *   guest → host   snapgate 1 hello <systemd|init|none>
 *   host → guest   run <id> <limit in whole seconds> <base64 of a shell command>
 *   guest → host   snapgate 1 done <id> <exit status> <base64 of the last output, `-` for none>
 *
 * The exit status is 137 where the limit ended the command (SIGKILL). Host and guest never speak at the same time: the host
 * sends one command and waits. A line that does not parse, after a hello, is an error of the guest's.
 *
 * It goes over a virtio-serial port where there is one; else over vsock (`agentVsockPort`), where the guest listens and the host connects, once it is
 * started and again after each resume. The agent says hello once, at its start: it waits for the first connection. Later ones find an agent that has said
 * it long ago, as after a resume on virtio-serial. One connection at a time; the next one is served when the last has ended at the guest's end too. A connection
 * does not outlive a snapshot, so the host closes it before it pauses the guest: what is left of it would be work of the next resume.
 */


/***/ }),

/***/ 1924:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   UQ: () => (/* binding */ errnoOf),
/* harmony export */   bD: () => (/* binding */ messageOf),
/* harmony export */   hS: () => (/* binding */ exitCodes),
/* harmony export */   yA: () => (/* binding */ SnapgateError)
/* harmony export */ });
/* unused harmony export isInterruption */
/** What kind of thing went wrong; each kind has one exit status, so that a script can tell them apart. */
const exitCodes = {
    usage: 64,
    record: 65,
    image: 66,
    base: 67,
    guest: 68,
    host: 69,
    internal: 70,
    scenario: 71,
    interrupted: 75,
    refused: 77,
};
/**
 * An expected error: what went wrong and where (message), and what to do about it (remedy). Whatever is not a
 * SnapgateError is a bug of snapgate and is shown with its stack.
 */
class SnapgateError extends Error {
    code;
    remedy;
    details;
    /** True: this machine lacks what nothing else would have done without, such as a command, disk or a daemon. */
    ofMachine;
    constructor(code, message, remedy, more = {}) {
        super(message, { cause: more.cause });
        this.name = 'SnapgateError';
        this.code = code;
        this.remedy = remedy;
        this.details = more.details;
        this.ofMachine = more.ofMachine ?? false;
    }
}
/** Whether a run was ended from outside, by a signal: nobody waits for what it would say. */
function isInterruption(error) {
    return error instanceof SnapgateError && error.code === 'interrupted';
}
/** What any caught value says. */
function messageOf(error) {
    return error instanceof Error ? error.message : String(error);
}
/** The system's error code (`ENOENT`, …) of a caught value, if it has one. */
function errnoOf(error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string')
        return error.code;
    return undefined;
}


/***/ }),

/***/ 2469:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   g: () => (/* binding */ printable)
/* harmony export */ });
/** C0 and C1 controls but tab, and the characters that reorder text (UAX #9): a guest's line must not drive a terminal or hide itself. */
const unprintable = /(?!\t)\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;
/** One line that is safe to print on a terminal or in a log: at most `limit` characters, nothing that controls the screen. */
function printable(text, limit = 2000) {
    const clean = text.replace(unprintable, '�');
    return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}


/***/ }),

/***/ 9933:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   E9: () => (/* binding */ parseDuration),
/* harmony export */   K9: () => (/* binding */ groupDigits),
/* harmony export */   T9: () => (/* binding */ formatGrowth),
/* harmony export */   Ul: () => (/* binding */ formatByteChange),
/* harmony export */   Uv: () => (/* binding */ formatExactBytes),
/* harmony export */   a3: () => (/* binding */ formatDuration),
/* harmony export */   ge: () => (/* binding */ formatChance),
/* harmony export */   lo: () => (/* binding */ parsePercent),
/* harmony export */   z3: () => (/* binding */ formatBytes),
/* harmony export */   z_: () => (/* binding */ parseBytes)
/* harmony export */ });
/* harmony import */ var _error_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1924);

const byteUnits = {
    B: 1,
    kB: 1e3,
    MB: 1e6,
    GB: 1e9,
    KiB: 1024,
    MiB: 1024 ** 2,
    GiB: 1024 ** 3,
};
const timeUnits = { ms: 1, s: 1e3, min: 60e3, h: 3600e3, d: 86_400e3 };
/** `256KiB`, `1.5 MiB`, `4096 B` → bytes. Strict: a bare number, an unknown unit or a fraction of a byte is an error that names `where`. */
function parseBytes(text, where) {
    return parseQuantity(text, where, byteUnits, 'a size', '256KiB or 1.5 MiB');
}
/** `500ms`, `2s`, `20min`, `1h`, `30d` → milliseconds. */
function parseDuration(text, where) {
    return parseQuantity(text, where, timeUnits, 'a time', '500ms, 2s or 20min');
}
/** `5%`, `12.5 %` → ratio (0.05, 0.125). The sign is mandatory: `5` and `0.05` are both ambiguous. */
function parsePercent(text, where) {
    const match = /^(\d+(?:\.\d+)?)\s?%$/.exec(text.trim());
    if (!match) {
        throw new _error_js__WEBPACK_IMPORTED_MODULE_0__/* .SnapgateError */ .yA('usage', `${where}: ${quote(text)} is not a percentage`, 'Write it like 5% or 12.5%.');
    }
    return Number(match[1]) / 100;
}
function parseQuantity(text, where, units, what, example) {
    const match = /^(\d+(?:\.\d+)?)\s?([A-Za-z]+)$/.exec(text.trim());
    const factor = match?.[2] === undefined || !Object.hasOwn(units, match[2]) ? undefined : units[match[2]];
    const value = factor === undefined ? Number.NaN : Number(match?.[1]) * factor;
    if (!Number.isSafeInteger(value)) {
        const known = Object.keys(units).join(', ');
        throw new _error_js__WEBPACK_IMPORTED_MODULE_0__/* .SnapgateError */ .yA('usage', `${where}: ${quote(text)} is not ${what}`, `Write it like ${example}. Units: ${known}.`);
    }
    return value;
}
/** Bytes for people, three significant digits or more, binary units: `0 B`, `812 B`, `4.00 KiB`, `2.46 MiB`, `1,536 MiB` never. */
function formatBytes(bytes) {
    const sign = bytes < 0 ? '−' : '';
    const size = Math.abs(bytes);
    if (size < 1024)
        return `${sign}${Math.round(size)} B`;
    const units = ['KiB', 'MiB', 'GiB', 'TiB'];
    let value = size / 1024;
    let index = 0;
    while (value >= 1023.995 && index < units.length - 1) {
        value /= 1024;
        index += 1;
    }
    const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${sign}${value.toFixed(digits)} ${units[index]}`;
}
/** A size for people and to the byte: `4.00 KiB (4,096 bytes)`, `812 bytes`. */
function formatExactBytes(bytes) {
    return bytes < 1024 ? `${bytes} bytes` : `${formatBytes(bytes)} (${groupDigits(bytes)} bytes)`;
}
/** Every digit of a whole number, in groups of three: `2,580,480`. */
function groupDigits(whole) {
    return String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
}
/** Like formatBytes, with a sign in front of growth: `+0.94 MiB`, `−12.0 KiB`, `0 B`. */
function formatByteChange(bytes) {
    return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}
/** Ratio (0.382) for people: `+38.2 %`, `−1.0 %`, `0.0 %`, `+50,876 %`. */
function formatGrowth(ratio) {
    const percent = Math.abs(ratio * 100);
    if (percent < 0.05)
        return '0.0 %';
    const size = percent < 999.95 ? percent.toFixed(1) : groupDigits(percent.toFixed(0));
    return `${ratio > 0 ? '+' : '−'}${size} %`;
}
/** A chance (0.98765) for people, rounded down: `98.7 %`. What is not sure is not said to be. */
function formatChance(probability) {
    return `${(Math.floor(probability * 1000) / 10).toFixed(1)} %`;
}
/** Milliseconds for people: `85 ms`, `2.5 s`, `3 min 20 s`. */
function formatDuration(ms) {
    if (ms < 1000)
        return `${Math.round(ms)} ms`;
    if (ms < 60_000)
        return `${(ms / 1000).toFixed(1)} s`;
    const seconds = Math.round(ms / 1000);
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
function quote(text) {
    return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}


/***/ }),

/***/ 1410:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   r: () => (/* binding */ version)
/* harmony export */ });
/** snapgate's version, as in package.json (a test holds them equal): a bundle has no package.json to read. */
const version = '0.1.0';


/***/ }),

/***/ 3836:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   L: () => (/* binding */ wrap)
/* harmony export */ });
/** The lines of a paragraph, broken at spaces, a no-break space being none. */
function wrap(text, { columns, indent = 0, hanging = 0 }) {
    const lines = [];
    let line = ' '.repeat(indent);
    for (const word of text.split(' ')) {
        if (line.trim() === '')
            line += word;
        else if (line.length + 1 + word.length <= columns)
            line += ` ${word}`;
        else {
            lines.push(line);
            line = ' '.repeat(indent + hanging) + word;
        }
    }
    return [...lines, line];
}


/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/******/ // expose the modules object (__webpack_modules__)
/******/ __nccwpck_require__.m = __webpack_modules__;
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/ensure chunk */
/******/ (() => {
/******/ 	__nccwpck_require__.f = {};
/******/ 	// This file contains only the entry chunk.
/******/ 	// The chunk loading function for additional chunks
/******/ 	__nccwpck_require__.e = (chunkId) => {
/******/ 		return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
/******/ 			__nccwpck_require__.f[key](chunkId, promises);
/******/ 			return promises;
/******/ 		}, []));
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/get javascript chunk filename */
/******/ (() => {
/******/ 	// This function allow to reference async chunks
/******/ 	__nccwpck_require__.u = (chunkId) => {
/******/ 		// return url for filenames based on template
/******/ 		return "" + chunkId + ".index.js";
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/******/ /* webpack/runtime/import chunk loading */
/******/ (() => {
/******/ 	// no baseURI
/******/ 	
/******/ 	// object to store loaded and loading chunks
/******/ 	// undefined = chunk not loaded, null = chunk preloaded/prefetched
/******/ 	// [resolve, Promise] = chunk loading, 0 = chunk loaded
/******/ 	var installedChunks = {
/******/ 		792: 0
/******/ 	};
/******/ 	
/******/ 	var installChunk = (data) => {
/******/ 		var {ids, modules, runtime} = data;
/******/ 		// add "modules" to the modules object,
/******/ 		// then flag all "ids" as loaded and fire callback
/******/ 		var moduleId, chunkId, i = 0;
/******/ 		for(moduleId in modules) {
/******/ 			if(__nccwpck_require__.o(modules, moduleId)) {
/******/ 				__nccwpck_require__.m[moduleId] = modules[moduleId];
/******/ 			}
/******/ 		}
/******/ 		if(runtime) runtime(__nccwpck_require__);
/******/ 		for(;i < ids.length; i++) {
/******/ 			chunkId = ids[i];
/******/ 			if(__nccwpck_require__.o(installedChunks, chunkId) && installedChunks[chunkId]) {
/******/ 				installedChunks[chunkId][0]();
/******/ 			}
/******/ 			installedChunks[ids[i]] = 0;
/******/ 		}
/******/ 	
/******/ 	}
/******/ 	
/******/ 	__nccwpck_require__.f.j = (chunkId, promises) => {
/******/ 			// import() chunk loading for javascript
/******/ 			var installedChunkData = __nccwpck_require__.o(installedChunks, chunkId) ? installedChunks[chunkId] : undefined;
/******/ 			if(installedChunkData !== 0) { // 0 means "already installed".
/******/ 	
/******/ 				// a Promise means "currently loading".
/******/ 				if(installedChunkData) {
/******/ 					promises.push(installedChunkData[1]);
/******/ 				} else {
/******/ 					if(true) { // all chunks have JS
/******/ 						// setup Promise in chunk cache
/******/ 						var promise = import("./" + __nccwpck_require__.u(chunkId)).then(installChunk, (e) => {
/******/ 							if(installedChunks[chunkId] !== 0) installedChunks[chunkId] = undefined;
/******/ 							throw e;
/******/ 						});
/******/ 						var promise = Promise.race([promise, new Promise((resolve) => (installedChunkData = installedChunks[chunkId] = [resolve]))])
/******/ 						promises.push(installedChunkData[1] = promise);
/******/ 					}
/******/ 				}
/******/ 			}
/******/ 	};
/******/ 	
/******/ 	// no prefetching
/******/ 	
/******/ 	// no preloaded
/******/ 	
/******/ 	// no external install chunk
/******/ 	
/******/ 	// no on chunks loaded
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(9069);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
