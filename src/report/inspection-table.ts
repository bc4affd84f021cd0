import { printable } from '../host/printable.ts';
import { formatBytes, formatExactBytes, groupDigits } from '../host/units.ts';
import { wrap } from '../host/wrap.ts';
import type {
  ArtifactInspection,
  BuildInspection,
  ChainInspection,
  ComparisonInspection,
  DiffInspection,
  ImageInspection,
  InspectedItem,
  Inspection,
  MissingLayer,
  StoredLayer,
} from '../inspect/record.ts';
import type { TerminalOptions } from './terminal.ts';
import { columns, type Paint, paintOf, texts } from './terminal-table.ts';

/** What `inspect` prints: a part for each item, with sizes in units and to the byte. */
export function inspectionTable({ items }: Inspection, options: Omit<TerminalOptions, 'detail'>): string {
  const look = {
    paint: paintOf(options.colour),
    columns: options.columns ?? Number.POSITIVE_INFINITY,
  };
  return `${items.map((item) => itemLines(item, look).join('\n')).join('\n\n')}\n`;
}

interface Look {
  readonly paint: Paint;
  readonly columns: number;
}

function itemLines(item: InspectedItem, look: Look): string[] {
  const lines = bodyOf(item, look);
  return [...lines, ...item.notes.flatMap((note) => wrapped(`note: ${printable(note)}`, look))];
}

function bodyOf(item: InspectedItem, look: Look): string[] {
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

function imageLines(image: ImageInspection, look: Look): string[] {
  const { dataBytes } = image;
  const exactly = image.duplicatesExact ? '' : ', or more';
  return [
    title(`${printable(image.path)}: image of ${formatExactBytes(image.lengthBytes)}`, look),
    ...figures(
      [
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
      ],
      look,
    ),
  ];
}

function comparisonLines(comparison: ComparisonInspection, look: Look): string[] {
  const { before, after, lengthBytes, blocks, compressedBytes } = comparison;
  const rows = blocks.map(({ blockBytes, changedBytes, zeroedBytes }) => ({
    label: blockName(blockBytes),
    bytes: [changedBytes, changedBytes - zeroedBytes, zeroedBytes],
  }));
  return [
    title(`${printable(after)} against ${printable(before)}: ${formatExactBytes(lengthBytes)} each`, look),
    ...grid(['blocks of', 'changed', 'to data', 'to zero'], rows, look),
    ...compressedLine(compressedBytes),
  ];
}

function diffLines(diff: DiffInspection, look: Look): string[] {
  const { path, parents, lengthBytes, blocks, compressedBytes, writtenBytes } = diff;
  const rows = blocks.map((block) => ({
    label: blockName(block.blockBytes),
    bytes: [block.writtenBytes, block.unchangedBytes, block.changedBytes, block.zeroedBytes, block.zeroBytes],
  }));
  const exactly = diff.duplicatesExact ? '' : ', or more';
  return [
    title(
      `${printable(path)}: Diff over ${printable(parents.join(', '))}, of ${formatExactBytes(lengthBytes)}`,
      look,
    ),
    ...grid(['blocks of', 'written', 'unchanged', 'changed', 'to zero', 'all zero'], rows, look),
    ...compressedLine(compressedBytes),
    ...figures(
      [
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
      ],
      look,
    ),
  ];
}

function compressedLine(bytes: number): string[] {
  return [`  changed to data, zstd level 1: ${formatExactBytes(bytes)}`];
}

function buildLines(build: BuildInspection, look: Look): string[] {
  return [
    title(`${printable(build.path)}: build of e2b, ${build.buildId}`, look),
    ...build.artifacts.flatMap((artifact) => ['', ...artifactLines(artifact, look)]),
  ];
}

function artifactLines(
  { artifact, virtualBytes, zeroBytes, layers }: ArtifactInspection,
  look: Look,
): string[] {
  const stored = layers.filter((layer) => layer.state === 'present');
  const missing = layers.filter((layer) => layer.state === 'missing');
  const rows = stored.map((layer) => ({ heading: layerFacts(layer), label: '', bytes: layerBytes(layer) }));
  return [
    title(`${artifact}: ${formatExactBytes(virtualBytes)}`, look),
    `  zero, stored nowhere: ${formatExactBytes(zeroBytes)}`,
    ...grid(['', 'own', 'dead', 'zero', 'duplicates', 'stored'], withTotal(rows), look),
    ...missing.slice(0, shownMissing).flatMap((layer) => missingLines(layer, look)),
    ...(missing.length > shownMissing
      ? [`  and ${missing.length - shownMissing} more that are missing: --json has all`]
      : []),
  ];
}

const shownMissing = 50;

function layerFacts({ buildId, headerFormat, blockBytes, compression }: StoredLayer): string {
  return `${buildId}  format ${headerFormat}, ${blockName(blockBytes)}, ${compression === 'none' ? 'not compressed' : compression}`;
}

function layerBytes({ ownBytes, deadBytes, content, storedBytes }: StoredLayer): (number | undefined)[] {
  return [ownBytes, deadBytes, content?.zeroBytes, content?.duplicateBytes, storedBytes];
}

function missingLines({ buildId, reason, mappedBytes }: MissingLayer, look: Look): string[] {
  const needed =
    mappedBytes === 0
      ? 'not there, and not needed'
      : `MISSING, ${formatExactBytes(mappedBytes)} of the image are read from it`;
  const text = `${buildId}  ${needed}: ${printable(reason)}`;
  return wrapped(text, look, 2);
}

function chainLines({ path, virtualBytes, layers }: ChainInspection, look: Look): string[] {
  const rows = layers.map((layer) => ({
    heading: `${printable(layer.path)}  ${layer.format}${layer.clusterBytes === undefined ? '' : `, ${blockName(layer.clusterBytes)}`}`,
    label: '',
    bytes: [layer.ownBytes, layer.zeroBytes, layer.shadowedBytes, layer.visibleBytes, layer.allocatedBytes],
  }));
  return [
    title(`${printable(path)}: disk of ${formatExactBytes(virtualBytes)}`, look),
    ...grid(['', 'own', 'zero', 'shadowed', 'visible', 'on disk'], withTotal(rows), look),
  ];
}

interface GridRow {
  /** A line above the figures, for what is too long to stand beside them. */
  readonly heading?: string;
  readonly label: string;
  /** undefined: not known. */
  readonly bytes: readonly (number | undefined)[];
}

function withTotal(rows: readonly GridRow[]): GridRow[] {
  if (rows.length < 2) return [...rows];
  const sums = (rows[0]?.bytes ?? []).map((_, column) => sumOf(rows.map(({ bytes }) => bytes[column])));
  return [...rows, { heading: 'all together', label: '', bytes: sums }];
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  );
}

