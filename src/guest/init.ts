import { guestBusybox, guestEnvironmentPath, startAgentLine } from './agent.ts';
import { guestDir } from './protocol.ts';

/** What a container image says about how it is started. */
export interface ContainerConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** Empty: `/`. */
  readonly workingDir: string;
  /** `name`, `uid`, `name:group`, `uid:gid`; empty: root. */
  readonly user: string;
}

/** Path of the entrypoint script in the guest. */
export const entrypointPath = `${guestDir}/entrypoint`;

const head = `#!${guestBusybox} sh
bb=${guestBusybox}
`;

/** /dev is mounted by the initrd, or by a kernel with CONFIG_DEVTMPFS_MOUNT; this is for neither. */
const mountDev = `[ "$($bb stat -c %d /)" != "$($bb stat -c %d /dev)" ] || $bb mount -t devtmpfs devtmpfs /dev
`;

/** `init=` for an image with an init of its own that is not systemd: starts the agent, then becomes that init (PID 1). */
export function wrapperScript(init: string): string {
  return `${head}${mountDev}${startAgentLine('init')}
exec ${quoteWord(init)} "$@"
`;
}

/**
 * For images whose ENTRYPOINT is an init (s6-overlay's /init must be PID 1): the mounts that a container engine would have made, the
 * agent, then the entrypoint in place.
 */
export function entrypointInitScript(): string {
  return `${head}${mountDev}${containerMounts}${startAgentLine('init')}
exec $bb sh ${entrypointPath} run
`;
}

/**
 * A minimal PID 1 for images without an init: mounts, agent, ENTRYPOINT, and then it reaps: a shell that waits collects every
 * orphan on the way.
 */
export function minimalInitScript(startsEntrypoint: boolean): string {
  const entrypoint = startsEntrypoint
    ? `$bb start-stop-daemon -S -b -p ${guestDir}/no-such-pid -x $bb -- sh ${entrypointPath} supervise\n`
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
export function entrypointScript(container: ContainerConfig): string {
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
    *,yes,) exec $bb start-stop-daemon -S -p ${guestDir}/no-such-pid -c "$uid:$gid" -x $bb -- sh ${entrypointPath} become ;;
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
export function environmentScript(env: readonly string[]): string {
  return env
    .filter((entry) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(entry) && !/^(IFS|OPTIND|PS[1-4]|_|PWD)=/.test(entry))
    .map((entry) => `export ${quoteWord(entry)}\n`)
    .join('');
}

export { guestEnvironmentPath };

/** The words that the image is started with; empty where it names none. */
export function commandWords(container: ContainerConfig): readonly string[] {
  return [...container.entrypoint, ...container.cmd];
}

function commandLine(container: ContainerConfig): string {
  return commandWords(container).map(quoteWord).join(' ');
}

/** One word for a POSIX shell, whatever it holds. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
