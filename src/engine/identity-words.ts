import type { EngineIdentity } from './contract.ts';

/**
 * An engine for people: `qemu (QEMU 7.2.22), tcg, machine q35`. What a builder chooses, and how commands of the user's run a guest, shows
 * when one is built: it is left out. Not escaped.
 */
export function identityWords({ engine, version, accelerator, machine }: EngineIdentity): string {
  return [
    version === undefined ? engine : `${engine} (${version})`,
    ...(accelerator === 'unknown' ? [] : [accelerator]),
    ...(machine === engine ? [] : [`machine ${machine}`]),
  ].join(', ');
}
