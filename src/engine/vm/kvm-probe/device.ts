import { closeSync, openSync } from 'node:fs';
import { errnoOf } from '../../../host/error.ts';

/** Whether guests run under KVM here; if not, why, in one line, and what to do about it. */
export type KvmVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly remedy: string };

export const kvmDevice = '/dev/kvm';

/** What to do where there is no device. */
export const kvmMissing =
  'Use a machine with (nested) virtualisation: on GitHub, the Linux runners have it. `sudo modprobe kvm_intel` or `kvm_amd` on your own.';
/** What to do where this user may not open it. */
export const kvmForbidden =
  'sudo usermod -aG kvm "$USER" and log in again; in a job: echo \'KERNEL=="kvm", MODE="0666"\' | sudo tee /etc/udev/rules.d/99-kvm.rules && sudo udevadm control --reload && sudo udevadm trigger --name-match=kvm';
/** What to do where it is there and does not work; without a full stop. */
export const noNesting = 'The host may lack nested virtualisation: use a runner whose machine type has it';

/** Whether the device opens; undefined: it does. @param broken what to do about any other failure than that it is missing, or forbidden */
export function checkDevice(
  device: string,
  broken = `${noNesting}.`,
): Exclude<KvmVerdict, { ok: true }> | undefined {
  try {
    closeSync(openSync(device, 'r+'));
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return { ok: false, reason: `there is no ${device}`, remedy: kvmMissing };
    if (errno === 'EACCES' || errno === 'EPERM')
      return { ok: false, reason: `this user may not open ${device}`, remedy: kvmForbidden };
    return { ok: false, reason: `${device} does not open (${errno})`, remedy: broken };
  }
}
