#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deb.sh BUILD_FOLDER: makes the Debian package, installs it into a folder with a dpkg database of
# its own, runs what it brought, removes it, and looks that nothing is left. Needs no root.
set -euo pipefail
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

(cd "$folder" && cpack --config "$build/CPackConfig.cmake" -B "$folder/package" >"$folder/cpack.log")
package=$(echo "$folder"/package/seaworthy_*.deb)
dpkg-deb --field "$package" Package Version Architecture Depends

# Everything it depends on is there: the programs below run with it.
dpkg-deb --field "$package" Depends | tr ',' '\n' | sed 's/[ (].*//; s/^ *//' | while read -r name; do
  test -z "$name" || dpkg-query --show "$name" >/dev/null
done

root=$folder/root
mkdir -p "$root"/var/lib/dpkg/{updates,info} "$root/tmp"
touch "$root/var/lib/dpkg/status"
own_dpkg() {
  fakeroot dpkg --root="$root" --log=/dev/null --force-not-root --force-depends --force-script-chrootless "$@" >>"$folder/dpkg.log" 2>&1 || {
    cat "$folder/dpkg.log" >&2
    return 1
  }
}
own_dpkg --install "$package"
for program in seaworthy raftkv; do
  if [ -e "$build/bin/$program" ]; then
    "$root/usr/bin/$program" --version
    test -s "$root/usr/share/man/man1/$program.1"
  fi
done
test ! -e "$root/usr/bin/broken"
grep -q '^ExecStart=/usr/bin/raftkv serve ' "$root/usr/lib/systemd/system/raftkv.service"
dpkg-deb --field "$package" Depends | grep -qw python3 # raftkv-roll
own_dpkg --purge seaworthy
left=$(find "$root" -path "$root/var/lib/dpkg" -prune -o -type f -print)
if [ -n "$left" ]; then
  echo "left behind: $left" >&2
  exit 1
fi
