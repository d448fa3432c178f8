#!/bin/sh
# A systemd as PID 1 of namespaces of its own. Called by boot.ts as
#
#   unshare --mount -- sh namespace.sh outside BASE PROGRAM
#   nsenter … -- sh namespace.sh enter COMMAND ARGUMENT…
#
# BASE has three folders: `shared` (seen at the same path inside, writable), `units` (seen as /run/systemd/system), `cgroup`.
# Standard input is the life line: when it ends, because the caller closed it or died, all of it goes away.
set -eu

# Root inside is root of the machine. Its clock, modules, memory, log and devices belong to no namespace: whoever is inside, systemd, a
# unit or a command that was brought in, must not be able to touch them, not even by mistake.
dropped=-sys_time,-sys_module,-sys_rawio,-sys_boot,-syslog,-mknod,-wake_alarm,-audit_control,-mac_admin,-mac_override,-sys_pacct

outside() {
  base=$1 program=$2
  # In the own mount namespace: nothing depends on where, or whether, the machine has cgroup2 mounted.
  mount -t cgroup2 cgroup2 "$base/cgroup"
  parent=$base/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  sweep "$parent"
  cgroup=$parent/slatfatf-systemd-$$
  mkdir "$cgroup"
  exec 3<&0
  (
    exec 3<&-
    # A cgroup namespace begins at the cgroup of the process that makes it.
    echo 0 > "$cgroup/cgroup.procs"
    # If this shell is killed, unshare is; if unshare is, PID 1 is; if PID 1 is, everything inside is.
    exec setpriv --pdeathsig KILL unshare --mount --uts --ipc --net --cgroup --pid --fork --kill-child --mount-proc \
      sh "$0" inside "$base" "$program"
  ) < /dev/null &
  namespace=$!
  ( read -r _ <&3 || true; kill -KILL "$namespace" ) &
  lifeline=$!
  echo "namespace $namespace"
  wait "$namespace" || true
  kill "$lifeline" 2> /dev/null || true
  remove_cgroup "$cgroup"
  umount "$base/cgroup"
  rm -rf -- "$base"
}

# The cgroups of shells that were killed before they could clean up.
sweep() {
  for leftover in "$1"/slatfatf-systemd-*; do
    [ -d "$leftover" ] || continue
    [ -e "/proc/${leftover##*-}" ] || remove_cgroup "$leftover"
  done
}

remove_cgroup() {
  [ ! -e "$1/cgroup.kill" ] || echo 1 > "$1/cgroup.kill" || true
  attempt=0
  # Killed processes leave their cgroup a moment later.
  until find "$1" -depth -type d -exec rmdir {} + 2> /dev/null || [ ! -d "$1" ] || [ "$attempt" -ge 50 ]; do
    attempt=$((attempt + 1))
    sleep 0.1
  done
}

inside() {
  base=$1 program=$2
  umask 022
  mount --bind "$base/shared" "$base/shared"
  make_read_only "$base/shared"
  mount -t tmpfs -o mode=755,nosuid,nodev run /run
  mkdir -p /run/systemd/system /run/devices
  mount --bind "$base/units" /run/systemd/system
  # The units, the settings and the generators of the machine are not for this one.
  for folder in /etc/systemd /usr/local/lib/systemd /var/lib/systemd /var/log; do hide "$folder"; done
  for folder in system system-generators system-environment-generators system-preset; do
    hide "/lib/systemd/$folder"
    hide "/usr/lib/systemd/$folder"
  done
  echo 5e1f5e1f5e1f5e1f5e1f5e1f5e1f5e1f > /run/machine-id
  mount --bind -o ro /run/machine-id /etc/machine-id
  make_devices
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /sys
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
  # PID 1 raises limits in there at its start, and not all of them belong to a namespace.
  for path in /proc/sys /proc/sysrq-trigger; do
    [ -e "$path" ] || continue
    mount --bind "$path" "$path"
    mount -o remount,bind,ro "$path"
  done
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 container=unshare \
    setpriv --bounding-set="$dropped" --inh-caps="$dropped" \
    "$program" --system --unit=boot.target --show-status=no --log-target=journal
}

enter() {
  exec setpriv --bounding-set="$dropped" --inh-caps="$dropped" "$@"
}

make_read_only() {
  while read -r _ _ _ _ point _; do
    point=$(printf '%b' "$point")
    case $point in
      "$1" | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/*) continue ;;
    esac
    # What another mount covers cannot be reached, by nobody.
    [ ! -e "$point" ] || mount -o remount,bind,ro "$point"
  done < /proc/self/mountinfo
}

hide() {
  if [ -d "$1" ]; then mount -t tmpfs -o mode=755,nosuid,nodev hidden "$1"; fi
}

make_devices() {
  mount -t tmpfs -o mode=755,nosuid devices /run/devices
  for node in null zero full random urandom tty; do
    : > "/run/devices/$node"
    mount --bind "/dev/$node" "/run/devices/$node"
  done
  mkdir /run/devices/pts /run/devices/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts /run/devices/pts
  mount -t tmpfs -o nosuid,nodev shm /run/devices/shm
  ln -s pts/ptmx /run/devices/ptmx
  ln -s /proc/self/fd /run/devices/fd
  for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%%:*}" "/run/devices/${stream#*:}"; done
  mount --move /run/devices /dev
}

role=$1
shift
"$role" "$@"
