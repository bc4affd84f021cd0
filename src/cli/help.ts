import { type InputGroup, type InputSpec, type InputType, inputs, type Verb } from '../config/inputs.ts';
import { builtInScenarios } from '../config/scenarios.ts';
import { wrap as wrapParagraph } from '../host/wrap.ts';
import { inputsOf, ownOptions, verbs } from './arguments.ts';

const columns = 80;

const aboutVerb: Readonly<Record<Verb, string>> = {
  gate: 'build base and head, measure both, compare, decide',
  measure: 'build and measure one image; its record can be the base of a later gate',
  bisect: 'find the commit that an image grew with, by binary search between two',
  compare: 'decide from two stored measurements',
  calibrate: 'say what a gate makes of an image against itself, what it would find, and which settings fit',
  report: 'show a stored comparison, measurement, calibration or bisection',
  inspect: 'say what is in snapshots that are there: memory files, Diffs, builds of e2b, qcow2 chains',
  probe: 'say what this machine can do, and what to install or permit for the rest',
};

const synopsis: Readonly<Record<Verb, string>> = {
  gate: 'snapgate gate SOURCE [--base BASE] [OPTIONS]',
  measure: 'snapgate measure SOURCE [OPTIONS]',
  bisect: 'snapgate bisect GOOD BAD SOURCE [OPTIONS]',
  compare: 'snapgate compare BASE.json HEAD.json [OPTIONS]',
  calibrate: 'snapgate calibrate SOURCE|FILE.json... [OPTIONS]',
  report: 'snapgate report FILE.json [OPTIONS]',
  inspect: 'snapgate inspect PATH... [--parent PATH] [OPTIONS]',
  probe: 'snapgate probe [OPTIONS]',
};

const sources: readonly string[] = [
  '',
  'SOURCE, on the command line or under defaults: in snapgate.yml, is one of',
  '  --dockerfile PATH',
  '  --image REFERENCE',
  '  --rootfs PATH',
  '  --build-command COMMAND --rootfs PATH',
  'There is none with --engine e2b, and need not be one with --engine command.',
];

