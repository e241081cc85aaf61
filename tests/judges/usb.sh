# Runs in the guest. Its system is on /dev/vda; two sticks are plugged in, of
# which TESTSTICK is to be written, pulled out meanwhile, and plugged in again.
say() { echo "@@$1" >/dev/ttyS0; }
# What the host reads at the end; the console shows where the work is.
part() { echo "== $1"; say "$1"; }
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        sleep 0.1
        tries=$((tries + 1))
        [ $tries -lt 900 ] || { echo "it never came: $*"; return 1; }
    done
}

if [ "$1" != inside ]; then
    # A system of its own on a disk of its own, which then is `/`.
    say begun
    mount -t hfsplus /dev/vda /mnt || exit 90
    cd /mnt && mkdir -p bin job proc sys dev tmp state media
    cp /bin/busybox bin/
    truncate -s 96M /job/large
    for at in 1 30 60 95; do
        dd if=/dev/urandom of=/job/large bs=64k count=1 seek=$((at * 16)) conv=notrunc 2>/dev/null
    done
    mount -o bind /job job
    mount -t proc proc proc
    mount -t sysfs sys sys
    mount -t devtmpfs dev dev
    exec chroot /mnt /bin/busybox sh /job/run.sh inside
fi

/bin/busybox --install -s /bin
export PATH=/bin:/job LIONIZE_STATE=/state TMPDIR=/tmp HOME=/
cd /job

# The node of a stick, as a user would find it.
stick() {
    lionize devices | awk '/^\/dev/ {disk = $1} /serial number TESTSTICK/ {sub(":", "", disk); print disk}' | grep .
}
both() { [ "$(lionize devices | grep -c 'serial number .*STICK')" = 2 ]; }
build() {
    at=$1
    shift
    lionize build stick.toml -i installer=InstallESD.dmg -i large=large --device "$at" "$@"
}

await both || exit 91
disk=$(stick)
mount -t hfsplus "$disk" /media || exit 92
part devices
lionize devices
part system
build /dev/vda -q --yes --allow-fixed --allow-large
echo "code $?"
part serial
build "$disk" -q --yes --device-serial NOTSTICK
echo "code $?"
part nobody
build "$disk" -q --yes
echo "code $?"
grep -q " /media " /proc/mounts && echo 'still mounted'

part pulled
build "$disk" --json --device-serial TESTSTICK >/tmp/log 2>&1 &
work=$!
# The large file is behind byte 220,000,000: when a part of it is recorded, the
# work stands still until the stick is gone.
await grep -q '"written":2[6-9][0-9]\{7\}' -r /state
kill -STOP $work
grep -q " /media " /proc/mounts || echo 'unmounted'
cat /state/*.json
echo
say pull
await [ ! -e "/sys/block/${disk#/dev/}" ]
kill -CONT $work
wait $work
echo "code $?"
grep -v '"event"' /tmp/log

part again
say plug
await stick || exit 93
disk=$(stick)
build "$disk" --json --device-serial TESTSTICK >/tmp/log 2>&1
echo "code $?"
grep warned /tmp/log
tail -n 1 /tmp/log
ls /state

part verified
lionize verify -q "$disk"
echo "code $?"
# The kernel was told, so it knows the new partitions.
mount -t hfsplus -o ro "$disk"2 /media && ls /media && cmp /media/Large.bin large && echo 'the same'
umount /media