/** Each row in units, and below it to the byte. */
function grid(head: readonly string[], rows: readonly GridRow[], { paint }: Look): string[] {
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

interface Figure {
  readonly label: string;
  readonly bytes: number;
  /** What it is a part of. */
  readonly of?: number;
  readonly remark?: string;
}

function figures(rows: readonly Figure[], { paint }: Look): string[] {
  const label = Math.max(...rows.map((row) => row.label.length));
  const exact = Math.max(...rows.map(({ bytes }) => exactOf(bytes).length));
  return rows.map(({ label: name, bytes, of, remark }) =>
    [
      `  ${name.padEnd(label)}  ${unitOf(bytes).padStart(8)}  ${exactOf(bytes).padStart(exact)}`,
      of === undefined ? '       ' : shareOf(bytes, of).padStart(7),
      remark === undefined ? '' : paint('dim', remark),
    ]
      .join('  ')
      .trimEnd(),
  );
}

function title(text: string, { paint }: Look): string {
  return paint('bold', text);
}

/** A paragraph whose further lines are indented. */
function wrapped(text: string, { columns }: Look, indent = 0): string[] {
  return wrap(text, { columns, indent, hanging: 4 });
}

function unitOf(bytes: number | undefined): string {
  return bytes === undefined ? '–' : formatBytes(bytes);
}

/** Every digit, in groups of three. */
function exactOf(bytes: number | undefined): string {
  return bytes === undefined ? '–' : groupDigits(bytes);
}

function shareOf(bytes: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * bytes) / whole).toFixed(1)} %`;
}

/** Block sizes are powers of two. */
function blockName(bytes: number): string {
  const [unit, name] = bytes >= 1024 ** 2 ? [1024 ** 2, 'MiB'] : [1024, 'KiB'];
  return `${bytes / unit} ${name}`;
}