const examples: Readonly<Record<Verb, readonly string[]>> = {
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

const groupTitles: readonly (readonly [InputGroup, string])[] = [
  ['image', 'The image, the same for both sides; relative paths start at the current folder'],
  ['base', 'The base'],
  ['engine', 'The engine'],
  ['measure', 'Measuring'],
  ['gate', 'The gate'],
  ['run', 'Files and folders'],
];

export function helpText(verb: Verb | undefined): string {
  return verb === undefined ? mainHelp() : verbHelp(verb);
}

function mainHelp(): string {
  return lines(
    ...wrap(
      'snapgate measures, on real microVMs, what a guest image dirties between a resume and the next pause, and says whether a change of the image made its snapshots grow.',
      0,
    ),
    '',
    'Usage: snapgate VERB [OPTIONS]',
    '',
    ...verbs.flatMap((verb) => entry(verb, aboutVerb[verb], 13)),
    '',
    'Start with:',
    '  snapgate probe',
    '  snapgate gate --dockerfile Dockerfile --base ref:main',
    '',
    ...wrap(
      "snapgate VERB --help lists the options of a verb. They have the names of the action's inputs.",
      0,
    ),
    '',
    ...exitStatus,
  );
}

function verbHelp(verb: Verb): string {
  const own = inputsOf(verb);
  const special = ownOptions[verb];
  return lines(
    ...wrap(`snapgate ${verb}: ${aboutVerb[verb]}.`, 0),
    '',
    `Usage: ${synopsis[verb]}`,
    ...(own.some(({ group }) => group === 'image') ? sources : []),
    '',
    'Examples:',
    ...examples[verb].map((example) => `  ${example}`),
    ...groupTitles.flatMap(([group, title]) =>
      groupHelp(
        title,
        own.filter((input) => input.group === group),
      ),
    ),
    '',
    'Output',
    ...(special === undefined ? [] : entry(`--${special.name} ${special.placeholder}`, special.description)),
    ...entry('--json', 'The result, or the error, as one JSON object on stdout; progress stays on stderr.'),
    ...entry('-v, --verbose', aboutVerbose(verb, own)),
    ...entry('-h, --help', 'This text.'),
    ...unitHelp(own),
    ...(own.some(({ name }) => name === 'scenarios') ? scenarioHelp() : []),
    '',
    ...exitStatusOf(verb),
  );
}

function groupHelp(title: string, specs: readonly InputSpec[]): string[] {
  if (specs.length === 0) return [];
  return ['', title, ...specs.flatMap((spec) => entry(`--${spec.name} ${spec.placeholder}`, describe(spec)))];
}

function describe({ description, default: standard }: InputSpec): string {
  const text = description.replace(/`([^`]+)`/g, (_, name: string) => (isInput(name) ? `--${name}` : name));
  return standard === '' ? text : `${text} [default:${noBreak}${standard}]`;
}

function isInput(name: string): boolean {
  return inputs.some((input) => input.name === name);
}

/** Verbs that boot have a run to tell of; the others only their report. */
function aboutVerbose(verb: Verb, own: readonly InputSpec[]): string {
  if (verb === 'inspect') return 'Say how far it is, in a file or a pipe too.';
  return own.some(({ group }) => group === 'measure')
    ? 'Say details of the run: every round, build output, kernel and modules; every metric in the report.'
    : 'Every metric in the report, and what it was measured with.';
}

const units: readonly (readonly [InputType, string])[] = [
  ['bytes', 'SIZE: 4096B, 256KiB, 1.5MiB, 2GiB, 10kB, 10MB, 1GB'],
  ['time', 'TIME: 500ms, 2s, 20min, 1h'],
  ['percent', 'PERCENT: 5%, 12.5%'],
];

function unitHelp(own: readonly InputSpec[]): string[] {
  const used = units.filter(([type]) => own.some((spec) => spec.type === type));
  return used.length === 0 ? [] : ['', 'Units', ...used.map(([, text]) => `  ${text}`)];
}

function scenarioHelp(): string[] {
  return [
    '',
    ...wrap(
      `Built-in scenarios: ${builtInScenarios.map(({ name }) => name).join(', ')}. snapgate.yml adds your own.`,
      0,
    ),
  ];
}

const exitStatus: readonly string[] = [
  'Exit status',
  '  0 pass or warn, 1 fail, 2 inconclusive (with --inconclusive fail)',
  '  64 usage, 65 a record, 66 an image, 67 the base, 68 a guest, 69 this machine,',
  '  70 a bug of snapgate, 71 a scenario, 75 interrupted, 77 refused',
];

/** A verb that decides nothing has no verdict to exit with. */
function exitStatusOf(verb: Verb): readonly string[] {
  if (verb === 'calibrate') return exitStatus.with(1, '  0 done');
  if (verb === 'bisect')
    return exitStatus.with(1, '  0 found, or nothing grew; 2 likely, narrowed to several, or inconclusive');
  return inputsOf(verb).some(({ group }) => group === 'gate')
    ? exitStatus
    : exitStatus.with(1, verb === 'probe' ? '  0 guests can run here' : '  0 done');
}

/** A name with its description beside it, or below it where the name is too long. */
function entry(name: string, description: string, indent = 28): string[] {
  const wrapped = wrap(description, indent);
  const head = `  ${name}`;
  if (head.length + 2 > indent) return [head, ...wrapped];
  return [head + (wrapped[0] ?? '').slice(head.length), ...wrapped.slice(1)];
}

/** A space that `wrap` does not break a line at. */
const noBreak = '\u00a0';

function wrap(text: string, indent: number): string[] {
  return wrapParagraph(text, { columns, indent }).map((line) => line.replaceAll(noBreak, ' '));
}

function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}
