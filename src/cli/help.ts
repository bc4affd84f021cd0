import type { InputGroup, InputSpec, Verb } from '../config/inputs.ts';
import { builtInScenarios } from '../config/scenarios.ts';
import { inputsOf, reportFormats, verbs } from './arguments.ts';

const columns = 92;

const aboutVerb: Readonly<Record<Verb, string>> = {
  gate: 'build base and head, measure both, compare, decide',
  measure: 'build and measure one image; its record can be the base of a later gate',
  compare: 'decide from two stored measurements',
  report: 'show a stored comparison or measurement',
  probe: 'say what this machine can do, and what to install or permit for the rest',
};

const synopsis: Readonly<Record<Verb, string>> = {
  gate: 'snapgate gate (--dockerfile PATH | --image REF | --rootfs PATH | --build-command CMD --rootfs PATH) [--base BASE]',
  measure:
    'snapgate measure (--dockerfile PATH | --image REF | --rootfs PATH | --build-command CMD --rootfs PATH)',
  compare: 'snapgate compare BASE.json HEAD.json',
  report: 'snapgate report FILE.json [--format FORMAT]',
  probe: 'snapgate probe',
};

const examples: Readonly<Record<Verb, readonly string[]>> = {
  gate: [
    'snapgate gate --dockerfile guest/Dockerfile --base ref:main',
    'snapgate gate --rootfs new.ext4 --base rootfs:old.ext4 --scenarios pause,idle-2s',
    "snapgate gate --build-command 'make rootfs' --rootfs out/rootfs.tar --base ref:v1.4.0",
  ],
  measure: ['snapgate measure --rootfs rootfs.ext4 --boots 3 --output-dir nightly'],
  compare: [
    'snapgate compare nightly/measurement.json snapgate-report/measurement-head.json --fail-above 3%',
  ],
  report: ['snapgate report snapgate-report/comparison.json --format markdown'],
  probe: ['snapgate probe', 'snapgate probe --accel kvm --json'],
};

const groupTitles: readonly (readonly [InputGroup, string])[] = [
  ['image', 'The image, the same for both sides; relative paths start at the current folder'],
  ['base', 'The base'],
  ['measure', 'Measuring'],
  ['gate', 'The gate'],
  ['run', 'Files and folders'],
];

export function helpText(verb: Verb | undefined): string {
  return verb === undefined ? mainHelp() : verbHelp(verb);
}

function mainHelp(): string {
  return lines(
    'snapgate measures, on real microVMs, what a guest image dirties between a resume and the next',
    'pause, and says whether a change of the image made its snapshots grow.',
    '',
    'Usage: snapgate VERB [OPTIONS]',
    '',
    ...verbs.map((verb) => `  ${verb.padEnd(9)}${aboutVerb[verb]}`),
    '',
    'Start with:',
    '  snapgate probe',
    '  snapgate gate --dockerfile Dockerfile --base ref:main',
    '',
    'snapgate VERB --help lists the options of a verb. They have the names of the action’s inputs.',
    '',
    ...exitStatus,
  );
}

function verbHelp(verb: Verb): string {
  const own = inputsOf(verb);
  return lines(
    `snapgate ${verb}: ${aboutVerb[verb]}.`,
    '',
    `Usage: ${synopsis[verb]}`,
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
    ...(verb === 'report'
      ? option('--format FORMAT', `${reportFormats.join(', ')}. Default: terminal.`)
      : []),
    ...option('--json', 'The result as one JSON object on stdout; progress stays on stderr.'),
    ...option('-v, --verbose', 'Say details of the run: every round, build output, kernel and modules.'),
    ...(own.some(({ name }) => name === 'scenarios') ? scenarioHelp() : []),
    '',
    ...exitStatus,
  );
}

function groupHelp(title: string, specs: readonly InputSpec[]): string[] {
  if (specs.length === 0) return [];
  return [
    '',
    title,
    ...specs.flatMap((spec) => option(`--${spec.name} ${spec.placeholder}`, describe(spec))),
  ];
}

function describe(spec: InputSpec): string {
  return spec.default === '' ? spec.description : `${spec.description} Default: ${spec.default}.`;
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
  'Exit status: 0 pass or warn, 1 fail, 2 inconclusive (with --inconclusive fail), 64 usage,',
  '65 a record, 66 an image, 67 the base, 68 a guest, 69 this machine, 70 a bug, 71 a scenario,',
  '75 interrupted.',
];

const indent = 28;

function option(name: string, description: string): string[] {
  const wrapped = wrap(description.replaceAll('`', ''), indent);
  const head = `  ${name}`;
  if (head.length >= indent) return [head, ...wrapped];
  return [head + (wrapped[0] ?? '').slice(head.length), ...wrapped.slice(1)];
}

function wrap(text: string, left: number): string[] {
  const out: string[] = [];
  let line = ' '.repeat(left);
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > columns) {
      out.push(line);
      line = ' '.repeat(left);
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...out, line];
}

function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}
