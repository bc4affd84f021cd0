import { agentPort, agentProtocol, guestDir, tailBytes } from './protocol.ts';

/** The static busybox that everything of snapgate's in a guest runs on: an image may have no shell at all. */
export const guestBusybox = `${guestDir}/busybox`;

/** Sourced before each command where the image declares an environment (`docker exec` gives it too). */
export const guestEnvironmentPath = `${guestDir}/environment`;

/** Runs the agent where its channel is vsock, which no shell can open; see vsock-relay/relay.S. */
export const guestVsockRelay = `${guestDir}/vsock`;

/** Applets that the scripts of this folder call; a busybox without one of them is refused. */
export const agentApplets = [
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
] as const;

/** What a command may take to start in a busy guest: its limit counts from there, since nothing can be ended before. */
const startSeconds = 15;

/** What a command is said to have put out where a process that it left behind keeps its output open. */
const heldOutput = Buffer.from(
  '(snapgate: the command left a process behind that holds its output open, so it is not shown)\n',
).toString('base64');

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
export const agentScript = `#!${guestBusybox} sh
bb=${guestBusybox}
kind=$1
cd /
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root SHELL=/bin/sh TERM=dumb

# Name and device number of the port, or that there is a vsock, from the sysfs mounted at $1.
find_port() {
  for name in "$1"/class/virtio-ports/*/name; do
    { read -r found <"$name"; } 2>/dev/null || continue
    [ "$found" = ${agentPort} ] || continue
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
  $bb mount -t sysfs sysfs ${guestDir}/mnt && find_port ${guestDir}/mnt
  exit
fi

look() {
  if [ -d /sys/bus/virtio ]; then find_port /sys; else $bb unshare -m $bb sh ${guestDir}/agent find-port; fi
}

open_port() {
  tries=0
  while [ "$tries" -lt 600 ]; do
    set -- $(look)
    [ "$1" != vsock ] || exec ${guestVsockRelay} $bb sh ${guestDir}/agent "$kind" relayed
    if [ -n "$2" ]; then
      [ -c "/dev/$1" ] || $bb mknod -m 600 "/dev/$1" c "\${2%:*}" "\${2#*:}"
      { exec 3<>"/dev/$1"; } 2>/dev/null && return 0
    fi
    tries=$((tries + 1))
    $bb sleep 0.1
  done
  echo 'snapgate: no virtio-serial port ${agentPort}, and no vsock' >/dev/console
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
  { $bb tail -c ${tailBytes} <&7 5>&- 6>&- | $bb base64 -w 0 5>&- 7<&-; echo " $id"; } >&6 &
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
  printf 'snapgate ${agentProtocol} done %s %s %s\\n' "$id" "$status" "$output" >&3
}

busybox_started=\${started%exec*}'exec "$0" sh -c "$1" 5>&-'
{ echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null
[ "$2" = relayed ] || open_port
open_pipe && exec 5<>/dev/.snapgate.pipe
open_pipe && exec 6<>/dev/.snapgate.pipe
$bb rm -f /dev/.snapgate.pipe
printf 'snapgate ${agentProtocol} hello %s\\n' "$kind" >&3
while :; do
  if read -r word id limit code <&3; then
    [ "$word" = run ] && run_command
  else
    # Nobody at the other end: the kernel answers at once, and a loop without a pause would spin.
    $bb sleep 1
  fi
done
`;

export const agentUnitName = 'snapgate-agent.service';

/**
 * Started by symlink and by `systemd.wants=`. No [Install] section: the presets of a first boot leave such a unit alone. A degraded system starts it
 * like any other. Its commands get SIGPIPE as a shell's children do.
 */
export const agentUnit = `[Unit]
Description=snapgate agent

[Service]
Type=simple
ExecStart=${guestBusybox} sh ${guestDir}/agent systemd
Restart=no
StandardInput=null
StandardOutput=null
StandardError=null
OOMScoreAdjust=-1000
IgnoreSIGPIPE=no
TasksMax=infinity
`;

/** Shell line that starts the agent in the background, for the inits that are not systemd. `start-stop-daemon -b` leaves SIGINT alone, which `&` does not. */
export function startAgentLine(kind: 'init' | 'none'): string {
  return `$bb start-stop-daemon -S -b -p ${guestDir}/no-such-pid -x $bb -- sh ${guestDir}/agent ${kind}`;
}
